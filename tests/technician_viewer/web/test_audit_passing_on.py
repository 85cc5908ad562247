"""The auditors' room passes recordings on, to auditors whom the root names, once all of the evidence was checked; and it holds sessions."""

import base64
from pathlib import Path

import pytest
from msgspec import structs
from playwright.async_api import Page, expect

from protocol.handling import RESEALED, verify_resealings
from protocol.identity import issue_document, text_hash
from protocol.recording_keys import Seal, Seals, auditor_id, key_commitment, open_recording_key
from technician_viewer import auditor_key
from tests.relay.evidence import packs
from tests.relay.evidence.packs import (
    RECORDING_KEY,
    SESSION,
    Case,
    a_case,
    add_record,
    auditor,
    auditor_keys,
    key,
    rewritten,
)
from tests.technician_viewer.web.test_audit_page import PASSPHRASE, Desk, Open, look, open_key, room

__all__ = ["room"]
REASON = "Odile Fabre leaves at the end of the month"


def key_file(tmp_path: Path, name: str) -> Path:
    file = tmp_path / f"{name}.json"
    auditor_key.save(file, auditor_keys(name), PASSPHRASE)
    return file


def document_now(*names: str, root: str = "root") -> str:
    """The organisation's document of today, which names these auditors."""
    content = structs.replace(packs.organisation(), number=2, auditors=[auditor(name) for name in names])
    return issue_document(content, key(root))


async def begin(page: Page, file: Path) -> None:
    """From the list, with the key opened."""
    await page.locator("a[href='#pass-on=search']").click()
    await open_key(page, file)


async def pass_on(page: Page, to: str = "Marc Weil") -> None:
    await page.locator("#pass-on-to").select_option(label=to)
    await page.locator("#pass-on-reason").fill(REASON)
    await page.locator("#pass-on-begin").click()


async def test_what_one_auditor_passes_on_another_can_open(room: Open, tmp_path: Path) -> None:
    case = a_case()
    desk = Desk(case, document=document_now("Odile Fabre", "Marc Weil"))
    page = await room(desk)
    await begin(page, key_file(tmp_path, "Odile Fabre"))
    await expect(page.locator("#pass-on-to option")).to_have_text(["Marc Weil"])
    await pass_on(page)
    await expect(page.locator("#pass-on-told")).to_have_text("1 of 1 looked at, 1 passed on to Marc Weil")
    assert desk.reasons == [REASON]
    (resealed,) = verify_resealings(desk.records, SESSION, [auditor("Odile Fabre")])
    told = resealed.resealing
    assert (told.auditor, told.reason, told.document) == (auditor("Marc Weil"), REASON, text_hash(desk.document))
    seals = Seals(SESSION, 1, [Seal(auditor_id(auditor("Marc Weil").hpke_key), 0, told.sealed)])
    opened = open_recording_key(seals, auditor_keys("Marc Weil").hpke, key_commitment(SESSION, RECORDING_KEY))
    assert opened == RECORDING_KEY

    add_record(case, RESEALED, desk.records[0])
    page = await room(Desk(case))
    await look(page)
    await open_key(page, key_file(tmp_path, "Marc Weil"))
    await expect(page.locator("#notes")).to_contain_text("Le routeur est éteint")
    await expect(page.locator("#handled")).to_contain_text(
        f"Odile Fabre passes the recording on to Marc Weil: {REASON}"
    )


@pytest.mark.parametrize("kind", ["signed by the server", "altered"])
async def test_an_auditor_of_the_server_s_own_is_refused_and_nothing_is_opened_for_them(
    room: Open, tmp_path: Path, kind: str
) -> None:
    document = document_now("Odile Fabre", "The server", root="log")
    if kind == "altered":
        real, own = (base64.b64encode(auditor(name).hpke_key).decode() for name in ("Marc Weil", "The server"))
        document = document_now("Odile Fabre", "Marc Weil").replace(real, own)
    desk = Desk(a_case(), document=document)
    page = await room(desk)
    await begin(page, key_file(tmp_path, "Odile Fabre"))
    await expect(page.locator("#pass-on-refused")).to_contain_text("not signed by your organisation’s root")
    await expect(page.locator("#pass-on-form")).to_be_hidden()
    assert desk.records == desk.reasons == []


def other_key(case: Case) -> None:
    """The seal opens to another key than the agent made: whoever got it would see other pictures, or none."""
    rewritten(case, 3, lambda entry: entry["event"].update(commitment=base64.b64encode(bytes(32)).decode()))  # type: ignore[attr-defined]
    packs.sign_heads(case)
    packs.log_session(case)


def other_words(case: Case) -> None:
    rewritten(case, 1, lambda entry: entry["event"].update(words="Something else"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("alter", [other_key, other_words], ids=lambda alter: alter.__name__)
async def test_what_was_altered_is_not_passed_on(room: Open, tmp_path: Path, alter: object) -> None:
    case = a_case()
    alter(case)  # type: ignore[operator]
    desk = Desk(case, document=document_now("Odile Fabre", "Marc Weil"))
    page = await room(desk)
    await begin(page, key_file(tmp_path, "Odile Fabre"))
    await pass_on(page)
    await expect(page.locator("#pass-on-results")).to_contain_text("was altered, and not passed on")
    assert desk.records == []


async def test_only_who_can_open_a_recording_passes_it_on_and_nobody_gets_it_twice(room: Open, tmp_path: Path) -> None:
    desk = Desk(a_case(), document=document_now("Odile Fabre", "Marc Weil", "Nadia Roux"))
    page = await room(desk)
    await begin(page, key_file(tmp_path, "Marc Weil"))
    await pass_on(page, "Odile Fabre")
    await expect(page.locator("#pass-on-results")).to_contain_text("can be opened by this auditor already")
    await pass_on(page, "Nadia Roux")
    await expect(page.locator("#pass-on-results")).to_contain_text("was not sealed for your key")
    assert desk.records == []


async def test_a_session_is_put_on_hold_with_a_reason_and_the_hold_ends_with_another(room: Open) -> None:
    desk = Desk(a_case())
    page = await room(desk)
    await look(page)
    await expect(page.locator("#hold-state")).to_contain_text("Not on legal hold")
    await page.locator("#hold-reason").fill("A complaint to the ombudsman")
    await page.locator("#hold-change").click()
    await expect(page.locator("#hold-state")).to_contain_text("by Odile Fabre: A complaint to the ombudsman")
    await page.locator("#hold-reason").fill("Settled")
    await page.locator("#hold-change").click()
    await expect(page.locator("#hold-state")).to_contain_text("Not on legal hold")
    assert desk.reasons[1:] == ["A complaint to the ombudsman", "Settled"]
