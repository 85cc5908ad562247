"""Photographs every page and state, to be looked at: `python -m tests.technician_viewer.web.gallery FOLDER [fr|en]`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright

from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.journeys import stage as stages
from tests.journeys.stage import COOKIE, Server, Stage
from tests.technician_viewer.web.seen import desk_pages, session_states
from tests.virtual_display import virtual_display

WIDTHS = {360: 740, 768: 1024, 1280: 860, 1920: 1080}


async def photograph(page: Page, folder: Path, name: str) -> None:
    """At all widths, in the dark, and with text twice as large."""
    for width, height in WIDTHS.items():
        await page.set_viewport_size({"width": width, "height": height})
        await page.screenshot(path=folder / f"{name}-{width}.png")
    await page.set_viewport_size({"width": 1280, "height": 860})
    await page.emulate_media(color_scheme="dark")
    await page.screenshot(path=folder / f"{name}-dark.png")
    await page.emulate_media(color_scheme="light")
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await page.screenshot(path=folder / f"{name}-large.png")
    await page.evaluate("document.documentElement.style.fontSize = ''")


async def main(folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stages.LANGUAGE = language
    with tempfile.TemporaryDirectory(prefix="mf") as made, virtual_display() as display:
        server = Server(Path(made))
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
                signed_out = await browser.new_context(locale=language)
                context = await browser.new_context(locale=language, viewport={"width": 1280, "height": 860})
                address, cookie = server.organisation.address, await server.sign_in()
                await context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
                stage = Stage(server, display, context, await context.new_page(), Path(made))
                await stage.page.goto(f"{address}/tickets")
                other = stage.page.locator(f"button[name=language][value={language}]")
                if await other.count():
                    await other.click()
                async for name, page in desk_pages(stage, signed_out):
                    await photograph(page, folder, name)
                async for name, page in session_states(stage, language):
                    await photograph(page, folder, name)
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "en"))
