"""What the session's log tells of the way: of what kind it was, at worst, whenever that is another one (PROTOCOL.md, section 9)."""

from protocol.limits import PATH_TOLD_S
from protocol.messages import PathMeasured
from protocol.session_log import PathChanged
from protocol.vocabulary import Bottleneck

# So soon after the first picture there is something to tell.
_FIRST_S = 2.0
# Up to the first a reaction feels immediate, up to the second a train of thought goes on (R. B. Miller, 1968, as in `way.py`).
_NOTICED_MS, _DISTURBING_MS = 100, 1000


class WayLog:
    """Keeps the worst of what was measured since the last look. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._worst: PathMeasured | None = None
        self._due_at: float | None = None
        self._written: tuple[Bottleneck, int] | None = None

    def take(self, measured: PathMeasured | None, now: float) -> PathChanged | None:
        """Take the newest measurement, None where nobody looks; gives what is to be written down, if anything is."""
        if measured is None:
            return None
        if self._due_at is None:
            self._due_at = now + _FIRST_S
        if self._worst is None or _badness(measured) > _badness(self._worst):
            self._worst = measured
        if now < self._due_at:
            return None
        worst, self._worst, self._due_at = self._worst, None, now + PATH_TOLD_S
        if (kind := _kind(worst)) == self._written:
            return None
        self._written = kind
        return PathChanged(worst.bottleneck, worst.round_trip_ms, worst.rate_kbit)


def _badness(measured: PathMeasured) -> tuple[bool, int]:
    return measured.bottleneck is not Bottleneck.NONE, measured.round_trip_ms


def _kind(measured: PathMeasured) -> tuple[Bottleneck, int]:
    """What auditors tell apart: the part that slowed the picture down, and whether people were disturbed by it."""
    return measured.bottleneck, sum(measured.round_trip_ms >= limit for limit in (_NOTICED_MS, _DISTURBING_MS))
