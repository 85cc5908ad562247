"""A technician who reads something else meanwhile: the session lasts behind another tab, and on return the page says what is true.

The long form, with the browser's own patience, is in tests/soak/.
"""

import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from protocol.limits import PEER_GONE_S, PICTURE_LIVE_S
from tests.journeys.stage import Server
from tests.journeys.tabs import HELD, Tabs, behind_tabs
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

# For the way back, where the machine does other things too.
_BACK_S = 8.0
_FIRST_FRAME = """() => document.addEventListener("visibilitychange", () => requestAnimationFrame(() => {
  globalThis.first = `${document.body.dataset.picture}: ${document.getElementById("live-state").textContent}`;
}))"""


@pytest.fixture
async def tabs(server: Server, xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> AsyncIterator[Tabs]:
    async with behind_tabs(server, xvfb, tmp_path, script=HELD) as tabs:
        yield tabs


async def test_a_path_that_dies_unnoticed_behind_another_tab_is_left_before_control_is_over(tabs: Tabs) -> None:
    stage = tabs.stage
    await stage.reach_control()
    await tabs.hide()
    await tabs.wait_until_held()
    tabs.cable.forsake()
    await stage.customer_reads("The connection is interrupted.")
    await stage.customer_reads("controls", deadline_s=PEER_GONE_S + _BACK_S)
    assert await tabs.is_hidden()
    await tabs.show()
    await expect(stage.page.locator("body")).to_have_attribute("data-access", "control")
    await stage.technician.wait_for_picture()
    log = await stage.log_has("cut", "resumed")
    assert log.events.count("asked") == 1


async def test_the_first_that_is_seen_of_a_page_again_says_whether_its_picture_is_live(tabs: Tabs) -> None:
    stage = tabs.stage
    await stage.reach_view()
    await stage.page.evaluate(_FIRST_FRAME)
    await tabs.hide()
    await tabs.wait_until_held()
    assert stage.agent
    stage.agent.send_signal(signal.SIGSTOP)
    try:
        stopped_s = time.monotonic()
        await eventually(lambda: time.monotonic() > stopped_s + PICTURE_LIVE_S, "a picture that is old")
        await tabs.show()
        first = await eventually(lambda: stage.page.evaluate("globalThis.first"), "the page in front")
        assert first == "late: Picture not live"
    finally:
        stage.agent.send_signal(signal.SIGCONT)
    await stage.technician.wait_for_picture()
