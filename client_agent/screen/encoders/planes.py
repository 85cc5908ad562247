"""A photo exactly (PROTOCOL.md, section 7.2): neighbours resemble each other, and so do the colours; what is left compresses."""

from collections.abc import Iterator

import numpy as np
import zstandard

from client_agent.screen.encoders.bands import bands
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, Pixels
from client_agent.screen.encoders.zstd_frames import LEVEL
from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL, Codec, Rectangle

_PLANES = 3
# About what fits a record; where there is less in the picture, the next band is larger.
_RAW_BYTES = 64 * 1024 * BYTES_PER_PIXEL


class Planes:
    """Three planes of differences, compressed with zstd; a `BoxEncoder`."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL)

    def rectangles(
        self, screen: int, box: Box, pixels: Pixels, *, data_bytes: int = DATA_BYTES_MAX
    ) -> Iterator[Rectangle]:
        return bands(self._encode, Codec.PLANES, screen, box, pixels, data_bytes=data_bytes, raw_bytes=_RAW_BYTES)

    def _encode(self, pixels: memoryview, width: int, height: int) -> bytes:
        blue, green, red, _ = np.moveaxis(np.frombuffer(pixels, np.uint8).reshape(height, width, BYTES_PER_PIXEL), 2, 0)
        planes = np.empty((_PLANES, height, width), np.uint8)
        planes[0] = green
        np.subtract(blue, green, out=planes[1])
        np.subtract(red, green, out=planes[2])
        left = planes[:, :, :-1].copy()
        planes[:, :, 1:] -= left
        return self._zstd.compress(planes.data.cast("B"))
