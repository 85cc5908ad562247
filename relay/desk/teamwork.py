"""What colleagues do together on one case: ask somebody who knows, hand it to a person by name, look into another program. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from protocol.codec import Message
from relay.desk.rules import Line, NotPossible, Slug, SomeLine, SomeText


class ConsultationAsked(Message, frozen=True, tag="consultation_asked"):
    """Somebody who knows the matter is asked; the case stays where it is."""

    whom: SomeLine
    question: SomeText


class ConsultationAnswered(Message, frozen=True, tag="consultation_answered"):
    """What they say."""

    whom: SomeLine
    answer: SomeText


class HandedTo(Message, frozen=True, tag="handed_to"):
    """The case goes to a colleague by name, at the level where it is; `instead_of` is who had it."""

    to: SomeLine
    instead_of: Line
    reason: SomeText


class ToolUsed(Message, frozen=True, tag="tool_used"):
    """Another program was asked, and what it said."""

    tool: Slug
    result: SomeText


TeamEvent = ConsultationAsked | ConsultationAnswered | HandedTo | ToolUsed


@dataclass(frozen=True)
class Consultation:
    """A question to one person; without an answer it still waits."""

    whom: str
    question: str
    answer: str = ""


Consultations = tuple[Consultation, ...]


def asked(consultations: Consultations, event: ConsultationAsked) -> Consultations:
    """Raises NotPossible where that person has not answered the last question yet."""
    if any(one.whom == event.whom and not one.answer for one in consultations):
        raise NotPossible(f"{event.whom} has been asked and has not answered yet")
    return (*consultations, Consultation(event.whom, event.question))


def answered(consultations: Consultations, event: ConsultationAnswered) -> Consultations:
    """Raises NotPossible where nobody asked them."""
    if event.whom not in waiting_for(consultations):
        raise NotPossible(f"{event.whom} was not asked")
    return tuple(
        replace(one, answer=event.answer) if one.whom == event.whom and not one.answer else one for one in consultations
    )


def waiting_for(consultations: Iterable[Consultation]) -> frozenset[str]:
    """Who was asked and has not answered yet."""
    return frozenset(one.whom for one in consultations if not one.answer)
