"""The pages of quality: reviewing a call, coaching, and the few figures that this part counts."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import api, forms, people, quality, reviews
from relay.desk.forms import Typed
from relay.desk.people import Person, now_utc
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, paragraph, required_person
from relay.desk.rights import COACHES, READERS, REVIEWERS

routes = web.RouteTableDef()


@routes.get("/tickets/{number:[0-9]+}/review")
async def get_review(request: web.Request) -> web.Response:
    """The last contact of a ticket: what its events say, and the criteria to be marked."""
    person = await required_person(request, *REVIEWERS)
    async with request.app[DESK].database.transaction() as connection:
        return await _review(request, connection, person)


async def _review(
    request: web.Request, connection: AsyncConnection, person: Person, *, problem: bool = False
) -> web.Response:
    row = await api.ticket_of(request, connection, person)
    facts, whose = await reviews.last_call(connection, row.id)
    values: dict[str, Any] = {
        "ticket": row,
        "facts": facts,
        "whose": whose,
        "criteria": quality.CRITERIA,
        "reviews": await reviews.reviews_of(connection, person.tenant, ticket_id=row.id),
        "marks_of": reviews.marks_of,
        "problem": problem,
        "may_coach": bool(person.roles & set(COACHES)),
        "today": now_utc().astimezone(ZoneInfo(request.app[DESK].settings.time_zone)).date().isoformat(),
    }
    return page(request, "review.html", person, status=400 if problem else 200, **values)


@routes.post("/tickets/{number:[0-9]+}/review")
async def post_review(request: web.Request) -> web.Response:
    person = await required_person(request, *REVIEWERS)
    fields = await form_of(request, person)
    marks = {one.name: fields.get(one.name, "") for one in quality.CRITERIA}
    async with request.app[DESK].database.transaction() as connection:
        row = await api.ticket_of(request, connection, person)
        _, whose = await reviews.last_call(connection, row.id)
        if whose is None:
            raise Refusal(409, "not_possible")
        if set(marks.values()) - set(quality.MARKS):
            return await _review(request, connection, person, problem=True)
        remark = paragraph(fields.get("remark", ""))
        await reviews.add_review(connection, person.tenant, row.id, whose.id, person.id, marks, remark)
    return see_other(f"/tickets/{row.number}/review")


@routes.get("/coaching")
async def get_coaching(request: web.Request) -> web.Response:
    """Coaches see everybody's, others their own."""
    person = await required_person(request, *READERS)
    is_coach = bool(person.roles & set(COACHES))
    async with request.app[DESK].database.transaction() as connection:
        found = await reviews.coaching_of(connection, person.tenant, None if is_coach else person.id)
        own = [] if is_coach else await reviews.reviews_of(connection, person.tenant, person_id=person.id)
    values: dict[str, Any] = {"coaching": found, "reviews": own, "marks_of": reviews.marks_of, "is_coach": is_coach}
    return page(request, "coaching.html", person, form=forms.Coaching(), **values)


@routes.post("/coaching")
async def post_coaching(request: web.Request) -> web.Response:
    person = await required_person(request, *COACHES)
    fields = await form_of(request, person)
    form, zone = forms.Coaching(Typed(fields)), ZoneInfo(request.app[DESK].settings.time_zone)
    async with request.app[DESK].database.transaction() as connection:
        whom = await people.find(connection, fields.get("name", "")[:64])
        if not form.validate() or whom is None:
            found = await reviews.coaching_of(connection, person.tenant, None)
            values: dict[str, Any] = {"coaching": found, "reviews": [], "marks_of": reviews.marks_of, "is_coach": True}
            return page(request, "coaching.html", person, status=400, form=form, **values)
        ticket = await api.ticket_by(connection, person, form.ticket.data) if form.ticket.data else None
        due = form.due.data
        due_at = datetime.combine(due, time(23, 59), zone).astimezone(UTC) if due else None
        await reviews.add_coaching(
            connection, person.tenant, whom.id, person.id, ticket.id if ticket else None, form.text.data, due_at
        )
    return see_other("/coaching")


@routes.post("/coaching/{coaching:[0-9]+}/done")
async def post_coaching_done(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    await form_of(request, person)
    number = request.match_info["coaching"]
    async with request.app[DESK].database.transaction() as connection:
        if len(number) > 9 or not await reviews.finish_coaching(connection, person.tenant, int(number), person.id):
            raise Refusal(404, "not_found")
    return see_other("/coaching")


@routes.get("/figures")
async def get_figures(request: web.Request) -> web.Response:
    person = await required_person(request, *REVIEWERS)
    async with request.app[DESK].database.transaction() as connection:
        figures = await reviews.figures(connection, person.tenant)
    return page(request, "figures.html", person, **figures)
