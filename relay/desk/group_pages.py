"""The pages of groups: members, opening hours, shifts, and whether anybody is there now."""

from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import customer_store, groups, hours, organisation_forms, ticket_lists, tickets
from relay.desk.directory import by_name
from relay.desk.forms import Typed
from relay.desk.groups import Group
from relay.desk.hours import Span
from relay.desk.people import Person, now_utc
from relay.desk.people import find as find_person
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, required_person
from relay.desk.rights import READERS, ROUTERS
from relay.storage import tables

routes = web.RouteTableDef()


@routes.get("/groups")
async def get_groups(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        found = await groups.listed(connection, person.tenant)
    return _list(request, person, found, organisation_forms.Group())


def _list(
    request: web.Request, person: Person, found: list[Group], form: organisation_forms.Group, *, status: int = 200
) -> web.Response:
    zone = ZoneInfo(request.app[DESK].settings.time_zone)
    may_route = bool(person.roles & set(ROUTERS))
    values: dict[str, Any] = {"groups": found, "form": form, "time_zone": zone, "may_route": may_route}
    return page(request, "groups.html", person, status=status, **values)


@routes.post("/groups")
async def post_group(request: web.Request) -> web.Response:
    person = await required_person(request, *ROUTERS)
    form = organisation_forms.Group(Typed(await form_of(request, person)))
    async with request.app[DESK].database.transaction() as connection:
        if not form.validate():
            return _list(request, person, await groups.listed(connection, person.tenant), form, status=400)
        group_id = await groups.add(connection, person.tenant, **form.data)
        await _note(connection, person, group_id, f"{form.name.data}: {form.title_fr.data}")
    return see_other(f"/groups/{group_id}")


async def _note(connection: AsyncConnection, person: Person, group_id: int, what: str) -> None:
    await customer_store.note_change(connection, person.tenant, person.id, "group", group_id, what)


async def _group_of(request: web.Request, connection: AsyncConnection, person: Person) -> Group:
    number = request.match_info["group"]
    group = await groups.find(connection, person.tenant, int(number)) if len(number) < 10 else None
    if group is None:
        raise Refusal(404, "not_found")
    return group


@routes.get("/groups/{group:[0-9]+}")
async def get_group(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        return await _page(request, connection, person, await _group_of(request, connection, person))


async def _page(
    request: web.Request, connection: AsyncConnection, person: Person, group: Group, *, status: int = 200, **more: Any
) -> web.Response:
    """The group; `more` may hold a form that could not be taken."""
    others = await connection.execute(
        select(tables.person.c.id, tables.person.c.name, tables.person.c.full_name)
        .where(tables.person.c.is_active, tables.person.c.id.not_in([member.id for member in group.members]))
        .order_by(tables.person.c.full_name)
        .limit(1000)
    )
    zone, now = ZoneInfo(request.app[DESK].settings.time_zone), now_utc()
    # What was handed over to it and is not over, what is most urgent first.
    where: dict[str, Any] = {"level": group.row.level, "group_name": group.row.name}
    waiting = await ticket_lists.search(connection, person.tenant, state=tickets.OPEN, most_urgent_first=True, **where)
    values: dict[str, Any] = {
        "group": group,
        "waiting": waiting,
        "others": by_name(others),
        "is_open": group.is_open(now, zone),
        "next_change": group.next_change(now, zone),
        "on_duty": group.on_duty(now, zone),
        "may_route": bool(person.roles & set(ROUTERS)),
        "opening": organisation_forms.Hours(),
        "shift": organisation_forms.Hours(),
        "shift_of": "",
    }
    return page(request, "group.html", person, status=status, **(values | more))


@routes.post("/groups/{group:[0-9]+}/members")
async def post_member(request: web.Request) -> web.Response:
    person = await required_person(request, *ROUTERS)
    fields = await form_of(request, person)
    async with request.app[DESK].database.transaction() as connection:
        group = await _group_of(request, connection, person)
        whom = await find_person(connection, fields.get("name", "")[:64])
        if whom is None:
            raise Refusal(404, "not_found")
        belongs = fields.get("belongs", "") == "yes"
        await groups.set_member(connection, person.tenant, group.row.id, whom.id, belongs=belongs)
        await _note(connection, person, group.row.id, f"{group.row.name}: {'+' if belongs else '−'} {whom.name}")
    return see_other(f"/groups/{group.row.id}")


@routes.post("/groups/{group:[0-9]+}/hours")
async def post_hours(request: web.Request) -> web.Response:
    """More hours, always, or none: what the pressed button says."""
    person = await required_person(request, *ROUTERS)
    fields = await form_of(request, person)
    form = organisation_forms.Hours(Typed(fields))
    async with request.app[DESK].database.transaction() as connection:
        group = await _group_of(request, connection, person)
        match fields.get("do", ""):
            case "always":
                spans = list(hours.WEEK)
            case "never":
                spans = []
            case "add" if form.validate():
                spans = group.spans + [Span(day, *form.span) for day in form.days]
            case _:
                return await _page(request, connection, person, group, status=400, opening=form)
        await groups.set_opening(connection, person.tenant, group.row.id, spans)
        await _note(connection, person, group.row.id, f"{group.row.name}: {_written(spans)}")
    return see_other(f"/groups/{group.row.id}")


@routes.post("/groups/{group:[0-9]+}/shifts")
async def post_shifts(request: web.Request) -> web.Response:
    """More shifts of one member, or none any more."""
    person = await required_person(request, *ROUTERS)
    fields = await form_of(request, person)
    form = organisation_forms.Hours(Typed(fields))
    async with request.app[DESK].database.transaction() as connection:
        group = await _group_of(request, connection, person)
        whom = next((member for member in group.members if member.name == fields.get("name", "")), None)
        if whom is None:
            raise Refusal(404, "not_found")
        spans = [Span(row.day, row.from_minute, row.to_minute) for row in group.shifts if row.person_id == whom.id]
        match fields.get("do", ""):
            case "none":
                spans = []
            case "add" if form.validate():
                spans += [Span(day, *form.span) for day in form.days]
            case _:
                return await _page(request, connection, person, group, status=400, shift=form, shift_of=whom.name)
        await groups.set_shifts(connection, person.tenant, group.row.id, whom.id, spans)
        await _note(connection, person, group.row.id, f"{group.row.name}, {whom.name}: {_written(spans)}")
    return see_other(f"/groups/{group.row.id}")


def _written(spans: list[Span]) -> str:
    """For the audit trail: the number of the day and the minutes as a clock shows them."""
    return ", ".join(f"{one.day} {_clock(one.from_minute)}–{_clock(one.to_minute)}" for one in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
