"""A small X client to paint with, and what it takes to see its paint."""

from typing import Any

import xcffib
import xcffib.xproto

from client_agent.screen.source import Box
from protocol.media import BYTES_PER_PIXEL
from tests.virtual_display import VirtualDisplay

_PUT_BYTES_MAX = 200_000


class Painter:
    """A window above all others, without a frame; what is painted is on the screen when the call returns."""

    def __init__(self, display: VirtualDisplay, box: Box) -> None:
        self._connection: Any = xcffib.connect(display.name)
        screen = self._connection.get_setup().roots[0]
        self._depth = screen.root_depth
        self.window = self._connection.generate_id()
        self._connection.core.CreateWindow(
            screen.root_depth,
            self.window,
            screen.root,
            *(box.x, box.y, box.width, box.height, 0),
            xcffib.xproto.WindowClass.InputOutput,
            screen.root_visual,
            xcffib.xproto.CW.BackPixel | xcffib.xproto.CW.OverrideRedirect,
            [0, 1],
        )
        self._connection.core.MapWindow(self.window)
        self._gc = self._connection.generate_id()
        self._connection.core.CreateGC(self._gc, self.window, 0, [])
        self._sync()

    def fill(self, box: Box, colour: int) -> None:
        """Paint a box, relative to the window, in one colour (0xRRGGBB)."""
        self.fill_all([box], colour)

    def fill_all(self, boxes: list[Box], colour: int) -> None:
        self._connection.core.ChangeGC(self._gc, xcffib.xproto.GC.Foreground, [colour])
        for box in boxes:
            # One request each: the server takes all of one request as damage of the box around.
            rectangle = xcffib.xproto.RECTANGLE.synthetic(box.x, box.y, box.width, box.height)
            self._connection.core.PolyFillRectangle(self.window, self._gc, 1, [rectangle])
        self._sync()

    def put(self, box: Box, pixels: bytes) -> None:
        """Paint exactly these pixels: rows from the top, blue, green, red, unused."""
        row_bytes = box.width * BYTES_PER_PIXEL
        rows = max(1, _PUT_BYTES_MAX // row_bytes)
        for y in range(0, box.height, rows):
            band = pixels[y * row_bytes : (y + rows) * row_bytes]
            place = (box.width, len(band) // row_bytes, box.x, box.y + y)
            self._connection.core.PutImage(
                xcffib.xproto.ImageFormat.ZPixmap, self.window, self._gc, *place, 0, self._depth, len(band), band
            )
        self._sync()

    def show_cursor(self, glyph: int) -> None:
        """Give the window another pointer, of the standard cursor font."""
        font, cursor = self._connection.generate_id(), self._connection.generate_id()
        self._connection.core.OpenFont(font, len("cursor"), "cursor")
        self._connection.core.CreateGlyphCursor(cursor, font, font, glyph, glyph + 1, 0, 0, 0, 65535, 65535, 65535)
        self._connection.core.ChangeWindowAttributes(self.window, xcffib.xproto.CW.Cursor, [cursor])
        self._sync()

    def close(self) -> None:
        self._connection.disconnect()

    def _sync(self) -> None:
        self._connection.core.GetInputFocus().reply()
