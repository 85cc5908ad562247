"""Finds what moved up or down inside a box: rows are hashed in a few places, and equal ones vote for how far they moved.

A guess is enough: what a copy gets wrong is drawn over exactly afterwards. It only has to be worth it, and not to read all pixels, which
for a whole screen takes as long as everything else.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from client_agent.screen.differences import Pixels
from client_agent.screen.source import Box

# Each so many rows tell where something changed, and whether a copy would be right.
_EVERY = 8
# What changed is looked at in so many columns, each sampled at so many places in every row; the busiest columns vote.
_COLUMNS = 16
_SAMPLES = 6
_VOTING = 3
_VOTES_MIN = 6
# Of what is as high as this, one in so many rows after the change is enough to vote.
_HIGH_PX, _VOTING_ROWS = 256, 4
_WIDTH_PX_MIN, _HEIGHT_PX_MIN = _COLUMNS * _SAMPLES, 48
# A copy of fewer pixels than these, less what it spoils, is not worth the part.
_GAIN_PX_MIN = 4096
# The largest, and one on either side of a bar.
_PARTS_MAX = 3

Hashes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shift:
    """What is in `to` now was `by` rows above it before; below it where that is negative."""

    to: Box
    by: int


def find_shifts(before: Pixels, after: Pixels, *, above: int = 0, height_min: int = _HEIGHT_PX_MIN) -> list[Shift]:
    """The largest part of `after` that `before` held some rows away, and before it what moves out from under a bar beside it.

    Each is to be copied before the next one; empty where none is worth a copy.

    Args:
        before, after: two pictures of the same width.
        above: how many rows `before` begins above `after`; it ends at the same row, or below it.
        height_min: where what changed is less high, nothing has moved.
    """
    changed = before[above : above + len(after) : _EVERY] != after[::_EVERY]
    columns = _sums(changed, axis=0)
    places, rows = np.flatnonzero(columns), np.flatnonzero(changed.any(axis=1))
    if not rows.size or (rows[-1] - rows[0] + 1) * _EVERY < height_min or places[-1] - places[0] < _WIDTH_PX_MIN:
        return []
    x, end = int(places[0]), int(places[-1]) + 1
    before, after, changed = before[:, x:end], after[:, x:end], changed[:, x:end]
    busiest = _busiest(columns[x:end])
    every = 1 if len(after) < _HIGH_PX else _VOTING_ROWS
    old = _hashes(before, busiest)
    by = _vote(old, _hashes(after[::every], busiest), above, every)
    if by is None:
        return []
    # From the first row that `before` holds what may be a copy of to the last one, as sampled.
    first, last = -(min(0, above - by) // _EVERY), -(-min(len(after), len(before) + by - above) // _EVERY)
    start = first * _EVERY + above - by
    equal = before[start : start + (last - first) * _EVERY : _EVERY] == after[first * _EVERY : last * _EVERY : _EVERY]
    changed = changed[first:last]
    # 1 for what becomes right by copying, -1 for what becomes wrong.
    gain = equal.view(np.int8) + changed.view(np.int8) - np.int8(1)
    largest = _best_part(gain)
    if largest is None:
        return []
    parts = [largest]
    # What goes on in the direction of the motion, beside a bar that stays: to be copied before there is something else where it comes from.
    begin, end = (0, largest.y) if by < 0 else (largest.bottom, len(gain))
    while len(parts) < _PARTS_MAX and (part := _best_part(gain[begin:end])):
        parts.append(Box(part.x, begin + part.y, part.width, part.height))
        gain[begin:end, part.x : part.right] = -1
    shifts: list[Shift] = []
    for part in parts:
        top, bottom = (first + part.y) * _EVERY, (first + part.bottom - 1) * _EVERY + 1
        top, bottom = _extended(top, bottom, old, after, busiest, by - above)
        if shifts and by < 0:
            bottom = min(bottom, shifts[0].to.y)
        elif shifts:
            top = max(top, shifts[0].to.bottom)
        shifts.append(Shift(Box(x + part.x, top, part.width, bottom - top), by))
    return shifts[::-1]


def _best_part(gain: npt.NDArray[np.int8]) -> Box | None:
    """Where copying gains most, in columns and sampled rows; None where that is not worth it."""
    left, right = _best_run(_sums(gain, axis=0))
    gains = _sums(gain[:, left:right], axis=1)
    top, bottom = _best_run(gains)
    is_worth_it = gains[top:bottom].sum() * _EVERY >= _GAIN_PX_MIN
    return Box(left, top, right - left, bottom - top) if is_worth_it else None


def _sums(flags: "npt.NDArray[np.bool_ | np.int8]", axis: int) -> npt.NDArray[np.int_]:
    """The quickest way there is for so small numbers: no side of a screen is longer than 32,767 pixels."""
    return np.asarray(np.add.reduce(flags.view(np.int8), axis=axis, dtype=np.int16), np.int_)


def _busiest(columns: npt.NDArray[np.int_]) -> list[slice]:
    """Places in each of the columns where most has changed, at equal distances, which processors read ahead."""
    width = len(columns) // _COLUMNS
    counts = columns[: _COLUMNS * width].reshape(_COLUMNS, width).sum(axis=1)
    every = width // _SAMPLES
    starts = [int(number) * width + every // 2 for number in np.argsort(counts)[-_VOTING:]]
    return [slice(start, start + every * _SAMPLES, every) for start in starts]


def _hashes(pixels: Pixels, places: list[slice]) -> Hashes:
    """One number for each of the places and each row, of shape (places, rows)."""
    return np.stack([pixels[:, place].astype(np.float64) @ _FACTORS for place in places])


# Without a pattern, and so small that a sum of products with numbers of 32 bits is exact (53 bits).
_FACTORS = np.array([pow(5, 7 * (n + 1), 2**18) for n in range(_SAMPLES)], np.float64)


def _vote(old: Hashes, new: Hashes, above: int, every: int) -> int | None:
    """How many rows most of it moved down: what there is once before, and once after, votes; `new` is of one in `every` rows."""
    both = np.concatenate([old, new], axis=1)
    order = np.argsort(both, axis=1)
    ordered = np.take_along_axis(both, order, axis=1)
    is_twice = ordered[:, 1:] == ordered[:, :-1]
    one, other = order[:, :-1], order[:, 1:]
    rows = old.shape[1]
    is_pair = is_twice & ((one < rows) != (other < rows))
    is_pair[:, 1:] &= ~is_twice[:, :-1]
    is_pair[:, :-1] &= ~is_twice[:, 1:]
    before, after = np.minimum(one[is_pair], other[is_pair]), np.maximum(one[is_pair], other[is_pair]) - rows
    # Counted from the longest way up that there could be.
    shifts = after * every + above + rows - before
    votes = np.bincount(shifts[shifts != rows], minlength=1)
    best = int(votes.argmax())
    return best - rows if votes[best] >= _VOTES_MIN else None


def _extended(top: int, bottom: int, old: Hashes, after: Pixels, places: list[slice], by: int) -> tuple[int, int]:
    """The rows of a copy to its very ends, which lie between two of those that were looked at."""
    first, last = max(by, 0, top - _EVERY + 1), min(len(after), old.shape[1] + by, bottom + _EVERY - 1)
    is_alike = [
        (old[:, begin - by : end - by] == _hashes(after[begin:end], places)).all(axis=0)
        for begin, end in ((first, top), (bottom, last))
    ]
    others_above, others_below = np.flatnonzero(~is_alike[0]), np.flatnonzero(~is_alike[1])
    return (
        first + int(others_above[-1]) + 1 if others_above.size else first,
        bottom + int(others_below[0]) if others_below.size else last,
    )


def _best_run(gains: npt.NDArray[np.int_]) -> tuple[int, int]:
    """Begin and end of the run with the largest sum."""
    sums = np.concatenate([[0], np.cumsum(gains)])
    lowest = np.minimum.accumulate(sums)
    end = int(np.argmax(sums - lowest))
    begin = int(np.argmin(sums[: end + 1]))
    return begin, end
