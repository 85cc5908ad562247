"""What the bytes of a step are: copies, exact pixels, photos, films, and what is made exact again later.

For whoever wants to spare some: the finder, the encoders and the pace of `client_agent/screen/`, on a real X server, before a viewer that
shows everything at once.
"""

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack

from benchmarks.programs import WORK
from benchmarks.report import Section
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, PainterProgram, painter_on
from client_agent.screen.stream import PictureStream
from client_agent.screen.x11 import X11Source
from protocol.media_codec import read_parts, write_part
from protocol.media_parts import Codec, Copy, Part, PictureEnd, Rectangle, Video
from technician_viewer.picture import CODECS
from tests.virtual_display import virtual_display

WORKLOADS = ("typing", "newtext", "scroll", "drag", "video", "switch", "terminal", "browser")
FORMS = ("copies", "exact pixels", "photos", "films", "made exact again", "all else")
_LOOK_EVERY_S = 0.002
_ABOUT = """\
The agent's screen on a real X server (Xvfb), without network and viewer: every record is taken apart as soon as it is made, and its
picture acknowledged. Scenes are those of the comparison with the peers, played at their pace. KB a step by form, until the last step was
painted and its picture made; *then* is what it took until all was exact, in KB altogether. Plain bytes, before sealing and padding."""


async def measure(*, is_quick: bool = False) -> Section:
    """Play each workload once, and take apart what the agent makes of it."""
    lines = [f"| | {' | '.join(FORMS)} | together | then |", f"| --- |{' ---: |' * (len(FORMS) + 2)}"]
    async with AsyncExitStack() as stack:
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX))
        painter = await painter_on(stack, display)
        source = X11Source(display.name)
        stack.callback(source.close)
        # Only who listens hears of windows that are moved.
        source.watch(asyncio.get_running_loop(), lambda: None)
        for name in WORKLOADS:
            work = WORK[name](WIDTH_PX, HEIGHT_PX)
            steps = work.steps_quick if is_quick else work.steps
            moving, then = await _played(painter, source, name, steps)
            cells = [moving[form] / steps for form in FORMS] + [moving.total() / steps, then.total()]
            lines.append(f"| {work.title} | {' | '.join(f'{each / 1000:.2f}' for each in cells)} |")
    return Section("forms", "What the bytes are", _ABOUT, body="\n".join(lines))


async def _played(
    painter: PainterProgram, source: X11Source, name: str, steps: int
) -> tuple[Counter[str], Counter[str]]:
    """Bytes by form, while it is played and after that until everything is exact."""
    painter.forget()
    painter.tell("scene", name)
    await asyncio.wait_for(painter.said("scene"), 60)
    screen = _Screen(source)
    await screen.until_exact()
    playing = asyncio.create_task(painter.painted(steps))
    painter.tell("play", steps)
    moving: Counter[str] = Counter()
    while not playing.done():
        moving += await screen.look()
    # The picture of the last step.
    moving += await screen.look()
    return moving, await screen.until_exact()


class _Screen:
    """A stream whose viewer shows each picture as soon as it is made."""

    def __init__(self, source: X11Source) -> None:
        self._stream = PictureStream(source)
        self._stream.agree(frozenset(CODECS))
        self._is_exact = False

    async def look(self) -> Counter[str]:
        """The bytes of what has changed, by form."""
        await asyncio.sleep(_LOOK_EVERY_S)
        parts = await asyncio.to_thread(self._parts)
        for part in parts:
            if isinstance(part, PictureEnd):
                self._is_exact = part.is_exact
                self._stream.shown(part.number, time.monotonic())
        return counted(parts)

    async def until_exact(self) -> Counter[str]:
        """The same until nothing is left to be made exact."""
        found = await self.look()
        while not self._is_exact or self._stream.due_in_s(time.monotonic()) is not None:
            found += await self.look()
        return found

    def _parts(self) -> list[Part]:
        return [part for record in self._stream.pump(time.monotonic()) for part in read_parts(record)]


def counted(parts: list[Part]) -> Counter[str]:
    """Bytes by form."""
    found: Counter[str] = Counter()
    for part in parts:
        found[_form(part)] += len(write_part(part))
    return found


def _form(part: Part) -> str:
    match part:
        case Copy():
            return "copies"
        case Video():
            return "films"
        case Rectangle(codec=Codec.JPEG):
            return "photos"
        case Rectangle(codec=Codec.PLANES):
            return "made exact again"
        case Rectangle():
            return "exact pixels"
        case _:
            return "all else"
