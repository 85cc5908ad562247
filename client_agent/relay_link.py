"""The agent's connection to the relay: envelopes out in order, envelopes in, and how it ended."""

import asyncio
import contextlib
import socket as sockets
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from client_agent.losses import Losses, Lossy
from client_agent.tcp_info import tcp_info
from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, Envelope, Kind, MediaEnvelope, unwrap, wrap, wrap_relay
from protocol.limits import ENVELOPE_BYTES_MAX, PEER_GONE_S

_WAITING_BYTES_MAX = 4 * 1024 * 1024
_UNSENT_BYTES = 32 * 1024
# What is no longer than this, and has nothing before it, is written at once, without the writer's turn: a letter, an answer, a ping.
_AT_ONCE_BYTES = 4096
# Of a lost packet the other end tells nothing until one after it arrives; before TCP sends it again by itself, two round trips and more
# pass (RFC 8985, section 7). Where much is lost, a ping follows so soon after what was sent last.
_CHASED_AFTER_S = 0.03


class RelayUnreachable(Exception):
    """The relay does not answer."""


class _Connection(ClientConnection):
    """Notes when anything came last, pings and their answers too."""

    heard_at = 0.0
    """By the loop's clock."""

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        super().data_received(data)


class RelayLink:
    """One WebSocket. Sending never blocks: what waits is bounded, and pictures are made only when little waits."""

    def __init__(self, address: str, *, open_within_s: float = 10) -> None:
        self._open_within_s = open_within_s
        self._url = address.replace("http", "ws", 1) + "/room"
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._something_waits = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._socket: _Connection | None = None
        self._writer: asyncio.Task[None] | None = None
        self._silence: asyncio.TimerHandle | None = None
        self._losses = Losses()
        self._chase_at: asyncio.TimerHandle | None = None
        self._chaser: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "RelayLink":
        try:
            socket = await connect(
                self._url,
                create_connection=_Connection,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                max_size=ENVELOPE_BYTES_MAX,
                compression=None,
                # What is handed over and cannot leave yet waits with us, where what matters more comes before it. Not 0: asyncio's TLS
                # takes an empty buffer for a full one then, and holds everything until something else is written.
                write_limit=1,
                open_timeout=self._open_within_s,
                # The relay pings every few seconds: silence tells as much as pings of ours that it does not answer would.
                ping_interval=None,
                close_timeout=1,
            )
            assert isinstance(socket, _Connection)
            # How long there and back takes, as far as it is known before the relay measures it.
            await socket.ping()
        except (OSError, TimeoutError, WebSocketException) as error:
            raise RelayUnreachable("the relay does not answer") from error
        self._socket = socket
        _keep_little_unsent(socket)
        self._writer = asyncio.create_task(self._write())
        self._hear_silence(socket)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._socket
        assert self._writer
        assert self._silence
        self._silence.cancel()
        if self._chase_at:
            self._chase_at.cancel()
        if kind is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), timeout=1)
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        await self._socket.close()

    def abort(self) -> None:
        """Hang up at once; whoever reads hears it."""
        if self._socket:
            self._socket.transport.abort()

    def _hear_silence(self, socket: _Connection) -> None:
        """Hang up once the relay has said nothing for PEER_GONE_S."""
        left_s = socket.heard_at + PEER_GONE_S - socket.loop.time()
        if left_s > 0:
            self._silence = socket.loop.call_later(left_s, self._hear_silence, socket)
        else:
            socket.transport.abort()

    @property
    def round_trip_s(self) -> float:
        """There and back between here and the relay, as a ping at the beginning found it; 0 before it is answered."""
        return self._socket.latency if self._socket else 0.0

    def lossy(self) -> Lossy | None:
        """What TCP makes of the path where that loses much; None where it does not, or nobody knows."""
        connection = self._socket.transport.get_extra_info("socket") if self._socket else None
        info = tcp_info(connection) if connection else None
        return self._losses.learn(info, asyncio.get_running_loop().time()) if info else None

    def tell_relay(self, message: Message) -> None:
        """Say something to the relay itself."""
        self._send(wrap_relay(encode(message)))

    def send(self, kind: Kind, content: bytes, *, peer: int = 0) -> None:
        """Hand over a handshake message or a control record."""
        self._send(wrap(kind, content, peer=peer))

    def send_media(self, envelope: bytes) -> None:
        """Hand over a sealed media record."""
        self._send(envelope)

    async def drained(self) -> None:
        """Wait until all that was handed over is on its way."""
        await self._drained.wait()

    def _send(self, data: bytes) -> None:
        if self._writer is None or self._writer.done():
            return  # nobody hears it any more; whoever reads hears why
        assert self._socket
        if len(data) <= _AT_ONCE_BYTES and not self._waiting and not self._socket.transport.get_write_buffer_size():
            broadcast((self._socket,), data)
            self._chase_soon()
            return
        if self._waiting_bytes + len(data) > _WAITING_BYTES_MAX:
            # The relay has stopped reading: the connection is of no use, and the reader hears that it is gone.
            self._socket.transport.abort()
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        self._drained.clear()
        self._something_waits.set()

    async def _write(self) -> None:
        assert self._socket
        try:
            while True:
                await self._something_waits.wait()
                self._something_waits.clear()
                while self._waiting:
                    data = self._waiting[0]
                    await self._socket.send(data)
                    self._waiting.popleft()
                    self._waiting_bytes -= len(data)
                self._drained.set()
                self._chase_soon()
        except ConnectionClosed:
            pass  # whoever reads hears of it
        finally:
            self._drained.set()

    def _chase_soon(self) -> None:
        """Have something follow what was sent last, unless more does by itself."""
        if self._chase_at:
            self._chase_at.cancel()
            self._chase_at = None
        if self._losses.are_many:
            self._chase_at = asyncio.get_running_loop().call_later(_CHASED_AFTER_S, self._chase)

    def _chase(self) -> None:
        if self._chaser is None or self._chaser.done():
            self._chaser = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        assert self._socket
        with contextlib.suppress(ConnectionClosed):
            await self._socket.ping()

    async def envelopes(self) -> AsyncIterator[Envelope | MediaEnvelope]:
        """What arrives, until the connection is gone.

        Raises:
            RemoteProtocolError: the relay sent something that is not an envelope.
        """
        assert self._socket
        try:
            while True:
                data: Any = await self._socket.recv()
                yield unwrap(data.encode() if isinstance(data, str) else data)
        except ConnectionClosed:
            return


def _keep_little_unsent(socket: ClientConnection) -> None:
    """Let the kernel hold no more unsent than a record: what is newer is made of a newer screen. asyncio sets TCP_NODELAY itself."""
    connection = socket.transport.get_extra_info("socket")
    if connection is not None and hasattr(sockets, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
