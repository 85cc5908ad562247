"""One real session for a journey: the relay, the agent on a display, the page in Chromium, brought to where a test begins."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import BrowserContext, Page, expect

from client_agent.screen.source import Box
from demo.customer import Customer
from demo.desktop import Desktop
from demo.organisation import FULL_NAME, NAME, PASSWORD, TECHNICIAN, Organisation, served
from demo.technician import Technician
from tests.client_agent.desktop import Ears
from tests.journeys.reading import says
from tests.organisations import made_organisation
from tests.virtual_display import VirtualDisplay
from tests.waiting import DEADLINE_S, eventually, wait_until

LANGUAGE = "en"
COOKIE = "mainforte_sign_in"
REASON = "To look at the picture settings together."
# The promise: the other side says what happened within so many seconds.
TOLD_WITHIN_S = 5.0


class DeskAway(Exception):
    """The desk is being started again."""


class Server:
    """The organisation's relay, as the two processes that a test may kill."""

    def __init__(self, folder: Path, name: str = NAME, full_name: str = FULL_NAME, *, recording: str = "off") -> None:
        """Make the organisation, of this name and with a technician of that one, and serve it."""
        self._begin(folder, made_organisation(folder, name, full_name, recording=recording))

    def _begin(self, folder: Path, organisation: Organisation) -> None:
        self.folder, self.organisation = folder, organisation
        self._running = ExitStack()
        self._cookie = self._csrf = ""
        self.front: subprocess.Popen[str]
        self.start()

    def start(self) -> None:
        """Serve, also where the last run was killed."""
        self._running.close()
        self.front = self._running.enter_context(served(self.organisation, self.folder / "relay.log"))

    def stop(self) -> None:
        self._running.close()

    @property
    def desk(self) -> int:
        """The process id of the desk; 0 while there is none."""
        children = Path(f"/proc/{self.front.pid}/task/{self.front.pid}/children")
        found = children.read_text().split() if children.exists() else []
        return int(found[0]) if found else 0

    def kill(self) -> None:
        """kill -9 of the front; the desk ends by itself, as it does when a machine's memory runs out."""
        self.front.kill()
        self.front.wait()

    def kill_desk(self) -> None:
        os.kill(self.desk, signal.SIGKILL)

    # --- the technician's account -----------------------------------------------------------------------------------

    async def sign_in(self) -> str:
        """The cookie of a technician who signed in once: a second factor counts only once."""
        if not self._cookie:
            asked = {"name": TECHNICIAN, "password": PASSWORD, "code": self.organisation.code()}
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{self.organisation.address}/api/sign-in", json=asked) as answer,
            ):
                assert answer.status == 200, await answer.text()
                self._csrf = (await answer.json())["person"]["csrf"]
                self._cookie = answer.cookies[COOKIE].value
        return self._cookie

    async def get(self, path: str) -> str:
        """What the technician reads there."""
        async with self._client() as client, client.get(self.organisation.address + path) as answer:
            if answer.status == 503:
                raise DeskAway
            assert answer.status == 200, (path, answer.status)
            return await answer.text()

    async def open_ticket(self, **fields: str) -> str:
        """A new ticket; gives its number."""
        ticket = {"subject": "No picture on the television", "customer_name": "Agnès Blanc"} | fields
        await self.sign_in()
        async with (
            self._client() as client,
            client.post(f"{self.organisation.address}/api/tickets", json=ticket) as answer,
        ):
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["number"])

    def _client(self) -> aiohttp.ClientSession:
        headers = {"Cookie": f"{COOKIE}={self._cookie}", "X-CSRF-Token": self._csrf}
        return aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), headers=headers | {"Origin": self.organisation.address}
        )


@dataclass
class CheckedLog:
    """A session log as the ticket gives it, and what `mainforte-relay check-log` says about it."""

    entries: list[dict[str, Any]]
    exit_code: int
    verdict: str

    @property
    def events(self) -> list[str]:
        return [entry["event"]["type"] for entry in self.entries]

    @property
    def is_unaltered(self) -> bool:
        """Complete, or only the end is missing."""
        return self.exit_code in (0, 2)


@dataclass
class Stage:
    """A session's two sides. `reach_…` bring it to a point, each passing through those before."""

    server: Server
    display: VirtualDisplay
    context: BrowserContext
    page: Page
    folder: Path
    ticket: str = ""
    code: str = ""
    agent: subprocess.Popen[str] | None = None
    _ears: list[Ears] = field(default_factory=list)
    _checked: tuple[str, CheckedLog] | None = None
    """The newest log that was checked, and what was found: asking again until it is complete takes a program each time."""

    @property
    def technician(self) -> Technician:
        return Technician(self.page, self.server.organisation, self.folder, LANGUAGE)

    @property
    def customer(self) -> Customer:
        return Customer(self.display, self.folder, LANGUAGE)

    # --- points ------------------------------------------------------------------------------------------------------

    async def reach_code(self, *, asks: str = "control", reason: str = REASON, **ticket: str) -> str:
        """The technician shows a code, and waits for the customer."""
        self.ticket = await self.server.open_ticket(**ticket)
        await self.page.goto(f"{self.server.organisation.address}/assist/?ticket={self.ticket}")
        await self.page.locator("#reason").fill(reason)
        await self.page.locator(f"#asks-{asks}").check()
        await self.page.locator("#start").click()
        return await self.read_code()

    async def read_code(self) -> str:
        """Wait until the page shows a code that it did not show before, and read it."""
        await self.page.wait_for_selector("body[data-state=waiting]")
        shown = self.page.locator("#code")
        await expect(shown).to_have_text(re.compile(r"^\d{5} \S+ \S.*$"))
        if self.code:
            await expect(shown).not_to_have_text(self.code)
        self.code = await shown.inner_text()
        return self.code

    async def reach_prompt(self, *, asks: str = "control", reason: str = REASON, **ticket: str) -> None:
        """The customer has given the code and reads the question."""
        await self.reach_code(asks=asks, reason=reason, **ticket)
        self.start_agent(self.code)
        await self.technician.wait_for_prompt()
        await self.customer_sees("Refuse")

    async def reach_view(self) -> None:
        """The technician sees the screen."""
        await self.reach_prompt()
        await self.press("Let them see my screen")
        await self.technician.wait_for_access("view")
        await self.technician.wait_for_picture()

    async def reach_control(self) -> Ears:
        """The technician controls, and a window of the customer's has the keyboard; gives that window."""
        await self.reach_prompt()
        await self.press("Let them see and control")
        await self.technician.wait_for_access("control")
        await self.technician.wait_for_picture()
        ears = await self.listen()
        await self.technician.keyboard_is_remote()
        return ears

    async def reach_recorded_control(self) -> Ears:
        """The technician controls, and the session is recorded; gives a window of the customer's that has the keyboard."""
        await self.reach_prompt()
        await self.press("Let them see and control")
        await self.press("Let it be recorded")
        await self.page.wait_for_selector("body[data-recording=on]")
        await self.technician.wait_for_access("control")
        await self.technician.wait_for_picture()
        ears = await self.listen()
        await self.technician.keyboard_is_remote()
        return ears

    async def hold_key(self, ears: Ears) -> None:
        """The technician presses a key and keeps it down."""
        await self.page.keyboard.down("ArrowLeft")
        await eventually(lambda: ("key down", LEFT) in ears.heard(), "the key at the customer's window")

    # --- the two sides -----------------------------------------------------------------------------------------------

    def start_agent(self, code: str = "") -> None:
        """The customer starts the real agent, perhaps with a code."""
        self.agent = self.desktop.start_agent(self.server.organisation.package, code, LANGUAGE)

    @property
    def desktop(self) -> Desktop:
        return Desktop(self.display, self.folder / "letter.txt", self.folder)

    def kill_agent(self) -> None:
        assert self.agent
        self.agent.kill()
        self.agent.wait()

    async def press(self, label: str) -> None:
        """The customer clicks a button."""
        await asyncio.to_thread(self.customer.press, label)

    async def customer_sees(self, label: str) -> None:
        """Wait for a button, a field or a window of the agent's."""
        await asyncio.to_thread(wait_until, lambda: self.customer.sees(label), label)

    async def customer_reads(self, *parts: str, deadline_s: float = DEADLINE_S) -> None:
        """Wait for one of these texts in the agent's windows."""
        await asyncio.to_thread(wait_until, lambda: says(self.display, *parts), f"{parts}", deadline_s=deadline_s)

    async def technician_reads(self, text: "str | re.Pattern[str]", *, deadline_s: float = DEADLINE_S) -> None:
        """Wait until this can be read on the page."""
        await expect(self.page.locator("body")).to_contain_text(text, use_inner_text=True, timeout=deadline_s * 1000)

    async def shown_pictures(self) -> int:
        """The number of the newest picture on the page's canvas; 0 while there is none."""
        return int(await self.page.get_attribute("body", "data-shown") or 0)

    async def listen(self) -> Ears:
        """A window of the customer's that has the keyboard: the agent's bar is there, and no other window of it is about to come."""
        await self.customer_sees("Stop")
        self._ears.append(Ears(self.display, Box(40, 420, 300, 200)))
        return self._ears[-1]

    def close(self) -> None:
        for ears in self._ears:
            ears.close()

    # --- the evidence ------------------------------------------------------------------------------------------------

    async def log(self) -> CheckedLog:
        """Download the log from the ticket's page and check it, as anybody who reads the ticket can."""
        page = await self.server.get(f"/tickets/{self.ticket}")
        found = re.search(r'href="(/[^"]*/log)"', page)
        assert found, "no log on the ticket"
        log, text = self.folder / "log.json", await self.server.get(found[1])
        if self._checked and self._checked[0] == text:
            return self._checked[1]
        log.write_text(text)
        organisation = self.server.organisation
        config = str(organisation.folder / "mainforte.toml")
        command = ["-m", "relay", "--config", config, "check-log", str(log), "--root", organisation.root_fingerprint]
        checked = await asyncio.to_thread(
            subprocess.run, [sys.executable, *command], capture_output=True, text=True, check=False
        )
        entries = [json.loads(entry) for entry in json.loads(text)["entries"]]
        self._checked = text, CheckedLog(entries, checked.returncode, checked.stdout + checked.stderr)
        return self._checked[1]

    async def log_has(self, *events: str) -> CheckedLog:
        """Wait until the log on the ticket holds these events, in this order, and check it."""

        async def holds() -> CheckedLog | None:
            try:
                log = await self.log()
            except DeskAway:
                return None
            return log if [event for event in log.events if event in events] == list(events) else None

        log = await eventually(holds, f"{events} on the ticket")
        assert log is not None
        assert log.is_unaltered, log.verdict
        return log

    async def log_is_complete(self, *events: str) -> CheckedLog:
        """The same, and wait until both ends have signed all of it: the last head comes after the last entry."""

        async def is_complete() -> CheckedLog | None:
            log = await self.log_has(*events)
            return log if log.exit_code == 0 else None

        log = await eventually(is_complete, f"{events} on the ticket, signed by both")
        assert log is not None
        return log


LEFT = 113
"""The X keycode of the left arrow."""
