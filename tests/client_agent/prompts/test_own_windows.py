"""Every window of the agent is known as its own, with its frame, from the moment it can be seen: for mouse and for keys."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from client_agent.prompts.customer import BarState, Problem, Progress, Viewer
from client_agent.prompts.window import WindowCustomer
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROLLED, HOSTILE, QUESTION, SUMMARY, VIEW, WRITTEN
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Show = Callable[[WindowCustomer], Any]
MANY = BarState("Opérateur Démo", tuple(Viewer(f"Viewer {n}", VIEW, str(n)) for n in range(9)))
WINDOWS: dict[str, Show] = {
    "code": lambda customer: customer.ask_code(),
    "progress": lambda customer: customer.show_progress(Progress.CONNECTING),
    "question": lambda customer: customer.ask_consent(QUESTION),
    "hostile question": lambda customer: customer.ask_consent(HOSTILE),
    "bar": lambda customer: customer.show_bar(CONTROLLED),
    "chat": lambda customer: customer.show_chat(WRITTEN),
    "bar with many": lambda customer: customer.show_bar(MANY),
    "problem": lambda customer: customer.show_problem(Problem.NOT_STORED),
    "summary": lambda customer: customer.show_summary(SUMMARY),
}


async def shown(stage: Stage, show: Show) -> "asyncio.Future[Any] | None":
    answer = show(stage.customer)
    return asyncio.ensure_future(answer) if answer else None


async def ended(task: "asyncio.Future[Any] | None") -> None:
    if task:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("name", WINDOWS)
def test_every_part_of_every_window_and_its_frame_is_the_agents_own(
    desktop: VirtualDisplay, name: str, scale: float
) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        task = await shown(stage, WINDOWS[name])
        (outer,) = await eventually(display.new, f"the window {name}")
        # The frame of the window manager comes a moment after the window itself.
        await eventually(lambda: set(display.new()) <= stage.customer.own_windows(), "the outermost window is known")
        (outer,) = display.new()

        def parts() -> list[tuple[int, int]]:
            (left, top), (right, bottom) = display.corners(outer)[0], display.corners(outer)[-1]
            middles = map(display.middle, display.everything(outer))
            # What a scrolled text hides lies elsewhere.
            return [(x, y) for x, y in middles if left <= x <= right and top <= y <= bottom]

        # What is inside is shown a moment after the window itself.
        await eventually(lambda: len(parts()) > 3, "the parts of the window")
        for place in (*parts(), *display.corners(outer)):
            assert stage.customer.is_own_window_at(*place)
        assert not stage.customer.is_own_window_at(1, desktop.height_px - 2)
        await ended(task)

    play(desktop, scene, scale=scale)


@pytest.mark.parametrize("name", ["bar", "bar with many"])
def test_a_bar_is_the_agents_own_from_the_very_moment_it_can_be_seen(desktop: VirtualDisplay, name: str) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        for _ in range(20):
            await shown(stage, WINDOWS[name])
            bar = display.next()
            assert stage.customer.is_own_window_at(*display.middle(bar))
            stage.customer.hide_bar()
            await eventually(lambda: not display.new(), "the bar is gone")

    play(desktop, scene)


def test_the_place_of_a_window_that_has_gone_is_not_the_agents_any_more(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        stage.customer.show_bar(CONTROLLED)
        (bar,) = await eventually(display.new, "the bar")
        place = display.middle(bar)
        assert stage.customer.is_own_window_at(*place)
        stage.customer.hide_bar()
        await eventually(lambda: not stage.customer.is_own_window_at(*place), "the place is free")
        await eventually(lambda: not stage.customer.own_windows(), "no own window is left")

    play(desktop, scene)


def test_the_dialog_for_saving_is_the_agents_own_as_well(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        task = asyncio.ensure_future(stage.customer.show_summary(SUMMARY))
        await stage.window("Save…")
        await stage.click("Save…")
        await eventually(lambda: len(display.new()) == 2, "the dialog beside the summary")
        await eventually(lambda: set(display.new()) <= stage.customer.own_windows(), "both are known")
        for window in display.new():
            for part in display.everything(window):
                assert stage.customer.is_own_window_at(*display.middle(part))
        await eventually(lambda: "filedialog" in "".join(stage.keyboard), "the dialog has the keyboard")
        await stage.press("Escape")
        await eventually(lambda: len(display.new()) == 1, "the dialog is closed")
        await ended(task)

    play(desktop, scene)
