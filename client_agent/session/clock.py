"""The two clocks of a session: the one on the wall, and the one that goes on while the machine sleeps."""

import time


def now_ms() -> int:
    """UTC milliseconds, for entries and messages."""
    return time.time_ns() // 1_000_000


def awake_or_asleep_s() -> float:
    """Seconds of a clock that never goes back and counts sleep too: what grace after a cut is measured with."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
