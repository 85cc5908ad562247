"""Who else comes to a room: second agents and viewers, strange versions, codes whose time is over. The session itself goes on."""

import asyncio
import sqlite3
import time
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import Route
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from client_agent.agent import offer
from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, Envelope, Kind, unwrap, wrap, wrap_relay
from protocol.handshake import AgentHandshake
from protocol.key_schedule import Randomness
from protocol.relay_messages import Refused, RoomClaimed, RoomEntered, from_relay
from protocol.support_code import parse
from tests.journeys.stage import Server, Stage
from tests.waiting import DEADLINE_S, eventually

EXPIRED = "That code has expired. Ask for a new one."


async def test_a_code_that_expired_opens_nothing_and_one_press_gives_a_new_one(stage: Stage) -> None:
    async def expire_soon(route: Route) -> None:
        answer = await route.fetch()
        set_expiry(stage.server, (await answer.json())["room"], int(time.time()) + 2)
        await route.fulfill(response=answer)

    await stage.page.route("**/api/tickets/*/sessions", expire_soon)
    code = await stage.reach_code()
    await stage.technician_reads("code has expired")
    stage.start_agent(code)
    await stage.customer_reads(EXPIRED)
    await stage.page.locator("#new-code").click()
    stage.start_agent(await stage.read_code())
    await stage.technician.wait_for_prompt()


async def test_a_second_agent_is_told_that_the_code_is_used_and_the_session_goes_on(stage: Stage) -> None:
    await stage.reach_view()
    stage.start_agent(stage.code)
    await stage.customer_reads(EXPIRED)
    await session_goes_on(stage)


async def test_a_second_viewer_with_the_same_token_is_refused_and_the_session_goes_on(stage: Stage) -> None:
    async with stage.page.expect_response("**/api/tickets/*/sessions") as opening:
        await stage.reach_code()
    token = (await (await opening.value).json())["token"]
    async with socket_of(stage) as socket:
        assert await answer_to(socket, RoomClaimed(token)) == Refused("bad_token")
    stage.start_agent(stage.code)
    await stage.technician.wait_for_prompt()
    async with socket_of(stage) as socket:
        assert await answer_to(socket, RoomClaimed(token)) == Refused("bad_token")
    await stage.press("Let them see my screen")
    await stage.technician.wait_for_picture()
    await session_goes_on(stage)


async def test_an_agent_of_an_unknown_version_is_refused_and_the_code_still_works(stage: Stage) -> None:
    code = parse(await stage.reach_code())
    handshake = AgentHandshake(code, bytes(32), offer(), Randomness(bytes(32), bytes([1] * 32)))
    hello = msgspec.json.encode(msgspec.json.decode(handshake.hello) | {"versions": [99]}, order="sorted")
    async with socket_of(stage) as socket:
        await socket.send(wrap_relay(encode(RoomEntered(code.room))))
        await socket.send(wrap(Kind.HANDSHAKE, hello))
        assert await next_from_relay(socket) == Refused("no_room")
    stage.start_agent(stage.code)
    await stage.technician.wait_for_prompt()


async def test_a_socket_of_an_unknown_version_is_refused(stage: Stage) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address_of(stage), subprotocols=[Subprotocol("mainforte-2")])
    assert refused.value.response.status_code == 400
    assert SUBPROTOCOL in refused.value.response.body.decode()


async def session_goes_on(stage: Stage) -> None:
    """The technician still sees what is painted now, and the customer still has the bar."""
    before = await stage.shown_pictures()
    stage.display.run("xsetroot", "-solid", "#713b8a")

    async def is_newer() -> bool:
        return await stage.shown_pictures() > before

    await eventually(is_newer, "a newer picture")
    assert await stage.page.get_attribute("body", "data-access") == "view"
    await stage.customer_sees("Stop")
    await stage.customer_reads("sees your screen")


def set_expiry(server: Server, room: str, at: int) -> None:
    """Let a code end at that time (UTC seconds), in the desk's own book."""
    written = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(server.organisation.folder / "database.sqlite3", timeout=10) as database:
        changed = database.execute("UPDATE room SET expires_at = ? WHERE number = ? AND is_live", (written, room))
        assert changed.rowcount == 1


def address_of(stage: Stage) -> str:
    return stage.server.organisation.address.replace("http", "ws", 1) + "/room"


def socket_of(stage: Stage) -> connect:
    return connect(address_of(stage), subprotocols=[Subprotocol(SUBPROTOCOL)])


async def answer_to(socket: ClientConnection, message: Message) -> Message:
    await socket.send(wrap_relay(encode(message)))
    return await next_from_relay(socket)


async def next_from_relay(socket: ClientConnection) -> Message:
    """The next thing the relay itself says; what a peer says is passed over."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            data = await socket.recv(decode=False)
            envelope = unwrap(data)
            if isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
                message: Message = from_relay.decode(envelope.content)
                return message
