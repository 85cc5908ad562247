"""The auditors' room in a real browser, before a server that gives a session's evidence, whole or altered."""

import base64
import csv
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from technician_viewer import auditor_key
from technician_viewer.local_page import AUDITORS_PAGE, LocalPage
from technician_viewer.settings import Settings
from tests.relay.evidence.packs import ANSWERED, ROOT_FINGERPRINT, SAID, SESSION, Case, a_case, auditor_keys, rewritten
from tests.technician_viewer.local_pages import serving
from tests.technician_viewer.web.test_audit_evidence import told
from tests.technician_viewer.web.test_page_access import problems

PASSPHRASE = "une phrase assez longue"
LISTED: dict[str, Any] = {
    "session": SESSION, "ticket": 2041, "state": "closed", "level": 2, "at": 1_795_000_000, "ended_at": 1_795_000_060,
    "outcome": "completed", "people": "Camille Roy", "customer": "<b>Anne</b> Petit", "capabilities": ["view"],
    "refusals": 0, "entries": 12, "faults": [], "is_held": False,
}  # fmt: skip


@dataclass
class Desk:
    """What the server has, and what it was told."""

    case: Case
    roles: tuple[str, ...] = ("auditor",)
    language: str = "en"
    root: str = ROOT_FINGERPRINT
    listed: list[dict[str, Any]] = field(default_factory=lambda: [LISTED])
    asked: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    document: str = ""
    """The organisation's, as it is now."""
    records: list[str] = field(default_factory=list)
    """Of recordings passed on."""
    hold: dict[str, Any] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        given = told("", self.case)
        self.asked.append(request.path_qs)
        if request.method == "POST":
            said = await request.json()
            if "record" in said:
                self.records.append(said["record"])
                return web.Response(status=204)
            self.reasons.append(said["reason"])
        match request.path.removeprefix("/api/evidence/sessions"):
            case "/api/organisation":
                return web.json_response({"document": self.document})
            case "/api/me":
                me = {"csrf": "x", "roles": self.roles, "full_name": "Odile Fabre", "language": self.language}
                return web.json_response(me | {"root_fingerprint": self.root})
            case "":
                return web.json_response({"sessions": self.listed, "next": None})
            case path if path.endswith(("/watch", "/seals")):
                return web.json_response(given["told"])
            case path if path.endswith("/logged"):
                return web.json_response(given["logged"] | {"hold": self.hold})
            case path if path.endswith("/hold"):
                self.hold = {"reason": self.reasons[-1], "by": "Odile Fabre", "at": 1_795_000_100}
                return web.Response(status=204)
            case path if path.endswith("/release"):
                self.hold = None
                return web.Response(status=204)
            case path if "/segments/" in path and int(path.rpartition("/")[2]) in self.case.segments:
                return web.Response(body=self.case.segments[int(path.rpartition("/")[2])])
            case path if path.endswith("/pack"):
                return web.Response(body=b"a pack", content_type="application/zip")
            case _:
                return web.json_response({"error": "not_found"}, status=404)


Open = Callable[[Desk], Any]


async def open_key(page: Page, file: Path) -> None:
    """The auditor opens the key of this file, where the page asks for it."""
    await page.locator("#key-file").set_input_files(file)
    await page.locator("#passphrase").fill(PASSPHRASE)
    await page.locator("#key-form button.main").click()
    await page.wait_for_selector("#key-state:not([hidden])")


@pytest_asyncio.fixture(loop_scope="module")
async def room(chromium: Browser) -> AsyncIterator[Open]:
    """Open the room before a server: `page = await room(Desk(a_case()))`."""
    async with AsyncExitStack() as running:

        async def open_room(desk: Desk) -> Page:
            relay = await running.enter_async_context(serving(desk.handle))
            local = await running.enter_async_context(LocalPage(Settings(relay, ROOT_FINGERPRINT), AUDITORS_PAGE))
            context = await chromium.new_context(locale="en", viewport={"width": 1280, "height": 860})
            page = await context.new_page()
            await page.goto(local.address)
            return page

        yield open_room


async def look(page: Page, reason: str = "A complaint of the customer") -> None:
    """Choose the session of the list, and say why."""
    await page.locator("#sessions tbody a").click()
    await page.locator("#reason").fill(reason)
    await page.locator("#reason-form button.main").click()
    await page.wait_for_selector("#case:not([hidden])")


async def test_a_session_is_found_looked_at_for_a_reason_and_taken_away(room: Open, tmp_path: Path) -> None:
    desk = Desk(a_case())
    page = await room(desk)
    await expect(page.locator("#sessions tbody")).to_contain_text("<b>Anne</b> Petit")
    await page.locator("#f-person").fill("camille")
    await page.locator("#f-since").fill("2026-11-01")
    await page.locator("#filters button.main").click()
    await expect(page.locator("#sessions tbody tr")).to_have_count(1)
    searched = desk.asked[-1]
    assert "person=camille" in searched
    assert "since=17" in searched
    await look(page)
    await expect(page.locator("#verdict")).to_contain_text("Complete")
    await expect(page.locator("#steps")).to_contain_text("Paul Martin joins")
    computer = page.get_by_role("region", name="Customer’s computer")
    for fact in ("Dell Inc. Latitude <5440>", "GNOME (Wayland)", "1920 × 1080, 2560 × 1440", "3,900 MB free of 502 GB"):
        await expect(computer).to_contain_text(fact)
    for lane in ("consent", "recording", "chat", "people"):
        await expect(page.locator(f".lane[data-lane={lane}]")).to_be_visible()
    async with page.expect_download() as download:
        await page.locator("#export").click()
    await (await download.value).save_as(tmp_path / "pack.zip")
    assert (tmp_path / "pack.zip").read_bytes() == b"a pack"
    assert desk.reasons == ["A complaint of the customer"] * 2


async def test_the_list_can_be_saved_for_a_spreadsheet_which_takes_nothing_of_it_for_a_formula(
    room: Open, tmp_path: Path
) -> None:
    page = await room(Desk(a_case(), listed=[LISTED | {"customer": '=HYPERLINK("http://x")', "people": "+1, @you"}]))
    async with page.expect_download() as download:
        await page.locator("#save-list").click()
    await (await download.value).save_as(tmp_path / "sessions.csv")
    head, row = list(csv.reader((tmp_path / "sessions.csv").read_text(encoding="utf-8").splitlines()))
    saved = dict(zip(head, row, strict=True))
    assert (saved["customer"], saved["people"]) == ('\'=HYPERLINK("http://x")', "'+1, @you")
    assert not [cell for cell in row if cell[:1] in "=+-@" and cell]


async def test_what_was_altered_is_named_and_nothing_of_it_is_shown(room: Open) -> None:
    case = a_case()
    rewritten(case, 1, lambda entry: entry["event"].update(words="Something else"))  # type: ignore[attr-defined]
    page = await room(Desk(case))
    await look(page)
    await expect(page.locator("#verdict")).to_contain_text(f"Altered: a head of {len(case.entries)} entries")
    await expect(page.locator("#steps li")).to_have_count(0)


async def test_what_is_missing_is_listed(room: Open) -> None:
    case = a_case()
    case.segments.pop(1)
    page = await room(Desk(case))
    await look(page)
    await expect(page.locator("#verdict")).to_contain_text("Incomplete")
    await expect(page.locator("#missing")).to_contain_text("A piece of the recording: number 1")


async def test_titles_and_notes_are_found_and_the_timeline_shows_which(room: Open, tmp_path: Path) -> None:
    auditor_key.save(tmp_path / "key.json", auditor_keys("Odile Fabre"), PASSPHRASE)
    page = await room(Desk(a_case()))
    await look(page)
    await open_key(page, tmp_path / "key.json")
    title, note = page.locator("[data-lane=windows] .span"), page.locator("[data-lane=notes] .mark")
    await expect(title).to_have_text("Banque – comptes")
    await expect(page.locator("#titles li")).to_have_text("0:10Banque – comptes")
    await expect(page.locator("#notes li")).to_contain_text("Le routeur est éteint")
    await page.locator("#search").fill("BANQUE")
    await expect(page.locator("#found")).to_have_text("Found: 1")
    await expect(page.locator("#notes li")).to_have_count(0)
    await expect(note).to_have_class("mark other")
    await expect(title).to_have_class("span found")
    await page.locator("#search").fill("routeur eteint")
    await expect(page.locator("#found")).to_have_text("Found: 0")
    await page.locator("#search").fill("en rouge")
    await expect(page.locator("#found")).to_have_text("Found: 1")
    await expect(page.locator("#chat li")).to_have_text("0:13The customer: Il clignote <b>en rouge</b>")
    await expect(page.locator("[data-lane=chat] .mark")).to_have_class(["mark other", "mark found", "mark other"])
    await page.locator("#search").fill("est eteint")
    await expect(page.locator("#found")).to_have_text("Found: 1")
    await expect(page.locator("#titles li")).to_have_count(0)
    await expect(title).to_have_class("span other")
    await expect(page.locator("#verdict")).to_contain_text("Complete")
    assert await problems(page, "searched") == []


async def test_what_was_said_stands_in_its_lane_with_who_said_it_and_a_press_goes_there(
    room: Open, tmp_path: Path
) -> None:
    auditor_key.save(tmp_path / "key.json", auditor_keys("Odile Fabre"), PASSPHRASE)
    page = await room(Desk(a_case()))
    await look(page)
    marks = page.locator("[data-lane=chat] .mark")
    await expect(marks).to_have_count(3)
    await expect(marks.first).to_have_attribute("aria-label", "0:12  Paul Martin: (not opened)")
    await open_key(page, tmp_path / "key.json")
    said = ["0:12Paul Martin: " + SAID, "0:13The customer: " + ANSWERED, "0:14The customer: (not recorded)"]
    await expect(page.locator("#chat li")).to_have_text(said)
    await expect(marks.first).to_have_attribute("aria-label", f"0:12  Paul Martin: {SAID}")
    await expect(page.locator("#chat b")).to_have_count(0)
    await expect(page.locator("#steps")).to_contain_text("The customer writes a message")


async def test_what_somebody_noted_reads_as_french_is_written(room: Open, tmp_path: Path) -> None:
    auditor_key.save(tmp_path / "key.json", auditor_keys("Odile Fabre"), PASSPHRASE)
    page = await room(Desk(a_case(), language="fr"))
    await look(page)
    await open_key(page, tmp_path / "key.json")
    await expect(page.locator("#notes li")).to_contain_text("Camille Roy : Le routeur est éteint")


async def test_content_that_the_agent_did_not_write_as_it_has_to_is_named_and_the_rest_is_shown(
    room: Open, tmp_path: Path
) -> None:
    auditor_key.save(tmp_path / "key.json", auditor_keys("Odile Fabre"), PASSPHRASE)
    page = await room(Desk(a_case(title='{"title":"a\u202eb"}')))
    await look(page)
    await open_key(page, tmp_path / "key.json")
    await expect(page.locator("#missing")).to_contain_text("What lies beside entry 11")
    await expect(page.locator("#notes li")).to_contain_text("Le routeur est éteint")
    await expect(page.locator("#titles-card")).to_be_hidden()


async def test_a_server_that_shows_another_root_is_not_gone_on_with(room: Open) -> None:
    page = await room(Desk(a_case(), root="B" * 43))
    await expect(page.locator("#status")).to_contain_text("another organisation's key")
    await expect(page.locator("#sessions")).to_be_hidden()


async def test_whoever_is_no_auditor_is_told_so(room: Open) -> None:
    page = await room(Desk(a_case(), roles=("administrator",)))
    await expect(page.locator("#status")).to_contain_text("for auditors only")


async def test_a_key_that_does_not_open_is_told_and_never_sent(room: Open, tmp_path: Path) -> None:
    keys = auditor_key.make("Odile Fabre")
    auditor_key.save(tmp_path / "key.json", keys, PASSPHRASE)
    desk = Desk(a_case())
    page = await room(desk)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    await look(page)
    await page.locator("#key-file").set_input_files(tmp_path / "key.json")
    await page.locator("#passphrase").fill("another passphrase")
    await page.locator("#key-form button.main").click()
    await expect(page.locator("#status")).to_contain_text("the passphrase is another one")
    await page.locator("#passphrase").fill(PASSPHRASE)
    await page.locator("#key-form button.main").click()
    await expect(page.locator("#key-state")).to_contain_text("Odile Fabre")
    sealed = json.loads((tmp_path / "key.json").read_text())["sealed"]
    private = base64.b64encode(keys.hpke.private_bytes_raw()).decode()
    assert not [each for each in sent if sealed in each or private in each or PASSPHRASE in each]


@pytest.mark.parametrize("width", [360, 768, 1920])
async def test_axe_finds_nothing_and_nothing_stands_beside_the_page(room: Open, width: int) -> None:
    desk = Desk(a_case(), listed=[])
    page = await room(desk)
    await page.set_viewport_size({"width": width, "height": 860})
    for state in ("nothing found", "list", "case"):
        match state:
            case "nothing found":
                await expect(page.locator("#no-sessions")).to_be_visible()
            case "list":
                desk.listed.append(LISTED)
                await page.locator("#filters button[type=reset]").click()
                await expect(page.locator("#sessions tbody tr")).to_be_visible()
            case "case":
                await look(page)
                await expect(page.locator("#verdict")).to_contain_text("Complete")
        assert await problems(page, state) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
