"""What changed, what moved and what is a photo: differences.py, scrolling.py, motion.py, coarse.py, x11_moves.py."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import builds, integers, lists, sampled_from, tuples

from client_agent.screen.coarse import CoarseBoxes
from client_agent.screen.damage import clip, without
from client_agent.screen.differences import (
    FEW_PX_SIDE,
    changed_box,
    changed_box_of_few,
    changed_boxes,
    photo_boxes,
)
from client_agent.screen.finder import Finder, RowFinder
from client_agent.screen.memory import PictureMemory
from client_agent.screen.motion import Motion
from client_agent.screen.pixel_finder import PixelFinder
from client_agent.screen.scrolling import Shift, find_shifts
from client_agent.screen.source import Box, Moved
from client_agent.screen.x11_moves import WindowMoves
from tests.client_agent.screen.array_desktop import Pixels, photo, text

WHOLE = Box(0, 0, 300, 200)
boxes = builds(Box, integers(0, 250), integers(0, 150), integers(1, 50), integers(1, 50))


Numbers = np.ndarray[tuple[int, int], np.dtype[np.uint32]]


def numbers(pixels: Pixels) -> Numbers:
    """One number a pixel."""
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def find_shift(before: Numbers, after: Numbers, *, above: int = 0, height_min: int = 48) -> Shift | None:
    """What moved, where it is one piece."""
    shifts = find_shifts(before, after, above=above, height_min=height_min)
    assert len(shifts) < 2
    return shifts[0] if shifts else None


def covered(found: list[Box]) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """How often each pixel lies in a box."""
    times = np.zeros((WHOLE.height, WHOLE.width), np.int64)
    for box in found:
        assert clip(box, WHOLE) == box
        times[box.y : box.bottom, box.x : box.right] += 1
    return times


@given(lists(boxes, max_size=8))
def test_changed_boxes_hold_every_pixel_that_differs(changes: list[Box]) -> None:
    before = np.zeros((WHOLE.height, WHOLE.width), np.uint32)
    after = before.copy()
    for number, box in enumerate(changes):
        after[box.y : box.bottom, box.x : box.right] = number + 1
    assert (covered(changed_boxes(before != after)) >= (before != after)).all()
    around = changed_box(before != after)
    assert (around is None) == (not changes)
    assert around is None or (covered([around]) >= (before != after)).all()


few = integers(1, FEW_PX_SIDE)


@given(
    few,
    few,
    lists(builds(Box, *[integers(0, FEW_PX_SIDE - 1)] * 2, *[integers(1, 9)] * 2), max_size=3),
    integers(0, 31),
)
def test_of_few_pixels_the_quick_way_finds_what_the_other_does(
    width: int, height: int, changes: list[Box], bit: int
) -> None:
    before = np.arange(width * height, dtype=np.uint32).reshape(height, width)
    after = before.copy()
    for box in changes:
        after[box.y : box.bottom, box.x : box.right] ^= np.uint32(1 << bit)
    found = changed_box_of_few(memoryview(before.tobytes()), memoryview(after.tobytes()), width)
    assert [found] * (found is not None) == changed_boxes(before != after)


def test_what_changed_beside_a_window_that_was_moved_is_two_strips_and_not_the_window() -> None:
    before = np.zeros((200, 300), np.uint32)
    after = before.copy()
    after[20:180, 20:30] = 1
    after[20:28, 20:280] = 1
    assert sum(box.area for box in changed_boxes(before != after)) < 0.35 * 260 * 160


@given(boxes, lists(boxes, max_size=4))
def test_what_is_left_of_a_box_without_others_is_each_of_its_other_pixels_once(box: Box, holes: list[Box]) -> None:
    left = covered(without(box, holes))
    expected = covered([box])
    for hole in holes:
        expected[hole.y : hole.bottom, hole.x : hole.right] = 0
    assert (left == expected).all()


@pytest.mark.parametrize("rows", [1, 3, 54, -18, -100])
def test_what_scrolls_beside_a_bar_and_below_a_title_is_found(rows: int) -> None:
    page = text(500, 700)
    before = np.zeros((400, 600, 4), np.uint8)
    before[:30], before[:, :60] = 90, 160
    after = before.copy()
    before[30:, 60:560] = page[150:520]
    after[30:, 60:560] = page[150 + rows : 520 + rows]
    shift = find_shift(numbers(before), numbers(after))
    assert shift is not None
    assert shift.by == -rows
    moved = before[shift.to.y + rows : shift.to.bottom + rows, shift.to.x : shift.to.right]
    now = after[shift.to.y : shift.to.bottom, shift.to.x : shift.to.right]
    assert (moved == now).all(axis=2).mean() > 0.9
    assert shift.to.area > 0.6 * 500 * (370 - abs(rows))


@pytest.mark.parametrize("rows", [18, 54, -54])
def test_what_moves_into_a_piece_from_beside_it_is_found(rows: int) -> None:
    page = text(400, 700)
    before, after = numbers(page[100:500]), numbers(page[200 + rows : 260 + rows])
    shift = find_shift(before, after, above=100)
    assert shift is not None
    assert shift.by == -rows
    assert shift.to.area > 0.8 * 400 * 60
    moved = before[100 + shift.to.y + rows :][: shift.to.height, shift.to.x : shift.to.right]
    assert (moved == after[shift.to.y : shift.to.bottom, shift.to.x : shift.to.right]).all()


@pytest.mark.parametrize("rows", [54, -54])
def test_what_moves_out_from_under_a_bar_is_copied_beside_it_first(rows: int) -> None:
    page = numbers(text(1200, 700))
    before, after = page[100:500].copy(), page[100 + rows : 500 + rows].copy()
    bar = slice(0, 64) if rows > 0 else slice(-64, None)
    before[bar, 300:900] = after[bar, 300:900] = 7
    seen = before.copy()
    for shift in find_shifts(before, after):
        to, source = shift.to, slice(shift.to.y - shift.by, shift.to.bottom - shift.by)
        seen[to.y : to.bottom, to.x : to.right] = seen[source, to.x : to.right].copy()
    was_in_sight = slice(0, -rows) if rows > 0 else slice(-rows, None)
    assert (seen != after)[was_in_sight].any(axis=1).sum() < 8


def test_rows_that_came_into_sight_are_not_looked_at_again() -> None:
    page = numbers(text(400, 300))
    before, after = page, page[154:214]
    assert find_shift(before, after, above=100) is not None
    assert find_shift(before, after, above=100, height_min=80) is None


@given(integers(0, 20), integers(0, 20), builds(Box, *[integers(0, 20)] * 2, *[integers(1, 12)] * 2))
def test_a_copy_takes_what_was_there_before_also_where_the_two_overlap(from_x: int, from_y: int, to: Box) -> None:
    memory = PictureMemory(32, 32)
    expected = np.arange(32 * 32, dtype=np.uint32).reshape(32, 32)
    memory.put(memory.box, expected.tobytes())
    expected[to.y : to.bottom, to.x : to.right] = expected[
        from_y : from_y + to.height, from_x : from_x + to.width
    ].copy()
    memory.copy(from_x, from_y, to)
    assert memory.pixels == expected.tobytes()


@pytest.mark.parametrize("finder", [PixelFinder(), RowFinder()])
@pytest.mark.parametrize(
    "changed", [Box(3, 0, 60, 40), Box(7, 1, 1, 1), Box(0, 13, 64, 2)], ids=["most", "a pixel", "two rows"]
)
def test_a_picture_of_a_film_is_taken_whole_and_one_that_has_not_changed_is_none(finder: Finder, changed: Box) -> None:
    memory, place = PictureMemory(100, 80), Box(20, 10, 64, 40)
    before, after = (np.zeros((place.height, place.width), np.uint32) for _ in range(2))
    assert finder.take(memory, place, before.tobytes()) == 0
    after[changed.y : changed.bottom, changed.x : changed.right] = 7
    assert changed.area <= finder.take(memory, place, after.tobytes()) <= place.area
    assert bytes(memory.cut(place)) == after.tobytes()


@pytest.mark.parametrize(("from_y", "to_y"), [(0, 5), (5, 0)])
def test_a_copy_of_whole_rows_takes_what_was_there_before(from_y: int, to_y: int) -> None:
    memory = PictureMemory(32, 32)
    before = np.arange(32 * 32, dtype=np.uint32).reshape(32, 32)
    memory.put(memory.box, before.tobytes())
    memory.copy(0, from_y, Box(0, to_y, 32, 27))
    assert bytes(memory.cut(Box(0, to_y, 32, 27))) == before[from_y : from_y + 27].tobytes()


def test_other_text_in_the_same_place_has_not_scrolled() -> None:
    assert find_shift(numbers(text(400, 300)), numbers(text(400, 300, seed=2))) is None


def test_plain_ground_has_not_scrolled() -> None:
    before, after = np.zeros((300, 400), np.uint32), np.ones((300, 400), np.uint32)
    assert find_shift(before, after) is None


def test_text_is_no_photo_and_a_photo_beside_text_is_told_from_it() -> None:
    assert photo_boxes(numbers(text(640, 480)))[0] == []
    page = text(640, 480)
    page[128:384, 64:576] = photo(512, 256)
    photos, others = photo_boxes(numbers(page))
    assert [(box.x, box.y, box.right, box.bottom) for box in photos] == [(64, 128, 576, 384)]
    assert sum(box.area for box in photos + others) == 640 * 480


@pytest.mark.parametrize(("top", "bottom"), [(0, 33), (45, 120), (87, 120), (30, 90)])
def test_a_photo_of_which_a_part_comes_into_sight_is_told_from_the_text_in_the_same_strip(
    top: int, bottom: int
) -> None:
    strip = text(1100, 120)
    strip[top:bottom, :800] = photo(800, 420)[: bottom - top]
    photos, others = photo_boxes(numbers(strip))
    seen = Box(0, top, 800, bottom - top)
    assert sum(part.area for box in photos if (part := clip(box, seen))) > 0.75 * seen.area
    assert sum(box.area for box in photos) < 1.1 * seen.area
    assert sum(box.area for box in photos + others) == 1100 * 120


@pytest.mark.parametrize("height", [8, 20, 63])
def test_a_band_of_a_photo_is_a_photo(height: int) -> None:
    assert photo_boxes(numbers(photo(640, height)))[0] == [Box(0, 0, 640, height)]
    assert photo_boxes(numbers(text(640, height)))[0] == []


def test_a_photo_in_a_larger_one_that_changed_just_before_becomes_a_film_of_its_own() -> None:
    motion = Motion(Box(0, 0, 800, 600), regions_max=4)
    motion.photo_changed(Box(0, 0, 800, 600), 1.0)
    for number in range(3):
        motion.photo_changed(Box(100, 100, 321, 200), 1.1 + number / 30)
    assert [region.box for region in motion.regions] == [Box(100, 100, 322, 200)]


def test_pictures_that_come_slowly_are_a_film_with_the_third() -> None:
    motion = Motion(Box(0, 0, 800, 600), regions_max=4)
    for number in range(2):
        motion.photo_changed(Box(100, 100, 320, 200), number * 0.3)
    assert motion.regions == []
    motion.photo_changed(Box(100, 100, 320, 200), 0.6)
    assert len(motion.regions) == 1
    assert len(motion.forget_old(10.0)) == 1
    assert motion.regions == []


def test_there_are_never_more_films_than_streams() -> None:
    motion = Motion(Box(0, 0, 1000, 1000), regions_max=2)
    for number in range(3):
        for at in range(4):
            motion.photo_changed(Box(at * 240, at * 240, 200, 200), number * 0.05)
    assert len(motion.regions) == 2


@given(lists(boxes, max_size=100))
def test_coarse_boxes_stay_few_and_forget_nothing(coarse: list[Box]) -> None:
    all_of_them = CoarseBoxes()
    for number, box in enumerate(coarse):
        all_of_them.add(box, float(number))
    left = covered(coarse)
    rounds = 0
    while oldest := all_of_them.oldest():
        rounds += 1
        rows = (oldest.box.height + 1) // 2
        left[oldest.box.y : oldest.box.y + rows, oldest.box.x : oldest.box.right] = 0
        all_of_them.refined(oldest, rows)
    assert all_of_them.is_empty
    assert not left.any()
    assert rounds < 32 * 10


@given(lists(tuples(sampled_from(["lossy", "exact", "copied"]), boxes, boxes), max_size=60))
def test_what_is_coarse_is_known_through_copies_and_exact_pixels_and_nothing_else_is(
    steps: list[tuple[str, Box, Box]],
) -> None:
    coarse, is_coarse = CoarseBoxes(), np.zeros((WHOLE.height, WHOLE.width), bool)

    def at(box: Box) -> tuple[slice, slice]:
        return slice(box.y, box.bottom), slice(box.x, box.right)

    for number, (what, box, other) in enumerate(steps):
        match what:
            case "lossy":
                coarse.add(box, float(number))
                is_coarse[at(box)] = True
            case "exact":
                coarse.exact(box)
                is_coarse[at(box)] = False
            case "copied":
                source = Box(other.x, other.y, box.width, box.height)
                coarse.copied(source.x, source.y, box, float(number))
                is_coarse[at(box)] = is_coarse[at(source)]
    known, few = np.zeros_like(is_coarse), len(steps) < 4
    while oldest := coarse.oldest():
        assert not known[at(oldest.box)].any()
        known[at(oldest.box)] = True
        coarse.refined(oldest, oldest.box.height)
    assert (known >= is_coarse).all()
    # Where they become too many, more than what is coarse is taken for it.
    assert (known == is_coarse).all() or not few


def test_strips_of_a_photo_that_came_into_sight_and_moved_on_are_one() -> None:
    coarse = CoarseBoxes()
    for number in range(100):
        coarse.copied(0, 50, Box(0, 0, 300, 950), float(number))
        coarse.add(Box(20, 950, 200, 50), float(number))
    found = []
    while oldest := coarse.oldest():
        found.append(oldest.box)
        coarse.refined(oldest, oldest.box.height)
    assert found == [Box(20, 0, 200, 1000)]


def configured(parent: int, window: int, x: int, y: int, width: int = 50, height: int = 40) -> bytes:
    return struct.pack("=BxHIIIhhHHHxx", 22, 1, parent, window, 0, x, y, width, height, 1).ljust(32, b"\0")


def test_a_window_is_moved_once_from_where_it_was_to_where_it_is() -> None:
    moves = WindowMoves(root=1)
    for x in (10, 20, 35):
        moves.configured(configured(1, 7, x, 5))
    assert moves.take() == [Moved(10, 5, Box(35, 5, 52, 42))]
    assert moves.take() == []


def test_a_window_that_is_resized_or_inside_another_one_is_not_moved() -> None:
    moves = WindowMoves(root=1)
    moves.configured(configured(1, 7, 10, 5))
    moves.configured(configured(1, 7, 20, 5, width=60))
    for x in (10, 20):
        moves.configured(configured(9, 8, x, 5))
    assert moves.take() == []
