"""What can run of the way for Windows and macOS: mss takes pictures of an X desktop too."""

import asyncio
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, tuples

from client_agent.screen.anywhere import LOOK_EVERY_S, AnywhereSource
from client_agent.screen.differences import changed_boxes
from client_agent.screen.source import Box, NoDisplay, OffScreen, ScreenSource
from tests.client_agent.desktop import Painter
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]
WINDOW = Box(100, 80, 320, 200)


@pytest.fixture
def display(xvfb: Start, monkeypatch: pytest.MonkeyPatch) -> VirtualDisplay:
    display = xvfb(640, 480, window_manager=False)
    monkeypatch.setenv("DISPLAY", display.name)
    return display


@pytest.fixture
def source(display: VirtualDisplay) -> Iterator[ScreenSource]:
    source = AnywhereSource()
    yield source
    source.close()


@pytest.fixture
def painter(display: VirtualDisplay) -> Iterator[Painter]:
    painter = Painter(display, WINDOW)
    yield painter
    painter.close()


def test_what_changed_is_found_and_its_pixels_are_exact(source: ScreenSource, painter: Painter) -> None:
    assert [screen.box for screen in source.screens()] == [Box(0, 0, 640, 480)]
    source.damage()
    painter.fill(Box(40, 30, 8, 13), 0x112233)
    assert source.damage() == [Box(140, 110, 8, 13)]
    pixels = source.grab(Box(140, 110, 8, 13))
    assert {pixels[at : at + 3] for at in range(0, len(pixels), 4)} == {b"\x33\x22\x11"}


def test_where_nothing_changed_there_is_no_damage(source: ScreenSource) -> None:
    source.screens()
    source.damage()
    assert source.damage() == []


def test_a_box_outside_the_screen_is_refused(source: ScreenSource) -> None:
    source.screens()
    with pytest.raises(OffScreen):
        source.grab(Box(600, 0, 100, 10))


async def test_it_looks_again_and_again_and_more_seldom_where_nothing_happens(source: AnywhereSource) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        source.damage()

    source.screens()
    source.watch(asyncio.get_running_loop(), look)
    await eventually(lambda: looks >= 4, "a few looks")
    assert source.look_every_s > LOOK_EVERY_S


def test_without_a_desktop_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(NoDisplay, match="Start this program on the desktop itself"):
        AnywhereSource()


@given(lists(tuples(integers(0, 59), integers(0, 39)), max_size=30))
def test_every_pixel_that_differs_is_in_a_box(places: list[tuple[int, int]]) -> None:
    before = np.zeros((40, 60), np.uint32)
    after = before.copy()
    for x, y in places:
        after[y, x] = 7
    boxes = changed_boxes(before != after)
    found = np.zeros((40, 60), bool)
    for box in boxes:
        found[box.y : box.bottom, box.x : box.right] = True
    assert not (after.astype(bool) & ~found).any()
    assert bool(boxes) is bool(places)
