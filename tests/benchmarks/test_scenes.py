"""Scenes painted on a real X server, beside what memory says that must be seen; and what real programs paint there."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import mss
import numpy
import pytest

from benchmarks import marker
from benchmarks.canvas import Pixels
from benchmarks.programs import PROGRAMS, WORK
from benchmarks.scenes import SCENES
from tests.virtual_display import VirtualDisplay

STEPS = 3
MOVING = [name for name in SCENES if name != "idle"]


def grab(display: VirtualDisplay) -> Pixels:
    with mss.MSS(display=display.name) as camera:
        seen = camera.grab(camera.monitors[0])
    return numpy.frombuffer(bytes(seen.raw), numpy.uint8).reshape(seen.height, seen.width, 4)


Say = Callable[..., Awaitable[list[list[str]]]]


@asynccontextmanager
async def painting(display: VirtualDisplay) -> AsyncIterator[Say]:
    """The painter; gives how to tell it some lines and hear an answer to each."""
    painter = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.painter", env=display.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def say(*lines: str) -> list[list[str]]:
        assert painter.stdin
        assert painter.stdout
        painter.stdin.write("".join(f"{line}\n" for line in lines).encode())
        answers = [await asyncio.wait_for(painter.stdout.readline(), 60) for _ in lines]
        return [answer.decode().split()[:2] for answer in answers]

    assert painter.stdin
    assert painter.stdout
    assert (await asyncio.wait_for(painter.stdout.readline(), 60)).startswith(b"scene 0 ")
    yield say
    painter.stdin.close()
    assert await painter.wait() == 0


async def test_what_the_painter_paints_is_what_memory_says_and_each_step_carries_its_mark(
    xvfb: Callable[..., VirtualDisplay],
) -> None:
    display = xvfb(1920, 1080, window_manager=False)
    async with painting(display) as say:
        for name in MOVING:
            assert await say(f"scene {name}") == [["scene", "0"]]
            scene = SCENES[name](1920, 1080)
            expected = scene.seen_after(0, *range(1, STEPS + 1))
            assert not different(grab(display), expected[0]), name
            for number in range(1, STEPS + 1):
                # Stepped back to the same step, so that the X server has done the first by the time of the second answer.
                assert await say(*[f"step {number}"] * 2) == [["painted", f"{number}"]] * 2
                seen = grab(display)
                assert not different(seen, expected[number]), (name, number)
                assert marker.read(seen, scene.place(number)) == number


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_program_is_said_to_have_painted_a_step_when_its_mark_is_on_the_screen_and_leaves_nothing_behind(
    name: str, xvfb: Callable[..., VirtualDisplay]
) -> None:
    display = xvfb(1920, 1080)
    work = PROGRAMS[name](1920, 1080)
    page = SCENES["idle"](1920, 1080).seen_after(0)[0]
    async with painting(display) as say:
        await say(f"scene {name}")
        before = grab(display)
        assert marker.read(before, work.place(0)) == 0
        for number in range(1, STEPS + 1):
            assert await say(f"step {number}") == [["painted", f"{number}"]]
            assert marker.read(grab(display), work.place(number)) == number
        box = work.region
        changed = (grab(display) != before)[box.y : box.y + box.height, box.x : box.x + box.width].any(-1)
        assert changed.any(1).mean() > 0.5
        await say("scene idle")
        assert not different(grab(display), page)


def different(seen: Pixels, expected: Pixels) -> bool:
    return bool((seen[..., :3] != expected[..., :3]).any())


@pytest.mark.parametrize("name", [*MOVING, *PROGRAMS])
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_every_mark_is_on_the_screen_and_below_the_agents_bar(name: str, size: tuple[int, int]) -> None:
    work = WORK[name](*size)
    for number in range(1, work.steps + 1):
        x, y, mark = work.place(number)
        box = work.region
        assert 0 <= x <= size[0] - mark.width_px
        assert 64 <= y <= size[1] - mark.height_px
        assert box.y <= y < box.y + box.height
