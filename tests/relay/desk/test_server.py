"""The desk behind its front, over real sockets: who may do what, and what becomes of hostile requests."""

import base64
import json
import re
import sqlite3
import time
from pathlib import Path
from typing import Any

import pyotp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.identity import fingerprint_text, text_hash
from protocol.session_log import (
    Answered,
    Asked,
    Event,
    InputCounted,
    LogWriter,
    Opened,
    SessionEnded,
    countersign_head,
    make_head,
)
from protocol.vocabulary import Answer, Capability, Outcome
from tests.conftest import ROOT
from tests.relay.desk.conftest import PASSWORD, TECHNICIAN_KEY, Browser, Relay, command
from tests.waiting import eventually

NEW_SESSION = {"reason": "L’image reste noire.", "asks": "view", "key": TECHNICIAN_KEY}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'


@pytest.mark.parametrize("path", ["/api/me", "/api/tickets", "/api/tickets/2041", f"/api/sessions/{'0' * 32}/log"])
async def test_a_stranger_is_not_told_anything(stranger: Browser, path: str) -> None:
    assert await stranger.get(path) == (401, '{"error":"not_signed_in"}')


@pytest.mark.parametrize("path", ["/tickets", "/tickets/new", "/tickets/2041", "/enrol"])
async def test_a_stranger_is_led_to_the_sign_in_page(stranger: Browser, path: str) -> None:
    status, _ = await stranger.get(path)
    assert status == 303


@pytest.mark.parametrize("path", ["/", "/sign-in", "/health", "/api/organisation", "/assist/", "/assist/look.css"])
async def test_what_everybody_may_see_is_open(stranger: Browser, path: str) -> None:
    status, _ = await stranger.get(path)
    assert status == 200


async def test_the_pages_program_is_asked_for_once_and_the_page_itself_each_time(stranger: Browser) -> None:
    _, page = await stranger.get("/assist/")
    begins = re.search(r'src="([0-9a-f]{16})/app.js"', page)
    assert begins
    assert set(re.findall(rf'="{begins[1]}/(.*?)"', page)) == {"look.css", "app.css", "loading.js", "app.js"}
    for path, lasts in {
        "": False,
        "app.js": False,
        f"{begins[1]}/app.js": True,
        f"{begins[1]}/core/cpace.js": True,
    }.items():
        async with stranger.client.get(f"{stranger.relay.address}/assist/{path}") as answer:
            assert answer.headers["Cache-Control"] == ("max-age=31536000, immutable" if lasts else "no-cache"), path
    assert (await stranger.get(f"/assist/{begins[1]}/audit.html"))[0] == 404


@pytest.mark.parametrize("path", ["/assist/audit.html", "/assist/audit/app.js", "/assist/audit/key_file.js"])
async def test_the_page_that_opens_an_auditors_key_never_comes_from_the_server(stranger: Browser, path: str) -> None:
    assert (ROOT / "technician_viewer" / "web" / path.removeprefix("/assist/")).exists()
    assert (await stranger.get(path))[0] == 404


@pytest.mark.parametrize(
    "path", ["/assist/../settings.py", "/assist/%2e%2e/%2e%2e/relay/settings.py", "/static/../../keys.py", "/nope"]
)
async def test_nothing_outside_of_the_listed_files_is_served(stranger: Browser, path: str) -> None:
    status, _ = await stranger.get(path)
    assert status == 404


async def test_the_inside_of_the_desk_cannot_be_reached_from_outside(stranger: Browser) -> None:
    for path in ("/internal/rooms/claim", "//internal/rooms/claim", "/%69nternal/rooms/claim"):
        status, answer = await stranger.post(path, {"token": "x" * 43})
        assert status == 404
        assert "not_found" not in str(answer)


@pytest.mark.parametrize("path", ["/api/tickets", "/api/tickets/2041/sessions", "/api/sign-out"])
async def test_a_change_without_the_right_csrf_token_is_refused(technician: Browser, path: str) -> None:
    status, answer = await technician.post(path, {}, csrf="guessed")
    assert (status, answer) == (403, {"error": "wrong_csrf_token"})


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://localhost:1"])
async def test_a_change_from_another_sites_page_is_refused(technician: Browser, origin: str) -> None:
    status, answer = await technician.post("/api/tickets/2041/sessions", NEW_SESSION, Origin=origin)
    assert (status, answer) == (403, {"error": "wrong_origin"})


async def test_every_answer_forbids_inline_code_and_framing(stranger: Browser) -> None:
    async with stranger.client.get(stranger.relay.address + "/sign-in") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "body", [{}, {"reason": "x"}, {**NEW_SESSION, "asks": "all"}, {**NEW_SESSION, "key": "AAAA"}, []]
)
async def test_a_malformed_request_for_a_session_is_refused(technician: Browser, body: object) -> None:
    status, answer = await technician.post("/api/tickets/2041/sessions", body)
    assert (status, answer) == (400, {"error": "malformed"})


@pytest.mark.parametrize("reason", ["", "   ", "bell\x07", "turned \u202e around", "x" * 2001])
async def test_a_reason_that_customers_could_not_trust_is_refused(technician: Browser, reason: str) -> None:
    status, _ = await technician.post("/api/tickets/2041/sessions", {**NEW_SESSION, "reason": reason})
    assert status == 400


async def test_an_auditor_reads_tickets_but_starts_no_session(auditor: Browser) -> None:
    assert (await auditor.get("/api/tickets/2041"))[0] == 200
    status, answer = await auditor.post("/api/tickets/2041/sessions", NEW_SESSION)
    assert (status, answer) == (403, {"error": "not_allowed"})


@pytest.mark.parametrize(
    "field", ["subject", "description", "customer_name", "customer_number", "email", "address", "device_name"]
)
async def test_hostile_text_in_any_field_is_shown_as_text(technician: Browser, field: str) -> None:
    text = HOSTILE[:40] if field == "customer_number" else HOSTILE
    status, ticket = await technician.post("/api/tickets", {"subject": "s", "customer_name": "c", field: text})
    assert status == 201
    status, page = await technician.get(f"/tickets/{ticket['number']}")
    assert status == 200
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{ 7*7 }}" in page or field == "customer_number"


async def test_control_characters_in_a_form_are_refused_and_what_was_typed_is_kept(technician: Browser) -> None:
    fields = {"csrf": technician.csrf, "subject": "zero\x00byte", "customer_name": "Marc", "device_type": "box"}
    status, page = await technician.submit("/tickets/new", fields)
    assert status == 400
    assert 'value="Marc"' in page


async def test_a_form_without_its_token_or_with_too_many_fields_is_refused(technician: Browser) -> None:
    assert (await technician.submit("/tickets/2041/events", {"event": "note", "text": "x"}))[0] == 403
    assert (await technician.submit("/tickets/2041/events", {f"f{n}": "" for n in range(100)}))[0] == 400
    assert (await technician.submit("/tickets/2041/events", {"text": "x" * 70_000}))[0] == 413


async def test_a_ticket_is_found_by_number_by_words_and_by_customer(technician: Browser) -> None:
    for search in ("2041", "image", "lefèvre", "C-107855"):
        _, answer = await technician.get(f"/api/tickets?search={search}")
        assert [ticket["number"] for ticket in json.loads(answer)["tickets"]] == [2041]
    assert (await technician.get("/api/tickets?search=%25"))[1] == '{"tickets":[]}'


async def test_a_closed_ticket_starts_no_session_until_it_is_taken_up_again(technician: Browser) -> None:
    path, token = "/tickets/2036/events", technician.csrf
    assert (
        await technician.submit(
            path, {"csrf": token, "event": "close", "text": "Réglé.", "unconfirmed_because": "Elle rappellera."}
        )
    )[0] == 303
    assert (await technician.post("/api/tickets/2036/sessions", NEW_SESSION))[0] == 409
    assert (await technician.submit(path, {"csrf": token, "event": "reopen"}))[0] == 303
    assert (await technician.post("/api/tickets/2036/sessions", NEW_SESSION))[0] == 201


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike(stranger: Browser) -> None:
    for name in ("camille", "nobody"):
        asked = {"name": name, "password": "not the password", "code": "000000"}
        assert await stranger.post("/api/sign-in", asked) == (401, {"error": "wrong_name_password_or_code"})


async def test_a_code_signs_in_once_only(stranger: Browser, technician: Browser) -> None:
    code = pyotp.TOTP(stranger.relay.totp_secret).now()
    asked = {"name": "camille", "password": PASSWORD, "code": code}
    await stranger.post("/api/sign-in", asked)
    assert (await stranger.post("/api/sign-in", asked))[0] == 401


async def test_the_first_sign_in_opens_nothing_but_setting_up_the_second_factor(stranger: Browser) -> None:
    status, _ = await stranger.submit("/sign-in", {"name": "lea", "password": PASSWORD, "code": ""})
    assert status == 303
    assert (await stranger.get("/api/tickets"))[0] == 401
    assert (await stranger.get("/tickets"))[0] == 303
    status, page = await stranger.get("/enrol")
    assert status == 200
    secret = page.partition('class="letters">')[2].partition("<")[0].replace(" ", "")
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    assert (await stranger.submit("/enrol", {"csrf": csrf, "code": "abcdef"}))[0] == 400
    status, page = await stranger.submit("/enrol", {"csrf": csrf, "code": pyotp.TOTP(secret).now()})
    assert status == 200
    assert page.count("<li>") == 8
    assert (await stranger.get("/tickets"))[0] == 200


async def test_a_token_opens_its_room_once_and_a_fresh_room_replaces_it(technician: Browser) -> None:
    _, opened = await technician.post("/api/tickets/2041/sessions", NEW_SESSION)
    assert len(opened["room"]) == 5
    status, claimed = await technician.inside("/internal/rooms/claim", {"token": opened["token"]})
    assert (status, claimed["session"], claimed["room"]) == (200, opened["session"], opened["room"])
    assert (await technician.inside("/internal/rooms/claim", {"token": opened["token"]}))[0] == 404
    status, fresh = await technician.post(f"/api/sessions/{opened['session']}/rooms", {})
    assert status == 201
    assert fresh["token"] != opened["token"]
    assert (await technician.post(f"/api/sessions/{opened['session']}/extend", {}))[0] == 200


async def test_a_burnt_room_can_no_longer_be_claimed(technician: Browser) -> None:
    _, opened = await technician.post("/api/tickets/2041/sessions", NEW_SESSION)
    await technician.post(f"/api/sessions/{opened['session']}/rooms", {})
    assert (await technician.inside("/internal/rooms/claim", {"token": opened["token"]}))[0] == 404


async def test_an_extended_code_is_valid_for_longer_as_the_rooms_are_told(technician: Browser) -> None:
    _, opened = await technician.post("/api/tickets/2041/sessions", NEW_SESSION)
    asked = {"session": opened["session"], "room": opened["room"]}
    assert await technician.inside("/internal/rooms/expiry", asked) == (200, {"expires_at": opened["expires_at"]})
    status, extended = await technician.post(f"/api/sessions/{opened['session']}/extend", {})
    assert (status, extended["expires_at"] >= opened["expires_at"]) == (200, True)
    assert await technician.inside("/internal/rooms/expiry", asked) == (200, extended)
    other = asked | {"session": "0" * 32}
    assert await technician.inside("/internal/rooms/expiry", other) == (404, {"error": "not_found"})


async def test_the_log_of_a_session_is_stored_as_a_chain_told_on_the_ticket_and_checked_by_the_command(
    technician: Browser, tmp_path: Path
) -> None:
    key, agent = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    asked = {**NEW_SESSION, "key": base64.b64encode(key.public_key().public_bytes_raw()).decode()}
    _, opened = await technician.post("/api/tickets/2041/sessions", asked)
    session, log = opened["session"], LogWriter()
    path, at = f"/internal/sessions/{session}", int(time.time()) * 1000
    agent_key = agent.public_key().public_bytes_raw()
    words = "camille demande à voir votre écran."
    events: list[Event] = [
        Opened(
            session, "2041", opened["subject"], asked["reason"], "Télé Test", text_hash(opened["document"]),
            text_hash(opened["certificate"]), "camille", "camille", agent_key, bytes(32), "0.1.0", "Linux", "built-in",
        ),
        Asked("camille", Capability.VIEW, asked["reason"], words, "fr"),
        Answered(1, Answer.ALLOWED, [Capability.VIEW], at + 3_600_000, 4000),
        InputCounted("camille", 1, 2, 0),
        SessionEnded(Outcome.STOPPED, "customer", 61_000, 0),
    ]  # fmt: skip
    texts = [log.append(event, at + 1000 * number) for number, event in enumerate(events)]

    assert (await technician.inside(f"{path}/entries", {"number": 1, "entry": texts[1]}))[0] == 409
    for number, text in enumerate(texts[:3]):
        assert (await technician.inside(f"{path}/entries", {"number": number, "entry": text}))[0] == 204
    assert (await technician.inside(f"{path}/entries", {"number": 2, "entry": texts[2]}))[0] == 204
    assert (await technician.inside(f"{path}/entries", {"number": 2, "entry": texts[1]}))[0] == 409
    other = LogWriter()
    other.texts = texts[:2]
    forged = other.append(SessionEnded(Outcome.COMPLETED, "technician", 0, 0), at)
    assert (await technician.inside(f"{path}/entries", {"number": 2, "entry": forged}))[0] == 409
    assert (await technician.inside(f"{path}/entries", {"number": 3, "entry": texts[3]}))[0] == 204
    assert (await technician.inside(f"{path}/entries", {"number": 4, "entry": texts[4]}))[0] == 204

    head = make_head(session, texts, agent, at_s=at // 1000)
    head = countersign_head(head, session, texts, agent_key, key, at_s=at // 1000)
    assert (await technician.inside(f"{path}/heads", {"note": head}))[0] == 204
    assert (await technician.inside(f"{path}/heads", {"note": head.replace(session, "0" * 32)}))[0] == 400
    # Of what is not stored yet it would say that it was taken away.
    ahead = make_head(session, [*texts, texts[-1]], agent, at_s=at // 1000)
    assert await technician.inside(f"{path}/heads", {"note": ahead}) == (409, {"error": "entries_first"})
    assert (await technician.inside(f"{path}/states", {"state": "closed"}))[0] == 204
    assert (await technician.inside(f"{path}/states", {"state": "dancing"}))[0] == 400

    _, page = await technician.get("/tickets/2041")
    assert words in page
    assert "The customer stopped it" in page
    assert "Log complete, signed by both sides" in page
    assert "1 click, 2 keys, 0 characters typed" in page
    french = (await technician.get("/tickets/2041", **{"Accept-Language": "fr"}))[1]
    assert "1 clic, 2 touches, 0 caractère saisi" in french

    file = tmp_path / "log.json"
    file.write_text((await technician.get(f"/api/sessions/{session}/log"))[1], encoding="utf-8")
    folder = technician.relay.folder
    assert json.loads(file.read_text(encoding="utf-8"))["entries"] == texts
    root = technician.relay.fingerprint
    checked = command(folder, "check-log", str(file), "--root", root)
    assert (checked.returncode, "VERIFIED" in checked.stdout) == (0, True), checked
    checked = command(folder, "check-log", str(file))
    assert (checked.returncode, "CONSISTENT" in checked.stdout, "VERIFIED" in checked.stdout) == (3, True, False)
    checked = command(folder, "check-log", str(file), "--root", fingerprint_text(bytes(32)))
    assert (checked.returncode, "of another organisation" in checked.stdout) == (1, True)
    whole = file.read_text(encoding="utf-8")
    file.write_text(json.dumps(json.loads(whole) | {"heads": []}), encoding="utf-8")
    checked = command(folder, "check-log", str(file), "--root", root)
    assert (checked.returncode, "INCOMPLETE" in checked.stdout) == (2, True)
    file.write_text(whole.replace("61000", "61001"), encoding="utf-8")
    checked = command(folder, "check-log", str(file))
    assert (checked.returncode, "ALTERED" in checked.stdout) == (1, True)


@pytest.mark.parametrize("root", ["", "short", "ä" * 43, "A" * 44, "=" * 43])
def test_a_malformed_root_is_a_wrong_command_and_never_called_altered(tmp_path: Path, root: str) -> None:
    file = tmp_path / "log.json"
    file.write_text("{}")
    checked = command(tmp_path, "check-log", str(file), "--root", root)
    assert (checked.returncode, checked.stdout) == (64, "")
    assert "expected the fingerprint of a root key" in checked.stderr


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (None, 66, "cannot be read"),
        ("not json", 65, "is not a session log"),
        ('{"entries":1}', 65, "is not a session log"),
        ('{"entries":[],"heads":[],"certificate":"","document":""}', 2, "no entry at all"),
        ('{"entries":["x"],"heads":[],"certificate":"","document":""}', 1, "ALTERED"),
    ],
)
def test_what_cannot_be_checked_is_told_from_what_was_altered(
    tmp_path: Path, content: str | None, code: int, word: str
) -> None:
    file = tmp_path / "log.json"
    if content is not None:
        file.write_text(content)
    checked = command(tmp_path, "check-log", str(file))
    assert (checked.returncode, word in checked.stdout + checked.stderr) == (code, True), checked
    assert ("ALTERED" in checked.stdout) == (code == 1)


@pytest.mark.parametrize("arguments", [["check-log"], ["check-log", "file", "--rooot", "x"], ["dance"]])
def test_a_wrong_command_line_has_an_exit_code_that_no_answer_has(tmp_path: Path, arguments: list[str]) -> None:
    assert command(tmp_path, *arguments).returncode == 64


async def test_an_entry_for_an_unknown_session_is_not_stored(technician: Browser) -> None:
    assert (await technician.inside(f"/internal/sessions/{'0' * 32}/entries", {"number": 0, "entry": "{}"}))[0] == 404


async def test_the_language_follows_the_browser_and_then_the_choice(stranger: Browser) -> None:
    async with stranger.client.get(stranger.relay.address + "/sign-in", headers={"Accept-Language": "fr-CA"}) as answer:
        assert '<html lang="fr">' in await answer.text()
    await stranger.submit("/language", {"language": "fr", "back": "//elsewhere.example"})
    assert '<html lang="fr">' in (await stranger.get("/sign-in"))[1]


@pytest.mark.parametrize("back", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""])
async def test_choosing_a_language_leads_nowhere_else(stranger: Browser, back: str) -> None:
    async with stranger.client.post(
        stranger.relay.address + "/language", data={"language": "en", "back": back}, allow_redirects=False
    ) as answer:
        assert answer.headers["Location"] == "/"


def _add(relay: Relay, name: str) -> None:
    added = command(relay.folder, "user", "add", name, "--role", "technician", "--totp-secret", relay.totp_secret)
    assert added.returncode == 0, added.stderr


async def _sign_in(somebody: Browser, name: str) -> tuple[int, Any]:
    code = pyotp.TOTP(somebody.relay.totp_secret).now()
    return await somebody.post("/api/sign-in", {"name": name, "password": PASSWORD, "code": code})


async def test_somebody_shut_out_is_signed_out_at_once_and_gets_no_certificate_and_no_room(
    stranger: Browser, relay: Relay
) -> None:
    _add(relay, "dora")
    status, told = await _sign_in(stranger, "dora")
    assert status == 200, told
    csrf = json.loads((await stranger.get("/api/me"))[1])["csrf"]
    status, opened = await stranger.post("/api/tickets/2041/sessions", NEW_SESSION, csrf=csrf)
    assert status == 201, opened
    assert command(relay.folder, "user", "disable", "dora").returncode == 0
    assert (await stranger.get("/api/me"))[0] == 401
    assert (await stranger.post("/api/tickets/2041/sessions", NEW_SESSION, csrf=csrf))[0] == 401
    assert (await stranger.inside("/internal/rooms/claim", {"token": opened["token"]}))[0] == 404
    assert (await _sign_in(stranger, "dora"))[0] == 401
    assert command(relay.folder, "user", "enable", "dora").returncode == 0
    assert command(relay.folder, "user", "disable", "nobody-here").returncode == 1


async def test_a_second_factor_that_was_reset_is_set_up_anew_before_anything_is_open(
    stranger: Browser, relay: Relay
) -> None:
    _add(relay, "eve")
    assert (await _sign_in(stranger, "eve"))[0] == 200
    assert command(relay.folder, "user", "reset-second-factor", "eve").returncode == 0
    assert (await stranger.get("/api/me"))[0] == 401
    assert await _sign_in(stranger, "eve") == (401, {"error": "second_factor_not_set_up"})
    status, _ = await stranger.submit("/sign-in", {"name": "eve", "password": PASSWORD})
    assert status == 303
    assert (await stranger.get("/tickets"))[0] == 303
    assert "<img" in (await stranger.get("/enrol"))[1]


async def test_a_new_password_ends_every_sign_in_by_the_old_one(stranger: Browser, relay: Relay) -> None:
    _add(relay, "fay")
    assert (await _sign_in(stranger, "fay"))[0] == 200
    done = command(relay.folder, "user", "set-password", "fay", "--generate-password")
    assert done.returncode == 0, done.stderr
    assert (await stranger.get("/api/me"))[0] == 401
    assert (await _sign_in(stranger, "fay"))[0] == 401
    audited = sqlite3.connect(relay.folder / "org" / "database.sqlite3").execute(
        "SELECT address FROM sign_in_audit WHERE name = 'fay' AND result = 'password_changed'"
    )
    assert audited.fetchall() == [("operator",)]


async def test_too_many_wrong_passwords_are_answered_with_a_time_to_wait(stranger: Browser) -> None:
    asked = {"name": "somebody", "password": "wrong", "code": ""}
    statuses = [(await stranger.post("/api/sign-in", asked))[0] for _ in range(11)]
    assert statuses[0] in (401, 429)
    async with stranger.client.post(stranger.relay.address + "/api/sign-in", json=asked) as answer:
        assert answer.status == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 901


async def test_a_session_whose_code_ran_out_unused_no_longer_occupies_its_ticket(technician: Browser) -> None:
    _, opened = await technician.post("/api/tickets/2039/sessions", NEW_SESSION)
    assert json.loads((await technician.get("/api/tickets/2039"))[1])["state"] == "in_session"
    with sqlite3.connect(technician.relay.folder / "org" / "database.sqlite3", timeout=10) as connection:
        connection.execute(
            "UPDATE room SET expires_at = '2020-01-01 00:00:00.000000' WHERE number = ?", (opened["room"],)
        )

    async def is_open() -> bool:
        return bool(json.loads((await technician.get("/api/tickets/2039"))[1])["state"] == "open")

    await eventually(is_open, "the ticket to be open again, without anybody's doing")
