"""Boxes that changed: clipped to what can be seen, merged until there are few of them."""

from collections.abc import Iterable

from client_agent.screen.source import Box

BOXES_MAX = 64
# Above this, boxes are first thrown together by where they lie, so that merging looks at few of them.
_EXACT_MAX = 128
_CELL_PX = 256
# What one more box costs in a record, the work for it included, as pixels that could be sent instead; and as a share of its own, since to
# look at a few more pixels takes less than to look twice: a screen around the bar at its top is one box.
_BOX_COST_PX, _BOX_COST_SHARE = 1024, 1 / 8


def clip(box: Box, within: Box) -> Box | None:
    """The part of `box` that lies in `within`; None where there is none."""
    x, y = max(box.x, within.x), max(box.y, within.y)
    right, bottom = min(box.right, within.right), min(box.bottom, within.bottom)
    return Box(x, y, right - x, bottom - y) if x < right and y < bottom else None


def without(box: Box, holes: Iterable[Box]) -> list[Box]:
    """What is left of a box without some others: boxes that do not overlap."""
    left = [box]
    for hole in holes:
        left = [piece for each in left for piece in _without(each, hole)]
    return left


def _without(box: Box, hole: Box) -> list[Box]:
    shared = clip(box, hole)
    if shared is None:
        return [box]
    pieces = [
        (box.x, box.y, box.right, shared.y),
        (box.x, shared.y, shared.x, shared.bottom),
        (shared.right, shared.y, box.right, shared.bottom),
        (box.x, shared.bottom, box.right, box.bottom),
    ]
    return [Box(x, y, right - x, bottom - y) for x, y, right, bottom in pieces if x < right and y < bottom]


def around(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""
    x, y = min(one.x, other.x), min(one.y, other.y)
    return Box(x, y, max(one.right, other.right) - x, max(one.bottom, other.bottom) - y)


def merge(boxes: Iterable[Box], within: Box, *, boxes_max: int = BOXES_MAX) -> list[Box]:
    """Cover the part of `boxes` that lies in `within` with few boxes.

    Two boxes become one where that costs less than sending both. The work is bounded: beyond some number, all boxes that
    begin in one cell of a coarse grid are taken together first.

    Returns:
        At most `boxes_max` boxes inside `within` that cover every pixel of the clipped ones, in reading order.
    """
    clipped = [part for box in boxes if (part := clip(box, within))]
    if len(clipped) > _EXACT_MAX:
        clipped = _by_cell(clipped)
    merged: list[Box] = []
    for box in clipped:
        _add(merged, box)
    while len(merged) > boxes_max:
        merged = _halved(merged)
    return sorted(merged, key=lambda box: (box.y, box.x))


def _add(boxes: list[Box], box: Box) -> None:
    """Add a box, taking in every other that is cheaper together with it than apart."""
    at = 0
    while at < len(boxes):
        both = around(boxes[at], box)
        apart = boxes[at].area + box.area
        if both.area <= apart + max(_BOX_COST_PX, _BOX_COST_SHARE * apart):
            box = both
            boxes[at] = boxes[-1]
            boxes.pop()
            at = 0
        else:
            at += 1
    boxes.append(box)


def _by_cell(boxes: list[Box]) -> list[Box]:
    """One box for each cell that boxes begin in; the cells grow until there are few."""
    cell_px = _CELL_PX
    while True:
        cells: dict[tuple[int, int], Box] = {}
        for box in boxes:
            cell = (box.x // cell_px, box.y // cell_px)
            cells[cell] = around(cells[cell], box) if cell in cells else box
        boxes = list(cells.values())
        if len(boxes) <= _EXACT_MAX:
            return boxes
        cell_px *= 2


def _halved(boxes: list[Box]) -> list[Box]:
    """Neighbours in reading order, two by two."""
    boxes = sorted(boxes, key=lambda box: (box.y, box.x))
    return [around(boxes[at], boxes[min(at + 1, len(boxes) - 1)]) for at in range(0, len(boxes), 2)]
