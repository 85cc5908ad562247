"""Real pixels of a real X server, as a viewer sees them: sharp text, near enough in motion, exact at rest."""

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from client_agent.screen.source import Box
from client_agent.screen.stream import PictureStream
from client_agent.screen.x11 import X11Source
from protocol.media_parts import Codec, Copy, Rectangle, Video
from tests.client_agent.desktop import Painter
from tests.client_agent.screen.array_desktop import ALL_CODECS, Pixels, Viewer, film, photo, text
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]
WIDTH, HEIGHT = 800, 600
WINDOW = Box(100, 60, 600, 440)
# Between two pictures of a film.
PICTURE_S = 1 / 30


class Desktop:
    """An X display with one window, its stream, and a viewer who acknowledges at once; the clock is `now`, however busy the machine is."""

    def __init__(self, display: VirtualDisplay) -> None:
        self.now = 1000.0
        self.source = X11Source(display.name)
        self.painter = Painter(display, WINDOW)
        self.stream = PictureStream(self.source)
        self.stream.agree(ALL_CODECS)
        self.viewer = Viewer()
        self.is_news = asyncio.Event()
        self.source.watch(asyncio.get_running_loop(), self.is_news.set)

    async def show(self) -> int:
        """Show all that is to be shown now; gives the bytes that it took."""
        spent = 0
        # Events of what was painted have arrived before the answer to a question that was asked later.
        await asyncio.sleep(0)
        while records := await asyncio.to_thread(lambda: list(self.stream.pump(self.now))):
            self.viewer.show(records)
            spent += self.viewer.bytes
            self.stream.shown(self.stream.newest_picture, self.now)
            if not self.viewer.parts or self.viewer.end.is_exact:
                break
        return spent

    async def rest(self) -> None:
        """Wait until all is exact."""
        async with asyncio.timeout(20):
            while (due_in_s := self.stream.due_in_s(self.now)) is not None or not self.viewer.end.is_exact:
                self.now += due_in_s or 0
                await self.show()

    def captured(self) -> Pixels:
        """What the X server shows, read anew."""
        (screen,) = self.source.screens()
        pixels = self.source.grab(screen.box)
        return np.frombuffer(pixels, np.uint8).reshape(screen.height, screen.width, 4)[:, :, :3]

    def is_exact(self) -> bool:
        now = self.captured()
        return self.viewer.pixels.shape[:2] == now.shape[:2] and bool((self.viewer.pixels[:, :, :3] == now).all())

    def psnr(self) -> float:
        """Of the window, in dB."""
        place = (slice(WINDOW.y, WINDOW.bottom), slice(WINDOW.x, WINDOW.right), slice(0, 3))
        errors = np.square(self.viewer.pixels[place].astype(np.float64) - self.captured()[place]).mean()
        return float(10 * np.log10(255**2 / errors)) if errors else float("inf")

    def put(self, pixels: Pixels, x: int = 0, y: int = 0) -> None:
        self.painter.put(Box(x, y, pixels.shape[1], pixels.shape[0]), pixels.tobytes())


@pytest.fixture
async def desktop(xvfb: Start) -> AsyncIterator[Desktop]:
    desktop = Desktop(xvfb(WIDTH, HEIGHT, window_manager=False))
    desktop.put(text(WINDOW.width, WINDOW.height))
    await desktop.show()
    yield desktop
    desktop.painter.close()
    desktop.source.close()


async def test_text_is_exact_at_once_and_a_glyph_takes_few_bytes(desktop: Desktop) -> None:
    assert desktop.is_exact()
    desktop.put(text(20, 20, seed=4)[3:15, 4:11], 300, 200)
    assert await desktop.show() < 200
    assert desktop.is_exact()


async def test_a_page_that_scrolls_is_exact_at_every_step_for_few_bytes(desktop: Desktop) -> None:
    page = text(WINDOW.width, 3 * WINDOW.height, seed=8)
    desktop.put(page[: WINDOW.height])
    await desktop.show()
    for top in range(54, 540, 54):
        desktop.put(page[top : top + WINDOW.height])
        assert await desktop.show() < 12_000
        assert desktop.is_exact()


async def test_a_window_that_is_moved_is_copied_and_exact(desktop: Desktop) -> None:
    copies = 0
    for step in range(1, 9):
        desktop.painter.move(WINDOW.x + 9 * step, WINDOW.y + 5 * step)
        await desktop.show()
        copies += any(isinstance(part, Copy) for part in desktop.viewer.parts)
        assert desktop.is_exact()
    assert copies


async def test_a_film_is_near_enough_in_every_picture_and_exact_soon_after(desktop: Desktop) -> None:
    nearness = []
    for picture in film(WINDOW.width, WINDOW.height, 12):
        desktop.put(picture)
        desktop.now += PICTURE_S
        await desktop.show()
        nearness.append(desktop.psnr())
    assert any(isinstance(part, Video) for part in desktop.viewer.parts)
    assert min(nearness) >= 34
    await desktop.rest()
    assert desktop.is_exact()


async def test_a_photo_comes_coarsely_and_is_exact_soon(desktop: Desktop) -> None:
    desktop.put(photo(WINDOW.width, WINDOW.height))
    await desktop.show()
    assert any(isinstance(part, Rectangle) and part.codec is Codec.JPEG for part in desktop.viewer.parts)
    assert desktop.psnr() >= 34
    await desktop.rest()
    assert desktop.is_exact()


# Ten times a second, for as long as a person would try it.
SIZES = [(320, 240), (800, 600), (500, 301)] * 7
RESIZED_EVERY_S = 0.1


async def test_a_screen_that_changes_size_ten_times_a_second_under_a_film_is_exact_in_the_end(xvfb: Start) -> None:
    display = xvfb(WIDTH, HEIGHT, window_manager=False)
    for width, height in set(SIZES):
        timing = (str(width), "0", "0", str(width), str(height), "0", "0", str(height))
        display.run("xrandr", "--newmode", f"{width}x{height}-", "0", *timing)
        display.run("xrandr", "--addmode", "screen", f"{width}x{height}-")
    desktop = Desktop(display)
    pictures = film(WINDOW.width, WINDOW.height, 30)
    shown: set[tuple[int, int]] = set()
    await desktop.show()

    async def change_sizes() -> None:
        for width, height in SIZES:
            mode = f"{width}x{height}-"
            resizing = asyncio.to_thread(display.run, "xrandr", "--output", "screen", "--mode", mode)
            await asyncio.gather(resizing, asyncio.sleep(RESIZED_EVERY_S))

    changing = asyncio.create_task(change_sizes())
    number = 0
    while not changing.done():
        desktop.put(pictures[number % len(pictures)])
        number += 1
        desktop.now += PICTURE_S
        await desktop.show()
        screen = desktop.viewer.pictures.screens[0]
        shown.add((screen.width, screen.height))
    await changing

    async def is_exact() -> bool:
        await desktop.show()
        await desktop.rest()
        return desktop.is_exact()

    await eventually(is_exact, "the last size, exactly")
    assert shown == set(SIZES)
    desktop.painter.close()
    desktop.source.close()
