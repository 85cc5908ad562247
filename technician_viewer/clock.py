"""The clock that grace after a cut is measured with: it never goes back, and counts sleep too."""

import time


def awake_or_asleep_s() -> float:
    """Seconds since some moment in the past."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
