"""Which picture may be sent now: as many as the path carries and the viewer shows, never more (PROTOCOL.md, section 7).

The path's rate and round trip are measured with the pictures themselves, as BBR does it (draft-ietf-ccwg-bbr, section 4.1): the
rate is the best of the last deliveries, where one that we did not fill the path with counts only if it is better; the round
trip is the shortest one seen, measured anew on a nearly empty path every ten seconds. Times are seconds of a clock that never
goes back.
"""

from collections import deque
from dataclasses import dataclass

from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.limits import PICTURES_IN_FLIGHT_MIN

# Room to find out that the path has become quicker.
_GAIN = 1.25
_DELIVERIES = 10
_ROUND_TRIP_S = 10.0
# However quickly a viewer claims to show: what may be under way at all.
_BYTES_IN_FLIGHT_MAX = 8 * 1024 * 1024
_PICTURES_IN_FLIGHT_MAX = 60


@dataclass(frozen=True, slots=True)
class _Flight:
    """A picture under way, and what had been delivered, and when, as it left."""

    number: int
    bytes: int
    sent_at: float
    delivered: int
    delivered_at: float
    is_path_full: bool
    is_path_free: bool


class Pacer:
    """Lets pictures go to the one viewer that sets the pace."""

    def __init__(self) -> None:
        self._flights: deque[_Flight] = deque()
        self._bytes_in_flight = 0
        self._delivered = 0
        self._delivered_at = 0.0
        self._rates: deque[float] = deque(maxlen=_DELIVERIES)
        self._round_trip_s = 0.0
        self._round_trip_at = float("-inf")
        self.newest_sent = 0
        self.newest_shown = 0

    def may_send(self, now: float) -> bool:
        """Tell whether one more picture may leave."""
        if len(self._flights) < PICTURES_IN_FLIGHT_MIN:
            return True
        if self._is_round_trip_old(now):
            return False
        return len(self._flights) < _PICTURES_IN_FLIGHT_MAX and self._bytes_in_flight < self._window_bytes()

    def sent(self, number: int, size: int, now: float) -> None:
        """Note that picture `number` left, `size` bytes long; numbers only grow."""
        if number <= self.newest_sent:
            raise LocalProtocolError(f"picture {number} after {self.newest_sent}")
        if not self._flights:
            # The path was idle: what was not sent cannot have been delivered meanwhile.
            self._delivered_at = now
        self.newest_sent = number
        self._bytes_in_flight += size
        is_path_full = self._bytes_in_flight >= self._window_bytes()
        is_path_free = len(self._flights) < PICTURES_IN_FLIGHT_MIN
        self._flights.append(
            _Flight(number, size, now, self._delivered, self._delivered_at, is_path_full, is_path_free)
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
        self._flights.clear()
        self._rates.clear()
        self._round_trip_at = float("-inf")
        self._bytes_in_flight = 0

    def _measure(self, arrived: _Flight, now: float) -> None:
        self._delivered_at = now
        round_trip_s = max(now - arrived.sent_at, 1e-4)
        is_due = arrived.is_path_free and self._is_round_trip_old(now)
        if round_trip_s <= self._round_trip_s or is_due:
            self._round_trip_s, self._round_trip_at = round_trip_s, now
        rate = (self._delivered - arrived.delivered) / max(now - arrived.delivered_at, 1e-4)
        if arrived.is_path_full or not self._rates or rate >= max(self._rates):
            self._rates.append(rate)

    def _is_round_trip_old(self, now: float) -> bool:
        return now > self._round_trip_at + _ROUND_TRIP_S

    def _window_bytes(self) -> float:
        return min(_GAIN * max(self._rates, default=0.0) * self._round_trip_s, _BYTES_IN_FLIGHT_MAX)
