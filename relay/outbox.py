"""What waits to be sent on one WebSocket: in order, bounded, never dropped."""

import asyncio
import contextlib
import struct
from collections import deque
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from protocol.limits import ENVELOPE_BYTES_MAX, PEER_GONE_S

FULL_BYTES = ENVELOPE_BYTES_MAX
"""From here on whoever sends to this socket is not read any more."""
OVERFULL_BYTES = 8 * FULL_BYTES
"""Only an end that ignores us while many send to it comes here."""
PING_EVERY_S = 1.0
TOO_SLOW_S = PEER_GONE_S - 0.5
LAST_WORD_S = 1
_PING = struct.Struct(">d")


class Outbox:
    """The sending half of one socket; `put` never waits, `wait_for_space` is how a sender is slowed down.

    `run` sends, pings, and returns when the socket is of no use any more or the last word has been said.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_last_said = False
        self._changed = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self.is_too_slow = False
        self._read_since = 0.0
        self.round_trip_s = 0.0
        """There and back, behind whatever was on its way, as the last ping found it; 0 before the first."""

    def put(self, data: bytes) -> None:
        """Send this after all before it."""
        if self._is_last_said:
            return
        self._waiting.append(data)
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= FULL_BYTES:
            self._space.clear()
        if self._waiting_bytes >= OVERFULL_BYTES:
            self.is_too_slow = self._is_last_said = True
        self._changed.set()

    def close(self) -> None:
        """Nothing comes after what was put."""
        self._is_last_said = True
        self._changed.set()

    def read_again(self) -> None:
        """What came from this socket was not read for a while: how long an answer took before says nothing of its path."""
        self._read_since = asyncio.get_running_loop().time()

    def ponged(self, sent: bytes) -> None:
        """The other end has answered a ping, with what the ping held."""
        if len(sent) != _PING.size:
            return
        (sent_at,), now = _PING.unpack(sent), asyncio.get_running_loop().time()
        # Anybody can say anything in a pong.
        if self._read_since <= sent_at <= now < sent_at + PEER_GONE_S:
            self.round_trip_s = now - sent_at

    @property
    def has_space(self) -> bool:
        """Whether less than FULL_BYTES wait."""
        return self._space.is_set()

    async def wait_for_space(self) -> None:
        """Wait until less than FULL_BYTES wait, or nothing will be sent any more."""
        await self._space.wait()

    async def run(self) -> None:
        """Send until the last word; a socket that takes nothing for TOO_SLOW_S is given up."""
        loop = asyncio.get_running_loop()
        ping_at = loop.time() + PING_EVERY_S
        try:
            while not self.is_too_slow and (self._waiting or not self._is_last_said):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(ping_at):
                        await self._changed.wait()
                self._changed.clear()
                if loop.time() >= ping_at:
                    await self._in_time(self._socket.ping(_PING.pack(loop.time())))
                    ping_at = loop.time() + PING_EVERY_S
                if self._waiting and not self.is_too_slow:
                    await self._send_next()
        except ConnectionError:
            pass  # the reading half hears of it too
        finally:
            self._is_last_said = True
            self._waiting.clear()
            self._space.set()

    async def _send_next(self) -> None:
        data = self._waiting.popleft()
        await self._in_time(self._socket.send_bytes(data))
        self._waiting_bytes -= len(data)
        if self._waiting_bytes < FULL_BYTES:
            self._space.set()
        if self._waiting:
            self._changed.set()

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(TOO_SLOW_S):
                await sending
        except TimeoutError:
            self.is_too_slow = True
