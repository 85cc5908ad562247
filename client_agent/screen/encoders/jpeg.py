"""A photo that appears at once: quick and small, made exact later."""

from collections.abc import Iterator
from io import BytesIO
from typing import cast

from PIL import Image

from client_agent.screen.encoders.bands import bands
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, Pixels
from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL, Codec, Rectangle

# About as many as fit a record at a good quality; a multiple of sixteen rows for usual widths.
_RAW_BYTES = 128 * 1024 * BYTES_PER_PIXEL

# Each has 600 bytes of tables of its own: in pieces as small as the records of a narrow path it would be little else.
_DATA_BYTES_MIN = 8 * 1024
# Up to so many pixels the tables of codes are made to measure, half as long: a fifth of a strip beside a window that is moved.
_MADE_TO_MEASURE_PX = 32 * 1024


# Below this there is little left to be seen, and hardly anything to be saved.
_QUALITY_MIN = 8
_COARSER_BY = 0.6


class Jpeg:
    """Baseline JPEG in bands; a `BoxEncoder`, not exact.

    Args:
        quality: libjpeg's, 1 to 95.
        bytes_a_pixel: where a band needs more, it and all after it are made more coarsely.
    """

    def __init__(self, quality: int, bytes_a_pixel: float = float("inf")) -> None:
        self.quality = quality
        self._bytes_a_pixel = bytes_a_pixel

    def rectangles(
        self, screen: int, box: Box, pixels: Pixels, *, data_bytes: int = DATA_BYTES_MAX
    ) -> Iterator[Rectangle]:
        data_bytes = max(data_bytes, _DATA_BYTES_MIN)
        return bands(self._encode, Codec.JPEG, screen, box, pixels, data_bytes=data_bytes, raw_bytes=_RAW_BYTES)

    def _encode(self, pixels: memoryview, width: int, height: int) -> bytes:
        image = Image.frombuffer("RGB", (width, height), cast(bytes, pixels), "raw", "BGRX", 0, 1)
        is_small = width * height <= _MADE_TO_MEASURE_PX
        while True:
            data = BytesIO()
            image.save(data, "JPEG", quality=self.quality, optimize=is_small)
            if data.tell() <= self._bytes_a_pixel * width * height or self.quality <= _QUALITY_MIN:
                return data.getvalue()
            self.quality = max(int(self.quality * _COARSER_BY), _QUALITY_MIN)
