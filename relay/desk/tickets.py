"""A ticket changes only by events, and the same events always rebuild the same ticket. No I/O here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.codec import Decoder, Message
from protocol.text import Line, Text
from relay.desk import guided_call, letters, levels, returns, teamwork
from relay.desk.guided_call import Call, CallEvent
from relay.desk.letters import LetterEvent
from relay.desk.levels import Case, LevelEvent
from relay.desk.returns import Return, ReturnEvent
from relay.desk.rules import NotPossible as NotPossible
from relay.desk.teamwork import Consultations, TeamEvent

OPEN = "open"
IN_SESSION = "in_session"
CLOSED = "closed"
STATES = (OPEN, IN_SESSION, CLOSED)

DEVICE_TYPES = ("computer", "television", "box", "phone", "other")

_SessionId = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class TicketOpened(Message, frozen=True, tag="opened"):
    """The first event: what it is about, in the customer's words."""

    subject: Annotated[Line, Meta(min_length=1)]
    description: Text


class NoteAdded(Message, frozen=True, tag="note_added"):
    """Somebody of the desk wrote something down."""

    text: Annotated[Text, Meta(min_length=1)]


class NoteCorrected(Message, frozen=True, tag="note_corrected"):
    """A note says something else from now on; what it said before stays to be read."""

    note: Annotated[int, Meta(ge=0)]
    """Which event of the ticket the note is, counted from 0."""
    after: Annotated[int, Meta(ge=1)]
    """How many versions whoever corrects it has seen: nothing is written over a newer one."""
    text: Annotated[Text, Meta(min_length=1)]


class SessionStarted(Message, frozen=True, tag="session_started"):
    """Remote assistance was asked for from this ticket."""

    session: _SessionId
    asks: Line


class SessionFinished(Message, frozen=True, tag="session_finished"):
    """That remote assistance is over; `outcome` is empty where the log does not tell."""

    session: _SessionId
    outcome: Line


class SessionShared(Message, frozen=True, tag="session_shared"):
    """Somebody was invited to that remote assistance."""

    session: _SessionId
    name: Line
    role: Line
    reason: Text


class SessionHandedOver(Message, frozen=True, tag="session_handed_over"):
    """Somebody else leads that remote assistance from now on."""

    session: _SessionId
    name: Line


class EvidenceFault(Message, frozen=True):
    """Something of a session's evidence that is missing, or altered (relay/evidence/examination.py), how often, and what exactly."""

    fault: Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z")]
    detail: Line
    count: Annotated[int, Meta(ge=1)]


FAULTS_MAX = 16


class EvidenceStated(Message, frozen=True, tag="evidence_stated"):
    """What the evidence of a session that is over is worth: complete where nothing is at fault.

    `last_hash` is that of the log's last entry, in hex; `index` its place in the log of all sessions, -1 where it has none.
    """

    session: _SessionId
    faults: Annotated[list[EvidenceFault], Meta(max_length=FAULTS_MAX)]
    entries: Annotated[int, Meta(ge=0)]
    last_hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    index: Annotated[int, Meta(ge=-1)]


class TicketClosed(Message, frozen=True, tag="closed", omit_defaults=True):
    """The case is over, and how; what it went without has its reason (`levels.check_closing`)."""

    resolution: Annotated[Text, Meta(min_length=1)]
    unconfirmed_because: Text = ""
    without_article_because: Text = ""


class TicketReopened(Message, frozen=True, tag="reopened"):
    """The case is taken up again."""


TicketEvent = (
    TicketOpened
    | NoteAdded
    | NoteCorrected
    | SessionStarted
    | SessionShared
    | SessionHandedOver
    | SessionFinished
    | EvidenceStated
    | TicketClosed
    | TicketReopened
    | LevelEvent
    | CallEvent
    | TeamEvent
    | ReturnEvent
    | LetterEvent
)

# What still happens to a case that is over: the last words of the call, asking again later, what it taught.
_AFTER_CLOSING = (
    guided_call.ScriptSaid,
    guided_call.CallEnded,
    levels.FollowUpPlanned,
    levels.FollowUpDone,
    levels.ArticleLinked,
    teamwork.ConsultationAnswered,
    letters.MailReceived,
    letters.MailWritten,
    letters.GuideSent,
    letters.SurveyAnswered,
)

events: Decoder[TicketEvent] = Decoder(TicketEvent, bytes_max=32 * 1024)


@dataclass(frozen=True)
class Ticket:
    """What the events so far say."""

    subject: str = ""
    description: str = ""
    state: str = ""
    sessions_running: frozenset[str] = frozenset()
    case: Case = field(default_factory=Case)
    call: Call = field(default_factory=Call)
    prepared: Mapping[str, str] = field(default_factory=dict)
    """What the customer answered before the call, by what it is asked for."""
    consultations: Consultations = ()
    parcel: Return = field(default_factory=Return)
    notes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """What each note says and said before, the newest last, by the number of the event that it was."""
    events: int = 0


def apply(ticket: Ticket, event: TicketEvent) -> Ticket:
    """The ticket after one more event.

    Raises:
        NotPossible: it does not follow from the state; nothing changed.
    """
    return replace(_apply(ticket, event), events=ticket.events + 1)


def _apply(ticket: Ticket, event: TicketEvent) -> Ticket:
    if isinstance(event, TicketOpened) != (ticket.state == ""):
        raise NotPossible("a ticket is opened once, first of all")
    match event:
        case TicketOpened(subject=subject, description=description):
            return Ticket(subject, description, OPEN)
        case NoteAdded(text=text):
            return replace(ticket, notes={**ticket.notes, ticket.events: (text,)})
        case NoteCorrected(note=note, after=after, text=text):
            said = ticket.notes.get(note, ())
            if len(said) != after:
                raise NotPossible("there is no such note, or it was corrected meanwhile")
            return replace(ticket, notes={**ticket.notes, note: (*said, text)})
        case SessionShared() | SessionHandedOver() | EvidenceStated():
            return ticket
        case SessionStarted(session=session):
            if ticket.state == CLOSED:
                raise NotPossible("the ticket is closed; reopen it first")
            return replace(ticket, state=IN_SESSION, sessions_running=ticket.sessions_running | {session})
        case SessionFinished(session=session):
            if session not in ticket.sessions_running:
                return ticket
            running = ticket.sessions_running - {session}
            return replace(ticket, sessions_running=running, state=IN_SESSION if running else OPEN)
        case TicketClosed():
            if ticket.state != OPEN:
                raise NotPossible("only an open ticket without a running session can be closed")
            if ticket.case.stage == levels.TESTING:
                raise NotPossible("the customer is still trying the solution")
            if ticket.parcel.is_going_on:
                raise NotPossible("something is still being sent back")
            if ticket.case.needs_article and not event.without_article_because:
                raise NotPossible("a new solution without its article")
            return replace(ticket, state=CLOSED)
        case TicketReopened():
            if ticket.state != CLOSED:
                raise NotPossible("only a closed ticket can be reopened")
            case, call = levels.reopened(ticket.case), guided_call.begun_anew(ticket.call)
            return replace(ticket, state=OPEN, case=case, call=call)
    if ticket.state == CLOSED and not isinstance(event, _AFTER_CLOSING):
        raise NotPossible("the ticket is closed; reopen it first")
    match event:
        case teamwork.ConsultationAsked():
            return replace(ticket, consultations=teamwork.asked(ticket.consultations, event))
        case teamwork.ConsultationAnswered():
            return replace(ticket, consultations=teamwork.answered(ticket.consultations, event))
        case teamwork.HandedTo(to=to, instead_of=instead_of):
            return replace(ticket, case=levels.handed_to(ticket.case, to, instead_of))
        case letters.Prepared(answers=answers):
            return replace(ticket, prepared=answers)
        case (
            teamwork.ToolUsed()
            | letters.MailReceived()
            | letters.MailWritten()
            | letters.GuideSent()
            | letters.SurveyAnswered()
        ):
            return ticket
        case returns.ReturnAgreed() | returns.ReturnMoved():
            return replace(ticket, parcel=returns.apply(ticket.parcel, event))
    if isinstance(event, LevelEvent):
        return replace(ticket, case=levels.apply(ticket.case, event), call=guided_call.follow(ticket.call, event))
    return replace(ticket, call=guided_call.apply(ticket.call, event, is_assessed=bool(ticket.case.key_points)))


def rebuild(history: Iterable[TicketEvent]) -> Ticket:
    """The ticket that these events make."""
    ticket = Ticket()
    for event in history:
        ticket = apply(ticket, event)
    return ticket


def event_of(kind: type[TicketEvent], **members: str) -> TicketEvent:
    """An event from what people typed.

    Raises:
        msgspec.ValidationError: a text is too long, empty where it must not be, or holds control characters.
    """
    return msgspec.convert(members, kind)
