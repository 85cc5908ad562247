"""The screen as all viewers know it once they have applied what was sent: what is new is found by comparing with it."""

from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL


class PictureMemory:
    """The pixels of one screen, as they were when they were last captured; black before."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.pixels = bytearray(width * height * BYTES_PER_PIXEL)
        """Rows from the top, 4 bytes a pixel: blue, green, red, unused."""

    @property
    def box(self) -> Box:
        """All of it."""
        return Box(0, 0, self.width, self.height)

    def cut(self, box: Box) -> memoryview:
        """The pixels of a box, rows without gaps; good until the next change where the box is as wide as the screen."""
        view = memoryview(self.pixels)
        stride, row = self.width * BYTES_PER_PIXEL, box.width * BYTES_PER_PIXEL
        if row == stride:
            return view[box.y * stride : box.bottom * stride]
        first = box.y * stride + box.x * BYTES_PER_PIXEL
        starts = range(first, first + box.height * stride, stride)
        return memoryview(b"".join(view[start : start + row] for start in starts))

    def put(self, box: Box, pixels: bytes | bytearray | memoryview) -> None:
        """Take new pixels for a box."""
        stride, row = self.width * BYTES_PER_PIXEL, box.width * BYTES_PER_PIXEL
        to = box.y * stride + box.x * BYTES_PER_PIXEL
        view = memoryview(pixels)
        if row == stride:
            self.pixels[to : to + len(view)] = view
            return
        for start in range(0, len(view), row):
            self.pixels[to : to + row] = view[start : start + row]
            to += stride

    def copy(self, from_x: int, from_y: int, to: Box) -> None:
        """Have what is in one box in another one too; they may overlap."""
        stride, row = self.width * BYTES_PER_PIXEL, to.width * BYTES_PER_PIXEL
        start, source = to.y * stride + to.x * BYTES_PER_PIXEL, from_y * stride + from_x * BYTES_PER_PIXEL
        view = memoryview(self.pixels)
        if row == stride:
            view[start : start + to.height * stride] = view[source : source + to.height * stride]
            return
        # In the order in which no row is read after it was written.
        rows = range(to.height) if source >= start else range(to.height - 1, -1, -1)
        for at in (y * stride for y in rows):
            view[start + at : start + at + row] = view[source + at : source + at + row]
