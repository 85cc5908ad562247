"""Exact rectangles that need nothing but themselves: a zstd frame each. What every viewer decodes."""

from collections.abc import Iterator

import zstandard

from client_agent.screen.encoders.bands import bands
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, Pixels
from client_agent.screen.source import Box
from protocol.media_parts import Codec, Rectangle

LEVEL = 1


class ZstdFrames:
    """Compresses each band by itself; a `BoxEncoder`."""

    def __init__(self) -> None:
        self._zstd = zstandard.ZstdCompressor(level=LEVEL)

    def rectangles(
        self, screen: int, box: Box, pixels: Pixels, *, data_bytes: int = DATA_BYTES_MAX
    ) -> Iterator[Rectangle]:
        return bands(self._encode, Codec.ZSTD, screen, box, pixels, data_bytes=data_bytes)

    def _encode(self, pixels: memoryview, width: int, height: int) -> bytes:
        return self._zstd.compress(pixels)
