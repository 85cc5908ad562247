"""relay/desk/sharing.py: who may come to a session that is running, asked of a real relay."""

import asyncio
import base64
import contextlib
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, wrap_relay
from protocol.identity import (
    Certificate,
    fingerprint_from_text,
    public_bytes,
    sign_arrival,
    text_hash,
    verify_certificate,
    verify_document,
)
from protocol.relay_messages import AgentCame, AgentPresent, PeerJoined, Refused, ViewerCame, from_relay
from protocol.session_log import (
    Answered,
    Asked,
    Cut,
    Event,
    HandedOver,
    Joined,
    Left,
    LogWriter,
    Opened,
    Resumed,
    SessionEnded,
    countersign_head,
    make_head,
    verify,
)
from protocol.vocabulary import Answer, Capability, Outcome, Role
from relay.evidence.check import certificate_of
from tests.relay.desk.conftest import Browser, Relay, add_people, command, sign_in

REASON = "L’image reste noire."
WHY = "Elle connaît ce boîtier."
OTHERS = {
    "nils": ("nils", "technician"), "eva": ("eva", "expert"), "sonia": ("sonia", "supervisor"), "paul": ("paul", "technician"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def people_of_the_desk(relay: Relay) -> None:
    asyncio.run(add_people(relay.folder, relay.totp_secret, OTHERS))


@dataclass
class Running:
    """A session as its two ends have made it: the agent's log, kept by the desk, and its first technician."""

    browser: Browser
    session: str
    certificate: str
    document: str
    key: Ed25519PrivateKey
    agent: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    log: LogWriter = field(default_factory=LogWriter)
    at_ms: int = field(default_factory=lambda: int(time.time()) * 1000)

    @property
    def serial(self) -> str:
        return certificate_of(self.certificate).serial

    @property
    def path(self) -> str:
        return f"/api/sessions/{self.session}"

    async def write(self, *events: Event) -> None:
        for event in events:
            number, text = len(self.log.texts), self.log.append(event, self.at_ms)
            self.at_ms += 1000
            sent = {"number": number, "entry": text}
            told = await self.browser.inside(f"/internal/sessions/{self.session}/entries", sent)
            assert told[0] == 204, told

    async def sign(self, key: Ed25519PrivateKey) -> None:
        at = self.at_ms // 1000
        head = make_head(self.session, self.log.texts, self.agent, at_s=at)
        head = countersign_head(head, self.session, self.log.texts, public_bytes(self.agent), key, at_s=at)
        told = await self.browser.inside(f"/internal/sessions/{self.session}/heads", {"note": head})
        assert told[0] == 204, told

    async def joins(self, certificate: str) -> str:
        """Somebody joined with this certificate; its serial number."""
        who = certificate_of(certificate)
        await self.write(Joined(who.serial, who.name, who.role, text_hash(certificate), who.key, WHY))
        return who.serial


def as_json(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(public_bytes(key)).decode()


async def start(technician: Browser) -> Running:
    key = Ed25519PrivateKey.generate()
    asked = {"reason": REASON, "asks": "control", "key": as_json(key)}
    status, opened = await technician.post("/api/tickets/2041/sessions", asked)
    assert status == 201, opened
    return Running(technician, opened["session"], opened["certificate"], opened["document"], key)


async def begin(technician: Browser) -> Running:
    """A session that the customer has allowed to see."""
    one = await start(technician)
    await one.write(
        Opened(
            one.session, "2041", "s", REASON, "Télé Test", text_hash(one.document), text_hash(one.certificate),
            "camille", one.serial, public_bytes(one.agent), bytes(range(32)), "0.1.0", "Linux", "built-in",
        )
    )  # fmt: skip
    await one.sign(one.key)
    await one.write(
        Asked(one.serial, Capability.VIEW, REASON, "words", "fr"),
        Answered(1, Answer.ALLOWED, [Capability.VIEW], one.at_ms + 3_600_000, 900),
    )
    told = await technician.inside(f"/internal/sessions/{one.session}/states", {"state": "paired"})
    assert told[0] == 204
    return one


@pytest.fixture
async def running(technician: Browser) -> AsyncIterator[Running]:
    one = await begin(technician)
    yield one
    await technician.inside(f"/internal/sessions/{one.session}/states", {"state": "closed"})


@pytest.fixture
async def desk_of(relay: Relay) -> AsyncIterator[Any]:
    """Signs people in, each with a browser of their own."""
    clients: list[aiohttp.ClientSession] = []

    async def of(name: str) -> Browser:
        client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        clients.append(client)
        return await sign_in(relay, name, client)

    yield of
    for client in clients:
        await client.close()


async def invite(running: Running, person: str = "nils", role: str = "technician") -> dict[str, Any]:
    asked = {"person": person, "role": role, "reason": WHY}
    status, told = await running.browser.post(f"{running.path}/invitations", asked)
    assert status == 201, told
    return dict(told)


async def delete(browser: Browser, path: str, csrf: str | None = None) -> int:
    headers = {"X-CSRF-Token": browser.csrf if csrf is None else csrf, "Origin": browser.relay.address}
    async with browser.client.delete(browser.relay.address + path, headers=headers) as answer:
        return answer.status


def change(relay: Relay, statement: str, *values: object) -> None:
    """What time would do to the database."""
    with sqlite3.connect(relay.folder / "org" / "database.sqlite3", timeout=10) as connection:
        assert connection.execute(statement, values).rowcount


def check_joiner(answer: dict[str, Any], relay: Relay, key: Ed25519PrivateKey) -> Certificate:
    """What a joiner checks before it says hello to the agent: everything up to the root's fingerprint."""
    document = verify_document(
        answer["document"], fingerprint=fingerprint_from_text(relay.fingerprint), now=int(time.time())
    )
    first = verify_certificate(answer["technician_certificate"], document, now=int(time.time()))
    verdict = verify(answer["entries"], answer["heads"], first.key)
    assert verdict.both == len(answer["entries"])
    opened = verdict.entries[0].event
    assert isinstance(opened, Opened)
    assert (opened.session, opened.joining_key) == (answer["session"], bytes(range(32)))
    assert opened.certificate == text_hash(answer["technician_certificate"])
    mine = verify_certificate(answer["certificate"], document, now=int(time.time()))
    assert (mine.key, mine.session, mine.ticket) == (public_bytes(key), answer["session"], answer["ticket"])
    return mine


# --- inviting ---


async def test_whom_one_can_invite_are_the_active_helpers_of_the_desk_and_not_oneself(running: Running) -> None:
    status, text = await running.browser.get(f"{running.path}/candidates")
    told = json.loads(text)["candidates"]
    assert status == 200
    assert {"nils", "eva", "sonia"} <= {one["name"] for one in told}
    assert not {"camille", "audrey", "lea"} & {one["name"] for one in told}
    assert next(one["roles"] for one in told if one["name"] == "sonia") == ["supervisor"]


async def test_an_invited_colleague_sees_the_invitation_joins_and_knows_the_agent(
    running: Running, desk_of: Any, relay: Relay
) -> None:
    made = await invite(running)
    nils, key = await desk_of("nils"), Ed25519PrivateKey.generate()
    (seen,) = json.loads((await nils.get("/api/invitations"))[1])["invitations"]
    assert seen == made
    assert (seen["invited_by"], seen["reason"], seen["ticket"]) == ("camille", WHY, "2041")

    status, answer = await nils.post(f"{running.path}/join", {"key": as_json(key)})
    assert status == 201, answer
    mine = check_joiner(answer, relay, key)
    assert (mine.role, mine.name) == (Role.TECHNICIAN, "nils")
    assert answer["reason"] == f"À l’invitation de camille\u00a0: {WHY}"
    assert answer["entries"] == running.log.texts[:1]  # and nothing of what was before
    assert json.loads((await nils.get("/api/invitations"))[1]) == {"invitations": []}
    _, page = await running.browser.get("/tickets/2041")
    assert "invited nils to the remote assistance" in page


async def test_whoever_of_a_title_comes_first_has_the_invitation_and_nobody_else_does(
    running: Running, desk_of: Any
) -> None:
    asked = {"person": "", "title": "technician", "role": "technician", "reason": WHY}
    status, told = await running.browser.post(f"{running.path}/invitations", asked)
    assert status == 201, told
    nils, paul, eva = [await desk_of(name) for name in ("nils", "paul", "eva")]

    async def open_for(browser: Browser) -> list[int]:
        return [each["invitation"] for each in json.loads((await browser.get("/api/invitations"))[1])["invitations"]]

    assert [await open_for(each) for each in (nils, paul, eva, running.browser)] == [[told["invitation"]]] * 2 + [
        [],
        [],
    ]
    key = {"key": as_json(Ed25519PrivateKey.generate())}
    assert (await eva.post(f"{running.path}/join", key))[0] == 403
    assert (await running.browser.post(f"{running.path}/join", key))[0] == 403
    assert (await paul.post(f"{running.path}/join", key))[0] == 201
    assert await nils.post(f"{running.path}/join", key) == (403, {"error": "not_invited"})
    assert await open_for(nils) == []
    _, page = await running.browser.get("/tickets/2041")
    assert "invited a technician to the remote assistance" in page


@pytest.mark.parametrize(
    ("whom", "status"),
    [
        ({"person": "", "title": ""}, 400),
        ({"person": "nils", "title": "expert"}, 400),
        ({"person": "", "title": "auditor"}, 400),
        ({"person": ""}, 400),
    ],
)
async def test_an_invitation_is_for_a_person_or_for_a_title(
    running: Running, whom: dict[str, str], status: int
) -> None:
    asked = {**whom, "role": "technician", "reason": WHY}
    assert (await running.browser.post(f"{running.path}/invitations", asked))[0] == status


async def test_an_invitation_lets_somebody_in_once(running: Running, desk_of: Any) -> None:
    await invite(running, role="observer")
    nils, asked = await desk_of("nils"), {"key": as_json(Ed25519PrivateKey.generate())}
    status, answer = await nils.post(f"{running.path}/join", asked)
    assert (status, answer["role"]) == (201, "observer")
    assert await nils.post(f"{running.path}/join", asked) == (403, {"error": "not_invited"})


async def test_two_joins_at_once_by_one_invitation_give_one_certificate(running: Running, desk_of: Any) -> None:
    await invite(running)
    nils = await desk_of("nils")
    asked = [{"key": as_json(Ed25519PrivateKey.generate())} for _ in range(4)]
    told = await asyncio.gather(*(nils.post(f"{running.path}/join", one) for one in asked))
    assert sorted(status for status, _ in told) == [201, 403, 403, 403]


async def test_a_second_invitation_replaces_the_first(running: Running, desk_of: Any) -> None:
    await invite(running, role="technician")
    await invite(running, role="observer")
    nils = await desk_of("nils")
    assert [one["role"] for one in json.loads((await nils.get("/api/invitations"))[1])["invitations"]] == ["observer"]


async def test_somebody_who_was_not_invited_does_not_join(running: Running, desk_of: Any) -> None:
    asked = {"key": as_json(Ed25519PrivateKey.generate())}
    assert await (await desk_of("nils")).post(f"{running.path}/join", asked) == (403, {"error": "not_invited"})


async def test_an_invitation_that_was_declined_taken_back_or_has_expired_is_none(
    running: Running, desk_of: Any, relay: Relay
) -> None:
    nils, paul = await desk_of("nils"), await desk_of("paul")
    asked = {"key": as_json(Ed25519PrivateKey.generate())}
    declined = await invite(running)
    path = f"/api/invitations/{declined['invitation']}"
    assert await delete(paul, path) == 404  # somebody else's
    assert await delete(nils, path, csrf="guessed") == 403
    assert await delete(nils, path) == 204
    assert await delete(nils, path) == 404
    assert (await nils.post(f"{running.path}/join", asked))[0] == 403

    taken_back = await invite(running)
    assert await delete(running.browser, f"/api/invitations/{taken_back['invitation']}") == 204
    assert (await nils.post(f"{running.path}/join", asked))[0] == 403

    expired = await invite(running)
    past = "2020-01-01 00:00:00.000000"
    change(relay, "UPDATE invitation SET expires_at = ? WHERE id = ?", past, expired["invitation"])
    assert json.loads((await nils.get("/api/invitations"))[1]) == {"invitations": []}
    assert (await nils.post(f"{running.path}/join", asked))[0] == 403


async def test_only_who_takes_part_invites_and_nobody_who_has_left(running: Running, desk_of: Any) -> None:
    asked = {"person": "eva", "role": "observer", "reason": WHY}
    nils = await desk_of("nils")
    not_there = (403, {"error": "not_taking_part"})
    assert await nils.post(f"{running.path}/invitations", asked) == not_there
    await invite(running)
    _, answer = await nils.post(f"{running.path}/join", {"key": as_json(Ed25519PrivateKey.generate())})
    assert await nils.post(f"{running.path}/invitations", asked) == not_there  # certified, but not come yet
    serial = await running.joins(answer["certificate"])
    assert (await nils.post(f"{running.path}/invitations", asked))[0] == 201
    await running.write(Left(serial, "customer"))
    assert await nils.post(f"{running.path}/invitations", asked) == not_there


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"person": "nils", "role": "supervisor", "reason": WHY},
        {"person": "nils", "role": "observer", "reason": ""},
        {"person": "nils", "role": "observer", "reason": "turned \u202e around"},
        {"person": "nils", "role": "observer", "reason": "x" * 1001},
        {"person": "nils", "role": "observer", "reason": WHY, "more": 1},
    ],
)
async def test_a_malformed_invitation_is_refused(running: Running, body: object) -> None:
    assert (await running.browser.post(f"{running.path}/invitations", body))[0] == 400


@pytest.mark.parametrize("person", ["nobody", "camille", "audrey", "lea"])
async def test_nobody_is_invited_who_cannot_help(running: Running, person: str) -> None:
    asked = {"person": person, "role": "observer", "reason": WHY}
    assert await running.browser.post(f"{running.path}/invitations", asked) == (404, {"error": "unknown_person"})


async def test_sharing_needs_the_csrf_token_and_our_own_origin(running: Running) -> None:
    asked = {"person": "nils", "role": "observer", "reason": WHY}
    for path in ("invitations", "guests", "join"):
        told = await running.browser.post(f"{running.path}/{path}", asked, csrf="guessed")
        assert told == (403, {"error": "wrong_csrf_token"})
        told = await running.browser.post(f"{running.path}/{path}", asked, Origin="https://elsewhere.example")
        assert told == (403, {"error": "wrong_origin"})


# --- who comes without being invited, and when nobody may ---


async def test_a_supervisor_sits_in_without_an_invitation(running: Running, desk_of: Any, relay: Relay) -> None:
    sonia, key = await desk_of("sonia"), Ed25519PrivateKey.generate()
    status, answer = await sonia.post(f"{running.path}/join", {"key": as_json(key)})
    assert status == 201, answer
    assert check_joiner(answer, relay, key).role == Role.SUPERVISOR


async def test_a_session_without_a_head_of_both_ends_is_joined_by_nobody(technician: Browser, desk_of: Any) -> None:
    one, sonia = await start(technician), await desk_of("sonia")
    asked = {"key": as_json(Ed25519PrivateKey.generate())}
    assert await sonia.post(f"{one.path}/join", asked) == (409, {"error": "session_not_running"})
    await one.write(
        Opened(
            one.session, "2041", "s", REASON, "Télé Test", text_hash(one.document), text_hash(one.certificate),
            "camille", one.serial, public_bytes(one.agent), bytes(32), "0.1.0", "Linux", "built-in",
        )
    )  # fmt: skip
    assert await sonia.post(f"{one.path}/join", asked) == (409, {"error": "no_signed_head_yet"})
    await one.sign(Ed25519PrivateKey.generate())  # by somebody who is not its technician
    assert await sonia.post(f"{one.path}/join", asked) == (409, {"error": "no_signed_head_yet"})
    await one.sign(one.key)
    assert (await sonia.post(f"{one.path}/join", asked))[0] == 201


async def test_a_session_that_is_over_is_neither_joined_nor_shared(technician: Browser, desk_of: Any) -> None:
    one = await begin(technician)
    await invite(one)
    _, guest = await technician.post(f"{one.path}/guests", {"name": "Ada", "minutes": 5, "reason": WHY})
    await one.write(SessionEnded(Outcome.COMPLETED, "technician", 0, 0))
    over, nils = (409, {"error": "session_closed"}), await desk_of("nils")
    asked = {"key": as_json(Ed25519PrivateKey.generate())}
    assert await nils.post(f"{one.path}/join", asked) == over
    assert json.loads((await nils.get("/api/invitations"))[1]) == {"invitations": []}
    again = {"person": "nils", "role": "observer", "reason": WHY}
    assert await technician.post(f"{one.path}/invitations", again) == over
    token = guest["link"].partition("#")[2]
    assert await technician.post("/api/guests/claim", asked | {"token": token}) == over


async def test_an_unknown_session_is_not_found(technician: Browser) -> None:
    path = f"/api/sessions/{'0' * 32}"
    assert (await technician.get(f"{path}/candidates"))[0] == 404
    assert (await technician.post(f"{path}/join", {"key": as_json(Ed25519PrivateKey.generate())}))[0] == 404


# --- by a link ---


async def test_a_guest_comes_by_a_link_once_by_name_for_some_minutes_and_only_sees(
    running: Running, stranger: Browser, relay: Relay
) -> None:
    status, made = await running.browser.post(
        f"{running.path}/guests", {"name": "Ada Lovelace", "minutes": 20, "reason": WHY}
    )
    assert status == 201, made
    address, _, token = made["link"].partition("/join/#")
    assert address == relay.address
    assert len(token) >= 43
    assert token.encode() not in (relay.folder / "org" / "database.sqlite3").read_bytes()

    key = Ed25519PrivateKey.generate()
    asked = {"token": token, "key": as_json(key)}
    status, answer = await stranger.post("/api/guests/claim", asked)
    assert status == 201, answer
    mine = check_joiner(answer, relay, key)
    assert (mine.role, mine.name, mine.valid_until - mine.valid_from) == (Role.EXPERT, "Ada Lovelace", 20 * 60)
    assert answer["reason"] == f"À l’invitation de camille\u00a0: {WHY}"
    assert await stranger.post("/api/guests/claim", asked) == (404, {"error": "link_not_valid"})


async def test_a_guests_link_leads_to_the_page_and_its_secret_is_never_sent(stranger: Browser) -> None:
    async with stranger.client.get(f"{stranger.relay.address}/join/", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/assist/?guest")


async def test_a_link_that_is_wrong_expired_or_of_somebody_shut_out_is_worth_nothing(
    running: Running, stranger: Browser, desk_of: Any, relay: Relay
) -> None:
    key = as_json(Ed25519PrivateKey.generate())
    not_valid = (404, {"error": "link_not_valid"})
    assert await stranger.post("/api/guests/claim", {"token": "x" * 43, "key": key}) == not_valid
    asked = {"name": "Ada", "minutes": 5, "reason": WHY}
    _, made = await running.browser.post(f"{running.path}/guests", asked)
    token = made["link"].partition("#")[2]
    past = "2020-01-01 00:00:00.000000"
    change(relay, "UPDATE invitation SET expires_at = ? WHERE id = ?", past, made["invitation"])
    assert await stranger.post("/api/guests/claim", {"token": token, "key": key}) == not_valid

    _, made = await running.browser.post(f"{running.path}/guests", asked)
    change(relay, "UPDATE person SET is_active = 0 WHERE name = 'camille'")
    try:
        token = made["link"].partition("#")[2]
        assert await stranger.post("/api/guests/claim", {"token": token, "key": key}) == not_valid
    finally:
        change(relay, "UPDATE person SET is_active = 1 WHERE name = 'camille'")


@pytest.mark.parametrize(
    "changed",
    [{"minutes": 0}, {"minutes": 121}, {"name": " "}, {"name": "a\u202eb"}, {"reason": ""}, {"role": "technician"}],
)
async def test_a_guest_without_name_reason_or_end_is_refused(running: Running, changed: dict[str, object]) -> None:
    asked = {"name": "Ada", "minutes": 5, "reason": WHY} | changed
    assert (await running.browser.post(f"{running.path}/guests", asked))[0] == 400


async def test_guessing_links_is_answered_with_a_time_to_wait(relay: Relay) -> None:
    """Asked of the desk itself, as another address: the front's own would shut everybody out."""
    key = as_json(Ed25519PrivateKey.generate())
    connector = aiohttp.UnixConnector(str(relay.desk_socket))
    headers = {"X-Mainforte-Address": "192.0.2.77", "Origin": relay.address}
    async with aiohttp.ClientSession("http://desk", connector=connector, headers=headers) as client:
        statuses = []
        for number in range(11):
            asked = {"token": f"guess-{number}", "key": key}
            async with client.post("/api/guests/claim", json=asked) as answer:
                statuses.append(answer.status)
        assert statuses == [404] * 10 + [429]
        assert int(answer.headers["Retry-After"]) > 0


# --- at the front ---


class Line:
    """A socket at the relay's front."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, message: Message) -> None:
        await self._socket.send(wrap_relay(encode(message)))

    async def hear(self) -> Message:
        data = await self._socket.recv()
        assert isinstance(data, bytes)
        return from_relay.decode(data[1:])


async def arrive(stack: Any, relay: Relay, message: Message) -> Line:
    url = relay.address.replace("http", "ws") + "/room"
    socket = await stack.enter_async_context(connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], close_timeout=1))
    line = Line(socket)
    await line.say(message)
    return line


def viewer_came(running: Running, certificate: str, key: Ed25519PrivateKey) -> ViewerCame:
    at_ms = time.time_ns() // 1_000_000
    return ViewerCame(certificate, at_ms, sign_arrival(running.session, at_ms, key))


async def test_whoever_was_certified_gets_to_the_agent_and_nobody_who_was_shut_out_since(
    running: Running, desk_of: Any, relay: Relay
) -> None:
    await invite(running, "paul")
    paul, key = await desk_of("paul"), Ed25519PrivateKey.generate()
    status, answer = await paul.post(f"{running.path}/join", {"key": as_json(key)})
    assert status == 201, answer
    at_ms = time.time_ns() // 1_000_000
    came = AgentCame(running.session, at_ms, sign_arrival(running.session, at_ms, running.agent))
    async with contextlib.AsyncExitStack() as stack:
        agent = await arrive(stack, relay, came)
        viewer = await arrive(stack, relay, viewer_came(running, answer["certificate"], key))
        assert await agent.hear() == PeerJoined(1)
        assert await viewer.hear() == AgentPresent()
        stranger = await arrive(stack, relay, viewer_came(running, answer["certificate"], Ed25519PrivateKey.generate()))
        assert await stranger.hear() == Refused("no_room")

        assert command(relay.folder, "user", "disable", "paul").returncode == 0
        try:
            viewer = await arrive(stack, relay, viewer_came(running, answer["certificate"], key))
            assert await viewer.hear() == Refused("no_room")
            asked = {"person": "paul", "role": "observer", "reason": WHY}
            told = await running.browser.post(f"{running.path}/invitations", asked)
            assert told == (404, {"error": "unknown_person"})
            assert (await paul.post(f"{running.path}/join", {"key": as_json(key)}))[0] == 401
        finally:
            assert command(relay.folder, "user", "enable", "paul").returncode == 0


# --- what is told afterwards ---


async def test_the_ticket_tells_who_was_there_who_controlled_and_each_cut_and_the_log_verifies(
    technician: Browser, desk_of: Any, tmp_path: Path
) -> None:
    one = await begin(technician)
    await invite(one)
    nils, key = await desk_of("nils"), Ed25519PrivateKey.generate()
    _, answer = await nils.post(f"{one.path}/join", {"key": as_json(key)})
    serial = await one.joins(answer["certificate"])
    asked = len(one.log.texts)
    await one.write(
        Asked(serial, Capability.CONTROL, WHY, "others words", "fr"),
        Answered(asked, Answer.ALLOWED, [Capability.VIEW, Capability.CONTROL], one.at_ms + 3_600_000, 800),
        Cut(serial, 1500),
        Resumed(serial, 64_000),
        HandedOver(one.serial, serial),
        Left(one.serial, "technician"),
        SessionEnded(Outcome.COMPLETED, "technician", 9000, 4000),
    )
    await one.sign(key)

    _, page = await technician.get("/tickets/2041")
    page = page.partition(f'id="session-{one.session}"')[2].partition("</article>")[0]
    assert "nils joins" in page
    assert "The connection with nils is lost" in page
    assert "nils is back, after 1\u00a0min 4\u00a0s" in page
    assert "nils leads from now on" in page
    assert "camille leaves" in page
    assert "The customer allows nils: see the screen and control" in page
    assert "Log complete, signed by both sides" in page
    french = (await technician.get("/tickets/2041", **{"Accept-Language": "fr"}))[1]
    assert "nils est de retour, après 1\u00a0min 4\u00a0s" in french
    assert "nils leads the remote assistance now" in (await technician.get("/tickets/2041"))[1]

    file, folder = tmp_path / "log.json", technician.relay.folder
    whole = json.loads((await technician.get(f"{one.path}/log"))[1])
    assert whole["certificates"] == [answer["certificate"]]
    root = technician.relay.fingerprint

    def checked(**changed: object) -> tuple[int, str]:
        file.write_text(json.dumps(whole | changed), encoding="utf-8")
        done = command(folder, "check-log", str(file), "--root", root)
        return done.returncode, done.stdout

    code, said = checked()
    assert (code, "VERIFIED" in said, "nils" in said) == (0, True, True), said
    code, said = checked(certificates=[])
    assert (code, "INCOMPLETE" in said, "ALTERED" in said) == (2, True, False), said
    forged = answer["certificate"].replace("nils", "Nils")
    assert checked(certificates=[forged])[0] == 2  # it is not the one that the log names
    assert checked(certificates=["x"])[0] == 2
