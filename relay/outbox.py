"""What waits to be sent on one WebSocket: in order, bounded, never dropped."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from protocol.limits import ENVELOPE_BYTES_MAX, PEER_GONE_S

FULL_BYTES = ENVELOPE_BYTES_MAX
"""From here on whoever sends to this socket is not read any more."""
OVERFULL_BYTES = 8 * FULL_BYTES
"""Only an end that ignores us while many send to it comes here."""
PING_EVERY_S = 1.5
TOO_SLOW_S = PEER_GONE_S - 0.5
LAST_WORD_S = 1


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
                    await self._in_time(self._socket.ping())
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
