"""An upgrade: one relay ends on SIGTERM, the next begins on the same port, and both ends of a session go on."""

import contextlib
import time
from collections.abc import Iterator

import aiohttp
import pytest

from protocol.identity import sign_arrival
from protocol.relay_messages import AgentCame, AgentPresent, EntryStored, EntrySubmitted, PeerJoined, Refused
from protocol.session_log import Cut
from tests.organisations import short_folder
from tests.relay.desk.conftest import Relay, serve, serving, sign_in
from tests.relay.desk.test_sharing import Line, Running, arrive, begin, viewer_came


async def meet(stack: contextlib.AsyncExitStack, relay: Relay, running: Running) -> tuple[Line, Line]:
    """The session's agent and its technician, brought together by the relay."""
    at_ms = time.time_ns() // 1_000_000
    came = AgentCame(running.session, at_ms, sign_arrival(running.session, at_ms, running.agent))
    agent = await arrive(stack, relay, came)
    viewer = await arrive(stack, relay, viewer_came(running, running.certificate, running.key))
    assert await agent.hear() == PeerJoined(1)
    assert await viewer.hear() == AgentPresent()
    return agent, viewer


@pytest.fixture
def relay() -> Iterator[Relay]:
    """One of the test's own, which it ends."""
    with short_folder() as folder, serving(folder) as relay:
        yield relay


async def test_a_session_goes_on_at_the_relay_that_follows_and_no_entry_is_lost(relay: Relay) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        technician = await sign_in(relay, "camille", await stack.enter_async_context(client))
        running = await begin(technician)
        agent, viewer = await meet(stack, relay, running)
        number, entry = len(running.log.texts), running.log.append(Cut(running.serial, 500), running.at_ms)
        await agent.say(EntrySubmitted(number, entry, b""))
        assert await agent.hear() == EntryStored(number)

        relay.process.terminate()
        assert await agent.hear() == Refused("shutting_down")
        assert await viewer.hear() == Refused("shutting_down")
        assert relay.process.wait(20) == 0
        with serve(relay.folder):
            await meet(stack, relay, running)
            _, log = await technician.get(f"{running.path}/log")
            assert running.log.texts[-1].replace('"', '\\"') in log
