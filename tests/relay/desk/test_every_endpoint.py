"""Every route of the desk, asked by everybody; and every field, filled in with what nobody should be able to do harm with."""

import contextlib
import functools
import json
import re
import urllib.parse
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser as Chromium
from playwright.async_api import ConsoleMessage

from protocol.limits import LINE_CHARACTERS_MAX
from relay.desk import people, rights
from relay.desk.application import make_application, open_desk
from relay.desk.requests import COOKIE, Desk
from relay.desk.roles import ROLES
from relay.keys import make_organisation
from relay.settings import Settings
from tests.organisations import free_port, short_folder
from tests.relay.desk.conftest import SECRET, TECHNICIAN_KEY

STRANGER, ENROLLING, SHUT_OUT = "stranger", "enrolling", "shut-out"
EVERYBODY = (STRANGER, ENROLLING, SHUT_OUT, *ROLES)

# What is open without signing in; everything else, also what is added later, is closed to strangers.
OPEN = {
    "/", "/health", "/sign-in", "/language", "/api/sign-in", "/api/organisation", "/assist/{path}", "/static/{path}",
    "/prepare", "/prepare/{name}", "/help", "/help/suggestions", "/help/{document}", "/survey", "/survey/thanks",
    "/join", "/join/", "/api/guests/claim",
}  # fmt: skip
# Half signed in, nothing is open but setting up the second factor and leaving again.
HALF_OPEN = OPEN | {"/enrol", "/sign-out"}
# What changes something, and is there for people who have no sign-in.
WITHOUT_SIGN_IN = {"/survey", "/prepare/{name}", "/sign-in", "/language", "/api/sign-in", "/api/guests/claim"}
# Who may do what needs a role; the others are told 403.
NEEDS = {
    ("POST", "/api/tickets"): rights.WRITERS,
    ("GET", "/tickets/new"): rights.WRITERS,
    ("POST", "/tickets/new"): rights.WRITERS,
    ("POST", "/tickets/{number}/events"): rights.WRITERS,
    ("POST", "/api/tickets/{number}/sessions"): rights.HELPERS,
    ("POST", "/api/sessions/{session}/rooms"): rights.HELPERS,
    ("POST", "/api/sessions/{session}/extend"): rights.HELPERS,
    ("GET", "/api/sessions/{session}/candidates"): rights.HELPERS,
    ("POST", "/api/sessions/{session}/invitations"): rights.HELPERS,
    ("POST", "/api/sessions/{session}/guests"): rights.HELPERS,
    ("POST", "/api/sessions/{session}/join"): rights.HELPERS,
    ("POST", "/customers/{customer}"): rights.WRITERS,
    ("POST", "/customers/{customer}/tickets"): rights.WRITERS,
    ("POST", "/knowledge/searches"): rights.WRITERS,
    ("GET", "/knowledge/new"): rights.WRITERS,
    ("POST", "/knowledge/new"): rights.WRITERS,
    ("GET", "/knowledge/{document}/edit"): rights.WRITERS,
    ("POST", "/knowledge/{document}/edit"): rights.WRITERS,
    ("POST", "/knowledge/{document}/state"): rights.WRITERS,
    ("GET", "/process/new"): rights.DESIGNERS,
    ("POST", "/process/new"): rights.DESIGNERS,
    ("GET", "/process/{document}/edit"): rights.DESIGNERS,
    ("POST", "/process/{document}/edit"): rights.DESIGNERS,
    ("POST", "/process/{document}/state"): rights.DESIGNERS,
    ("POST", "/process/{document}/trained"): rights.WRITERS,
    ("POST", "/people/skills"): rights.DESIGNERS,
    ("POST", "/people/seniority"): rights.DESIGNERS,
    ("GET", "/audit"): rights.OVERSEERS,
    ("GET", "/api/evidence/sessions"): rights.AUDITORS,
    ("GET", "/api/evidence/sessions/{session}/logged"): rights.AUDITORS,
    ("GET", "/api/evidence/log"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/watch"): rights.AUDITORS,
    ("GET", "/api/evidence/sessions/{session}/segments/{number}"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/pack"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/seals"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/resealed"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/hold"): rights.AUDITORS,
    ("POST", "/api/evidence/sessions/{session}/release"): rights.AUDITORS,
    ("POST", "/groups"): rights.ROUTERS,
    ("POST", "/groups/{group}/members"): rights.ROUTERS,
    ("POST", "/groups/{group}/hours"): rights.ROUTERS,
    ("POST", "/groups/{group}/shifts"): rights.ROUTERS,
    ("POST", "/services"): rights.ADMINISTRATORS,
    ("POST", "/services/mail"): rights.ADMINISTRATORS,
    ("POST", "/services/members"): rights.ADMINISTRATORS,
    ("POST", "/tools"): rights.ROUTERS,
    ("POST", "/tools/remove"): rights.ROUTERS,
    ("POST", "/improvements/{improvement}"): rights.APPROVERS,
    ("POST", "/preparations/{reference}"): rights.WRITERS,
    ("GET", "/tickets/{number}/review"): rights.REVIEWERS,
    ("POST", "/tickets/{number}/review"): rights.REVIEWERS,
    ("POST", "/coaching"): rights.COACHES,
    ("GET", "/figures"): rights.REVIEWERS,
    ("POST", "/outbox/{mail}/again"): rights.WRITERS,
    ("POST", "/outbox/said/{contact}"): rights.WRITERS,
}

BODIES: dict[str, Any] = {
    "/api/tickets": {"subject": "s", "customer_name": "c"},
    "/api/tickets/{number}/sessions": {"reason": "r", "asks": "view", "key": TECHNICIAN_KEY},
}

_BARE: list[str] = json.loads(Path(__file__).with_name("hostile_texts.json").read_text(encoding="utf-8"))
# What could end the place where a text stands: an attribute, a field, a title, a comment, a script.
OPENINGS = ("'\">", "</textarea>", "</title></option></select>", "--></script>", "]]></style>")
BREAKING_OUT = [opening + bare for opening in OPENINGS for bare in _BARE]
# What may be refused by itself, so that nothing else of the form would be looked at: these are asked one field at a time.
_CONTROLS = [chr(c) for c in (0, 1, 7, 8, 9, 10, 13, 27, 31, 127, 0x80, 0x85, 0x9B)] + [
    chr(c) for c in (0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202D, 0x202E, 0x2066, 0x2069, 0xFEFF)
]
_LONG = ["x" * n for n in (199, 200, 201, 1999, 2000, 2001, 20_000, 60_000)] + ["<b>" * 600, "\n" * 300, " " * 300]
ALONE = [*(f"a{control}b" for control in _CONTROLS), *_LONG, ""]
assert len(_BARE) + len(BREAKING_OUT) + len(ALONE) > 500
PARTS = 3


def packed(texts: Sequence[str]) -> list[str]:
    """The texts one after another, as many in each as a line of the desk takes."""
    lines = [""]
    for text in texts:
        if len(lines[-1]) + len(text) > LINE_CHARACTERS_MAX:
            lines.append("")
        lines[-1] += text
    return lines


@dataclass(frozen=True)
class Form:
    """What somebody may send: valid values, the fields that take a text, and those where only some values are right."""

    path: str
    valid: dict[str, str]
    texts: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    who: str = "supervisor"
    is_json: bool = False

    def with_all(self, names: Sequence[str], text: str) -> dict[str, str]:
        return self.valid | dict.fromkeys(names, text)


_TICKET = {"subject": "s", "customer_name": "c"}
_TICKET_TEXTS = (
    "subject", "description", "customer_name", "customer_number", "phone", "email", "address", "device_name",
)  # fmt: skip
FORMS = (
    Form("/tickets/new", _TICKET | {"device_type": "computer"}, _TICKET_TEXTS, ("device_type", "csrf")),
    Form("/tickets/2001/events", {"event": "note", "text": "t"}, ("text",), ("event", "csrf")),
    Form("/tickets/2001/events", {"event": "note-correct", "note": "0", "after": "1", "text": "t"}, (), ("note", "after", "text")),
    Form(
        "/knowledge/new",
        {"title": "t", "language": "fr", "product": "box", "audience": "desk", "issue": "i", "resolution": "r"},
        ("title", "issue", "environment", "resolution", "cause"),
        ("language", "product", "audience", "ticket"),
    ),
    Form(
        "/customers/1",
        {"name": "n", "kind": "external", "language": "fr"},
        ("name", "number", "email", "phone", "address"),
        ("kind", "language", "seen"),
    ),
    Form("/customers/1/tickets", {"subject": "s", "device": "1"}, ("subject", "description"), ("device",)),
    Form("/knowledge/searches", {"ticket": "2001", "search": "s"}, ("search",), ("ticket",)),
    Form("/groups", {"title_fr": "f", "title_en": "e", "level": "1"}, ("title_fr", "title_en"), ("name", "level"), "router"),
    Form(
        "/tools",
        {"title_fr": "f", "title_en": "e", "address": "https://tools.example/"},
        ("title_fr", "title_en"),
        ("name", "address"),
        "router",
    ),
    Form("/services/members", {"name": "adviser", "service": "1"}, (), ("name", "service"), "administrator"),
    Form("/people/skills", {"name": "adviser", "domain": "d", "grade": "1"}, (), ("name", "domain", "grade")),
    Form("/coaching", {"name": "adviser", "text": "t", "ticket": "", "due": ""}, ("text",), ("name", "ticket", "due")),
    Form("/survey", {"token": "t" * 32, "exchange": "5", "resolution": "5", "words": ""}, ("words",), ("token", "exchange")),
    Form("/sign-in", {"name": "n", "password": "p", "code": "c"}, ("name", "password", "code")),
    Form("/language", {"language": "en", "back": "/"}, (), ("language", "back")),
    Form("/enrol", {"code": "1"}, ("code",), (), ENROLLING),
    Form("/api/tickets", _TICKET, _TICKET_TEXTS, ("device_type",), is_json=True),
    Form("/api/tickets/2001/sessions", {"reason": "r", "asks": "dance", "key": TECHNICIAN_KEY}, ("reason",), ("asks", "key"), is_json=True),
    Form("/api/sign-in", {"name": "n", "password": "p", "code": "c"}, ("name", "password", "code"), is_json=True),
)  # fmt: skip
SEARCHES = (
    "/tickets?search=", "/api/tickets?search=", "/tickets?state=", "/tickets?order=", "/sign-in?next=",
    "/customers?search=", "/knowledge?search=", "/knowledge/suggestions?ticket=", "/audit?before=", "/people?domain=",
    "/people?search=", "/help?search=", "/api/evidence/sessions?person=", "/api/evidence/sessions?customer=",
    "/api/evidence/log?older=",
)  # fmt: skip


class World:
    """The real desk on a port, and a signed-in client for everybody."""

    def __init__(self, address: str, routes: list[tuple[str, str]]) -> None:
        self.address = address
        self.routes = routes
        self.cookies: dict[str, str] = {}
        self.csrf: dict[str, str] = {}

    async def ask(
        self, client: aiohttp.ClientSession, who: str, method: str, path: str, **sent: Any
    ) -> tuple[int, str]:
        headers = {"Origin": self.address, "X-CSRF-Token": self.csrf.get(who, ""), **sent.pop("headers", {})}
        if who in self.cookies:
            headers["Cookie"] = f"{COOKIE}={self.cookies[who]}"
        async with client.request(
            method, self.address + path, headers=headers, allow_redirects=False, **sent
        ) as answer:
            if answer.content_type == "text/event-stream":
                return answer.status, ""  # goes on for as long as somebody listens
            return answer.status, await answer.text(errors="replace")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    with short_folder() as folder:
        async with _desk_in(folder) as world:
            yield world


@contextlib.asynccontextmanager
async def _desk_in(folder: Path) -> AsyncIterator[World]:
    port = free_port()
    address = f"http://localhost:{port}"
    settings = Settings(folder=folder, origins=(address,), port=port)
    make_organisation(settings, "Org", root_key=folder / "away.pem", root_passphrase="p" * 12, secret=SECRET)
    desk = await open_desk(settings, SECRET)
    application = make_application(desk)
    routes = sorted({(r.method, r.resource.canonical) for r in application.router.routes() if r.resource is not None})
    world = World(address, [(m, p) for m, p in routes if m != "HEAD"])
    await _people(desk, world)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "localhost", port).start()
    yield world
    await runner.cleanup()
    await desk.database.close()


async def _people(desk: Desk, world: World) -> None:
    password_hash = await people.hash_password("a password of many words")
    for who in EVERYBODY[1:]:
        async with desk.database.transaction() as connection:
            role = who if who in ROLES else "administrator"
            id_ = await people.add_person(connection, desk.tenant, who, who, password_hash, [role])
            method = people.ENROLLING if who == ENROLLING else people.COMPLETE
            world.cookies[who] = await people.sign_in(connection, desk.tenant, id_, method, 1)
            person = await people.person_of(connection, world.cookies[who])
            assert person is not None
            world.csrf[who] = person.csrf
            if who == SHUT_OUT:
                await people.set_active(connection, id_, is_active=False)


@pytest.fixture
async def client(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        await world.ask(client, "adviser", "POST", "/api/tickets", json=BODIES["/api/tickets"])
        yield client


def _filled_in(path: str) -> str:
    values = {"number": "2001", "session": "0" * 32, "path": "look.css", "reference": "ABC234", "form": "svg"}
    return re.sub(r"\{(\w+)[^}]*\}", lambda found: values.get(found[1], "1"), path)


def _is_open(path: str, listed: set[str]) -> bool:
    return path in listed or path.startswith(("/assist", "/static"))


async def test_every_route_is_closed_to_whoever_has_no_business_there(
    world: World, client: aiohttp.ClientSession
) -> None:
    assert len(world.routes) > 20
    wrong = []
    for method, path in world.routes:
        if path.startswith("/internal/"):
            continue  # the front lets nobody through; test_front.py
        for who in EVERYBODY:
            sent = {"json": BODIES.get(path, {})} if method == "POST" and path.startswith("/api/") else {}
            if method == "POST" and not sent:
                sent = {"data": {"csrf": world.csrf.get(who, "")}}
            if path.endswith("sign-out"):
                sent["headers"] = {"X-CSRF-Token": "no"}  # who left could not ask for the rest
                sent.pop("data", None)
            status, _ = await world.ask(client, who, method, _filled_in(path), **sent)
            listed = HALF_OPEN if who == ENROLLING else OPEN
            if who in (STRANGER, ENROLLING, SHUT_OUT) and not _is_open(path, listed):
                is_right = status in (401, 403) or (status == 303 and method == "GET")
            elif who in ROLES and (method, path) in NEEDS:
                is_right = (status == 403) != (who in NEEDS[method, path])
            else:
                is_right = status < 500
            if not is_right or status == 500:
                wrong.append((method, path, who, status))
    assert wrong == []


async def test_no_change_is_made_without_the_token_of_the_sign_in(world: World, client: aiohttp.ClientSession) -> None:
    wrong = []
    for method, path in world.routes:
        if method in ("GET", "*") or path.startswith("/internal/") or path in WITHOUT_SIGN_IN:
            continue
        sent = {"json": BODIES.get(path, {})} if path.startswith("/api/") else {"data": {"csrf": "another"}}
        headers = {"X-CSRF-Token": "another"}
        status, _ = await world.ask(client, "administrator", method, _filled_in(path), headers=headers, **sent)
        if status != 403:
            wrong.append((method, path, status))
    assert wrong == []


class Hostile:
    """Sends forms that mean no good, and keeps what was not answered as it should be."""

    def __init__(self, world: World, client: aiohttp.ClientSession) -> None:
        self._world, self._client = world, client
        self._sent = 0
        self._customer_version = 1
        self.failed: list[tuple[str, str, int]] = []
        self.kept: dict[str, int] = {}
        self.pages: list[str] = []

    async def send(self, form: Form, values: dict[str, str], text: str) -> None:
        self._sent += 1
        if form.path in ("/groups", "/tools"):  # of each name there is one
            values = {"name": f"n{self._sent}"} | values
        if form.path == "/customers/1":  # only whoever has seen the newest changes it
            values = {"seen": str(self._customer_version)} | values
        ask = functools.partial(self._world.ask, self._client, form.who, "POST", form.path)
        if form.is_json:
            status, answer = await ask(json=values)
            is_right = status == 201 or (status in (400, 401, 413, 429) and "error" in answer)
        else:
            values = {"csrf": self._world.csrf[form.who]} | values
            body = urllib.parse.urlencode(values, errors="surrogatepass").encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            status, answer = await ask(data=body, headers=headers)
            is_right = status in (303, 400, 401, 403, 404, 409, 413, 429)
        if not is_right:
            self.failed.append((form.path, text[:40], status))
        if status in (201, 303):
            self.kept[form.path] = self.kept.get(form.path, 0) + 1
            self._customer_version += form.path == "/customers/1"
        if status == 201:
            self.pages.append(f"/tickets/{json.loads(answer)['number']}")

    async def search(self, text: str) -> None:
        for query in SEARCHES:
            # The auditors' search says what it does not take.
            is_evidence = query.startswith("/api/evidence/")
            who = "auditor" if is_evidence else "supervisor"
            status, _ = await self._world.ask(
                self._client, who, "GET", query + urllib.parse.quote(text[:1500], errors="surrogatepass")
            )
            if status not in (200, 400 if is_evidence else 303):
                self.failed.append((query, text[:40], status))


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.soak) for part in range(1, PARTS))])
async def test_a_text_that_may_be_refused_is_kept_as_text_or_refused_in_each_field_by_itself(
    chromium: Chromium, world: World, client: aiohttp.ClientSession, part: int
) -> None:
    hostile = Hostile(world, client)
    for text in ALONE[part::PARTS]:
        for form in FORMS:
            for name in (*form.texts, *form.chosen):
                await hostile.send(form, form.with_all([name], text), text)
        await hostile.search(text)
    assert hostile.failed == []
    assert hostile.pages
    await _visit(chromium, world, hostile.pages[::4])


@pytest.mark.parametrize("part", range(PARTS))
async def test_hostile_texts_stand_in_all_fields_at_once_and_no_page_runs_them(
    chromium: Chromium, world: World, client: aiohttp.ClientSession, part: int
) -> None:
    hostile = Hostile(world, client)
    for text in _BARE[part::PARTS]:
        await hostile.search(text)
        for form in FORMS:
            if form.chosen:
                await hostile.send(form, form.with_all(form.chosen, text), text)
    for text in [*_BARE[part::PARTS], *packed(BREAKING_OUT)[part::PARTS]]:
        for form in FORMS:
            if form.texts:
                await hostile.send(form, form.with_all(form.texts, text), text)
    assert hostile.failed == []
    # Most are text like any other and have to be kept, so that the pages are shown with them.
    written = {form.path: hostile.kept.get(form.path, 0) for form in FORMS if form.path in KEEPING}
    assert min(written.values()) > len(_BARE) // PARTS // 2, written
    await _visit(chromium, world, ["/groups/1", *hostile.pages[::12]])


# What keeps a text that a page shows again.
KEEPING = {
    "/tickets/new", "/tickets/2001/events", "/knowledge/new", "/customers/1", "/customers/1/tickets", "/knowledge/searches",
    "/groups", "/tools", "/coaching", "/api/tickets",
}  # fmt: skip


async def _visit(chromium: Chromium, world: World, made: list[str]) -> None:
    """Open lists, forms and tickets in Chromium; nothing runs, and the policy has nothing to stop."""
    seen: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            seen.append(f"{message.text} {message.location['url']}")

    context = await chromium.new_context()
    await context.add_cookies([{"name": COOKIE, "value": world.cookies["supervisor"], "url": world.address}])
    page = await context.new_page()
    page.on("console", on_console)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("dialog", lambda dialog: seen.append(f"dialog {dialog.message}"))
    found = "/tickets?search=%3Cscript%3Ealert(1)%3C/script%3E"
    lists = (
        "/tickets",
        found,
        "/tickets/2001",
        "/customers",
        "/customers/1",
        "/knowledge",
        "/knowledge/1",
        "/knowledge/1/edit",
    )
    for path in (*lists, "/audit", "/groups", "/tools", "/coaching", "/people", "/outbox", *made):
        answer = await page.goto(world.address + path)
        assert answer is not None
        assert answer.status == 200, path
        assert await page.locator("h1").count() == 1
        assert (await page.locator("h1").inner_text()).strip() != "49"
    assert seen == []
