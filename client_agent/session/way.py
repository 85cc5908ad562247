"""The way from the customer's screen to the technician's canvas: what each part of it takes, and which one holds the picture up most.

Each part is measured by who stands there: the legs by the relay's pings, drawing by the viewer, making by ourselves, the whole by the
pace (PROTOCOL.md, section 7.6). What others say is believed for this and for nothing else.
"""

from client_agent.screen.budget import Path
from protocol.limits import MEASURED_MS_MAX
from protocol.messages import PathMeasured
from protocol.relay_messages import LegsMeasured
from protocol.vocabulary import Bottleneck, Preference

# Up to here a reaction feels immediate (R. B. Miller, Response time in man-computer conversational transactions, AFIPS 1968).
NOTICED_MS = 100
_EVERY_S = 1.0
# How much of each new measurement goes into the average.
_SHARE = 1 / 8
# What changed by less is not news.
_NEWS_MS, _NEWS_SHARE = 5, 0.2


class Way:
    """Collects what is measured; `news` gives what viewers are to be told. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._legs = LegsMeasured(0, 0, 0)
        self._making_s = 0.0
        self._drawing_ms = 0
        self._told: PathMeasured | None = None
        self._told_at = float("-inf")
        self._has_made = False

    @property
    def round_trip_s(self) -> float:
        """There and back over both legs; 0 before they are measured."""
        return (self._legs.agent_ms + self._legs.viewer_ms) / 1000

    def legs_measured(self, legs: LegsMeasured) -> None:
        """The relay has measured the ways to both ends, and itself."""
        self._legs = legs

    def drawing_timed(self, took_ms: int) -> None:
        """Whoever sets the pace has timed its drawing."""
        self._drawing_ms = took_ms

    def made(self, took_s: float) -> None:
        """A picture was captured and encoded."""
        self._making_s += _SHARE * (took_s - self._making_s)
        self._has_made = True

    def restart(self) -> None:
        """Somebody else sets the pace, or over another path: what was measured of theirs is of no use."""
        self._legs, self._drawing_ms = LegsMeasured(0, 0, 0), 0

    def tell_again(self) -> None:
        """Somebody new listens."""
        self._told = None

    def news(self, path: Path, preference: Preference, now: float) -> PathMeasured | None:
        """What is to be said of the way now: nothing where it has hardly changed or nobody goes it, and no more than once a second."""
        is_of_use = self._told is None or self._has_made or preference is not self._told.preference
        if now < self._told_at + _EVERY_S or not is_of_use:
            return None
        measured = self.measured(path, preference)
        if self._told is not None and not _is_news(self._told, measured):
            return None
        self._told, self._told_at, self._has_made = measured, now, False
        return measured

    def measured(self, path: Path, preference: Preference) -> PathMeasured:
        """All that is known of the way now."""
        legs = self._legs
        round_trip_ms = _ms(path.round_trip_s + path.queue_s)
        making_ms = _ms(self._making_s)
        parts = {
            Bottleneck.AGENT_NETWORK: legs.agent_ms,
            Bottleneck.VIEWER_NETWORK: legs.viewer_ms,
            Bottleneck.RELAY: legs.relay_ms,
            Bottleneck.AGENT_PROCESSOR: making_ms,
            Bottleneck.VIEWER_PROCESSOR: self._drawing_ms,
        }
        return PathMeasured(
            preference,
            bottleneck(parts, is_narrow=path.is_narrow),
            round_trip_ms,
            round(path.rate * 8 / 1000),
            legs.agent_ms,
            legs.relay_ms,
            legs.viewer_ms,
            making_ms,
            self._drawing_ms,
        )


def bottleneck(parts: dict[Bottleneck, int], *, is_narrow: bool) -> Bottleneck:
    """The part that takes longest, in ms each; none where all together take no time that a person would notice.

    A narrow path is noticed however short it is, and it is one of the two networks: unless drawing alone takes as long as a person notices,
    since what is acknowledged when it is shown makes the widest path look narrow then.
    """
    if is_narrow and parts[Bottleneck.VIEWER_PROCESSOR] < NOTICED_MS:
        return max((Bottleneck.AGENT_NETWORK, Bottleneck.VIEWER_NETWORK), key=parts.__getitem__)
    if sum(parts.values()) < NOTICED_MS:
        return Bottleneck.NONE
    return max(parts, key=parts.__getitem__)


def _ms(seconds: float) -> int:
    return min(round(seconds * 1000), MEASURED_MS_MAX)


def _is_news(told: PathMeasured, now: PathMeasured) -> bool:
    if (told.preference, told.bottleneck) != (now.preference, now.bottleneck):
        return True
    before = (told.round_trip_ms, told.agent_ms, told.relay_ms, told.viewer_ms, told.making_ms, told.drawing_ms)
    after = (now.round_trip_ms, now.agent_ms, now.relay_ms, now.viewer_ms, now.making_ms, now.drawing_ms)
    return any(abs(a - b) > max(_NEWS_MS, _NEWS_SHARE * b) for a, b in zip(after, before, strict=True))
