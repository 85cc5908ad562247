"""The bar that tells and stops: always on top, driven by a real mouse, never by the keyboard of what lies below."""

import contextlib
import time
import tkinter as tk
from dataclasses import replace
from pathlib import Path

import pytest
import xcffib.xproto

from client_agent.files.folder import can_show
from client_agent.prompts.button import Presses
from client_agent.prompts.customer import Interruption, Progress, Viewer
from client_agent.prompts.words import Words
from protocol.vocabulary import FileOutcome, Hold
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROL, CONTROLLED, PUT, READ, SHARED, VIEW, WITH_FILES
from tests.virtual_display import VirtualDisplay
from tests.waiting import DEADLINE_S, eventually

CAMILLE, JEAN = Viewer("Camille Moreau", VIEW | CONTROL, "camille"), Viewer("Jean Petit", VIEW, "jean")
PAUSED = replace(CONTROLLED, holds=frozenset({Hold.PAUSED}))
HELD = replace(CONTROLLED, holds=frozenset({Hold.STOP_KEY}))
AWAY = replace(CONTROLLED, viewers=(CAMILLE,), interrupted=(Interruption("camille", 288, 48),))
SEVERAL = replace(CONTROLLED, viewers=(CAMILLE, *(Viewer(f"Viewer {n}", VIEW, str(n)) for n in range(8))))


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize(("label", "event"), [("take_back", "take back"), ("pause", "pause"), ("stop", "stop")])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_narrows_or_ends_acts_at_once(
    desktop: VirtualDisplay, label: str, event: str, language: str, scale: float
) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        await stage.click(getattr(Words(language), label)())
        await stage.happened(event)
        assert stage.events == [event]

    play(desktop, scene, language=language, scale=scale)


def test_a_double_click_counts_once_and_a_press_elsewhere_at_once(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        await stage.point_at("Pause")
        await stage.do("click", "--repeat", "2", "--delay", "1", "1")
        await stage.pressed("1", "1")
        assert stage.events == ["pause"]
        await stage.click("Take back control")
        await stage.happened("take back")
        assert stage.events == ["pause", "take back"]

    play(desktop, scene)


def test_a_press_that_comes_while_the_bar_begins_to_say_something_else_counts(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        await stage.point_at("Stop")

        def press_and_say() -> None:
            # In Tk's thread: the press has come, and nobody has looked at it yet.
            desktop.run("xdotool", "click", "1")
            stage.customer._bar.show(PAUSED)

        stage.customer._work.put(press_and_say)
        await stage.happened("stop")
        await stage.window("Go on")
        assert stage.events == ["stop"]

    play(desktop, scene)


def test_what_the_bar_says_next_is_seen_where_it_stays(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_bar(CONTROLLED)
        await stage.point_at("Stop")
        (bar,) = display.new()
        for state in (HELD, SEVERAL, PAUSED, CONTROLLED):
            before, stop = display.made(bar), await stage.window("Stop")
            places: dict[int, set[tuple[int, int]]] = {}
            stage.customer.show_bar(state)
            looks_left, end = 2, time.monotonic() + DEADLINE_S
            while looks_left:
                assert time.monotonic() < end, "the bar does not change"
                now = set(display.everything(bar))
                # Once more after what was there before is not seen any more.
                looks_left -= stop not in now
                for window in now - before:
                    with contextlib.suppress(xcffib.xproto.DrawableError, xcffib.xproto.WindowError):
                        places.setdefault(window, set()).add(display.middle(window))
            assert len(places) > 3
            assert all(len(seen) == 1 for seen in places.values()), places

    play(desktop, scene)


def press(ms: int, x: int = 100, y: int = 20) -> "tk.Event[tk.Misc]":
    event: tk.Event[tk.Misc] = tk.Event()
    event.time, event.x_root, event.y_root = ms, x, y
    return event


def test_what_a_double_click_is() -> None:
    presses = Presses()
    assert presses.takes(press(2**32 - 100))
    assert not presses.takes(press(2**32 - 1))
    assert not presses.takes(press(399))
    assert not presses.takes(press(399, 108, 12))
    assert presses.takes(press(399, 109))
    assert presses.takes(press(399, 109, 11))
    assert not presses.takes(press(898, 109, 11))
    assert presses.takes(press(899, 109, 11))


@pytest.mark.parametrize(("state", "label"), [(PAUSED, "Go on"), (HELD, "Let them act again")])
def test_going_on_reacts_only_after_a_second(desktop: VirtualDisplay, state: object, label: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        # It stands where it belongs, and what it says next comes there.
        await stage.point_at("Stop")
        stage.customer.show_bar(state)  # type: ignore[arg-type]
        await stage.click(label)
        await stage.pressed("1")
        assert stage.events == []
        stage.clock.now = 1.0
        await stage.click(label)
        await stage.happened("go on")

    play(desktop, scene)


def test_stopping_works_while_paused_held_interrupted_or_waiting(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        for state in (PAUSED, HELD, AWAY, SEVERAL):
            stage.customer.show_bar(state)
            stage.customer.show_progress(Progress.STORING_ANSWER)
            stage.events.clear()

            async def is_stopped() -> bool:
                # The bar may just be saying something else and have moved; once it was pressed there may be nothing to press.
                if "stop" not in stage.events and await stage.pointed_at("Stop"):
                    await stage.do("click", "1")
                return "stop" in stage.events

            await eventually(is_stopped, "stop")

    play(desktop, scene)


def test_control_is_offered_back_only_where_somebody_has_it(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        await stage.window("Take back control")
        stage.customer.show_bar(replace(CONTROLLED, viewers=(JEAN,)))
        await stage.gone("Take back control")
        await stage.window("Stop")

    play(desktop, scene)


def test_the_clipboard_is_taken_back_at_once_and_what_was_done_with_it_is_said_for_a_while(
    desktop: VirtualDisplay,
) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(SHARED)
        await stage.reads("Camille Moreau shares your clipboard")
        stage.customer.show_clipboard_used(PUT)
        await stage.reads("Camille Moreau put text on your clipboard")
        stage.customer.show_clipboard_used(READ)
        await stage.reads("Camille Moreau read what you copied")
        stage.clock.now = 10.0
        await stage.reads("Camille Moreau shares your clipboard")
        await stage.click("Take back the clipboard")
        await stage.happened("take back the clipboard")
        stage.customer.show_bar(CONTROLLED)
        await stage.gone("Take back the clipboard")
        # Whoever no longer shares it has nothing to tell of it.
        stage.customer.show_clipboard_used(READ)
        await stage.window("Take back control")

    play(desktop, scene)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_each_of_several_viewers_can_be_sent_away_alone(desktop: VirtualDisplay, scale: float) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(replace(CONTROLLED, viewers=(CAMILLE, JEAN)))
        for name, viewer in (("Camille Moreau", "camille"), ("Jean Petit", "jean")):
            await stage.click(f"Send away: {name}")
            await stage.happened(f"send away: {viewer}")

    play(desktop, scene, scale=scale)


def test_the_bar_stays_above_a_window_that_fills_the_screen(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_bar(CONTROLLED)
        (bar,) = await eventually(display.new, "the bar")
        place = display.middle(bar)
        desktop.start("xterm", "-fullscreen", "-title", "cinema")
        await stage.window("cinema")
        await eventually(lambda: display.at(1, desktop.height_px - 2) != display.root, "it fills the screen")
        await eventually(lambda: display.at(*place) == bar, "the bar is above it")
        await stage.click("Stop")
        await stage.happened("stop")

    play(desktop, scene)


def test_the_bar_never_takes_the_keyboard(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        desktop.start("xterm", "-title", "below")
        below = await stage.window("below")

        async def is_focused() -> bool:
            return int(await stage.do("getwindowfocus")) == below

        await stage.do("windowfocus", "--sync", str(below))
        stage.customer.show_bar(CONTROLLED)
        await stage.click("Pause")
        await stage.happened("pause")
        assert await is_focused()
        await stage.press("Tab", "space", "Return")
        await stage.click("Take back control")
        await stage.pressed("1", "1")
        assert stage.events == ["pause", "take back"]

    play(desktop, scene)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize(
    "state", [CONTROLLED, PAUSED, HELD, AWAY, SEVERAL], ids=["controlled", "paused", "held", "away", "several"]
)
def test_the_whole_bar_is_on_the_screen(desktop: VirtualDisplay, state: object, scale: float, language: str) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_bar(state)  # type: ignore[arg-type]
        await stage.window(Words(language).stop())
        (bar,) = display.new()
        left, top, right, bottom = display.area(bar)
        assert 0 <= left < right <= desktop.width_px
        assert 0 <= top < bottom <= desktop.height_px // 2

    play(desktop, scene, language=language, scale=scale)


def test_everybody_is_named_in_a_list_where_the_bar_has_no_room(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(SEVERAL)
        await stage.click("and 6 more")
        await stage.window("Close")
        assert stage.events == ["before question"]
        assert stage.customer.is_question_open()
        await stage.click("Send away: Viewer 7")
        await stage.happened("send away: 7")
        await stage.click("Close")
        await stage.happened("after question")

    play(desktop, scene)


def test_the_list_follows_who_comes_and_goes_and_ends_with_the_session(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(SEVERAL)
        await stage.click("and 6 more")
        await stage.window("Send away: Viewer 7")
        stage.customer.show_bar(replace(SEVERAL, viewers=SEVERAL.viewers[:-1]))
        await stage.gone("Send away: Viewer 7")
        await stage.window("Send away: Viewer 6")
        stage.customer.hide_bar()
        await stage.gone("Close")
        await stage.happened("after question")

    play(desktop, scene)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_file_is_stopped_and_files_are_ended_at_once_also_while_it_moves(
    desktop: VirtualDisplay, language: str
) -> None:
    words = Words(language)
    stop, close = (f"{file.done}: {file.shown.name}" for file in words.bar(WITH_FILES).files)

    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(WITH_FILES)
        button = await stage.window(stop)
        arriving = replace(WITH_FILES.files[0], percent=43)
        stage.customer.show_bar(replace(WITH_FILES, files=(arriving, WITH_FILES.files[1])))
        await stage.click(stop)
        await stage.happened("stop file: to_customer")
        # How far it is changes in place: what is pressed does not move away.
        assert await stage.window(stop) == button
        await stage.click(close)
        await stage.happened("stop file: from_customer")
        await stage.click(words.end_files())
        await stage.happened("end files")

    play(desktop, scene, language=language)


def test_a_file_that_arrived_can_be_shown_in_its_folder_and_files_end_only_where_they_are_allowed(
    desktop: VirtualDisplay, tmp_path: Path
) -> None:
    arrived = replace(WITH_FILES.files[0], outcome=FileOutcome.MOVED, folder=tmp_path)

    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(WITH_FILES)
        await stage.window("End files")
        stage.customer.show_bar(replace(CONTROLLED, files=(arrived,)))
        await stage.gone("End files")
        await stage.window("Close: Notice.pdf")
        if can_show():
            await stage.window("Show the folder")

    play(desktop, scene)
