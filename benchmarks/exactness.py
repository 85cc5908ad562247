"""Whether the page shows the customer's screen to the last bit, and since when."""

import asyncio

import mss
import numpy
from playwright.async_api import Page

from benchmarks import fidelity
from benchmarks.canvas import Pixels
from tests.virtual_display import VirtualDisplay

CORNER_PX = 48
"""The corner at the bottom right, where the pointer rests, is not compared."""
# Whose picture is not exact and has not been drawn on for so long is done with it: at the end of a scene, and before its start.
DONE_AFTER_S, SETTLED_AFTER_S = 1.5, 0.8


async def exact_at_page_ms(
    page: Page, display: VirtualDisplay, within_s: float, *, done_after_s: float = DONE_AFTER_S
) -> float | None:
    """Since when the canvas has been equal to the customer's screen as it is now, by the page's clock, in milliseconds.

    None: it did not become so within that time, or had not been drawn on for `done_after_s`.
    """
    clock = asyncio.get_running_loop().time
    exact_at: float | None = None
    last_sum, last_draws, drawn_at = -1, -1, clock()
    end = clock() + within_s
    while clock() < end and clock() - drawn_at < done_after_s:
        # Looked at again, for a clock or the like may go on there.
        now_sum = fidelity.place_sum(grab(display), CORNER_PX)
        if now_sum != last_sum:
            last_sum = now_sum
            await page.evaluate("([sum, cut]) => probe.compare(sum, cut)", [now_sum, CORNER_PX])
        await asyncio.sleep(0.05)
        exact_at, draws = await page.evaluate("[probe.exactAt(), probe.draws()]")
        if exact_at is not None:
            break
        if draws != last_draws:
            last_draws, drawn_at = draws, clock()
    await page.evaluate("probe.stopComparing()")
    return exact_at


def grab(display: VirtualDisplay) -> Pixels:
    """The customer's screen as it is now."""
    with mss.MSS(display=display.name) as camera:
        seen = camera.grab(camera.monitors[0])
    return numpy.frombuffer(bytes(seen.raw), numpy.uint8).reshape(seen.height, seen.width, 4)
