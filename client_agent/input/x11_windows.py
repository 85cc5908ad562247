"""Whose window would get a key or a click on an X desktop."""

import struct
import time
from typing import Any

import xcffib

from client_agent import x11_connection
from client_agent.input.sink import OwnWindows

_POINTER_ROOT = 1
# GetInputFocus (X11 protocol, section 10): the reply's window.
_FOCUS = struct.Struct("=8xI")
# Window managers nest a handful of windows; a longer chain was made to keep us busy.
_ANCESTORS_MAX = 32
# For how long an answer about the same focus and the same own windows is taken to hold.
_JUDGED_S = 0.2


class WindowGuard:
    """Keeps input away from the agent's own windows."""

    def __init__(self, connection: Any, root: int, own: OwnWindows) -> None:
        self._connection = connection
        self._root = root
        self._own = own
        self._judged: tuple[int, frozenset[int]] | None = None
        self._judged_at = float("-inf")
        self._is_own = False
        self.focus = 0
        """The window that had the focus when `has_focus` was asked last."""

    def is_own_at(self, x: int, y: int) -> bool:
        return self._own.is_at(x, y)

    def has_focus(self) -> bool:
        """Tell whether keys would reach an own window: it, one inside it or the frame around it has the focus."""
        ids = frozenset(self._own.ids())
        # Asked last, just before the key: an own window that opens still later is opened after `release_all`.
        self.focus = focus = int(self._connection.core.GetInputFocus().reply().focus)
        if focus == _POINTER_ROOT:
            pointer = self._connection.core.QueryPointer(self._root).reply()
            return self._own.is_at(pointer.root_x, pointer.root_y)
        if not ids or focus in (0, self._root):
            return False
        # A window that opens is another focus and another set of own windows; what is around them hardly ever changes by itself.
        if self._judged != (focus, ids) or not self._is_judged_lately:
            self._judged, self._judged_at = (focus, ids), time.monotonic()
            self._is_own = bool(self._with_ancestors(focus) & ids) or any(
                focus in self._with_ancestors(window) for window in ids
            )
        return self._is_own

    def has_focus_within(self, seconds: float) -> bool | None:
        """The same, by one question that is answered in this time; None where that is not enough."""
        ids = frozenset(self._own.ids())
        if ids and not self._is_judged_lately:
            return None
        reply = x11_connection.reply_within(self._connection, self._connection.core.GetInputFocus(), seconds)
        if reply is None:
            return None
        (focus,) = _FOCUS.unpack_from(reply)
        if focus == _POINTER_ROOT:
            return None
        if not ids or focus in (0, self._root):
            return False
        return self._is_own if self._judged == (focus, ids) else None

    @property
    def _is_judged_lately(self) -> bool:
        return time.monotonic() <= self._judged_at + _JUDGED_S

    def _with_ancestors(self, window: int) -> set[int]:
        """A window and those around it, without the root; empty where it is gone."""
        chain: set[int] = set()
        while window not in (0, self._root) and len(chain) < _ANCESTORS_MAX:
            chain.add(window)
            try:
                window = self._connection.core.QueryTree(window).reply().parent
            except xcffib.Error:
                break
        return chain
