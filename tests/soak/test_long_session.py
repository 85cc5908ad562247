"""A session that lasts: `./run soak --seconds N`. What the three programs need must not grow with its length."""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.async_api import Browser, CDPSession

from demo.customer import Customer
from demo.desktop import customers_desktop
from demo.organisation import made_organisation, served
from demo.technician import Technician
from tests.waiting import eventually

SECONDS = float(os.environ.get("MAINFORTE_SOAK_SECONDS", "600"))
LINE = "One more line that nobody will read, number 12. "

# What caches, pools and arenas may still take after a third of the time; what leaks per picture or key is far above it.
GROWTH_BYTES_MAX = 16 * 1024**2


def tree_bytes(process: int) -> int:
    """What a process and its children have in memory."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(tree_bytes(int(child)) for child in children)


async def page_bytes(tools: CDPSession) -> int:
    """What the page's own objects take, after what nobody needs has been thrown away."""
    await tools.send("HeapProfiler.collectGarbage")
    metrics = (await tools.send("Performance.getMetrics"))["metrics"]
    return int(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize"))


def growth(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {name: after[name] - size for name, size in before.items()}


@pytest.mark.soak
async def test_typing_for_long_needs_no_more_memory(tmp_path: Path, chromium: Browser) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free_port = int(probe.getsockname()[1])
    organisation = await asyncio.to_thread(made_organisation, tmp_path, free_port)
    with served(organisation, tmp_path / "relay.log") as relay, customers_desktop(tmp_path) as desktop:
        page = await chromium.new_page(locale="en", viewport={"width": 1280, "height": 860})
        tools = await page.context.new_cdp_session(page)
        await tools.send("Performance.enable")
        technician, customer = Technician(page, organisation, tmp_path, "en"), Customer(desktop.display, tmp_path, "en")
        await technician.sign_in()
        await technician.open_ticket()
        agent = desktop.start_agent(organisation.package, await technician.get_code(), "en")
        await asyncio.to_thread(customer.find_question)
        await asyncio.to_thread(customer.allow_control)
        await technician.wait_for_access("control")
        await technician.wait_for_picture()
        await technician.click_remote(*await asyncio.to_thread(customer.place_in_editor))
        await technician.keyboard_is_remote()

        async def sizes() -> dict[str, int]:
            return {"relay": tree_bytes(relay.pid), "agent": tree_bytes(agent.pid), "page": await page_bytes(tools)}

        written = (10 * LINE).strip()

        async def is_written() -> bool:
            await page.keyboard.press("Control+s")
            text = desktop.letter.read_text("utf-8").strip()
            if text != written:
                # For whoever has to know what is missing, and what the technician was told of it.
                print(f"so far {text!r}; the page says {await page.locator('body').inner_text()!r}")
            return text == written

        async def type_until(end: float) -> None:
            while time.monotonic() < end:
                # Anew from an empty text, so that the editor's own work stays the same.
                await page.keyboard.press("Control+a")
                await page.keyboard.press("Delete")
                for _ in range(10):
                    await page.keyboard.type(LINE)
                await eventually(is_written, "the lines in the editor's file", deadline_s=60)

        began = time.monotonic()
        await type_until(began + SECONDS / 3)
        before = await sizes()
        await type_until(began + SECONDS)
        grown = growth(before, await sizes())
        print(f"after {SECONDS:g} s: grown by {grown} bytes from {before}")
        assert not {name: size for name, size in grown.items() if size > GROWTH_BYTES_MAX}, grown
