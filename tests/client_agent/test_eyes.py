import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zstandard

from client_agent import eyes as eyes_module
from client_agent.eyes import Eyes
from client_agent.screen import stream
from client_agent.screen.encoders.video import VideoEncoder
from client_agent.screen.encoders.zstd_stream import ZstdStream
from client_agent.screen.handover import ROOM, Handover
from client_agent.screen.pixel_finder import PixelFinder
from client_agent.screen.record import Record
from client_agent.screen.source import Box, Screen
from client_agent.screen.x11 import X11Source
from protocol.envelope import Audience, MediaEnvelope, unwrap
from protocol.media import MediaOpener, MediaSealer
from protocol.media_parts import BYTES_PER_PIXEL, InputApplied, Part, PictureEnd, Rectangle, Screens
from tests.client_agent.desktop import Painter
from tests.client_agent.screen.array_desktop import ALL_CODECS, film, text
from tests.client_agent.screen.memory_desktop import Canvas, MemoryDesktop
from tests.virtual_display import VirtualDisplay

Start = Callable[..., VirtualDisplay]
WIDTH, HEIGHT = 400, 300
SCREEN = Screen(0, 0, 0, 40, 30, "all")
# Far enough from each other to be sent apart.
CORNERS = (Box(0, 0, 2, 2), Box(38, 0, 2, 2), Box(38, 28, 2, 2))


class Technician:
    """Who is shown what `Eyes` sees, in a desktop of memory, each part in a record of its own."""

    def __init__(self, desktop: MemoryDesktop) -> None:
        self.desktop = desktop
        self.eyes = Eyes(desktop)
        self.canvas = Canvas()
        self.records = 0

    async def send(self, record: bytes) -> None:
        self.records += 1
        self.canvas.show([record])


@pytest.fixture(autouse=True)
def a_record_for_each_part(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "technician" in request.fixturenames:
        monkeypatch.setattr(stream, "Record", lambda _=0: Record(1))


@pytest.fixture
async def technician() -> Technician:
    technician = Technician(MemoryDesktop(SCREEN))
    technician.eyes.resume()
    await technician.eyes.look(technician.send)
    return technician


def paint_corners(desktop: MemoryDesktop) -> None:
    for colour, corner in enumerate(CORNERS, start=1):
        desktop.paint(corner, colour)


async def test_a_record_is_sent_before_the_rest_of_its_picture_was_captured(
    technician: Technician, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_sent = threading.Event()
    grab = technician.desktop.grab

    def grab_the_last_after_the_first_was_sent(box: Box) -> bytes:
        if box == CORNERS[-1]:
            assert is_sent.wait(10)
        return grab(box)

    async def send(record: bytes) -> None:
        await technician.send(record)
        is_sent.set()

    monkeypatch.setattr(technician.desktop, "grab", grab_the_last_after_the_first_was_sent)
    paint_corners(technician.desktop)
    await technician.eyes.look(send)
    assert technician.canvas.sees(technician.desktop, SCREEN)
    assert technician.eyes.newest_picture == 2


async def test_after_a_pause_nothing_more_of_a_picture_is_sent_and_then_a_complete_one_is(
    technician: Technician,
) -> None:
    eyes = technician.eyes

    async def send_and_pause(record: bytes) -> None:
        await technician.send(record)
        eyes.pause()

    before = technician.records
    paint_corners(technician.desktop)
    await eyes.look(send_and_pause)
    await eyes.look(technician.send)
    assert technician.records == before + 1
    assert eyes.newest_picture == 1
    eyes.resume()
    await eyes.look(technician.send)
    assert technician.canvas.ends[-1].is_key
    assert technician.canvas.sees(technician.desktop, SCREEN)


async def test_a_pause_that_is_over_at_once_still_throws_away_what_was_made_before_it(technician: Technician) -> None:
    eyes = technician.eyes

    async def send_and_blink(record: bytes) -> None:
        await technician.send(record)
        eyes.pause()
        eyes.resume()

    before = technician.records
    paint_corners(technician.desktop)
    await eyes.look(send_and_blink)
    assert technician.records == before + 1
    await eyes.look(technician.send)
    assert technician.canvas.ends[-1].is_key
    assert technician.canvas.sees(technician.desktop, SCREEN)


async def test_a_look_that_was_cancelled_leaves_the_next_picture_complete(technician: Technician) -> None:
    is_sending = asyncio.Event()

    async def send_for_ever(record: bytes) -> None:
        is_sending.set()
        await asyncio.Event().wait()

    paint_corners(technician.desktop)
    look = asyncio.create_task(technician.eyes.look(send_for_ever))
    await is_sending.wait()
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await look
    technician.eyes.shown(1)
    await technician.eyes.look(technician.send)
    assert [end.is_key for end in technician.canvas.ends] == [True, True]
    assert technician.canvas.sees(technician.desktop, SCREEN)


async def test_who_asks_for_a_complete_picture_gets_it_although_what_came_before_was_never_shown(
    technician: Technician,
) -> None:
    eyes = technician.eyes
    newest = 0
    while newest != eyes.newest_picture:
        newest = eyes.newest_picture
        paint_corners(technician.desktop)
        technician.desktop.paint(Box(5, 5, 3, 3), 7 + newest)
        await eyes.look(technician.send)
    eyes.ask_key_picture()
    await eyes.look(technician.send)
    assert technician.canvas.ends[-1].is_key
    assert technician.canvas.sees(technician.desktop, SCREEN)


@pytest.fixture
def nobody_looks_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eyes_module, "_LOOK_AGAIN_S", (3600.0, 3600.0))
    monkeypatch.setattr(eyes_module, "_LOOK_AGAIN_HELD_BACK_S", (3600.0, 3600.0))


@pytest.mark.usefixtures("nobody_looks_by_and_by")
async def test_that_a_picture_was_shown_for_which_nothing_waited_makes_nobody_look() -> None:
    technician = Technician(MemoryDesktop(SCREEN))
    technician.eyes.resume()
    await technician.eyes.wait()
    await technician.eyes.look(technician.send)
    waiting = asyncio.create_task(technician.eyes.wait())
    await asyncio.sleep(0)
    technician.eyes.shown(1)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    technician.eyes.tell(InputApplied("keys", 0, 0, 0, 0))
    await waiting


@pytest.mark.usefixtures("nobody_looks_by_and_by")
async def test_what_was_held_back_follows_as_soon_as_a_picture_was_shown() -> None:
    technician = Technician(MemoryDesktop(SCREEN))
    eyes = technician.eyes
    eyes.resume()
    await eyes.wait()
    before = -1
    while before != eyes.newest_picture:
        before = eyes.newest_picture
        paint_corners(technician.desktop)
        technician.desktop.paint(Box(5, 5, 3, 3), 7 + before)
        await eyes.look(technician.send)
    waiting = asyncio.create_task(eyes.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    eyes.shown(before)
    await asyncio.wait_for(waiting, 30)
    await eyes.look(technician.send)
    assert technician.canvas.sees(technician.desktop, SCREEN)


async def test_a_pause_ends_a_picture_for_one_viewer(technician: Technician) -> None:
    newcomer = Canvas()

    async def send_and_pause(record: bytes) -> None:
        newcomer.show([record])
        technician.eyes.pause()

    await technician.eyes.key_picture(send_and_pause)
    assert newcomer.screens is not None
    assert newcomer.pixels == {}
    assert newcomer.ends == []


async def test_records_come_in_order_and_few_of_them_wait() -> None:
    handover = Handover[int]()
    made = 0

    def make() -> None:
        nonlocal made
        for made in range(1, 101):
            handover.put(made)
        handover.end()

    making = asyncio.create_task(asyncio.to_thread(make))
    taken = []
    while number := await handover.take():
        taken.append(number)
        # One more may be on its way into the room that has just been made, and one waits for room.
        assert made <= len(taken) + ROOM + 2
    assert taken == list(range(1, 101))
    await making


async def test_who_makes_records_that_nobody_takes_hears_of_the_end() -> None:
    handover = Handover[int]()

    def make() -> int:
        made = 0
        while handover.put(made):
            made += 1
        return made

    making = asyncio.create_task(asyncio.to_thread(make))
    await handover.take()
    handover.stop()
    assert await making <= ROOM + 1


# --- with a real display, sealed and opened -----------------------------------------------------------------------------


class Decoder:
    """A viewer: opens media records and keeps the pixels of one screen."""

    def __init__(self, *, epoch: int, key: bytes, first_counter: int) -> None:
        self._opener = MediaOpener()
        self._opener.start_epoch(epoch, key, first_counter)
        self._pixels = bytearray()
        self._width = 0
        self.ends: list[PictureEnd] = []

    @property
    def picture(self) -> bytes:
        """Blue, green and red of every pixel."""
        return bytes(value for at, value in enumerate(self._pixels) if at % BYTES_PER_PIXEL != 3)

    def take(self, sealed: bytes) -> None:
        envelope = unwrap(sealed)
        assert isinstance(envelope, MediaEnvelope)
        for part in self._opener.open(envelope):
            self._show(part)

    def _show(self, part: Part) -> None:
        match part:
            case Screens([screen]):
                self._width = screen.width
                self._pixels = bytearray(screen.width * screen.height * BYTES_PER_PIXEL)
            case Rectangle(_, _, x, y, width, height, data):
                raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=width * height * BYTES_PER_PIXEL)
                for row in range(height):
                    at = ((y + row) * self._width + x) * BYTES_PER_PIXEL
                    row_bytes = width * BYTES_PER_PIXEL
                    self._pixels[at : at + row_bytes] = raw[row * row_bytes : (row + 1) * row_bytes]
            case PictureEnd():
                self.ends.append(part)


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    return xvfb(WIDTH, HEIGHT, window_manager=False)


@pytest.fixture
def painter(display: VirtualDisplay) -> Iterator[Painter]:
    painter = Painter(display, Box(0, 0, WIDTH, HEIGHT))
    painter.put(Box(0, 0, WIDTH, HEIGHT), os.urandom(WIDTH * HEIGHT * BYTES_PER_PIXEL))
    yield painter
    painter.close()


async def test_a_viewer_that_joins_while_the_screen_changes_has_exactly_the_same_picture(
    display: VirtualDisplay, painter: Painter
) -> None:
    source = X11Source(display.name)
    eyes, sealer, key = Eyes(source), MediaSealer(), bytes(32)
    sealer.start_epoch(key)
    first = Decoder(epoch=1, key=key, first_counter=0)
    viewers = [first]
    repainted = 0

    async def send_to_all(record: bytes) -> None:
        sealed = sealer.seal(record)
        for viewer in viewers:
            viewer.take(sealed)

    async def look() -> None:
        await eyes.look(send_to_all)
        eyes.shown(eyes.newest_picture)

    async def send_to_one(record: bytes) -> None:
        """While it is on its way the screen changes, above and below what has been sent, and all others go on."""
        nonlocal repainted
        newcomer.take(sealer.seal(record, audience=Audience.ONE, peer=2))
        for y in range(repainted % 7, 300, 7):
            painter.fill(Box(13 * repainted % 380, y, 20, 1), 0x010203 * repainted & 0xFFFFFF)
        repainted += 1
        looks.append(asyncio.create_task(look()))

    looks: list[asyncio.Task[None]] = []
    eyes.resume()
    await look()
    newcomer = Decoder(epoch=1, key=key, first_counter=sealer.next_counter)
    viewers.append(newcomer)
    await eyes.key_picture(send_to_one)
    await asyncio.gather(*looks)
    await look()
    painter.fill(Box(100, 100, 50, 50), 0x00FF00)
    await look()
    assert repainted > 5, "a picture that went out in one piece proves nothing"
    pixels = source.grab(Box(0, 0, 400, 300))
    assert newcomer.picture == first.picture
    assert first.picture == bytes(value for at, value in enumerate(pixels) if at % BYTES_PER_PIXEL != 3)
    assert [end.is_key for end in first.ends].count(True) == 1, "the others were not disturbed"
    assert any(end.is_key for end in newcomer.ends)
    source.close()


async def test_screens_films_and_letters_are_captured_and_compressed_in_a_thread_and_never_on_the_loop(
    display: VirtualDisplay, painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, set[int]] = {}

    def watched(owner: type, name: str) -> None:
        work = getattr(owner, name)

        def noted(*args: Any, **options: Any) -> Any:
            threads.setdefault(f"{owner.__name__}.{name}", set()).add(threading.get_ident())
            return work(*args, **options)

        monkeypatch.setattr(owner, name, noted)

    for owner, name in (
        (X11Source, "damage"),
        (X11Source, "grab"),
        (PixelFinder, "find"),
        (PixelFinder, "take"),
        (ZstdStream, "rectangles"),
        (VideoEncoder, "parts"),
    ):
        watched(owner, name)
    source, sealer, is_shown = X11Source(display.name), MediaSealer(), asyncio.Event()
    eyes = Eyes(source)
    sealer.start_epoch(bytes(32))
    eyes.agree(ALL_CODECS)
    eyes.resume()

    async def seal(record: bytes) -> None:
        sealer.seal(record)

    async def look() -> None:
        while True:
            await eyes.wait()
            picture = eyes.newest_picture
            await eyes.look(seal)
            if eyes.newest_picture != picture:
                eyes.shown(eyes.newest_picture)
                is_shown.set()

    pages = [text(WIDTH, HEIGHT, seed=seed).tobytes() for seed in range(3)]
    pictures = [picture.tobytes() for picture in film(320, 200, 20)]
    looking = asyncio.create_task(look())
    await asyncio.wait_for(is_shown.wait(), 20)
    for number in range(60):
        is_shown.clear()
        if number % 15 == 0:
            painter.put(Box(0, 0, WIDTH, HEIGHT), pages[number % 3])
        elif number % 15 == 1:
            painter.fill(Box(6 * number, 20, 7, 12), 0x111111 * (1 + number % 15))
        else:
            painter.put(Box(40, 40, 320, 200), pictures[number % 20])
        await asyncio.wait_for(is_shown.wait(), 20)
    looking.cancel()
    # Nobody reads the source's memory any more once it has ended.
    await asyncio.gather(looking, return_exceptions=True)
    assert len(threads) == 6, sorted(threads)
    assert all(threading.get_ident() not in each for each in threads.values()), threads
    source.close()
