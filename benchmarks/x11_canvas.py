"""The screen of an X server as a canvas: a window over all of it, above all others, that has the focus."""

from typing import Any

import numpy
import xcffib
import xcffib.xproto
import xcffib.xtest

from benchmarks.canvas import Pixels

_PUT_BYTES_MAX = 200_000
_WHEEL_DOWN = 5
_WINDOW = xcffib.xproto.ConfigWindow


class X11Canvas:
    """The display that DISPLAY names. Nothing is sent before `flush`; kept pictures are pixmaps of the X server."""

    def __init__(self) -> None:
        self.connection: Any = xcffib.connect()
        screen = self.connection.get_setup().roots[0]
        self.width_px, self.height_px = screen.width_in_pixels, screen.height_in_pixels
        self._root, self._depth, self._visual = screen.root, screen.root_depth, screen.root_visual
        self._kept: dict[str, int] = {}
        self._window: int | None = None
        self._inside: int | None = None
        self._ground = self._made_window(self._root, self.width_px, self.height_px, 0, 0, 0)
        self._gc = self.connection.generate_id()
        # What is copied over by a window must not come back as events that nobody reads.
        self.connection.core.CreateGC(self._gc, self._ground, xcffib.xproto.GC.GraphicsExposures, [0])
        self._take_focus()
        # Out of the picture: some peers draw the pointer into it.
        self.connection.core.WarpPointer(0, self._root, 0, 0, 0, 0, self.width_px - 1, self.height_px - 1)

    def keep(self, name: str, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        pixmap = self.connection.generate_id()
        self.connection.core.CreatePixmap(self._depth, pixmap, self._root, width, height)
        self._put(pixmap, 0, 0, pixels)
        self._kept[name] = pixmap

    def stamp(self, name: str, x: int, y: int, pixels: Pixels) -> None:
        self._put(self._kept[name], x, y, pixels)

    def show(self, name: str, from_x: int, from_y: int, width: int, height: int, x: int, y: int) -> None:
        self.connection.core.CopyArea(self._kept[name], self._ground, self._gc, from_x, from_y, x, y, width, height)

    def put(self, x: int, y: int, pixels: Pixels) -> None:
        self._put(self._ground, x, y, pixels)

    def open_window(self, name: str, x: int, y: int) -> None:
        size = self.connection.core.GetGeometry(self._kept[name]).reply()
        # The X server itself repaints what the window uncovers, from what the screen showed before.
        ground = self.connection.generate_id()
        self.connection.core.CreatePixmap(self._depth, ground, self._root, self.width_px, self.height_px)
        self.connection.core.CopyArea(self._ground, ground, self._gc, 0, 0, 0, 0, self.width_px, self.height_px)
        self._background(self._ground, ground)
        self._kept["ground of the window"] = ground
        self._window = self._made_window(self._root, size.width, size.height, x, y, self._kept[name])
        self.sync()

    def stamp_window(self, x: int, y: int, pixels: Pixels) -> None:
        assert self._window
        self._put(self._window, x, y, pixels)

    def move_window(self, x: int, y: int) -> None:
        assert self._window
        self.connection.core.ConfigureWindow(self._window, _WINDOW.X | _WINDOW.Y, [x, y])

    def place_for_a_program(self, x: int, y: int, width: int, height: int) -> int:
        """A window there, for another program to draw in."""
        self._inside = self._made_window(self._ground, width, height, x, y, 0)
        self.sync()
        return self._inside

    def make_way(self) -> None:
        """Let the windows of other programs be seen, and have the keys."""
        self.connection.core.UnmapWindow(self._ground)
        self.sync()

    def turn_wheel(self) -> None:
        """One notch towards the user, where the pointer is; sent at once."""
        xtest = self.connection(xcffib.xtest.key)
        for event in (xcffib.xproto.ButtonPressEvent, xcffib.xproto.ButtonReleaseEvent):
            xtest.FakeInput(event.event_number, _WHEEL_DOWN, 0, 0, 0, 0, 0)
        self.flush()

    def forget(self) -> None:
        if self._window:
            self.connection.core.DestroyWindow(self._window)
            self._window = None
            self._background(self._ground, 0)
        if self._inside:
            self.connection.core.DestroyWindow(self._inside)
            self._inside = None
        self.connection.core.MapWindow(self._ground)
        self._take_focus()
        for pixmap in self._kept.values():
            self.connection.core.FreePixmap(pixmap)
        self._kept.clear()
        self.sync()

    def flush(self) -> None:
        """Send what was asked for."""
        self.connection.flush()

    def sync(self) -> None:
        """Wait until the X server has done what was asked for."""
        self.connection.core.GetInputFocus().reply()

    def take_keys(self) -> list[int]:
        """The keycodes of presses that have come since the last call."""
        found = []
        while (event := self.connection.poll_for_event()) is not None:
            if event.response_type & 0x7F == xcffib.xproto.KeyPressEvent.event_number:
                found.append(event.detail)
        return found

    def _take_focus(self) -> None:
        focus = xcffib.xproto.InputFocus.PointerRoot
        self.connection.core.SetInputFocusChecked(focus, self._ground, xcffib.xproto.Time.CurrentTime).check()

    def _put(self, drawable: int, x: int, y: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        rows = max(1, _PUT_BYTES_MAX // (width * 4))
        for top in range(0, height, rows):
            band = numpy.ascontiguousarray(pixels[top : top + rows]).tobytes()
            self.connection.core.PutImage(
                xcffib.xproto.ImageFormat.ZPixmap, drawable, self._gc, width, len(band) // (width * 4), x, y + top,
                0, self._depth, len(band), band,
            )  # fmt: skip

    def _made_window(self, parent: int, width: int, height: int, x: int, y: int, background: int) -> int:
        window: int = self.connection.generate_id()
        attributes = xcffib.xproto.CW
        self.connection.core.CreateWindow(
            self._depth, window, parent, x, y, width, height, 0, xcffib.xproto.WindowClass.InputOutput, self._visual,
            attributes.BackPixmap | attributes.OverrideRedirect | attributes.EventMask,
            [background, 1, xcffib.xproto.EventMask.KeyPress],
        )  # fmt: skip
        self.connection.core.MapWindow(window)
        return window

    def _background(self, window: int, pixmap: int) -> None:
        self.connection.core.ChangeWindowAttributes(window, xcffib.xproto.CW.BackPixmap, [pixmap])
