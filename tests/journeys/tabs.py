"""A technician's browser as it is at work: with a window and several tabs, one of them in front, and timers held in the others."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.fakes.tcp_cable import TcpCable
from tests.journeys.stage import COOKIE, Server, Stage
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

HELD = """
(() => {
  const set = setTimeout, clear = clearTimeout, pending = new Map(), held = new Map();
  let depth = 0, last = 0;
  const timer = (work, waitMs, isRepeated, rest) => {
    const number = (last += 1);
    let own = depth + 1;
    const call = () => {
      pending.delete(number);
      if (document.hidden && own >= 5) return held.set(number, call);
      const before = depth;
      depth = own++;
      if (isRepeated) pending.set(number, set(call, waitMs));
      try { work(...rest); } finally { depth = before; }
    };
    pending.set(number, set(call, waitMs));
    return number;
  };
  globalThis.setTimeout = (work, waitMs = 0, ...rest) => timer(work, waitMs, false, rest);
  globalThis.setInterval = (work, waitMs = 0, ...rest) => timer(work, waitMs, true, rest);
  globalThis.clearTimeout = globalThis.clearInterval = (number) => {
    clear(pending.get(number));
    pending.delete(number);
    held.delete(number);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    for (const [number, call] of held) pending.set(number, set(call));
    held.clear();
  });
})();
"""
"""What Chromium does with a page that has been hidden for a minute, but from the first moment on: timers that timers have set, over and
over, wait, here for good. In front again, they go on at once."""
_HELD_MS = 3000
_COUNTS = "() => { setInterval(() => { globalThis.calledMs = performance.now(); }, 250); }"
_ANOTHER_PAGE = "data:text/html,<title>Another page</title>What else a technician reads."


@dataclass
class Tabs:
    """A stage whose page is a tab among others, on a display of the technician's; the browser's cable to the relay may fail."""

    stage: Stage
    display: VirtualDisplay
    cable: TcpCable

    async def hide(self) -> None:
        """Put another tab in front."""
        page = self.stage.page
        await page.evaluate(_COUNTS)
        other = await page.context.new_page()
        await other.goto(_ANOTHER_PAGE)
        await other.bring_to_front()
        await eventually(self.is_hidden, "a page that nobody sees")

    async def is_hidden(self) -> bool:
        return bool(await self.stage.page.evaluate("document.hidden"))

    async def wait_until_held(self) -> None:
        """Wait until the browser calls what the page wants to do again and again more seldom than once a second."""
        held = f"performance.now() - (globalThis.calledMs ?? Infinity) > {_HELD_MS}"
        await eventually(lambda: self.stage.page.evaluate(held), "timers that are held", deadline_s=120)

    async def show(self) -> None:
        """Put the session's tab in front again."""
        await self.stage.page.bring_to_front()


@asynccontextmanager
async def behind_tabs(
    server: Server, xvfb: Callable[..., VirtualDisplay], folder: Path, *, script: str = ""
) -> AsyncIterator[Tabs]:
    """A stage in Chromium with a window, whose pages begin with this script; nothing has begun.

    What playwright asks of browsers that it starts, that no page be hidden and no timer late, is not asked of this one.
    """
    port, display = urlsplit(server.organisation.address).port, xvfb(1400, 1000)
    assert port
    async with TcpCable(port) as cable, async_playwright() as playwright:
        told = folder / "chromium" / "DevToolsActivePort"
        with_window = [option for option in CHROMIUM_OPTIONS if option != "--headless"]
        browser_options = (
            *with_window, "--remote-debugging-port=0", f"--user-data-dir={told.parent}", "--no-default-browser-check",
            "--window-position=0,0", f"--window-size={display.width_px},{display.height_px}",
            f"--host-resolver-rules=MAP localhost:{port} 127.0.0.1:{cable.port}",
        )  # fmt: skip
        display.start(str(CHROMIUM), *browser_options, "about:blank", environment={"LANGUAGE": "en"})
        own_port = await eventually(lambda: told.exists() and told.read_text().partition("\n")[0], "Chromium")
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{own_port}", no_defaults=True)
        context = browser.contexts[0]
        cookie = await server.sign_in()
        await context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.organisation.address}])
        await context.add_init_script(script)
        stage = Stage(server, xvfb(), context, context.pages[0], folder)
        yield Tabs(stage, display, cable)
        stage.close()
        await browser.close()
