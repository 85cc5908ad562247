"""The mark in a picture that says which one it is: 16 bits as blocks; probe.js reads it.

As large as a letter where letters are typed; larger where the way to the eye may lose detail.
"""

from typing import NamedTuple

import numpy
from numpy.typing import NDArray

COLUMNS = ROWS = 4
NUMBERS = 1 << 12
LIT, DARK = 0xF0E040, 0x102030


class Size(NamedTuple):
    """How large one block is; a mark has 4 x 4."""

    block_width_px: int
    block_height_px: int

    @property
    def width_px(self) -> int:
        return COLUMNS * self.block_width_px

    @property
    def height_px(self) -> int:
        return ROWS * self.block_height_px


LETTER = Size(3, 4)
LARGE = Size(8, 8)
WIDTH_PX, HEIGHT_PX = LETTER.width_px, LETTER.height_px


class Place(NamedTuple):
    """Where a mark is on the screen, and how large."""

    x: int
    y: int
    size: Size


def bits_of(number: int) -> int:
    """The number, below NUMBERS, and a checksum, so that hardly anything else on a screen looks like a mark."""
    return number << 4 | (~(number ^ number >> 4 ^ number >> 8) & 0xF)


def blocks(number: int) -> NDArray[numpy.bool_]:
    """Which blocks of a mark are lit, shape (ROWS, COLUMNS), the highest bit first."""
    bits = bits_of(number)
    return numpy.array([bits >> 15 - at & 1 for at in range(16)], dtype=bool).reshape(ROWS, COLUMNS)


def pixels(number: int, size: Size = LETTER) -> NDArray[numpy.uint8]:
    """The mark as a picture: shape (height, width, 4), blue, green, red, unused."""
    colours = numpy.where(blocks(number), LIT, DARK).astype("<u4")
    large = colours.repeat(size.block_height_px, 0).repeat(size.block_width_px, 1)
    return numpy.ascontiguousarray(large).view(numpy.uint8).reshape(size.height_px, size.width_px, 4)


def read(picture: NDArray[numpy.uint8], place: Place) -> int:
    """The number of the mark at a place of a picture (height, width, 4: blue, green, red, unused), or -1; as probe.js reads it."""
    x, y, (width, height) = place
    middles = picture[
        y + height // 2 : y + ROWS * height : height,
        x + width // 2 : x + COLUMNS * width : width,
    ]
    if middles.shape[:2] != (ROWS, COLUMNS):
        return -1
    lit = (middles[..., 2] > 128) & (middles[..., 0] < 128)
    bits = int("".join("01"[int(each)] for each in lit.reshape(-1)), 2)
    return bits >> 4 if bits_of(bits >> 4) == bits else -1
