"""A customer's desktop that goes away in mid-session, as when they sign out: nobody is left waiting, and the ticket says what happened."""

import asyncio
import os
import re
import signal

import pytest
from playwright.async_api import expect

from benchmarks.meters import x_server_of
from protocol.vocabulary import Capability
from technician_viewer.errors import RoomRefused, SessionOver
from tests.journeys.scene import DEADLINE_S, Scene
from tests.journeys.stage import TOLD_WITHIN_S, Stage
from tests.journeys.text_agent import CONTROL
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually


def take_away(display: VirtualDisplay) -> None:
    """Its X server is killed, and whatever lives on it goes too."""
    os.kill(x_server_of(display.name), signal.SIGKILL)


async def test_a_session_on_a_terminal_ends_and_its_summary_can_be_read(scene: Scene) -> None:
    await scene.begin()
    await scene.agent.answer(CONTROL)
    await scene.session.wait_until_allowed(Capability.CONTROL)
    await scene.session.wait_for_picture()
    take_away(scene.display)
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises((SessionOver, RoomRefused)):
            await scene.session.wait_until(lambda: False)
    assert scene.session.capabilities == frozenset()
    assert await scene.last_entry_is('"outcome":"failed"')
    await eventually(lambda: "The session is over" in scene.agent.said(), "the summary")
    scene.agent.type("")
    await eventually(lambda: scene.agent.process.poll() is not None, "the end of the agent")
    assert scene.agent.process.returncode == 1


@pytest.mark.parametrize("is_paused", [False, True])
async def test_a_session_in_windows_ends_with_them_at_once(stage: Stage, is_paused: bool) -> None:
    await stage.reach_view()
    if is_paused:
        await stage.press("Pause")
        await stage.technician_reads(re.compile("paused", re.IGNORECASE))
    take_away(stage.display)
    await expect(stage.page.locator("body")).to_have_attribute("data-state", "ended", timeout=TOLD_WITHIN_S * 1000)
    log = await stage.log_is_complete("opened", "asked", "answered", "ended")
    assert log.entries[-1]["event"]["outcome"] == "failed"
    agent = stage.agent
    assert agent
    await eventually(lambda: agent.poll() is not None, "the end of the agent")
    assert agent.returncode == 1
