"""A path of a certain rate, delay and loss, and a screen with something typed beside something that moves, played without a clock."""

import random
from collections import deque
from dataclasses import dataclass, field

from client_agent.screen.budget import Budget, budget
from client_agent.screen.pacing import Pacer, Urgency
from protocol.vocabulary import Preference

SEGMENT_BYTES = 1448
GLYPH_BYTES = 150
_STEP_S = 0.002


@dataclass
class PathModel:
    """What TCP makes of it: in order, nothing lost for good, a lost segment comes a round trip and a quarter later."""

    rate: float
    round_trip_s: float
    loss: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    _free_at: float = 0.0
    _arrived_at: float = 0.0

    def carry(self, size: int, now: float) -> float:
        """When it is known at the sender that `size` bytes sent now have arrived."""
        self._free_at = max(self._free_at, now) + size / self.rate
        arrives_at = self._free_at + self.round_trip_s / 2
        if self.chance.random() > (1 - self.loss) ** -(-size // SEGMENT_BYTES):
            arrives_at += 1.25 * self.round_trip_s
        self._arrived_at = max(self._arrived_at, arrives_at)
        return self._arrived_at + self.round_trip_s / 2

    def queue_s(self, now: float) -> float:
        """What was sent and still waits for the path."""
        return max(self._free_at - now, 0.0)


@dataclass
class Seen:
    """What came of it, times in seconds."""

    glyphs_s: list[float] = field(default_factory=list)
    """From typing to hearing that the letter is shown."""
    queues_s: list[float] = field(default_factory=list)
    moved_bytes: int = 0
    moved: int = 0
    bytes_in_flight_max: int = 0
    budgets: list[Budget] = field(default_factory=list)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


class Scene:
    """A technician watches: letters are typed now and then, and a region moves at 30 pictures a second where `is_moving`."""

    def __init__(
        self,
        path: PathModel,
        *,
        preference: Preference = Preference.AUTOMATIC,
        is_moving: bool = True,
        refines: bool = False,
        picture_bytes_max: int = 30_000,
        varies: float = 0.0,
        step_s: float = _STEP_S,
    ) -> None:
        """Take what is played.

        Args:
            path: what carries it.
            preference: what the technician wishes.
            is_moving: whether something moves.
            refines: whether there is always something that could be made exact.
            picture_bytes_max: no picture of what moves needs more.
            varies: by which share of its size such a picture may be smaller or larger than most, within its budget.
            step_s: how often one looks whether something happened.
        """
        self.path, self.preference, self.is_moving, self.refines = path, preference, is_moving, refines
        self.picture_bytes_max, self.varies, self.step_s = picture_bytes_max, varies, step_s
        self.pacer = Pacer()
        self.now = 0.0
        self._under_way: deque[tuple[float, int, int, float | None]] = deque()
        self._typed_at: float | None = None
        self._type_at = 0.1
        self._move_at = 0.0

    def play(self, seconds: float) -> Seen:
        """Go on for so long."""
        seen, end = Seen(), self.now + seconds
        while self.now < end:
            self._hear(seen)
            self._happen()
            self._send(seen)
            seen.queues_s.append(self.path.queue_s(self.now))
            seen.bytes_in_flight_max = max(seen.bytes_in_flight_max, sum(size for _, _, size, _ in self._under_way))
            self.now += self.step_s
        return seen

    def _hear(self, seen: Seen) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, number, _, typed_at = self._under_way.popleft()
            self.pacer.shown(number, self.now)
            if typed_at is not None:
                seen.glyphs_s.append(self.now - typed_at)

    def _happen(self) -> None:
        if self.now >= self._type_at and self._typed_at is None:
            self._typed_at = self.now
            self._type_at = self.now + self.path.chance.uniform(0.08, 0.2)

    def _send(self, seen: Seen) -> None:
        if self._typed_at is None and not self.refines and not (self.is_moving and self.now >= self._move_at):
            return
        allowed = budget(self.pacer.path, self.preference)
        size = 0
        if self._typed_at is not None and self.pacer.may_send(self.now, Urgency.CHANGE):
            size += GLYPH_BYTES
        if self.is_moving and self.now >= self._move_at and self.pacer.may_send(self.now, Urgency.MOTION):
            fps = min(allowed.pictures_a_second, 30.0)
            usual = allowed.video_kbit * 125 / fps
            if self.varies:
                usual *= self.path.chance.uniform(1 - self.varies, 1 + self.varies)
            moving = min(allowed.moving_bytes, int(usual), self.picture_bytes_max)
            size += moving
            seen.moved_bytes += moving
            seen.moved += 1
            self._move_at = max(self._move_at + 1 / fps, self.now)
        if not size and self.refines and self.pacer.may_send(self.now, Urgency.REFINEMENT):
            size = min(allowed.refining_bytes, 100_000)
            seen.moved_bytes += size
        if size:
            number = self.pacer.newest_sent + 1
            self.pacer.sent(number, size, self.now)
            self._under_way.append((self.path.carry(size, self.now), number, size, self._typed_at))
            self._typed_at = None
            seen.budgets.append(allowed)
