"""What may be sent now: as much as the path carries and the viewer shows, never more (PROTOCOL.md, section 7).

The path's rate and round trip are measured with the pictures themselves, as BBR does it (draft-ietf-ccwg-bbr, section 4.1): the
rate is the best of the last deliveries, where one that we did not fill the path with counts only if it is better; the round
trip is the shortest one seen, measured anew on a nearly empty path every ten seconds. What is more urgent may be under way in
greater amounts, so that a typed letter never waits for a film to be shown. Where the path loses much, TCP's own word stands for the
rate, and what moves leaves only while TCP has room for it and for a letter after it (`client_agent/losses.py`). How good pictures may be
is decided in `budget.py`.
Times are seconds of a clock that never goes back.
"""

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from client_agent.losses import Lossy
from client_agent.screen.budget import Path
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.limits import PICTURES_IN_FLIGHT_MIN

# Room to find out that the path has become quicker, while nothing says that it is full.
_GAIN = 1.25
_DELIVERIES = 10
_ROUND_TRIP_S = 10.0
# Changes go on while the round trip is measured anew, unless that never comes to an end for them.
_ROUND_TRIP_AT_LAST_S = 20.0
# However quickly a viewer claims to show: what may be under way at all.
_BYTES_IN_FLIGHT_MAX = 8 * 1024 * 1024
_PICTURES_IN_FLIGHT_MAX = 60
# A change may join what fills the path already: it then waits for this much of it, or a quarter of a round trip, at most.
_CHANGE_RESERVE_S = 0.05
# Refinement leaves room for what comes next.
_REFINEMENT_SHARE = 0.9
# The least of so many waits is what waits always: a late answer of a busy browser is not a queue.
_WAITS = 4
# No viewer takes longer than this to show a picture that has arrived.
_SHOWING_S = 0.05
# From here on something queues on the path.
_QUEUE_S = 0.02
# What moves may have grows by so much a round trip while nothing queues, and shrinks by so much when something does.
_GROWTH, _SHRINKAGE = 1.05, 0.85
_MOTION_SHARE_FIRST = 0.7
# A film that needs less than it may have says nothing of what the path carries, only of itself. So it has this share of what the path
# has been seen to carry: from its first picture on, and however late its pictures are, as all of them are on a busy machine.
_MOTION_SHARE_LEAST = 0.5
_MOTION_RATE_MIN = 4_000.0
# What a path is taken to carry until something has queued on it: a little more than TCP itself begins with (RFC 6928).
_FIRST_BYTES_A_ROUND_TRIP = 32 * 1024
# Of what TCP carries on a lossy path: the more is under way, the more often a letter waits for something to be sent again. And what has to
# fit before something that moves may leave: a picture of one segment, and a letter after it.
_MOTION_SHARE_LOSSY, _ROOM_BYTES_LOSSY = 0.5, 2800
# What has to be under way for its being late to say that the path carries no more.
_EVIDENCE_BYTES, _EVIDENCE_S = 48 * 1024, 0.15


class Urgency(IntEnum):
    """What goes before what."""

    REFINEMENT = 0
    """Makes exact what is shown already."""
    MOTION = 1
    """A region that keeps moving."""
    CHANGE = 2
    """All else: text, windows, the pointer."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A picture under way, and what had been delivered, and when, as it left."""

    number: int
    bytes: int
    sent_at: float
    delivered: int
    delivered_at: float
    under_way: int
    """How many bytes were under way then, its own among them."""
    is_path_full: bool
    is_path_free: bool


class Pacer:
    """Lets pictures go to the one viewer that sets the pace."""

    def __init__(self) -> None:
        self.newest_sent = 0
        self.newest_shown = 0
        self._lossy: Lossy | None = None
        self._delivered = 0
        self._delivered_at = 0.0
        self._forget()

    def expect(self, round_trip_s: float) -> None:
        """Take what others measured of the path: how long there and back takes, without showing anything.

        It counts before the first picture was shown; and later where pictures alone, each of them large, would make a long path of it.
        """
        if not self._rates:
            self._round_trip_s = round_trip_s
        elif round_trip_s > 0:
            self._round_trip_s = min(self._round_trip_s, round_trip_s + _SHOWING_S)

    def lose(self, lossy: Lossy | None) -> None:
        """Take what the connection makes of a path that loses much; None where it does not, or where nobody knows."""
        self._lossy = lossy

    @property
    def path(self) -> Path:
        """What is known of the path now."""
        rate = self._likely_rate
        if self._lossy:
            # What is late here was lost, so that it says nothing of what the path could carry.
            rate = self._lossy.rate
            motion_rate = _MOTION_SHARE_LOSSY * rate
        else:
            motion_rate = self._motion_rate or _MOTION_SHARE_FIRST * rate
        return Path(
            rate=rate,
            motion_rate=motion_rate,
            round_trip_s=self._round_trip_s,
            queue_s=self._queue_s,
            excess=max(0.0, self._bytes_in_flight - rate * self._round_trip_s),
            is_lossy=self._lossy is not None,
        )

    def may_send(self, now: float, urgency: Urgency = Urgency.CHANGE) -> bool:
        """Tell whether one more picture may leave that holds nothing less urgent than this."""
        if urgency < Urgency.CHANGE and not self._has_room:
            return False
        if len(self._flights) < PICTURES_IN_FLIGHT_MIN:
            return True
        overdue_s = now - self._round_trip_at
        if overdue_s > (_ROUND_TRIP_AT_LAST_S if urgency is Urgency.CHANGE else _ROUND_TRIP_S):
            return False
        under_way = self._bytes_in_flight
        if len(self._flights) == PICTURES_IN_FLIGHT_MIN and not self._is_queueing:
            # Where few pictures fill the path, one is just entering or leaving it: a third finds out what it carries.
            under_way -= self._flights[0].bytes
        return len(self._flights) < _PICTURES_IN_FLIGHT_MAX and under_way < self._window_bytes(urgency)

    @property
    def is_held_by_losses(self) -> bool:
        """Whether nothing that can wait may leave, whatever is shown: what was lost is being sent again."""
        return not self._has_room

    def sent(self, number: int, size: int, now: float) -> None:
        """Note that picture `number` left, `size` bytes long; numbers only grow."""
        if number <= self.newest_sent:
            raise LocalProtocolError(f"picture {number} after {self.newest_sent}")
        if not self._flights:
            # The path was idle: what was not sent cannot have been delivered meanwhile.
            self._delivered_at = now
        self.newest_sent = number
        self._bytes_in_flight += size
        is_path_full = self._bytes_in_flight >= self._window_bytes(Urgency.REFINEMENT)
        is_path_free = len(self._flights) < PICTURES_IN_FLIGHT_MIN
        self._flights.append(
            _Flight(
                *(number, size, now, self._delivered, self._delivered_at, self._bytes_in_flight),
                is_path_full=is_path_full,
                is_path_free=is_path_free,
            )
        )

    def shown(self, number: int, now: float) -> None:
        """Note that the viewer shows picture `number` and all before it; what it said earlier already changes nothing.

        Raises:
            RemoteProtocolError: a picture that was never sent.
        """
        if number > self.newest_sent:
            raise RemoteProtocolError(f"picture {number} shown where {self.newest_sent} is the newest")
        self.newest_shown = max(self.newest_shown, number)
        arrived: _Flight | None = None
        while self._flights and self._flights[0].number <= number:
            arrived = self._flights.popleft()
            self._bytes_in_flight -= arrived.bytes
            self._delivered += arrived.bytes
        if arrived is not None:
            self._measure(arrived, now)

    def behind_s(self, now: float) -> float:
        """For how long the oldest picture under way has not been shown; 0 where the viewer shows the newest."""
        return now - self._flights[0].sent_at if self._flights else 0.0

    def restart(self) -> None:
        """Forget what is under way and what the path was like: another viewer sets the pace, or another path leads there.

        What was sent stays sent: its acknowledgements may still come.
        """
        self._forget()

    def _forget(self) -> None:
        self._flights: deque[_Flight] = deque()
        self._bytes_in_flight = 0
        self._rates: deque[float] = deque(maxlen=_DELIVERIES)
        self._waits: deque[float] = deque(maxlen=_WAITS)
        self._round_trip_s = 0.0
        self._round_trip_at = float("-inf")
        # Something has queued: the rate is the path's own, not only what was asked of it.
        self._is_limit_known = False
        self._motion_rate = 0.0
        self._judged_at = float("-inf")

    def _measure(self, arrived: _Flight, now: float) -> None:
        self._delivered_at = now
        round_trip_s = max(now - arrived.sent_at, 1e-4)
        is_due = arrived.is_path_free and now > self._round_trip_at + _ROUND_TRIP_S
        if not self._round_trip_s or round_trip_s <= self._round_trip_s or is_due:
            self._round_trip_s, self._round_trip_at = round_trip_s, now
        rate = (self._delivered - arrived.delivered) / max(now - arrived.delivered_at, 1e-4)
        own_s = arrived.bytes / self._rate if self._is_limit_known else 0.0
        self._waits.append(max(round_trip_s - self._round_trip_s - own_s, 0.0))
        # Little that comes late says something of a busy processor, or of a single loss, and nothing of what the path carries.
        is_evidence = arrived.under_way >= min(_EVIDENCE_BYTES, _EVIDENCE_S * self._rate or _EVIDENCE_BYTES)
        self._is_limit_known |= self._is_queueing and is_evidence
        if rate >= self._rate or (is_evidence and (arrived.is_path_full or self._is_queueing)):
            self._rates.append(rate)
        if now >= self._judged_at + self._round_trip_s:
            self._judged_at = now
            self._judge(rate)

    def _judge(self, rate: float) -> None:
        """Once a round trip: what moves may have more while nothing queues, and less when something does."""
        likely = self._likely_rate
        so_far = self._motion_rate or _MOTION_SHARE_FIRST * likely
        less, more = max(_SHRINKAGE * min(so_far, rate), _MOTION_RATE_MIN), min(_GROWTH * so_far, _GAIN * likely)
        self._motion_rate = max(less if self._is_queueing else more, _MOTION_SHARE_LEAST * self._rate)

    @property
    def _has_room(self) -> bool:
        """Whether what leaves now waits for nothing that left before, as far as TCP tells."""
        return self._lossy is None or self._lossy.is_idle or self._lossy.room_bytes >= _ROOM_BYTES_LOSSY

    @property
    def _rate(self) -> float:
        """What the path has been seen to carry, bytes a second: at best, or while something queues on the average."""
        if self._is_queueing and self._is_limit_known:
            return sum(self._rates) / len(self._rates)
        return max(self._rates, default=0.0)

    @property
    def _likely_rate(self) -> float:
        """What it carries, as far as one can tell: while nothing has ever queued, more than was asked of it."""
        if self._is_limit_known or not self._round_trip_s:
            return self._rate
        return max(self._rate, _FIRST_BYTES_A_ROUND_TRIP / self._round_trip_s)

    @property
    def _queue_s(self) -> float:
        return min(self._waits) if len(self._waits) == _WAITS else 0.0

    @property
    def _is_queueing(self) -> bool:
        return self._queue_s > max(_QUEUE_S, self._round_trip_s / 10)

    def _window_bytes(self, urgency: Urgency) -> float:
        rate = min(self._rate, self._lossy.rate) if self._lossy else self._rate
        window = (1.0 if self._is_queueing else _GAIN) * rate * self._round_trip_s
        if urgency is Urgency.REFINEMENT:
            window *= _REFINEMENT_SHARE
        elif urgency is Urgency.CHANGE:
            window += min(_CHANGE_RESERVE_S, self._round_trip_s / 4) * rate
        return min(window, _BYTES_IN_FLIGHT_MAX)
