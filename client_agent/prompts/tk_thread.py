"""Between the session's thread and the one where Tk lives: work goes in, answers come out."""

import asyncio
import contextlib
import os
import queue
import tkinter as tk
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_EVERY_MS = 20


class TkWork:
    """Calls, from any thread, to be made in Tk's thread, in order."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell: int | None = None
        if os.name == "posix":
            heard, self._bell = os.pipe()
            os.set_blocking(heard, False)
            os.set_blocking(self._bell, False)
            root.createfilehandler(heard, tk.READABLE, lambda _file, _mask: self._on_bell(heard))
        else:
            # Tk can watch a pipe on POSIX only.
            self._look()

    def put(self, call: Callable[[], None]) -> None:
        """Have `call` made in Tk's thread."""
        self._calls.put(call)
        if self._bell is not None:
            # Full of bells that nobody has heard yet, which does as well.
            with contextlib.suppress(BlockingIOError):
                os.write(self._bell, b"!")

    def _on_bell(self, heard: int) -> None:
        os.read(heard, 4096)
        self._make_calls()

    def _look(self) -> None:
        self._make_calls()
        self._root.after(_LOOK_EVERY_MS, self._look)

    def _make_calls(self) -> None:
        while True:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                return
            call()


class Reply(Generic[T]):
    """Given once in Tk's thread, awaited in the event loop that made it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()

    def give(self, value: T) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, value)

    def _set(self, value: T) -> None:
        if not self._future.done():
            self._future.set_result(value)

    async def wait(self) -> T:
        return await self._future
