"""Finds what moved up or down inside a box: rows are hashed piece by piece, and equal pieces vote for how far they moved.

A guess is enough: what a copy gets wrong is drawn over exactly afterwards. It only has to be worth it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from client_agent.screen.differences import Pixels
from client_agent.screen.source import Box

# A box is looked at in so many columns, each sampled at so many places; the busiest columns vote.
_COLUMNS = 16
_SAMPLES = 6
_VOTING = 3
_VOTES_MIN = 6
_SIDE_PX_MIN = 48
# A copy of fewer pixels than these, less what it spoils, is not worth the part.
_GAIN_PX_MIN = 4096

Hashes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """What is in `to` now was `by` rows above it before; below it where that is negative."""

    to: Box
    by: int


def find_shift(before: Pixels, after: Pixels) -> Shift | None:
    """The largest part of `after` that `before` held some rows away; None where none is worth a copy.

    Args:
        before, after: two pictures of the same size.
    """
    height, width = after.shape
    if height < _SIDE_PX_MIN or width < _SIDE_PX_MIN:
        return None
    edges = np.linspace(0, width, _COLUMNS + 1).astype(np.intp)
    places = (
        edges[:-1, None] + (np.diff(edges)[:, None] * (np.arange(_SAMPLES) + 0.5) / _SAMPLES).astype(np.intp)
    ).ravel()
    old, new = _hashes(before, places), _hashes(after, places)
    changed = old != new
    by = _vote(old, new, changed)
    if by is None:
        return None
    top, bottom = max(by, 0), min(height, height + by)
    equal = old[:, top - by : bottom - by] == new[:, top:bottom]
    # What becomes right by copying, less what becomes wrong.
    gain = (equal & changed[:, top:bottom]).astype(np.int32) - (~equal & ~changed[:, top:bottom])
    left, right = _best_run(gain.sum(axis=1) * np.diff(edges))
    first, last = _best_run(gain[left:right].sum(axis=0))
    if gain[left:right, first:last].sum() * (width // _COLUMNS) < _GAIN_PX_MIN:
        return None
    x, y = int(edges[left]), top + first
    return Shift(Box(x, y, int(edges[right]) - x, last - first), by)


def _hashes(pixels: Pixels, places: npt.NDArray[np.intp]) -> Hashes:
    """One number for each column and row, of shape (columns, rows)."""
    sampled = pixels[:, places].astype(np.float64).reshape(-1, _SAMPLES)
    return np.ascontiguousarray((sampled @ _FACTORS).reshape(len(pixels), _COLUMNS).T)


# Without a pattern, and so small that a sum of products with numbers of 32 bits is exact (53 bits).
_FACTORS = np.array([pow(5, 7 * (n + 1), 2**18) for n in range(_SAMPLES)], np.float64)


def _vote(old: Hashes, new: Hashes, changed: npt.NDArray[np.bool_]) -> int | None:
    """How many rows most of what changed moved down."""
    shifts: list[npt.NDArray[np.intp]] = []
    for column in np.argsort(changed.sum(axis=1))[-_VOTING:]:
        rows = np.flatnonzero(changed[column])
        values, places, counts = np.unique(new[column, rows], return_index=True, return_counts=True)
        olds, old_places, old_counts = np.unique(old[column], return_index=True, return_counts=True)
        _, at, old_at = np.intersect1d(
            values[counts == 1], olds[old_counts == 1], assume_unique=True, return_indices=True
        )
        shifts.append(rows[places[counts == 1][at]] - old_places[old_counts == 1][old_at])
    values, votes = np.unique(np.concatenate(shifts), return_counts=True)
    if not votes.size:
        return None
    best = int(np.argmax(votes))
    return int(values[best]) if votes[best] >= _VOTES_MIN and values[best] else None


def _best_run(gains: npt.NDArray[np.int_]) -> tuple[int, int]:
    """Begin and end of the run with the largest sum."""
    sums = np.concatenate([[0], np.cumsum(gains)])
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    begin = int(np.argmin(sums[: end + 1]))
    return begin, end
