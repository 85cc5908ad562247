"""The ticket's page: customer, guided call, the file of the case, the way through the levels, sessions, and its history."""

import asyncio
import contextlib
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import (
    actions,
    api,
    customer_store,
    document_store,
    forms,
    guided_call,
    levels,
    question_trees,
    sessions,
    ticket_store,
    tickets,
)
from relay.desk.actions import ACTIONS, Asked, BadForm
from relay.desk.people import Person, now_utc
from relay.desk.procedures import Procedure
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, required_person, signed_in
from relay.desk.rights import READERS, WRITERS, level_of
from relay.storage import tables

routes = web.RouteTableDef()

STILL_HERE_S = 20
"""The front gives up an answer after a minute of silence."""


async def asked_of(request: web.Request, connection: AsyncConnection, person: Person, fields: dict[str, str]) -> Asked:
    """The ticket that the path names, and who asks. Raises Refusal 404."""
    desk = request.app[DESK]
    row = await api.ticket_of(request, connection)
    history = await ticket_store.history_of(connection, row.id)
    ticket = tickets.rebuild(happened.event for happened in history)
    level = level_of(person.roles, await skills_of(connection, person.id))
    return Asked(connection, desk.tenant, person, level, row, ticket, fields)


async def skills_of(connection: AsyncConnection, person_id: int) -> frozenset[str]:
    skill = tables.skill
    rows = await connection.execute(select(skill.c.domain).where(skill.c.person_id == person_id))
    return frozenset(rows.scalars())


@routes.get("/tickets/{number:[0-9]+}")
async def get_ticket(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    return await ticket_page(request, person)


@routes.post("/tickets/{number:[0-9]+}/events")
async def post_event(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    form = await form_of(request, person)
    name = form.get("event", "")
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            asked = await asked_of(request, connection, person, form)
            for event in await actions.events_of(asked, name):
                await ticket_store.append(connection, desk.tenant, asked.row.id, person.id, event)
    except BadForm as bad:
        return await ticket_page(request, person, bad=bad)
    return see_other(f"/tickets/{asked.row.number}#{_PLACE.get(name, 'guide')}")


# Where on the page one goes on after which button.
_PLACE = {
    "note": "history",
    "close": "history",
    "reopen": "history",
    "priority": "way",
    "take": "way",
    "inform": "way",
    "approve": "way",
    "escalate": "way",
    "solve": "way",
    "apply": "way",
    "tested": "way",
    "follow-up": "after",
    "follow-up-done": "after",
    "link": "knowledge",
}


async def ticket_page(request: web.Request, person: Person, *, bad: BadForm | None = None) -> web.Response:
    """The whole page; with `bad` it tells what could not be taken, and keeps what was typed."""
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        await sessions.close_abandoned(connection, desk.tenant)
        asked = await asked_of(request, connection, person, {})
        row = asked.row
        history = await ticket_store.history_of(connection, row.id)
        held = await _sessions_of(connection, row.id)
        values = await _case_values(asked)
        view = await customer_store.view(connection, desk.tenant, row.customer_id)
    stories = await desk.stories.of([session.id for session in held])
    shown = {name: action.form() for name, action in ACTIONS.items()}
    if bad is not None:
        shown[bad.action] = bad.form
    may_write = bool(person.roles & set(WRITERS))
    return page(
        request,
        "ticket.html",
        person,
        status=200 if bad is None else 400,
        ticket=row,
        history=history,
        description=asked.ticket.description,
        sessions=[(one, stories[one.id].summary, stories[one.id]) for one in held],
        root_fingerprint=desk.organisation.fingerprint_text,
        may_help=bool(person.roles & set(api.HELPERS)) and row.state != tickets.CLOSED,
        may_write=may_write,
        may_work=may_write and asked.level >= asked.ticket.case.level and row.state != tickets.CLOSED,
        may={name for name, action in ACTIONS.items() if person.roles & set(action.roles)},
        case=asked.ticket.case,
        call=asked.ticket.call,
        view=view,
        forms=shown,
        bad=bad,
        steps=guided_call.STEPS,
        **values,
    )


async def _sessions_of(connection: AsyncConnection, ticket_id: int) -> list[Any]:
    rows = await connection.execute(
        select(tables.session, tables.person.c.full_name)
        .join(tables.person, tables.session.c.person_id == tables.person.c.id)
        .where(tables.session.c.ticket_id == ticket_id)
        .order_by(tables.session.c.id.desc())
        .limit(50)
    )
    return list(rows.all())


async def _case_values(asked: Asked) -> dict[str, Any]:
    """What the procedure, the questions and the knowledge say about this case."""
    connection, case, call = asked.connection, asked.ticket.case, asked.ticket.call
    procedure, tree = await asked.procedure(), await asked.tree()
    procedures = await document_store.in_force(connection, asked.tenant, "procedure")
    scripts = await document_store.in_force(connection, asked.tenant, "script")
    row = procedure.escalation(case.level) if isinstance(procedure, Procedure) else None
    now = int(now_utc().timestamp())
    linked = [document_id for document_id, _, _ in case.articles]
    document, person = tables.document, tables.person
    articles = (await connection.execute(select(document).where(document.c.id.in_(linked)))).all()
    suggested = await document_store.articles_for(connection, asked.tenant, asked.row.subject, limit=5)
    people = (await connection.execute(select(person.c.name, person.c.full_name))).all()
    return {
        "procedure": procedure,
        "procedures": {name: content for name, (_, _, content) in procedures.items()},
        "scripts": {name: content for name, (_, _, content) in scripts.items()},
        "path": question_trees.walk(tree, call.answers) if tree else None,
        "escalation": row,
        "missing": levels.missing_before(case, procedure, row, now) if procedure and row else [],
        "now_s": now,
        "at": actions.at,
        "articles": {article.id: article for article in articles},
        "suggested": [article for article in suggested if article.id not in linked],
        "names": {one.name: one.full_name for one in people},
        "level_for": question_trees.LEVEL_FOR,
        "needs": [need for line in procedure.escalations for need in line.needs] if procedure else [],
    }


@routes.get("/tickets/{number:[0-9]+}/changes")
async def get_changes(request: web.Request) -> web.StreamResponse:
    """Server-sent events: one whenever the ticket changed."""
    await required_person(request, *READERS)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row = await api.ticket_of(request, connection)
    return await tell_changes(request, f"ticket:{row.id}")


async def tell_changes(request: web.Request, subject: str) -> web.StreamResponse:
    """Tell of every change of `subject`, until either side goes or nobody is signed in any more."""
    changes = request.app[DESK].database.changes
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    with changes.listening(subject) as event, contextlib.suppress(ConnectionError):
        await response.prepare(request)
        await response.write(b"retry: 2000\n\n: here\n\n")
        while not changes.is_closed:
            try:
                async with asyncio.timeout(STILL_HERE_S):
                    await event.wait()
            except TimeoutError:
                if await signed_in(request) is None:
                    break
                await response.write(b": still here\n\n")
                continue
            event.clear()
            if not changes.is_closed:
                await response.write(b"event: changed\ndata: now\n\n")
        await response.write_eof()
    return response


# --- customers -----------------------------------------------------------------------------------------------------------


@routes.get("/customers")
async def get_customers(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    text = request.query.get("search", "")[:200]
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        found = await customer_store.identify(connection, desk.tenant, text)
    return page(request, "customers.html", person, customers=found, search=text)


async def _view_of(request: web.Request, connection: AsyncConnection) -> customer_store.View:
    number = request.match_info["customer"]
    view = await customer_store.view(connection, request.app[DESK].tenant, int(number)) if len(number) < 10 else None
    if view is None:
        raise web.HTTPNotFound
    return view


@routes.get("/customers/{customer:[0-9]+}")
async def get_customer(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        view = await _view_of(request, connection)
    return _customer_page(request, person, view)


def _customer_page(
    request: web.Request, person: Person, view: customer_store.View, *, status: int = 200, **more: Any
) -> web.Response:
    row = view.customer
    data = {name: getattr(row, name) for name in customer_store.FIELDS}
    values: dict[str, Any] = {
        "edit": forms.Customer(data=data),
        "open": forms.NewCase(),
        "seen": row.version,
        "stale": [],
    } | more
    may_write = bool(person.roles & set(WRITERS))
    return page(request, "customer.html", person, status=status, view=view, may_write=may_write, **values)


@routes.post("/customers/{customer:[0-9]+}")
async def post_customer(request: web.Request) -> web.Response:
    """Change who the customer is. A form of before somebody else's change is shown beside what is there now."""
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form = forms.Customer(forms.Typed(fields))
    seen = int(fields["seen"]) if fields.get("seen", "").isdigit() and len(fields["seen"]) < 10 else 0
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        view = await _view_of(request, connection)
        row = view.customer
        if not form.validate():
            return _customer_page(request, person, view, status=400, edit=form, seen=seen)
        if await customer_store.edit(connection, desk.tenant, person.id, row.id, seen, **form.data):
            return see_other(f"/customers/{row.id}")
    stale = [(name, getattr(row, name), value) for name, value in form.data.items() if getattr(row, name) != value]
    return _customer_page(request, person, view, status=409, edit=form, seen=row.version, stale=stale)


@routes.post("/customers/{customer:[0-9]+}/tickets")
async def post_customer_ticket(request: web.Request) -> web.Response:
    """Open a ticket for a customer whom we know, about one of their devices."""
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form = forms.NewCase(forms.Typed(fields))
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        view = await _view_of(request, connection)
        if not form.validate() or form.device.data not in {device.id for device in view.devices}:
            return _customer_page(request, person, view, status=400, open=form)
        opened = tickets.TicketOpened(form.subject.data, form.description.data)
        number = await ticket_store.open_for(
            connection, desk.tenant, person.id, view.customer.id, form.device.data, opened
        )
    return see_other(f"/tickets/{number}")
