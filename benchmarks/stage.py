"""One real session to measure: the customer's display with the painter, a peer's programs, and its page in headless Chromium."""

import asyncio
import contextlib
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Playwright, ViewportSize

from benchmarks import meters
from benchmarks.clock import PageClock
from benchmarks.peers.peer import Connected, Peer, Place
from benchmarks.tls import made_certificate
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.fakes.narrow_path import NarrowPath
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually

WIDTH_PX, HEIGHT_PX = 1920, 1080
_PROBE = Path(__file__).with_name("probe.js")
# Room around the picture, so that every page shows it pixel for pixel.
_AROUND_PX = 160


@dataclass
class PainterProgram:
    """The painter (painter.py) as it runs on the customer's display."""

    process: asyncio.subprocess.Process
    _said: "dict[str, asyncio.Queue[tuple[int, int]]]" = field(default_factory=dict)

    def tell(self, *words: object) -> None:
        """Give a command."""
        assert self.process.stdin
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    async def said(self, kind: str) -> tuple[int, int]:
        """The next that it says of a kind: a number, and when, in nanoseconds of CLOCK_MONOTONIC."""
        return await self._queue(kind).get()

    async def painted(self, number: int) -> int:
        """When it painted that mark, in nanoseconds of CLOCK_MONOTONIC."""
        while True:
            painted, at_ns = await self.said("painted")
            if painted == number:
                return at_ns

    def forget(self) -> None:
        """What it has said until now is of no interest."""
        self._said.clear()

    async def listen(self) -> None:
        """Take in what it says, until it ends."""
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            kind, number, at_ns = line.decode().split()
            self._queue(kind).put_nowait((int(number), int(at_ns)))

    def _queue(self, kind: str) -> "asyncio.Queue[tuple[int, int]]":
        return self._said.setdefault(kind, asyncio.Queue())


@dataclass
class Stage:
    """A session that is under way, with view and control allowed."""

    peer: Peer
    display: VirtualDisplay
    page: Page
    cdp: Any
    clock: PageClock
    painter: PainterProgram
    connected: Connected
    roles: dict[str, list[int]]
    """Processes by role: agent, relay, X server, browser; each with all that it has started."""
    wire: meters.Wire
    """Between the browser and the server."""
    browser_version: str

    def processor_s(self) -> dict[str, float]:
        """Processor time by role, up to now."""
        return {role: meters.processor_s(roots) for role, roots in self.roles.items()}

    def wire_bytes(self) -> tuple[int, int]:
        """Bytes that the browser has received from the server, and sent, up to now."""
        return self.wire.carried_bytes()


@asynccontextmanager
async def session(
    peer: Peer,
    playwright: Playwright,
    *,
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    path: NarrowPath | None = None,
    shown_on: VirtualDisplay | None = None,
) -> AsyncIterator[Stage]:
    """Set everything up, let the customer say yes where somebody asks, and end all of it at the end.

    With `shown_on` the technician's page is in a real window of that display.
    """
    async with AsyncExitStack() as stack:
        place = await placed(stack, playwright, size=size, path=path, shown_on=shown_on)
        connected = await peer.connect(stack, place)
        display, page = place.display, place.page
        painter = await painter_on(stack, display)
        # Asked from outside: our page lets nothing inside it evaluate strings.
        await eventually(lambda: page.evaluate("probe.size() !== null"), "a canvas that shows the screen")
        await peer.focus(page)
        cdp = await page.context.new_cdp_session(page)
        clock = await PageClock.of(page, cdp)
        roles = {role: list(roots) for role, roots in connected.roles.items()}
        roles |= {"X server": [meters.x_server_of(display.name)], "browser": [meters.browser_of(place.browser_mark)]}
        wire = meters.Wire(connected.port, roles["browser"])
        browser = page.context.browser
        assert browser
        yield Stage(peer, display, page, cdp, clock, painter, connected, roles, wire, browser.version)


async def placed(
    stack: AsyncExitStack,
    playwright: Playwright,
    *,
    size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX),
    path: NarrowPath | None = None,
    shown_on: VirtualDisplay | None = None,
) -> Place:
    """Set up the two machines, on which nothing runs yet."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mainforte-bench-")))
    display = stack.enter_context(virtual_display(*size))
    mark = f"--bench={uuid.uuid4().hex}"
    tls = made_certificate(folder)
    options = [*CHROMIUM_OPTIONS, mark, tls.trusted]
    if shown_on:
        options = [option for option in options if option != "--headless"] + ["--window-position=0,0"]
    browser = await playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=options,
        headless=not shown_on,
        env={**shown_on.environment} if shown_on else None,
    )
    stack.push_async_callback(browser.close)
    viewport = ViewportSize(width=size[0] + _AROUND_PX, height=size[1] + _AROUND_PX)
    context = await browser.new_context(locale="en", viewport=viewport)
    page = await context.new_page()
    await page.add_init_script(path=_PROBE)
    return Place(display, page, folder, tls, mark, path)


async def painter_on(stack: AsyncExitStack, display: VirtualDisplay) -> PainterProgram:
    """Start the painter on a display; it ends with `stack`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.painter", env=display.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    stack.push_async_callback(_ended, process)
    painter = PainterProgram(process)
    listening = asyncio.create_task(painter.listen())
    stack.callback(listening.cancel)
    await asyncio.wait_for(painter.said("scene"), 30)
    return painter


async def _ended(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    await process.wait()
