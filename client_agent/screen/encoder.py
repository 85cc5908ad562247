"""Pixels to rectangles of media records: exact, in pieces that each fit a record (PROTOCOL.md, section 7)."""

from collections.abc import Iterator

import zstandard

from client_agent.screen.source import Box, PointerImage
from protocol.limits import MEDIA_PLAIN_BYTES_TARGET
from protocol.media_codec import PART_OVERHEAD_BYTES, write_part
from protocol.media_parts import BYTES_PER_PIXEL, Codec, PictureEnd, PointerShape, Rectangle

# Every rectangle leaves room for the end of its picture, so that the last record of a picture is like the others.
RECORD_BYTES = MEDIA_PLAIN_BYTES_TARGET
DATA_BYTES_MAX = RECORD_BYTES - PART_OVERHEAD_BYTES - len(write_part(PictureEnd(0, is_key=False, at_ms=0)))
# One row of this width fits a record even where nothing can be compressed.
WIDTH_PX_MAX = 4096
# A viewer unpacks at most this for one rectangle, and can show the top of a screen while the rest is on its way.
RAW_BYTES_MAX = 1024 * 1024

_LEVEL = 1


class Encoder:
    """Compresses boxes of pixels, each by itself. To be used by one thread at a time."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=_LEVEL)

    def rectangles(self, screen: int, box: Box, pixels: bytes) -> Iterator[Rectangle]:
        """Cut a box into bands that each fit a record.

        Args:
            screen: the number of the screen; `box` is relative to its top left.
            pixels: rows from the top, 4 bytes a pixel, blue, green, red, unused.
        """
        for x in range(0, box.width, WIDTH_PX_MAX):
            column = Box(box.x + x, box.y, min(WIDTH_PX_MAX, box.width - x), box.height)
            yield from self._bands(screen, column, _column(pixels, box.width, x, column.width))

    def shape(self, image: PointerImage) -> PointerShape:
        """The pointer's shape; one that compresses too badly for a record is sent at half its size."""
        data = self._zstd.compress(image.rgba)
        if len(data) > DATA_BYTES_MAX:
            return self.shape(_half(image))
        return PointerShape(image.hot_x, image.hot_y, image.width, image.height, data)

    def _bands(self, screen: int, box: Box, pixels: memoryview) -> Iterator[Rectangle]:
        row_bytes = box.width * BYTES_PER_PIXEL
        rows_max = max(1, RAW_BYTES_MAX // row_bytes)
        y, rows = 0, rows_max
        while y < box.height:
            rows = min(rows, rows_max, box.height - y)
            data = self._zstd.compress(pixels[y * row_bytes : (y + rows) * row_bytes])
            # As many rows as would have filled a record, were they all alike.
            fitting = max(1, rows * DATA_BYTES_MAX // len(data) * 9 // 10)
            if len(data) > DATA_BYTES_MAX:
                rows = min(fitting, rows - 1)
                continue
            yield Rectangle(screen, Codec.ZSTD, box.x, box.y + y, box.width, rows, data)
            y += rows
            rows = fitting


def _column(pixels: bytes, width: int, x: int, column_width: int) -> memoryview:
    view = memoryview(pixels)
    if column_width == width:
        return view
    row_bytes = width * BYTES_PER_PIXEL
    start, length = x * BYTES_PER_PIXEL, column_width * BYTES_PER_PIXEL
    return memoryview(b"".join(view[at : at + length] for at in range(start, len(view), row_bytes)))


def _half(image: PointerImage) -> PointerImage:
    """Every second pixel of every second row."""
    pixels = memoryview(image.rgba).cast("I")
    rows = [pixels[y * image.width : (y + 1) * image.width][::2].tobytes() for y in range(0, image.height, 2)]
    return PointerImage(image.hot_x // 2, image.hot_y // 2, (image.width + 1) // 2, len(rows), b"".join(rows))
