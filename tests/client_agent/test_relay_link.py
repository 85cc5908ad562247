"""The agent's connection to the relay, over real TLS."""

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from client_agent import relay_link
from client_agent.relay_link import RelayLink
from client_agent.tcp_info import tcp_info
from protocol.envelope import SUBPROTOCOL
from tests.relay.test_front import self_signed

PROTOCOLS = [Subprotocol(SUBPROTOCOL)]


async def test_what_is_handed_over_leaves_at_once_and_waits_for_nothing_else_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    received: list[bytes] = []

    async def listen(socket: ServerConnection) -> None:
        async for message in socket:
            received.append(message if isinstance(message, bytes) else message.encode())

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    # A ping, or the answer to one, would push what waits.
    async with serve(listen, "127.0.0.1", 0, ssl=tls, subprotocols=PROTOCOLS, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RelayLink(f"https://127.0.0.1:{port}") as link:
            for number in range(20):
                link.send_media(bytes([4, number]) * 3000)
                await asyncio.wait_for(link.drained(), 20)
    assert [message[1] for message in received] == list(range(20))


async def test_a_relay_that_says_nothing_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_link, "PEER_GONE_S", 0.2)

    async def be_silent(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(be_silent, "127.0.0.1", 0, subprotocols=PROTOCOLS, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RelayLink(f"http://127.0.0.1:{port}") as link:
            async with asyncio.timeout(30):
                assert [envelope async for envelope in link.envelopes()] == []


async def test_on_a_lossy_path_what_nothing_follows_is_followed_by_a_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    pinged = asyncio.Event()
    ping = relay_link._Connection.ping

    async def noted(connection: relay_link._Connection, data: bytes | None = None) -> object:
        pinged.set()
        return await ping(connection, data)

    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()

    monkeypatch.setattr(relay_link._Connection, "ping", noted)
    async with serve(listen, "127.0.0.1", 0, subprotocols=PROTOCOLS, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RelayLink(f"http://127.0.0.1:{port}") as link:
            pinged.clear()
            link.send_media(b"\x04 a letter")
            assert link._chase_at is None
            link._losses.are_many = True
            for sent in (b"\x04 a letter", b"\x04 a picture" * 1000):
                link.send_media(sent)
                await asyncio.wait_for(pinged.wait(), 20)
                pinged.clear()


async def test_what_tcp_knows_of_the_way_is_asked_where_the_system_tells() -> None:
    async def listen(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(listen, "127.0.0.1", 0, subprotocols=PROTOCOLS, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RelayLink(f"http://127.0.0.1:{port}") as link:
            link.send_media(b"\x04 a picture" * 1000)
            await link.drained()
            assert link.lossy() is None
            assert link._socket
            if hasattr(socket, "TCP_INFO"):
                info = tcp_info(link._socket.transport.get_extra_info("socket"))
                assert info
                assert info.sent >= 2
                assert info.window >= 1
                assert info.segment_bytes >= 500
