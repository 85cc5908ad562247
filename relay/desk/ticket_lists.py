"""The lists of tickets: narrowed, in an order, a hundred at most. What can still be worked on comes before what is closed."""

from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import ticket_store, tickets
from relay.desk.people import Tenant
from relay.storage import search as index
from relay.storage import tables
from relay.storage.prepared import Prepared, Question

LISTED_MAX = 100
SIMPLE_WEIGHT_MAX = 3


async def search(
    connection: AsyncConnection,
    tenant: Tenant,
    text: str = "",
    state: str = "",
    *,
    most_urgent_first: bool = False,
    only_simple: bool = False,
    only_follow_ups: bool = False,
    **where: Any,
) -> list[Any]:
    """The tickets that hold the words of `text`, in their title first. Without words: those that are not closed, then, where there is
    room, those that are; of each the newest change first. At most a hundred.

    `where` narrows by columns of the ticket, such as `level=2`. Urgent is first what has priority, then what matters more, then what
    waits longest. Simple is what a junior begins with. Follow-ups are the tickets whose customer is to be asked again, by that day.
    """
    listed = partial(_listed, connection, tenant, only_simple)
    if state:
        where["state"] = state
    if text.strip():
        found = await index.find(connection, tenant, text, "ticket", limit=LISTED_MAX)
        rows = {row.id: row for row in await listed("found", where, found=found)}
        wanted = [rows[ticket_id] for ticket_id in found if ticket_id in rows]
        return [row for row in wanted if row.follow_up_at] if only_follow_ups else wanted
    if only_follow_ups:
        return await listed("follow_up", where)
    if state:
        return await listed("urgent" if most_urgent_first else "newest", where)
    if most_urgent_first:
        # Apart, since the index of what is urgent begins with the state.
        waiting = [await listed("urgent", {"state": one, **where}) for one in (tickets.OPEN, tickets.IN_SESSION)]
        first = sorted(chain(*waiting), key=_urgency)[:LISTED_MAX]
    else:
        first = await listed("open", where)
    if len(first) == LISTED_MAX:
        return first
    closed = await listed("newest", {"state": tickets.CLOSED, **where})
    return [*first, *closed[: LISTED_MAX - len(first)]]


def _urgency(row: Any) -> tuple[Any, ...]:
    return row.priority, -row.weight, row.changed_at, row.id


async def _listed(
    connection: AsyncConnection, tenant: Tenant, only_simple: bool, order: str, where: dict[str, Any], **more: Any
) -> list[Any]:
    values = {"service": tenant.service_id, **{f"wanted_{name}": value for name, value in where.items()}, **more}
    return await _listing(tuple(where), order, only_simple).all(connection, **values)


@lru_cache(maxsize=100)
def _listing(names: tuple[str, ...], order: str, only_simple: bool) -> Prepared:
    """The statement of a list, narrowed by these columns."""
    ticket = tables.ticket

    def column(name: str) -> Any:
        # SQLite takes any index of a column that it can, having no statistics. Hidden from it, what was found is looked up by its ids, and
        # what is open picked out of all that is open, rather than out of all that ever were of a level; one person's alone are fewer.
        is_hidden = order == "found" or (order == "open" and name not in ("service_id", "handler"))
        return func.coalesce(ticket.c[name], ticket.c[name]) if is_hidden else ticket.c[name]

    query = ticket_store.with_customer().where(column("service_id") == bindparam("service"))
    for name in names:
        query = query.where(column(name) == bindparam(f"wanted_{name}"))
    if only_simple:
        is_easy = column("complexity").in_(("", "low")), column("weight") <= SIMPLE_WEIGHT_MAX
        query = query.where(column("level") == 1, *is_easy)
    match order:
        case "found":
            return Prepared(query.where(ticket.c.id.in_(bindparam("found", expanding=True))))
        case "follow_up":
            # Said so that both databases begin behind those without a day.
            query = query.where(ticket.c.follow_up_at > datetime.fromtimestamp(0, UTC)).order_by(ticket.c.follow_up_at)
        case "urgent":
            query = query.order_by(ticket.c.priority, ticket.c.weight.desc(), ticket.c.changed_at, ticket.c.id)
        case "open":
            query = query.where(tables.ticket_is_open).order_by(ticket.c.changed_at.desc(), ticket.c.id.desc())
        case _:
            query = query.order_by(ticket.c.changed_at.desc(), ticket.c.id.desc())
    return Prepared(query.limit(LISTED_MAX))


_ASKED = Prepared(
    select(
        tables.ticket.c.number,
        tables.ticket.c.subject,
        tables.consultation.c.question,
        tables.consultation.c.at,
        tables.person.c.full_name,
    )
    .join(tables.ticket, tables.consultation.c.ticket_id == tables.ticket.c.id)
    .join(tables.person, tables.consultation.c.asked_by == tables.person.c.id)
    .where(
        tables.consultation.c.person_id == bindparam("asked"),
        tables.consultation.c.answered_at.is_(None),
        tables.consultation.c.service_id == bindparam("service"),
    )
    .order_by(tables.consultation.c.at)
    .limit(LISTED_MAX)
)


def asked_question(tenant: Tenant, person_id: int) -> Question:
    """The tickets about which this person was asked and has not answered yet, the longest waiting first."""
    return _ASKED.asked(asked=person_id, service=tenant.service_id)
