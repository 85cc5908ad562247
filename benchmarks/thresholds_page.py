"""How many boxes the page brings to the canvas, and how many photos the browser decodes at once: several limits in turn."""

import base64
import statistics
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import numpy
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from benchmarks import grounds, meters
from client_agent.screen.encoders.jpeg import Jpeg
from client_agent.screen.encoders.zstd_frames import ZstdFrames
from client_agent.screen.source import Box
from protocol.media_codec import write_part
from protocol.media_parts import PictureEnd
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS

_ORIGIN = "http://localhost:1"
WEB = Path(__file__).parents[1] / "technician_viewer" / "web"
_SCRIPT = Path(__file__).with_name("scattered.js")
_PAGE = '<!doctype html><title>-</title><canvas></canvas><script type="module" src="/scattered.js"></script>'
# Where a limit is written, and the values to be compared; all of a table are compared in turn.
BOXES = ("screen/boxes.js", "BOXES_MAX", (8, 16, 32, 64, 128, 256))
WORKS = ("screen/picture.js", "WORKS_MAX", (4, 16, 64, 256))
GLYPHS, PHOTOS = (20, 40, 100, 200), (20, 100, 200)
_WIDTH_PX, _HEIGHT_PX = 1920, 1080

Figures = dict[tuple[int, int], str]
"""By how many things there were, and the limit: milliseconds until shown, and of processor of the whole browser."""


async def compared(*, is_quick: bool) -> tuple[Figures, Figures]:
    """Scattered glyphs for each limit of boxes, and photos for each limit of works."""
    rounds, times = (2, 3) if is_quick else (7, 8)
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())
        mark = f"--bench={uuid.uuid4().hex}"
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_OPTIONS, mark])
        stack.push_async_callback(browser.close)
        roots = [meters.browser_of(mark)]
        boxes = await _in_turn(browser, roots, BOXES, {count: _glyphs(count) for count in GLYPHS}, rounds, times)
        works = await _in_turn(browser, roots, WORKS, {count: _photos(count) for count in PHOTOS}, rounds, times)
    return boxes, works


async def _in_turn(
    browser: Browser,
    roots: Sequence[int],
    limit: tuple[str, str, Sequence[int]],
    pictures: dict[int, list[bytes]],
    rounds: int,
    times: int,
) -> Figures:
    file, name, values = limit
    pages = {value: await _page_with(browser, file, name, value) for value in values}
    found: Figures = {}
    for count, records in pictures.items():
        took: dict[int, list[float]] = {value: [] for value in values}
        used: dict[int, list[float]] = {value: [] for value in values}
        for page in pages.values():
            await page.evaluate("texts => take(texts)", [base64.b64encode(record).decode() for record in records])
        for _ in range(rounds):
            for value, page in pages.items():
                before_s = meters.processor_s(roots)
                took[value] += await page.evaluate("times => play(times)", times)
                used[value].append((meters.processor_s(roots) - before_s) * 1000 / times)
        for value in values:
            found[count, value] = f"{statistics.median(took[value]):.1f} ({statistics.median(used[value]):.1f})"
    for page in pages.values():
        await page.close()
    return found


async def _page_with(browser: Browser, file: str, name: str, value: int) -> Page:
    """A page whose modules are the product's, but for this limit."""

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(f"{_ORIGIN}/")
        if not path:
            await route.fulfill(body=_PAGE, content_type="text/html")
        else:
            source = _SCRIPT if path == _SCRIPT.name else WEB / path
            body = source.read_text(encoding="utf-8")
            await route.fulfill(
                body=with_limit(body, name, value) if path == file else body, content_type="text/javascript"
            )

    page = await browser.new_page()
    await page.route(f"{_ORIGIN}/**", answer)
    await page.goto(f"{_ORIGIN}/")
    await expect(page).to_have_title("ready")
    return page


def with_limit(source: str, name: str, value: int) -> str:
    """A module's source with another value of one of its limits.

    Raises:
        LookupError: it has no such limit, or several.
    """
    before = [line for line in source.splitlines() if line.startswith(f"const {name} = ")]
    if len(before) != 1:
        raise LookupError(name)
    return source.replace(before[0], f"const {name} = {value};")


def _places(count: int, width_px: int, height_px: int) -> list[Box]:
    """All over the screen, apart from each other."""
    chance = numpy.random.default_rng(count)
    columns, rows = _WIDTH_PX // (width_px + 8), _HEIGHT_PX // (height_px + 8)
    cells = chance.choice(columns * rows, count, replace=False)
    return [
        Box(int(cell) % columns * (width_px + 8), int(cell) // columns * (height_px + 8), width_px, height_px)
        for cell in sorted(cells)
    ]


def _glyphs(count: int) -> list[bytes]:
    return _records(grounds.text_page(0, _WIDTH_PX, _HEIGHT_PX), ZstdFrames(), _places(count, 9, 17))


def _photos(count: int) -> list[bytes]:
    return _records(grounds.photo(20, _WIDTH_PX, _HEIGHT_PX), Jpeg(80), _places(count, 96, 64))


def _records(pixels: numpy.typing.NDArray[numpy.uint8], encoder: ZstdFrames | Jpeg, places: list[Box]) -> list[bytes]:
    parts = [
        part
        for box in places
        for part in encoder.rectangles(0, box, memoryview(pixels[box.y : box.bottom, box.x : box.right].tobytes()))
    ]
    return [*(write_part(part) for part in parts), write_part(PictureEnd(1, False, 0))]
