"""The active window of an X desktop, as its window manager tells (EWMH 1.5, _NET_ACTIVE_WINDOW and _NET_WM_NAME).

One connection: it asks to be told of a window's next title before it reads the present one, so that none is missed.
"""

import asyncio
import os
import struct
import sys
from collections.abc import Callable

import xcffib
import xcffib.xproto

from client_agent import x11_connection
from client_agent.x11_connection import ServerLost
from protocol.limits import LINE_CHARACTERS_MAX

_ATOMS = ("_NET_ACTIVE_WINDOW", "_NET_WM_NAME", "_NET_WM_PID", "UTF8_STRING")
# Enough of a title: no character takes more than four bytes, and a line is cut there.
_TITLE_WORDS_MAX = LINE_CHARACTERS_MAX
_NO_WINDOW = 0
_CARDINAL = xcffib.xproto.Atom.CARDINAL
# PropertyNotify (X11 protocol, section 11): its window, and the property.
_CHANGED = struct.Struct("=BxHII")


class X11ActiveWindow:
    """The `ActiveWindow` of the display `display`, or of the one that DISPLAY names.

    Raises:
        ServerLost: nobody answers there.
    """

    def __init__(self, own_windows: Callable[[], frozenset[int]], display: str | None = None) -> None:
        self._connection = x11_connection.connect(display)
        self._root: int = x11_connection.root_screen(self._connection).root
        self._own_windows = own_windows
        self._window = _NO_WINDOW
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_change: Callable[[], None] = lambda: None
        try:
            self._atoms = {name: self._atom(name) for name in _ATOMS}
            self._tell_of(self._root, is_wanted=True)
        except xcffib.XcffibException as error:
            self._connection.disconnect()
            raise ServerLost(str(error)) from None

    # --- events, in the loop ---

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        self._loop, self._on_change = loop, on_change
        self._connection.flush()
        loop.add_reader(self._connection.get_file_descriptor(), self._read_events)

    def _read_events(self) -> None:
        try:
            events = list(x11_connection.read_events(self._connection))
        except ServerLost:
            self._stop_watching()
            return
        if any(self._is_news(event) for event in events):
            self._on_change()

    def _is_news(self, event: bytes) -> bool:
        if event[0] & 0x7F != xcffib.xproto.PropertyNotifyEvent.event_number:
            return False
        _, _, window, atom = _CHANGED.unpack_from(event)
        if window == self._root:
            return bool(atom == self._atoms["_NET_ACTIVE_WINDOW"])
        return atom in (self._atoms["_NET_WM_NAME"], xcffib.xproto.Atom.WM_NAME)

    def _stop_watching(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(xcffib.lib.xcb_get_file_descriptor(self._connection._conn))
            self._loop = None

    def close(self) -> None:
        self._stop_watching()
        self._connection.disconnect()

    # --- questions, in whichever thread asks ---

    def title(self) -> str:
        try:
            self._follow(self._ask_number(self._root, "_NET_ACTIVE_WINDOW", xcffib.xproto.Atom.WINDOW))
            if self._window == _NO_WINDOW or self._is_own():
                return ""
            return self._ask_text(self._atoms["_NET_WM_NAME"]) or self._ask_text(xcffib.xproto.Atom.WM_NAME)
        except xcffib.XcffibException:  # the window is gone, and with it its title; or the desktop is
            return ""
        finally:
            # What arrived with the answers makes the socket readable no more.
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._read_events)

    def _follow(self, window: int) -> None:
        if window != self._window:
            if self._window != _NO_WINDOW:
                self._tell_of(self._window, is_wanted=False)
            if window != _NO_WINDOW:
                self._tell_of(window, is_wanted=True)
            self._window = window

    def _is_own(self) -> bool:
        # A window that has just opened may not be among those that the agent knows of yet.
        own = self._own_windows()
        return self._window in own or self._ask_number(self._window, "_NET_WM_PID", _CARDINAL) == os.getpid()

    def _tell_of(self, window: int, *, is_wanted: bool) -> None:
        """Have the server tell of what changes about a window. One that is gone answers with an error among the events."""
        mask = xcffib.xproto.EventMask.PropertyChange if is_wanted else xcffib.xproto.EventMask.NoEvent
        self._connection.core.ChangeWindowAttributes(window, xcffib.xproto.CW.EventMask, [mask])

    def _ask_number(self, window: int, name: str, kind: int) -> int:
        answer = self._connection.core.GetProperty(False, window, self._atoms[name], kind, 0, 1).reply()
        return int.from_bytes(answer.value.buf(), sys.byteorder) if answer.format == 32 and answer.value_len else 0

    def _ask_text(self, atom: int) -> str:
        answer = self._connection.core.GetProperty(
            False, self._window, atom, xcffib.xproto.GetPropertyType.Any, 0, _TITLE_WORDS_MAX
        ).reply()
        if answer.format != 8:
            return ""
        encoding = "latin-1" if answer.type == xcffib.xproto.Atom.STRING else "utf-8"
        return bytes(answer.value.buf()).decode(encoding, errors="replace")

    def _atom(self, name: str) -> int:
        return int(self._connection.core.InternAtom(False, len(name), name).reply().atom)
