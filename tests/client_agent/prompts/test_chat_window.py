"""The window in which people write to each other: it opens by itself, takes keys from the customer only, and shows plain text."""

import asyncio
import threading
from dataclasses import replace

import pytest

from client_agent.prompts.customer import ChatLine, ChatRefusal
from client_agent.prompts.words import Words
from protocol.limits import CHAT_CHARACTERS_MAX
from protocol.vocabulary import RecordingState
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play, remembering
from tests.client_agent.prompts.questions import CONTROLLED, WRITTEN
from tests.journeys.reading import says, texts_on
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

MINE = ChatLine("", "Oui, il clignote", 1_795_520_060, is_own=True)


async def opened(stage: Stage) -> None:
    """The customer opens the window from the bar, and it takes keys."""
    stage.customer.show_bar(CONTROLLED)
    await stage.click("Messages")
    await stage.window("Your message")
    await takes_keys(stage)


async def takes_keys(stage: Stage) -> None:
    """Wait until what is typed counts: the session was told, and has let go."""
    await stage.happened("before typing")
    await eventually(lambda: stage.customer._chat._may_type, "the window takes keys")


async def reads(stage: Stage, *parts: str) -> None:
    await eventually(lambda: asyncio.to_thread(says, stage.display, *parts), f"{parts}")


async def typed(stage: Stage, text: str) -> None:
    """Type, and wait until Tk has dealt with the last character."""
    stage.presses.clear()
    await stage.do("type", "--delay", "1", text)
    await eventually(lambda: len(stage.presses) >= len(text), f"the characters of {text!r}")


def copy(stage: Stage, text: str) -> None:
    """Have this on the clipboard for whatever is pressed next."""
    root, copied = stage.customer._root, threading.Event()

    def put() -> None:
        root.clipboard_clear()
        root.clipboard_append(text)
        copied.set()

    stage.customer._work.put(put)
    wait_for(copied)


def hear_first(stage: Stage, arrived: list[str]) -> None:
    """Note the keys as they come, before anything of the window's own."""
    for widget in (stage.customer._chat._field, stage.customer._chat._send_button):
        widget.bindtags(("Heard", *widget.bindtags()))
    stage.customer._root.bind_class("Heard", "<Key>", lambda event: arrived.append(event.keysym))


def wait_for(event: threading.Event) -> None:
    assert event.wait(15)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_opens_by_itself_with_the_name_of_who_writes_and_leaves_the_keyboard_where_it_is(
    desktop: VirtualDisplay, language: str
) -> None:
    async def scene(stage: Stage) -> None:
        desktop.start("xterm", "-title", f"beside {language}")
        below = await stage.window(f"beside {language}")
        await stage.do("windowfocus", "--sync", str(below))
        stage.customer.show_bar(CONTROLLED)
        stage.customer.show_chat(WRITTEN)
        await stage.window(Words(language).your_message())
        await reads(stage, "Camille Moreau: Voyez-vous le voyant rouge ?")
        await stage.press("a", "Return", "space")
        assert int(await stage.do("getwindowfocus")) == below
        assert not [event for event in stage.events if event != "before typing"]
        assert stage.presses == []

    play(desktop, scene, language=language)


def test_what_is_typed_is_sent_by_enter_and_stays_until_it_was_said(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        await typed(stage, "Oui")
        await stage.press("shift+Return")
        await typed(stage, "il clignote")
        await stage.press("Return")
        await stage.happened("says: Oui\nil clignote")
        assert stage.customer._chat._typed() == "Oui\nil clignote"
        stage.customer.refuse_chat(ChatRefusal.TOO_FAST)
        await reads(stage, "too fast")
        assert stage.customer._chat._typed() == "Oui\nil clignote"
        stage.events.clear()
        await stage.press("Tab", "space")
        await stage.happened("says: Oui\nil clignote")
        stage.customer.show_chat(replace(MINE, text="Oui\nil clignote"))
        await reads(stage, "You: Oui\nil clignote")
        assert stage.customer._chat._typed() == ""

    play(desktop, scene)


def test_all_of_it_is_reached_by_keys_and_closed_by_them(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        await typed(stage, "a")
        await stage.press("Tab")
        await eventually(lambda: "button" in stage.keyboard[-1], "the keyboard on Send")
        await stage.press("Tab", "Return")
        await stage.gone("Your message")
        # Elsewhere on the button: on the same place it could be the second half of a double click.
        await stage.point_at("Messages")
        await stage.do("mousemove_relative", "20", "0")
        await stage.do("click", "1")
        await stage.window("Your message")
        assert stage.customer._chat._typed() == "a"

    play(desktop, scene)


def test_a_window_that_was_closed_opens_again_with_the_next_message_and_ends_with_the_session(
    desktop: VirtualDisplay,
) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        stage.customer.show_chat(WRITTEN)
        await stage.click("Close")
        await stage.gone("Your message")
        stage.customer.show_chat(WRITTEN)
        await stage.window("Your message")
        stage.customer.hide_bar()
        await stage.gone("Your message")

    play(desktop, scene)


def test_keys_that_came_before_the_session_had_let_go_of_the_technicians_count_for_nothing(
    desktop: VirtualDisplay,
) -> None:
    """The technician's keys are on their way as the customer turns to the window: those are not the customer's."""
    let_go = threading.Event()

    async def scene(stage: Stage) -> None:
        callbacks = replace(remembering(stage.events), before_typing=lambda: wait_for(let_go))
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()

        async def attach() -> None:
            stage.customer.attach(callbacks)

        asyncio.run_coroutine_threadsafe(attach(), loop).result()
        stage.customer.show_bar(CONTROLLED)
        await stage.click("Messages")
        await stage.window("Your message")
        await stage.has_keyboard()
        arrived: list[str] = []
        stage.customer._work.put(lambda: hear_first(stage, arrived))
        await stage.do("type", "--delay", "1", "hostile")
        await stage.press("Return", "Tab", "space")
        await eventually(lambda: arrived[-1:] == ["space"], "the last key")
        let_go.set()
        await eventually(lambda: stage.customer._chat._may_type, "the window takes keys")
        await typed(stage, "Bonjour")
        await stage.press("Return")
        await stage.happened("says: Bonjour")
        assert [event for event in stage.events if event.startswith("says")] == ["says: Bonjour"]
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    play(desktop, scene)


def test_what_others_write_is_plain_text_and_bounded(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        hostile = "\u202eexe.\x1b[31m ✅ <b>x</b> " + "W" * 300_000
        stage.customer.show_chat(replace(WRITTEN, name="You\u202e" + "x" * 300, text=hostile))
        await reads(stage, "▫ <b>x</b>")
        (shown,) = [text for text in texts_on(stage.display) if "<b>x</b>" in text]
        assert len(shown) < CHAT_CHARACTERS_MAX + 100
        assert not set(shown) & {"\u202e", "\x1b", "✅"}

    play(desktop, scene)


def test_a_long_conversation_keeps_its_newest_lines(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        for number in range(300):
            stage.customer.show_chat(replace(WRITTEN, text=f"line {number}"))
        await reads(stage, "line 299")
        shown = stage.customer._chat._log.get("1.0", "end")
        assert "line 299" in shown
        assert "line 120\n" in shown
        assert "line 0\n" not in shown

    play(desktop, scene)


def test_what_is_too_long_says_so_and_stays(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        copy(stage, "é" * 2**20)
        await stage.press("ctrl+v")
        await reads(stage, "was not inserted")
        assert stage.customer._chat._typed() == ""
        copy(stage, "é" * (CHAT_CHARACTERS_MAX + 7))
        await stage.press("ctrl+v")
        await reads(stage, "Characters too many: 7")
        await stage.press("Return")
        assert stage.customer._chat._typed() == "é" * (CHAT_CHARACTERS_MAX + 7)
        await stage.press("ctrl+a", "b", "Return")
        await stage.happened("says: b")
        assert [event for event in stage.events if event.startswith("says")] == ["says: b"]

    play(desktop, scene)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_of_it_is_on_the_screen(desktop: VirtualDisplay, language: str, scale: float) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_chat(WRITTEN)
        await stage.window(Words(language).your_message())
        (window,) = display.new()
        left, top, right, bottom = display.area(window)
        assert 0 <= left < right <= desktop.width_px
        assert 0 <= top < bottom <= desktop.height_px
        for button in (Words(language).send(), Words(language).close()):
            x, y = display.middle(await stage.window(button))
            assert left < x < right
            assert top < y < bottom

    play(desktop, scene, language=language, scale=scale)


def test_it_says_whether_what_is_written_is_recorded(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        stage.customer.show_chat(WRITTEN)
        await reads(stage, "is not recorded")
        for state, words in ((RecordingState.ON, "recorded, like the screen"), (RecordingState.PAUSED, "not recorded")):
            stage.customer.show_bar(replace(CONTROLLED, recording=state))
            await reads(stage, words)

    play(desktop, scene)
