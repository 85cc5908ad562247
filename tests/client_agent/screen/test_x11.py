import asyncio
import logging
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from client_agent.screen import x11_pixels
from client_agent.screen.source import BadDisplay, Box, NoDisplay, OffScreen, ScreenLost, TellsNothing
from client_agent.screen.x11 import X11Source
from protocol.media_parts import BYTES_PER_PIXEL
from tests.client_agent.desktop import Painter
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]
WINDOW = Box(100, 80, 320, 200)


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    display = xvfb(640, 480, window_manager=False)
    display.run("xrandr", "--newmode", "small", *("0", "320", "0", "0"), *("320", "240", "0", "0", "240"))
    display.run("xrandr", "--addmode", "screen", "small")
    return display


@pytest.fixture
def source(display: VirtualDisplay) -> Iterator[X11Source]:
    with looking_at(display) as source:
        yield source


@pytest.fixture
def painter(display: VirtualDisplay) -> Iterator[Painter]:
    painter = Painter(display, WINDOW)
    yield painter
    painter.close()


@contextmanager
def looking_at(display: VirtualDisplay) -> Iterator[X11Source]:
    source = X11Source(display.name)
    source.screens()
    try:
        yield source
    finally:
        source.close()


def resize(display: VirtualDisplay, mode: str) -> None:
    display.run("xrandr", "--output", "screen", "--mode", mode)


def colours(pixels: bytes | memoryview) -> bytes:
    """The pixels without their unused byte, whatever the server left there."""
    return b"".join(pixels[at : at + 3] for at in range(0, len(pixels), BYTES_PER_PIXEL))


def on_screen(box: Box) -> Box:
    """A box of the painter's window on the desktop."""
    return Box(WINDOW.x + box.x, WINDOW.y + box.y, box.width, box.height)


def covers(boxes: Iterable[Box], wanted: Iterable[Box]) -> bool:
    return places_in(boxes) >= places_in(wanted)


def places_in(boxes: Iterable[Box]) -> set[tuple[int, int]]:
    return {(x, y) for box in boxes for x in range(box.x, box.right) for y in range(box.y, box.bottom)}


@pytest.mark.parametrize("has_shared_memory", [True, False])
def test_the_pixels_are_exactly_those_that_a_program_painted(
    display: VirtualDisplay, painter: Painter, monkeypatch: pytest.MonkeyPatch, has_shared_memory: bool
) -> None:
    if not has_shared_memory:
        monkeypatch.setattr(x11_pixels, "SharedMemory", without_shared_memory)
    painted = os.urandom(WINDOW.area * BYTES_PER_PIXEL)
    painter.put(Box(0, 0, WINDOW.width, WINDOW.height), painted)
    with looking_at(display) as source:
        assert colours(source.grab(WINDOW)) == colours(painted)


def test_a_server_that_shares_no_memory_is_seen_all_the_same_and_the_log_says_so(
    display: VirtualDisplay, caplog: pytest.LogCaptureFixture
) -> None:
    command = ("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "640x480x24", "-extension", "MIT-SHM")
    server = display.start(*command, output=subprocess.PIPE)
    assert server.stdout
    number = next(line for line in server.stdout if line.strip().isdigit())
    unshared = replace(display, name=f":{number.strip()}")
    painted = os.urandom(WINDOW.area * BYTES_PER_PIXEL)
    with caplog.at_level(logging.INFO), looking_at(unshared) as source:
        painter = Painter(unshared, WINDOW)
        painter.put(Box(0, 0, WINDOW.width, WINDOW.height), painted)
        assert colours(source.grab(WINDOW)) == colours(painted)
        painter.close()
    assert "shares no memory" in caplog.text


def without_shared_memory(size: int) -> None:
    raise OSError("no shared memory")


def test_the_damage_of_a_glyph_is_the_glyph(source: X11Source, painter: Painter) -> None:
    source.damage()
    painter.fill(Box(40, 30, 8, 13), 0xFFFFFF)
    assert source.damage() == [on_screen(Box(40, 30, 8, 13))]


def test_what_did_not_change_is_no_damage(source: X11Source, painter: Painter) -> None:
    source.damage()
    assert source.damage() == []


def test_two_distant_changes_stay_two_boxes(source: X11Source, painter: Painter) -> None:
    source.damage()
    painter.fill_all([Box(0, 0, 10, 10), Box(300, 180, 10, 10)], 0xFF0000)
    assert source.damage() == [on_screen(Box(0, 0, 10, 10)), on_screen(Box(300, 180, 10, 10))]


def test_a_thousand_scattered_changes_come_as_few_boxes_that_cover_all(source: X11Source, painter: Painter) -> None:
    source.damage()
    dots = [Box(x, y, 2, 2) for x in range(0, 320, 8) for y in range(0, 200, 8)]
    painter.fill_all(dots, 0x00FF00)
    boxes = source.damage()
    assert len(boxes) <= 64
    assert covers(boxes, map(on_screen, dots))


def test_a_change_between_damage_and_grab_is_damage_again(source: X11Source, painter: Painter) -> None:
    source.damage()
    painter.fill(Box(0, 0, 10, 10), 0x0000FF)
    source.damage()
    painter.fill(Box(0, 0, 10, 10), 0xFF0000)
    source.grab(on_screen(Box(0, 0, 10, 10)))
    assert source.damage() == [on_screen(Box(0, 0, 10, 10))]


async def test_a_change_is_told_of_without_asking(source: X11Source, painter: Painter) -> None:
    changed = asyncio.Event()
    source.damage()
    source.watch(asyncio.get_running_loop(), changed.set)
    for colour in (0xFF0000, 0x00FF00):
        source.damage()
        changed.clear()
        painter.fill(Box(0, 0, 10, 10), colour)
        await asyncio.wait_for(changed.wait(), 10)


async def test_moving_the_pointer_is_told_of_and_paints_nothing(display: VirtualDisplay, source: X11Source) -> None:
    changed = asyncio.Event()
    source.damage()
    source.watch(asyncio.get_running_loop(), changed.set)
    display.run("xdotool", "mousemove", "33", "44")
    await asyncio.wait_for(changed.wait(), 10)
    assert source.damage() == []
    assert [(at.x, at.y) for at in (source.pointer(), source.pointer())] == [(33, 44)] * 2


async def test_another_pointer_shape_has_another_serial_and_image(
    display: VirtualDisplay, source: X11Source, painter: Painter
) -> None:
    display.run("xdotool", "mousemove", str(WINDOW.x + 9), str(WINDOW.y + 9))
    source.watch(asyncio.get_running_loop(), lambda: None)
    painter.show_cursor(68)
    await eventually(lambda: source.pointer().is_visible, "a pointer's shape")
    first, serial = source.pointer_image(), source.pointer().shape_serial
    painter.show_cursor(152)
    await eventually(lambda: source.pointer().shape_serial != serial, "another shape")
    second = source.pointer_image()
    assert second != first
    assert len(second.rgba) == second.width * second.height * BYTES_PER_PIXEL


async def test_a_desktop_that_changes_size_has_other_screens(display: VirtualDisplay, source: X11Source) -> None:
    changed = asyncio.Event()
    source.watch(asyncio.get_running_loop(), changed.set)
    assert [screen.box for screen in source.screens()] == [Box(0, 0, 640, 480)]
    resize(display, "small")
    await eventually(lambda: source.screens()[0].box == Box(0, 0, 320, 240), "the smaller screen")
    assert changed.is_set()
    with pytest.raises(OffScreen):
        source.grab(Box(0, 0, 640, 480))
    assert len(source.grab(Box(0, 0, 320, 240))) == 320 * 240 * BYTES_PER_PIXEL
    resize(display, "640x480")
    await eventually(lambda: source.screens()[0].box == Box(0, 0, 640, 480), "the larger screen")
    assert len(source.grab(Box(0, 0, 640, 480))) == 640 * 480 * BYTES_PER_PIXEL


def test_a_box_that_is_gone_before_anybody_heard_of_it_is_off_screen(
    display: VirtualDisplay, source: X11Source
) -> None:
    resize(display, "small")
    with pytest.raises(OffScreen):
        source.grab(Box(0, 0, 640, 480))
    assert source.screens()[0].box == Box(0, 0, 320, 240)


async def test_monitors_are_screens_the_primary_one_first(display: VirtualDisplay, source: X11Source) -> None:
    source.watch(asyncio.get_running_loop(), lambda: None)
    display.run("xrandr", "--setmonitor", "left", "320/80x480/120+0+0", "screen")
    display.run("xrandr", "--setmonitor", "*right", "320/80x480/120+320+0", "none")
    await eventually(lambda: len(source.screens()) == 2, "two screens")
    assert [(s.number, s.box, s.name) for s in source.screens()] == [
        (0, Box(320, 0, 320, 480), "right"),
        (1, Box(0, 0, 320, 480), "left"),
    ]


async def test_a_server_that_goes_away_is_told_of_and_named() -> None:
    told = asyncio.Event()
    with virtual_display(320, 240, window_manager=False) as display:
        source = X11Source(display.name)
        source.watch(asyncio.get_running_loop(), told.set)
        source.screens()
    await asyncio.wait_for(told.wait(), 10)
    for question in (source.damage, source.pointer, lambda: source.grab(Box(0, 0, 1, 1))):
        with pytest.raises(ScreenLost, match="closed"):
            question()
    source.close()


def test_without_a_server_the_error_says_what_to_do() -> None:
    with pytest.raises(NoDisplay, match="Start this program on the desktop itself"):
        X11Source(":4711")


@pytest.mark.parametrize("depth", [8, 16, 30])
def test_another_depth_than_true_colour_is_refused_with_what_to_do(display: VirtualDisplay, depth: int) -> None:
    command = ("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", f"64x64x{depth}")
    server = display.start(*command, output=subprocess.PIPE)
    assert server.stdout is not None
    number = next(line for line in server.stdout if line.strip().isdigit())
    with pytest.raises(BadDisplay, match="Set it to 24 bits"):
        X11Source(f":{number.strip()}")


@pytest.mark.parametrize("lacking", ["XFIXES", "RANDR"])
def test_a_server_that_lacks_what_everything_needs_is_refused_with_what_to_do(
    display: VirtualDisplay, lacking: str
) -> None:
    command = ("Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "64x64x24", "-extension", lacking)
    server = display.start(*command, output=subprocess.PIPE)
    assert server.stdout is not None
    number = next(line for line in server.stdout if line.strip().isdigit())
    with pytest.raises(BadDisplay, match="ordinary X11 desktop") as refused:
        X11Source(f":{number.strip()}")
    assert not isinstance(refused.value, TellsNothing)
