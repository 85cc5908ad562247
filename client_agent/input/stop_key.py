"""The customer's own Esc, seen whatever window has the focus; what the technician's Esc does is not taken for it.

The key is watched, not grabbed: programs get it as always. Which events were ours is known from what our own sink sent, not
from the device, since a desktop may have many keyboards, and some of them are programs.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Protocol

from client_agent.input.injected import InjectedKeys


class StopKeyUnwatched(Exception):
    """The stop key cannot be watched here: offer another way to stop, and no control without it."""


class StopKeyWatch(Protocol):
    """Tells of the customer's Esc from its construction to `close`; the callbacks come in the event loop."""

    def close(self) -> None:
        """Watch no more."""


def watch_stop_key(
    loop: asyncio.AbstractEventLoop,
    on_down: Callable[[], None],
    on_up: Callable[[], None],
    injected: InjectedKeys,
) -> StopKeyWatch:
    """Watch the customer's Esc; `injected` is the one that the sink was made with.

    Raises:
        StopKeyUnwatched: this desktop does not tell of keys.
    """
    if sys.platform in ("win32", "darwin"):
        return ListenerStopKey(loop, on_down, on_up)
    from client_agent.input.x11_stop_key import X11StopKey

    return X11StopKey(loop, on_down, on_up, injected)


class ListenerStopKey:
    """Esc on Windows and macOS, where the system marks what programs injected."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_down: Callable[[], None], on_up: Callable[[], None]) -> None:
        from pynput import keyboard

        self._loop = loop
        self._escape = keyboard.Key.esc
        self._is_down = False
        self._on_down, self._on_up = on_down, on_up
        self._listener: Any = keyboard.Listener(
            on_press=lambda key, injected: self._tell(key, is_down=True, is_injected=injected),
            on_release=lambda key, injected: self._tell(key, is_down=False, is_injected=injected),
        )
        self._listener.start()

    def close(self) -> None:
        self._listener.stop()

    def _tell(self, key: Any, *, is_down: bool, is_injected: bool) -> None:
        """Called in the listener's thread, again and again while the key is held."""
        if key != self._escape or is_injected or is_down == self._is_down:
            return
        self._is_down = is_down
        self._loop.call_soon_threadsafe(self._on_down if is_down else self._on_up)
