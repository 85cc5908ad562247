"""The connection to the relay: envelopes out in order, envelopes in. What they mean is decided above it."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from protocol.envelope import SUBPROTOCOL, Envelope, MediaEnvelope, unwrap
from protocol.errors import RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX
from technician_viewer.address import check_origin, is_on_this_machine, is_secure, room_url
from technician_viewer.errors import NotReachable

OPEN_TIMEOUT_S = 10
_WAITING_BYTES_MAX = 4 * 1024 * 1024


class _Connect(connect):
    """A relay that sends us elsewhere is not the one that was named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_room_socket(
    origin: str, *, tls: ssl.SSLContext | None = None, own_origin: str | None = None
) -> ClientConnection:
    """A WebSocket to the relay's `/room`: certificate verified, no redirect followed, our limits set.

    Raises:
        NotReachable: there is none, or whoever answers is not a relay.
    """
    try:
        return await _Connect(
            room_url(check_origin(origin)),
            origin=Origin(own_origin) if own_origin else None,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            ssl=(tls or ssl.create_default_context()) if is_secure(origin) else None,
            proxy=None if is_on_this_machine(origin) else True,
            max_size=ENVELOPE_BYTES_MAX,
            compression=None,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=2,
            ping_timeout=4,
            close_timeout=1,
        )
    except (OSError, TimeoutError, WebSocketException, ValueError) as error:
        raise NotReachable(f"{origin} does not answer as a relay: {type(error).__name__}") from error


class RelayConnection:
    """One WebSocket. Sending never blocks; what waits is bounded, and a relay that stops reading is given up."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._something_waits = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._writer = asyncio.create_task(self._write())

    @classmethod
    async def open(cls, origin: str, *, tls: ssl.SSLContext | None = None) -> "RelayConnection":
        """Connect to the relay of this origin.

        Raises:
            NotReachable: it does not answer.
        """
        return cls(await open_room_socket(origin, tls=tls))

    def send(self, data: bytes) -> None:
        """Hand over one envelope."""
        if self._waiting_bytes + len(data) > _WAITING_BYTES_MAX:
            self._socket.transport.abort()
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        self._drained.clear()
        self._something_waits.set()

    async def drained(self) -> None:
        """Wait until all that was handed over is on its way, or the connection is gone."""
        await self._drained.wait()

    async def envelopes(self) -> AsyncIterator[Envelope | MediaEnvelope]:
        """What arrives, until the connection is gone.

        Raises:
            RemoteProtocolError: the relay sent something that is not an envelope.
        """
        with contextlib.suppress(ConnectionClosed):
            while True:
                data = await self._socket.recv()
                if isinstance(data, str):
                    raise RemoteProtocolError("a text message")
                yield unwrap(data)

    async def close(self) -> None:
        """Send what still waits, within reason, and hang up."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), timeout=1)
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        await self._socket.close()

    async def _write(self) -> None:
        try:
            while True:
                await self._something_waits.wait()
                self._something_waits.clear()
                while self._waiting:
                    await self._socket.send(self._waiting[0])
                    self._waiting_bytes -= len(self._waiting.popleft())
                self._drained.set()
        except ConnectionClosed:
            pass  # whoever reads hears of it
        finally:
            self._drained.set()
