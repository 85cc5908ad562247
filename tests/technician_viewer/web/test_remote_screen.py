"""The customer's screen on the page, in a real browser and under the real Content-Security-Policy: exact, and hard to fool."""

import base64
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Browser, Page, Route, expect

from client_agent.screen.encoders.zstd_frames import ZstdFrames
from client_agent.screen.encoders.zstd_stream import ZstdStream
from client_agent.screen.source import Box
from protocol.media_codec import write_part
from protocol.media_parts import Copy, Part, PictureEnd, Rectangle, Screens, ScreenShape, Video, VideoCodec, VideoEnded
from technician_viewer.local_page import HEADERS
from tests.technician_viewer.web import WEB
from tests.technician_viewer.web.lost_device import HEARS_LOSS, lose_device, wait_until_restored
from tests.vectors import make_pixels
from tests.waiting import eventually

Pixels = npt.NDArray[np.uint8]
ORIGIN = "http://localhost:1"
HARNESS = Path(__file__).with_name("remote_screen.js")
VECTORS = json.loads(make_pixels.FILE.read_text("utf-8"))
WIDTH, HEIGHT = 300, 200
SCREENS = Screens([ScreenShape(0, 0, 0, WIDTH, HEIGHT, "screen")])
PAGE = (
    '<!doctype html><title>-</title><script type="module" src="/harness.js"></script><canvas></canvas><canvas></canvas>'
)
WITHOUT_VIDEO = "delete window.VideoDecoder; delete window.ImageDecoder"
ALL_CODECS = ["zstd", "zstd-stream", "copy", "planes", "jpeg", "h264", "h264-444", "av1", "vp9"]

# Parts that come once the page has heard that the canvas is lost, and what it had told as shown when it came back.
COME_WHILE_LOST = """(parts) => {
  addEventListener("contextlost", ({ target }) => {
    if (target === document.querySelector("canvas")) take(parts);
  }, true);
  addEventListener("contextrestored", ({ target }) => {
    if (target === document.querySelector("canvas")) window.shownMeanwhile = [...told.shown];
  }, true);
}"""


class Screen:
    """A page with the screen alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def take(self, *parts: Part) -> None:
        await self.take_bytes([write_part(part) for part in parts])

    async def take_bytes(self, parts: list[bytes]) -> None:
        await self.page.evaluate("(parts) => take(parts)", [base64.b64encode(part).decode() for part in parts])

    async def shown(self) -> list[int]:
        return list(await self.page.evaluate("told.shown"))

    async def broken(self) -> list[str]:
        return list(await self.page.evaluate("told.broken"))

    async def forget(self) -> None:
        await self.page.evaluate("Object.assign(told, { shown: [], broken: [], seen: [] })")

    async def draw(self, way: str) -> None:
        """Let decoded pictures come to the canvas that way."""
        await self.page.evaluate("(way) => { drawing.way = way; }", way)

    async def pixels(self) -> Pixels:
        """Red, green and blue of what is on the canvas."""
        width, height = await self.page.evaluate(
            "[...document.querySelectorAll('canvas')].slice(0, 1).flatMap((it) => [it.width, it.height])"
        )
        return of_canvas(await self.page.evaluate("pixels()"), width, height)

    async def wait_until_shown(self, picture: int) -> None:
        async def is_shown() -> bool:
            assert not (broken := await self.broken()), broken
            return picture in await self.shown()

        await eventually(is_shown, f"picture {picture}")

    async def wait_until_broken(self) -> str:
        return (await eventually(self.broken, "a refusal"))[0]


def of_canvas(data: str, width: int, height: int) -> Pixels:
    rgba = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)
    assert (rgba[:, :, 3] == 255).all()
    return rgba[:, :, :3]


def rgb(pixels: Pixels | bytes, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Of what was captured: blue, green, red, unused."""
    return np.frombuffer(bytes(pixels), np.uint8).reshape(height, width, 4)[:, :, 2::-1]


async def open_screen(chromium: Browser, *, before: str = "") -> Screen:
    """A page of its own; `before` is done on it before anything else."""

    async def answer(route: Route) -> None:
        path = route.request.url.removeprefix(f"{ORIGIN}/")
        if not path:
            await route.fulfill(body=PAGE, content_type="text/html", headers=HEADERS)
        else:
            file = HARNESS if path == "harness.js" else WEB / path
            await route.fulfill(path=file, content_type="text/javascript", headers=HEADERS)

    page = await chromium.new_page()
    await page.route(f"{ORIGIN}/**", answer)
    if before:
        await page.add_init_script(before)
    await page.goto(f"{ORIGIN}/")
    await expect(page).to_have_title("ready")
    return Screen(page)


@pytest_asyncio.fixture(loop_scope="module")
async def screen(chromium: Browser) -> Screen:
    return await open_screen(chromium)


def rectangles(box: Box, pixels: bytes) -> list[Rectangle]:
    return list(ZstdFrames().rectangles(0, box, pixels))


def picture(number: int, *, is_key: bool = False) -> PictureEnd:
    return PictureEnd(number, is_key, 1)


def plain(width: int, height: int, colour: tuple[int, int, int]) -> Pixels:
    """One colour, red, green, blue, as it is captured."""
    red, green, blue = colour
    return np.broadcast_to(np.array([blue, green, red, 0], np.uint8), (height, width, 4)).copy()


async def test_what_was_captured_is_on_the_canvas_to_the_bit(screen: Screen) -> None:
    pixels = os.urandom(WIDTH * HEIGHT * 4)
    several = rectangles(Box(0, 0, WIDTH, HEIGHT), pixels)
    assert len(several) > 5
    await screen.take(SCREENS, *several, picture(1, is_key=True))
    await screen.wait_until_shown(1)
    assert (await screen.pixels() == rgb(pixels)).all()


async def test_small_and_large_rectangles_in_any_order_each_leave_the_others_alone(screen: Screen) -> None:
    expected = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    await screen.take(SCREENS)
    boxes = [Box(7, 9, 1, 1), Box(0, 0, 300, 150), Box(100, 100, 50, 3), Box(299, 199, 1, 1), Box(5, 5, 200, 190)]
    for number, box in enumerate(boxes, 1):
        pixels = os.urandom(box.area * 4)
        await screen.take(*rectangles(box, pixels), picture(number))
        await screen.wait_until_shown(number)
        expected[box.y : box.y + box.height, box.x : box.x + box.width] = np.frombuffer(pixels, np.uint8).reshape(
            box.height, box.width, 4
        )
        assert (await screen.pixels() == rgb(expected.tobytes())).all()


async def test_a_thousand_scattered_glyphs_are_all_there(screen: Screen) -> None:
    expected = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    glyphs: list[Part] = []
    for number in range(1000):
        x, y = 7 * (number % 42), 8 * (number // 42)
        glyph = plain(5, 6, (number % 256, 255 - number % 256, 7))
        expected[y : y + 6, x : x + 5] = glyph
        glyphs.append(make_pixels.zstd(x, y, glyph))
    await screen.take(SCREENS, *glyphs, picture(1))
    await screen.wait_until_shown(1)
    assert (await screen.pixels() == rgb(expected.tobytes())).all()


# Counts the bytes that a page makes room for, since parts were last taken.
COUNTS_ROOM = """
window.room = 0;
const counted = (made) => { window.room += made.byteLength ?? made.data.byteLength; return made; };
for (const name of ["ArrayBuffer", "Uint8Array", "Uint8ClampedArray", "Uint32Array", "ImageData"]) {
  window[name] = new Proxy(window[name], {
    construct(target, given) {
      const made = Reflect.construct(target, given);
      return typeof given[0] === "number" || Array.isArray(given[0]) ? counted(made) : made;
    },
  });
}
const typed = Object.getPrototypeOf(Int8Array.prototype), { slice } = typed, { getImageData } = CanvasRenderingContext2D.prototype;
typed.slice = function (...where) { return counted(slice.apply(this, where)); };
CanvasRenderingContext2D.prototype.getImageData = function (...where) { return counted(getImageData.apply(this, where)); };
"""
ROOM_BYTES_MAX = 1024


async def test_once_there_was_a_picture_no_room_is_made_for_those_that_come(chromium: Browser) -> None:
    screen = await open_screen(chromium, before=COUNTS_ROOM)
    encoder, whole = ZstdStream(), Box(0, 0, WIDTH, HEIGHT)
    heap_bytes = 0
    for number in range(1, 25):
        page = make_pixels.text(WIDTH, HEIGHT)
        page = np.roll(page, 7 * number, 1)
        changes: list[Part] = [*encoder.rectangles(0, whole, page.tobytes())]
        changes += [Copy(0, 0, 20, 0, 0, WIDTH, HEIGHT - 20), make_pixels.zstd(40, 50, page[:9, :6])]
        await screen.take(*([SCREENS] if number == 1 else []), *changes, picture(number))
        await screen.wait_until_shown(number)
        if number == 4:
            heap_bytes = await screen.page.evaluate("heapBytes()")
            # It counts what it is to count.
            await screen.page.evaluate("room = 0; new Uint8Array(5); new Uint8Array(7).slice(2); new ImageData(2, 1)")
            assert await screen.page.evaluate("room") == 5 + 7 + 5 + 8
        elif number > 4:
            assert await screen.page.evaluate("room") < ROOM_BYTES_MAX, number
    assert await screen.page.evaluate("heapBytes()") == heap_bytes


@pytest.mark.parametrize("way", ["copy", "draw"])
async def test_every_vector_is_shown_as_it_should_be(screen: Screen, way: str) -> None:
    await screen.draw(way)
    wrong = []
    for vector in VECTORS["shown"]:
        await screen.forget()
        await screen.take_bytes([bytes.fromhex(part) for part in vector["parts"]])
        await screen.wait_until_shown(1)
        expected = np.asarray(Image.open(BytesIO(base64.b64decode(vector["png"]))).convert("RGB")).astype(int)
        off = np.abs(await screen.pixels() - expected).max()
        if off > vector["within"]:
            wrong.append(f"{vector['name']}: off by {off}, at most {vector['within']}")
    assert not wrong


async def test_every_vector_that_must_be_refused_is_refused_and_a_key_picture_mends_it(screen: Screen) -> None:
    wrong = []
    whole = os.urandom(48 * 40 * 4)
    for vector in VECTORS["refused"]:
        await screen.forget()
        await screen.take_bytes([bytes.fromhex(part) for part in vector["parts"]])
        try:
            refusal = await screen.wait_until_broken()
        except AssertionError:
            wrong.append(f"{vector['name']}: not refused")
            continue
        if 1 in await screen.shown():
            wrong.append(f"{vector['name']}: shown all the same ({refusal})")
        await screen.take(picture(2))
        assert not await screen.shown(), vector["name"]
        await screen.forget()
        await screen.take(*rectangles(Box(0, 0, 48, 40), whole), picture(3, is_key=True))
        await screen.wait_until_shown(3)
        assert (await screen.pixels() == rgb(whole, 48, 40)).all(), vector["name"]
    assert not wrong


async def test_a_screen_larger_than_any_is_refused_before_room_is_made_for_it(screen: Screen) -> None:
    await screen.take(Screens([ScreenShape(0, 0, 0, 16384, 16384, "huge")]))
    assert "16384 x 16384" in await screen.wait_until_broken()


async def test_a_picture_is_told_as_shown_only_when_its_video_is_on_the_canvas(screen: Screen) -> None:
    await screen.page.evaluate("told.isLooking = true")
    box = make_pixels.ramp(32, 16)
    (video,) = make_pixels.video(VideoCodec.H264, [box], x=100, y=50)
    ink = make_pixels.text(20, 10)
    await screen.take(SCREENS, video, picture(1), make_pixels.zstd(0, 0, ink), picture(2))
    await screen.wait_until_shown(2)
    assert await screen.shown() == [1, 2]
    first = of_canvas((await screen.page.evaluate("told.seen"))[0], WIDTH, HEIGHT)
    assert np.abs(first[50:66, 100:132].astype(int) - rgb(box.tobytes(), 32, 16)).max() <= 8
    # What does not touch the video has not waited for it.
    assert (first[:10, :20] == rgb(ink.tobytes(), 20, 10)).all()


@pytest.mark.parametrize("way", ["copy", "draw"])
async def test_what_touches_a_video_comes_after_it_and_what_is_copied_from_it_is_what_it_shows(
    screen: Screen, way: str
) -> None:
    await screen.draw(way)
    before, drawn = plain(32, 16, (9, 9, 9)), make_pixels.ramp(32, 16)
    (video,) = make_pixels.video(VideoCodec.H264_444, [drawn], x=100, y=50)
    ink = make_pixels.text(10, 6)
    await screen.take(
        SCREENS, make_pixels.zstd(100, 50, before), video,
        make_pixels.zstd(110, 54, ink), Copy(0, 100, 50, 104, 60, 32, 16), picture(1),
    )  # fmt: skip
    await screen.wait_until_shown(1)
    expected = np.zeros((HEIGHT, WIDTH, 3), int)
    expected[50:66, 100:132] = rgb(drawn.tobytes(), 32, 16)
    expected[54:60, 110:120] = rgb(ink.tobytes(), 10, 6)
    expected[60:76, 104:136] = expected[50:66, 100:132].copy()
    seen = await screen.pixels()
    assert np.abs(seen - expected).max() <= 8
    assert (seen[54:60, 110:120] == rgb(ink.tobytes(), 10, 6)).all()


async def test_a_video_that_cannot_be_decoded_is_refused_and_the_next_key_is_shown(screen: Screen) -> None:
    shapes = [make_pixels.ramp(64, 64, shift=shift) for shift in (0, 5, 10, 15)]
    first, second, third, _ = make_pixels.video(VideoCodec.H264, shapes)
    await screen.take(SCREENS, first, picture(1, is_key=True))
    await screen.wait_until_shown(1)
    broken = Video(
        second.stream, 0, second.x, second.y, 64, 64, second.codec, False, False, b"\0\0\1\x65" + b"\xff" * 99
    )
    await screen.take(broken, picture(2))
    await screen.wait_until_broken()
    # What builds on what was lost is passed over in silence, and nothing is told as shown.
    await screen.forget()
    await screen.take(third, picture(3))
    whole = os.urandom(WIDTH * HEIGHT * 4)
    await screen.take(*rectangles(Box(0, 0, WIDTH, HEIGHT), whole), picture(4, is_key=True))
    await screen.wait_until_shown(4)
    assert await screen.shown() == [4]
    (anew,) = make_pixels.video(VideoCodec.H264, shapes[3:])
    await screen.take(anew, picture(5))
    await screen.wait_until_shown(5)
    seen = (await screen.pixels())[6:70, 4:68]
    assert np.abs(seen.astype(int) - rgb(shapes[3].tobytes(), 64, 64)).max() <= 8


async def test_a_decoder_that_does_not_answer_is_given_up(chromium: Browser) -> None:
    screen = await open_screen(chromium, before="VideoDecoder.prototype.decode = () => undefined")
    (video,) = make_pixels.video(VideoCodec.H264, [make_pixels.ramp(32, 16)])
    await screen.take(SCREENS, video, picture(1))
    assert "does not answer" in await screen.wait_until_broken()


async def test_more_than_is_decoded_at_once_waits(screen: Screen) -> None:
    places = [(x, y) for y in range(0, 80, 8) for x in range(0, 256, 16)]
    assert len(places) == 160
    await screen.take(
        SCREENS,
        *(make_pixels.jpeg(x, y, plain(16, 8, (x % 256, 3 * y, 90))) for x, y in places),
        picture(1, is_key=True),
    )
    await screen.wait_until_shown(1)
    seen = (await screen.pixels()).astype(int)
    for x, y in places:
        expected = rgb(plain(16, 8, (x % 256, 3 * y, 90)).tobytes(), 16, 8)
        assert np.abs(seen[y : y + 8, x : x + 16] - expected).max() <= 4, (x, y)


async def test_a_peer_that_sends_more_than_can_wait_is_refused(chromium: Browser) -> None:
    screen = await open_screen(chromium, before="VideoDecoder.prototype.decode = () => undefined")
    first, second = make_pixels.video(VideoCodec.H264, [make_pixels.ramp(32, 16)] * 2)
    for more in (second, make_pixels.zstd(4, 6, make_pixels.text(20, 10))):
        await screen.take(SCREENS, first, *([more] * 600), picture(1))
        assert "more than can be waited for" in await screen.wait_until_broken()
        await screen.forget()


async def test_the_end_of_a_video_waits_for_its_last_picture(screen: Screen) -> None:
    drawn = make_pixels.ramp(32, 16)
    (video,) = make_pixels.video(VideoCodec.VP9, [drawn])
    await screen.take(SCREENS, video, VideoEnded(1), picture(1))
    await screen.wait_until_shown(1)
    assert np.abs((await screen.pixels())[6:22, 4:36].astype(int) - rgb(drawn.tobytes(), 32, 16)).max() <= 8


@pytest.mark.parametrize("way", ["copy", "draw"])
async def test_a_canvas_that_was_lost_is_drawn_again(screen: Screen, way: str) -> None:
    await screen.draw(way)
    pixels = os.urandom(WIDTH * HEIGHT * 4)
    await screen.take(SCREENS, *rectangles(Box(0, 0, WIDTH, HEIGHT), pixels), picture(1))
    await screen.wait_until_shown(1)
    lost = "const [it] = document.querySelectorAll('canvas'); it.width = it.width; it.dispatchEvent(new Event('contextrestored'))"
    await screen.page.evaluate(lost)
    assert (await screen.pixels() == rgb(pixels)).all()
    assert not await screen.broken()
    (video,) = make_pixels.video(VideoCodec.H264, [make_pixels.ramp(32, 16)])
    await screen.take(video, picture(2))
    await screen.wait_until_shown(2)
    await screen.page.evaluate(lost)
    # What was drawn by the browser itself was nowhere else: a key picture brings it back.
    assert len(await screen.broken()) == (way == "draw")


@pytest.mark.own_browser
@pytest.mark.parametrize(
    ("way", "change"),
    [
        ("copy", "a rectangle"),
        ("draw", "video"),
        ("draw", "a copy"),
        ("copy", "another size"),
        pytest.param("draw", "a rectangle", marks=pytest.mark.soak),
        pytest.param("copy", "video", marks=pytest.mark.soak),
        pytest.param("copy", "a copy", marks=pytest.mark.soak),
        pytest.param("draw", "another size", marks=pytest.mark.soak),
    ],
)
async def test_what_comes_while_the_canvas_is_lost_is_shown_when_it_is_back(
    chromium: Browser, way: str, change: str
) -> None:
    screen = await open_screen(chromium, before=HEARS_LOSS)
    await screen.draw(way)
    pixels, box = os.urandom(WIDTH * HEIGHT * 4), Box(10, 20, 64, 40)
    patch = os.urandom(box.area * 4)
    first, second = make_pixels.video(VideoCodec.H264, [make_pixels.ramp(32, 16)] * 2)
    await screen.take(SCREENS, *rectangles(Box(0, 0, WIDTH, HEIGHT), pixels), first, picture(1))
    await screen.wait_until_shown(1)
    parts: dict[str, list[Part]] = {
        "a rectangle": [*rectangles(box, patch)],
        "video": [second],
        "a copy": [Copy(0, 100, 100, 32, 16, 4, 6)],
        "another size": [Screens([ScreenShape(0, 0, 0, 200, 100, "screen")]), *rectangles(box, patch)],
    }
    coming = [base64.b64encode(write_part(part)).decode() for part in (*parts[change], picture(2))]
    await screen.page.evaluate(COME_WHILE_LOST, coming)
    await lose_device(screen.page)
    await wait_until_restored(screen.page)
    if way == "draw" and change != "another size":
        # What was drawn by the browser itself was nowhere else: a key picture brings it back.
        assert await screen.wait_until_broken() == "Error: the canvas was lost"
    else:
        await screen.wait_until_shown(2)
        if change in ("a rectangle", "another size"):
            assert ((await screen.pixels())[20:60, 10:74] == rgb(patch, 64, 40)).all()
    assert await screen.page.evaluate("shownMeanwhile") == [1]
    await screen.forget()
    size = (200, 100) if change == "another size" else (WIDTH, HEIGHT)
    pixels = os.urandom(size[0] * size[1] * 4)
    await screen.take(*rectangles(Box(0, 0, *size), pixels), picture(3, is_key=True))
    await screen.wait_until_shown(3)
    assert (await screen.pixels() == rgb(pixels, *size)).all()


async def test_the_browser_is_found_to_decode_what_it_decodes(screen: Screen) -> None:
    found: dict[str, Any] = await screen.page.evaluate("findAbilities()")
    assert found["codecs"] == ALL_CODECS
    assert found["hasVideo"]
    # Without a graphics card nothing else can be quicker.
    assert found["drawing"]["acceleration"] == "prefer-software"


async def test_a_browser_without_webcodecs_shows_rectangles(chromium: Browser) -> None:
    screen = await open_screen(chromium, before=WITHOUT_VIDEO)
    found: dict[str, Any] = await screen.page.evaluate("findAbilities()")
    assert found["codecs"] == ["zstd", "zstd-stream", "copy", "planes"]
    assert not found["hasVideo"]
    pixels = os.urandom(WIDTH * HEIGHT * 4)
    await screen.take(SCREENS, *rectangles(Box(0, 0, WIDTH, HEIGHT), pixels), picture(1))
    await screen.wait_until_shown(1)
    assert (await screen.pixels() == rgb(pixels)).all()


@pytest.mark.parametrize(
    "before",
    [
        "VideoDecoder.isConfigSupported = async (config) => ({ supported: config.codec.startsWith('vp09') })",
        # It says that it can, and fails.
        "const { configure } = VideoDecoder.prototype; VideoDecoder.prototype.configure = function (config) {"
        " if (!config.codec.startsWith('vp09')) throw new Error('no'); configure.call(this, config); }",
        # It shows other colours.
        "const { configure } = VideoDecoder.prototype; let isVp9 = false;"
        "VideoDecoder.prototype.configure = function (config) { isVp9 = config.codec.startsWith('vp09'); configure.call(this, config); };"
        "const { getImageData } = OffscreenCanvasRenderingContext2D.prototype;"
        "OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...where) {"
        " const seen = getImageData.apply(this, where); if (!isVp9) seen.data.fill(128); return seen; }",
    ],
)
async def test_a_codec_that_the_browser_does_not_decode_well_is_not_offered(chromium: Browser, before: str) -> None:
    screen = await open_screen(chromium, before=before)
    found: dict[str, Any] = await screen.page.evaluate("findAbilities()")
    assert [codec for codec in found["codecs"] if codec in ("h264", "h264-444", "av1", "vp9")] == ["vp9"]


async def test_where_pictures_cannot_be_copied_they_are_drawn(chromium: Browser) -> None:
    before = "VideoFrame.prototype.copyTo = () => Promise.reject(new Error('no such format'))"
    screen = await open_screen(chromium, before=before)
    found: dict[str, Any] = await screen.page.evaluate("findAbilities()")
    assert found["codecs"] == ALL_CODECS
    assert found["drawing"]["way"] == "draw"
