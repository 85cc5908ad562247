from hypothesis import given
from hypothesis.strategies import builds, integers, lists

from client_agent.screen.damage import BOXES_MAX, around, clip, merge
from client_agent.screen.source import Box

DESKTOP = Box(0, 0, 64, 48)
small_boxes = builds(Box, integers(-8, 70), integers(-8, 54), integers(1, 20), integers(1, 20))
scattered = builds(Box, integers(0, 16_000), integers(0, 16_000), integers(1, 3), integers(1, 3))


def pixels(boxes: list[Box]) -> set[tuple[int, int]]:
    return {(x, y) for box in boxes for x in range(box.x, box.right) for y in range(box.y, box.bottom)}


@given(lists(small_boxes, max_size=20), integers(1, 8))
def test_merging_covers_every_pixel_that_changed_and_stays_on_the_desktop(boxes: list[Box], boxes_max: int) -> None:
    merged = merge(boxes, DESKTOP, boxes_max=boxes_max)
    assert len(merged) <= boxes_max
    assert pixels(boxes) & pixels([DESKTOP]) <= pixels(merged) <= pixels([DESKTOP])


@given(lists(scattered, max_size=600))
def test_however_scattered_the_damage_it_is_few_boxes(boxes: list[Box]) -> None:
    merged = merge(boxes, Box(0, 0, 16_384, 16_384))
    assert len(merged) <= BOXES_MAX
    assert all(any(clip(box, one) == box for one in merged) for box in boxes)


@given(small_boxes, small_boxes)
def test_a_clipped_box_is_what_both_share(one: Box, other: Box) -> None:
    shared = clip(one, other)
    assert pixels([one]) & pixels([other]) == (pixels([shared]) if shared else set())
    assert pixels([one, other]) <= pixels([around(one, other)])


def test_a_screen_around_a_bar_at_its_top_is_one_box() -> None:
    pieces = [Box(0, 0, 380, 57), Box(1540, 0, 380, 57), Box(0, 57, 1920, 1023)]
    assert merge(pieces, Box(0, 0, 1920, 1080)) == [Box(0, 0, 1920, 1080)]


def test_distant_boxes_are_not_merged() -> None:
    corners = [Box(0, 0, 10, 10), Box(1900, 0, 10, 10), Box(0, 1000, 10, 10), Box(1900, 1000, 10, 10)]
    assert merge(corners, Box(0, 0, 1920, 1080)) == corners


def test_the_letters_of_a_word_become_one_box() -> None:
    letters = [Box(100 + 9 * at, 50, 8, 13) for at in range(12)]
    assert merge(letters, Box(0, 0, 1920, 1080)) == [Box(100, 50, 107, 13)]
