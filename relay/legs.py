"""How long the ways to both ends of a session take, and the relay itself: told to the agent (PROTOCOL.md, section 7.6)."""

from protocol.limits import MEASURED_MS_MAX
from protocol.relay_messages import LegsMeasured

# What changed by less is not news.
_NEWS_MS, _NEWS_SHARE = 5, 0.2


class Legs:
    """What one agent has been told; `news` gives what it is to be told now."""

    def __init__(self) -> None:
        self._told: LegsMeasured | None = None

    def news(self, *, agent_s: float, viewer_s: float, relay_s: float) -> LegsMeasured | None:
        """The three as a message, where it says something new. All are 0 before anything was measured."""
        now = LegsMeasured(*(min(round(s * 1000), MEASURED_MS_MAX) for s in (agent_s, viewer_s, relay_s)))
        if self._told and not _is_news(self._told, now):
            return None
        self._told = now
        return now


def _is_news(told: LegsMeasured, now: LegsMeasured) -> bool:
    pairs = ((told.agent_ms, now.agent_ms), (told.viewer_ms, now.viewer_ms), (told.relay_ms, now.relay_ms))
    return any(abs(before - after) > max(_NEWS_MS, _NEWS_SHARE * before) for before, after in pairs)
