"""Whether a connection loses much of what it is given, and what is left of it then: from what TCP tells, by arithmetic alone.

On a path that loses packets at random, TCP takes each loss for a queue and lets only a few segments be under way, whatever the path could
carry; what is handed over beyond them waits in the system, and so does all that comes after it (docs/decisions/0011).
"""

from dataclasses import dataclass
from math import exp

from client_agent.tcp_info import TcpInfo

# Losses are many from so many and such a share of what was sent on, and few again below the lower one. Where nothing but a full queue
# loses packets, it is less: one loss, or one burst of them, brings the window below what fills the queue.
_MANY, _MANY_SHARE, _FEW_SHARE = 2, 0.02, 0.01
# What was sent longer ago than so many segments counts half.
_REMEMBERED_SEGMENTS = 400
# Of one burst, however many segments were in it, for so many round trips.
_ONE_LOSS_ROUND_TRIPS = 2
# Over a shorter way than this, what was lost is there again before anybody notices; and a busy machine, whose acknowledgements are late,
# looks as if it lost some.
_FAR_S = 0.03
# Over how long the window is averaged: each loss nearly halves it.
_AVERAGED_S = 5.0


@dataclass(frozen=True, slots=True)
class Lossy:
    """What TCP makes of a path that loses much."""

    rate: float
    """What it carries on the average, bytes a second."""
    room_bytes: int
    """How much more leaves at once now, without waiting for anything that was sent before."""
    is_idle: bool
    """Nothing is under way, and nothing waits."""


class Losses:
    """What is lost on one connection. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self.are_many = False
        self._sent = self._lost = 0.0
        self._before: TcpInfo | None = None
        self._lost_at = float("-inf")
        self._rate = 0.0
        self._averaged_at = 0.0

    def learn(self, info: TcpInfo, now: float) -> Lossy | None:
        """Take what TCP tells now; gives what it makes of the path where that loses much, and None where it does not."""
        self._count(info, now)
        self._average(info, now)
        self._before = info
        share = self._lost / max(self._sent, 1)
        are_many = share >= _FEW_SHARE if self.are_many else self._lost >= _MANY and share >= _MANY_SHARE
        self.are_many = are_many and info.shortest_round_trip_s >= _FAR_S
        if not self.are_many:
            return None
        room = (info.window - info.under_way) * info.segment_bytes - info.unsent_bytes
        is_idle = not info.under_way and not info.unsent_bytes
        return Lossy(self._rate, max(0, room), is_idle)

    def _count(self, info: TcpInfo, now: float) -> None:
        sent_before, again_before = (self._before.sent, self._before.sent_again) if self._before else (0, 0)
        self._sent += info.sent - sent_before
        if info.sent_again > again_before and now >= self._lost_at + _ONE_LOSS_ROUND_TRIPS * info.round_trip_s:
            self._lost += 1
            self._lost_at = now
        if self._sent > _REMEMBERED_SEGMENTS:
            self._sent, self._lost = self._sent / 2, self._lost / 2

    def _average(self, info: TcpInfo, now: float) -> None:
        rate = info.window * info.segment_bytes / max(info.round_trip_s, 1e-4)
        share = 1 - exp(-(now - self._averaged_at) / _AVERAGED_S) if self._before else 1.0
        self._rate += share * (rate - self._rate)
        self._averaged_at = now
