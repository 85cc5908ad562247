"""What differs between two pictures of one size, and what of it looks like a photo."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL

Pixels = npt.NDArray[np.uint32]
"""One number a pixel, of shape (height, width)."""
Differs = npt.NDArray[np.bool_]
"""Whether a pixel is another one than before, of shape (height, width)."""

# Unchanged rows or columns up to this many in a row are sent along rather than cutting a box in two.
_GAP_PX = 32
# In so many of them there is no such gap.
FEW_PX_SIDE = _GAP_PX + 1
_BITS_PER_PIXEL = 8 * BYTES_PER_PIXEL

# A box from this size on is cut in pieces of whole tiles, where that leaves out more than a quarter of it.
_CUT_PX_MIN = 16_384
_CUT_TILE_PX = 32
_CUT_SHARE = 0.75
_PIECES_MAX = 32

TILE_PX = 64
_TILE_ROWS_MIN = 8
# In boxes of fewer rows than these tiles are about so high, and none of them is left over.
_LOW_PX, _LOW_TILE_ROWS = 4 * TILE_PX, 32
# Of a photo's pixels most differ from their neighbours, and hardly two of them are alike; of text and windows neither holds.
_BUSY = 0.5
_COLOURS = 0.5
# Each tile is as so many of the nine around it are, so that a photo keeps its corners.
_VOTES = 4
# A photo with a plain sky is one photo.
_WHOLE = 0.7
_SAMPLED_ROWS = 4
_SAMPLED_PX = 32


def changed_box(differs: Differs) -> Box | None:
    """The one box around all pixels that differ."""
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return Box(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)


def changed_boxes(differs: Differs) -> list[Box]:
    """Boxes that hold every pixel that differs, and few that do not."""
    boxes: list[Box] = []
    for y, bottom in _runs(np.logical_or.reduce(differs, axis=1)):
        for x, right in _runs(np.logical_or.reduce(differs[y:bottom], axis=0)):
            boxes += _cut(Box(x, y, right - x, bottom - y), differs)
    return boxes


def changed_box_of_few(before: memoryview, after: memoryview, width: int) -> Box | None:
    """What `changed_boxes` finds in pictures of at most FEW_PX_SIDE rows and columns, where it can only be one box.

    For so few pixels numpy takes longer to begin than this takes in all.

    Args:
        before, after: rows of `width` pixels without gaps, 4 bytes a pixel.
    """
    row = width * BYTES_PER_PIXEL
    starts = [at for at in range(0, len(after), row) if before[at : at + row] != after[at : at + row]]
    if not starts:
        return None
    differs = 0
    for at in starts:
        differs |= int.from_bytes(before[at : at + row], "little") ^ int.from_bytes(after[at : at + row], "little")
    x = ((differs & -differs).bit_length() - 1) // _BITS_PER_PIXEL
    right = (differs.bit_length() - 1) // _BITS_PER_PIXEL + 1
    y, bottom = starts[0] // row, starts[-1] // row + 1
    return Box(x, y, right - x, bottom - y)


def _cut(box: Box, differs: Differs) -> list[Box]:
    """Cut a box in pieces where most of it is the same as before, as beside a window that was moved a little."""
    if box.area < _CUT_PX_MIN:
        return [box]
    here = differs[box.y : box.bottom, box.x : box.right]
    # A reduction for each row of tiles: a tenth of the time that one `reduceat` down the columns takes.
    by_rows = [np.logical_or.reduce(here[y : y + _CUT_TILE_PX], axis=0) for y in range(0, box.height, _CUT_TILE_PX)]
    tiles = np.logical_or.reduceat(np.stack(by_rows), np.arange(0, box.width, _CUT_TILE_PX), axis=1)
    if tiles.mean() > _CUT_SHARE:
        return [box]
    pieces = [
        Box(box.x + x * _CUT_TILE_PX, box.y + y * _CUT_TILE_PX, (right - x) * _CUT_TILE_PX, (bottom - y) * _CUT_TILE_PX)
        for differs_here, y, bottom, x, right in _runs_of_tiles(tiles)
        if differs_here
    ]
    return [_trimmed(piece, differs) for piece in pieces] if len(pieces) <= _PIECES_MAX else [box]


def _trimmed(box: Box, differs: Differs) -> Box:
    """The smallest box with all that differs in this one, which may reach beyond the picture."""
    here = differs[box.y : box.bottom, box.x : box.right]
    rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    x, y = box.x + int(columns[0]), box.y + int(rows[0])
    return Box(x, y, box.x + int(columns[-1]) + 1 - x, box.y + int(rows[-1]) + 1 - y)


def photo_boxes(pixels: Pixels) -> tuple[list[Box], list[Box]]:
    """Cut a picture into what looks like a photo and what does not.

    Returns:
        Boxes of the first and of the second kind, which cover it without overlapping. Tiles at the right and lower edge that are
        not whole count as their neighbours do; a picture smaller than some rows of a tile is not a photo.
    """
    height, width = pixels.shape
    # What scrolls into sight is a strip, and a photo may begin or end anywhere in it; programs hand large pictures over in bands, too.
    rows = height // TILE_PX if height >= _LOW_PX else max(1, round(height / _LOW_TILE_ROWS))
    tile_height, columns = TILE_PX if height >= _LOW_PX else height // rows, width // TILE_PX
    if tile_height < _TILE_ROWS_MIN or not columns:
        return [], [Box(0, 0, width, height)]
    is_photo = _photo_tiles(pixels[: rows * tile_height, : columns * TILE_PX], rows, columns)
    share = is_photo.mean()
    if share >= _WHOLE or not share:
        whole = [Box(0, 0, width, height)]
        return (whole, []) if share else ([], whole)
    xs, ys = [*range(0, columns * TILE_PX, TILE_PX), width], [*range(0, rows * tile_height, tile_height), height]
    photos: list[Box] = []
    others: list[Box] = []
    for kind, y, bottom, x, right in _runs_of_tiles(is_photo):
        box = Box(xs[x], ys[y], xs[right] - xs[x], ys[bottom] - ys[y])
        (photos if kind else others).append(box)
    return photos, others


def _photo_tiles(pixels: Pixels, rows: int, columns: int) -> npt.NDArray[np.bool_]:
    tile_height = len(pixels) // rows
    tiles = pixels.reshape(rows, tile_height, columns, TILE_PX)[:, :: tile_height // _SAMPLED_ROWS, :, :_SAMPLED_PX]
    busy = (tiles[..., 1:] != tiles[..., :-1]).mean(axis=(1, 3))
    samples = np.sort(tiles.transpose(0, 2, 1, 3).reshape(rows, columns, -1), axis=2)
    colours = (samples[..., 1:] != samples[..., :-1]).mean(axis=2)
    return _smoothed((busy > _BUSY) & (colours > _COLOURS))


def _smoothed(tiles: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Each tile as those around it are."""
    around = np.pad(tiles, 1, mode="edge")
    rows, columns = tiles.shape
    votes = sum(around[y : y + rows, x : x + columns].astype(np.uint8) for y in range(3) for x in range(3))
    return np.asarray(votes >= _VOTES)


def _runs_of_tiles(tiles: npt.NDArray[np.bool_]) -> list[tuple[bool, int, int, int, int]]:
    """Kind, top, bottom, left, right of runs of equal tiles in a row, those of alike rows taken together."""
    found: list[tuple[bool, int, int, int, int]] = []
    y = 0
    while y < len(tiles):
        bottom = y + 1
        while bottom < len(tiles) and (tiles[bottom] == tiles[y]).all():
            bottom += 1
        edges = [0, *(np.flatnonzero(np.diff(tiles[y])) + 1).tolist(), tiles.shape[1]]
        found += [(bool(tiles[y, x]), y, bottom, x, right) for x, right in pairwise(edges)]
        y = bottom
    return found


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end of each run of true flags; runs that only a small gap parts are one."""
    places = np.flatnonzero(flags)
    if not places.size:
        return []
    breaks = np.flatnonzero(np.diff(places) > _GAP_PX)
    begins = [int(places[0]), *places[breaks + 1].tolist()]
    ends = [*places[breaks].tolist(), int(places[-1])]
    return [(begin, end + 1) for begin, end in zip(begins, ends, strict=True)]
