"""How often one address may write something without having signed in. No I/O: the time is an argument."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

PER_HOUR_MAX = 20
ADDRESSES_MAX = 10_000
HOUR_S = 3600


@dataclass
class Pace:
    """Counts what came from each address within the last hour; of too many addresses the oldest are forgotten."""

    _seen: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def admits(self, address: str, now_s: float) -> bool:
        """Whether one more is admitted now, which then counts."""
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while times and times[0] <= now_s - HOUR_S:
            times.popleft()
        while len(self._seen) > ADDRESSES_MAX:
            self._seen.popitem(last=False)
        if len(times) >= PER_HOUR_MAX:
            return False
        times.append(now_s)
        return True
