"""The ticket's page: customer, guided call, the file of the case, the way through the levels, sessions, and its history."""

import asyncio
import contextlib
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

import relay.desk.letter_actions
import relay.desk.team_actions  # noqa: F401 - their buttons register themselves
from relay.desk import (
    actions,
    api,
    case_view,
    customer_store,
    document_store,
    guided_call,
    improvements,
    people,
    ticket_store,
    tickets,
)
from relay.desk.actions import ACTIONS, BadForm
from relay.desk.asked import Asked
from relay.desk.people import Person
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, required_person, signed_in
from relay.desk.rights import ASSISTS_FROM, READERS, REVIEWERS, WRITERS, level_of
from relay.desk.rules import Incomplete, NotPossible
from relay.storage import tables
from relay.storage.prepared import Prepared, Question

routes = web.RouteTableDef()

STILL_HERE_S = 20
"""The front gives up an answer after a minute of silence."""


async def asked_of(request: web.Request, connection: AsyncConnection, person: Person, fields: dict[str, str]) -> Asked:
    """The ticket that the path names, and who asks. Raises Refusal 404."""
    number = api.number_of(request.match_info["number"])
    known = None if number is None else await ticket_store.known(connection, person.tenant, number)
    if known is None:
        raise Refusal(404, "not_found")
    return await _asked_about(request, connection, person, known.row, known.history, fields)


async def _asked_about(
    request: web.Request,
    connection: AsyncConnection,
    person: Person,
    row: Any,
    history: list[ticket_store.Happened],
    fields: dict[str, str],
) -> Asked:
    desk = request.app[DESK]
    ticket = tickets.rebuild(happened.event for happened in history)
    level = level_of(person.roles, await people.skills_of(connection, person.id))
    return Asked(
        connection,
        person.tenant,
        person,
        level,
        row,
        history,
        ticket,
        fields,
        desk.organisation.document.name,
        desk.settings.own_origins[0],
        desk.settings.time_zone,
        desk.ladder_of(person.tenant),
    )


@routes.get("/tickets/{number:[0-9]+}")
async def get_ticket(request: web.Request) -> web.Response:
    return await ticket_page(request)


@routes.get("/tickets/{number:[0-9]+}/events")
async def get_events(request: web.Request) -> web.Response:
    """What was refused is shown at this address; once it is loaded again, or changed by others, it is the ticket's page."""
    await required_person(request, *READERS)
    return see_other(f"/tickets/{request.match_info['number']}")


@routes.post("/tickets/{number:[0-9]+}/events")
async def post_event(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    form = await form_of(request, person)
    name = form.get("event", "")
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            asked = await asked_of(request, connection, person, form)
            events = await actions.events_of(asked, name)
            if events:
                before = ticket_store.Known(asked.row, asked.history)
                await ticket_store.append(connection, person.tenant, asked.row.id, person.id, *events, before=before)
            for follow in asked.after:
                await follow()
    except BadForm as bad:
        return await ticket_page(request, bad=bad)
    except NotPossible as refused:
        first = refused.missing if isinstance(refused, Incomplete) else ()
        too_early = BadForm(name, actions.typed(name, form), form, first, fits=False)
        return await ticket_page(request, bad=too_early)
    return see_other(f"/tickets/{asked.row.number}#{_PLACE.get(name, 'guide')}")


# Where on the page one goes on after which button.
_PLACE = {
    "consult": "team",
    "consult-answer": "team",
    "hand-to": "team",
    "improve": "team",
    "tool": "tools",
    "return": "parcel",
    "return-moved": "parcel",
    "record": "way",
    "note": "history",
    "note-correct": "history",
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


async def ticket_page(request: web.Request, *, bad: BadForm | None = None) -> web.Response:
    """The whole page; with `bad` it tells what could not be taken, and keeps what was typed."""
    desk = request.app[DESK]
    async with api.asking_about_ticket(request, *READERS, also=_file_of) as (person, connection, row, answers):
        happened, held, stands_for, documents, *theirs = answers
        asked = await _asked_about(request, connection, person, row, ticket_store.happened(happened), {})
        view = customer_store.view_of(person.tenant, theirs)
        assert view is not None
        zone = ZoneInfo(desk.settings.time_zone)
        values = await case_view.values_of(asked, view, document_store.state_of(documents), desk.frequent, zone)
    stories = await desk.stories.of([session.id for session in held]) if held else {}
    shown = actions.empty_forms()
    if bad is not None:
        shown = {**shown, bad.action: bad.form}
    may_write = bool(person.roles & set(WRITERS))
    return page(
        request,
        "ticket.html",
        person,
        status=200 if bad is None else 400 if bad.fits else 409,
        ticket=row,
        history=asked.history,
        description=asked.ticket.description,
        sessions=[(one, stories[one.id].summary, stories[one.id]) for one in held],
        improvements=stands_for,
        root_fingerprint=desk.organisation.fingerprint_text,
        may_help=asked.level >= ASSISTS_FROM and row.state != tickets.CLOSED,
        may_write=may_write,
        may_review=bool(person.roles & set(REVIEWERS)),
        may_work=may_write and asked.level >= asked.ticket.case.level and row.state != tickets.CLOSED,
        may={name for name, action in ACTIONS.items() if person.roles & set(action.roles)},
        case=asked.ticket.case,
        consultations=asked.ticket.consultations,
        parcel=asked.ticket.parcel,
        prepared=asked.ticket.prepared,
        notes=asked.ticket.notes,
        corrected_by={one.event.note: one.by for one in asked.history if isinstance(one.event, tickets.NoteCorrected)},
        call=asked.ticket.call,
        view=view,
        forms=shown,
        bad=bad,
        steps=guided_call.STEPS,
        phases=guided_call.PHASES,
        timed=guided_call.timed((one.at, one.event) for one in asked.history),
        **values,
    )


_SESSIONS = Prepared(
    select(tables.session, tables.person.c.full_name)
    .join(tables.person, tables.session.c.person_id == tables.person.c.id)
    .where(tables.session.c.ticket_id == ticket_store.ID_OF_NUMBER)
    .order_by(tables.session.c.id.desc())
    .limit(50)
)
_STANDS_FOR = improvements.of_ticket(ticket_store.ID_OF_NUMBER)
_CUSTOMER = customer_store.view_statements(ticket_store.CUSTOMER_OF_NUMBER)


def _file_of(number: int) -> list[Question]:
    """All that belongs to a ticket, asked at once, so that all is of one moment: history, sessions, causes, documents, customer."""
    return [
        ticket_store.history_question(number),
        _SESSIONS.asked(wanted=number),
        _STANDS_FOR.asked(wanted=number),
        document_store.state_question(),
        *(statement.asked(wanted=number) for statement in _CUSTOMER),
    ]


@routes.get("/tickets/{number:[0-9]+}/changes")
async def get_changes(request: web.Request) -> web.StreamResponse:
    """Server-sent events: one whenever the ticket changed."""
    person = await required_person(request, *READERS)
    desk = request.app[DESK]
    async with desk.database.reading() as connection:
        row = await api.ticket_of(request, connection, person)
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
