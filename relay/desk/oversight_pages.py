"""Who can do what, and the trail of every change."""

from datetime import datetime
from typing import Any

from aiohttp import web
from sqlalchemy import delete, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import customer_store, directory, organisation_forms, people, publishing, tickets
from relay.desk.forms import Typed
from relay.desk.people import Person, insert_row
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, required_person
from relay.desk.rights import DESIGNERS, OVERSEERS, READERS
from relay.storage import tables

routes = web.RouteTableDef()

TRAIL_MAX = 200


@routes.get("/people")
async def get_people(request: web.Request) -> web.Response:
    """The directory: who is there for which domain, at which level."""
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.reading() as connection:
        return await _people_page(request, connection, person)


async def _people_page(
    request: web.Request, connection: AsyncConnection, person: Person, *, status: int = 200, **forms: Any
) -> web.Response:
    """The directory; `forms` may hold one that could not be taken."""
    domain, name = request.query.get("domain", "")[:40], request.query.get("search", "")[:64].strip()
    listed = await directory.listed(connection, domain=domain, name=name)
    domains = (await connection.execute(select(tables.skill.c.domain).distinct())).scalars().all()
    values: dict[str, Any] = {"domains": sorted(domains), "domain": domain, "search": name, "people": listed}
    values |= {"skill": organisation_forms.Skill(), "experience": organisation_forms.Experience(), **forms}
    may_change = bool(person.roles & set(DESIGNERS))
    return page(request, "people.html", person, status=status, may_change=may_change, **values)


async def _whom(connection: AsyncConnection, form: Any) -> Any | None:
    """Whom a form names; None, with the reason beside the field, where it cannot be taken."""
    if not form.validate():
        return None
    row = await people.find(connection, form["name"].data)
    if row is None:
        form["name"].errors = ["nobody"]
    return row


@routes.post("/people/skills")
async def post_skill(request: web.Request) -> web.Response:
    """Note, or take away, what somebody can do; both stand in the audit trail."""
    person = await required_person(request, *DESIGNERS)
    form, skill = organisation_forms.Skill(Typed(await form_of(request, person))), tables.skill
    async with request.app[DESK].database.transaction() as connection:
        whom = await _whom(connection, form)
        if whom is None:
            return await _people_page(request, connection, person, status=400, skill=form)
        domain, grade = form.domain.data, int(form.grade.data)
        await connection.execute(delete(skill).where(skill.c.person_id == whom.id, skill.c.domain == domain))
        if grade:
            await insert_row(connection, skill, **person.tenant.columns, person_id=whom.id, domain=domain, grade=grade)
        what = f"{whom.name}: {domain} → {grade}"
        await customer_store.note_change(connection, person.tenant, person.id, "person", whom.id, what)
    return see_other("/people")


@routes.post("/people/seniority")
async def post_seniority(request: web.Request) -> web.Response:
    """How experienced somebody is: juniors are shown the simple requests first."""
    person = await required_person(request, *DESIGNERS)
    form, row = organisation_forms.Experience(Typed(await form_of(request, person))), tables.person
    async with request.app[DESK].database.transaction() as connection:
        whom = await _whom(connection, form)
        if whom is None:
            return await _people_page(request, connection, person, status=400, experience=form)
        seniority = form.seniority.data
        await connection.execute(update(row).where(row.c.id == whom.id).values(seniority=seniority))
        what = f"{whom.name}: {seniority}"
        await customer_store.note_change(connection, person.tenant, person.id, "person", whom.id, what)
    return see_other("/people")


@routes.get("/audit")
async def get_audit(request: web.Request) -> web.Response:
    """Every change in the services that are open to this person, the newest first: who, when, what."""
    person = await required_person(request, *OVERSEERS)
    before = request.query.get("before", "")
    try:
        until = datetime.fromisoformat(before) if before else None
    except ValueError:
        until = None
    if until is not None and until.tzinfo is None:
        until = None
    async with request.app[DESK].database.transaction() as connection:
        rows, earlier = await trail(connection, [service.id for service in person.services], until)
    more = earlier.isoformat() if earlier else ""
    # What lies in another service is read there; who asks has to change to it first.
    elsewhere = {one.id: one.name for one in person.services if one.id != person.tenant.service_id}
    lines = [(row, _event_of(row), elsewhere.get(row.service_id)) for row in rows]
    return page(request, "audit.html", person, lines=lines, more=more)


async def trail(
    connection: AsyncConnection, services: list[int], until: datetime | None
) -> tuple[list[Any], datetime | None]:
    """What happened before `until`, the newest first, and before when what is not among it happened; None for no more."""
    ticket, document, change, who = tables.ticket_event, tables.document_event, tables.change, tables.person
    cases, documents = tables.ticket, tables.document
    of_ticket = select(
        ticket.c.at, ticket.c.id, ticket.c.person_id, literal("ticket").label("subject"), cases.c.number,
        cases.c.subject.label("title"), ticket.c.event, ticket.c.service_id,
    ).select_from(ticket.join(cases, ticket.c.ticket_id == cases.c.id))  # fmt: skip
    of_document = select(
        document.c.at, document.c.id, document.c.person_id, documents.c.kind, document.c.document_id,
        documents.c.title, document.c.event, document.c.service_id,
    ).select_from(document.join(documents, document.c.document_id == documents.c.id))  # fmt: skip
    of_rest = select(
        change.c.at, change.c.id, change.c.person_id, change.c.subject, change.c.subject_id, literal(""), change.c.what,
        change.c.service_id,
    )  # fmt: skip
    parts: list[Any] = []
    for part, table in ((of_ticket, ticket), (of_document, document), (of_rest, change)):
        # Read by the index over times; by one over services all of them would be sorted.
        column, narrowed = table.c.at, part.where((table.c.service_id + 0).in_(services))
        if until:
            narrowed = narrowed.where(column < until)
        parts.append(select(narrowed.order_by(column.desc(), table.c.id.desc()).limit(TRAIL_MAX).subquery()))
    everything = union_all(*parts).subquery()
    query = (
        select(everything, who.c.full_name)
        .outerjoin(who, everything.c.person_id == who.c.id)
        .order_by(everything.c.at.desc(), everything.c.subject, everything.c.id.desc())
        .limit(TRAIL_MAX)
    )
    rows = list((await connection.execute(query)).all())
    if len(rows) < TRAIL_MAX:
        return rows, None
    # What happened at one moment stays together: else the rest of it would be on no page.
    rows = [row for row in rows if row.at > rows[-1].at] or rows
    return rows, rows[-1].at


def _event_of(row: Any) -> Any:
    """What a line of the trail tells of a ticket or a document; None for all that is stored as it is read."""
    if row.subject == "ticket":
        return tickets.events.decode(row.event.encode())
    return publishing.events.decode(row.event.encode()) if row.subject in publishing.KINDS else None
