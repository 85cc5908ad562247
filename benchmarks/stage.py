"""One real session to measure: relay, agent on a display of 1920 x 1080, the page in headless Chromium, and the painter."""

import asyncio
import re
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from benchmarks.clock import PageClock
from demo.customer import Customer
from demo.organisation import running_organisation
from demo.technician import Technician
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.virtual_display import VirtualDisplay, virtual_display

WIDTH_PX, HEIGHT_PX = 1920, 1080
_PROBE = Path(__file__).with_name("probe.js")
LANGUAGE = "en"


@dataclass
class PainterProgram:
    """The painter (painter.py) as it runs on the customer's display."""

    process: asyncio.subprocess.Process
    screen_mark: tuple[int, int]
    _keys: "asyncio.Queue[tuple[int, int]]" = field(default_factory=asyncio.Queue)
    _painted: "asyncio.Queue[tuple[int, int]]" = field(default_factory=asyncio.Queue)

    def tell(self, *words: object) -> None:
        """Give a command."""
        assert self.process.stdin
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    async def painted(self, number: int) -> int:
        """When it painted that mark, in nanoseconds of CLOCK_MONOTONIC."""
        while True:
            painted, at_ns = await self._painted.get()
            if painted == number:
                return at_ns

    async def key(self) -> tuple[int, int]:
        """The next key press that it hears: keycode, and when."""
        return await self._keys.get()

    def forget_keys(self) -> None:
        """Those that came until now are of no interest."""
        while not self._keys.empty():
            self._keys.get_nowait()

    async def listen(self) -> None:
        """Take in what it says, until it ends."""
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            kind, what, at_ns = line.split()
            (self._keys if kind == b"key" else self._painted).put_nowait((int(what), int(at_ns)))


@dataclass
class Stage:
    """A session that is under way, with view and control allowed."""

    display: VirtualDisplay
    page: Page
    cdp: Any
    clock: PageClock
    painter: PainterProgram
    browser_version: str


@asynccontextmanager
async def session() -> AsyncIterator[Stage]:
    """Set everything up and let the customer say yes; end all of it at the end."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mainforte-bench-")))
        organisation = stack.enter_context(running_organisation(folder, free_port()))
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        stack.push_async_callback(browser.close)
        context = await browser.new_context(locale=LANGUAGE, viewport={"width": WIDTH_PX, "height": HEIGHT_PX})
        page = await context.new_page()
        await page.add_init_script(path=_PROBE)
        technician = Technician(page, organisation, folder, LANGUAGE)
        customer = Customer(display, folder, LANGUAGE)
        await technician.sign_in()
        await technician.open_ticket()
        log = stack.enter_context((folder / "agent.log").open("w"))
        agent = (sys.executable, "-m", "client_agent", "--organisation", str(organisation.package))
        display.start(*agent, "--language", LANGUAGE, await technician.get_code(), output=log)
        await asyncio.to_thread(customer.find_question)
        await asyncio.to_thread(customer.allow_control)
        await technician.wait_for_access("control")
        await technician.wait_for_picture()
        painter = await _painter(stack, display)
        cdp = await context.new_cdp_session(page)
        clock = await PageClock.of(page, cdp)
        await technician.keyboard_is_remote()
        yield Stage(display, page, cdp, clock, painter, browser.version)


async def _painter(stack: AsyncExitStack, display: VirtualDisplay) -> PainterProgram:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.painter", env=display.environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    stack.push_async_callback(_ended, process)
    assert process.stdout
    said = (await process.stdout.readline()).decode()
    if not (ready := re.fullmatch(r"ready (\d+) (\d+) (\d+) (\d+)\n", said)):
        raise RuntimeError("the painter did not start")
    painter = PainterProgram(process, (int(ready[3]), int(ready[4])))
    listening = asyncio.create_task(painter.listen())
    stack.callback(listening.cancel)
    return painter


async def _ended(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    await process.wait()


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
