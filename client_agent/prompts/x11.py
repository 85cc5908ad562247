"""What Tk cannot tell about windows on an X11 display: their frames, the wished resolution, the main monitor."""

import contextlib
import re
import sys
from dataclasses import dataclass

if sys.platform == "linux":
    import xcffib
    import xcffib.randr
    import xcffib.xproto

_RESOURCES_BYTES_MAX = 65536


@dataclass(frozen=True)
class Area:
    """A rectangle of the desktop in device pixels."""

    x: int
    y: int
    width: int
    height: int

    def __contains__(self, point: tuple[int, int]) -> bool:
        return self.x <= point[0] < self.x + self.width and self.y <= point[1] < self.y + self.height


@dataclass(frozen=True)
class Framed:
    """A window with all windows around it up to the root, and where the outermost stands."""

    windows: frozenset[int]
    area: Area


class X11Desktop:
    """A connection of its own to the display that DISPLAY names; for one thread."""

    def __init__(self) -> None:
        """Connect.

        Raises:
            OSError: no X11 display answers.
        """
        if sys.platform != "linux":
            raise OSError("X11 is not this system's display")
        try:
            self._connection = xcffib.connect()
        except xcffib.XcffibException as error:
            raise OSError(f"no X11 display: {type(error).__name__}") from None
        self._root = self._connection.get_setup().roots[self._connection.pref_screen].root

    def framed(self, window: int) -> Framed | None:
        """Follow a window up to the root: Tk's wrapper, the window manager's frame. None where it is gone already."""
        with contextlib.suppress(xcffib.xproto.WindowError, xcffib.xproto.DrawableError):
            windows = [window]
            while (parent := self._connection.core.QueryTree(windows[-1]).reply().parent) not in (self._root, 0):
                windows.append(parent)
            outer = self._connection.core.GetGeometry(windows[-1]).reply()
            border = 2 * outer.border_width
            area = Area(outer.x, outer.y, outer.width + border, outer.height + border)
            return Framed(frozenset(windows), area)
        return None

    def windows_at(self, x: int, y: int) -> list[int]:
        """The windows at a point of the desktop, from the outermost inwards."""
        windows: list[int] = []
        around = self._root
        with contextlib.suppress(xcffib.xproto.WindowError):
            while around := self._connection.core.TranslateCoordinates(self._root, around, x, y).reply().child:
                windows.append(around)
        return windows

    def is_same_program(self, window: int, other: int) -> bool:
        """Whether the same connection made both windows."""
        return not (window ^ other) & ~int(self._connection.get_setup().resource_id_mask)

    def name(self, window: int, name: str) -> None:
        """Give a part of a window a name, by which programs that drive a desktop find it, as they find whole windows."""
        self._set(window, self._atom("_NET_WM_NAME"), name)
        self._set(window, xcffib.xproto.Atom.WM_NAME, name)
        self._connection.flush()

    def tell_text(self, window: int, text: str) -> None:
        """Tell programs that read a desktop what this part of a window says; it is not a name to find it by."""
        self._set(window, self._atom("_NET_WM_VISIBLE_NAME"), text)
        self._connection.flush()

    def leave_keyboard(self, window: int, *, is_wished: bool) -> None:
        """Whether the window, once it is shown, is to leave the keyboard where it is (EWMH 1.5, _NET_WM_USER_TIME)."""
        time = self._atom("_NET_WM_USER_TIME")
        framed = self.framed(window)
        for each in framed.windows if framed else ():
            if is_wished:
                self._connection.core.ChangeProperty(
                    xcffib.xproto.PropMode.Replace, each, time, xcffib.xproto.Atom.CARDINAL, 32, 1, [0]
                )
            else:
                self._connection.core.DeleteProperty(each, time)
        # Told before the window is mapped, by another connection: the answer to a question says that it has been.
        self._connection.core.GetInputFocus().reply()

    def _set(self, window: int, what: int, text: str) -> None:
        data, replace = text.encode(), xcffib.xproto.PropMode.Replace
        self._connection.core.ChangeProperty(replace, window, what, self._atom("UTF8_STRING"), 8, len(data), data)

    def dots_per_inch(self) -> float | None:
        """The resource `Xft.dpi`, by which desktops tell how large things should be."""
        atoms = xcffib.xproto.Atom
        answer = self._connection.core.GetProperty(
            False, self._root, atoms.RESOURCE_MANAGER, atoms.STRING, 0, _RESOURCES_BYTES_MAX // 4
        ).reply()
        found = re.search(rb"^Xft\.dpi:\s*(\d+(?:\.\d+)?)", answer.value.buf(), re.MULTILINE)
        return float(found[1]) if found else None

    def main_monitor(self) -> Area:
        """The primary monitor, else the first, else all there is."""
        self._forget_events()
        monitors = self._connection(xcffib.randr.key).GetMonitors(self._root, True).reply().monitors
        for monitor in sorted(monitors, key=lambda monitor: not monitor.primary):
            return Area(monitor.x, monitor.y, monitor.width, monitor.height)
        whole = self._connection.core.GetGeometry(self._root).reply()
        return Area(0, 0, whole.width, whole.height)

    def _forget_events(self) -> None:
        """Servers tell everybody about changed keyboards; nobody here wants to know."""
        while True:
            # A window that was named while it closed is no mistake either.
            with contextlib.suppress(xcffib.xproto.WindowError):
                if not self._connection.poll_for_event():
                    return

    def _atom(self, name: str) -> int:
        return int(self._connection.core.InternAtom(False, len(name), name).reply().atom)
