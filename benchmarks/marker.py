"""The mark in a picture that says which one it is: 16 bits as blocks, as large as a letter; probe.js reads it."""

from typing import NamedTuple

COLUMNS = ROWS = 4
BLOCK_WIDTH_PX, BLOCK_HEIGHT_PX = 3, 4
WIDTH_PX, HEIGHT_PX = COLUMNS * BLOCK_WIDTH_PX, ROWS * BLOCK_HEIGHT_PX
NUMBERS = 1 << 12
LIT, DARK = 0xF0E040, 0x102030


class Block(NamedTuple):
    """One bit: its place inside the mark, and whether it is lit."""

    x: int
    y: int
    is_lit: bool


def bits_of(number: int) -> int:
    """The number, below NUMBERS, and a checksum, so that hardly anything else on a screen looks like a mark."""
    return number << 4 | (~(number ^ number >> 4 ^ number >> 8) & 0xF)


def blocks(number: int) -> list[Block]:
    """The blocks of a mark, in reading order, the highest bit first."""
    bits = bits_of(number)
    places = ((column * BLOCK_WIDTH_PX, row * BLOCK_HEIGHT_PX) for row in range(ROWS) for column in range(COLUMNS))
    return [Block(x, y, bool(bits >> 15 - at & 1)) for at, (x, y) in enumerate(places)]
