"""relay/outbox.py on a real socket: what overtakes what, and how often it is pinged."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from protocol.codec import encode
from protocol.envelope import Audience, Kind, media_header, wrap, wrap_relay
from protocol.relay_messages import AgentPresent, PeerLeft
from relay import outbox as outbox_module
from relay.outbox import AT_REST_BYTES, Outbox


@contextlib.asynccontextmanager
async def sending() -> AsyncIterator[tuple[Outbox, aiohttp.ClientWebSocketResponse]]:
    """An outbox, and who hears what it sends, pings too."""
    made: asyncio.Future[Outbox] = asyncio.get_running_loop().create_future()

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        made.set_result(Outbox(socket))
        await made.result().run()
        return socket

    application = web.Application()
    application.router.add_get("/", serve)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}/", autoping=False) as socket,
    ):
        outbox = await made
        try:
            yield outbox, socket
        finally:
            outbox.close()
    await runner.cleanup()


def picture(counter: int, size: int = 1000) -> bytes:
    return media_header(Audience.ALL, 0, 1, counter) + bytes(size)


def control(number: int) -> bytes:
    return wrap(Kind.CONTROL, bytes([number]))


async def test_control_records_overtake_the_pictures_that_wait_and_nothing_else_changes_places() -> None:
    left, present, handshake = (
        wrap_relay(encode(PeerLeft(0))),
        wrap_relay(encode(AgentPresent())),
        wrap(Kind.HANDSHAKE, b"hello"),
    )
    put = [
        picture(0), picture(1), control(0), picture(2), control(1),
        # Nothing of the next connection comes before what is left of the last.
        left, picture(3), control(2), present, handshake, control(3), picture(4), control(4),
    ]  # fmt: skip
    async with sending() as (outbox, socket):
        for data in put:
            outbox.put(data)
        heard = [await socket.receive_bytes() for _ in put]
        assert heard == [control(0), control(1), picture(0), picture(1), picture(2), *put[5:]]
        for data in (picture(5), control(5)):
            outbox.put(data)
        assert [await socket.receive_bytes() for _ in range(2)] == [control(5), picture(5)], (
            "what kept its place is gone"
        )


async def test_an_end_that_is_sent_nothing_is_pinged_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "PING_EVERY_S", 0.01)
    monkeypatch.setattr(outbox_module, "PING_AT_REST_EVERY_S", 3600.0)
    async with sending() as (outbox, socket):
        assert (await socket.receive()).type is WSMsgType.PING
        # A ping in between would be heard before it.
        await asyncio.sleep(10 * outbox_module.PING_EVERY_S)
        outbox.put(picture(0, AT_REST_BYTES))
        assert (await socket.receive()).type is WSMsgType.BINARY
        assert (await socket.receive()).type is WSMsgType.PING


async def test_ways_of_less_than_a_millisecond_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "PING_EVERY_S", 0.01)
    async with sending() as (outbox, socket):
        ping = await socket.receive()
        outbox.ponged(ping.data)
        sooner = outbox.round_trip_s
        outbox.ponged(ping.data)
        assert 0 < sooner < outbox.round_trip_s
