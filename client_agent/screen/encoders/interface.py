"""What every encoder of rectangles is, and how large what it makes may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from client_agent.screen.source import Box
from protocol.limits import MEDIA_PLAIN_BYTES_TARGET
from protocol.media_codec import PART_OVERHEAD_BYTES, write_part
from protocol.media_parts import PictureEnd, Rectangle

Pixels = bytes | bytearray | memoryview
"""Rows from the top without gaps, 4 bytes a pixel: blue, green, red, unused."""

# Every part leaves room for the end of its picture, so that the last record of a picture is like the others.
RECORD_BYTES = MEDIA_PLAIN_BYTES_TARGET
DATA_BYTES_MAX = RECORD_BYTES - PART_OVERHEAD_BYTES - len(write_part(PictureEnd(0, is_key=False, at_ms=0)))
# A viewer unpacks at most this for one rectangle, and can show the top of a screen while the rest is on its way.
RAW_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class VideoRate:
    """What a video stream may take: 1000 bits a second, and how many bytes one of its pictures may be long."""

    kbit: int
    buffer_bytes: int


class CannotEncode(Exception):
    """A video encoder does not work here, or not for pictures of this size."""


class BoxEncoder(Protocol):
    """Pixels to rectangles of media records (PROTOCOL.md, section 7.2). To be used by one thread at a time."""

    def rectangles(
        self, screen: int, box: Box, pixels: Pixels, *, data_bytes: int = DATA_BYTES_MAX
    ) -> Iterator[Rectangle]:
        """Cut a box into parts that each fit a record.

        Args:
            screen: the number of the screen; `box` is relative to its top left.
            pixels: those of the box.
            data_bytes: how much one of them should hold, at most; one that cannot be smaller holds up to DATA_BYTES_MAX.
        """
