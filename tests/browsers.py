"""One Chromium for many tests, since to start it takes longer than many a test; and what a browser consists of."""

import asyncio
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

from tests.organisations import free_port


class SharedBrowser:
    """Started when it is first asked for, and again where it has ended; in a thread, whose event loop is no test's."""

    def __init__(self, program: Path, options: list[str]) -> None:
        self._program, self._options = program, options
        self._port = 0
        self._threads = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._end: Callable[[], object] = lambda: None

    def address(self) -> str:
        """Where it is reached (CDP)."""
        if self._running is None or self._running.done():
            self._port, started = free_port(), Future[None]()
            self._running = self._threads.submit(asyncio.run, self._run(started))
            wait([self._running, started], return_when=FIRST_COMPLETED)
            if not started.done():
                self._running.result()
        return f"http://127.0.0.1:{self._port}"

    async def connected(self, playwright: Playwright) -> Browser:
        """It, driven in the caller's event loop; contexts that are made there end where this is closed."""
        return await playwright.chromium.connect_over_cdp(await asyncio.to_thread(self.address))

    def close(self) -> None:
        self._end()
        self._threads.shutdown()

    async def _run(self, started: Future[None]) -> None:
        async with async_playwright() as playwright:
            options = [*self._options, f"--remote-debugging-port={self._port}"]
            browser = await playwright.chromium.launch(executable_path=self._program, args=options)
            loop, is_over = asyncio.get_running_loop(), asyncio.Event()
            browser.on("disconnected", lambda _: is_over.set())
            self._end = lambda: loop.call_soon_threadsafe(is_over.set)
            started.set_result(None)
            await is_over.wait()
            self._end = lambda: None
            await browser.close()


async def processes_of(browser: Browser) -> list[tuple[str, int]]:
    """The processes of a browser: what each does ("browser", "GPU", "renderer", …), and its number."""
    cdp = await browser.new_browser_cdp_session()
    told = await cdp.send("SystemInfo.getProcessInfo")
    await cdp.detach()
    return [(each["type"], each["id"]) for each in told["processInfo"]]
