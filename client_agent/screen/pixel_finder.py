"""The finder that looks closely: boxes to the pixel, scrolling and moved windows as copies, photos told from text."""

import numpy as np

from client_agent.screen.damage import clip
from client_agent.screen.differences import (
    FEW_PX_SIDE,
    Pixels,
    changed_box_of_few,
    changed_boxes,
    photo_boxes,
)
from client_agent.screen.encoders.bands import cut_columns
from client_agent.screen.finder import Captured, Changed, Copied, Step, area_of
from client_agent.screen.memory import PictureMemory
from client_agent.screen.scrolling import find_shifts
from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL

# Of a copy that the system announced, at most this share may be wrong.
_WRONG_MAX = 0.5
# Below this a change is sent as it is: looking for copies or photos would cost more than it saves.
_LOOK_PX_MIN = 64 * 64
# What scrolls is at least as large as this: some lines of text.
_SCROLL_PX_MIN = 16_384
_SEARCHES_MAX = 2
# Where so much of each so many rows is new, all of it is taken as new.
_TAKE_ROWS, _TAKE_SHARE = 8, 0.5
_SCROLL_ROWS_MIN = 48
# What scrolls under a window that covers a part of it comes in pieces, and moves from one into the other: three steps of a wheel.
_AROUND_PX = 160


class PixelFinder:
    """A `Finder`."""

    def all_of(self, memory: PictureMemory, box: Box, pixels: Captured, *, may_lose: bool) -> list[Step]:
        memory.put(box, pixels)
        after = np.frombuffer(pixels, np.uint32).reshape(box.height, box.width)
        return list(_looks(after, box.x, box.y, may_lose=may_lose))

    def find(
        self,
        memory: PictureMemory,
        box: Box,
        pixels: Captured,
        *,
        may_copy: bool,
        may_lose: bool,
    ) -> list[Step]:
        if box.width <= FEW_PX_SIDE and box.height <= FEW_PX_SIDE:
            return _find_few(memory, box, memoryview(pixels))
        screen = np.frombuffer(memory.pixels, np.uint32).reshape(memory.height, memory.width)
        before = _part(screen, box)
        after = np.frombuffer(pixels, np.uint32).reshape(box.height, box.width)
        steps: list[Step] = []
        if may_copy and box.area >= _SCROLL_PX_MIN:
            steps += _scrolled(memory, box, after)
        for each in changed_boxes(before != after):
            new = _part(after, each)
            _part(before, each)[:] = new
            steps += _looks(new, box.x + each.x, box.y + each.y, may_lose=may_lose)
        return steps

    def take(self, memory: PictureMemory, box: Box, pixels: Captured) -> int:
        before = _part(np.frombuffer(memory.pixels, np.uint32).reshape(memory.height, memory.width), box)
        after = np.frombuffer(pixels, np.uint32).reshape(box.height, box.width)
        differs = before[::_TAKE_ROWS] != after[::_TAKE_ROWS]
        if np.count_nonzero(differs) < _TAKE_SHARE * differs.size:
            return area_of(self.find(memory, box, pixels, may_copy=False, may_lose=False))
        before[:] = after
        return box.area

    def moved(self, memory: PictureMemory, move: Copied, pixels: Captured) -> list[Box] | None:
        screen = np.frombuffer(memory.pixels, np.uint32).reshape(memory.height, memory.width)
        source = Box(move.from_x, move.from_y, move.to.width, move.to.height)
        if clip(source, memory.box) != source:
            return None
        moved, old = _part(screen, source), _part(screen, move.to)
        now = np.frombuffer(pixels, np.uint32).reshape(moved.shape)
        is_wrong = moved != now
        if np.count_nonzero(is_wrong) > _WRONG_MAX * is_wrong.size:
            return None
        # Plain ground is alike everywhere; a copy is for what would else have to be sent.
        if np.count_nonzero((old != now) & ~is_wrong) < _LOOK_PX_MIN:
            return None
        memory.copy(move.from_x, move.from_y, move.to)
        return [Box(move.to.x + box.x, move.to.y + box.y, box.width, box.height) for box in changed_boxes(is_wrong)]


def _find_few(memory: PictureMemory, box: Box, after: memoryview) -> list[Step]:
    """A letter: too few pixels for a copy or a photo."""
    each = changed_box_of_few(memory.cut(box), after, box.width)
    if each is None:
        return []
    row = box.width * BYTES_PER_PIXEL
    new = Box(box.x + each.x, box.y + each.y, each.width, each.height)
    memory.put(new, cut_columns(after[each.y * row : each.bottom * row], box.width, each.x, each.width))
    return [Changed(new)]


def _scrolled(memory: PictureMemory, box: Box, after: Pixels) -> list[Copied]:
    """What moved up or down, done to the memory."""
    screen = np.frombuffer(memory.pixels, np.uint32).reshape(memory.height, memory.width)
    top, bottom = max(box.y - _AROUND_PX, 0), min(box.bottom + _AROUND_PX, memory.height)
    around = _part(screen, Box(box.x, top, box.width, bottom - top))
    done: list[Copied] = []
    # As many rows as something moved by have come into sight, of which nothing was there before.
    come_into_sight = 0
    for _ in range(_SEARCHES_MAX):
        shifts = find_shifts(around, after, above=box.y - top, height_min=come_into_sight + _SCROLL_ROWS_MIN)
        if not shifts:
            break
        come_into_sight = abs(shifts[-1].by)
        for shift in shifts:
            to = Box(box.x + shift.to.x, box.y + shift.to.y, shift.to.width, shift.to.height)
            memory.copy(to.x, to.y - shift.by, to)
            done.append(Copied(to.x, to.y - shift.by, to))
    return done


def _looks(new: Pixels, x: int, y: int, *, may_lose: bool) -> list[Changed]:
    height, width = new.shape
    if not may_lose or width * height < _LOOK_PX_MIN:
        return [Changed(Box(x, y, width, height))]
    photos, others = photo_boxes(new)
    return [
        Changed(Box(x + box.x, y + box.y, box.width, box.height), is_photo)
        for boxes, is_photo in ((others, False), (photos, True))
        for box in boxes
    ]


def _part(pixels: Pixels, box: Box) -> Pixels:
    return pixels[box.y : box.bottom, box.x : box.right]
