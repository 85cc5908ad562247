"""What auditors search sessions by, one row a session beside the log: who, when, what was allowed, how it ended, what it lacks.

Derived from entries as they are stored, and from the statement about the evidence; nothing here is evidence itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.session_log import Answered, Entry, FileTransferred, Joined, Opened, SessionEnded
from protocol.vocabulary import Answer, FileOutcome
from relay.desk.people import Tenant
from relay.storage import tables
from relay.storage.words import fold

LISTED_MAX = 100


@dataclass(frozen=True)
class Filter:
    """What is looked for; what is empty or None does not matter.

    `person` and `customer` are parts of names, without regard to case and accents. `before` is where the last page ended.
    """

    ticket: int | None = None
    person: str = ""
    customer: str = ""
    since: datetime | None = None
    until: datetime | None = None
    level: int | None = None
    capability: str = ""
    outcome: str | None = None
    """How it ended; empty: nobody said, or it has not."""
    has_refusals: bool = False
    has_files: bool = False
    """At least one was moved."""
    is_incomplete: bool = False
    is_held: bool = False
    before: int | None = None


async def begin(connection: AsyncConnection, tenant: Tenant, session_id: int, ticket: Any, at: datetime) -> None:
    """A session is opened from a ticket."""
    row = {
        "session_id": session_id,
        "ticket": ticket.number,
        "customer": fold(f"{ticket.customer_name} {ticket.customer_number}")[:400],
        "people": "",
        "level": ticket.level,
        "at": at,
        "capabilities": " ",
        "refusals": 0,
        "files": 0,
        "outcome": "",
    }
    await connection.execute(insert(tables.session_fact).values(**tenant.columns, **row))


async def follow(connection: AsyncConnection, session_id: int, entry: Entry) -> None:
    """An entry of its log is stored."""
    fact = tables.session_fact
    match entry.event:
        case Opened(technician=name) | Joined(name=name):
            changes: dict[str, Any] = {"people": func.substr(fact.c.people + fold(name) + " ", 1, 1000)}
        case Answered(answer=Answer.ALLOWED, capabilities=allowed) if allowed:
            known = (
                await connection.execute(select(fact.c.capabilities).where(fact.c.session_id == session_id))
            ).scalar()
            changes = {"capabilities": f" {' '.join(sorted({*(known or '').split(), *allowed}))} "}
        case Answered(answer=Answer.REFUSED):
            changes = {"refusals": fact.c.refusals + 1}
        case FileTransferred(outcome=FileOutcome.MOVED):
            changes = {"files": fact.c.files + 1}
        case SessionEnded(outcome=outcome):
            changes = {"outcome": outcome}
        case _:
            return
    await connection.execute(update(fact).where(fact.c.session_id == session_id).values(**changes))


async def state(connection: AsyncConnection, session_id: int, faults: Sequence[str]) -> None:
    """What the evidence is worth; no faults: it is complete."""
    fact = tables.session_fact
    await connection.execute(
        update(fact).where(fact.c.session_id == session_id).values(faults=" ".join(dict.fromkeys(faults))[:400])
    )


async def find(connection: AsyncConnection, services: Sequence[int], wanted: Filter, *, limit: int = 50) -> list[Any]:
    """The sessions of these services, the newest first, at most `limit` and never more than a hundred."""
    fact, session, hold = tables.session_fact, tables.session, tables.legal_hold
    held = select(hold.c.id).where(hold.c.session_id == fact.c.session_id, hold.c.released_at.is_(None)).exists()
    page = (
        select(fact, held.label("is_held"))
        # Read in the order of the rows, which is that of time, until the page is full: by an index over services all would be sorted.
        .where((fact.c.service_id + 0).in_(services), *_conditions(wanted, held))
        .order_by(fact.c.id.desc())
        .limit(min(limit, LISTED_MAX))
        .subquery()
    )
    ticket, customer = tables.ticket, tables.customer
    query = (
        select(
            page,
            session.c.session,
            session.c.state,
            session.c.ended_at,
            session.c.entries,
            customer.c.name.label("customer_name"),
        )
        .join(session, page.c.session_id == session.c.id)
        .join(ticket, session.c.ticket_id == ticket.c.id)
        .join(customer, ticket.c.customer_id == customer.c.id)
        .order_by(page.c.id.desc())
    )
    return list((await connection.execute(query)).all())


async def names_of(connection: AsyncConnection, rows: Sequence[Any]) -> dict[int, list[str]]:
    """Who took part in these sessions, by the session's id, in the order in which they came; written as their certificates say."""
    who = tables.participant
    query = select(who.c.session_id, who.c.name).where(who.c.session_id.in_([row.session_id for row in rows]))
    names: dict[int, list[str]] = {row.session_id: [] for row in rows}
    for session_id, name in await connection.execute(query.order_by(who.c.id)):
        if name not in names[session_id]:
            names[session_id].append(name)
    return names


def _conditions(wanted: Filter, held: Any) -> list[Any]:
    fact = tables.session_fact
    conditions: list[Any] = []
    for column, value in (("ticket", wanted.ticket), ("level", wanted.level), ("outcome", wanted.outcome)):
        if value is not None:
            conditions.append(fact.c[column] == value)
    for column, words in (("people", wanted.person), ("customer", wanted.customer)):
        # Each word by itself, so that the order of first and last name does not matter.
        conditions += [fact.c[column].contains(fold(word), autoescape=True) for word in words.split()]
    if wanted.capability:
        conditions.append(fact.c.capabilities.contains(f" {wanted.capability} ", autoescape=True))
    if wanted.since is not None:
        conditions.append(fact.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(fact.c.at < wanted.until)
    if wanted.has_refusals:
        conditions.append(fact.c.refusals > 0)
    if wanted.has_files:
        conditions.append(fact.c.files > 0)
    if wanted.is_incomplete:
        conditions.append(fact.c.faults != "")
    if wanted.is_held:
        conditions.append(held)
    if wanted.before is not None:
        conditions.append(fact.c.id < wanted.before)
    return conditions
