"""The JSON API: what the technician's page, the Python client and programs use."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import people, sessions, signing_in, ticket_lists, ticket_store, tickets
from relay.desk.evidence_pack import log_file_of
from relay.desk.people import Person
from relay.desk.requests import (
    DESK,
    Refusal,
    asking,
    asking_at_once,
    check_csrf,
    json_answer,
    language_of,
    line,
    paragraph,
    read_json,
    required_person,
)
from relay.desk.rights import ASSISTS_FROM, READERS, WRITERS, level_of
from relay.storage.prepared import Question

routes = web.RouteTableDef()

NUMBER_DIGITS_MAX = 9


class SignIn(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=200)]
    password: Annotated[str, Meta(max_length=1000)]
    code: Annotated[str, Meta(max_length=40)] = ""


class NewTicket(Struct, forbid_unknown_fields=True):
    subject: str
    customer_name: str
    description: str = ""
    customer_number: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    device_type: str = "computer"
    device_name: str = ""


class NewSession(Struct, forbid_unknown_fields=True):
    reason: str
    asks: Annotated[str, Meta(pattern=r"\A(view|control)\Z")]
    key: Annotated[bytes, Meta(min_length=32, max_length=32)]


class Nothing(Struct, forbid_unknown_fields=True):
    pass


@routes.post("/api/sign-in")
async def post_sign_in(request: web.Request) -> web.Response:
    asked = await read_json(request, SignIn)
    token, is_enrolling = await signing_in.try_sign_in(request, asked.name, asked.password, asked.code)
    if is_enrolling:
        raise Refusal(401, "second_factor_not_set_up")
    async with request.app[DESK].database.transaction() as connection:
        person = await people.person_of(connection, token)
    response = json_answer({"person": _person(request, person)})
    signing_in.remember(request, response, token)
    return response


@routes.post("/api/sign-out")
async def post_sign_out(request: web.Request) -> web.Response:
    check_csrf(await required_person(request), request.headers.get("X-CSRF-Token", ""))
    response = web.Response(status=204)
    await signing_in.forget(request, response)
    return response


@routes.get("/api/me")
async def get_me(request: web.Request) -> web.Response:
    return json_answer(_person(request, await required_person(request)))


@routes.get("/api/organisation")
async def get_organisation(request: web.Request) -> web.Response:
    return json_answer({"document": request.app[DESK].organisation.document_text})


@routes.get("/api/tickets")
async def get_tickets(request: web.Request) -> web.Response:
    text, state = request.query.get("search", "")[:200], request.query.get("state", "")
    async with asking(request, *READERS) as (person, connection):
        rows = await ticket_lists.search(connection, person.tenant, text, state if state in tickets.STATES else "")
    return json_answer({"tickets": [_ticket(row) for row in rows]})


@routes.post("/api/tickets")
async def post_ticket(request: web.Request) -> web.Response:
    person = await writer(request, *WRITERS)
    new = checked_ticket(msgspec.structs.asdict(await read_json(request, NewTicket)))
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        number = await ticket_store.open_ticket(connection, person.tenant, person.id, new)
        row = await ticket_store.find(connection, person.tenant, number)
    return json_answer(_ticket(row), status=201)


@routes.get("/api/tickets/{number}")
async def get_ticket(request: web.Request) -> web.Response:
    async with asking_about_ticket(request, *READERS) as (_, _, row, _):
        return json_answer(_ticket(row))


@routes.post("/api/tickets/{number}/sessions")
async def post_session(request: web.Request) -> web.Response:
    person = await helper(request)
    new = await read_json(request, NewSession)
    reason = paragraph(new.reason, least=1)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        ticket = await ticket_of(request, connection, person)
        session, certificate, room = await sessions.start(
            connection,
            desk.organisation,
            person.tenant,
            person,
            ticket,
            reason=reason,
            asks=new.asks,
            technician_key=new.key,
        )
        await desk.nodes.take_in(connection, session)
    answer = {
        "session": session,
        "certificate": certificate,
        "document": desk.organisation.document_text,
        "subject": ticket.subject,
        "ticket": str(ticket.number),
        **_room(room),
    }
    return json_answer(answer, status=201)


@routes.post("/api/sessions/{session}/rooms")
async def post_room(request: web.Request) -> web.Response:
    person = await helper(request)
    await read_json(request, Nothing)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await _own_session(request, connection, person)
        if session.state == sessions.CLOSED and not await sessions.take_up_again(connection, person.tenant, session):
            raise Refusal(409, "session_closed")
        room = await sessions.allot_room(connection, person.tenant, session.id, person.name)
    return json_answer(_room(room), status=201)


@routes.post("/api/sessions/{session}/extend")
async def post_extend(request: web.Request) -> web.Response:
    person = await helper(request)
    await read_json(request, Nothing)
    async with request.app[DESK].database.transaction() as connection:
        session = await _own_session(request, connection, person)
        if session.state == sessions.CLOSED:
            raise Refusal(409, "session_closed")
        expires_at = await sessions.extend_room(connection, session.id)
    if expires_at is None:
        raise Refusal(409, "no_live_room")
    return json_answer({"expires_at": expires_at})


@routes.get("/api/sessions/{session}/log")
async def get_log(request: web.Request) -> web.Response:
    await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        session = await sessions.find(connection, request.match_info["session"])
        if session is None:
            raise Refusal(404, "not_found")
        log_file = await log_file_of(connection, session)
    response = json_answer(log_file)
    response.headers["Content-Disposition"] = f'attachment; filename="session-{session.session}.json"'
    return response


def checked_ticket(fields: dict[str, str]) -> ticket_store.NewTicket:
    """The fields of a new ticket, each bounded and free of control characters.

    Raises:
        Refusal: 400, where one is not.
    """
    if fields.get("device_type", "") not in tickets.DEVICE_TYPES:
        raise Refusal(400, "unknown_device_type")
    return ticket_store.NewTicket(
        subject=line(fields.get("subject", "").strip(), least=1),
        description=paragraph(fields.get("description", "")),
        customer_name=line(fields.get("customer_name", "").strip(), least=1),
        customer_number=line(fields.get("customer_number", ""))[:40],
        phone=line(fields.get("phone", ""))[:40],
        email=line(fields.get("email", "")),
        address=line(fields.get("address", "")),
        device_type=fields["device_type"],
        device_name=line(fields.get("device_name", "")),
    )


async def ticket_of(request: web.Request, connection: AsyncConnection, person: Person) -> Any:
    """The row of the ticket that the path names.

    Raises:
        Refusal: 404, where the service in which this person works has none of that number.
    """
    return await ticket_by(connection, person, request.match_info["number"])


async def ticket_by(connection: AsyncConnection, person: Person, number: str) -> Any:
    """The row of the ticket of this number, as somebody typed it. Raises Refusal 404."""
    wanted = number_of(number)
    row = None if wanted is None else await ticket_store.find(connection, person.tenant, wanted)
    if row is None:
        raise Refusal(404, "not_found")
    return row


def _nothing_more(_: int) -> Sequence[Question]:
    return ()


@asynccontextmanager
async def asking_about_ticket(
    request: web.Request, *roles: str, also: Callable[[int], Sequence[Question]] = _nothing_more
) -> AsyncIterator[tuple[Person, AsyncConnection, Any, list[list[Any]]]]:
    """Who is signed in, where to read, the row of the ticket that the path names, and the answers to what is `also` asked of its number.

    Raises:
        Refusal: as `required_person` does, and as `ticket_of`.
    """
    number = number_of(request.match_info["number"])
    asked = [] if number is None else [ticket_store.number_question(number), *also(number)]
    async with asking_at_once(request, asked, *roles) as (person, connection, answers):
        row = ticket_store.numbered(person.tenant, answers[0]) if answers else None
        if row is None:
            raise Refusal(404, "not_found")
        yield person, connection, row, answers[1:]


def number_of(typed: str) -> int | None:
    """The number of a ticket, as somebody typed it; None where no ticket can have it."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= NUMBER_DIGITS_MAX else None


async def writer(request: web.Request, *roles: str) -> Person:
    """Who is signed in with one of these roles, and sent the sign-in's own token.

    Raises:
        Refusal: 401 or 403.
    """
    person = await required_person(request, *roles)
    check_csrf(person, request.headers.get("X-CSRF-Token", ""))
    return person


async def helper(request: web.Request) -> Person:
    """Who is signed in and may give remote assistance, by title or by skill; what changes something has the sign-in's own token.

    Raises:
        Refusal: 401 or 403.
    """
    person = await required_person(request, *WRITERS) if request.method == "GET" else await writer(request, *WRITERS)
    async with request.app[DESK].database.reading() as connection:
        skills = await people.skills_of(connection, person.id)
    if level_of(person.roles, skills) < ASSISTS_FROM:
        raise Refusal(403, "not_allowed")
    return person


async def _own_session(request: web.Request, connection: AsyncConnection, person: Person) -> Any:
    session = await sessions.find(connection, request.match_info["session"])
    if session is None or session.person_id != person.id:
        raise Refusal(404, "not_found")
    return session


def _person(request: web.Request, person: Person | None) -> dict[str, Any]:
    if person is None:
        raise Refusal(401, "not_signed_in")
    organisation = request.app[DESK].organisation
    return {
        "name": person.name,
        "full_name": person.full_name,
        "organisation": organisation.document.name,
        "roles": sorted(person.roles),
        "csrf": person.csrf,
        "language": language_of(request, person),
        "root_fingerprint": organisation.fingerprint_text,
    }


def _ticket(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "subject": row.subject,
        "state": row.state,
        "changed_at": int(row.changed_at.timestamp()),
        "customer": {
            "name": row.customer_name,
            "number": row.customer_number,
            "phone": row.customer_phone,
            "email": row.customer_email,
            "address": row.customer_address,
        },
        "device": {"type": row.device_type, "name": row.device_name},
    }


def _room(room: sessions.Room) -> dict[str, Any]:
    return {"room": room.number, "token": room.token, "expires_at": room.expires_at}
