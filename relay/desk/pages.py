"""The desk's pages, rendered here with every value escaped; what moves is a small script of its own file."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
import pyotp
import segno
from aiohttp import web
from babel.dates import format_date, format_time
from sqlalchemy import select, update

from relay.desk import api, people, sessions, signing_in, ticket_store, tickets
from relay.desk.people import Person
from relay.desk.requests import (
    COOKIE,
    DESK,
    LANGUAGE_COOKIE,
    Refusal,
    check_csrf,
    json_answer,
    language_of,
    paragraph,
    read_form,
    required_person,
    set_cookie,
    signed_in,
)
from relay.storage import tables
from translations import LANGUAGES, catalogue

routes = web.RouteTableDef()

_environments: dict[str, jinja2.Environment] = {}


def _environment(language: str) -> jinja2.Environment:
    if language not in _environments:
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("relay.pages", "templates"),
            autoescape=True,
            extensions=["jinja2.ext.i18n"],
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
        _environments[language] = environment
    return _environments[language]


class Times:
    """Writes times and durations as this language does."""

    def __init__(self, language: str, zone: str) -> None:
        self._locale = language
        self._zone = ZoneInfo(zone)

    def moment(self, at: datetime) -> str:
        return f"{self.day(at)}, {self.clock(at)}"

    def day(self, at: datetime) -> str:
        return format_date(at.astimezone(self._zone), "long", locale=self._locale)

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        pattern = ("HH'\u00a0h\u00a0'mm" if self._locale == "fr" else "HH:mm") if not seconds else "HH:mm:ss"
        return format_time(at, pattern, tzinfo=self._zone, locale=self._locale)

    def clock_ms(self, at_ms: int) -> str:
        return self.clock(sessions.utc(at_ms), seconds=True)

    def duration_ms(self, ms: int) -> str:
        seconds = ms // 1000
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
        return " ".join(f"{count}\u00a0{unit}" for count, unit in parts if count) or "0\u00a0s"


def _page(
    request: web.Request, template: str, person: Person | None = None, *, status: int = 200, **values: Any
) -> web.Response:
    desk = request.app[DESK]
    language = language_of(request, person)
    text = (
        _environment(language)
        .get_template(template)
        .render(
            language=language,
            organisation=desk.organisation.document.name,
            person=person,
            times=Times(language, desk.settings.time_zone),
            here=request.path,
            now=datetime.now(UTC),
            **values,
        )
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


async def refusal_page(request: web.Request, refusal: Refusal) -> web.Response:
    """What a person reads when a request is not carried out; a page that needs signing in leads there."""
    if refusal.status == 401 and request.method == "GET":
        return web.Response(status=303, headers={"Location": "/sign-in"})
    return _page(request, "refusal.html", status=refusal.status, code=refusal.status, reason=refusal.reason)


@routes.get("/health")
async def get_health(request: web.Request) -> web.Response:
    async with request.app[DESK].database.transaction() as connection:
        await connection.execute(select(tables.organisation.c.id).limit(1))
    return json_answer({"desk": "ok"})


@routes.get("/")
async def get_support(request: web.Request) -> web.Response:
    return _page(request, "support.html", await signed_in(request))


@routes.post("/language")
async def post_language(request: web.Request) -> web.Response:
    form = await read_form(request)
    language, back = form.get("language", ""), form.get("back", "/")
    if language not in LANGUAGES:
        raise Refusal(400, "unknown_language")
    # Only a path of our own: never //elsewhere, nor a backslash that browsers read as a slash.
    if not back.startswith("/") or back.startswith("//") or not back.isascii() or set(back) & set("\\\r\n\t"):
        back = "/"
    response = _see_other(back)
    set_cookie(request, response, LANGUAGE_COOKIE, language, seconds=365 * 24 * 3600)
    if (person := await signed_in(request)) is not None:
        async with request.app[DESK].database.transaction() as connection:
            person_table = tables.person
            await connection.execute(
                update(person_table).where(person_table.c.id == person.id).values(language=language)
            )
    return response


@routes.get("/sign-in")
async def get_sign_in(request: web.Request) -> web.Response:
    person = await signed_in(request)
    if person is not None:
        return _see_other("/enrol" if person.is_enrolling else "/tickets")
    return _page(request, "sign_in.html", problem="", name="")


@routes.post("/sign-in")
async def post_sign_in(request: web.Request) -> web.Response:
    form = await read_form(request)
    name = form.get("name", "")
    try:
        token, is_enrolling = await signing_in.try_sign_in(
            request, name, form.get("password", ""), form.get("code", "")
        )
    except Refusal as refusal:
        response = _page(request, "sign_in.html", status=refusal.status, problem=refusal.reason, name=name[:64])
        if refusal.retry_after_s:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        return response
    response = _see_other("/enrol" if is_enrolling else "/tickets")
    signing_in.remember(request, response, token)
    return response


@routes.post("/sign-out")
async def post_sign_out(request: web.Request) -> web.Response:
    await _form_of(request, await _anybody(request))
    response = _see_other("/sign-in")
    await signing_in.forget(request, response)
    return response


@routes.get("/enrol")
async def get_enrol(request: web.Request) -> web.Response:
    person = await _anybody(request)
    if not person.is_enrolling:
        return _see_other("/tickets")
    return await _enrolment_page(request, person, problem="")


@routes.post("/enrol")
async def post_enrol(request: web.Request) -> web.Response:
    person = await _anybody(request)
    form = await _form_of(request, person)
    desk = request.app[DESK]
    if not person.is_enrolling:
        return _see_other("/tickets")
    async with desk.database.transaction() as connection:
        codes = await people.confirm_enrolment(connection, desk.tenant, desk.seal, person.id, form.get("code", "")[:40])
        if codes is not None:
            await people.complete_sign_in(connection, request.cookies[COOKIE])
    if codes is None:
        return await _enrolment_page(request, person, problem="wrong_code", status=400)
    return _page(request, "recovery_codes.html", person, codes=codes)


async def _enrolment_page(request: web.Request, person: Person, *, problem: str, status: int = 200) -> web.Response:
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        secret = await people.begin_enrolment(connection, desk.tenant, desk.seal, person.id)
    issuer = desk.organisation.document.name.replace(":", " ")
    address = pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=issuer)
    image = segno.make(address, error="m").png_data_uri(scale=5, border=4)
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return _page(request, "enrol.html", person, status=status, image=image, secret=grouped, problem=problem)


@routes.get("/tickets")
async def get_tickets(request: web.Request) -> web.Response:
    person = await required_person(request, *api.READERS)
    text, state = request.query.get("search", "")[:200], request.query.get("state", "")
    state = state if state in tickets.STATES else ""
    async with request.app[DESK].database.transaction() as connection:
        await sessions.close_abandoned(connection, request.app[DESK].tenant)
        rows = await ticket_store.search(connection, text, state)
    return _page(request, "tickets.html", person, tickets=rows, search=text, state=state)


@routes.get("/tickets/new")
async def get_new_ticket(request: web.Request) -> web.Response:
    person = await required_person(request, *api.WRITERS)
    return _page(request, "ticket_new.html", person, form={}, problem="", device_types=tickets.DEVICE_TYPES)


@routes.post("/tickets/new")
async def post_new_ticket(request: web.Request) -> web.Response:
    person = await required_person(request, *api.WRITERS)
    form = await _form_of(request, person)
    try:
        new = api.checked_ticket(form)
    except Refusal as refusal:
        values = {"form": form, "problem": refusal.reason, "device_types": tickets.DEVICE_TYPES}
        return _page(request, "ticket_new.html", person, status=400, **values)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        number = await ticket_store.open_ticket(connection, desk.tenant, person.id, new)
    return _see_other(f"/tickets/{number}")


@routes.get("/tickets/{number}")
async def get_ticket(request: web.Request) -> web.Response:
    person = await required_person(request, *api.READERS)
    async with request.app[DESK].database.transaction() as connection:
        await sessions.close_abandoned(connection, request.app[DESK].tenant)
        ticket = await api.ticket_of(request, connection)
        history = await ticket_store.history_of(connection, ticket.id)
        rows = await connection.execute(
            select(tables.session, tables.person.c.full_name)
            .join(tables.person, tables.session.c.person_id == tables.person.c.id)
            .where(tables.session.c.ticket_id == ticket.id)
            .order_by(tables.session.c.id.desc())
            .limit(50)
        )
        held = rows.all()
    stories = await request.app[DESK].stories.of([row.id for row in held])
    return _page(
        request,
        "ticket.html",
        person,
        ticket=ticket,
        history=history,
        description=tickets.rebuild(happened.event for happened in history).description,
        sessions=[(row, stories[row.id].summary, stories[row.id].proof) for row in held],
        root_fingerprint=request.app[DESK].organisation.fingerprint_text,
        may_help=bool(person.roles & set(api.HELPERS)) and ticket.state != tickets.CLOSED,
        may_write=bool(person.roles & set(api.WRITERS)),
    )


@routes.post("/tickets/{number}/events")
async def post_event(request: web.Request) -> web.Response:
    person = await required_person(request, *api.WRITERS)
    form = await _form_of(request, person)
    desk = request.app[DESK]
    event: tickets.TicketEvent
    match form.get("event"):
        case "note":
            event = tickets.NoteAdded(paragraph(form.get("text", ""), least=1))
        case "close":
            event = tickets.TicketClosed(paragraph(form.get("text", ""), least=1))
        case "reopen":
            event = tickets.TicketReopened()
        case _:
            raise Refusal(400, "malformed")
    async with desk.database.transaction() as connection:
        ticket = await api.ticket_of(request, connection)
        await ticket_store.append(connection, desk.tenant, ticket.id, person.id, event)
    return _see_other(f"/tickets/{ticket.number}")


async def _anybody(request: web.Request) -> Person:
    """Who is signed in, also half."""
    person = await signed_in(request)
    if person is None:
        raise Refusal(401, "not_signed_in")
    return person


async def _form_of(request: web.Request, person: Person) -> dict[str, str]:
    """The form, once its hidden token is that of this sign-in."""
    form = await read_form(request)
    check_csrf(person, form.get("csrf", ""))
    return form


def _see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})
