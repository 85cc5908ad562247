"""What a session asks of the customer and tells them, whether in windows or on a terminal.

A `Customer` decides nothing: it shows, and hands over what the person answered. All its methods are called in the session's
event loop, except `own_windows`, `is_own_window_at` and `is_question_open`, which any thread may call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from protocol.limits import PROMPT_S
from protocol.session_log import DeviceDescribed
from protocol.vocabulary import Answer, Capability, Direction, FileOutcome, Hold, Outcome, RecordingState, Role


class Progress(StrEnum):
    """What the customer is waiting for."""

    CONNECTING = "connecting"
    CHECKING_CODE = "checking_code"
    WAITING_FOR_TECHNICIAN = "waiting_for_technician"
    """The code was right; the technician has not said yet what for."""
    STORING_ANSWER = "storing_answer"
    """The customer said yes; it counts once the organisation has written it down."""
    ENDING = "ending"


class Problem(StrEnum):
    """What went wrong; the words, with the next step, stand in words/code.py."""

    CODE_MALFORMED = "code_malformed"
    CODE_WRONG = "code_wrong"
    CODE_EXPIRED = "code_expired"
    """The relay knows no such room: expired, used up, or never existed."""
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    NOBODY_THERE = "nobody_there"
    NOT_REACHABLE = "not_reachable"
    NOT_CERTIFIED = "not_certified"
    """Organisation or technician are not who they say they are."""
    AGENT_TOO_OLD = "agent_too_old"
    NOT_STORED = "not_stored"
    """The customer's yes could not be written down, so nothing was allowed."""
    NOT_LOGGED = "not_logged"
    """The session is not in the log of all sessions, as the organisation's document asks for."""
    NO_SCREEN = "no_screen"
    FAILED = "failed"


class QuestionKind(StrEnum):
    """What a question is about, which decides its words."""

    ACCESS = "access"
    """Somebody who takes part, or wants to, asks for what `asks` says."""
    JOIN = "join"
    """One more person wants to join and watch."""
    HAND_OVER = "hand_over"
    """Control is to pass from `controller` to somebody else who takes part."""
    RECORD = "record"
    """The organisation asks to record the session."""


@dataclass(frozen=True)
class ConsentQuestion:
    """Who asks, for what, and why. Texts come from others and may hold anything.

    Args:
        organisation: the one that vouches for everybody in the session.
        is_verified: a built-in or linked root vouches for the organisation; else `address` is shown as large as its name.
        address: where the agent found the organisation, as `https://help.example`.
        is_first: the session's first question; else somebody asks for more during the session.
        seconds: after these, without an answer, it is a no; the person can ask for more time.
        kind: JOIN asks for view, HAND_OVER for control, whatever `asks` says.
        role: what the technician is there, as their certificate says it; for JOIN and HAND_OVER.
        employer: whom the technician works for, where that is not `organisation`; for JOIN and HAND_OVER.
        controller: who controls until now, for HAND_OVER.
        recording_days: how long a recording is kept.
        is_recording_required: the organisation lets nobody control who is not recorded, and nobody is yet.
        may_be_recorded: the organisation has auditors, who could watch a recording of this session.
    """

    organisation: str
    is_verified: bool
    address: str
    technician: str
    ticket: str
    subject: str
    reason: str
    asks: Capability
    is_first: bool = True
    seconds: int = PROMPT_S
    kind: QuestionKind = QuestionKind.ACCESS
    role: Role | None = None
    employer: str = ""
    controller: str = ""
    recording_days: int = 0
    is_recording_required: bool = False
    may_be_recorded: bool = False


@dataclass(frozen=True)
class ConsentAnswer:
    """What the customer decided, and what they had before their eyes when they did.

    Args:
        answer: None where the session withdrew the question before there was an answer.
        allowed: what this answer allows; empty unless `answer` is ALLOWED.
        took_ms: from the moment the question could be seen.
        words: the text shown, to the letter, in `language`, the one that was shown last.
    """

    answer: Answer | None
    allowed: frozenset[Capability]
    took_ms: int
    words: str
    language: str


@dataclass(frozen=True)
class Viewer:
    """Somebody who takes part, and what they may do now.

    Args:
        id: what the session knows them by; never shown.
    """

    name: str
    capabilities: frozenset[Capability]
    id: str = ""


@dataclass(frozen=True)
class Interruption:
    """Somebody whose connection is lost, and how long they can come back without a new question.

    Args:
        viewer: the `id` of who is away.
        view_s, control_s: the seconds left for each; without control there is nothing to count, and it is 0.
    """

    viewer: str
    view_s: int
    control_s: int = 0

    def after(self, seconds: int) -> "Interruption":
        """The same, when so many seconds have passed."""
        return replace(self, view_s=max(0, self.view_s - seconds), control_s=max(0, self.control_s - seconds))


@dataclass(frozen=True)
class FileRequest:
    """Somebody asks for a file of the customer's, who chooses which. Texts come from others and may hold anything."""

    technician: str
    organisation: str
    what: str


@dataclass(frozen=True)
class FileShown:
    """A file that is on its way, or what became of the last one in this direction.

    Args:
        name: a safe name; empty until the customer has chosen one.
        outcome: None while it is on its way.
        folder: where it is, once it has come here.
    """

    name: str
    direction: Direction
    percent: int = 0
    outcome: FileOutcome | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class ClipboardUsed:
    """Somebody has just put text on the customer's clipboard, or read what was copied there."""

    name: str
    direction: Direction


@dataclass(frozen=True)
class BarState:
    """What the session bar says. It counts on by itself from the seconds given here.

    Args:
        viewers: everybody who takes part, the one who controls or came first in front.
        holds: what the customer holds back now; PAUSED and STOP_KEY are shown, others pass by themselves.
        elapsed_s: how long the session has lasted.
        interrupted: who of the viewers is away and may come back.
        recording: what is said of the recording; nothing where there is none.
        files: those that move, or did last.
    """

    organisation: str
    viewers: tuple[Viewer, ...]
    holds: frozenset[Hold] = frozenset()
    elapsed_s: int = 0
    interrupted: tuple[Interruption, ...] = ()
    recording: RecordingState = RecordingState.UNAVAILABLE
    files: tuple[FileShown, ...] = ()

    @property
    def has_files(self) -> bool:
        """Whether the customer has allowed somebody to exchange files."""
        return any(Capability.FILES in viewer.capabilities for viewer in self.viewers)

    @property
    def is_controlled(self) -> bool:
        """Whether the customer has allowed somebody to control the computer."""
        return any(Capability.CONTROL in viewer.capabilities for viewer in self.viewers)

    @property
    def clipboard_users(self) -> tuple[Viewer, ...]:
        """With whom the customer shares the clipboard."""
        return tuple(viewer for viewer in self.viewers if Capability.CLIPBOARD in viewer.capabilities)

    def after(self, seconds: int) -> "BarState":
        """The same, when so many seconds have passed."""
        interrupted = tuple(one.after(seconds) for one in self.interrupted)
        return replace(self, elapsed_s=self.elapsed_s + seconds, interrupted=interrupted)


class ChatRefusal(StrEnum):
    """Why something was not said in the chat."""

    TOO_FAST = "too_fast"
    FULL = "full"


@dataclass(frozen=True)
class ChatLine:
    """What somebody said in the chat; the name is their certificate's, and the text may hold anything.

    Args:
        at: UTC seconds.
        is_own: the customer said it; `name` is empty then.
    """

    name: str
    text: str
    at: int
    is_own: bool


@dataclass(frozen=True)
class Participation:
    """What one person did in the session: durations in seconds, and how often they acted; never what they typed."""

    name: str
    view_s: int
    control_s: int
    clicks: int = 0
    keys: int = 0
    put: int = 0
    """How often text went onto the clipboard."""
    read: int = 0
    """How often text that the customer had copied was read."""


@dataclass(frozen=True)
class Decision:
    """One question to the customer, by whom, and what the customer answered.

    Args:
        at: UTC seconds.
        name: who asked; empty where the organisation did.
        allowed: what was allowed by it; empty for a no.
    """

    at: int
    name: str
    asks: Capability
    allowed: frozenset[Capability]


@dataclass(frozen=True)
class FileMoved:
    """A file that came or left, and by whose doing: `name` is the one here, `size` in bytes."""

    at: int
    technician: str
    name: str
    direction: Direction
    size: int


@dataclass(frozen=True)
class Summary:
    """What is left to say when the session is over.

    Args:
        began_at, ended_at: UTC seconds.
        fingerprint: of the session log, as the organisation's records show it.
        decisions: what the customer was asked and answered, in order.
        files: those that came or left, in order; at most as many as a session can have.
        recorded_s, recording_days: for how long it was recorded, and how long that is kept; 0 where nothing was.
        messages: how many the customer wrote in the chat, and how many all others did.
        device: what was told of this computer; None where nothing was.
        position: the session's place in the organisation's log of all sessions, with the signatures; empty where it is not known.
    """

    outcome: Outcome
    organisation: str
    ticket: str
    subject: str
    participations: tuple[Participation, ...]
    began_at: int
    ended_at: int
    fingerprint: str
    decisions: tuple[Decision, ...] = ()
    recorded_s: int = 0
    recording_days: int = 0
    position: str = ""
    files: tuple[FileMoved, ...] = ()
    messages: tuple[int, int] = (0, 0)
    device: DeviceDescribed | None = None


def _nothing_at_all() -> None:
    """For sessions that are not recorded."""


def _nothing(_said: object) -> None:
    """For sessions that do not care."""


@dataclass(frozen=True)
class CustomerCallbacks:
    """What the person does on their own; called in the event loop of whoever attached them.

    Args:
        on_go_on: end the pause, and let the technician act again after the stop key.
        on_stop: end the session; also the way out while waiting for it.
        before_question: awaited before anything appears that could be answered (question, summary, file dialog): when it returns,
            keys are up and input is suspended.
        after_question: nothing of the kind is left.
        on_more_time: the open question now ends in this many seconds.
        on_send_away: this one leaves the session, the others stay; only offered where there are several.
        on_chat: the person says this, a `SaidText` of protocol/text.py, to all who take part; `show_chat` or `refuse_chat` answers.
        before_typing: the person turned to a window to type in: when it returns, nothing of the technician is held or under way.
        on_end_files: no files any more, until somebody asks anew.
        on_stop_file: the file that moves in this direction is to stop; where none does, what became of the last has been read.
        on_take_back_clipboard: nobody puts anything on the clipboard any more, or reads what is copied.
        on_display_lost: there are no windows any more, nor anybody who could be asked.
        on_pause_recording, on_continue_recording, on_end_recording: nobody can watch later what comes from now on, or can again.
    """

    on_take_back: Callable[[], None]
    on_pause: Callable[[], None]
    on_go_on: Callable[[], None]
    on_stop: Callable[[], None]
    before_question: Callable[[], Awaitable[None]]
    after_question: Callable[[], None]
    on_more_time: Callable[[int], None] = _nothing
    on_send_away: Callable[[Viewer], None] = _nothing
    on_chat: Callable[[str], None] = _nothing
    before_typing: Callable[[], None] = _nothing_at_all
    on_pause_recording: Callable[[], None] = _nothing_at_all
    on_continue_recording: Callable[[], None] = _nothing_at_all
    on_end_recording: Callable[[], None] = _nothing_at_all
    on_end_files: Callable[[], None] = _nothing_at_all
    on_stop_file: Callable[[Direction], None] = _nothing
    on_take_back_clipboard: Callable[[], None] = _nothing_at_all
    on_display_lost: Callable[[], None] = _nothing_at_all


class Customer(Protocol):
    """The person in front of the machine, as the session knows them."""

    def attach(self, callbacks: CustomerCallbacks) -> None:
        """From now on tell what the person does to `callbacks`, in the running event loop."""

    async def ask_code(self, problem: Problem | None = None) -> str | None:
        """Ask for the support code or the link; what was typed before stays in the field.

        Args:
            problem: why it is asked again.

        Returns:
            The text as typed; None: the person closed the window.
        """

    def show_progress(self, what: Progress) -> None:
        """Say what is being waited for, until the next question, the bar or the summary."""

    async def ask_consent(self, question: ConsentQuestion) -> ConsentAnswer:
        """Put a question to the person; several wait for each other."""

    async def ask_file(self, request: FileRequest) -> Path | None:
        """Have the person choose a file for whoever asks; None: they say no. Cancelling it closes the question."""

    def close_question(self) -> None:
        """Withdraw the open question and those that wait: whoever asked is gone."""

    def show_bar(self, state: BarState) -> None:
        """Show the session bar, or change what it says."""

    def show_clipboard_used(self, used: ClipboardUsed) -> None:
        """Tell at once what was done with the clipboard."""

    def hide_bar(self) -> None:
        """The session is over, or nobody is left in it."""

    def show_chat(self, line: ChatLine) -> None:
        """Show what somebody said, without taking the keyboard from where it is."""

    def refuse_chat(self, why: ChatRefusal) -> None:
        """What the person said last was not said; it stays where it was typed."""

    async def show_summary(self, summary: Summary) -> None:
        """Say how it ended, until the person closes it. The bar is gone from here on."""

    async def show_problem(self, problem: Problem, why: str = "") -> None:
        """Say what went wrong, until the person has seen it; `why`, where it is known, is a text of the catalogue."""

    def own_windows(self) -> frozenset[int]:
        """The X window ids of everything the agent shows, frames included."""

    def is_own_window_at(self, x: int, y: int) -> bool:
        """Tell whether this point of the desktop, in device pixels, belongs to one of the agent's windows."""

    def is_question_open(self) -> bool:
        """Tell whether something that the person could answer is shown or about to be."""

    @property
    def language(self) -> str:
        """The language the person reads now: `fr` or `en`."""
