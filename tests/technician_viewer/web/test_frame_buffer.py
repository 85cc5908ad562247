"""The page's picture, in a real browser: exact to the bit, and hard to fool."""

import base64
import os
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import zstandard
from playwright.async_api import Browser, Page, Route

from client_agent.screen.encoder import Encoder
from client_agent.screen.source import Box
from protocol.media_parts import Codec, Rectangle

WEB = Path(__file__).parents[3] / "technician_viewer" / "web"
ORIGIN = "http://localhost:1"
WIDTH, HEIGHT = 300, 200
PAGE = """<!doctype html><title>picture</title><canvas></canvas><script type="module">
  import { FrameBuffer } from "./screen/frame_buffer.js";
  import { Zstd } from "./screen/zstd.js";
  const zstd = new Zstd();
  await zstd.init();
  const frame = new FrameBuffer(document.querySelector("canvas"), zstd);
  frame.resize(300, 200);
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  window.put = (rectangles) => {
    try { for (const { data, ...place } of rectangles) frame.put({ ...place, data: bytes(data) }); }
    catch (error) { return `${error.constructor.name}: ${error.message}`; }
    finally { frame.show(); }
    return "";
  };
  window.pixels = () => btoa(Array.from(frame.context.getImageData(0, 0, 300, 200).data, (value) => String.fromCharCode(value)).join(""));
  document.title = "ready";
</script>"""

Put = Callable[..., Awaitable[str]]


@pytest.fixture
async def page(chromium: Browser) -> Page:
    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(f"{ORIGIN}/")
        if path:
            await route.fulfill(path=WEB / path, content_type="text/javascript")
        else:
            await route.fulfill(body=PAGE, content_type="text/html")

    page = await chromium.new_page()
    await page.route(f"{ORIGIN}/**", answer)
    await page.goto(f"{ORIGIN}/")
    await page.wait_for_function("document.title === 'ready'")
    return page


@pytest.fixture
def put(page: Page) -> Put:
    """Put rectangles; gives the error."""

    async def put(*rectangles: Rectangle) -> str:
        told = [
            {"x": r.x, "y": r.y, "width": r.width, "height": r.height, "data": base64.b64encode(r.data).decode()}
            for r in rectangles
        ]
        error: str = await page.evaluate("(rectangles) => put(rectangles)", told)
        return error

    return put


def rectangles(box: Box, pixels: bytes) -> list[Rectangle]:
    return list(Encoder().rectangles(0, box, pixels))


def on_canvas(pixels: bytes) -> bytes:
    """What the canvas holds (red, green, blue, opaque) of what was captured (blue, green, red, unused)."""
    return b"".join(bytes((red, green, blue, 255)) for blue, green, red, _ in struct.iter_unpack("4B", pixels))


async def seen(page: Page) -> bytes:
    return base64.b64decode(await page.evaluate("pixels()"))


async def test_what_was_captured_is_on_the_canvas_to_the_bit(page: Page, put: Put) -> None:
    pixels = os.urandom(WIDTH * HEIGHT * 4)
    several = rectangles(Box(0, 0, WIDTH, HEIGHT), pixels)
    assert len(several) > 5
    assert await put(*several) == ""
    assert await seen(page) == on_canvas(pixels)


async def test_small_and_large_rectangles_in_any_order_each_leave_the_others_alone(page: Page, put: Put) -> None:
    picture = bytearray(WIDTH * HEIGHT * 4)
    boxes = [Box(7, 9, 1, 1), Box(0, 0, 300, 150), Box(100, 100, 50, 3), Box(299, 199, 1, 1), Box(5, 5, 200, 190)]
    for box in boxes:
        pixels = os.urandom(box.area * 4)
        assert await put(*rectangles(box, pixels)) == ""
        for row in range(box.height):
            at = ((box.y + row) * WIDTH + box.x) * 4
            picture[at : at + box.width * 4] = pixels[row * box.width * 4 : (row + 1) * box.width * 4]
    assert await seen(page) == on_canvas(bytes(picture))


def of_zeros(x: int, y: int, width: int, height: int, data: bytes) -> Rectangle:
    return Rectangle(0, Codec.ZSTD, x, y, width, height, data)


TEN = zstandard.compress(bytes(10 * 10 * 4))


@pytest.mark.parametrize(
    ("rectangle", "said"),
    [
        (of_zeros(291, 0, 10, 10, TEN), "outside the screen"),
        (of_zeros(0, 191, 10, 10, TEN), "outside the screen"),
        (of_zeros(0, 0, 10, 9, TEN), "declares another size"),
        (of_zeros(0, 0, 300, 200, TEN), "declares another size"),
        (of_zeros(0, 0, 10, 10, b""), "declares another size"),
        (of_zeros(0, 0, 10, 10, b"not zstd at all"), "declares another size"),
        (of_zeros(0, 0, 10, 10, TEN[:-3]), "cannot be decompressed"),
        (of_zeros(0, 0, 10, 10, TEN[:8] + b"\xff" * (len(TEN) - 8)), "cannot be decompressed"),
    ],
)
async def test_a_rectangle_that_is_not_what_it_says_is_refused_and_the_next_one_is_shown(
    page: Page, put: Put, rectangle: Rectangle, said: str
) -> None:
    error = await put(rectangle)
    assert error.startswith("RemoteProtocolError: ")
    assert said in error
    pixels = os.urandom(WIDTH * HEIGHT * 4)
    assert await put(*rectangles(Box(0, 0, WIDTH, HEIGHT), pixels)) == ""
    assert await seen(page) == on_canvas(pixels)
