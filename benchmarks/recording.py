"""What a recording costs: the agent's and the relay's processor time, bytes upstream, and room on the server beside H.264.

Somebody writes on the customer's display, and now and then another page of text appears. Windows of time in which the recording is
paused take turns with windows in which it goes on; what was recorded is then played back, and the same pictures encoded as H.264.
"""

import asyncio
import io
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.ports import free_port
from benchmarks.report import Row, Section, percentile
from benchmarks.sharing import processor_ms, signed_in
from benchmarks.stage import HEIGHT_PX, WIDTH_PX
from client_agent.screen.source import Box
from demo.organisation import PASSWORD, TECHNICIAN, Organisation, made_organisation, served
from protocol.envelope import Audience
from protocol.recording import read_segment
from protocol.session_log import SegmentClosed
from protocol.vocabulary import Capability, RecordingState
from technician_viewer import auditor_key
from technician_viewer.client import Helping
from technician_viewer.playback import Playback
from tests.client_agent.desktop import Painter
from tests.fakes.tcp_cable import Direction, TcpCable
from tests.journeys.text_agent import CONTROL, TextAgent, package_through
from tests.recordings import Held, held_of
from tests.virtual_display import virtual_display
from tests.waiting import eventually

WINDOWS, QUICK_WINDOWS = 5, 1
WINDOW_S = 12.0
TYPED_EVERY_S, PAGE_EVERY_S = 0.1, 5.0
_SETTLED_S = 2.0
_GLYPH_PX = (8, 16)
_PAGE_PX = (960, 600)
_HOUR_S = 3600
_FRAMES_S = 10
_WEIGHED_S = 20.0
"""How much of the recording is encoded once more."""
_RECORD, _PAUSE = "rg", "rp"
_SAID = "the quick brown fox jumps over the lazy dog 0123456789 Voilà un portrait de l’œuvre à 12 € chacun"


@dataclass
class Spent:
    """What it took in windows of one kind, per second of time."""

    agent_ms: list[float] = field(default_factory=list)
    relay_ms: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    """Bytes on the agent's cable, of all kinds."""


@dataclass
class Stage:
    """One session that is going on."""

    organisation: Organisation
    relay: int
    agent: TextAgent
    cable: TcpCable
    session: Helping
    painter: Painter


async def measure(*, is_quick: bool = False) -> Section:
    """Let the windows take turns, then weigh what was recorded."""
    plain, recorded = Spent(), Spent()
    async with _stage() as stage:
        writing = asyncio.create_task(_write(stage.painter))
        for _ in range(QUICK_WINDOWS if is_quick else WINDOWS):
            await _turn(stage, RecordingState.PAUSED, plain)
            await _turn(stage, RecordingState.ON, recorded)
        writing.cancel()
        assert stage.session.viewing
        name = stage.session.viewing.purpose.session
        await stage.session.end()
        held = await _kept(stage.organisation.folder, name)
        keys = auditor_key.load(stage.organisation.auditor_key, PASSWORD)
    room = await asyncio.to_thread(_weigh, held, keys)
    agent, relay, sent = (
        [percentile(samples, 50) for samples in both]
        for both in (
            (plain.agent_ms, recorded.agent_ms),
            (plain.relay_ms, recorded.relay_ms),
            (plain.sent, recorded.sent),
        )
    )
    return Section(
        "recording",
        "A recording",
        f"One agent on a display of {WIDTH_PX} x {HEIGHT_PX} on which a letter is written ten times a second and a page of text of "
        f"{_PAGE_PX[0]} x {_PAGE_PX[1]} appears every {PAGE_EVERY_S:.0f} s, and one Python client. Windows of {WINDOW_S:.0f} s with the "
        "recording paused and going on take turns; the relay's time is that of both its processes.",
        [
            Row("the agent's processor time in a second, not recorded", plain.agent_ms),
            Row("the agent's processor time in a second, recorded", recorded.agent_ms),
            Row("the relay's processor time in a second, not recorded", plain.relay_ms),
            Row("the relay's processor time in a second, recorded", recorded.relay_ms),
        ],
        {
            "more processor at the agent, by the medians": f"{(agent[1] - agent[0]) / 10:.2f} % of one core",
            "more processor at the relay, by the medians": f"{100 * (relay[1] - relay[0]) / relay[0]:.0f} % of its own",
            "the agent's whole connection, bytes a second, median": f"{sent[0]:.0f} not recorded, {sent[1]:.0f} recorded: "
            f"{100 * (sent[1] - sent[0]) / sent[0]:+.1f} %",
            **room,
        },
    )


async def _turn(stage: Stage, state: RecordingState, spent: Spent) -> None:
    stage.agent.type(_RECORD if state is RecordingState.ON else _PAUSE)
    await _until(stage.session, state)
    await asyncio.sleep(_SETTLED_S)
    before = _spent(stage)
    await asyncio.sleep(WINDOW_S)
    agent_ms, relay_ms, sent, seconds = (now - then for now, then in zip(_spent(stage), before, strict=True))
    spent.agent_ms.append(agent_ms / seconds)
    spent.relay_ms.append(relay_ms / seconds)
    spent.sent.append(sent / seconds)


async def _until(session: Helping, state: RecordingState) -> None:
    await session.wait_until(lambda: session.viewing is not None and session.viewing.recording is state)


def _spent(stage: Stage) -> tuple[float, float, float, float]:
    children = Path(f"/proc/{stage.relay}/task/{stage.relay}/children").read_text().split()
    relay_ms = sum(processor_ms(pid) for pid in (stage.relay, *map(int, children)))
    return processor_ms(stage.agent.process.pid), relay_ms, stage.cable.carried_bytes[Direction.OUT], time.monotonic()


# --- what is written on the display ----------------------------------------------------------------------------------------


async def _write(painter: Painter) -> None:
    """Write letter after letter, and let another page appear now and then."""
    pages, began, shown = itertools.cycle(_pages()), time.monotonic(), 0
    (width, height), (page_width, page_height) = _GLYPH_PX, _PAGE_PX
    columns, glyphs = (WIDTH_PX - page_width) // width - 2, _page("0123456789 abcdefghij", (10 * width, height))
    for number in itertools.count():
        if time.monotonic() - began > shown * PAGE_EVERY_S:
            shown += 1
            painter.put(Box(WIDTH_PX - page_width, 100, page_width, page_height), next(pages))
        x, y = (1 + number % columns) * width, number // columns * height % (HEIGHT_PX - height)
        at = number % 10 * width * 4
        rows = (glyphs[row * 40 * width + at : row * 40 * width + at + 4 * width] for row in range(height))
        painter.put(Box(x, y, width, height), b"".join(rows))
        await asyncio.sleep(TYPED_EVERY_S)


def _pages() -> Iterator[bytes]:
    words = _SAID.split()
    for page in range(6):
        lines = (" ".join(words[(page + 3 * line + word) % len(words)] for word in range(18)) for line in range(33))
        yield _page("\n".join(lines), _PAGE_PX)


def _page(text: str, size: tuple[int, int]) -> bytes:
    """Text in black on white, as pixels of the display."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).multiline_text((2, 0), text, fill="black", font=ImageFont.load_default(13))
    return image.convert("RGBA").tobytes("raw", "BGRA")


# --- what was recorded -----------------------------------------------------------------------------------------------------


def _weigh(held: Held, keys: auditor_key.AuditorKeys) -> dict[str, str]:
    """The room that an hour of it takes, how much of it are key pictures of the store, and the same as H.264."""
    said: list[SegmentClosed] = []
    for event in (entry.event for entry in held.entries):
        if isinstance(event, SegmentClosed) and _seconds(said) < _WEIGHED_S:
            said.append(event)
    seconds = _seconds(said)
    for_store = sum(
        len(record.data)
        for segment in said
        for record in read_segment(held.segments[segment.segment])
        if record.audience is Audience.STORE
    )
    kept = sum(segment.bytes for segment in said)
    exact, nearly = (_h264(held, keys, len(said), options) for options in ({"qp": "0"}, {"crf": "18"}))

    def hour_mb(size: int) -> str:
        return f"{size / seconds * _HOUR_S / 1e6:.0f} MB"

    return {
        "weighed": f"{seconds:.0f} s in {len(said)} segments, {kept} bytes",
        "of these, key pictures for the store alone": f"{100 * for_store / kept:.1f} %",
        "room for an hour of it": hour_mb(kept),
        f"the same hour as H.264 4:4:4, {_FRAMES_S} pictures a second, x264 veryfast": f"{hour_mb(exact)} without loss, as the recording "
        f"is; {hour_mb(nearly)} at crf 18",
    }


def _seconds(segments: list[SegmentClosed]) -> float:
    return sum(segment.ended_ms - segment.began_ms for segment in segments) / 1000


def _h264(held: Held, keys: auditor_key.AuditorKeys, segments: int, options: dict[str, str]) -> int:
    """How many bytes the recording's pictures are as H.264, each when it was to be seen; a picture that stays costs nothing more."""
    playback, target = Playback(held.entries, held.key_for(keys)), io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=_FRAMES_S, options={"preset": "veryfast", **options})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv444p"
        stream.time_base = Fraction(1, _FRAMES_S)
        began_ms, last = playback.segments[0].began_ms - 1000, -1
        for segment in playback.segments[:segments]:
            for moment in playback.play(segment.segment, held.segments[segment.segment]):
                if (at := (moment.at_ms - began_ms) * _FRAMES_S // 1000) <= last:
                    continue
                last = at
                pixels = np.frombuffer(playback.pictures.of(0).bgrx, np.uint8).reshape(HEIGHT_PX, WIDTH_PX, 4)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:, :, :3]), format="bgr24")
                frame.pts = at
                for packet in stream.encode(frame):
                    container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return target.getbuffer().nbytes


async def _kept(folder: Path, name: str) -> Held:
    """What the server has, once it has all of it."""

    def all_of_it() -> Held | None:
        held = held_of(folder, name)
        said = [entry for entry in held.entries if isinstance(entry.event, SegmentClosed)]
        return held if len(said) == len(held.segments) else None

    held = await eventually(all_of_it, "the recording on the server")
    assert held
    return held


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mf")))
        organisation = made_organisation(folder, free_port(), recording="asked")
        relay = stack.enter_context(served(organisation, folder / "relay.log"))
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX, window_manager=False))
        painter = Painter(display, Box(0, 0, WIDTH_PX, HEIGHT_PX))
        stack.callback(painter.close)
        cable = await stack.enter_async_context(TcpCable(int(organisation.address.rpartition(":")[2])))
        desk = await signed_in(stack, organisation, TECHNICIAN)
        ticket = await desk.create_ticket("Recorded", "Agnès Blanc")
        opened = await desk.start_session(ticket.number, reason="To be recorded", asks=Capability.CONTROL)
        session = await stack.enter_async_context(Helping(opened))
        agent = TextAgent(display, package_through(organisation.package, folder, cable.port), session.code, folder)
        stack.callback(agent.close)
        await agent.answer(CONTROL, deadline_s=60)
        await agent.answer("Let it be recorded")
        await _until(session, RecordingState.ON)
        await session.wait_for_picture()
        yield Stage(organisation, relay.pid, agent, cable, session, painter)
