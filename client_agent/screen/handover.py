"""Records on their way from the thread that makes them to the event loop that sends them: in order, few at a time."""

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

# Enough that making goes on while one is sent; little enough that what is thrown away at a pause was cheap.
ROOM = 4


class Handover(Generic[T]):
    """A queue from one worker thread to its loop; `put` and `end` belong to the thread, all else to the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(ROOM)
        self._is_stopped = False
        self._made: deque[T] = deque()
        self._has_ended = False
        self._error: BaseException | None = None
        # The loop is woken once for all that was made until it comes to it.
        self._is_waking = False
        self._news = asyncio.Event()

    def put(self, made: T) -> bool:
        """Hand one over, as soon as there is room; False where nobody wants any more."""
        # Where somebody stops while we wait, that makes room as well.
        self._room.acquire()
        if self._is_stopped:
            return False
        self._made.append(made)
        self._wake()
        return True

    def end(self, last: T | None = None, *, error: BaseException | None = None) -> None:
        """Nothing more comes after `last`, for which there is room always, or after what `error` tells."""
        if last is not None and not self._is_stopped:
            self._made.append(last)
        self._error, self._has_ended = error, True
        self._wake()

    def _wake(self) -> None:
        if not self._is_waking:
            self._is_waking = True
            self._loop.call_soon_threadsafe(self._woken)

    def _woken(self) -> None:
        # In this order: what comes from here on wakes again.
        self._is_waking = False
        self._news.set()

    async def take(self) -> T | None:
        """The next one; None where there are no more.

        Raises:
            the error that making them ended with.
        """
        while True:
            # Looked at first: what was made last comes before it.
            has_ended = self._has_ended
            if self._made:
                self._room.release()
                return self._made.popleft()
            if has_ended:
                if self._error:
                    raise self._error
                return None
            await self._wait()

    def stop(self) -> None:
        """Nobody wants any more: whoever makes them hears of it with the next one."""
        self._is_stopped = True
        self._room.release()

    async def ended(self) -> None:
        """Wait until nothing more is made."""
        while not self._has_ended:
            await self._wait()

    async def _wait(self) -> None:
        await self._news.wait()
        self._news.clear()
