"""Records on their way from the thread that makes them to the event loop that sends them: in order, few at a time."""

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")

# Enough that making goes on while one is sent; little enough that what is thrown away at a pause was cheap.
ROOM = 4


class Handover(Generic[T]):
    """A queue from one worker thread to its loop; `put` and `end` belong to the thread, `take` and `stop` to the loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(ROOM)
        self._is_stopped = False
        self._made: asyncio.Queue[T | None] = asyncio.Queue()

    def put(self, made: T) -> bool:
        """Hand one over, as soon as there is room; False where nobody wants any more."""
        # Where somebody stops while we wait, that makes room as well.
        self._room.acquire()
        if self._is_stopped:
            return False
        self._loop.call_soon_threadsafe(self._made.put_nowait, made)
        return True

    def end(self) -> None:
        """Nothing more comes."""
        self._loop.call_soon_threadsafe(self._made.put_nowait, None)

    async def take(self) -> T | None:
        """The next one; None where there are no more."""
        made = await self._made.get()
        self._room.release()
        return made

    def stop(self) -> None:
        """Nobody wants any more: whoever makes them hears of it with the next one."""
        self._is_stopped = True
        self._room.release()
