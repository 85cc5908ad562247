"""The window of the terminal in which the agent runs: what a technician sends must not reach it either."""

import contextlib
import os
import threading

from client_agent.prompts.x11 import Framed, X11Desktop


class TerminalWindow:
    """The window that the terminal says to be in (the variable WINDOWID, as xterm and others set it); any thread may ask.

    A terminal that does not say so cannot be known.
    """

    def __init__(self) -> None:
        self._desktop: X11Desktop | None = None
        self._window = 0
        self._lock = threading.Lock()
        with contextlib.suppress(OSError, ValueError):
            self._window = int(os.environ.get("WINDOWID", ""))
            self._desktop = X11Desktop()

    def ids(self) -> frozenset[int]:
        framed = self._framed()
        return framed.windows if framed else frozenset()

    def is_at(self, x: int, y: int) -> bool:
        framed = self._framed()
        return framed is not None and (x, y) in framed.area

    def _framed(self) -> Framed | None:
        if self._desktop is None:
            return None
        with self._lock:
            return self._desktop.framed(self._window)
