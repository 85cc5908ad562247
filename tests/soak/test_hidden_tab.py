"""A technician who reads something else for as long as the soak lasts: `./run soak --seconds N`, each with the browser's own patience."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import mss
import pytest
from playwright.async_api import expect

from client_agent.screen.source import Box
from protocol.limits import PEER_GONE_S
from tests.client_agent.desktop import Painter
from tests.journeys.reading import says
from tests.journeys.stage import Server
from tests.journeys.tabs import Tabs, behind_tabs
from tests.organisations import short_folder
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

SECONDS = float(os.environ.get("MAINFORTE_SOAK_SECONDS", "600"))
INTERRUPTED = "The connection is interrupted."
CLOCK_EVERY_S = 0.1
# From the other tab to what the customer sees now, on the technician's own display.
CURRENT_WITHIN_S = 3.0
BACK_S = 8.0
COLOUR, COLOUR_AFTER = 0x13579B, 0x8A4B13
PLAIN = Box(0, 100, 400, 200)

WATCHES = """() => {
  const told = globalThis.told = [];
  const tell = () => told.push(["picture", "link", "access"].map((name) => document.body.dataset[name]).join(" "));
  new MutationObserver(tell).observe(document.body, { attributes: true, attributeFilter: ["data-picture", "data-link", "data-access"] });
  document.addEventListener("visibilitychange", () => requestAnimationFrame(tell));
}"""
LIVE = "live  control"


@pytest.fixture
async def tabs(xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> AsyncIterator[Tabs]:
    with short_folder() as folder:
        server = await asyncio.to_thread(Server, folder)
        async with behind_tabs(server, xvfb, tmp_path) as tabs:
            yield tabs
        server.stop()


@pytest.fixture
def painter(tabs: Tabs) -> Any:
    painter = Painter(tabs.stage.display, Box(300, 200, 400, 300))
    yield painter
    painter.close()


def shows(display: VirtualDisplay, colour: int) -> bool:
    """Whether much of what the technician has in front is of this colour."""
    with mss.MSS(display=display.name) as camera:
        picture = camera.grab(camera.monitors[0])
    pixel = colour.to_bytes(3)
    return picture.rgb.count(pixel) > PLAIN.width * PLAIN.height // 4


async def begin(tabs: Tabs) -> None:
    """The technician controls, and then another tab is in front, for so long that timers wait."""
    await tabs.stage.reach_control()
    await tabs.stage.page.evaluate(WATCHES)
    await tabs.hide()
    await tabs.wait_until_held()


async def come_back(tabs: Tabs, painter: Painter) -> None:
    """The tab is in front again, and is what the customer sees, then and from then on."""
    painter.fill(PLAIN, COLOUR)
    await tabs.show()
    await eventually(lambda: shows(tabs.display, COLOUR), "what was painted before", deadline_s=CURRENT_WITHIN_S)
    painter.fill(PLAIN, COLOUR_AFTER)
    await eventually(lambda: shows(tabs.display, COLOUR_AFTER), "what is painted after", deadline_s=CURRENT_WITHIN_S)


async def paint_clock(painter: Painter) -> None:
    number = 0
    while True:
        number += 1
        painter.fill(Box(10 + number % 30 * 12, 20, 10, 40), number * 7919 & 0xFFFFFF)
        await asyncio.sleep(CLOCK_EVERY_S)


@pytest.mark.soak
@pytest.mark.parametrize("is_busy", [False, True], ids=["at rest", "with a clock that is painted ten times a second"])
async def test_behind_another_tab_nobody_is_missed(tabs: Tabs, painter: Painter, *, is_busy: bool) -> None:
    stage, until = tabs.stage, time.monotonic() + SECONDS
    painting = asyncio.create_task(paint_clock(painter)) if is_busy else None
    await begin(tabs)
    while time.monotonic() < until:
        assert not await asyncio.to_thread(says, stage.display, INTERRUPTED)
        await asyncio.sleep(0.5)
    await come_back(tabs, painter)
    assert set(await stage.page.evaluate("told")) == {LIVE}
    assert "cut" not in (await stage.log()).events
    if painting:
        painting.cancel()
        with suppress(asyncio.CancelledError):
            await painting


@pytest.mark.soak
async def test_behind_another_tab_a_dead_path_and_a_killed_relay_are_come_back_from(
    tabs: Tabs, painter: Painter
) -> None:
    stage = tabs.stage
    await begin(tabs)
    tabs.cable.forsake()
    await stage.customer_reads(INTERRUPTED)
    await stage.customer_reads("controls", deadline_s=PEER_GONE_S + BACK_S)
    stage.server.kill()
    await stage.customer_reads(INTERRUPTED)
    await asyncio.to_thread(stage.server.start)
    await stage.customer_reads("controls")
    await come_back(tabs, painter)
    await expect(stage.page.locator("body")).to_have_attribute("data-access", "control")
    log = await stage.log_has("cut", "resumed", "cut", "resumed")
    assert log.events.count("asked") == 1
