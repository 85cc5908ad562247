"""From the customer's click on *allow* until the page shows the screen to the last bit.

Meanwhile both ends do no more than keep copies of what they show, which takes some milliseconds each; they are compared afterwards. So
what is measured hardly waits for whoever measures, on two cores.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import mss
import numpy
import xcffib
import xcffib.xproto
import xcffib.xtest
from playwright.async_api import Page, Playwright

from benchmarks import fidelity
from benchmarks.canvas import Pixels
from benchmarks.clock import PageClock
from benchmarks.exactness import CORNER_PX
from benchmarks.peers.ours import Ours
from benchmarks.playing import Played
from benchmarks.stage import placed
from benchmarks.x11_watch import PaintWatch
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

_ALLOW = "Let them see and control"
# The button reacts a second after the question can be seen: one click is enough then.
_REACTS_AFTER_S = 1.5
# Nothing more comes of the answer where the page has not been drawn on for so long.
_STILL_MS = 700.0
_COPIES_MAX = 100
_LOOKS_EVERY_S = 0.05


class NeverExact(Exception):
    """The page showed nothing that the screen had shown."""


async def allow(playwright: Playwright, size: tuple[int, int]) -> Played:
    """Set up a session of ours, let the customer allow it, and measure until the first exact picture.

    Raises:
        NeverExact: there was none.
    """
    async with AsyncExitStack() as stack:
        place = await placed(stack, playwright, size=size)
        asked = await Ours().ask(stack, place)
        display, page = place.display, place.page
        clock = await PageClock.of(page, await page.context.new_cdp_session(page))
        await asyncio.sleep(_REACTS_AFTER_S)
        await asyncio.to_thread(asked.customer.point_at, _ALLOW)
        await page.evaluate("probe.keepWhole()")
        with copies(display) as shown:
            clicked_ns = click(display)
            await eventually(lambda: _is_still(page), "a page that shows the screen", deadline_s=30)
        seen: list[tuple[float, int]] = await page.evaluate("cut => probe.wholeSums(cut)", CORNER_PX)
        sums = {fidelity.place_sum(each, CORNER_PX) for each in shown}
        exact_at_ms = next((at for at, sum_ in seen if sum_ in sums), None)
        if exact_at_ms is None:
            raise NeverExact(f"{len(seen)} pictures at the page, {len(shown)} on the screen")
        took_ms = clock.ours_ms(exact_at_ms) - clicked_ns / 1e6
        return Played([took_ms], 1, 1, 0, took_ms / 1000, 0, 0, 0, {}, None)


async def _is_still(page: Page) -> bool:
    still_ms = await page.evaluate("probe.stillMs()")
    return still_ms is not None and still_ms > _STILL_MS


def click(display: VirtualDisplay) -> int:
    """Click where the pointer is, as a mouse does (XTEST); gives when (CLOCK_MONOTONIC, nanoseconds)."""
    connection = xcffib.connect(display=display.name)
    try:
        hand = connection(xcffib.xtest.key)
        root = connection.get_setup().roots[0].root
        clicked_ns = time.monotonic_ns()
        for event in (xcffib.xproto.ButtonPressEvent, xcffib.xproto.ButtonReleaseEvent):
            hand.FakeInput(event.event_number, 1, 0, root, 0, 0, 0)
        connection.core.GetInputFocus().reply()  # answered after both
        return clicked_ns
    finally:
        connection.disconnect()


@contextmanager
def copies(display: VirtualDisplay) -> Iterator[list[Pixels]]:
    """Keep a copy of the display whenever something was painted there, and at most so many, until the end of the block."""
    kept: list[Pixels] = []
    is_over = threading.Event()

    def keep() -> None:
        connection = xcffib.connect(display=display.name)
        watch = PaintWatch(connection)
        with mss.MSS(display=display.name) as camera:
            while not is_over.is_set() and len(kept) < _COPIES_MAX:
                watch.begin()
                seen = camera.grab(camera.monitors[0])
                kept.append(numpy.frombuffer(bytes(seen.raw), numpy.uint8).reshape(seen.height, seen.width, 4))
                while not watch.is_painted(_LOOKS_EVERY_S) and not is_over.is_set():
                    pass
        connection.disconnect()

    keeper = threading.Thread(target=keep, name="copies of the screen")
    keeper.start()
    try:
        yield kept
    finally:
        is_over.set()
        keeper.join()
