"""Groups of the desk in the database: who belongs to them, when they are there, who is on duty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import hours
from relay.desk.directory import by_name
from relay.desk.hours import Span
from relay.desk.people import Tenant, insert_row
from relay.storage import tables
from relay.storage.standing import standing


@dataclass(frozen=True)
class Group:
    """One group as people look at it."""

    row: Any
    members: list[Any]
    opening: list[Any]
    shifts: list[Any]

    @property
    def spans(self) -> list[Span]:
        return [_span(row) for row in self.opening]

    @property
    def is_always_open(self) -> bool:
        return hours.is_always(self.spans)

    @property
    def gaps(self) -> list[Span]:
        """When it is open and nobody is on duty; nothing is said before the first shift is planned."""
        return hours.gaps(self.spans, [_span(row) for row in self.shifts]) if self.shifts else []

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        return hours.is_open(self.spans, at, zone)

    def next_change(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        return hours.next_change(self.spans, at, zone)

    def on_duty(self, at: datetime, zone: ZoneInfo) -> list[str]:
        """Who is there at this moment, by their shifts."""
        return sorted({row.full_name for row in self.shifts if hours.is_open([_span(row)], at, zone)})


def _span(row: Any) -> Span:
    return Span(row.day, row.from_minute, row.to_minute)


async def listed(connection: AsyncConnection, tenant: Tenant) -> list[Group]:
    """All groups of a service."""
    used = tables.desk_group, tables.group_member, tables.opening, tables.shift, tables.person
    return await standing(connection, ("groups", tenant.service_id), used, lambda: _read(connection, tenant))


async def _read(connection: AsyncConnection, tenant: Tenant) -> list[Group]:
    group, member, opening, shift, person = (
        tables.desk_group,
        tables.group_member,
        tables.opening,
        tables.shift,
        tables.person,
    )
    where = group.c.service_id == tenant.service_id
    rows = (await connection.execute(select(group).where(where).order_by(group.c.level, group.c.name))).all()
    ids = [row.id for row in rows]
    people = (
        await connection.execute(
            select(member.c.group_id, person.c.id, person.c.name, person.c.full_name)
            .join(person, member.c.person_id == person.c.id)
            .where(member.c.group_id.in_(ids))
        )
    ).all()
    openings = (
        await connection.execute(
            select(opening).where(opening.c.group_id.in_(ids)).order_by(opening.c.day, opening.c.from_minute)
        )
    ).all()
    shifts = (
        await connection.execute(
            select(shift, person.c.full_name)
            .join(person, shift.c.person_id == person.c.id)
            .where(shift.c.group_id.in_(ids))
            .order_by(shift.c.day, shift.c.from_minute)
        )
    ).all()

    def of(found: Any, group_id: int) -> list[Any]:
        return [one for one in found if one.group_id == group_id]

    return [Group(row, by_name(of(people, row.id)), of(openings, row.id), of(shifts, row.id)) for row in rows]


async def find(connection: AsyncConnection, tenant: Tenant, group_id: int) -> Group | None:
    return next((group for group in await listed(connection, tenant) if group.row.id == group_id), None)


async def named(connection: AsyncConnection, tenant: Tenant, name: str) -> Group | None:
    """The group that a procedure hands its cases to."""
    return next((group for group in await listed(connection, tenant) if group.row.name == name), None)


async def groups_of(connection: AsyncConnection, tenant: Tenant, person_id: int) -> list[str]:
    """The names of the groups that somebody belongs to."""
    group, member = tables.desk_group, tables.group_member
    rows = await connection.execute(
        select(group.c.name)
        .join(member, member.c.group_id == group.c.id)
        .where(member.c.person_id == person_id, group.c.service_id == tenant.service_id)
    )
    return list(rows.scalars())


async def add(connection: AsyncConnection, tenant: Tenant, **values: Any) -> int:
    """A new group; its id. Raises IntegrityError where there is one of this name."""
    return await insert_row(connection, tables.desk_group, **tenant.columns, **values)


async def set_member(
    connection: AsyncConnection, tenant: Tenant, group_id: int, person_id: int, *, belongs: bool
) -> None:
    """Whoever leaves a group has no shifts in it any more."""
    member, shift = tables.group_member, tables.shift
    await connection.execute(delete(member).where(member.c.group_id == group_id, member.c.person_id == person_id))
    if belongs:
        await insert_row(connection, member, **tenant.columns, group_id=group_id, person_id=person_id)
    else:
        await connection.execute(delete(shift).where(shift.c.group_id == group_id, shift.c.person_id == person_id))


async def set_opening(connection: AsyncConnection, tenant: Tenant, group_id: int, spans: list[Span]) -> None:
    """These hours instead of those of before."""
    opening = tables.opening
    await connection.execute(delete(opening).where(opening.c.group_id == group_id))
    for span in hours.merged(spans):
        values = {"day": span.day, "from_minute": span.from_minute, "to_minute": span.to_minute}
        await insert_row(connection, opening, **tenant.columns, group_id=group_id, **values)


async def set_shifts(
    connection: AsyncConnection, tenant: Tenant, group_id: int, person_id: int, spans: list[Span]
) -> None:
    """This person's shifts in this group instead of those of before."""
    shift = tables.shift
    await connection.execute(delete(shift).where(shift.c.group_id == group_id, shift.c.person_id == person_id))
    for span in hours.merged(spans):
        values = {"day": span.day, "from_minute": span.from_minute, "to_minute": span.to_minute}
        await insert_row(connection, shift, **tenant.columns, group_id=group_id, person_id=person_id, **values)
