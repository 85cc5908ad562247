"""The first window: what is typed or pasted reaches the session as it is, and what went wrong is said beside it."""

import asyncio
from functools import partial

import pytest

from client_agent.prompts.customer import Problem, Progress
from client_agent.prompts.words import Words
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROLLED
from tests.journeys.reading import says
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

FIELD = "Support code or link"
LINK = "https://aide.operateur.example/#code=41703-cerise-violon&root=" + "A" * 43


async def asked(stage: Stage, problem: Problem | None = None) -> "asyncio.Task[str | None]":
    task = asyncio.ensure_future(stage.customer.ask_code(problem))
    await stage.window(Words(stage.customer.language).code_label())
    await stage.has_keyboard()
    return task


async def typed(stage: Stage, text: str) -> None:
    await stage.do("type", "--delay", "1", text)
    await eventually(lambda: len(stage.presses) >= len(text), f"{text} is typed")


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_code_that_was_typed_is_sent_by_the_button(desktop: VirtualDisplay, scale: float) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await typed(stage, "41703 cerise violon")
        await stage.click("Start assistance")
        assert await task == "41703 cerise violon"

    play(desktop, scene, scale=scale)


def test_return_in_the_field_sends_the_code_and_an_empty_one_is_not_sent(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await stage.press("Return")
        await stage.click("Start assistance")
        await stage.pressed("Return", "1")
        assert not task.done()
        await typed(stage, "41703 830 5926")
        await stage.press("Return")
        assert await task == "41703 830 5926"

    play(desktop, scene)


def test_a_pasted_link_replaces_what_was_selected(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await typed(stage, "wrong")
        await asyncio.to_thread(_put_on_clipboard, stage, LINK)
        await stage.press("ctrl+a", "ctrl+v")
        await eventually(lambda: stage.presses[-1] == "v", "the pasting")
        await stage.click("Start assistance")
        assert await task == LINK

    play(desktop, scene)


def _put_on_clipboard(stage: Stage, text: str) -> None:
    copier = (
        "import sys, tkinter; root = tkinter.Tk(); root.withdraw(); root.clipboard_append(sys.argv[1]);"
        " root.update(); print('ready', flush=True); root.mainloop()"
    )
    import subprocess
    import sys

    program = stage.display.start(sys.executable, "-c", copier, text, output=subprocess.PIPE)
    assert program.stdout
    assert program.stdout.readline() == "ready\n"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("problem", [Problem.CODE_WRONG, Problem.CODE_EXPIRED, Problem.TOO_MANY_ATTEMPTS])
def test_after_a_wrong_code_what_was_typed_is_still_there_to_be_corrected(
    desktop: VirtualDisplay, problem: Problem, language: str
) -> None:
    async def scene(stage: Stage) -> None:
        start = Words(language).start()
        task = await asked(stage)
        await typed(stage, "41703 cerise violo")
        await stage.click(start)
        await task
        stage.customer.show_progress(Progress.CHECKING_CODE)
        await stage.window(Words(language).cancel())
        task = await asked(stage, problem)
        await typed(stage, "n")
        await eventually(lambda: stage.presses[-1] == "n", "the missing letter")
        await stage.click(start)
        assert await task == "41703 cerise violon"

    play(desktop, scene, language=language)


def test_closing_the_window_gives_no_code(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await stage.press("alt+F4")
        assert await task is None

    play(desktop, scene)


def test_waiting_can_be_cancelled(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        for what in (each for each in Progress if each is not Progress.ENDING):
            stage.customer.show_progress(what)
            # The button is made anew with each text: the one before may still be there.
            text = Words("en").progress(what)
            await eventually(partial(says, desktop, text), text)
            await stage.click("Cancel")
            await stage.happened("stop")
            stage.events.clear()

    play(desktop, scene)


def test_nothing_is_said_of_an_answer_that_is_written_down_at_once(desktop: VirtualDisplay) -> None:
    """A window that comes and goes would take the keyboard from whoever works in another one."""

    async def scene(stage: Stage) -> None:
        onlooker = Onlooker(desktop)
        stage.customer.show_progress(Progress.STORING_ANSWER)
        stage.customer.show_bar(CONTROLLED)
        await stage.window("Take back control")
        (bar,) = onlooker.appeared()
        assert onlooker.new() == [bar]

    play(desktop, scene)


def test_the_language_can_be_switched_while_the_typed_code_stays(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await typed(stage, "41703 cerise violon")
        await stage.click("Français")
        await stage.window("Code d’assistance ou lien")
        assert stage.customer.language == "fr"
        await stage.click(Words("fr").start())
        assert await task == "41703 cerise violon"

    play(desktop, scene)


def test_the_first_window_makes_room_for_the_bar(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        from tests.client_agent.prompts.questions import CONTROLLED

        display = Onlooker(desktop)
        stage.customer.show_progress(Progress.WAITING_FOR_TECHNICIAN)
        await stage.window("Cancel")
        stage.customer.show_bar(CONTROLLED)
        await stage.window("Stop")
        await stage.gone("Cancel")
        assert len(display.new()) == 1

    play(desktop, scene)
