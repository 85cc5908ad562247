"""A box as bands, each encoded by itself and small enough for a record."""

from collections.abc import Callable, Iterator

from client_agent.screen.encoders.interface import DATA_BYTES_MAX, RAW_BYTES_MAX, Pixels
from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL, Codec, Rectangle

# One row of this width fits a record even where nothing can be compressed.
WIDTH_PX_MAX = 4096

Encode = Callable[[memoryview, int, int], bytes]
"""Some rows of pixels, their width and how many they are, encoded."""


def bands(
    encode: Encode,
    codec: Codec,
    screen: int,
    box: Box,
    pixels: Pixels,
    *,
    data_bytes: int,
    raw_bytes: int | None = None,
) -> Iterator[Rectangle]:
    """Encode a box in bands of at most `data_bytes` where that can be, of at most `raw_bytes` of pixels (RAW_BYTES_MAX where not given)."""
    raw_bytes = raw_bytes or RAW_BYTES_MAX
    for x in range(0, box.width, WIDTH_PX_MAX):
        column = Box(box.x + x, box.y, min(WIDTH_PX_MAX, box.width - x), box.height)
        yield from _of_column(
            encode, codec, screen, column, cut_columns(pixels, box.width, x, column.width), data_bytes, raw_bytes
        )


def _of_column(
    encode: Encode, codec: Codec, screen: int, box: Box, pixels: memoryview, data_bytes: int, raw_bytes: int
) -> Iterator[Rectangle]:
    row_bytes = box.width * BYTES_PER_PIXEL
    rows_max = max(1, raw_bytes // row_bytes)
    y, rows = 0, rows_max
    while y < box.height:
        rows = min(rows, rows_max, box.height - y)
        data = encode(pixels[y * row_bytes : (y + rows) * row_bytes], box.width, rows)
        # As many rows as would have filled a record, were they all alike.
        fitting = max(1, rows * data_bytes // len(data) * 9 // 10)
        if len(data) > (data_bytes if rows > 1 else DATA_BYTES_MAX):
            rows = min(fitting, rows - 1)
            continue
        yield Rectangle(screen, codec, box.x, box.y + y, box.width, rows, data)
        y += rows
        rows = fitting


def cut_columns(pixels: Pixels, width: int, x: int, column_width: int) -> memoryview:
    """Some columns of rows of `width` pixels."""
    view = memoryview(pixels)
    if column_width == width:
        return view
    row_bytes = width * BYTES_PER_PIXEL
    start, length = x * BYTES_PER_PIXEL, column_width * BYTES_PER_PIXEL
    return memoryview(b"".join(view[at : at + length] for at in range(start, len(view), row_bytes)))
