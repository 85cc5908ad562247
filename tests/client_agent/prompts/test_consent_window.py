"""The question as a window on a real desktop, answered by a real mouse and keyboard."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from client_agent.prompts.consent_window import ConsentWindow
from client_agent.prompts.customer import ConsentAnswer, ConsentQuestion, QuestionKind
from client_agent.prompts.words import Words
from protocol.vocabulary import Answer, Capability
from tests.client_agent.prompts.onlooker import Onlooker
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROL, CONTROLLED, HOSTILE, QUESTION, VIEW
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

SEE, CONTROL_TOO, REFUSE, MORE_TIME = "Let them see my screen", "Let them see and control", "Refuse", "I need more time"
LONG = replace(QUESTION, subject="W" * 200, reason="\n".join(["a long story " * 12] * 8), is_verified=False)


async def asked(stage: Stage, question: ConsentQuestion = QUESTION) -> "asyncio.Task[ConsentAnswer]":
    """A question that can be seen, has the keyboard, and knows both itself: its time runs from there."""
    task = asyncio.ensure_future(stage.customer.ask_consent(question))
    await stage.window(Words(stage.customer.language).consent(question).choices[-1].label)
    await stage.has_keyboard()
    await eventually(lambda: is_seen(stage), "the question knows that it can be seen")
    return task


def is_seen(stage: Stage) -> bool:
    """Whether the question's time runs, and it knows that all of it can be read where nothing needs scrolling."""
    for dialog in stage.customer._dialogs:
        if isinstance(dialog, ConsentWindow) and dialog._reacts_at is not None and dialog.body:
            return dialog._is_read or dialog.body._scrolls
    return False


def reacting(stage: Stage) -> None:
    stage.clock.now += 1.0


def test_nothing_is_shown_before_the_session_is_ready(desktop: VirtualDisplay) -> None:
    ready = asyncio.Event()

    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        task = asyncio.ensure_future(stage.customer.ask_consent(QUESTION))
        await stage.happened("before question")
        # What had been put before Tk by now would be on the screen once this is.
        stage.customer.show_bar(CONTROLLED)
        bar = await stage.window("Stop")
        assert len(display.new()) == 1
        assert bar in display.everything(display.new()[0])
        assert stage.customer.is_question_open()
        ready.set()
        await stage.window(REFUSE)
        assert len(display.new()) == 2
        stage.customer.close_question()
        await task
        await stage.happened("after question")

    play(desktop, scene, before_question=ready.wait)  # type: ignore[arg-type]


def test_answers_react_a_second_after_they_could_be_seen(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.clock.now = 0.99
        for number, name in enumerate((SEE, CONTROL_TOO, REFUSE), start=1):
            await stage.click(name)
            await stage.pressed(*"1" * number)
        assert not task.done()
        stage.clock.now = 1.0
        await stage.click(CONTROL_TOO)
        answer = await task
        assert answer.answer is Answer.ALLOWED
        assert answer.allowed == VIEW | CONTROL

    play(desktop, scene)


@pytest.mark.parametrize(
    ("name", "answer", "allowed"),
    [(SEE, Answer.ALLOWED, VIEW), (CONTROL_TOO, Answer.ALLOWED, VIEW | CONTROL), (REFUSE, Answer.REFUSED, frozenset())],
)
def test_each_answer_allows_what_its_button_says_and_nothing_more(
    desktop: VirtualDisplay, name: str, answer: Answer, allowed: frozenset[Capability]
) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = await asked(stage)
        reacting(stage)
        await stage.click(name)
        return await task

    given = play(desktop, scene)
    assert (given.answer, given.allowed) == (answer, allowed)
    assert given.words == str(Words("en").consent(QUESTION))
    assert given.took_ms == 1000


def test_return_and_space_answer_nothing_until_tab_has_brought_the_keyboard_to_a_button(
    desktop: VirtualDisplay,
) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        reacting(stage)
        await stage.press("Return", "space", "KP_Enter")
        await stage.pressed("Return", "space", "KP_Enter")
        assert not task.done()
        await stage.press("Tab", "Return")
        assert (await task).allowed == VIEW

    play(desktop, scene)


def test_a_click_beside_the_buttons_leaves_the_keyboard_where_it_was(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.clock.now = 0.5
        await stage.click(SEE)
        await stage.pressed("1")
        reacting(stage)
        await stage.press("Return", "space")
        await stage.pressed("1", "Return", "space")
        assert not task.done()
        await stage.click(REFUSE)
        assert (await task).answer is Answer.REFUSED

    play(desktop, scene)


def test_no_answer_in_time_is_a_no(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.clock.now = 119.9
        await stage.press("x")
        await stage.pressed("x")
        assert not task.done()
        stage.clock.now = 120.0
        answer = await task
        assert (answer.answer, answer.allowed) == (Answer.TIMED_OUT, frozenset())

    play(desktop, scene)


def test_more_time_is_given_on_request_and_the_session_hears_how_much(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.clock.now = 20.0
        await stage.click(MORE_TIME)
        await stage.happened("more time: 220")
        stage.clock.now = 239.0
        await stage.press("x")
        await eventually(lambda: "x" in stage.presses, "the key")
        assert not task.done()
        stage.clock.now = 240.0
        assert (await task).answer is Answer.TIMED_OUT

    play(desktop, scene)


def test_a_question_lasts_ten_minutes_at_most_however_much_time_is_asked_for(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        for seconds in (240, 360, 480, 600):
            await stage.click(MORE_TIME)
            await stage.happened(f"more time: {seconds}")
        presses = len(stage.presses)
        await stage.click(MORE_TIME)
        await eventually(lambda: len(stage.presses) > presses, "one more press")
        assert stage.events == ["before question", *(f"more time: {s}" for s in (240, 360, 480, 600))]
        stage.clock.now = 600.0
        assert (await task).answer is Answer.TIMED_OUT

    play(desktop, scene)


def test_a_withdrawn_question_closes_unanswered(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.customer.close_question()
        assert (await task).answer is None
        await stage.gone(REFUSE)
        await stage.happened("after question")

    play(desktop, scene)


def test_closing_the_window_is_a_no(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await stage.press("alt+F4")
        assert (await task).answer is Answer.REFUSED

    play(desktop, scene)


def test_the_answer_keeps_the_words_in_the_language_shown_last(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        await stage.click("Français")
        await stage.window("Refuser")
        reacting(stage)
        await stage.click("Refuser")
        answer = await task
        assert answer.language == "fr" == stage.customer.language
        assert answer.words == str(Words("fr").consent(QUESTION))

    play(desktop, scene)


def test_buttons_that_moved_with_the_language_react_a_second_later(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage)
        stage.clock.now = 5.0
        await stage.click("Français")
        await stage.window("Refuser")
        await stage.click("Refuser")
        await stage.pressed("1", "1")
        assert not task.done()
        reacting(stage)
        await stage.click("Refuser")
        assert (await task).answer is Answer.REFUSED

    play(desktop, scene)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("question", [QUESTION, HOSTILE, LONG], ids=["plain", "hostile", "long"])
def test_no_text_of_others_pushes_a_button_off_the_screen(
    desktop: VirtualDisplay, question: ConsentQuestion, scale: float, language: str
) -> None:
    async def scene(stage: Stage) -> None:
        display = Onlooker(desktop)
        task = await asked(stage, question)
        words = Words(language)
        for label in (*(choice.label for choice in words.consent(question).choices), words.more_time()):
            left, top, right, bottom = display.area(await stage.window(label))
            assert 0 <= left < right <= desktop.width_px
            assert 0 <= top < bottom <= desktop.height_px
        task.cancel()

    play(desktop, scene, scale=scale, language=language)


@contextmanager
def resized(desktop: VirtualDisplay, width_px: int, height_px: int) -> Iterator[VirtualDisplay]:
    size = str(width_px), "0", "0", str(width_px), str(height_px), "0", "0", str(height_px)
    desktop.run("xrandr", "--newmode", "small", "0", *size)
    desktop.run("xrandr", "--addmode", "screen", "small")
    desktop.run("xrandr", "--output", "screen", "--mode", "small")
    try:
        yield replace(desktop, width_px=width_px, height_px=height_px)
    finally:
        desktop.run("xrandr", "--output", "screen", "--mode", f"{desktop.width_px}x{desktop.height_px}")
        desktop.run("xrandr", "--delmode", "screen", "small")
        desktop.run("xrandr", "--rmmode", "small")


@pytest.fixture
def small_desktop(desktop: VirtualDisplay) -> Iterator[VirtualDisplay]:
    with resized(desktop, 800, 600) as small:
        yield small


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_ordinary_question_can_be_read_at_once_on_a_small_laptop(desktop: VirtualDisplay, language: str) -> None:
    """Whoever does not find the end of the text cannot say yes: nothing that is asked every day has to be scrolled through."""
    record, files, clipboard = Capability.RECORD, Capability.FILES, Capability.CLIPBOARD
    tallest = (
        replace(QUESTION, is_recording_required=True),
        replace(QUESTION, is_verified=False),
        replace(QUESTION, kind=QuestionKind.RECORD, asks=record, recording_days=90, is_recording_required=True),
        replace(QUESTION, asks=files, is_first=False),
        replace(QUESTION, asks=clipboard, is_first=False, may_be_recorded=True),
    )

    async def scene(stage: Stage) -> list[str]:
        scrolled: list[str] = []
        for question in tallest:
            task = await asked(stage, question)
            (shown,) = (dialog for dialog in stage.customer._dialogs if isinstance(dialog, ConsentWindow))
            assert shown.body
            if shown.body._scrolls:
                scrolled.append(Words(language).consent(question).title)
            stage.customer.close_question()
            await task
            await stage.gone(Words(language).more_time())
        return scrolled

    with resized(desktop, 1280, 768) as laptop:
        assert play(laptop, scene, language=language) == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("question", [QUESTION, HOSTILE, LONG], ids=["plain", "hostile", "long"])
def test_all_buttons_are_there_on_a_small_screen(
    small_desktop: VirtualDisplay, question: ConsentQuestion, language: str
) -> None:
    test_no_text_of_others_pushes_a_button_off_the_screen(small_desktop, question, 1.0, language)


def test_a_yes_waits_until_all_has_been_read_but_a_no_never_does(small_desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = await asked(stage, LONG)
        reacting(stage)
        await stage.click(SEE)
        await stage.pressed("1")
        assert not task.done()
        await stage.click(REFUSE)
        assert (await task).answer is Answer.REFUSED

        task = await asked(stage, LONG)
        reacting(stage)

        async def read_and_allowed() -> bool:
            await stage.press("Next")
            # The click before may have counted meanwhile: then there is no button any more.
            clicking = asyncio.create_task(stage.click(SEE))
            await asyncio.wait({task, clicking}, return_when=asyncio.FIRST_COMPLETED)
            clicking.cancel()
            return task.done()

        await eventually(read_and_allowed, "the yes counts at the end of the text")
        assert (await task).allowed == VIEW

    play(small_desktop, scene)
