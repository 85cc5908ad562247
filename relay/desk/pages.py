"""The desk's pages, rendered here with every value escaped; what moves is a small script of its own file."""

from typing import Any

import pyotp
import segno
from aiohttp import web
from sqlalchemy import select, update

from relay.desk import api, customer_store, people, sharing, signing_in, ticket_lists, ticket_store, tickets
from relay.desk.people import Person
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import (
    COOKIE,
    DESK,
    LANGUAGE_COOKIE,
    Refusal,
    asking,
    json_answer,
    read_form,
    required_person,
    set_cookie,
    signed_in,
)
from relay.desk.rights import READERS, WRITERS
from relay.storage import tables
from relay.storage.prepared import together
from translations import LANGUAGES

routes = web.RouteTableDef()


async def refusal_page(request: web.Request, refusal: Refusal) -> web.Response:
    """What a person reads when a request is not carried out; a page that needs signing in leads there."""
    if refusal.status == 401 and request.method == "GET":
        return web.Response(status=303, headers={"Location": "/sign-in"})
    # Where the server itself fails nothing more is asked of it.
    person = await signed_in(request) if refusal.status < 500 else None
    return page(request, "refusal.html", person, status=refusal.status, code=refusal.status, reason=refusal.reason)


@routes.get("/health")
async def get_health(request: web.Request) -> web.Response:
    async with request.app[DESK].database.reading() as connection:
        await connection.execute(select(tables.organisation.c.id).limit(1))
    return json_answer({"desk": "ok"})


@routes.get("/")
async def get_support(request: web.Request) -> web.Response:
    return page(request, "support.html", await signed_in(request))


@routes.post("/language")
async def post_language(request: web.Request) -> web.Response:
    form = await read_form(request)
    language, back = form.get("language", ""), form.get("back", "/")
    if language not in LANGUAGES:
        raise Refusal(400, "unknown_language")
    # Only a path of our own: never //elsewhere, nor a backslash that browsers read as a slash.
    if not back.startswith("/") or back.startswith("//") or not back.isascii() or set(back) & set("\\\r\n\t"):
        back = "/"
    response = see_other(back)
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
        return see_other("/enrol" if person.is_enrolling else "/tickets")
    return page(request, "sign_in.html", problem="", name="")


@routes.post("/sign-in")
async def post_sign_in(request: web.Request) -> web.Response:
    form = await read_form(request)
    name = form.get("name", "")
    try:
        token, is_enrolling = await signing_in.try_sign_in(
            request, name, form.get("password", ""), form.get("code", "")
        )
    except Refusal as refusal:
        response = page(request, "sign_in.html", status=refusal.status, problem=refusal.reason, name=name[:64])
        if refusal.retry_after_s:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        return response
    response = see_other("/enrol" if is_enrolling else "/tickets")
    signing_in.remember(request, response, token)
    return response


@routes.post("/sign-out")
async def post_sign_out(request: web.Request) -> web.Response:
    await form_of(request, await _anybody(request))
    response = see_other("/sign-in")
    await signing_in.forget(request, response)
    return response


@routes.get("/enrol")
async def get_enrol(request: web.Request) -> web.Response:
    person = await _anybody(request)
    if not person.is_enrolling:
        return see_other("/tickets")
    return await _enrolment_page(request, person, problem="")


@routes.post("/enrol")
async def post_enrol(request: web.Request) -> web.Response:
    person = await _anybody(request)
    form = await form_of(request, person)
    desk = request.app[DESK]
    if not person.is_enrolling:
        return see_other("/tickets")
    async with desk.database.transaction() as connection:
        codes = await people.confirm_enrolment(
            connection, person.tenant, desk.seal, person.id, form.get("code", "")[:40]
        )
        if codes is not None:
            await people.complete_sign_in(connection, request.cookies[COOKIE])
    if codes is None:
        return await _enrolment_page(request, person, problem="wrong_code", status=400)
    return page(request, "recovery_codes.html", person, codes=codes)


async def _enrolment_page(request: web.Request, person: Person, *, problem: str, status: int = 200) -> web.Response:
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        secret = await people.begin_enrolment(connection, person.tenant, desk.seal, person.id)
    issuer = desk.organisation.document.name.replace(":", " ")
    address = pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=issuer)
    image = segno.make(address, error="m").png_data_uri(scale=5, border=4)
    grouped = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))
    return page(request, "enrol.html", person, status=status, image=image, secret=grouped, problem=problem)


@routes.get("/tickets")
async def get_tickets(request: web.Request) -> web.Response:
    text, state = request.query.get("search", "")[:200], request.query.get("state", "")
    state = state if state in tickets.STATES else ""
    level, mine = request.query.get("level", ""), request.query.get("mine", "") == "1"
    where: dict[str, Any] = {"level": int(level)} if level in ("1", "2", "3", "4", "5") else {}
    if (record := request.query.get("record", "")) in ("contact", "incident"):
        where["record"] = record
    order = request.query.get("order", "")
    orders: dict[str, bool] = {"most_urgent_first": order == "urgent", "only_follow_ups": order == "follow-up"}
    async with asking(request, *READERS) as (person, connection):
        if mine:
            where["handler"] = person.name
        # A junior's list begins with what is simple, until they ask for something else.
        orders["only_simple"] = request.query.get("simple", "") == "1" or (person.is_junior and not request.query)
        rows = await ticket_lists.search(connection, person.tenant, text, state, **orders, **where)
        invitations, asked = await together(
            connection,
            sharing.invitations_question(person),
            ticket_lists.asked_question(person.tenant, person.id),
        )
    chosen: dict[str, Any] = {"state": state, "level": level, "mine": mine, "invitations": invitations, "asked": asked}
    # Where what is open comes first, the page says where that ends.
    chosen["is_parted"] = not (text.strip() or state or orders["only_follow_ups"])
    return page(request, "tickets.html", person, tickets=rows, search=text, record=record, **orders, **chosen)


@routes.get("/tickets/new")
async def get_new_ticket(request: web.Request) -> web.Response:
    """An empty ticket, or one that begins with what a customer was searched by in vain."""
    person = await required_person(request, *WRITERS)
    said = request.query.get("customer", "")[:200].strip()
    form = {customer_store.field_of(said): said}
    return page(request, "ticket_new.html", person, form=form, problem="", device_types=tickets.DEVICE_TYPES)


@routes.post("/tickets/new")
async def post_new_ticket(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    form = await form_of(request, person)
    try:
        new = api.checked_ticket(form)
    except Refusal as refusal:
        values = {"form": form, "problem": refusal.reason, "device_types": tickets.DEVICE_TYPES}
        return page(request, "ticket_new.html", person, status=400, **values)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        number = await ticket_store.open_ticket(connection, person.tenant, person.id, new)
    return see_other(f"/tickets/{number}")


async def _anybody(request: web.Request) -> Person:
    """Who is signed in, also half."""
    person = await signed_in(request)
    if person is None:
        raise Refusal(401, "not_signed_in")
    return person
