"""The connection to the relay: envelopes out in order, envelopes in, and again after a cut. What they mean is decided above it."""

import asyncio
import contextlib
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Origin, Subprotocol

from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, Envelope, MediaEnvelope, unwrap, wrap_relay
from protocol.errors import RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX
from protocol.nodes import Nodes
from technician_viewer.address import check_origin, is_on_this_machine, is_secure, room_url
from technician_viewer.errors import NotReachable

OPEN_TIMEOUT_S = 10
# Somebody who has been there before knows that it can go quicker.
_OPEN_AGAIN_TIMEOUT_S = 4
# How long until the next try: at once, then ever longer. A relay that restarts is back within a second or two.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _LONGER_BY = 0.05, 0.8, 1.5
_WAITING_BYTES_MAX = 4 * 1024 * 1024


class _Connect(connect):
    """A relay that sends us elsewhere is not the one that was named."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_room_socket(
    origin: str,
    *,
    tls: ssl.SSLContext | None = None,
    own_origin: str | None = None,
    timeout_s: float = OPEN_TIMEOUT_S,
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
            open_timeout=timeout_s,
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
    async def open(
        cls, origin: str, *, tls: ssl.SSLContext | None = None, timeout_s: float = OPEN_TIMEOUT_S
    ) -> "RelayConnection":
        """Connect to the relay of this origin.

        Raises:
            NotReachable: it does not answer.
        """
        return cls(await open_room_socket(origin, tls=tls, timeout_s=timeout_s))

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

    async def drop(self) -> None:
        """Hang up at once: nobody is there any more."""
        self.abort()
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)

    def abort(self) -> None:
        """Have `envelopes` end."""
        self._socket.transport.abort()

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


@dataclass(frozen=True)
class LineLost:
    """Nothing can be said for the moment."""


class RelayLine:
    """Connected to a node of the relay, and connected again after each cut for as long as somebody reads `events`."""

    def __init__(self, nodes: Nodes, *, tls: ssl.SSLContext | None = None) -> None:
        self.nodes, self._tls = nodes, tls
        self._connection: RelayConnection | None = None
        self._pause_s = 0.0

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            NotReachable: no node of the relay answers.
        """
        for others in range(self.nodes.count - 1, -1, -1):
            try:
                self._connection = await RelayConnection.open(self.nodes.here, tls=self._tls)
                return
            except NotReachable:
                if not others:
                    raise
            self.nodes.go_on()

    def send(self, data: bytes) -> None:
        """Hand over one envelope; during a cut it is lost."""
        if self._connection:
            self._connection.send(data)

    async def drained(self) -> None:
        """Wait until all that was handed over is on its way, or lost."""
        if self._connection:
            await self._connection.drained()

    @property
    def is_open(self) -> bool:
        """Whether anybody hears what is said."""
        return self._connection is not None

    def renew(self) -> None:
        """Whether a cut happened or not, begin with a new connection."""
        if self._connection:
            self._connection.abort()

    def settled(self) -> None:
        """All is well: the next cut is met with a try at once."""
        self._pause_s = 0.0

    async def events(self, first: Callable[[], Message]) -> AsyncIterator[Envelope | MediaEnvelope | LineLost]:
        """What arrives, for ever; each connection begins with what `first` gives.

        Raises:
            RemoteProtocolError: the relay sent something that is not an envelope.
        """
        while True:
            if self._connection is None:
                self._connection = await self._reconnect()
            self._connection.send(wrap_relay(encode(first())))
            async for envelope in self._connection.envelopes():
                yield envelope
            await self._connection.drop()
            self._connection = None
            self.nodes.cut()
            yield LineLost()

    async def close(self) -> None:
        """Send what still waits, within reason, and hang up."""
        if self._connection:
            await self._connection.close()

    async def _reconnect(self) -> RelayConnection:
        while True:
            # Many come back at once after a restart: not all in the same moment.
            await asyncio.sleep(self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 # no secret
            self._pause_s = min(_LONGER_BY * self._pause_s or _FIRST_PAUSE_S, _LONGEST_PAUSE_S)
            with contextlib.suppress(NotReachable):
                return await RelayConnection.open(self.nodes.here, tls=self._tls, timeout_s=_OPEN_AGAIN_TIMEOUT_S)
            self.nodes.go_on()
