"""The customer in front of a terminal: plain lines that a screen reader reads, answers as numbers and letters."""

import asyncio
import contextlib
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from client_agent.prompts.customer import (
    BarState,
    ChatLine,
    ChatRefusal,
    ClipboardUsed,
    ConsentAnswer,
    ConsentQuestion,
    CustomerCallbacks,
    FileRequest,
    Problem,
    Progress,
    Summary,
)
from client_agent.prompts.opening import Openings
from client_agent.prompts.summary_file import as_text, write_summary
from client_agent.prompts.terminal_window import TerminalWindow
from client_agent.prompts.words import Words
from client_agent.prompts.words.bar import BarWords
from client_agent.prompts.words.consent import Choice
from client_agent.prompts.words.languages import language_of_system, other_language
from protocol.limits import BUTTONS_REACT_AFTER_S, CHAT_CHARACTERS_MAX, PROMPT_EXTENSION_S, PROMPT_S_MAX
from protocol.text import tidy_text
from protocol.vocabulary import Answer, RecordingState

if sys.platform != "win32":
    import termios

_ANNOUNCED_S = (300, 120, 60, 30, 10)
"""The time left is said when so many seconds are left, and only then."""

_LINE_CHARACTERS_MAX = 4096

_CLOSE, _LANGUAGE, _MORE_TIME = "q", "l", "m"
_TAKE_BACK, _PAUSE, _GO_ON, _STOP, _STATUS = "t", "p", "g", "s", "?"
# Followed by a person's number; a number alone may be an answer that came too late.
_SEND_AWAY = "x"
# Followed by a blank and what the person says.
_SAY = "c"
_END_FILES = "fx"
# Followed by what the bar numbers: stop this file, or put away what became of it.
_STOP_FILE = "f"
_TAKE_BACK_CLIPBOARD = "cx"
_PAUSE_RECORDING, _CONTINUE_RECORDING, _END_RECORDING = "rp", "rg", "rx"


@dataclass(frozen=True)
class _Line:
    """What was typed and when it arrived. Without text: the terminal is closed, or the question withdrawn."""

    text: str | None
    at: float
    is_withdrawal: bool = False


class TerminalCustomer:
    """A `Customer` on a terminal, made and used in the session's event loop."""

    def __init__(
        self,
        *,
        language: str = "",
        typed: TextIO | None = None,
        shown: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to listen.

        Args:
            language: as the system tells where it is not given.
            typed, shown: the terminal; standard input and output where they are not given.
            clock: seconds that never go backwards.
        """
        self._words = Words(language or language_of_system())
        self._typed, self._shown, self._clock = typed or sys.stdin, shown or sys.stdout, clock
        self._loop = asyncio.get_running_loop()
        self._callbacks: CustomerCallbacks | None = None
        self._openings = Openings()
        self._turn = asyncio.Lock()
        self._withdrawals = 0
        # Where lines go while something is asked; else they are commands.
        self._answers: asyncio.Queue[_Line] | None = None
        self._is_closed = False
        self._last_code = ""
        self._bar: BarState | None = None
        self._bar_told_at = 0.0
        self._bar_said: BarWords | None = None
        self._chat_waiting: list[ChatLine] = []
        self._go_on_counts_at = 0.0
        self._numbers_count_at = 0.0
        self._window = TerminalWindow()
        threading.Thread(target=self._listen, name="terminal", daemon=True).start()

    def own_windows(self) -> frozenset[int]:
        return self._window.ids()

    def is_own_window_at(self, x: int, y: int) -> bool:
        return self._window.is_at(x, y)

    def is_question_open(self) -> bool:
        return self._openings.is_open

    @property
    def language(self) -> str:
        return self._words.language

    def attach(self, callbacks: CustomerCallbacks) -> None:
        self._callbacks = callbacks
        self._openings.attach(callbacks)

    # --- before the session ------------------------------------------------------------------------------------------

    async def ask_code(self, problem: Problem | None = None) -> str | None:
        async with self._turn:
            with self._asking() as answers:
                self._say_code_question(problem)
                while not self._is_closed:
                    text = (await answers.get()).text
                    if text is None or text.lower() == _CLOSE:
                        return None
                    if text.lower() == _LANGUAGE:
                        self._switch_language()
                        self._say_code_question(problem)
                    elif text or self._last_code:
                        self._last_code = text or self._last_code
                        return self._last_code
                return None

    def _say_code_question(self, problem: Problem | None) -> None:
        words = self._words
        self._say("", words.code_title())
        if problem:
            self._say(words.problem(problem))
        self._say(words.code_introduction(), words.code_example(), words.code_assurance())
        if self._last_code:
            self._say(words.send_again(self._last_code))
        self._say("", words.type_code())
        self._say_keys({_LANGUAGE: words.other_language_name(), _CLOSE: words.close()})

    def show_progress(self, what: Progress) -> None:
        self._say(self._words.progress(what))
        if self._bar is None and what in (Progress.CONNECTING, Progress.WAITING_FOR_TECHNICIAN):
            self._say_keys({_STOP: self._words.cancel()})

    async def show_problem(self, problem: Problem, why: str = "") -> None:
        self._say("", self._words.problem(problem, why))

    # --- consent ---------------------------------------------------------------------------------------------------

    async def ask_consent(self, question: ConsentQuestion) -> ConsentAnswer:
        withdrawals = self._withdrawals
        async with self._turn, self._openings.opening():
            if withdrawals != self._withdrawals:
                return ConsentAnswer(None, frozenset(), 0, "", self.language)
            with self._asking() as answers:
                began_at = self._clock()
                answer, choice = await self._put(question, answers, began_at)
            words = str(self._words.consent(question))
            took_ms = round((self._clock() - began_at) * 1000)
            return ConsentAnswer(answer, choice.allowed if choice else frozenset(), took_ms, words, self.language)

    async def _put(
        self, question: ConsentQuestion, answers: "asyncio.Queue[_Line]", began_at: float
    ) -> tuple[Answer | None, Choice | None]:
        ends_at = began_at + question.seconds
        counts_at = self._say_question(question, ends_at)
        while not self._is_closed:
            line = await self._next_line(answers, ends_at)
            if line is None:
                self._say(self._words.time_is_over())
                return Answer.TIMED_OUT, None
            if line.is_withdrawal:
                self._say(self._words.withdrawn())
                return None, None
            if line.text is None:
                break
            if line.at < counts_at:
                self._say(self._words.too_soon())
            elif line.text.lower() == _LANGUAGE:
                self._switch_language()
                counts_at = self._say_question(question, ends_at)
            elif line.text.lower() == _MORE_TIME:
                ends_at = self._extend(ends_at, began_at)
            elif choice := self._choice(question, line.text):
                self._say(self._words.answered(choice.label))
                return (Answer.ALLOWED if choice.allowed else Answer.REFUSED), choice
            else:
                self._say(self._words.not_understood())
        return Answer.REFUSED, None

    def _say_question(self, question: ConsentQuestion, ends_at: float) -> float:
        """Say all of it; gives the time from which on an answer counts."""
        # What was typed before it could be read is no answer.
        self._forget_typed()
        content = self._words.consent(question)
        self._say("", *content.lines, self._time_left(ends_at), "", self._words.type_and_enter())
        numbered = {str(number): choice.label for number, choice in enumerate(content.choices, start=1)}
        self._say_keys(numbered | {_MORE_TIME: self._words.more_time(), _LANGUAGE: self._words.other_language_name()})
        return self._clock() + BUTTONS_REACT_AFTER_S

    def _choice(self, question: ConsentQuestion, text: str) -> Choice | None:
        choices = self._words.consent(question).choices
        return next((choice for number, choice in enumerate(choices, start=1) if text == str(number)), None)

    async def _next_line(self, answers: "asyncio.Queue[_Line]", ends_at: float) -> _Line | None:
        """The next line, with the time left said at some moments on the way; None when it is over."""
        while (left_s := ends_at - self._clock()) > 0:
            to_announce_s = next((seconds for seconds in _ANNOUNCED_S if seconds < left_s), 0)
            try:
                return await asyncio.wait_for(answers.get(), left_s - to_announce_s)
            except TimeoutError:
                if to_announce_s:
                    self._say(self._time_left(ends_at))
        return None

    def _time_left(self, ends_at: float) -> str:
        return self._words.time_left(max(0, round(ends_at - self._clock())))

    def _extend(self, ends_at: float, began_at: float) -> float:
        ends_at = min(ends_at + PROMPT_EXTENSION_S, began_at + PROMPT_S_MAX)
        self._say(self._time_left(ends_at))
        if self._callbacks:
            self._callbacks.on_more_time(round(ends_at - self._clock()))
        return ends_at

    async def ask_file(self, request: FileRequest) -> Path | None:
        async with self._turn, self._openings.opening():
            with self._asking() as answers:
                self._forget_typed()
                self._say_file_request(request)
                while not self._is_closed:
                    line = await answers.get()
                    if line.is_withdrawal:
                        continue
                    if not line.text:
                        return None
                    if line.text.lower() == _LANGUAGE:
                        self._switch_language()
                        self._say_file_request(request)
                    elif path := _file_at(line.text):
                        return path
                    else:
                        self._say(self._words.no_such_file())
                return None

    def _say_file_request(self, request: FileRequest) -> None:
        content = self._words.file_request(request)
        self._say("", *content.lines, "", self._words.type_file_to_send())
        self._say_keys({_LANGUAGE: self._words.other_language_name()})

    def close_question(self) -> None:
        self._withdrawals += 1
        if self._answers is not None:
            self._answers.put_nowait(_Line(None, self._clock(), is_withdrawal=True))

    # --- during the session --------------------------------------------------------------------------------------------

    def show_bar(self, state: BarState) -> None:
        if self._bar is None or [one.id for one in self._bar.viewers] != [one.id for one in state.viewers]:
            # Numbers that were read a moment ago may be other people's now.
            self._numbers_count_at = self._clock() + BUTTONS_REACT_AFTER_S
        self._bar, self._bar_told_at = state, self._clock()
        if self._answers is None:
            self._tell_bar()

    def _tell_bar(self) -> None:
        """Say what is allowed now where it has changed. While a question is open it waits: it would read like a part of it."""
        if self._bar is None:
            return
        words = self._words.bar(self._bar.after(self._bar_age_s()))
        if self._bar_said is None or words.without_counts() != self._bar_said.without_counts():
            if words.go_on and (self._bar_said is None or words.go_on != self._bar_said.go_on):
                self._go_on_counts_at = self._clock() + BUTTONS_REACT_AFTER_S
            self._say_bar(words)
        self._bar_said = words

    def show_clipboard_used(self, used: ClipboardUsed) -> None:
        self._say("", self._words.clipboard_used(used).text)

    def hide_bar(self) -> None:
        self._bar = self._bar_said = None

    def _say_bar(self, words: BarWords) -> None:
        assert self._bar
        self._say("")
        for viewer in self._words.viewers(self._bar.after(self._bar_age_s())):
            rights = () if words.notice and not viewer.is_away else (right.text for right in viewer.rights)
            # No line begins with a name: it could look like something that can be typed.
            self._say(f"– {', '.join((viewer.name, *rights))}")
        said = (
            each.text
            for each in (words.notice, words.recording, words.clipboard, *(file.said for file in words.files))
            if each
        )
        self._say(*said, words.minutes)
        self._say("", self._words.type_and_enter())
        self._say_keys(self._commands(words))

    def _commands(self, words: BarWords) -> dict[str, str]:
        assert self._bar
        commands = {_GO_ON: words.go_on} if words.go_on else {}
        if self._bar.is_controlled:
            commands[_TAKE_BACK] = self._words.take_back()
        if not words.is_paused:
            commands[_PAUSE] = self._words.pause()
        if self._bar.recording is RecordingState.ON:
            commands[_PAUSE_RECORDING] = self._words.pause_recording()
        elif self._bar.recording is RecordingState.PAUSED:
            commands[_CONTINUE_RECORDING] = self._words.continue_recording()
        if words.recording:
            commands[_END_RECORDING] = self._words.end_recording()
        if self._bar.has_files:
            commands[_END_FILES] = self._words.end_files()
        for number, file in enumerate(words.files, start=1):
            commands[f"{_STOP_FILE}{number}"] = f"{file.done} ({file.shown.name})"
        if words.clipboard:
            commands[_TAKE_BACK_CLIPBOARD] = self._words.take_back_clipboard()
        for number, viewer in enumerate(self._words.viewers(self._bar), start=1):
            if viewer.send_away:
                commands[f"{_SEND_AWAY}{number}"] = f"{viewer.send_away} ({viewer.name})"
        return commands | {
            _SAY: self._words.say_in_terminal(),
            _STOP: self._words.stop(),
            _STATUS: self._words.status(),
            _LANGUAGE: self._words.other_language_name(),
        }

    def _on_command(self, line: _Line) -> None:
        """Do what was typed while nothing is asked; a terminal that is gone stops the session."""
        letter = _STOP if line.text is None else line.text.lower()
        said = line.text[len(_SAY) :] if line.text and letter.startswith(f"{_SAY} ") else ""
        if letter == _STOP and self._callbacks:
            self._callbacks.on_stop()
        elif letter == _LANGUAGE:
            self._switch_language()
        if self._bar is None or self._callbacks is None:
            return
        words = self._words.bar(self._bar.after(self._bar_age_s()))
        if letter in (_STATUS, _LANGUAGE):
            self._say_bar(words)
        elif said:
            self._say_in_chat(tidy_text(said))
        elif letter not in self._commands(words) or letter == _SAY:
            self._say(self._words.not_understood())
        elif letter == _TAKE_BACK:
            self._callbacks.on_take_back()
        elif letter == _PAUSE:
            self._callbacks.on_pause()
        elif letter == _PAUSE_RECORDING:
            self._callbacks.on_pause_recording()
        elif letter == _CONTINUE_RECORDING:
            self._callbacks.on_continue_recording()
        elif letter == _END_RECORDING:
            self._callbacks.on_end_recording()
        elif letter == _END_FILES:
            self._callbacks.on_end_files()
        elif letter == _TAKE_BACK_CLIPBOARD:
            self._callbacks.on_take_back_clipboard()
        elif letter == _GO_ON:
            if line.at >= self._go_on_counts_at:
                self._callbacks.on_go_on()
            else:
                self._say(self._words.too_soon())
        elif line.at < self._numbers_count_at:
            self._say(self._words.too_soon())
        elif letter.startswith(_STOP_FILE):
            self._callbacks.on_stop_file(words.files[int(letter.removeprefix(_STOP_FILE)) - 1].shown.direction)
        else:
            self._callbacks.on_send_away(self._bar.viewers[int(letter.removeprefix(_SEND_AWAY)) - 1])

    def _say_in_chat(self, text: str) -> None:
        too_many = len(text) - CHAT_CHARACTERS_MAX
        if too_many > 0:
            self._say(self._words.too_long(too_many))
        elif text and self._callbacks:
            self._callbacks.on_chat(text)

    def show_chat(self, line: ChatLine) -> None:
        self._chat_waiting.append(line)
        if self._answers is None:
            self._tell_chat()

    def _tell_chat(self) -> None:
        """Say what was written. While a question is open it waits, as the bar does."""
        waiting, self._chat_waiting = self._chat_waiting, []
        for line in waiting:
            # No line begins with words that others wrote.
            said = self._words.chat_line(line).text.split("\n")
            self._say("", f"– {self._words.says(line)}", *(f"> {each}" for each in said))

    def refuse_chat(self, why: ChatRefusal) -> None:
        self._say(self._words.chat_refused(why))

    def _bar_age_s(self) -> int:
        return int(self._clock() - self._bar_told_at)

    # --- after the session ---------------------------------------------------------------------------------------------

    async def show_summary(self, summary: Summary) -> None:
        self.hide_bar()
        async with self._turn, self._openings.opening():
            with self._asking() as answers:
                self._say_summary(summary)
                while not self._is_closed:
                    line = await answers.get()
                    if line.text == _LANGUAGE:
                        self._switch_language()
                        self._say_summary(summary)
                    elif line.text:
                        self._save(summary, line.text)
                    elif not line.is_withdrawal:
                        return

    def _say_summary(self, summary: Summary) -> None:
        content = self._words.summary(summary)
        self._say("", *as_text(content).split("\n"), content.nothing_stays, self._words.type_file_name())
        self._say_keys({_LANGUAGE: self._words.other_language_name()})

    def _save(self, summary: Summary, name: str) -> None:
        path = Path(name).expanduser()
        if path.exists():
            self._say(self._words.file_exists())
            return
        try:
            write_summary(path, self._words.summary(summary), self.language)
        except (OSError, ValueError):
            self._say(self._words.not_saved())
        else:
            self._say(self._words.saved(str(path)))

    # --- lines in and out --------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Hand over each line as it comes, until there are no more."""
        text = "…"
        while text:
            try:
                text = self._typed.readline(_LINE_CHARACTERS_MAX)
            except (OSError, ValueError):
                text = ""
            line = _Line(text.strip() if text else None, self._clock())
            try:
                self._loop.call_soon_threadsafe(self._on_line, line)
            except RuntimeError:
                # The session's loop has ended, and with it whoever would hear.
                return

    def _on_line(self, line: _Line) -> None:
        self._is_closed = self._is_closed or line.text is None
        if self._answers is not None:
            self._answers.put_nowait(line)
        elif line.text != "":
            self._on_command(line)

    @contextmanager
    def _asking(self) -> "Iterator[asyncio.Queue[_Line]]":
        """Have lines go to a question instead of being commands."""
        self._answers = asyncio.Queue()
        try:
            yield self._answers
        finally:
            self._answers = None
            # The numbers that are said now were not to be read before.
            self._numbers_count_at = self._clock() + BUTTONS_REACT_AFTER_S
            self._tell_bar()
            self._tell_chat()

    def _forget_typed(self) -> None:
        if sys.platform != "win32" and self._typed.isatty():
            with contextlib.suppress(termios.error):
                termios.tcflush(self._typed.fileno(), termios.TCIFLUSH)

    def _switch_language(self) -> None:
        self._words = Words(other_language(self._words.language))

    def _say_keys(self, keys: dict[str, str]) -> None:
        self._say(*(self._words.key(letter, what) for letter, what in keys.items()), "")

    def _say(self, *lines: str) -> None:
        """Write lines, none of which can steer the terminal, whoever wrote it. Empty ones only set apart."""
        encoding = self._shown.encoding or "utf-8"
        for line in lines:
            plain = "".join(" " if unicodedata.category(character) == "Cc" else character for character in line)
            self._shown.write(plain.encode(encoding, "replace").decode(encoding) + "\n")
        self._shown.flush()


def _file_at(text: str) -> Path | None:
    """The file that the person means, where there is one."""
    path = Path(text).expanduser()
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
