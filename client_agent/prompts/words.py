"""Every sentence the customer reads, built once for windows and terminal, so that what the log holds is what was shown.

English texts are the keys of the catalogue (translations/); texts that others wrote pass through `others_text` first. Each of those
is followed by a letter of ours before any number is, so that a name written from right to left moves nothing but itself.
"""

import locale
import os
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from client_agent.prompts.customer import (
    BarState,
    ChatLine,
    ChatRefusal,
    ClipboardUsed,
    ConsentQuestion,
    Decision,
    FileMoved,
    FileRequest,
    FileShown,
    Interruption,
    Participation,
    Problem,
    Progress,
    QuestionKind,
    Summary,
    Viewer,
)
from client_agent.prompts.others_text import one_line, some_lines
from protocol.limits import CHAT_CHARACTERS_MAX, FILE_BYTES_MAX
from protocol.vocabulary import Capability, Direction, FileOutcome, Hold, Outcome, RecordingState, Role
from translations import best_language, catalogue

VIEWERS_NAMED_MAX = 3
NO_BREAK = "\u00a0"

_VIEW = frozenset({Capability.VIEW})
_CONTROL = frozenset({Capability.CONTROL})
_RECORD = frozenset({Capability.RECORD})
_FILES = frozenset({Capability.FILES})
_CLIPBOARD = frozenset({Capability.CLIPBOARD})
_NOTHING: frozenset[Capability] = frozenset()


class Mark(StrEnum):
    """The shape beside a sentence: the same ones on the bar and on the technician's page."""

    EYE = "eye"
    HAND = "hand"
    NO_HAND = "no_hand"
    STOP = "stop"
    PAUSE = "pause"
    BROKEN = "broken"
    VERIFIED = "verified"
    WARNING = "warning"
    WAIT = "wait"
    RECORD = "record"
    NO_RECORD = "no_record"
    KEY = "key"
    MESSAGE = "message"
    FILE_IN = "file_in"
    FILE_OUT = "file_out"
    CLIPBOARD = "clipboard"


@dataclass(frozen=True)
class Marked:
    """A sentence and its shape."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class Choice:
    """A button, or a numbered answer; what it allows is empty for a refusal."""

    label: str
    allowed: frozenset[Capability]


@dataclass(frozen=True)
class ConsentWords:
    """A question to the customer, from top to bottom."""

    title: str
    organisation: str
    organisation_line: str
    standing: Marked
    warning: str
    request: str
    effects: tuple[Marked, ...]
    reason: str
    silence: str
    choices: tuple[Choice, ...]

    @property
    def lines(self) -> list[str]:
        """All but the choices in plain lines, none of which begins with words that others wrote."""
        lines = [self.title, self.organisation_line, self.standing.text, self.warning, self.request]
        lines += [effect.text for effect in self.effects]
        lines += [f"> {line}" for line in self.reason.split("\n") if line]
        return [line for line in (*lines, self.silence) if line]

    def __str__(self) -> str:
        """All of it, as the session log keeps it."""
        return "\n".join((*self.lines, " ".join(f"[ {choice.label} ]" for choice in self.choices)))


@dataclass(frozen=True)
class ViewerWords:
    """One person on the bar: what they may do now, or that they are away; and how to send them away, where that is possible."""

    viewer: Viewer
    name: str
    rights: tuple[Marked, ...]
    send_away: str = ""

    @property
    def send_away_name(self) -> str:
        """The words of one choice among several."""
        return f"{self.send_away}: {self.name}"

    @property
    def is_away(self) -> bool:
        return any(right.mark is Mark.BROKEN for right in self.rights)

    def without_counts(self) -> "ViewerWords":
        """The words without the time that a person who is away has left."""
        return replace(self, rights=(Marked(Mark.BROKEN, ""),)) if self.is_away else self


@dataclass(frozen=True)
class FileWords:
    """A file on the bar; `done` is the button that puts it away, or stops it while it moves."""

    shown: FileShown
    said: Marked
    done: str

    @property
    def is_moving(self) -> bool:
        return self.shown.outcome is None

    def without_counts(self) -> "FileWords":
        """The words without how much of it has moved."""
        if not self.is_moving:
            return self
        return replace(self, shown=replace(self.shown, percent=0), said=Marked(self.said.mark, ""))


@dataclass(frozen=True)
class FileRequestWords:
    """That somebody asks for a file, from top to bottom."""

    title: str
    request: str
    what: str
    explanation: str
    choose: str
    refuse: str

    @property
    def lines(self) -> list[str]:
        """All but the choices in plain lines, none of which begins with words that others wrote."""
        return [self.title, self.request, *(f"> {line}" for line in self.what.split("\n") if line), self.explanation]


@dataclass(frozen=True)
class BarWords:
    """The session bar: who may do what, what holds them back, how long it has lasted."""

    viewers: tuple[ViewerWords, ...]
    others: str
    notice: Marked | None
    recording: Marked | None
    clipboard: Marked | None
    minutes: str
    go_on: str
    files: tuple[FileWords, ...] = ()

    @property
    def is_paused(self) -> bool:
        return self.notice is not None and self.notice.mark is Mark.PAUSE

    def without_counts(self) -> "BarWords":
        """The words without what changes by itself while time passes."""
        return replace(
            self,
            minutes="",
            viewers=tuple(viewer.without_counts() for viewer in self.viewers),
            files=tuple(file.without_counts() for file in self.files),
        )


@dataclass(frozen=True)
class ChatWords:
    """One line of the conversation: who says what, and when."""

    name: str
    time: str
    text: str


@dataclass(frozen=True)
class SummaryWords:
    """What is said, and saved, when the session is over. Facts are pairs of label and value."""

    title: str
    ending: str
    facts: tuple[tuple[str, str], ...]
    fact_lines: tuple[str, ...]
    people: tuple[tuple[str, tuple[Marked, ...]], ...]
    fingerprint: str
    about_fingerprint: str
    nothing_stays: str
    decisions_title: str
    decisions: tuple[str, ...]
    about_position: str
    position: str
    objection: str
    files_title: str
    files: tuple[str, ...]


def language_of_system() -> str:
    """The first language of the system that we speak."""
    named = [*os.environ.get("LANGUAGE", "").split(":")]
    named += [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    named.append(locale.getlocale()[0] or "")
    return best_language([tag for tag in named if tag])


def other_language(language: str) -> str:
    return "en" if language == "fr" else "fr"


def duration(seconds: int) -> str:
    """A length of time as both languages write it: `40 s`, `12 min 5 s`, `1 h 05 min`."""
    minutes, rest_s = divmod(max(0, seconds), 60)
    if minutes >= 60:
        text = f"{minutes // 60} h {minutes % 60:02} min"
    elif minutes and rest_s:
        text = f"{minutes} min {rest_s} s"
    else:
        text = f"{minutes} min" if minutes else f"{rest_s} s"
    return text.replace(" ", NO_BREAK)


def remaining(seconds: int) -> str:
    """A time that runs down, as both languages write it: `4:05`."""
    minutes, rest_s = divmod(max(0, seconds), 60)
    return f"{minutes}:{rest_s:02}"


class Words:
    """The sentences in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._ = catalogue(language).gettext

    # --- before the session ------------------------------------------------------------------------------------------

    def product(self) -> str:
        _ = self._
        return _("Remote assistance")

    def other_language_name(self) -> str:
        """The name of the language one can switch to, in that language."""
        return "English" if self.language == "fr" else "Français"

    def code_title(self) -> str:
        _ = self._
        return _("Get help with this computer")

    def code_introduction(self) -> str:
        _ = self._
        return _("Type the code that the person helping you gave you, or paste the link.")

    def code_label(self) -> str:
        _ = self._
        return _("Support code or link")

    def code_example(self) -> str:
        _ = self._
        return _("For example: 41703 cherry violin")

    def code_assurance(self) -> str:
        _ = self._
        return _("Nobody sees anything before you have said yes. Go on only if you asked for help yourself.")

    def start(self) -> str:
        _ = self._
        return _("Start assistance")

    def cancel(self) -> str:
        _ = self._
        return _("Cancel")

    def close(self) -> str:
        _ = self._
        return _("Close")

    def progress(self, what: Progress) -> str:
        _ = self._
        return {
            Progress.CONNECTING: _("Connecting to the organisation…"),
            Progress.CHECKING_CODE: _("Checking the code…"),
            Progress.WAITING_FOR_TECHNICIAN: _("The code is right. Waiting for the person who will help you…"),
            Progress.STORING_ANSWER: _("Your answer is being written down…"),
            Progress.ENDING: _("Ending the session…"),
        }[what]

    def problem(self, problem: Problem) -> str:
        """What happened, that nothing is lost, and what to do next."""
        _ = self._
        return {
            Problem.CODE_MALFORMED: _(
                "This does not look like a support code. It is five digits and two words, or twelve digits. Check it and try again."
            ),
            Problem.CODE_WRONG: _(
                "The code does not match. Check each word with the person helping you, then try again."
            ),
            Problem.CODE_EXPIRED: _("That code has expired. Ask for a new one."),
            Problem.TOO_MANY_ATTEMPTS: _("There were too many attempts. Wait a few minutes, then ask for a new code."),
            Problem.NOBODY_THERE: _("Nobody is waiting behind this code any more. Ask for a new one."),
            Problem.NOT_REACHABLE: _(
                "The organisation cannot be reached. Nothing has happened on your computer. Check your internet connection and try again."
            ),
            Problem.NOT_CERTIFIED: _(
                "This organisation or this person could not be verified, so nobody has been let in. Call the organisation on a"
                " number that you know."
            ),
            Problem.AGENT_TOO_OLD: _(
                "This program is too old for the organisation. Nothing has happened on your computer. Get the current version"
                " and try again."
            ),
            Problem.NOT_STORED: _(
                "Your yes could not be written down, so nothing has been allowed. The person helping you can ask again."
            ),
            Problem.NOT_LOGGED: _(
                "The organisation did not prove that this session is in its log, so the session has ended. Nobody can see your"
                " screen. Call the organisation on a number that you know."
            ),
            Problem.NO_SCREEN: _("No screen was found that could be shown. Nothing has happened on your computer."),
            Problem.FAILED: _(
                "Something went wrong, and the session has ended. Nobody can see your screen. You can ask for a new code."
            ),
        }[problem]

    # --- consent ---------------------------------------------------------------------------------------------------

    def consent(self, question: ConsentQuestion) -> ConsentWords:
        """The question with all that is shown around it."""
        _ = self._
        return ConsentWords(
            title=self._consent_title(question),
            organisation=self._organisation(question.organisation),
            organisation_line=self.key(_("Organisation"), self._organisation(question.organisation)),
            standing=self._standing(question),
            warning=""
            if question.is_verified
            else _(
                "Only this address vouches for the organisation. Did somebody call you unexpectedly, or did a message send you here?"
                " Then refuse: it may be a scam."
            ),
            request=self._request(question),
            effects=self._effects(question),
            reason=self._reason(question.reason),
            silence=_("Without an answer, it is a no."),
            choices=self._choices(question),
        )

    def _consent_title(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.RECORD:
            return _("Let this session be recorded?")
        if question.kind is QuestionKind.JOIN:
            return _("Let one more person see your screen?")
        if question.kind is QuestionKind.HAND_OVER:
            return _("Let another person control your computer?")
        if question.asks is Capability.FILES:
            return _("Exchange files with someone?")
        if question.asks is Capability.CLIPBOARD:
            return _("Share your clipboard?")
        if question.asks is Capability.CONTROL:
            if question.is_first:
                return _("Let someone see and control your computer?")
            return _("Let someone control your computer?")
        return _("Let someone see your screen?") if question.is_first else _("Let one more person see your screen?")

    def _organisation(self, name: str) -> str:
        _ = self._
        return one_line(name) or _("(an organisation without a name)")

    def _person(self, name: str) -> str:
        _ = self._
        return one_line(name) or _("(a person without a name)")

    def _standing(self, question: ConsentQuestion) -> Marked:
        _ = self._
        if question.is_verified:
            return Marked(Mark.VERIFIED, _("Verified organisation"))
        return Marked(Mark.WARNING, _("You came through {address}").format(address=one_line(question.address)))

    def _request(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.RECORD:
            return self._recording_request(question)
        who, controller = self._who(question), self._person(question.controller)
        if question.kind is QuestionKind.JOIN:
            request = _("{who} wants to join and watch {for_ticket}.")
        elif question.kind is QuestionKind.HAND_OVER:
            request = _("Control is to pass from {controller} to {who} {for_ticket}.")
        elif question.asks is Capability.FILES:
            request = _("{who} asks to send files to your computer, and to be sent files by you, {for_ticket}.")
        elif question.asks is Capability.CLIPBOARD:
            request = _(
                "{who} asks to share your clipboard {for_ticket}: the place where what you copy waits until you paste it."
            )
        elif question.asks is Capability.VIEW:
            request = _("{who} asks to see your screen {for_ticket}.")
        elif question.is_first:
            request = _("{who} asks to see your screen and to control your computer {for_ticket}.")
        else:
            request = _("{who} asks to control your computer {for_ticket}.")
        for_ticket = self._for_ticket(question.ticket, question.subject)
        return request.format(who=who, controller=controller, for_ticket=for_ticket)

    def _recording_request(self, question: ConsentQuestion) -> str:
        _ = self._
        request = _(
            "{organisation} asks to record what is seen of your screen in this session {for_ticket}, and the titles of the windows you use."
        )
        return request.format(
            organisation=self._organisation(question.organisation),
            for_ticket=self._for_ticket(question.ticket, question.subject),
        )

    def _recording_effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        purpose = _("The recording serves to check later what was done on your computer, and nothing else.")
        holds = _("It holds what your screen shows, and the messages that you and the others write.")
        kept = _("It is kept for {time}, then deleted.").format(time=self._days(question.recording_days))
        readers = _(
            "Only the organisation’s auditors can watch it. It is sealed on your computer, and the server that keeps it cannot open it."
        )
        without = _("Without a recording, the session goes on all the same.")
        if question.is_recording_required:
            without = _("Without a recording, nobody can control your computer: the organisation requires it.")
        return (
            Marked(Mark.RECORD, f"{purpose} {holds} {kept}"),
            Marked(Mark.KEY, readers),
            Marked(
                Mark.PAUSE, _("You can pause or end the recording at any time, on the bar at the top of the screen.")
            ),
            Marked(Mark.NO_HAND if question.is_recording_required else Mark.NO_RECORD, without),
        )

    def _days(self, count: int) -> str:
        _ = self._
        return _("{count} days").format(count=count) if count != 1 else _("one day")

    def _who(self, question: ConsentQuestion) -> str:
        _ = self._
        if question.kind is QuestionKind.ACCESS:
            who = _("{technician}, {from_organisation},")
            stranger = _("Somebody who gives the name {technician}, {from_organisation},")
            return (who if question.is_verified else stranger).format(
                technician=self._person(question.technician),
                from_organisation=self._from(self._organisation(question.organisation)),
            )
        employer = self._organisation(question.employer or question.organisation)
        who, stranger = _("{technician} ({belongs_to})"), _("somebody who gives the name {technician} ({belongs_to})")
        belongs_to = ", ".join(filter(None, (employer, self._role(question.role))))
        text = (who if question.is_verified else stranger).format(
            technician=self._person(question.technician), belongs_to=belongs_to
        )
        return text if question.kind is QuestionKind.HAND_OVER else text[0].upper() + text[1:]

    def _role(self, role: Role | None) -> str:
        _ = self._
        return {
            None: "",
            Role.TECHNICIAN: _("technician"),
            Role.OBSERVER: _("observer"),
            Role.SUPERVISOR: _("supervisor"),
            Role.EXPERT: _("expert"),
        }[role]

    def _from(self, organisation: str) -> str:
        _ = self._
        if self.language == "fr" and unicodedata.normalize("NFD", organisation)[0].lower() in "aeiouœæ":
            return f"d’{organisation}"
        return _("from {organisation}").format(organisation=organisation)

    def _for_ticket(self, ticket: str, subject: str) -> str:
        _ = self._
        ticket, subject = one_line(ticket), one_line(subject)
        if ticket and subject:
            return _("for ticket {ticket} “{subject}”").format(ticket=ticket, subject=subject)
        return _("for ticket {ticket}").format(ticket=ticket) if ticket else _("without a ticket")

    def _effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        sees = Marked(
            Mark.EYE, _("This person sees everything your screen shows. Close what should stay private first.")
        )
        touches_nothing = Marked(Mark.NO_HAND, _("This person will not be able to touch anything."))
        controls = Marked(
            Mark.HAND,
            _(
                "If you let them control, this person uses your mouse and keyboard. A program they start can do everything you can do,"
                " even after they have left."
            ),
        )
        stop = Marked(Mark.STOP, _("You can stop at any time: hold Esc."))
        if question.kind is QuestionKind.RECORD:
            return self._recording_effects(question)
        if question.asks is Capability.CLIPBOARD:
            return self._clipboard_effects(question)
        if question.is_recording_required and question.asks is Capability.CONTROL:
            required = _("Nobody controls without a recording. You will be asked about it next.")
            controls = Marked(Mark.HAND, f"{controls.text} {required}")
        if question.kind is QuestionKind.JOIN:
            return (
                sees,
                touches_nothing,
                Marked(Mark.STOP, _("You can send this person away at any time, or stop: hold Esc.")),
            )
        if question.kind is QuestionKind.HAND_OVER:
            gives_up = _("{controller} will not be able to touch anything any more.")
            return (
                controls,
                Marked(Mark.NO_HAND, gives_up.format(controller=self._person(question.controller))),
                stop,
            )
        if question.asks is Capability.FILES:
            return (*self._files_effects(), stop)
        if question.asks is Capability.VIEW:
            return (sees, touches_nothing, stop)
        return (sees, controls, stop) if question.is_first else (controls, stop)

    def _files_effects(self) -> tuple[Marked, ...]:
        _ = self._
        arrive = _(
            "This person can put files into your folder for downloads; nothing there is replaced. Open only what you expect."
        )
        leave = _("A file of yours leaves only when you choose it yourself, each time anew.")
        noted = _("Each one is written down; its name only the organisation’s auditors can read.")
        return (Marked(Mark.FILE_IN, arrive), Marked(Mark.FILE_OUT, leave), Marked(Mark.KEY, noted))

    def _clipboard_effects(self, question: ConsentQuestion) -> tuple[Marked, ...]:
        _ = self._
        puts = _(
            "This person can put text there for you to paste. It takes the place of what you copied before, and is gone when the sharing"
            " ends."
        )
        reads = _("This person can read text that you copy from now on. Copy no password meanwhile.")
        kept = _("If the session is recorded, the recording keeps the beginning of each text.")
        told = _("The bar at the top of the screen tells you each time. There you can take the clipboard back at once.")
        return (
            Marked(Mark.CLIPBOARD, puts),
            Marked(Mark.EYE, reads),
            *((Marked(Mark.RECORD, kept),) if question.may_be_recorded else ()),
            Marked(Mark.STOP, told),
        )

    def _reason(self, reason: str) -> str:
        _ = self._
        shown = some_lines(reason)
        return _("Reason given: {reason}").format(reason=shown) if shown else ""

    def _choices(self, question: ConsentQuestion) -> tuple[Choice, ...]:
        _ = self._
        see = Choice(_("Let them see my screen"), _VIEW)
        refuse = Choice(_("Refuse"), _NOTHING)
        if question.kind is QuestionKind.RECORD:
            return (Choice(_("Let it be recorded"), _RECORD), Choice(_("Do not record"), _NOTHING))
        if question.kind is QuestionKind.HAND_OVER:
            return (Choice(_("Let them control"), _CONTROL), refuse)
        if question.asks is Capability.FILES:
            return (Choice(_("Allow files"), _FILES), refuse)
        if question.asks is Capability.CLIPBOARD:
            return (Choice(_("Share the clipboard"), _CLIPBOARD), refuse)
        if question.kind is QuestionKind.JOIN or question.asks is Capability.VIEW:
            return (see, refuse)
        if question.is_first:
            return (see, Choice(_("Let them see and control"), _VIEW | _CONTROL), refuse)
        return (Choice(_("Let them control"), _CONTROL), refuse)

    def time_left(self, seconds: int) -> str:
        _ = self._
        return _("{time} left").format(time=duration(seconds))

    def more_time(self) -> str:
        _ = self._
        return _("I need more time")

    def read_to_the_end(self) -> str:
        _ = self._
        return _("Read to the end before you say yes.")

    # --- during the session --------------------------------------------------------------------------------------------

    def bar(
        self, state: BarState, used: ClipboardUsed | None = None, *, named_max: int = VIEWERS_NAMED_MAX
    ) -> BarWords:
        """What the bar says now; nobody is left out but those for whom there is no room, and the list has them."""
        _ = self._
        viewers = self.viewers(state)
        hidden = len(viewers) - named_max
        return BarWords(
            viewers=viewers[:named_max],
            others=_("and {count} more").format(count=hidden) if hidden > 0 else "",
            notice=self._notice(state),
            recording=self._recording(state.recording),
            clipboard=self._clipboard(state, used),
            minutes=_("{count} min").format(count=state.elapsed_s // 60),
            go_on=self._go_on(state),
            files=tuple(words for file in state.files if (words := self._file(file))),
        )

    def viewers(self, state: BarState) -> tuple[ViewerWords, ...]:
        """Everybody who takes part; where there are several, each can be sent away alone."""
        _ = self._
        away = {one.viewer: one for one in state.interrupted}
        send_away = _("Send away") if len(state.viewers) > 1 else ""
        return tuple(
            ViewerWords(
                viewer,
                self._short_name(viewer.name),
                (self._away(away[viewer.id]),) if viewer.id in away else self._rights(viewer),
                send_away,
            )
            for viewer in state.viewers
        )

    def _rights(self, viewer: Viewer) -> tuple[Marked, ...]:
        _ = self._
        sees, acts = (capability in viewer.capabilities for capability in (Capability.VIEW, Capability.CONTROL))
        rights = (
            Marked(Mark.EYE, _("sees your screen") if sees else _("sees nothing")),
            Marked(Mark.HAND, _("controls")) if acts else Marked(Mark.NO_HAND, _("touches nothing")),
        )
        return (*rights, Marked(Mark.FILE_IN, _("files"))) if Capability.FILES in viewer.capabilities else rights

    def _away(self, one: Interruption) -> Marked:
        _ = self._
        text = _("The connection is interrupted. Can come back for {view} more.")
        if one.control_s:
            text = _("The connection is interrupted. Can come back for {view} more, and control for {control} more.")
        return Marked(Mark.BROKEN, text.format(view=remaining(one.view_s), control=remaining(one.control_s)))

    def people(self) -> str:
        _ = self._
        return _("Who takes part")

    def _notice(self, state: BarState) -> Marked | None:
        _ = self._
        if Hold.PAUSED in state.holds:
            return Marked(Mark.PAUSE, _("Paused: nobody sees your screen, nobody can act."))
        if Hold.STOP_KEY in state.holds:
            return Marked(Mark.STOP, _("You pressed Esc: nobody can act."))
        return None

    def _recording(self, state: RecordingState) -> Marked | None:
        _ = self._
        if state is RecordingState.ON:
            return Marked(Mark.RECORD, _("is recorded"))
        return Marked(Mark.NO_RECORD, _("recording paused")) if state is RecordingState.PAUSED else None

    # --- files -----------------------------------------------------------------------------------------------------

    def file_request(self, request: FileRequest) -> FileRequestWords:
        """Somebody asks for a file."""
        _ = self._
        who = _("{technician}, {from_organisation},").format(
            technician=self._person(request.technician),
            from_organisation=self._from(self._organisation(request.organisation)),
        )
        return FileRequestWords(
            title=_("Send a file?"),
            request=_("{who} asks you for a file:").format(who=who),
            what=some_lines(request.what) or _("(without saying which)"),
            explanation=_("You choose the file. That one is sent, and nothing else."),
            choose=_("Choose the file…"),
            refuse=_("Send nothing"),
        )

    def _file(self, file: FileShown) -> FileWords | None:
        """What the bar says of it; nothing where there is nothing to say that the customer does not know."""
        _ = self._
        is_arriving = file.direction is Direction.TO_CUSTOMER
        mark = Mark.FILE_IN if is_arriving else Mark.FILE_OUT
        if not file.name:
            return None
        name = _with_its_end(one_line(file.name))
        if file.outcome is None:
            text = _("Receiving “{name}”: {percent} %") if is_arriving else _("Sending “{name}”: {percent} %")
            return FileWords(file, Marked(mark, text.format(name=name, percent=file.percent)), _("Stop this file"))
        if file.outcome is FileOutcome.MOVED:
            text = _("“{name}” is in your folder for downloads.") if is_arriving else _("“{name}” has been sent.")
            return FileWords(file, Marked(mark, text.format(name=name)), self.close())
        text = _("“{name}” did not arrive: {why}.") if is_arriving else _("“{name}” was not sent: {why}.")
        said = Marked(Mark.WARNING, text.format(name=name, why=self._why_not(file.outcome)))
        return FileWords(file, said, self.close())

    def _why_not(self, outcome: FileOutcome) -> str:
        _ = self._
        return {
            FileOutcome.MOVED: "",
            FileOutcome.CANCELLED: _("the other person stopped it"),
            FileOutcome.REFUSED: _("you stopped it"),
            FileOutcome.WITHDRAWN: _("files are not allowed any more"),
            FileOutcome.PAUSED: _("the session was paused"),
            FileOutcome.INTERRUPTED: _("the connection was interrupted"),
            FileOutcome.BUSY: _("another file was on its way"),
            FileOutcome.TOO_LARGE: _("it is larger than {size} MB").format(size=FILE_BYTES_MAX // 2**20),
            FileOutcome.NO_ROOM: _("the disk is full"),
            FileOutcome.NOT_WRITABLE: _("nothing can be written to that folder"),
            FileOutcome.UNREADABLE: _("it cannot be read"),
            FileOutcome.ALTERED: _("it changed on the way"),
        }[outcome]

    def show_folder(self) -> str:
        _ = self._
        return _("Show the folder")

    def end_files(self) -> str:
        _ = self._
        return _("End files")

    # --- the clipboard ---------------------------------------------------------------------------------------------

    def _clipboard(self, state: BarState, used: ClipboardUsed | None) -> Marked | None:
        """With whom it is shared, and for a while what was just done with it."""
        _ = self._
        users = state.clipboard_users
        if not users:
            return None
        if used:
            return self.clipboard_used(used)
        if len(users) > 1:
            return Marked(Mark.CLIPBOARD, _("{count} people share your clipboard").format(count=len(users)))
        return Marked(Mark.CLIPBOARD, _("{name} shares your clipboard").format(name=self._short_name(users[0].name)))

    def clipboard_used(self, used: ClipboardUsed) -> Marked:
        """What was just done with the clipboard."""
        _ = self._
        text = _("{name} put text on your clipboard")
        if used.direction is Direction.FROM_CUSTOMER:
            text = _("{name} read what you copied")
        return Marked(Mark.CLIPBOARD, text.format(name=self._short_name(used.name)))

    def _short_name(self, name: str) -> str:
        return one_line(name, characters_max=40) or self._person("")

    def take_back_clipboard(self) -> str:
        _ = self._
        return _("Take back the clipboard")

    # --- the recording ---------------------------------------------------------------------------------------------

    def pause_recording(self) -> str:
        _ = self._
        return _("Pause the recording")

    def continue_recording(self) -> str:
        _ = self._
        return _("Record again")

    def end_recording(self) -> str:
        _ = self._
        return _("End the recording")

    def _go_on(self, state: BarState) -> str:
        """The word for letting go of what the customer holds; empty where nothing is held."""
        _ = self._
        if Hold.PAUSED in state.holds:
            return _("Go on")
        return _("Let them act again") if Hold.STOP_KEY in state.holds else ""

    def take_back(self) -> str:
        _ = self._
        return _("Take back control")

    def pause(self) -> str:
        _ = self._
        return _("Pause")

    def stop(self) -> str:
        _ = self._
        return _("Stop")

    # --- the chat ------------------------------------------------------------------------------------------------------

    def messages(self) -> str:
        _ = self._
        return _("Messages")

    def chat_line(self, line: ChatLine) -> ChatWords:
        """What somebody said; the name is the certificate's, and what cannot be seen shows as a dash."""
        _ = self._
        name = _("You") if line.is_own else one_line(line.name, characters_max=40) or self._person("")
        text = some_lines(line.text, characters_max=CHAT_CHARACTERS_MAX, lines_max=CHAT_CHARACTERS_MAX)
        return ChatWords(name, self._time(line.at), text or "–")

    def no_messages(self) -> str:
        _ = self._
        return _("Nothing has been written yet.")

    def is_kept(self, state: RecordingState) -> Marked:
        """Whether what is written can be read later, and by whom."""
        _ = self._
        if state is RecordingState.ON:
            return Marked(
                Mark.RECORD, _("What is written here is recorded, like the screen, for the organisation’s auditors.")
            )
        return Marked(Mark.NO_RECORD, _("What is written here is not recorded."))

    def your_message(self) -> str:
        _ = self._
        return _("Your message")

    def how_to_send(self) -> str:
        _ = self._
        return _("Enter sends it, Shift+Enter begins a new line.")

    def send(self) -> str:
        _ = self._
        return _("Send")

    def too_long(self, characters: int) -> str:
        """What was typed has so many characters too many."""
        _ = self._
        return _("{count} characters too many. Shorten it, or send it in two messages.").format(count=characters)

    def not_pasted(self) -> str:
        _ = self._
        return _("That is too long for a message, and was not inserted.")

    def chat_refused(self, why: ChatRefusal) -> str:
        _ = self._
        return {
            ChatRefusal.TOO_FAST: _("That was too fast for anybody to read. Wait a moment, then send it again."),
            ChatRefusal.FULL: _("This conversation is full, and nothing more can be sent. Please speak on the phone."),
        }[why]

    # --- after the session ---------------------------------------------------------------------------------------------

    def summary(self, summary: Summary) -> SummaryWords:
        """How it ended and who did what."""
        _ = self._
        facts = (
            (_("Organisation"), self._organisation(summary.organisation)),
            (_("Ticket"), " ".join(filter(None, (one_line(summary.ticket), one_line(summary.subject)))) or "–"),
            (_("Began"), self._moment(summary.began_at)),
            (_("Ended"), self._moment(summary.ended_at)),
            (_("Recording"), self._recorded(summary)),
            *(((_("Messages"), self._messages(*summary.messages)),) if any(summary.messages) else ()),
        )
        return SummaryWords(
            title=_("The session is over"),
            ending=f"{self._ending(summary.outcome)} {_('Nobody can see your screen or act any more.')}",
            facts=facts,
            fact_lines=tuple(self.key(label, value) for label, value in facts),
            people=tuple((self._person(one.name), self._deeds(one)) for one in summary.participations),
            fingerprint=_in_groups(one_line(summary.fingerprint)),
            about_fingerprint=_(
                "Fingerprint of the session log. It shows whether the organisation’s record was altered later."
            ),
            nothing_stays=_(
                "Apart from files that you were sent, nothing stays on this computer unless you save this summary."
            )
            if any(one.direction is Direction.TO_CUSTOMER for one in summary.files)
            else _("Nothing stays on this computer unless you save this summary."),
            decisions_title=_("What you were asked, and what you answered"),
            decisions=tuple(self._decision(one) for one in summary.decisions),
            about_position=_("The session’s place in the organisation’s log of all sessions, as it was signed:"),
            position=summary.position,
            files_title=_("Files"),
            files=tuple(self._moved(one) for one in summary.files),
            objection=_(
                "Is something in it not as you remember it, or do you want the recording to be deleted earlier? Write to {organisation} and"
                " name the ticket. Keep this file: its fingerprint shows whether the record was altered later. You may also turn to your"
                " country’s data protection authority."
            ).format(organisation=self._organisation(summary.organisation)),
        )

    def _recorded(self, summary: Summary) -> str:
        _ = self._
        if not summary.recorded_s:
            return _("none")
        return _("{time}, kept for {days} for the auditors, then deleted").format(
            time=duration(summary.recorded_s), days=self._days(summary.recording_days)
        )

    def _messages(self, own: int, others: int) -> str:
        _ = self._
        return _("{own} from you, {others} to you").format(own=own, others=others)

    def _decision(self, one: Decision) -> str:
        _ = self._
        asked = {
            Capability.VIEW: _("see your screen"),
            Capability.CONTROL: _("see your screen and control your computer"),
            Capability.RECORD: _("record the session"),
            Capability.FILES: _("exchange files with you"),
            Capability.CLIPBOARD: _("share your clipboard"),
        }[one.asks]
        if not one.allowed:
            answer = _("you said no")
        elif one.asks is Capability.CONTROL and Capability.CONTROL not in one.allowed:
            answer = _("you allowed to see, and nothing else")
        else:
            answer = _("you said yes")
        who = self._person(one.name) if one.name else _("The organisation")
        return _("{time}: {who} asked to {what}; {answer}.").format(
            time=self._moment(one.at), who=who, what=asked, answer=answer
        )

    def _moved(self, one: FileMoved) -> str:
        _ = self._
        text = _("{time}: {who} sent you “{name}” ({size} kB).")
        if one.direction is Direction.FROM_CUSTOMER:
            text = _("{time}: you sent {who} “{name}” ({size} kB).")
        return text.format(
            time=self._moment(one.at),
            who=self._person(one.technician),
            name=one_line(one.name),
            size=-(-one.size // 1000),
        )

    def _ending(self, outcome: Outcome) -> str:
        _ = self._
        return {
            Outcome.COMPLETED: _("The person helping you ended it."),
            Outcome.STOPPED: _("You ended it."),
            Outcome.DECLINED: _("You refused, and nobody has seen your screen."),
            Outcome.UNANSWERED: _("There was no answer in time, which counts as a no. Nobody has seen your screen."),
            Outcome.WRONG_CODE: _("The code did not match, and nobody has seen your screen."),
            Outcome.ALONE: _("Nobody came, and nobody has seen your screen."),
            Outcome.DROPPED: _("The connection was lost and did not come back."),
            Outcome.FAILED: _("Something was not as it should be, so the session was ended for safety."),
        }[outcome]

    def _deeds(self, one: Participation) -> tuple[Marked, ...]:
        _ = self._
        saw = Marked(Mark.EYE, _("saw your screen for {time}").format(time=duration(one.view_s)))
        shared: tuple[Marked, ...] = ()
        if one.put or one.read:
            text = _("text put on your clipboard: {put}, text read from it: {read}")
            shared = (Marked(Mark.CLIPBOARD, text.format(put=one.put, read=one.read)),)
        if not one.control_s:
            return (saw, Marked(Mark.NO_HAND, _("never had control")), *shared)
        acted = _("had control for {time}: {clicks} clicks, {keys} keys").format(
            time=duration(one.control_s), clicks=one.clicks, keys=one.keys
        )
        return (saw, Marked(Mark.HAND, acted), *shared)

    def _moment(self, at: int) -> str:
        local = datetime.fromtimestamp(at, UTC).astimezone()
        months = _FRENCH_MONTHS if self.language == "fr" else _ENGLISH_MONTHS
        return f"{local.day} {months[local.month - 1]} {local.year}, {self._time(at)}"

    def _time(self, at: int) -> str:
        local = datetime.fromtimestamp(at, UTC).astimezone()
        return f"{local.hour} h {local.minute:02}" if self.language == "fr" else f"{local.hour}:{local.minute:02}"

    def save(self) -> str:
        _ = self._
        return _("Save…")

    def saved(self, path: str) -> str:
        _ = self._
        return _("Saved as {path}").format(path=path)

    def not_saved(self) -> str:
        _ = self._
        return _("It could not be saved there. Nothing is lost: choose another place.")

    def suggested_file_name(self, summary: Summary) -> str:
        _ = self._
        day = datetime.fromtimestamp(summary.began_at, UTC).astimezone().strftime("%Y-%m-%d")
        return f"{_('assistance')}-{day}.html"

    # --- on a terminal -------------------------------------------------------------------------------------------------

    def key(self, letter: str, what: str) -> str:
        """One line of a list: what can be typed, or what something is."""
        _ = self._
        return _("{letter}: {what}").format(letter=letter, what=what)

    def type_and_enter(self) -> str:
        _ = self._
        return _("Type one of these, then Enter:")

    def type_code(self) -> str:
        _ = self._
        return _("Type the code, or one of these letters, then Enter:")

    def send_again(self, text: str) -> str:
        _ = self._
        return _("Enter alone sends what you typed before: {text}").format(text=one_line(text))

    def say_in_terminal(self) -> str:
        _ = self._
        return _("Write a message, after a space")

    def says(self, line: ChatLine) -> str:
        """Who said the lines that follow, and when."""
        _ = self._
        words = self.chat_line(line)
        if line.is_own:
            return _("You wrote, {time}:").format(time=words.time)
        return _("{name} writes to you, {time}:").format(name=words.name, time=words.time)

    def too_soon(self) -> str:
        _ = self._
        return _("That came too soon to be an answer. Please read the question, then type your answer.")

    def not_understood(self) -> str:
        _ = self._
        return _("That is none of the answers.")

    def withdrawn(self) -> str:
        _ = self._
        return _("The question has been withdrawn.")

    def answered(self, label: str) -> str:
        _ = self._
        return _("Your answer: {answer}").format(answer=label)

    def time_is_over(self) -> str:
        _ = self._
        return _("The time is over. That counts as a no.")

    def type_file_name(self) -> str:
        _ = self._
        return _("Type a file name to save this summary, or Enter alone to close.")

    def type_file_to_send(self) -> str:
        _ = self._
        return _("Type where the file is, then Enter, or Enter alone to send nothing.")

    def no_such_file(self) -> str:
        _ = self._
        return _("There is no file of that name. Nothing has been sent.")

    def file_exists(self) -> str:
        _ = self._
        return _("There is a file of that name already. Choose another name.")

    def status(self) -> str:
        _ = self._
        return _("What is allowed now?")


def _with_its_end(name: str, characters_max: int = 30) -> str:
    """A file's name, shortened in the middle: its end tells what it is."""
    return name if len(name) <= characters_max else f"{name[: characters_max - 12]}…{name[-11:]}"


def _in_groups(fingerprint: str, size: int = 8) -> str:
    return " ".join(fingerprint[start : start + size] for start in range(0, len(fingerprint), size))


# strftime would need the system to have the language's locale.
_FRENCH_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_ENGLISH_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
