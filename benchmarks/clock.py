"""The page's clock told in ours.

On Linux both are CLOCK_MONOTONIC: `performance.now()` counts from the page's time origin, which Chromium tells in the same clock
(`NavigationStart` of the DevTools' Performance.getMetrics). That this is so is not taken on trust: a question to the page is
asked many times, and each answer must lie, told in our clock, between asking and hearing it. What these brackets have in common
is how far the offset could be wrong at most. The page rounds its times to 0.1 ms.
"""

import time
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page

_QUESTIONS = 200
# What Chromium rounds performance.now() to where a page is not isolated (Time.cc, kCoarseResolution).
RESOLUTION_MS = 0.1


class ClocksDisagree(Exception):
    """The page's time origin is not where Chromium says it is."""


@dataclass(frozen=True)
class PageClock:
    """Where the page's time began, in milliseconds of our monotonic clock, and between which bounds that was checked."""

    origin_ms: float
    earliest_ms: float
    latest_ms: float

    @property
    def checked_within_ms(self) -> float:
        """How far the origin could be wrong, were Chromium's word for it wrong."""
        return max(self.latest_ms - self.origin_ms, self.origin_ms - self.earliest_ms)

    def ours_ms(self, page_ms: float) -> float:
        """A time of the page, in milliseconds of our monotonic clock."""
        return self.origin_ms + page_ms

    @classmethod
    async def of(cls, page: Page, cdp: Any) -> "PageClock":
        """Relate the clock of a page that has been loaded.

        Raises:
            ClocksDisagree: the two ways of relating them do not give the same.
        """
        await cdp.send("Performance.enable", {"timeDomain": "timeTicks"})
        metrics = (await cdp.send("Performance.getMetrics"))["metrics"]
        await cdp.send("Performance.disable")
        origin_ms = next(metric["value"] for metric in metrics if metric["name"] == "NavigationStart") * 1000
        earliest_ms, latest_ms = float("-inf"), float("inf")
        for _ in range(_QUESTIONS):
            asked_ms = time.monotonic_ns() / 1e6
            page_ms = await page.evaluate("performance.now()")
            heard_ms = time.monotonic_ns() / 1e6
            earliest_ms = max(earliest_ms, asked_ms - page_ms - RESOLUTION_MS)
            latest_ms = min(latest_ms, heard_ms - page_ms + RESOLUTION_MS)
        if not earliest_ms <= origin_ms <= latest_ms:
            raise ClocksDisagree(f"{origin_ms:.3f} ms is not between {earliest_ms:.3f} and {latest_ms:.3f} ms")
        return cls(origin_ms, earliest_ms, latest_ms)
