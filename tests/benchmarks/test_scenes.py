"""Scenes painted on a real X server, beside what memory says that must be seen."""

import asyncio
import sys
from collections.abc import Callable

import mss
import numpy
import pytest

from benchmarks import marker
from benchmarks.canvas import Pixels
from benchmarks.scenes import SCENES
from tests.virtual_display import VirtualDisplay

STEPS = 3
MOVING = [name for name in SCENES if name != "idle"]


def grab(display: VirtualDisplay) -> Pixels:
    with mss.MSS(display=display.name) as camera:
        seen = camera.grab(camera.monitors[0])
    return numpy.frombuffer(bytes(seen.raw), numpy.uint8).reshape(seen.height, seen.width, 4)


async def test_what_the_painter_paints_is_what_memory_says_and_each_step_carries_its_mark(
    xvfb: Callable[..., VirtualDisplay],
) -> None:
    display = xvfb(1920, 1080, window_manager=False)
    painter = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.painter", env=display.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert painter.stdin
    assert painter.stdout

    async def said() -> list[str]:
        assert painter.stdout
        return (await asyncio.wait_for(painter.stdout.readline(), 60)).decode().split()[:2]

    assert await said() == ["scene", "0"]
    for name in MOVING:
        painter.stdin.write(f"scene {name}\n".encode())
        assert await said() == ["scene", "0"]
        scene = SCENES[name](1920, 1080)
        expected = scene.seen_after(0, *range(1, STEPS + 1))
        assert not different(grab(display), expected[0]), name
        for number in range(1, STEPS + 1):
            # Stepped back to the same step, so that the X server has done the first by the time of the second answer.
            painter.stdin.write(f"step {number}\nstep {number}\n".encode())
            assert [await said(), await said()] == [["painted", f"{number}"]] * 2
            seen = grab(display)
            assert not different(seen, expected[number]), (name, number)
            assert marker.read(seen, scene.place(number)) == number
    painter.stdin.close()
    assert await painter.wait() == 0


def different(seen: Pixels, expected: Pixels) -> bool:
    return bool((seen[..., :3] != expected[..., :3]).any())


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_every_mark_is_on_the_screen_and_below_the_agents_bar(name: str, size: tuple[int, int]) -> None:
    scene = SCENES[name](*size)
    for number in range(1, scene.steps + 1):
        x, y, mark = scene.place(number)
        box = scene.region
        assert 0 <= x <= size[0] - mark.width_px
        assert 64 <= y <= size[1] - mark.height_px
        assert box.y <= y < box.y + box.height
