"""What technicians may do, decided by the customer alone (PROTOCOL.md, section 6).

The agent passes on each answer with `allow`, each withdrawal with `take_back`, tells when the relay has stored an entry, and asks
`admits` before acting on anything a technician sent. A grant waits for its entry to be stored; taking back waits for nothing.
"""

from collections.abc import Mapping, Reversible
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple, NewType

from protocol.codec import Message
from protocol.limits import PICTURE_LIVE_S
from protocol.messages import (
    AccessAsked,
    ChatWritten,
    ClipboardAsked,
    ClipboardPut,
    ControlGivenBack,
    DrawingTimed,
    Ended,
    FileAsked,
    FileClosed,
    FileCompleted,
    FileOffered,
    FilePart,
    FileReceived,
    HandedOver,
    HeadSigned,
    InputReleased,
    KeyChanged,
    KeyPictureAsked,
    Left,
    NoteWritten,
    PictureShown,
    Pinged,
    PointerButton,
    PointerMoved,
    PreferenceChosen,
    ScreenChosen,
    TextTyped,
    WheelTurned,
)
from protocol.vocabulary import Capability, Hold

ViewerId = NewType("ViewerId", str)
"""The serial number of a technician's certificate."""

NOBODY = ViewerId("")
"""To whom a recording is allowed: to no viewer, but to the organisation's auditors, later."""

# What each message needs once the technician has introduced himself. What is in neither table is refused.
NEEDED: Mapping[type[Message], Capability] = {
    ScreenChosen: Capability.VIEW,
    KeyPictureAsked: Capability.VIEW,
    PictureShown: Capability.VIEW,
    PreferenceChosen: Capability.VIEW,
    DrawingTimed: Capability.VIEW,
    NoteWritten: Capability.VIEW,
    ChatWritten: Capability.VIEW,
    PointerMoved: Capability.CONTROL,
    PointerButton: Capability.CONTROL,
    WheelTurned: Capability.CONTROL,
    KeyChanged: Capability.CONTROL,
    TextTyped: Capability.CONTROL,
    FileOffered: Capability.FILES,
    FileAsked: Capability.FILES,
    FileReceived: Capability.FILES,
    FilePart: Capability.FILES,
    FileCompleted: Capability.FILES,
    FileClosed: Capability.FILES,
    ClipboardPut: Capability.CLIPBOARD,
    ClipboardAsked: Capability.CLIPBOARD,
}
# Nothing of this while anything holds input back: then nobody acts.
_HELD: frozenset[Capability] = frozenset({Capability.CONTROL, Capability.CLIPBOARD})
ALWAYS: frozenset[type[Message]] = frozenset(
    {AccessAsked, ControlGivenBack, HandedOver, Left, InputReleased, HeadSigned, Pinged, Ended}
)


@dataclass(frozen=True)
class Grant:
    """One capability for one viewer, until a time (UTC milliseconds)."""

    viewer: ViewerId
    capability: Capability
    until_ms: int


class InForce(NamedTuple):
    """Grants that came into force, and those that ended by it because control passed to somebody else."""

    granted: tuple[Grant, ...]
    displaced: frozenset[Grant]


class ConsentGate:
    """The customer's decisions, from the first prompt to the end of the session."""

    def __init__(self) -> None:
        self._in_force: set[Grant] = set()
        self._waiting: dict[int, tuple[Grant, ...]] = {}
        self._holds: set[Hold] = set()
        self._shown_ms: dict[ViewerId, int] = {}

    def allow(self, grants: tuple[Grant, ...], entry: int) -> None:
        """Keep what the customer allowed until entry number `entry` is stored."""
        self._waiting[entry] = grants

    def entry_stored(self, entry: int) -> InForce | None:
        """Put the grants that waited for `entry` in force; None where none did. What was taken back stays gone.

        One viewer controls at a time: whoever controlled before no longer does.
        """
        grants = self._waiting.pop(entry, None)
        if not grants:
            return None
        displaced = frozenset(
            old
            for old in self._in_force
            for new in grants
            if new.capability is old.capability is Capability.CONTROL and new.viewer != old.viewer
        )
        renewed = {(grant.viewer, grant.capability) for grant in grants}
        kept = {old for old in self._in_force - displaced if (old.viewer, old.capability) not in renewed}
        self._in_force = kept | set(grants)
        return InForce(grants, displaced)

    def entry_not_stored(self, entry: int) -> tuple[Grant, ...]:
        """Forget the grants that waited for `entry`: it could not be kept. Gives what was forgotten."""
        return self._waiting.pop(entry, ())

    def take_back(self, capability: Capability, viewer: ViewerId | None = None) -> frozenset[Grant]:
        """End every grant of `capability`, of one viewer or of all, also those still waiting, and give those that were in force.

        Without sight there is no control either, nor anything to record.
        """
        gone = set(Capability) if capability is Capability.VIEW else {capability}

        def is_over(grant: Grant) -> bool:
            return grant.capability in gone and viewer in (None, grant.viewer)

        ended = frozenset(filter(is_over, self._in_force))
        self._in_force -= ended
        self._waiting = {
            entry: tuple(grant for grant in grants if not is_over(grant)) for entry, grants in self._waiting.items()
        }
        return ended

    def expire(self, now_ms: int) -> frozenset[Grant]:
        """End the grants whose time is over, and give them."""
        over = {grant for grant in self._in_force if now_ms >= grant.until_ms}
        self._in_force -= over
        return frozenset(over)

    def hold(self, hold: Hold) -> bool:
        """Hold input back; tell whether this is new."""
        is_new = hold not in self._holds
        self._holds.add(hold)
        return is_new

    def release(self, hold: Hold) -> bool:
        """Let go of one reason to hold input back; tell whether it was there."""
        was_held = hold in self._holds
        self._holds.discard(hold)
        return was_held

    def picture_shown(self, viewer: ViewerId, captured_ms: int) -> None:
        """The viewer has acknowledged a picture that was captured then."""
        self._shown_ms[viewer] = max(captured_ms, self._shown_ms.get(viewer, 0))

    def admits(self, viewer: ViewerId, message: Message, now_ms: int) -> bool:
        """Tell whether the technician's message may take effect now."""
        kind = type(message)
        if kind in ALWAYS:
            return True
        needed = NEEDED.get(kind)
        if needed is None or not any(
            g.viewer == viewer and g.capability is needed and now_ms < g.until_ms for g in self._in_force
        ):
            return False
        return needed not in _HELD or not self._holds

    def is_picture_recent(self, viewer: ViewerId, captured_ms: Reversible[int], now_ms: int) -> bool:
        """Tell whether what the viewer shows was the newest picture until two seconds ago at least.

        After a rest it may be of long ago, and the next one be on its way just now: that is no reason to hold a key.

        Args:
            captured_ms: when each of the pictures was captured, the oldest first.
        """
        if viewer not in self._shown_ms:
            return False
        unseen = takewhile(lambda captured: captured > self._shown_ms[viewer], reversed(captured_ms))
        return now_ms - min(unseen, default=now_ms) <= PICTURE_LIVE_S * 1000

    def capabilities_of(self, viewer: ViewerId) -> frozenset[Capability]:
        return frozenset(grant.capability for grant in self._in_force if grant.viewer == viewer)

    def until_ms(self, viewer: ViewerId) -> int:
        """When the first of the viewer's grants ends; 0 without one."""
        return min((grant.until_ms for grant in self._in_force if grant.viewer == viewer), default=0)

    @property
    def is_recorded(self) -> bool:
        """Whether the customer allows the recording."""
        return Capability.RECORD in self.capabilities_of(NOBODY)

    @property
    def waiting(self) -> frozenset[Grant]:
        """What the customer allowed and is not in force yet: its entry is not known to be stored."""
        return frozenset(grant for grants in self._waiting.values() for grant in grants)

    @property
    def controller(self) -> ViewerId | None:
        """Who controls now."""
        return next((grant.viewer for grant in self._in_force if grant.capability is Capability.CONTROL), None)

    @property
    def holds(self) -> frozenset[Hold]:
        """Why input is held back; empty when it is not."""
        return frozenset(self._holds)
