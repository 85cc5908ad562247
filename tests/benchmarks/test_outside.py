from contextlib import AsyncExitStack

import numpy
import pytest
from hypothesis import given
from hypothesis.strategies import integers
from playwright.async_api import async_playwright

from benchmarks import marker, outside
from benchmarks.marker import LETTER, Place
from benchmarks.outside import Seen
from benchmarks.peers.ours import Ours
from benchmarks.report import percentile

WIDTH_PX, HEIGHT_PX = 120, 90


@given(integers(0, marker.NUMBERS - 1), integers(0, 60), integers(0, 60))
def test_a_mark_is_found_wherever_it_is_and_read_there(number: int, x: int, y: int) -> None:
    picture = numpy.random.default_rng(number).integers(0, 100, (HEIGHT_PX, WIDTH_PX, 4), dtype=numpy.uint8)
    assert outside.place_of(picture, number) is None
    picture[y : y + LETTER.height_px, x : x + LETTER.width_px] = marker.pixels(number)
    found = outside.place_of(picture, number)
    assert found
    assert marker.read(picture, Place(*found, LETTER)) == number


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((1, 2, 3), (4, 5, 6), "**ahead** of"),
        ((4, 5, 6), (1, 2, 3), "behind"),
        ((1, 2, 5), (4, 5, 6), "not told apart"),
    ],
)
def test_ahead_is_said_of_the_window_only_where_no_round_overlaps(
    ours: tuple[float, ...], theirs: tuple[float, ...], expected: str
) -> None:
    rounds = {"mainforte": [Seen([], [each]) for each in ours], "other": [Seen([], [each]) for each in theirs]}
    assert outside.verdict(rounds).startswith(expected)
    assert "fewer than 3" in outside.verdict({name: seen[:2] for name, seen in rounds.items()})


@pytest.mark.soak
async def test_each_step_is_seen_in_the_window_after_it_was_painted() -> None:
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        stage, window = await outside.shown(stack, playwright, Ours(), (1280, 800))
        seen = await outside.play(stage, window, "typing", is_quick=True)
    assert len(seen.window_ms) == len(seen.canvas_ms) > 20
    # A person sees it later than the page draws it.
    assert percentile(seen.window_ms, 50) > percentile(seen.canvas_ms, 50) > 0
