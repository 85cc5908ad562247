"""What an X display itself tells of windows."""

import time

import xcffib
import xcffib.xproto

from tests.virtual_display import VirtualDisplay
from tests.waiting import DEADLINE_S


class Onlooker:
    """What the display itself tells of windows, over a connection of its own."""

    def __init__(self, display: VirtualDisplay) -> None:
        self._connection = xcffib.connect(display=display.name)
        setup = self._connection.get_setup()
        self.root = setup.roots[0].root
        self._mask = setup.resource_id_mask
        told = [xcffib.xproto.EventMask.SubstructureNotify]
        self._connection.core.ChangeWindowAttributes(self.root, xcffib.xproto.CW.EventMask, told)
        self.before = set(self.on_top())

    def on_top(self) -> list[int]:
        """The windows that stand directly on the desktop and can be seen."""
        return [window for window in self._children(self.root) if self._is_viewable(window)]

    def everything(self, window: int) -> list[int]:
        """A window and all that is inside it, as far as it can be seen."""
        inside = [below for child in self._children(window) for below in self.everything(child)]
        return [window, *inside] if self._is_viewable(window) else []

    def made(self, window: int) -> set[int]:
        """A window and all that is inside it, to be seen or not."""
        return {window}.union(*(self.made(child) for child in self._children(window)))

    def middle(self, window: int) -> tuple[int, int]:
        size = self._connection.core.GetGeometry(window).reply()
        place = self._connection.core.TranslateCoordinates(window, self.root, size.width // 2, size.height // 2).reply()
        return place.dst_x, place.dst_y

    def corners(self, window: int) -> list[tuple[int, int]]:
        """The outermost pixels of a window that stands on the desktop."""
        at = self._connection.core.GetGeometry(window).reply()
        right, bottom = at.x + at.width + 2 * at.border_width - 1, at.y + at.height + 2 * at.border_width - 1
        return [(at.x, at.y), (right, at.y), (at.x, bottom), (right, bottom)]

    def new(self) -> list[int]:
        return [window for window in self.on_top() if window not in self.before]

    def appeared(self) -> list[int]:
        """The windows that were shown on the desktop since the last call, also those that are gone again."""
        self._connection.core.GetInputFocus().reply()
        shown = []
        while (event := self._connection.poll_for_event()) is not None:
            if isinstance(event, xcffib.xproto.MapNotifyEvent):
                shown.append(int(event.window))
        return shown

    def next(self) -> int:
        """Watch without a pause until a window is there."""
        end = time.monotonic() + DEADLINE_S
        while not (new := self.new()):
            assert time.monotonic() < end, "no window came"
        return new[0]

    def area(self, window: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, on the desktop."""
        size = self._connection.core.GetGeometry(window).reply()
        at = self._connection.core.TranslateCoordinates(window, self.root, 0, 0).reply()
        return at.dst_x, at.dst_y, at.dst_x + size.width, at.dst_y + size.height

    def at(self, x: int, y: int) -> int:
        """The window that stands on the desktop at this point."""
        return int(self._connection.core.TranslateCoordinates(self.root, self.root, x, y).reply().child)

    def _children(self, window: int) -> list[int]:
        try:
            return list(self._connection.core.QueryTree(window).reply().children)
        except xcffib.xproto.WindowError:
            return []

    def _is_viewable(self, window: int) -> bool:
        try:
            attributes = self._connection.core.GetWindowAttributes(window).reply()
        except xcffib.xproto.WindowError:
            return False
        viewable = attributes.map_state == xcffib.xproto.MapState.Viewable
        return bool(viewable and attributes._class == xcffib.xproto.WindowClass.InputOutput)
