"""Esc on an X desktop, by raw XI2 events, which come whatever has the focus or grabbed the keyboard."""

import asyncio
import logging
import struct
import time
from collections.abc import Callable
from typing import Any

import xcffib
import xcffib.xinput
import xcffib.xproto

from client_agent import x11_connection
from client_agent.input.injected import InjectedKeys
from client_agent.input.keys import x11_keycode
from client_agent.input.stop_key import StopKeyUnwatched
from client_agent.x11_connection import ServerLost

_log = logging.getLogger(__name__)

_PRESS = xcffib.xinput.RawKeyPressEvent.event_number
_RELEASE = xcffib.xinput.RawKeyReleaseEvent.event_number
_ESCAPE_KEYSYM = 0xFF1B
# The keycode stands behind the head of a generic event, its type, the device and the time.
_DETAIL = struct.Struct("=16xI")


class X11StopKey:
    """Tells of the customer's Esc on the X server `display`, or on the one that DISPLAY names; a `StopKeyWatch`.

    Raises:
        StopKeyUnwatched: no X server answers, or it tells nothing of keys.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_down: Callable[[], None],
        on_up: Callable[[], None],
        injected: InjectedKeys,
        *,
        display: str | None = None,
    ) -> None:
        self._loop = loop
        self._on_down, self._on_up = on_down, on_up
        self._injected = injected
        self._is_down = False
        try:
            self._connection = x11_connection.connect(display)
            self._keycodes = _escape_keycodes(self._connection)
            root = x11_connection.root_screen(self._connection).root
            self._xinput = x11_connection.select_raw_events(self._connection, root, [_PRESS, _RELEASE])
        except (ServerLost, LookupError, xcffib.XcffibException) as error:
            raise StopKeyUnwatched(str(error)) from None
        injected.watch(self._keycodes)
        self._fd: int = self._connection.get_file_descriptor()
        loop.add_reader(self._fd, self._read_events)
        # What arrived with the answers at the start makes the socket readable no more.
        loop.call_soon(self._read_events)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        self._connection.disconnect()

    def _read_events(self) -> None:
        try:
            for event in x11_connection.read_events(self._connection):
                kind = x11_connection.generic_type(event, self._xinput.opcode)
                if kind in (_PRESS, _RELEASE):
                    (keycode,) = _DETAIL.unpack_from(event)
                    self._changed(keycode, is_down=kind == _PRESS)
        except ServerLost:
            # The screen's source tells of it as well, and the session ends.
            _log.info("the X server is gone, the stop key with it")
            self._loop.remove_reader(self._fd)

    def _changed(self, keycode: int, *, is_down: bool) -> None:
        if keycode not in self._keycodes or self._injected.take(keycode, is_down, time.monotonic()):
            return
        if is_down != self._is_down:
            self._is_down = is_down
            (self._on_down if is_down else self._on_up)()


def _escape_keycodes(connection: Any) -> frozenset[int]:
    """The key in the corner, and every other one that is Esc by itself in the layout."""
    setup = connection.get_setup()
    first = setup.min_keycode
    mapping = connection.core.GetKeyboardMapping(first, setup.max_keycode - first + 1).reply()
    alone = mapping.keysyms.list[:: mapping.keysyms_per_keycode]
    found = {first + at for at, keysym in enumerate(alone) if keysym == _ESCAPE_KEYSYM}
    corner = x11_keycode("Escape")
    return frozenset(found | {corner} if corner is not None else found)
