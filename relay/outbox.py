"""What waits to be sent on one WebSocket: bounded, never dropped, and in order, but that control records overtake pictures."""

import asyncio
import struct
import time
from collections import deque
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from protocol.envelope import Kind
from protocol.limits import ENVELOPE_BYTES_MAX, PEER_GONE_S

FULL_BYTES = ENVELOPE_BYTES_MAX
"""From here on whoever sends to this socket is not read any more."""
OVERFULL_BYTES = 8 * FULL_BYTES
"""Only an end that ignores us while many send to it comes here."""
PING_EVERY_S, PING_AT_REST_EVERY_S = 1.0, 3.0
AT_REST_BYTES = 1024
"""While less than this is sent in a second, nobody has to know how long it takes."""
TOO_SLOW_S = PEER_GONE_S - 0.5
LAST_WORD_S = 1
# When it was sent, by the system's clock: uvloop's own counts whole milliseconds, and there are shorter ways.
_PING = struct.Struct(">d")


class Outbox:
    """The sending half of one socket; `put` never waits, `wait_for_space` is how a sender is slowed down.

    `run` sends, pings, and returns when the socket is of no use any more or the last word has been said.
    """

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        # Control records go first, and all else in order; behind anything but pictures control records keep their place there.
        self._first: deque[bytes] = deque()
        self._waiting: deque[bytes] = deque()
        self._barriers = 0
        self._waiting_bytes = self._sent_bytes = 0
        self.is_at_rest = False
        """Whether next to nothing was sent in the last second."""
        self._is_last_said = False
        self._changed = asyncio.Event()
        self._space = asyncio.Event()
        self._space.set()
        self.is_too_slow = False
        self._read_since = 0.0
        self._is_ping_due = False
        self._sent_at = float("-inf")
        self._heard_at = time.monotonic()
        self.round_trip_s = 0.0
        """There and back, behind whatever was on its way, as the last ping found it; 0 before the first."""

    def put(self, data: bytes) -> None:
        """Send this after all before it; a control record before the pictures that wait (PROTOCOL.md, section 7.1)."""
        if self._is_last_said:
            return
        if data[0] == Kind.CONTROL and not self._barriers:
            self._first.append(data)
        else:
            self._waiting.append(data)
            self._barriers += data[0] != Kind.MEDIA
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
        self._read_since = time.monotonic()

    def heard(self) -> None:
        """Something came from this socket."""
        self._heard_at = time.monotonic()

    def ponged(self, sent: bytes) -> None:
        """The other end has answered a ping, with what the ping held."""
        if len(sent) != _PING.size:
            return
        (sent_at,), now = _PING.unpack(sent), time.monotonic()
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
        alarm = loop.call_later(PING_EVERY_S, self._ping_soon)
        try:
            while not self.is_too_slow and (self._has_some or not self._is_last_said):
                await self._changed.wait()
                self._changed.clear()
                if self._is_ping_due:
                    self._is_ping_due = False
                    await self._ping(time.monotonic())
                    alarm = loop.call_later(PING_EVERY_S, self._ping_soon)
                if self._has_some and not self.is_too_slow:
                    await self._send_next()
        except ConnectionError:
            pass  # the reading half hears of it too
        finally:
            alarm.cancel()
            self._is_last_said = True
            self._first.clear()
            self._waiting.clear()
            self._space.set()

    @property
    def _has_some(self) -> bool:
        return bool(self._first or self._waiting)

    def _ping_soon(self) -> None:
        self._is_ping_due = True
        self._changed.set()

    async def _ping(self, now: float) -> None:
        """Once a second; at rest only where nothing else went and came for a while, or pings would be most of what is sent."""
        self.is_at_rest, self._sent_bytes = self._sent_bytes < AT_REST_BYTES, 0
        silent_since = min(self._sent_at, self._heard_at)
        if not self.is_at_rest or now >= silent_since + PING_AT_REST_EVERY_S - PING_EVERY_S / 2:
            self._sent_at = now
            await self._in_time(self._socket.ping(_PING.pack(now)))

    def _take(self) -> bytes:
        if self._first:
            return self._first.popleft()
        data = self._waiting.popleft()
        self._barriers -= data[0] != Kind.MEDIA
        return data

    async def _send_next(self) -> None:
        data = self._take()
        self._sent_bytes += len(data)
        self._sent_at = time.monotonic()
        await self._in_time(self._socket.send_bytes(data))
        self._waiting_bytes -= len(data)
        if self._waiting_bytes < FULL_BYTES:
            self._space.set()
        if self._has_some:
            self._changed.set()

    async def _in_time(self, sending: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(TOO_SLOW_S):
                await sending
        except TimeoutError:
            self.is_too_slow = True
