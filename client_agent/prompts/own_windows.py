"""Which windows, and which places on the desktop, are the agent's own: what a technician sends must not reach them."""

import contextlib
import threading
import tkinter as tk
from dataclasses import dataclass

from client_agent.prompts.x11 import Area, X11Desktop

_EVENTS = ("<Map>", "<Unmap>", "<Configure>", "<Destroy>")


@dataclass(frozen=True)
class _Snapshot:
    windows: frozenset[int] = frozenset()
    areas: tuple[Area, ...] = ()


class OwnWindows:
    """Follows all windows of a Tk program, its file dialogs and menus included; any thread may ask.

    What Tk tells comes after the window is already there, so a place is also looked up on the display itself.
    """

    def __init__(self, root: tk.Tk, desktop: X11Desktop | None) -> None:
        self._root, self._desktop = root, desktop
        self._tk_window = root.winfo_id()
        self._snapshot = _Snapshot()
        self._is_due = False
        # A connection of its own for threads other than Tk's.
        self._asked: X11Desktop | None = None
        self._lock = threading.Lock()
        if desktop:
            with contextlib.suppress(OSError):
                self._asked = X11Desktop()
        for event in _EVENTS:
            root.bind_all(event, self._on_change, add=True)

    def ids(self) -> frozenset[int]:
        """X window ids, with the frames around them."""
        return self._snapshot.windows

    def is_at(self, x: int, y: int) -> bool:
        """Tell whether one of them is at this point of the desktop, in device pixels."""
        snapshot = self._snapshot
        if any((x, y) in area for area in snapshot.areas):
            return True
        if self._asked is None:
            return False
        with self._lock:
            windows = self._asked.windows_at(x, y)
            return any(
                window in snapshot.windows or self._asked.is_same_program(window, self._tk_window) for window in windows
            )

    def stop(self) -> None:
        """Follow them no longer: the program is about to end."""
        for event in _EVENTS:
            self._root.unbind_all(event)

    def look(self) -> None:
        """Take a new picture of where they are."""
        self._is_due = False
        windows: set[int] = set()
        areas: list[Area] = []
        for path in self._shown_toplevels("."):
            window = int(self._root.tk.call("winfo", "id", path), 16)
            framed = self._desktop.framed(window) if self._desktop else None
            if framed:
                windows |= framed.windows
                areas.append(framed.area)
            else:
                windows.add(window)
                areas.append(self._area(path))
        self._snapshot = _Snapshot(frozenset(windows), tuple(areas))

    def _on_change(self, _event: object) -> None:
        if not self._is_due:
            self._is_due = True
            self._root.after_idle(self.look)

    def _shown_toplevels(self, path: str) -> list[str]:
        """Tk knows file dialogs and menus, which Python's widgets do not."""
        call = self._root.tk.call
        is_window = str(call("winfo", "toplevel", path)) == path or str(call("winfo", "class", path)) == "Menu"
        found = [path] if is_window and int(call("winfo", "ismapped", path)) else []
        for child in self._root.tk.splitlist(call("winfo", "children", path)):
            found += self._shown_toplevels(str(child))
        return found

    def _area(self, path: str) -> Area:
        x, y, width, height = (
            int(self._root.tk.call("winfo", what, path)) for what in ("rootx", "rooty", "width", "height")
        )
        return Area(x, y, width, height)
