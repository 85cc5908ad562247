"""What the customer is shown of a session: the bar while it lasts, the summary when it is over."""

from collections.abc import Iterator

from client_agent.prompts.customer import (
    BarState,
    Decision,
    FileMoved,
    FileShown,
    Interruption,
    Participation,
    Summary,
    Viewer,
)
from client_agent.session.case import Case
from client_agent.session.chat import CUSTOMER
from client_agent.session.clock import now_ms
from protocol.consent import NOBODY, ViewerId
from protocol.limits import CONTROL_GRACE_S, VIEW_GRACE_S
from protocol.session_log import Answered, Asked, DeviceDescribed, Event, Opened, Said, parse_entry
from protocol.vocabulary import Capability, Direction, Outcome


def bar(case: Case, started_ms: int, files: tuple[FileShown, ...] = ()) -> BarState:
    """Everybody who may see, whoever controls or leads in front, and who of them is cut off."""
    controller, lead = case.gate.controller, case.viewers.lead
    admitted = [viewer for viewer in case.viewers if viewer.is_admitted]
    admitted.sort(key=lambda each: (each.id != controller, each is not lead))
    return BarState(
        case.organisation.document.name,
        tuple(Viewer(each.certificate.name, case.gate.capabilities_of(each.id), each.id) for each in admitted),
        case.gate.holds,
        (now_ms() - started_ms) // 1000,
        tuple(
            Interruption(
                each.id,
                max(0, int(VIEW_GRACE_S - each.silent_s)),
                max(0, int(CONTROL_GRACE_S - each.silent_s)) if each.id == controller else 0,
            )
            for each in admitted
            if not each.is_present
        ),
        case.recording.state,
        files,
    )


def summary(
    case: Case, opened: Opened | None, outcome: Outcome, started_ms: int, files: tuple[FileMoved, ...]
) -> Summary:
    """Who did what for how long, and the log's fingerprint."""

    def seconds(viewer: ViewerId, capability: Capability) -> int:
        # Rounded up: what was allowed for a moment was allowed.
        return -(-case.accounts.allowed_ms(capability, viewer) // 1000)

    return Summary(
        outcome=outcome,
        organisation=case.organisation.document.name,
        ticket=opened.ticket if opened else "",
        subject=opened.subject if opened else "",
        participations=tuple(
            Participation(
                name,
                seconds(viewer, Capability.VIEW),
                seconds(viewer, Capability.CONTROL),
                case.accounts.counts[viewer].clicks,
                case.accounts.counts[viewer].keys + case.accounts.counts[viewer].characters,
                case.accounts.clipboard[viewer, Direction.TO_CUSTOMER],
                case.accounts.clipboard[viewer, Direction.FROM_CUSTOMER],
            )
            for viewer, name in case.viewers.everybody.items()
        ),
        began_at=started_ms // 1000,
        ended_at=now_ms() // 1000,
        fingerprint=case.evidence.fingerprint,
        decisions=tuple(_decisions(case)),
        recorded_s=seconds(NOBODY, Capability.RECORD),
        recording_days=case.recording.keep_days,
        position=_position(case),
        files=files,
        messages=_messages(case),
        device=next((event for event in _events(case) if isinstance(event, DeviceDescribed)), None),
    )


def _messages(case: Case) -> tuple[int, int]:
    """How many the customer wrote, and how many all others did."""
    said = [event for event in _events(case) if isinstance(event, Said)]
    by_customer = sum(event.participant == CUSTOMER for event in said)
    return by_customer, len(said) - by_customer


def _events(case: Case) -> Iterator[Event]:
    return (parse_entry(text).event for text in case.evidence.texts)


def _position(case: Case) -> str:
    """Where the log of all sessions has this one, and the checkpoint that vouches for it, as it was signed."""
    logged = case.evidence.logged.get(0)
    return f"{logged.index}\n\n{logged.checkpoint.rstrip()}" if logged else ""


def _decisions(case: Case) -> Iterator[Decision]:
    """What the customer was asked and answered, as the log has it."""
    asked: dict[int, Asked] = {}
    for entry in map(parse_entry, case.evidence.texts):
        match entry.event:
            case Asked() as question:
                asked[entry.number] = question
            case Answered(question=number, capabilities=allowed):
                who = case.viewers.everybody.get(ViewerId(asked[number].participant), "")
                yield Decision(entry.at_ms // 1000, who, asked[number].capability, frozenset(allowed))
