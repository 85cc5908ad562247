"""How soon an auditor sees the picture of another moment in a recording of two hours, and the first one after the key was opened."""

import asyncio
import random
import secrets
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import zstandard
from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Page, async_playwright

from benchmarks.report import Row, Section
from protocol.media import MediaSealer
from protocol.media_codec import write_part
from protocol.media_parts import Codec, Part, PictureEnd, Rectangle, Screens, ScreenShape
from protocol.recording import Segment
from protocol.recording_keys import RecordingKey, epoch_commitment
from protocol.session_log import EpochBegan, SegmentClosed, parse_entry
from technician_viewer import auditor_key
from technician_viewer.local_page import AUDITORS_PAGE, LocalPage
from technician_viewer.settings import Settings
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.relay.evidence import packs
from tests.technician_viewer.local_pages import serving
from tests.technician_viewer.web.test_audit_page import PASSPHRASE, Desk, look

SEEKS, QUICK_SEEKS = 100, 5
OPENINGS, QUICK_OPENINGS = 10, 1
HOURS_S, QUICK_S = 7200, 600
SEGMENT_S, KEY_EVERY_S, PICTURE_MS = 10, 60, 200
WIDTH_PX, HEIGHT_PX, GLYPH_PX = 1280, 800, (8, 16)
STEPS = 1000
"""Of the slider: a seek goes to one of them."""

ABOUT = f"""\
A recording of {WIDTH_PX} x {HEIGHT_PX}, in which a letter appears five times a second and a complete picture every {KEY_EVERY_S} s, in
the auditors' room in headless Chromium, served by `mainforte-viewer`; the server before it is a stub in the same process that hands out
sealed segments. *Seek*: from the slider's change to the time of the picture asked for, all that comes before it decoded and drawn.
*First picture*: from the opened key to the first picture on the canvas; to derive the key from its passphrase is not counted.
"""

_SEEK = """async ([step, expected]) => {
  const slider = document.getElementById("seek"), time = document.getElementById("time");
  slider.value = String(step);
  const began = performance.now();
  slider.dispatchEvent(new Event("change"));
  while (!time.textContent.startsWith(expected + " ")) await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - began;
}"""
_OPENED = """async () => {
  const key = document.getElementById("key-state"), screen = document.getElementById("screen");
  while (key.hidden) await new Promise((resolve) => setTimeout(resolve));
  const began = performance.now();
  while (screen.width === 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - began;
}"""


async def measure(*, is_quick: bool = False) -> Section:
    """Open the recording several times, and go from moment to moment in it."""
    lasting_s = QUICK_S if is_quick else HOURS_S
    case = await asyncio.to_thread(_recorded, lasting_s)
    opened, sought, chance = list[float](), list[float](), random.Random(3)
    async with AsyncExitStack() as running:
        relay = await running.enter_async_context(serving(Desk(case).handle))
        settings = Settings(relay, packs.ROOT_FINGERPRINT)
        local = await running.enter_async_context(LocalPage(settings, AUDITORS_PAGE))
        playwright = await running.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        key = Path(running.enter_context(tempfile.TemporaryDirectory())) / "key.json"
        auditor_key.save(key, packs.auditor_keys("Odile Fabre"), PASSPHRASE)
        for _ in range(QUICK_OPENINGS if is_quick else OPENINGS):
            page = await (await browser.new_context(locale="en")).new_page()
            await page.goto(local.address)
            opened.append(await _open(page, key))
        for _ in range(QUICK_SEEKS if is_quick else SEEKS):
            step = chance.randrange(1, STEPS)
            seconds = step * lasting_s // STEPS
            sought.append(await page.evaluate(_SEEK, [step, f"{seconds // 60}:{seconds % 60:02}"]))
        await browser.close()
    size = sum(map(len, case.segments.values()))
    return Section(
        "seeking",
        "Seeking in a recording",
        ABOUT,
        [Row("seek to any moment of two hours", sought), Row("first picture after opening", opened)],
        {"recording": f"{size / 1e6:.0f} MB, {lasting_s / 3600:.2g} h, {len(case.segments)} segments"},
    )


async def _open(page: Page, key: Path) -> float:
    await look(page)
    await page.locator("#key-file").set_input_files(key)
    await page.locator("#passphrase").fill(PASSPHRASE)
    waiting = asyncio.create_task(page.evaluate(_OPENED))
    await page.locator("#key-form button.main").click()
    return float(await waiting)


def _recorded(lasting_s: int) -> packs.Case:
    """A session that long with all its evidence."""
    case = packs.a_case()
    events = [parse_entry(text).event for text in case.entries]
    recording, epoch_key = RecordingKey(case.session, packs.RECORDING_KEY), secrets.token_bytes(32)
    began = EpochBegan(1, 0, epoch_commitment(case.session, 1, epoch_key), recording.wrap(1, epoch_key))
    sealer, segments, number = MediaSealer(), list[SegmentClosed](), 0
    sealer.start_epoch(epoch_key)
    case.segments.clear()
    page, glyph, start_ms = (
        _pixels("The quick brown fox ", (WIDTH_PX, HEIGHT_PX)),
        _pixels("a", GLYPH_PX),
        packs.AT_S * 1000,
    )
    for at_s in range(0, lasting_s, SEGMENT_S):
        segment, first, is_key = Segment(), sealer.next_counter, at_s % KEY_EVERY_S == 0
        for place in range(SEGMENT_S * 1000 // PICTURE_MS):
            number, begins = number + 1, is_key and place == 0
            x, y = number % (WIDTH_PX // 8) * 8, number // (WIDTH_PX // 8) % (HEIGHT_PX // 16) * 16
            parts: list[Part] = [Rectangle(0, Codec.ZSTD, x, y, *GLYPH_PX, glyph)]
            if begins:
                whole = Rectangle(0, Codec.ZSTD, 0, 0, WIDTH_PX, HEIGHT_PX, page)
                parts = [Screens([ScreenShape(0, 0, 0, WIDTH_PX, HEIGHT_PX, "")]), whole]
            parts.append(PictureEnd(number, begins, start_ms + at_s * 1000 + place * PICTURE_MS))
            segment.add(sealer.seal(b"".join(map(write_part, parts))))
        times = start_ms + at_s * 1000, start_ms + (at_s + SEGMENT_S) * 1000
        count = len(segments), 1, is_key, first, sealer.next_counter, segment.records, segment.bytes
        segments.append(SegmentClosed(*count, *times, segment.hash))
        case.segments[len(segments) - 1] = segment.data
    packs.write_chain(case, [*events[:4], began, *segments, *events[8:]])
    packs.sign_heads(case)
    packs.log_session(case)
    return case


def _pixels(text: str, size: tuple[int, int]) -> bytes:
    """Text in black on white, as one zstd frame."""
    image = Image.new("RGB", size, "white")
    lines = "\n".join(text * (size[0] // 100) for _ in range(size[1] // 16)) or text
    ImageDraw.Draw(image).multiline_text((0, 0), lines, fill="black", font=ImageFont.load_default(13))
    return zstandard.ZstdCompressor(write_content_size=True).compress(image.convert("RGBA").tobytes("raw", "BGRA"))
