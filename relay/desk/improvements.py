"""The list of what should become better: a cause, and the tickets that show it."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.customer_store import note_change
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.rules import Incomplete
from relay.storage import tables
from relay.storage.prepared import Prepared
from relay.storage.standing import standing

STATES = ("open", "in_work", "done", "refused")


async def listed(connection: AsyncConnection, tenant: Tenant, *, only_open: bool = False) -> list[Any]:
    """What was noted, with how many tickets show it, the most frequent first."""
    used = tables.improvement, tables.improvement_ticket
    key = "improvements", tenant.service_id, only_open
    return await standing(connection, key, used, lambda: _read(connection, tenant, only_open=only_open))


async def _read(connection: AsyncConnection, tenant: Tenant, *, only_open: bool) -> list[Any]:
    improvement, shown = tables.improvement, tables.improvement_ticket
    count = select(func.count()).where(shown.c.improvement_id == improvement.c.id).scalar_subquery().label("tickets")
    query = select(improvement, count).where(improvement.c.service_id == tenant.service_id)
    if only_open:
        query = query.where(improvement.c.state.in_(("open", "in_work")))
    return list((await connection.execute(query.order_by(count.desc(), improvement.c.id).limit(200))).all())


async def find(connection: AsyncConnection, tenant: Tenant, improvement_id: int) -> Any | None:
    improvement = tables.improvement
    where = improvement.c.id == improvement_id, improvement.c.service_id == tenant.service_id
    return (await connection.execute(select(improvement).where(*where))).first()


async def tickets_of(connection: AsyncConnection, improvement_id: int) -> list[Any]:
    shown, ticket = tables.improvement_ticket, tables.ticket
    rows = await connection.execute(
        select(ticket.c.number, ticket.c.subject, ticket.c.state, ticket.c.changed_at)
        .join(shown, shown.c.ticket_id == ticket.c.id)
        .where(shown.c.improvement_id == improvement_id)
        .order_by(ticket.c.number.desc())
        .limit(200)
    )
    return list(rows.all())


def of_ticket(ticket: Any) -> Prepared:
    """What a ticket stands for on the list; its id may be found within the statement."""
    return Prepared(
        select(tables.improvement.c.id, tables.improvement.c.title, tables.improvement.c.state)
        .join(tables.improvement_ticket, tables.improvement_ticket.c.improvement_id == tables.improvement.c.id)
        .where(tables.improvement_ticket.c.ticket_id == ticket)
    )


async def note(
    connection: AsyncConnection, tenant: Tenant, person_id: int, ticket_id: int, title: str, known: int
) -> str:
    """Let a ticket show what is `known`, or something new with this title; what it is called.

    Raises:
        Incomplete: neither.
    """
    row = await find(connection, tenant, known) if known else None
    if row is None:
        if not title:
            raise Incomplete(("improvement",))
        values = {"title": title, "cause": "", "state": "open", "changed_at": now_utc()}
        improvement_id = await insert_row(connection, tables.improvement, **tenant.columns, **values)
        await note_change(connection, tenant, person_id, "improvement", improvement_id, title)
    else:
        improvement_id, title = row.id, row.title
    shown = tables.improvement_ticket
    where = shown.c.improvement_id == improvement_id, shown.c.ticket_id == ticket_id
    if (await connection.execute(select(shown.c.id).where(*where))).first() is None:
        await insert_row(connection, shown, **tenant.columns, improvement_id=improvement_id, ticket_id=ticket_id)
    return title


async def edit(
    connection: AsyncConnection, tenant: Tenant, person_id: int, improvement_id: int, seen: int, **fields: str
) -> bool:
    """Change an entry as it was in version `seen`; False where somebody else changed it meanwhile, and nothing is done."""
    improvement = tables.improvement
    done = await connection.execute(
        update(improvement)
        .where(
            improvement.c.id == improvement_id,
            improvement.c.version == seen,
            improvement.c.service_id == tenant.service_id,
        )
        .values(**fields, version=seen + 1, changed_at=now_utc())
    )
    if done.rowcount:
        what = "\n".join(f"{name}: {value}" for name, value in fields.items())
        await note_change(connection, tenant, person_id, "improvement", improvement_id, what)
    return bool(done.rowcount)
