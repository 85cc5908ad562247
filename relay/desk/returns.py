"""Something that is sent back: refunded, repaired or exchanged. A table over events, without I/O.

agreed ──► on its way ──► received ──► refunded, repaired or exchanged, as it was agreed
   │            │             └──────► refused
   └────────────┴──► given up
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from protocol.codec import Message
from relay.desk.rules import Line, NotPossible, SomeLine

WAYS = ("refund", "repair", "exchange")
ENDS_AS: Mapping[str, str] = {"refund": "refunded", "repair": "repaired", "exchange": "exchanged"}

# What can follow; the good end of what was received depends on what was agreed.
FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "agreed": ("on_its_way", "received", "given_up"),
    "on_its_way": ("received", "given_up"),
    "received": ("refunded", "repaired", "exchanged", "refused"),
}
STATES = ("on_its_way", "received", "refunded", "repaired", "exchanged", "refused", "given_up")


class ReturnAgreed(Message, frozen=True, tag="return_agreed"):
    """The customer sends something back, and what for; `reference` stands on the parcel."""

    way: Literal["refund", "repair", "exchange"]
    reference: SomeLine


class ReturnMoved(Message, frozen=True, tag="return_moved"):
    """It came one state further."""

    to: Literal["on_its_way", "received", "refunded", "repaired", "exchanged", "refused", "given_up"]
    remark: Line


ReturnEvent = ReturnAgreed | ReturnMoved


@dataclass(frozen=True)
class Return:
    """What is sent back, and where it is; no state where nothing is."""

    state: str = ""
    way: str = ""
    reference: str = ""

    @property
    def next_states(self) -> tuple[str, ...]:
        """What can be pressed now."""
        good_ends = set(ENDS_AS.values()) - {ENDS_AS.get(self.way, "")}
        return tuple(state for state in FOLLOWS.get(self.state, ()) if state not in good_ends)

    @property
    def is_going_on(self) -> bool:
        return bool(self.next_states)


def apply(parcel: Return, event: ReturnEvent) -> Return:
    """The return after one more event.

    Raises:
        NotPossible: it does not follow from the state.
    """
    match event:
        case ReturnAgreed(way=way, reference=reference):
            if parcel.is_going_on:
                raise NotPossible("something is being sent back already")
            return Return("agreed", way, reference)
        case ReturnMoved(to=to):
            if to not in parcel.next_states:
                raise NotPossible(f"{to} does not follow {parcel.state or 'nothing'}")
            return replace(parcel, state=to)
