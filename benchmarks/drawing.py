"""What of a picture's way is the page's own: from an opened record to the canvas, in the page's thread and in a worker.

The agent's forms of pixels, made beforehand; the page's own modules, in headless Chromium; no relay, no agent, no decryption.
"""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from playwright.async_api import Route, async_playwright, expect

from benchmarks import marker
from benchmarks.grounds import text_page
from benchmarks.report import Row, Section
from protocol.limits import MEDIA_PLAIN_BYTES_MAX, RECTANGLE_PIXELS_MAX
from protocol.media_codec import write_part, write_stream_data
from protocol.media_parts import Codec, Part, PictureEnd, Rectangle, StreamData, Video, VideoCodec
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.vectors import make_pixels

REPETITIONS, REPETITIONS_QUICK = 150, 30
_WARM_UP = 5
_ORIGIN = "http://localhost:1"
_WEB = Path(__file__).parents[1] / "technician_viewer" / "web"
_PAGE = (
    '<!doctype html><title>-</title><script type="module" src="/drawing.js"></script><canvas></canvas><canvas></canvas>'
)
# In front of what a fragment holds: the part's type and length, the rectangle, the flags.
_FRAGMENT_BYTES = MEDIA_PLAIN_BYTES_MAX - 64

Picture = list[bytes]
"""The plain texts of the records of one picture."""


@dataclass(frozen=True)
class Kind:
    """Pictures of one kind, each of which builds on those before it, so that all go the same way."""

    name: str
    width: int
    height: int
    pictures: Iterator[Picture]


class _Stream(make_pixels.Stream):
    """Rectangles as an agent sends them: no more pixels than may be, in fragments that a record holds."""

    def records(self, x: int, y: int, pixels: make_pixels.Pixels) -> Picture:
        height, width, _ = pixels.shape
        band = max(1, RECTANGLE_PIXELS_MAX // width)
        parts = [part for top in range(0, height, band) for part in self._band(x, y + top, pixels[top : top + band])]
        return [write_part(part) for part in parts]

    def _band(self, x: int, y: int, pixels: make_pixels.Pixels) -> Iterator[Part]:
        (whole,) = self.piece(x, y, pixels)
        assert isinstance(whole, Rectangle)
        begins, data = bool(whole.data[0] & 1), whole.data[1:]
        for at in range(0, len(data), _FRAGMENT_BYTES):
            has_more = at + _FRAGMENT_BYTES < len(data)
            content = StreamData(begins and at == 0, has_more, data[at : at + _FRAGMENT_BYTES])
            yield Rectangle(0, Codec.ZSTD_STREAM, x, y, whole.width, whole.height, write_stream_data(content))


def _text(width: int, height: int) -> Iterator[Picture]:
    stream = _Stream()
    pages = [text_page(n, width, height) for n in range(4)]
    for number in count():
        yield _ended(stream.records(0, 0, pages[number % len(pages)]), number)


def _glyphs() -> Iterator[Picture]:
    stream, chance = _Stream(), random.Random(2)
    page = text_page(1, 1920, 1080)
    for number in count():
        x, y = chance.randrange(1500), chance.randrange(1000)
        glyph = page[y : y + marker.HEIGHT_PX, x : x + marker.WIDTH_PX]
        yield _ended(stream.records(chance.randrange(1900), y, glyph), number)


def _video(codec: VideoCodec) -> Iterator[Picture]:
    chance = np.random.default_rng(3)
    blocks = np.kron(chance.integers(0, 256, (45, 80, 4)), np.ones((16, 16, 1))).astype(np.uint8)
    pictures = [np.roll(blocks, (5 * n, 9 * n), (0, 1)) for n in range(60)]
    parts = make_pixels.video(codec, pictures, x=320, y=180)
    for number in count():
        part = parts[number % len(parts)]
        yield _ended([write_part(each) for each in _fragments(part)], number)


def _fragments(part: Video) -> list[Part]:
    return make_pixels.fragments(part, len(part.data) // _FRAGMENT_BYTES + 1)


def _ended(records: Picture, number: int) -> Picture:
    return [*records[:-1], records[-1] + write_part(PictureEnd(number + 1, False, 0))]


def _kinds() -> list[Kind]:
    return [
        Kind("typed glyph", 1920, 1080, _glyphs()),
        Kind("640 x 360 of new text", 640, 360, _text(640, 360)),
        Kind("whole 1080p screen of new text", 1920, 1080, _text(1920, 1080)),
        Kind("whole 4K screen of new text", 3840, 2160, _text(3840, 2160)),
        Kind("720p video, H.264", 1920, 1080, _video(VideoCodec.H264)),
        Kind("720p video, H.264 4:4:4", 1920, 1080, _video(VideoCodec.H264_444)),
    ]


async def measure(*, is_quick: bool = False, repetitions: int = 0) -> Section:
    """Draw everything both ways in turn."""
    times = repetitions or (REPETITIONS_QUICK if is_quick else REPETITIONS)
    rows: list[Row] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        page = await browser.new_page()
        await page.route(f"{_ORIGIN}/**", _answer)
        await page.goto(f"{_ORIGIN}/")
        await expect(page).to_have_title("ready")
        for kind in _kinds():
            await page.evaluate("([width, height]) => begin(width, height)", [kind.width, kind.height])
            took: dict[bool, list[float]] = {False: [], True: []}
            held: dict[bool, list[float]] = {False: [], True: []}
            for repetition in range(_WARM_UP + times):
                records = [base64.b64encode(record).decode() for record in next(kind.pictures)]
                for in_worker in (False, True):
                    took_ms, held_ms = await page.evaluate(
                        "([records, worker]) => once(records, worker)", [records, in_worker]
                    )
                    if repetition >= _WARM_UP:
                        took[in_worker].append(took_ms)
                        held[in_worker].append(held_ms)
            rows.append(Row(f"{kind.name}: in the page's thread", took[False]))
            rows.append(Row(f"{kind.name}: in a worker", took[True]))
            rows.append(Row(f"{kind.name}: the page's thread is held, by itself", held[False]))
            rows.append(Row(f"{kind.name}: the page's thread is held, with a worker", held[True]))
        facts = {"Chromium": browser.version}
        await browser.close()
    return Section("drawing", "Drawing", _ABOUT, rows, facts)


async def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(f"{_ORIGIN}/")
    if not path:
        await route.fulfill(body=_PAGE, content_type="text/html")
    else:
        file = Path(__file__).with_name(path) if path.startswith("drawing") else _WEB / path
        await route.fulfill(path=file, content_type="text/javascript")


_ABOUT = """\
The page's own part of a picture's way, without decryption and network: from an opened record to a canvas from which one pixel has been read
back. Text goes as the one zstd stream, video in WebCodecs; both ways draw the same pictures in turn. *Held*: for how long a key that was
pressed would have waited for the page's thread, at most. The page's times have a resolution of 0.1 ms."""
