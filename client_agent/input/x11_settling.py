"""Waiting until a program has taken note of every key press before: needed before a key gets another meaning.

Most programs answer a ping of the window manager's (EWMH, _NET_WM_PING) when they come to it, so after all that came before.
Those that do not, like xterm, are given some time.
"""

import select
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import xcffib
import xcffib.xproto

from client_agent import x11_connection

# What a program that cannot be asked gets; such programs are small and quick.
GIVEN_S = 0.3
# And for each press, should the machine be busy.
GIVEN_A_PRESS_S = 0.02
# After this a program that can be asked is taken to hang.
HANGS_AFTER_S = 5.0
_LOOK_EVERY_S = 0.02

_ANCESTORS_MAX = 32
_CLIENT_MESSAGE = struct.Struct("=BBHII5I")
_CLIENT_MESSAGE_TYPE = 33
_FORMAT_BITS = 32


class Settling:
    """Asks programs on one X server whether they are done."""

    def __init__(self, connection: Any, root: int, on_event: Callable[[bytes], None]) -> None:
        """`on_event` is given every event that is read here and is none of ours."""
        self._connection = connection
        self._on_event = on_event
        self._root = root
        self._protocols = self._atom("WM_PROTOCOLS")
        self._ping = self._atom("_NET_WM_PING")
        self._pings = 0

    def wait(self, window: int, pressed_at: float, presses: int, is_interrupted: threading.Event) -> bool:
        """Wait until the program of `window` has taken note of so many presses, the last at `pressed_at` (monotonic seconds).

        Returns:
            False where the wait was interrupted or the program hangs.
        """
        answering = self._answering(window)
        if answering is None:
            return not is_interrupted.wait(pressed_at + GIVEN_S + presses * GIVEN_A_PRESS_S - time.monotonic())
        # The window manager hears such answers at the root window, and so do we for as long as we wait for one.
        self._hear(xcffib.xproto.EventMask.SubstructureNotify)
        try:
            return self._is_answered(answering, is_interrupted)
        finally:
            self._hear(xcffib.xproto.EventMask.NoEvent)

    def _is_answered(self, window: int, is_interrupted: threading.Event) -> bool:
        self._pings += 1
        body = (self._ping, self._pings, window, 0, 0)
        event = _CLIENT_MESSAGE.pack(_CLIENT_MESSAGE_TYPE, _FORMAT_BITS, 0, window, self._protocols, *body)
        self._connection.core.SendEvent(False, window, xcffib.xproto.EventMask.NoEvent, event)
        self._connection.flush()
        gives_up_at = time.monotonic() + HANGS_AFTER_S
        while time.monotonic() < gives_up_at and not is_interrupted.is_set():
            for answer in x11_connection.read_events(self._connection):
                kind, _, _, _, protocol, *said = _CLIENT_MESSAGE.unpack(answer)
                if kind & 0x7F == _CLIENT_MESSAGE_TYPE and protocol == self._protocols and tuple(said[:3]) == body[:3]:
                    return True
                self._on_event(answer)
            select.select([self._connection.get_file_descriptor()], [], [], _LOOK_EVERY_S)
        return False

    def _answering(self, window: int) -> int | None:
        """The window around, or the one itself, that says it answers pings; None where there is none."""
        for _ in range(_ANCESTORS_MAX):
            if window in (0, self._root):
                return None
            try:
                protocols = self._connection.core.GetProperty(
                    False, window, self._protocols, xcffib.xproto.Atom.ATOM, 0, _ANCESTORS_MAX
                ).reply()
                if protocols.format == _FORMAT_BITS and self._ping in protocols.value.to_atoms():
                    return window
                window = self._connection.core.QueryTree(window).reply().parent
            except xcffib.Error:
                return None
        return None

    def _hear(self, mask: int) -> None:
        self._connection.core.ChangeWindowAttributes(self._root, xcffib.xproto.CW.EventMask, [mask])

    def _atom(self, name: str) -> int:
        atom: int = self._connection.core.InternAtom(False, len(name), name).reply().atom
        return atom
