"""How often signing in may fail: per address, per account, and in all. No I/O; the time is an argument (seconds, monotonic)."""

from collections import OrderedDict, deque

WINDOW_S = 900
IN_ALL_FACTOR = 50
KEYS_MAX = 20_000


class SignInLimits:
    """Failures in the last quarter of an hour. What is remembered is bounded: the oldest key makes room."""

    def __init__(self, failures_max: int) -> None:
        self._failures_max = failures_max
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, address: str, account: str, now: float) -> int:
        """How long to wait before the next attempt; 0 when it may be made now."""
        return max(
            self._wait(f"address {address}", self._failures_max, now),
            self._wait(f"account {account}", self._failures_max, now),
            self._wait("all", self._failures_max * IN_ALL_FACTOR, now),
        )

    def failed(self, address: str, account: str, now: float) -> None:
        """Count one failure. Attempts are counted before they are judged, so that many at once cannot slip by."""
        for key, most in (
            (f"address {address}", self._failures_max),
            (f"account {account}", self._failures_max),
            ("all", self._failures_max * IN_ALL_FACTOR),
        ):
            times = self._failures.setdefault(key, deque(maxlen=most))
            times.append(now)
            self._failures.move_to_end(key)
        while len(self._failures) > KEYS_MAX:
            self._failures.popitem(last=False)

    def succeeded(self, address: str, account: str) -> None:
        """Forget what this address and this account got wrong, and take back the attempt just counted."""
        self._failures.pop(f"address {address}", None)
        self._failures.pop(f"account {account}", None)
        if times := self._failures.get("all"):
            times.pop()

    def _wait(self, key: str, most: int, now: float) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        while times and times[0] <= now - WINDOW_S:
            times.popleft()
        return int(times[0] + WINDOW_S - now) + 1 if len(times) >= most else 0
