"""What a session log says happened: who asked what and why, the answer, when each thing was allowed and when it ended.

A pure replay of the stored entries; tables and pages are derived from it and can always be made again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from protocol.session_log import (
    AccessEnded,
    Answered,
    Asked,
    ClipboardMoved,
    Continued,
    Cut,
    DeviceDescribed,
    Entry,
    FileTransferred,
    HandedOver,
    Held,
    InputCounted,
    Joined,
    Left,
    Noted,
    Opened,
    RecordingContinued,
    RecordingPaused,
    Resumed,
    Said,
    SessionEnded,
)
from protocol.vocabulary import Direction


@dataclass(frozen=True)
class Question:
    """One prompt to the customer, and what became of it; `answer` is empty while it is open."""

    entry: int
    at_ms: int
    participant: str
    capability: str
    reason: str
    words: str
    language: str
    answer: str = ""
    allowed: tuple[str, ...] = ()
    took_ms: int = 0


@dataclass(frozen=True)
class Grant:
    """A capability that was allowed, from `began_ms` on; `ended_ms` is None while it is in force."""

    entry: int
    participant: str
    capability: str
    began_ms: int
    ended_ms: int | None = None
    ended_by: str = ""


@dataclass(frozen=True)
class Step:
    """One line of the story as people read it."""

    at_ms: int
    kind: str
    entry: int
    capability: str = ""
    by: str = ""
    participant: str = ""
    lasted_ms: int = 0
    bytes: int = 0
    times: int = 1
    characters: int = 0


@dataclass(frozen=True)
class Participant:
    """Somebody who took part: the technician by the name that the certificate vouches for."""

    participant: str
    name: str
    role: str
    joined_ms: int
    left_ms: int | None = None


@dataclass
class Summary:
    """All that the pages and the derived tables need."""

    opened: Opened | None = None
    device: DeviceDescribed | None = None
    opened_ms: int = 0
    ended_ms: int | None = None
    outcome: str = ""
    ended_by: str = ""
    view_ms: int = 0
    control_ms: int = 0
    clicks: int = 0
    keys: int = 0
    characters: int = 0
    questions: list[Question] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    participants: list[Participant] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def is_shared(self) -> bool:
        """Whether more than the first technician took part."""
        return len(self.participants) > 1

    def name_of(self, participant: str) -> str:
        """The name behind a certificate's serial number; empty for nobody who took part."""
        return next((one.name for one in self.participants if one.participant == participant), "")

    def grants_of(self, participant: str, capability: str) -> list[Grant]:
        """When somebody was allowed this, in order."""
        return [grant for grant in self.grants if (grant.participant, grant.capability) == (participant, capability)]


def summarise(entries: Sequence[Entry]) -> Summary:
    """Replay the entries of one log, in order; the chain is checked elsewhere."""
    summary = Summary()
    for entry in entries:
        _apply(summary, entry)
    return summary


def _apply(summary: Summary, entry: Entry) -> None:
    at_ms, number = entry.at_ms, entry.number
    match entry.event:
        case Opened() as opened:
            summary.opened, summary.opened_ms = opened, at_ms
            summary.participants.append(Participant(opened.participant, opened.technician, "technician", at_ms))
            summary.steps.append(Step(at_ms, "opened", number))
        case Joined(participant=participant, name=name, role=role):
            summary.participants.append(Participant(participant, name, role, at_ms))
            summary.steps.append(Step(at_ms, "joined", number, participant=participant))
        case Left(participant=participant, by=by):
            _end_grants(summary, at_ms, "left", participant)
            summary.participants = [
                replace(p, left_ms=at_ms) if p.participant == participant else p for p in summary.participants
            ]
            summary.steps.append(Step(at_ms, "left", number, by=by, participant=participant))
        case HandedOver(to=to):
            summary.steps.append(Step(at_ms, "handed_over", number, participant=to))
        case Cut(participant=participant):
            summary.steps.append(Step(at_ms, "cut", number, participant=participant))
        case Resumed(participant=participant, after_ms=after_ms):
            summary.steps.append(Step(at_ms, "resumed", number, participant=participant, lasted_ms=after_ms))
        case Asked(participant=participant, capability=capability, reason=reason, words=words, language=language):
            summary.questions.append(Question(number, at_ms, participant, capability, reason, words, language))
            summary.steps.append(Step(at_ms, "asked", number, capability, participant=participant))
        case Answered() as answered:
            _answer(summary, answered, entry)
        case AccessEnded(participant=participant, capability=capability, by=by):
            _end_grants(summary, at_ms, by, participant, capability)
            summary.steps.append(Step(at_ms, "access_ended", number, capability, by, participant))
        case Held(hold=hold):
            summary.steps.append(Step(at_ms, "held", number, by=hold))
        case Continued(hold=hold):
            summary.steps.append(Step(at_ms, "continued", number, by=hold))
        case RecordingPaused():
            summary.steps.append(Step(at_ms, "recording_paused", number))
        case RecordingContinued():
            summary.steps.append(Step(at_ms, "recording_continued", number))
        case Noted(participant=participant, revises=0):
            summary.steps.append(Step(at_ms, "noted", number, participant=participant))
        case Said(participant=participant):
            last = summary.steps[-1] if summary.steps else None
            if last and last.kind == "said" and last.participant == participant:
                summary.steps[-1] = replace(last, times=last.times + 1)
            else:
                summary.steps.append(Step(at_ms, "said", number, participant=participant))
        case FileTransferred(participant=participant, direction=direction, bytes=size, outcome=outcome):
            file = Step(at_ms, direction, number, by=outcome, participant=participant, bytes=size)
            summary.steps.append(file)
        case ClipboardMoved(participant=participant, direction=direction, characters=characters):
            kind = "clipboard_put" if direction is Direction.TO_CUSTOMER else "clipboard_read"
            summary.steps.append(Step(at_ms, kind, number, participant=participant, characters=characters))
        case DeviceDescribed() as device:
            summary.device = device
        case InputCounted(clicks=clicks, keys=keys, characters=characters):
            summary.clicks += clicks
            summary.keys += keys
            summary.characters += characters
        case SessionEnded(outcome=outcome, by=by, view_ms=view_ms, control_ms=control_ms):
            _end_grants(summary, at_ms, by)
            summary.ended_ms, summary.outcome, summary.ended_by = at_ms, outcome, by
            summary.view_ms, summary.control_ms = view_ms, control_ms
            summary.participants = [replace(p, left_ms=at_ms) if p.left_ms is None else p for p in summary.participants]
            summary.steps.append(Step(at_ms, "ended", number, by=by))


def _answer(summary: Summary, answered: Answered, entry: Entry) -> None:
    asker = ""
    for index, question in enumerate(summary.questions):
        if question.entry != answered.question:
            continue
        asker = question.participant
        if not question.answer:
            summary.questions[index] = Question(
                question.entry,
                question.at_ms,
                question.participant,
                question.capability,
                question.reason,
                question.words,
                question.language,
                answered.answer,
                tuple(answered.capabilities),
                answered.took_ms,
            )
    for capability in dict.fromkeys(answered.capabilities):
        summary.grants.append(Grant(entry.number, asker, capability, entry.at_ms))
    summary.steps.append(
        Step(entry.at_ms, answered.answer, entry.number, "+".join(answered.capabilities), "customer", asker)
    )


def _end_grants(summary: Summary, at_ms: int, by: str, participant: str = "", capability: str = "") -> None:
    """End the grants in force; all of them, or those of one participant and capability."""
    summary.grants = [
        Grant(g.entry, g.participant, g.capability, g.began_ms, at_ms, by)
        if g.ended_ms is None and participant in ("", g.participant) and capability in ("", g.capability)
        else g
        for g in summary.grants
    ]
