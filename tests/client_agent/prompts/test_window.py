"""The customer's windows on a real display, clicked and typed into from outside."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from client_agent.prompts.customer import BarState, ConsentAnswer, Problem, Progress, Viewer
from protocol.limits import BUTTONS_REACT_AFTER_S, PROMPT_S
from protocol.vocabulary import Answer, Capability, Hold
from tests.client_agent.prompts.played import Stage, play
from tests.client_agent.prompts.questions import CONTROL, CONTROLLED, HOSTILE, QUESTION, SUMMARY, VIEW
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

SEE, SEE_AND_CONTROL, CONTROL_ONLY = "Let them see my screen", "Let them see and control", "Let them control"
REFUSE, MORE_TIME = "Refuse", "I need more time"
TITLE = "Let someone see and control your computer?"


def asked(stage: Stage, **changes: object) -> "asyncio.Task[ConsentAnswer]":
    return asyncio.create_task(stage.customer.ask_consent(replace(QUESTION, **changes)))  # type: ignore[arg-type]


async def let_react(stage: Stage) -> None:
    await stage.window(REFUSE)
    stage.clock.now += BUTTONS_REACT_AFTER_S


# --- the question --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("button", "answer", "allowed"),
    [
        (SEE, Answer.ALLOWED, VIEW),
        (SEE_AND_CONTROL, Answer.ALLOWED, VIEW | CONTROL),
        (REFUSE, Answer.REFUSED, frozenset()),
    ],
)
def test_each_answer_allows_what_it_says(
    desktop: VirtualDisplay, button: str, answer: Answer, allowed: frozenset[Capability]
) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await let_react(stage)
        await stage.click(button)
        return await task

    given = play(desktop, scene)
    assert (given.answer, given.allowed, given.language) == (answer, allowed, "en")
    assert f"[ {SEE} ] [ {SEE_AND_CONTROL} ] [ {REFUSE} ]" in given.words
    assert "Camille Moreau, from Opérateur Démo, asks to see your screen and to control your computer" in given.words


def test_control_can_be_allowed_only_where_it_was_asked_for(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage, asks=Capability.VIEW)
        await let_react(stage)
        await stage.gone(SEE_AND_CONTROL)
        await stage.click(SEE)
        return await task

    assert play(desktop, scene).allowed == VIEW


def test_a_request_during_the_session_asks_for_control_alone(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage, is_first=False)
        await let_react(stage)
        await stage.gone(SEE)
        await stage.click(CONTROL_ONLY)
        return await task

    assert play(desktop, scene).allowed == CONTROL


def test_a_click_in_the_first_second_does_nothing(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await stage.click(SEE_AND_CONTROL)
        # Events reach a window in order: once this button has reacted, the click before it has been and gone.
        await stage.click(MORE_TIME)
        await stage.happened(f"more time: {2 * PROMPT_S}")
        assert not task.done()
        stage.clock.now = BUTTONS_REACT_AFTER_S
        await stage.click(SEE_AND_CONTROL)
        return await task

    given = play(desktop, scene)
    assert (given.allowed, given.took_ms) == (VIEW | CONTROL, BUTTONS_REACT_AFTER_S * 1000)


def test_return_and_space_press_nothing_until_tab_has_chosen(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> tuple[ConsentAnswer, ConsentAnswer]:
        task = asked(stage)
        await let_react(stage)
        await stage.press("Return", "space", "KP_Enter", "Return")
        await stage.click(REFUSE)
        without_tab = await task
        task = asked(stage)
        await let_react(stage)
        await stage.press("Tab", "Tab", "Return")
        return without_tab, await task

    without_tab, with_tab = play(desktop, scene)
    assert without_tab.answer is Answer.REFUSED
    assert with_tab.allowed == VIEW | CONTROL


def test_a_click_on_a_button_does_not_give_it_the_keyboard(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await stage.click(SEE)
        await stage.click(MORE_TIME)
        await stage.happened(f"more time: {2 * PROMPT_S}")
        stage.clock.now = BUTTONS_REACT_AFTER_S
        await stage.press("Return", "space")
        await stage.click(REFUSE)
        return await task

    assert play(desktop, scene).answer is Answer.REFUSED


def test_time_over_is_a_no(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage, seconds=2)
        await stage.window(REFUSE)
        stage.clock.now = 2
        return await task

    given = play(desktop, scene)
    assert (given.answer, given.allowed, given.took_ms) == (Answer.TIMED_OUT, frozenset(), 2000)


def test_more_time_can_be_had_up_to_ten_minutes_in_all(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await stage.window(REFUSE)
        for seconds in (240, 360, 480, 600):
            await stage.click(MORE_TIME)
            await stage.happened(f"more time: {seconds}")
        await stage.click(MORE_TIME)
        stage.clock.now = 599
        await stage.click(SEE)
        assert [event for event in stage.events if event.startswith("more time")] == [
            f"more time: {seconds}" for seconds in (240, 360, 480, 600)
        ]
        return await task

    assert play(desktop, scene).allowed == VIEW


def test_closing_the_window_is_a_no(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await stage.window(REFUSE)
        await stage.press("alt+F4")
        return await task

    assert play(desktop, scene).answer is Answer.REFUSED


def test_the_language_can_be_switched_and_the_answer_tells_which_words_were_shown(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await let_react(stage)
        await stage.click("Français")
        await stage.window("Refuser")
        # The buttons may have moved under the pointer, so they wait once more.
        stage.clock.now += BUTTONS_REACT_AFTER_S
        await stage.click("Montrer mon écran")
        return await task

    given = play(desktop, scene)
    assert given.language == "fr"
    assert "Camille Moreau, d’Opérateur Démo, demande à voir votre écran et à agir sur votre ordinateur" in given.words
    assert "[ Montrer mon écran ] [ Montrer et laisser agir ] [ Refuser ]" in given.words


def test_a_withdrawn_question_is_no_answer_and_disappears(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asked(stage)
        await stage.window(TITLE)
        stage.customer.close_question()
        given = await task
        await stage.gone(TITLE)
        return given

    given = play(desktop, scene)
    assert (given.answer, given.allowed) == (None, frozenset())


def test_a_question_that_nobody_waits_for_any_more_disappears(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        task = asked(stage)
        await stage.window(TITLE)
        task.cancel()
        await stage.gone(TITLE)
        assert not stage.customer.is_question_open()

    play(desktop, scene)


def test_questions_wait_for_each_other_and_withdrawing_takes_all(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> list[ConsentAnswer]:
        tasks = [asked(stage), asked(stage, is_first=False)]
        await stage.window(TITLE)
        await stage.gone(CONTROL_ONLY)
        stage.customer.close_question()
        return list(await asyncio.gather(*tasks))

    assert [given.answer for given in play(desktop, scene)] == [None, None]


def test_nothing_is_shown_before_the_session_is_ready(desktop: VirtualDisplay) -> None:
    asked_for_readiness, ready = asyncio.Event(), asyncio.Event()

    async def before_question() -> None:
        asked_for_readiness.set()
        await ready.wait()

    async def scene(stage: Stage) -> list[str]:
        task = asked(stage)
        await asked_for_readiness.wait()
        assert stage.customer.is_question_open()
        # The bar, asked for later, is there; were the question allowed to show, it would be too.
        stage.customer.show_bar(CONTROLLED)
        await stage.window("Stop")
        await stage.gone(TITLE)
        ready.set()
        await let_react(stage)
        stage.events.append("shown")
        await stage.click(REFUSE)
        await task
        assert not stage.customer.is_question_open()
        return stage.events

    assert play(desktop, scene, before_question=before_question) == ["before question", "shown", "after question"]


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_texts_of_others_push_no_answer_off_the_screen_and_are_read_before_anything_is_allowed(
    desktop: VirtualDisplay, scale: float
) -> None:
    async def scene(stage: Stage) -> ConsentAnswer:
        task = asyncio.create_task(stage.customer.ask_consent(HOSTILE))
        await let_react(stage)
        for button in (SEE, SEE_AND_CONTROL, REFUSE, MORE_TIME):
            x, y = await stage.middle(await stage.window(button))
            assert 0 < x < desktop.width_px
            assert 0 < y < desktop.height_px
        await stage.click(SEE)
        await stage.click(MORE_TIME)
        await stage.happened(f"more time: {2 * PROMPT_S - BUTTONS_REACT_AFTER_S}")
        assert not task.done()
        for _ in range(20):
            await stage.press("Next")

        async def is_allowed() -> bool:
            await stage.click(SEE)
            return task.done()

        await eventually(is_allowed, "the answer, once all has been scrolled through")
        return await task

    given = play(desktop, scene, scale=scale)
    assert given.allowed == VIEW
    assert len(given.words) < 3000
    assert not any(character in given.words for character in "\x1b\x9b\u202e✅😀")


# --- the bar -----------------------------------------------------------------------------------------------------------


def test_the_bar_says_and_does_what_the_customer_may_want(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> list[str]:
        stage.customer.show_bar(CONTROLLED)
        for button in ("Take back control", "Pause", "Stop"):
            await stage.click(button)
        await stage.happened("stop")
        return stage.events

    assert play(desktop, scene) == ["take back", "pause", "stop"]


def test_there_is_nothing_to_take_back_where_nobody_controls(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        await stage.window("Take back control")
        stage.customer.show_bar(replace(CONTROLLED, viewers=(Viewer("Camille Moreau", VIEW),)))
        await stage.gone("Take back control")
        await stage.window("Stop")

    play(desktop, scene)


@pytest.mark.parametrize(("hold", "button"), [(Hold.STOP_KEY, "Let them act again"), (Hold.PAUSED, "Go on")])
def test_only_letting_them_go_on_waits_a_second(desktop: VirtualDisplay, hold: Hold, button: str) -> None:
    async def scene(stage: Stage) -> list[str]:
        stage.customer.show_bar(replace(CONTROLLED, holds=frozenset({hold})))
        await stage.click(button)
        await stage.click("Stop")
        await stage.happened("stop")
        stage.clock.now = BUTTONS_REACT_AFTER_S
        await stage.click(button)
        await stage.happened("go on")
        return stage.events

    assert play(desktop, scene) == ["stop", "go on"]


def test_the_bar_never_takes_the_keyboard(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        desktop.start("xterm", "-T", "letter")
        letter = await stage.window("letter")
        await stage.do("windowfocus", "--sync", str(letter))
        before = await stage.do("getwindowfocus")
        stage.customer.show_bar(CONTROLLED)
        await stage.click("Pause")
        await stage.happened("pause")
        assert await stage.do("getwindowfocus") == before
        await stage.do("windowkill", str(letter))

    play(desktop, scene)


def test_the_bar_comes_back_above_whatever_covers_it(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        x, y = await stage.middle(await stage.window("Stop"))
        desktop.start("xterm", "-T", "cover", "-geometry", "200x60+0+0")
        cover = await stage.window("cover")
        await stage.do("windowmove", str(cover), "0", "0", "windowraise", str(cover))
        await stage.do("mousemove", str(x), str(y))

        async def is_bar_below_pointer() -> bool:
            await stage.do("click", "1")
            return "stop" in stage.events

        await eventually(is_bar_below_pointer, "the bar above the window")
        await stage.do("windowkill", str(cover))

    play(desktop, scene)


def test_the_bar_can_be_pushed_along_the_top_edge_and_nowhere_else(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(replace(CONTROLLED, viewers=(Viewer("Li", VIEW),)))
        stop = await stage.window("Stop")
        x, y = await stage.middle(stop)
        left, _ = await stage.middle(await stage.window("Pause"))
        grip = str(left - 120)
        await stage.do("mousemove", grip, str(y), "mousedown", "1", "mousemove", "--sync", str(left - 200), "400")
        await stage.do("mouseup", "1")

        async def place() -> tuple[int, int]:
            return await stage.middle(stop)

        async def has_moved() -> bool:
            return (await place())[0] == x - 80

        await eventually(has_moved, "the bar 80 px further left")
        assert (await place())[1] == y

    play(desktop, scene)


def test_many_viewers_do_not_push_the_stop_button_off_the_screen(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        viewers = tuple(Viewer(f"{'W' * 150} {number}", VIEW | CONTROL) for number in range(30))
        stage.customer.show_bar(BarState("Opérateur Démo", viewers))
        x, _ = await stage.middle(await stage.window("Stop"))
        assert x < desktop.width_px
        await stage.click("Stop")
        await stage.happened("stop")

    play(desktop, scene, scale=2.0)


# --- whose windows -------------------------------------------------------------------------------------------------------


def test_every_place_of_the_agents_windows_is_known_as_its_own(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> None:
        stage.customer.show_bar(CONTROLLED)
        task = asked(stage)
        for name in ("Stop", REFUSE, TITLE):
            window = await stage.window(name)
            x, y = await stage.middle(window)
            await eventually(lambda x=x, y=y: stage.customer.is_own_window_at(x, y), f"{name} is the agent's")  # type: ignore[misc]
            await stage.do("mousemove", str(x), str(y))
            below = (await stage.do("getmouselocation", "--shell")).split("WINDOW=")[1].strip()
            assert int(below) in stage.customer.own_windows()
        focused = int(await stage.do("getwindowfocus", "-f"))
        assert focused in stage.customer.own_windows()
        assert not stage.customer.is_own_window_at(3, 1000)
        task.cancel()
        stage.customer.hide_bar()
        await eventually(lambda: not stage.customer.own_windows(), "no window is left")

    play(desktop, scene)


# --- before and after ----------------------------------------------------------------------------------------------------


def test_the_code_is_handed_over_as_typed_and_stays_in_the_field(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> list[str | None]:
        codes = []
        task = asyncio.create_task(stage.customer.ask_code())
        await stage.window("Support code or link")
        await stage.do("type", "41703 cherry violin")
        await stage.press("Return")
        codes.append(await task)
        task = asyncio.create_task(stage.customer.ask_code(Problem.CODE_WRONG))
        await stage.window("Support code or link")
        await stage.do("type", "s")
        await stage.click("Start assistance")
        codes.append(await task)
        stage.customer.show_progress(Progress.CONNECTING)
        await stage.click("Cancel")
        await stage.happened("stop")
        task = asyncio.create_task(stage.customer.ask_code())
        await stage.window("Support code or link")
        await stage.press("alt+F4")
        codes.append(await task)
        return codes

    assert play(desktop, scene) == ["41703 cherry violin", "41703 cherry violins", None]


def test_the_summary_is_saved_only_where_the_customer_says(desktop: VirtualDisplay, tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        task = asyncio.create_task(stage.customer.show_summary(SUMMARY))
        await stage.click("Save…")
        dialog = await stage.window("Save As")
        x, y = await stage.middle(dialog)
        await eventually(lambda: stage.customer.is_own_window_at(x, y), "the file dialog is the agent's")
        assert stage.customer.is_question_open()
        await stage.press("ctrl+a", "Delete")
        await stage.do("type", "/nowhere/at/all.html")
        await stage.press("Return")
        # Tk's dialog says itself that there is no such folder.
        await stage.press("Return", "ctrl+slash", "Delete")
        await stage.do("type", f"{tmp_path}/kept.html")
        await stage.press("Return")
        await eventually((tmp_path / "kept.html").exists, "the file")
        await stage.click("Close")
        await task
        assert stage.events == ["before question", "after question"]

    play(desktop, scene)
    page = (tmp_path / "kept.html").read_text()
    assert "Camille Moreau" in page
    assert "Jean &lt;b&gt;Petit" in page
    assert "9f86d081 884c7d65" in page
    assert [path.name for path in tmp_path.iterdir()] == ["kept.html"]


def test_a_problem_is_said_until_the_customer_has_seen_it(desktop: VirtualDisplay) -> None:
    async def scene(stage: Stage) -> list[str]:
        task = asyncio.create_task(stage.customer.show_problem(Problem.NOT_STORED))
        await stage.click("Close")
        await task
        return stage.events

    assert play(desktop, scene) == ["before question", "after question"]
