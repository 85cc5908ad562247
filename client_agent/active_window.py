"""In which window the customer works, by its title: the one interface, and what of it this machine has."""

import asyncio
import sys
from collections.abc import Callable
from typing import Protocol


class ActiveWindow(Protocol):
    """`watch` and `close` belong to the event loop's thread; `title` may block for some milliseconds, in one other thread at a time."""

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Call `on_change` in `loop` whenever another window is active, or its title may have changed."""

    def title(self) -> str:
        """The active window's title as its program set it; empty where none is active, it has none, or it is the agent's own."""

    def close(self) -> None:
        """Let go of the desktop; to be called once, when nobody asks any more."""


def open_active_window(own_windows: Callable[[], frozenset[int]]) -> ActiveWindow | None:
    """None where nobody can tell: on Windows and macOS, which this agent does not ask, and on a desktop that does not answer.

    Args:
        own_windows: the numbers of the agent's own windows now; any thread may ask.
    """
    if sys.platform in ("win32", "darwin"):
        return None
    # Imported only where there can be an X server: xcffib needs its library.
    from client_agent.x11_active_window import X11ActiveWindow
    from client_agent.x11_connection import ServerLost

    try:
        return X11ActiveWindow(own_windows)
    except ServerLost:
        return None
