"""Photographs a session that is cut, goes on and is shared: `python -m tests.technician_viewer.web.several FOLDER [fr|en]`."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright, expect

from demo.customer import Customer
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS
from tests.journeys import stage as stages
from tests.journeys.stage import COOKIE, Server, Stage
from tests.technician_viewer.web import test_page_sharing as sharing
from tests.technician_viewer.web.seen import REASON
from tests.virtual_display import virtual_display

WHY = {"fr": "Il connaît bien ce téléviseur.", "en": "He knows this television well."}
NOTES = {"fr": "Réglages : HDMI 2, 1080p", "en": "Settings: HDMI 2, 1080p"}
SEEN, ASKED = "body[data-picture=live]", "body[data-state=waiting]"


async def speak(page: Page, address: str, language: str) -> None:
    """Choose the language of the person who signed in."""
    await page.goto(f"{address}/tickets")
    other = page.locator(f"button[name=language][value={language}]")
    if await other.count():
        await other.click()


async def photograph(stage: Stage, colleague: BrowserContext, folder: Path, language: str) -> None:
    """One session, from the cut to the hand-over."""
    first, second = stage.page, await colleague.new_page()
    customer = Customer(stage.display, folder, language)
    address = stage.server.organisation.address
    for page in (first, second):
        await speak(page, address, language)

    async def keep(page: Page, name: str) -> None:
        await page.screenshot(path=folder / f"{name}-{language}.png")

    subject = {"fr": "Pas d’image sur la télévision", "en": "No picture on the television"}[language]
    await stage.reach_prompt(reason=REASON[language], subject=subject)
    await stage.press("Let them see and control")
    await first.wait_for_selector("body[data-access=control][data-picture=live]", timeout=60_000)
    stage.server.kill()
    await first.wait_for_selector("body[data-link=away]")
    await keep(first, "interrupted")
    stage.server.start()
    await first.wait_for_selector(SEEN, timeout=60_000)
    await keep(first, "resumed")

    await first.locator("#people summary").click()
    await first.locator("#people-actions button").first.click()
    await first.locator("#invite-person").select_option(label=sharing.FULL_NAME)
    await first.locator("#invite-reason").fill(WHY[language])
    await keep(first, "invite")
    await first.locator("#invite-now").click()
    await first.locator("#invite-close").click()
    await second.goto(f"{address}/assist/?ticket={stage.ticket}")
    await expect(second.locator("#invitation-list a")).to_be_visible()
    await keep(second, "invited")
    await second.locator("#invitation-list a").click()
    await second.locator("#join-now").click()
    await second.wait_for_selector(ASKED)
    await stage.customer_reads(sharing.FULL_NAME)
    await keep(second, "join-waiting")
    customer.photograph("joining")
    await stage.press("Let them see my screen")
    await second.wait_for_selector(SEEN, timeout=60_000)

    await second.locator("#ask-control").click()
    await stage.customer_sees("Let them control")
    await stage.press("Let them control")
    await second.wait_for_selector("body[data-access=control][data-picture=live]", timeout=60_000)
    await first.locator("#people summary").click()
    await first.locator("#people-actions button").nth(1).click()
    await expect(second.locator("#notice")).to_be_visible()
    await second.locator("#people summary").click()
    await keep(second, "handed-over")
    customer.photograph("bar-two-people")
    await second.keyboard.press("Escape")
    await second.locator("#end").click()
    await second.wait_for_selector("body[data-state=ended]")


async def main(folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    stages.LANGUAGE = sharing.LANGUAGE = language
    with tempfile.TemporaryDirectory(prefix="mf") as made, virtual_display() as display:
        display.run("xsetroot", "-solid", "#2b5d8a")
        for place, title, text in (("80x24+40+60", "Terminal", ""), ("60x30+640+180", "Notes", NOTES[language])):
            display.start("xterm", "-geometry", place, "-title", title, "-e", "sh", "-c", f"echo '{text}'; exec cat")
        server = Server(Path(made))
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
                context = await browser.new_context(locale=language, viewport={"width": 1280, "height": 860})
                cookie, address = await server.sign_in(), server.organisation.address
                await context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
                stage = Stage(server, display, context, await context.new_page(), Path(made))
                await photograph(stage, await sharing.signed_in(server, browser), folder, language)
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "en"))
