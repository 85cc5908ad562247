"""The agent's connection to the relay, over real TLS."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from client_agent import relay_link
from client_agent.relay_link import RelayLink
from protocol.envelope import SUBPROTOCOL
from tests.relay.test_front import self_signed


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
    # A ping would push what waits, a second later.
    monkeypatch.setattr(relay_link, "connect", _without_pings)
    async with serve(listen, "127.0.0.1", 0, ssl=tls, subprotocols=[Subprotocol(SUBPROTOCOL)]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with RelayLink(f"https://127.0.0.1:{port}") as link:
            for number in range(20):
                link.send_media(bytes([4, number]) * 3000)
                await asyncio.wait_for(link.drained(), 20)
    assert [message[1] for message in received] == list(range(20))


def _without_pings(url: str, **options: Any) -> connect:
    return connect(url, **(options | {"ping_interval": None}))
