"""What the agent does to a picture, without network and viewer: from paint to sealed record, and how large and how near it is."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.report import Row, Section
from client_agent.eyes import Eyes
from client_agent.screen.source import Box
from client_agent.screen.stream import PictureStream
from client_agent.screen.x11 import X11Source
from protocol.media import MediaSealer
from tests.client_agent.desktop import Painter
from tests.client_agent.screen.array_desktop import ALL_CODECS, Pixels, Viewer, film, photo, text
from tests.virtual_display import virtual_display

_ABOUT = """\
The agent's own part, on a real X server (Xvfb), without network: capturing, finding what changed, encoding, for a viewer that decodes
everything and shows it at once. *Glyph, paint → sealed* is the whole way through the event loop and both threads, from just before the
painter flushes; all others are the capturing thread alone, after the painter has finished. Text, photos and films are made by
`tests/client_agent/screen/array_desktop.py`. The bytes are plain ones, before sealing and padding."""

GLYPH = "glyph, paint → sealed, 1080p"
_FILM = Box(300, 200, 1280, 720)
_STEP = 54


class _Desktop:
    """A display with one window all over it, its stream, and a viewer who acknowledges at once."""

    def __init__(self, name: str, painter: Painter, width: int, height: int) -> None:
        self.source = X11Source(name)
        self.painter = painter
        self.width, self.height = width, height
        self.stream = PictureStream(self.source)
        self.stream.agree(ALL_CODECS)
        self.viewer = Viewer()
        self.show()

    def put(self, pixels: Pixels, x: int = 0, y: int = 0) -> None:
        self.painter.put(Box(x, y, pixels.shape[1], pixels.shape[0]), pixels.tobytes())

    def show(self) -> float:
        """Make one picture; gives the milliseconds that it took."""
        began = time.perf_counter()
        records = list(self.stream.pump(time.monotonic()))
        took_ms = (time.perf_counter() - began) * 1000
        self.viewer.show(records)
        self.stream.shown(self.stream.newest_picture, time.monotonic())
        return took_ms

    def rest(self) -> None:
        while (due_s := self.stream.due_in_s(time.monotonic())) is not None or not self.viewer.end.is_exact:
            time.sleep(due_s or 0)
            self.show()

    def psnr(self, box: Box) -> float:
        place = (slice(box.y, box.bottom), slice(box.x, box.right), slice(0, 3))
        whole = np.frombuffer(self.source.grab(Box(0, 0, self.width, self.height)), np.uint8)
        now = whole.reshape(self.height, self.width, 4)[place].astype(np.float64)
        return float(10 * np.log10(255**2 / max(np.square(self.viewer.pixels[place] - now).mean(), 1e-9)))


async def measure(*, is_quick: bool) -> Section:
    """Every kind of change, again and again."""
    repetitions = 10 if is_quick else 60
    rows: list[Row] = []
    facts: dict[str, str] = {}
    with virtual_display(1920, 1080, window_manager=False) as display:
        painter = Painter(display, Box(0, 0, 1920, 1080))
        painter.put(Box(0, 0, 1920, 1080), text(1920, 1080).tobytes())
        rows.append(Row(GLYPH, await _glyphs(display.name, painter, 5 * repetitions)))
        desktop = _Desktop(display.name, painter, 1920, 1080)
        for name, changes in _changes(desktop, repetitions):
            sizes: list[int] = []
            nearness: list[float] = []
            times: list[float] = []
            for _ in changes:
                times.append(desktop.show())
                sizes.append(desktop.viewer.bytes)
                nearness.append(desktop.psnr(_FILM))
            desktop.rest()
            rows.append(Row(name, times))
            exact = "exact" if min(nearness) > 100 else f"{np.mean(nearness):.1f} dB, at least {min(nearness):.1f}"
            facts[name] = f"{np.median(sizes):.0f} bytes in the middle, {np.mean(sizes):.0f} on average; {exact}"
        desktop.source.close()
        painter.close()
    with virtual_display(3840, 2160, window_manager=False) as display:
        painter = Painter(display, Box(0, 0, 3840, 2160))
        desktop = _Desktop(display.name, painter, 3840, 2160)
        pages = [text(3840, 2160, seed=seed) for seed in (1, 2)]
        times = []
        for number in range(repetitions):
            desktop.put(pages[number % 2])
            times.append(desktop.show())
        rows.append(Row("whole 4K screen of other text", times))
        desktop.source.close()
        painter.close()
    return Section("making", "The agent's own part", _ABOUT, rows, facts)


def _changes(desktop: _Desktop, repetitions: int) -> Iterator[tuple[str, Iterator[None]]]:
    """What happens, by its name: each step of it paints something."""
    page = text(1920, 1080 + _STEP * repetitions, seed=8)
    screens = [text(1920, 1080, seed=seed) for seed in range(2, 5)]
    photos = [photo(_FILM.width, _FILM.height, seed=seed) for seed in range(3)]

    def glyphs() -> Iterator[None]:
        glyph = text(20, 20, seed=4)[3:15, 4:11]
        for number in range(repetitions):
            desktop.put(glyph, 9 * number, 500)
            yield

    def whole(pictures: list[Pixels], x: int = 0, y: int = 0) -> Iterator[None]:
        for number in range(repetitions):
            desktop.put(pictures[number % len(pictures)], x, y)
            yield

    def scrolling() -> Iterator[None]:
        for number in range(repetitions):
            desktop.put(page[_STEP * number : _STEP * number + 1080])
            yield

    def appearing() -> Iterator[None]:
        for number in range(max(3, repetitions // 6)):
            desktop.rest()
            desktop.put(text(_FILM.width, _FILM.height, seed=number), _FILM.x, _FILM.y)
            desktop.show()
            # Long enough to be no film.
            time.sleep(1)
            desktop.put(photos[number % 3], _FILM.x, _FILM.y)
            yield

    yield "glyph", glyphs()
    yield "640 x 360 of new text", whole([text(640, 360, seed=seed) for seed in range(2, 6)], 500, 300)
    yield "whole 1080p screen of other text", whole(screens)
    yield f"scroll step of {_STEP} rows, whole screen", scrolling()
    yield "720p film, every picture", whole(film(_FILM.width, _FILM.height, repetitions), _FILM.x, _FILM.y)
    yield "720p photo that appears", appearing()


async def _glyphs(display: str, painter: Painter, repetitions: int) -> list[float]:
    """The whole way, with the loop and both threads."""
    source = X11Source(display)
    eyes, sealer, is_sealed, sealed_at = Eyes(source), MediaSealer(), asyncio.Event(), 0.0
    sealer.start_epoch(bytes(32))
    eyes.agree(ALL_CODECS)
    eyes.resume()

    async def seal(record: bytes) -> None:
        nonlocal sealed_at
        sealer.seal(record)
        sealed_at = time.perf_counter()
        is_sealed.set()

    async def look() -> None:
        while True:
            await eyes.wait()
            await eyes.look(seal)
            eyes.shown(eyes.newest_picture)

    looking, times = asyncio.create_task(look()), []
    await asyncio.wait_for(is_sealed.wait(), 20)
    for number in range(repetitions):
        await asyncio.sleep(0.03)
        is_sealed.clear()
        began = time.perf_counter()
        painter.fill(Box(8 * (number % 200), 700 + 14 * (number // 200), 7, 12), 0x111111 * (number % 15))
        await asyncio.wait_for(is_sealed.wait(), 20)
        times.append((sealed_at - began) * 1000)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    source.close()
    return times
