"""How well a call was led: what its events say by themselves, the criteria that a reviewer marks, and the score. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relay.desk import guided_call, levels

KEPT, MISSED, NOT_APPLICABLE = "kept", "missed", "n/a"
MARKS = (KEPT, MISSED, NOT_APPLICABLE)
CLOSING_SHORT_S = 15
"""A closing that is quicker left no room for another question, for thanks and for the customer's goodbye."""


@dataclass(frozen=True)
class Criterion:
    """What is looked at; a critical one that is missed makes the score zero."""

    name: str
    weight: int
    is_critical: bool = False


CRITERIA = (
    Criterion("greeting", 2),
    Criterion("identity", 3, is_critical=True),
    Criterion("listening", 2),
    Criterion("empathy", 2),
    Criterion("assessment", 2),
    Criterion("proposal", 1),
    Criterion("closing", 2),
    Criterion("consent", 3, is_critical=True),
)


@dataclass(frozen=True)
class Facts:
    """What the events of one contact say without a reviewer."""

    seconds: int = 0
    marks: Mapping[str, str] | None = None
    """A first mark for each criterion that events can tell of."""
    conclusion_s: int | None = None
    """How long the conclusion took; None where there was none."""

    @property
    def is_closing_short(self) -> bool:
        return self.conclusion_s is None or self.conclusion_s < CLOSING_SHORT_S


def score(marks: Mapping[str, str]) -> int | None:
    """Of a hundred: Σ weight kept ÷ Σ weight that applies; None where nothing applies."""
    applies = [one for one in CRITERIA if marks.get(one.name, NOT_APPLICABLE) != NOT_APPLICABLE]
    if not applies:
        return None
    if any(one.is_critical and marks[one.name] == MISSED for one in applies):
        return 0
    kept = sum(one.weight for one in applies if marks[one.name] == KEPT)
    return round(100 * kept / sum(one.weight for one in applies))


_CONCLUDES = (levels.CustomerTested, levels.CustomerInformed)


def facts_of(history: Sequence[tuple[datetime, Any]]) -> Facts:
    """The last contact that has ended, out of all events of a ticket with their times, in order."""
    ended = [number for number, (_, event) in enumerate(history) if isinstance(event, guided_call.CallEnded)]
    if not ended:
        return Facts()
    end = ended[-1]
    begun = [n for n, (_, event) in enumerate(history[:end]) if isinstance(event, guided_call.CallBegun)]
    if not begun:
        return Facts()
    call = history[begun[-1] : end + 1]
    events = [event for _, event in call]
    said = {event.moment for event in events if isinstance(event, guided_call.ScriptSaid)}

    def mark(is_kept: bool) -> str:
        return KEPT if is_kept else MISSED

    marks = {
        "greeting": mark("greeting" in said),
        "identity": mark(any(isinstance(one, guided_call.IdentityChecked) for one in events)),
        "listening": mark(any(isinstance(one, guided_call.WordsHeard) for one in events)),
        "empathy": mark("empathy" in said),
        "assessment": mark(any(isinstance(one, levels.Assessed) for one in events)),
        "proposal": mark(any(isinstance(one, guided_call.OptionChosen) for one in events)),
        "closing": mark("closing" in said),
    }
    concluding = [at for at, event in call if isinstance(event, _CONCLUDES) or _is_closing(event)]
    over = call[-1][0]
    return Facts(
        seconds=round((over - call[0][0]).total_seconds()),
        marks=marks,
        conclusion_s=round((over - concluding[0]).total_seconds()) if concluding else None,
    )


def _is_closing(event: Any) -> bool:
    return isinstance(event, guided_call.ScriptSaid) and event.moment == "closing"
