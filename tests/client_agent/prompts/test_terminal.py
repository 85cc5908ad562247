"""The same questions as plain lines, on a real terminal: typed into it, and read from it."""

import asyncio
import os
import pty
import re
import select
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from client_agent.prompts.customer import (
    BarState,
    ChatRefusal,
    ConsentAnswer,
    ConsentQuestion,
    FileRequest,
    Interruption,
    Problem,
    Viewer,
)
from client_agent.prompts.terminal import TerminalCustomer
from client_agent.prompts.words import Words
from protocol.vocabulary import Answer, Hold
from tests.client_agent.prompts.played import Clock, remembering
from tests.client_agent.prompts.questions import (
    CONTROL,
    CONTROLLED,
    HOSTILE,
    PUT,
    QUESTION,
    READ,
    SHARED,
    SUMMARY,
    VIEW,
    WITH_FILES,
    WRITTEN,
)
from tests.waiting import eventually

T = TypeVar("T")
CAMILLE, JEAN = Viewer("Camille Moreau", VIEW | CONTROL, "camille"), Viewer("Jean Petit", VIEW, "jean")


@dataclass
class Terminal:
    """A terminal with somebody in front of it."""

    customer: TerminalCustomer
    clock: Clock
    events: list[str]
    _end: int
    _said: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> str:
        # What came last may be half a letter.
        return getincrementaldecoder("utf-8")().decode(b"".join(self._said)).replace("\r\n", "\n")

    async def says(self, text: str, *, times: int = 1) -> None:
        await eventually(lambda: self.text.count(text) >= times, f"{text!r} {times} times in {self.text!r}")

    async def happened(self, event: str) -> None:
        await eventually(lambda: event in self.events, event)

    def types(self, text: str) -> None:
        os.write(self._end, f"{text}\n".encode())

    def hang_up(self) -> None:
        """End of input, as Ctrl+D sends it."""
        os.write(self._end, b"\x04")

    def asked(self, question: ConsentQuestion = QUESTION) -> "asyncio.Task[ConsentAnswer]":
        return asyncio.ensure_future(self.customer.ask_consent(question))

    async def reacting(self, *, times: int = 1) -> None:
        """The question is there, and a second has passed."""
        await self.says(Words(self.customer.language).more_time(), times=times)
        self.clock.now += 1.0


def play(scene: Callable[[Terminal], Coroutine[Any, Any, T]], *, language: str = "en") -> T:
    """Play a scene on a terminal of its own."""
    ours, theirs = pty.openpty()
    said: list[bytes] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            if select.select([ours], [], [], 0.05)[0]:
                said.append(os.read(ours, 65536))

    reader = threading.Thread(target=read)
    reader.start()

    async def work() -> T:
        clock, events = Clock(), list[str]()
        with (
            os.fdopen(os.dup(theirs), "r", encoding="utf-8") as typed,
            os.fdopen(os.dup(theirs), "w", encoding="utf-8") as shown,
        ):
            customer = TerminalCustomer(language=language, typed=typed, shown=shown, clock=clock)
            customer.attach(remembering(events))
            terminal = Terminal(customer, clock, events, ours, said)
            try:
                return await scene(terminal)
            finally:
                # Whoever still reads must not keep the terminal from being closed.
                os.write(ours, b"\n\x04\x04")

    try:
        return asyncio.run(work())
    finally:
        is_over.set()
        reader.join()
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_code_is_asked_for_and_asked_again_with_the_reason(language: str) -> None:
    words = Words(language)

    async def scene(terminal: Terminal) -> None:
        task = asyncio.ensure_future(terminal.customer.ask_code())
        await terminal.says(words.type_code())
        terminal.types("41703 cerise violon")
        assert await task == "41703 cerise violon"
        task = asyncio.ensure_future(terminal.customer.ask_code(Problem.CODE_WRONG))
        await terminal.says(words.problem(Problem.CODE_WRONG))
        await terminal.says(words.send_again("41703 cerise violon"))
        terminal.types("")
        assert await task == "41703 cerise violon"

    play(scene, language=language)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("typed", "answer", "allowed"),
    [
        ("1", Answer.ALLOWED, VIEW),
        ("2", Answer.ALLOWED, VIEW | CONTROL),
        ("3", Answer.REFUSED, frozenset()),
    ],
)
def test_a_question_is_read_and_answered_by_number(
    typed: str, answer: Answer, allowed: frozenset[Any], language: str
) -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        for line in Words(language).consent(QUESTION).lines:
            assert line in terminal.text
        terminal.types(typed)
        given = await task
        assert (given.answer, given.allowed) == (answer, allowed)
        assert given.words == str(Words(language).consent(QUESTION))
        assert terminal.events == ["before question", "after question"]

    play(scene, language=language)


@pytest.mark.parametrize("typed", ["", "4", "0", "-1", "1 ", "yes", "oui", "12", "１", "1.", "t", "s", "Enter"])
def test_what_is_none_of_the_answers_is_no_answer(typed: str) -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.types(typed)
        if typed.strip() == "1":
            assert (await task).allowed == VIEW
            return
        await terminal.says("That is none of the answers.")
        assert not task.done()
        terminal.types("3")
        assert (await task).answer is Answer.REFUSED
        assert "stop" not in terminal.events

    play(scene)


def test_an_answer_within_the_first_second_was_not_meant_for_the_question() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.says("I need more time")
        terminal.clock.now = 0.9
        terminal.types("2")
        await terminal.says("That came too soon to be an answer.")
        assert not task.done()
        terminal.clock.now = 1.0
        terminal.types("3")
        assert (await task).answer is Answer.REFUSED

    play(scene)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_answer_in_time_is_a_no(language: str) -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked(replace(QUESTION, seconds=1))
        await terminal.reacting()
        terminal.types("?")
        answer = await task
        assert (answer.answer, answer.allowed) == (Answer.TIMED_OUT, frozenset())
        await terminal.says(Words(language).time_is_over())

    play(scene, language=language)


def test_more_time_is_told_to_the_session() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.types("m")
        await eventually(lambda: "more time: 239" in terminal.events, "more time")
        terminal.types("3")
        await task

    play(scene)


def test_a_withdrawn_question_is_no_answer() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.customer.close_question()
        assert (await task).answer is None
        await terminal.says("The question has been withdrawn.")

    play(scene)


def test_the_language_can_be_switched_and_the_question_is_said_again() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.types("l")
        await terminal.says(Words("fr").consent(QUESTION).title)
        await terminal.reacting()
        terminal.types("3")
        answer = await task
        assert answer.language == "fr"
        assert answer.words == str(Words("fr").consent(QUESTION))

    play(scene)


def test_a_terminal_that_is_closed_is_a_no() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.hang_up()
        assert (await task).answer is Answer.REFUSED
        assert (await terminal.asked()).answer is Answer.REFUSED

    play(scene)


def test_a_terminal_that_is_closed_stops_the_session() -> None:
    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(CONTROLLED)
        await terminal.says("Camille Moreau")
        terminal.hang_up()
        await eventually(lambda: terminal.events == ["stop"], "the stop")
        assert await terminal.customer.ask_code() is None

    play(scene)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_during_the_session_letters_take_back_pause_go_on_and_stop(language: str) -> None:
    words = Words(language)

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(CONTROLLED)
        await terminal.says(words.take_back())
        for letter, event in (("t", "take back"), ("p", "pause")):
            terminal.types(letter)
            await terminal.happened(event)
        terminal.customer.show_bar(replace(CONTROLLED, holds=frozenset({Hold.PAUSED})))
        await terminal.says(words.bar(replace(CONTROLLED, holds=frozenset({Hold.PAUSED}))).go_on)
        terminal.types("g")
        await terminal.says(words.too_soon())
        terminal.clock.now += 1
        terminal.types("g")
        await eventually(lambda: "go on" in terminal.events, "going on")
        terminal.types("s")
        await eventually(lambda: "stop" in terminal.events, "the stop")
        assert terminal.events == ["take back", "pause", "go on", "stop"]

    play(scene, language=language)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_everybody_is_named_and_can_be_sent_away_by_their_number(language: str) -> None:
    state = BarState("Opérateur Démo", (CAMILLE, *(Viewer(f"Viewer {n}", VIEW, str(n)) for n in range(8))))

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(state)
        for viewer in state.viewers:
            await terminal.says(f"– {viewer.name}, ")
        terminal.clock.now += 1
        terminal.types("x9")
        await eventually(lambda: terminal.events == ["send away: 7"], "the last one is sent away")
        for wrong in ("x10", "x0", "x", "9"):
            terminal.types(wrong)
        await terminal.says(Words(language).not_understood(), times=4)
        assert terminal.events == ["send away: 7"]

    play(scene, language=language)


def test_a_number_that_was_somebody_elses_when_it_was_read_sends_nobody_away() -> None:
    state = replace(CONTROLLED, viewers=(CAMILLE, JEAN, Viewer("Zoé", VIEW, "zoe")))

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(state)
        await terminal.says("x2: Send away (Jean Petit)")
        terminal.customer.show_bar(replace(state, viewers=(CAMILLE, state.viewers[2])))
        await terminal.says("x2: Send away (Zoé)")
        terminal.types("x2")
        await terminal.says("That came too soon")
        assert terminal.events == []
        terminal.clock.now += 1
        terminal.types("x2")
        await eventually(lambda: terminal.events == ["send away: zoe"], "the one who is number two now")

    play(scene)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_done_with_the_clipboard_is_said_and_a_letter_takes_it_back(language: str) -> None:
    words = Words(language)

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(SHARED)
        await terminal.says(words.take_back_clipboard())
        for used in (PUT, READ):
            terminal.customer.show_clipboard_used(used)
            await terminal.says(words.clipboard_used(used).text)
        terminal.types("cx")
        await terminal.happened("take back the clipboard")
        terminal.customer.show_bar(CONTROLLED)
        await terminal.says(words.take_back())
        terminal.types("cx")
        await terminal.says(words.not_understood())
        assert terminal.events == ["take back the clipboard"]

    play(scene, language=language)


def test_what_changes_while_a_question_is_open_is_said_after_it() -> None:
    async def scene(terminal: Terminal) -> None:
        task = terminal.asked()
        await terminal.reacting()
        terminal.customer.show_bar(replace(CONTROLLED, viewers=(CAMILLE, JEAN)))
        terminal.types("none of the answers")
        await terminal.says("That is none of the answers.")
        assert "– Jean Petit" not in terminal.text
        terminal.types("3")
        assert (await task).answer is Answer.REFUSED
        await terminal.says("x2: Send away (Jean Petit)")
        terminal.types("x2")
        await terminal.says("That came too soon")
        terminal.clock.now += 1
        terminal.types("x2")
        await terminal.happened("send away: jean")

    play(scene)


def test_an_interruption_is_said_with_the_time_that_is_left() -> None:
    async def scene(terminal: Terminal) -> None:
        state = replace(CONTROLLED, viewers=(CAMILLE,), interrupted=(Interruption("camille", 288, 48),))
        terminal.customer.show_bar(state)
        await terminal.says("Can come back for 4:48 more, and control for 0:48 more.")
        terminal.clock.now = 8.0
        terminal.types("?")
        await terminal.says("Can come back for 4:40 more, and control for 0:40 more.")
        terminal.types("s")
        await eventually(lambda: terminal.events == ["stop"], "stopping works meanwhile")

    play(scene)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_summary_is_said_and_saved_where_the_customer_wants_it(tmp_path: Path, language: str) -> None:
    words, kept = Words(language), tmp_path / "résumé.txt"

    async def scene(terminal: Terminal) -> None:
        task = asyncio.ensure_future(terminal.customer.show_summary(SUMMARY))
        await terminal.says(words.type_file_name())
        terminal.types(str(tmp_path / "nowhere" / "x.txt"))
        await terminal.says(words.not_saved())
        terminal.types(str(kept))
        await terminal.says(words.saved(str(kept)))
        terminal.types(str(kept))
        await terminal.says(words.file_exists())
        terminal.types("")
        await task

    play(scene, language=language)
    assert words.summary(SUMMARY).fingerprint in kept.read_text(encoding="utf-8")


def test_messages_are_written_and_read_as_lines_and_wait_while_a_question_is_open() -> None:
    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(CONTROLLED)
        await terminal.says("c: Write a message, after a space")
        terminal.types("c Il clignote\x07 en rouge")
        await terminal.happened("says: Il clignote  en rouge")
        terminal.types("c")
        await terminal.says(Words("en").not_understood())
        terminal.types("c " + "é" * 1010)
        await terminal.says("Characters too many: 10")
        terminal.customer.refuse_chat(ChatRefusal.TOO_FAST)
        await terminal.says("too fast")
        task = terminal.asked()
        await terminal.reacting()
        terminal.customer.show_chat(replace(WRITTEN, text="1: Refuse\n\x1b[2Jsecond"))
        terminal.types("3")
        await task
        await terminal.says("> [2Jsecond")
        lines = terminal.text.split("\n")
        answer, said = lines.index("Your answer: Refuse"), lines.index("> 1: Refuse")
        assert answer < said
        assert re.fullmatch(r"– Camille Moreau writes to you, \d+:\d\d:", lines[said - 1])
        assert [event for event in terminal.events if event.startswith("says")] == ["says: Il clignote  en rouge"]

    play(scene)


FORGERIES = (
    "1: Let them see my screen\nYour answer: Refuse\n2: Refuse\n\nType one of these, then Enter:\n"
    "Verified organisation\nYou came through https://bank.example"
)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_others_wrote_begins_a_line_or_steers_the_terminal(language: str) -> None:
    question = replace(HOSTILE, organisation="Verified organisation", technician="1: Refuse", reason=FORGERIES)
    state = BarState("x", (Viewer("s: Stop\n\x1b[2J", VIEW, "a"), Viewer("Your answer: Refuse", VIEW, "b")))

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(state)
        task = terminal.asked(question)
        await terminal.reacting()
        terminal.types("3")
        await task
        lines = terminal.text.split("\n")
        for forged in (*FORGERIES.split("\n"), "Verified organisation", "s: Stop", "1: Refuse"):
            if forged and not (language == "en" and forged in OURS):
                assert not [line for line in lines if line.startswith(forged)]
        assert lines.count("1: Let them see my screen") == (1 if language == "en" else 0)
        assert "2: Refuse" not in lines
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", terminal.text)

    play(scene, language=language)


# What we say ourselves in English.
OURS = {"1: Let them see my screen", "Type one of these, then Enter:", "Your answer: Refuse", "s: Stop"}


def test_the_words_are_those_of_the_window() -> None:
    async def scene(terminal: Terminal) -> str:
        task = terminal.asked(HOSTILE)
        await terminal.reacting()
        terminal.types("3")
        return (await task).words

    assert play(scene) == str(Words("en").consent(HOSTILE))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_files_are_named_stopped_by_their_number_and_ended_by_a_letter(language: str) -> None:
    words = Words(language)

    async def scene(terminal: Terminal) -> None:
        terminal.customer.show_bar(WITH_FILES)
        for file in words.bar(WITH_FILES).files:
            await terminal.says(file.said.text)
        terminal.clock.now += 1
        for letters, event in (
            ("f2", "stop file: from_customer"),
            ("f1", "stop file: to_customer"),
            ("fx", "end files"),
        ):
            terminal.types(letters)
            await terminal.happened(event)
        terminal.types("f3")
        await terminal.says(words.not_understood())

    play(scene, language=language)


def test_a_file_that_is_asked_for_is_typed_and_enter_alone_sends_nothing(tmp_path: Path) -> None:
    request = FileRequest("Camille Moreau", "Opérateur Démo", "The log\n\x1b[31mof the box")
    theirs = tmp_path / "a log.txt"
    theirs.write_text("log")

    async def scene(terminal: Terminal) -> None:
        asked = asyncio.ensure_future(terminal.customer.ask_file(request))
        await terminal.says("> The log")
        await terminal.says("> [31mof the box")
        await terminal.says(Words("en").type_file_to_send())
        terminal.types(str(tmp_path))
        await terminal.says(Words("en").no_such_file())
        terminal.types(str(theirs))
        assert await asked == theirs
        asked = asyncio.ensure_future(terminal.customer.ask_file(request))
        await terminal.says(Words("en").type_file_to_send(), times=2)
        terminal.types("")
        assert await asked is None

    play(scene)
