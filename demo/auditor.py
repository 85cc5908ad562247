"""The auditor, played in headless Chromium: the room comes from the auditor's own machine, and only sealed things from the server."""

import asyncio
import base64
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from demo.organisation import AUDITOR_ACCOUNT, PASSWORD, TICKET, Organisation

WHY = {"fr": "Contrôle mensuel des sessions.", "en": "Monthly check of sessions."}


@contextmanager
def auditors_room(organisation: Organisation) -> Iterator[str]:
    """`mainforte-viewer audit`, running; gives the address that it printed."""
    command = [sys.executable, "-m", "technician_viewer", "audit", "--no-browser"]
    given = ["--relay", organisation.address, "--root", organisation.root_fingerprint]
    environment = os.environ | {"MAINFORTE_LANGUAGE": "en"}
    with subprocess.Popen([*command, *given], env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            said = re.match(r"Open (http://127\.0\.0\.1:\d+)/", program.stdout.readline())
            assert said, "the auditors' room did not start"
            yield said[1]
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(10)


class Auditor:
    """One page of the room."""

    def __init__(self, page: Page, organisation: Organisation, address: str, screenshots: Path, language: str) -> None:
        self.page, self._address, self._organisation = page, address, organisation
        self._screenshots, self.language = screenshots, language

    async def photograph(self, name: str) -> None:
        await self.page.screenshot(path=self._screenshots / f"audit-{name}-{self.language}.png", full_page=True)

    async def sign_in(self) -> None:
        await self.page.goto(self._address)
        await self.page.locator("#name").fill(AUDITOR_ACCOUNT)
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

    async def open_recording(self) -> None:
        """Open it with the key file, and wait for its first picture."""
        await self.page.locator("#key-file").set_input_files(self._organisation.auditor_key)
        await self.page.locator("#passphrase").fill(PASSWORD)
        await self.page.locator("#key-form button.main").click()
        await self.page.wait_for_selector("#player:not([hidden])", timeout=30_000)
        await self.page.wait_for_function("document.getElementById('screen').width > 1", timeout=30_000)

    async def go_to_end(self) -> None:
        await self.page.locator("#seek").focus()
        await self.page.keyboard.press("End")

    async def canvas(self) -> bytes:
        """All that the canvas shows, as a PNG."""
        url = await self.page.evaluate("document.getElementById('screen').toDataURL('image/png')")
        return base64.b64decode(url.partition(",")[2])

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
