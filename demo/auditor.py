"""The auditor, played in headless Chromium: the room comes from the auditor's own machine, and only sealed things from the server."""

import asyncio
import base64
import subprocess
import sys
from pathlib import Path

from playwright.async_api import Page, expect

from demo.organisation import AUDITOR_ACCOUNT, PASSWORD, TICKET, Organisation
from tests.waiting import eventually

WHY_PASSED_ON = {"fr": "Odile Fabre part à la fin du mois.", "en": "Odile Fabre leaves at the end of the month."}
WHY = {"fr": "Contrôle mensuel des sessions.", "en": "Monthly check of sessions."}


class Auditor:
    """One page of the room."""

    def __init__(self, page: Page, organisation: Organisation, address: str, screenshots: Path, language: str) -> None:
        self.page, self._address, self._organisation = page, address, organisation
        self._screenshots, self.language = screenshots, language

    async def photograph(self, name: str) -> None:
        await self.page.screenshot(path=self._screenshots / f"audit-{name}-{self.language}.png", full_page=True)

    async def sign_in(self, account: str = AUDITOR_ACCOUNT) -> None:
        await self.page.goto(self._address)
        await self.page.locator("#name").fill(account)
        await self.page.locator("#password").fill(PASSWORD)
        await self.page.locator("#code6").fill(self._organisation.code())
        await self.page.locator("#sign-in button.main").click()
        await self.page.wait_for_selector("body[data-view=list]")

    async def find_session(self) -> None:
        """Search by the ticket, open what is found, and say why."""
        await self.page.locator("#f-ticket").fill(TICKET)
        await self.page.locator("#filters button.main").click()
        found = self.page.locator("#sessions tbody a")
        await expect(found).to_have_count(1)
        await self.photograph("list")
        await found.click()
        await self.page.locator("#reason").fill(WHY[self.language])
        await self.page.locator("#reason-form button.main").click()
        await self.page.wait_for_selector("#case:not([hidden])")

    async def open_recording(self, key: Path) -> None:
        """Open it with this file of keys, and wait for its first picture."""
        await self.page.locator("#key-file").set_input_files(key)
        await self.page.locator("#passphrase").fill(PASSWORD)
        await self.page.locator("#key-form button.main").click()
        await self.page.wait_for_selector("#player:not([hidden])", timeout=30_000)
        # A page that forbids eval() forbids it to what waits inside it, too.
        shows = "document.getElementById('screen').width > 1"
        await eventually(lambda: self.page.evaluate(shows), "the recording's first picture")

    async def find_window(self, title: str) -> None:
        """Search for a window that the customer used, and go to where it was used last."""
        await self._find(title, "#titles")

    async def find_message(self, text: str) -> None:
        """Search for what somebody said, and go to that moment."""
        await self._find(text, "#chat")

    async def _find(self, text: str, among: str) -> None:
        await self.page.locator("#search").fill(text)
        found = self.page.locator(f"{among} li button").last
        await expect(found).to_be_visible()
        at = await found.inner_text()
        await found.click()
        await expect(self.page.locator("#time")).to_contain_text(f"{at} /")
        await self.page.locator("#search").fill("")

    async def go_to_end(self) -> None:
        await self.page.locator("#seek").focus()
        await self.page.keyboard.press("End")

    async def canvas(self) -> bytes:
        """All that the canvas shows, as a PNG."""
        url = await self.page.evaluate("document.getElementById('screen').toDataURL('image/png')")
        return base64.b64decode(url.partition(",")[2])

    async def pass_on(self, to: str) -> None:
        """Pass the recording on to another auditor, with the key that is open."""
        await self.page.locator("#pass-on-one").click()
        await self.page.locator("#pass-on-to").select_option(label=to)
        await self.page.locator("#pass-on-reason").fill(WHY_PASSED_ON[self.language])
        await self.page.locator("#pass-on-begin").click()
        await expect(self.page.locator("#pass-on-told")).to_contain_text(to)
        await expect(self.page.locator("#pass-on-progress")).to_have_js_property("value", 1, timeout=30_000)
        await expect(self.page.locator("#pass-on-results li")).to_have_count(0)
        await self.photograph("passing-on")

    async def export(self, to: Path) -> None:
        """Get the evidence pack."""
        async with self.page.expect_download(timeout=60_000) as download:
            await self.page.locator("#export").click()
        await (await download.value).save_as(to)


async def verify_with_its_own_program(pack: Path, root: str) -> tuple[int, str]:
    """What the verifier inside a pack ends with and says, run where nothing of Mainforte can be imported."""
    pack = pack.resolve()
    folder = pack.with_suffix("")
    folder.mkdir(exist_ok=True)
    unpack = [sys.executable, "-m", "zipfile", "-e", str(pack), str(folder)]
    await asyncio.to_thread(subprocess.run, unpack, check=True, capture_output=True)
    command = [sys.executable, "-I", str(folder / "verify.py"), *(["--root", root] if root else []), str(pack)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr
