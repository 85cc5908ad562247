"""Tickets in the database: appended events, and beside them what lists (ticket_lists.py) and search need."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.codec import encode
from relay.desk import customer_store, guided_call, letters, levels, returns, tickets
from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import search as index
from relay.storage import tables
from relay.storage.changes import changed
from relay.storage.prepared import Prepared, Question, together

FIRST_NUMBER = 2001
STAGES_READ_MAX = 300


@dataclass(frozen=True)
class Happened:
    """One event with when it was and who did it."""

    at: datetime
    by: str
    event: tickets.TicketEvent


@dataclass(frozen=True)
class NewTicket:
    """What the form of a new ticket holds; checked texts."""

    subject: str
    description: str
    customer_name: str
    customer_number: str
    phone: str
    email: str
    address: str
    device_type: str
    device_name: str


def with_customer() -> Any:
    """Tickets, each with its customer and device."""
    ticket, customer, device = tables.ticket, tables.customer, tables.device
    return (
        select(
            ticket,
            customer.c.name.label("customer_name"),
            customer.c.number.label("customer_number"),
            customer.c.phone.label("customer_phone"),
            customer.c.email.label("customer_email"),
            customer.c.address.label("customer_address"),
            device.c.type.label("device_type"),
            device.c.name.label("device_name"),
        )
        .join(customer, ticket.c.customer_id == customer.c.id)
        .join(device, ticket.c.device_id == device.c.id)
    )


_OF_NUMBER = Prepared(with_customer().where(tables.ticket.c.number == bindparam("wanted")))
_OF_ID = Prepared(with_customer().where(tables.ticket.c.id == bindparam("id")))

_NUMBERED = select(tables.ticket).where(tables.ticket.c.number == bindparam("wanted"))
ID_OF_NUMBER = _NUMBERED.with_only_columns(tables.ticket.c.id).scalar_subquery()
"""Within a statement: the ticket of the number `wanted`. So what belongs to a ticket is asked for before its row is known."""
CUSTOMER_OF_NUMBER = _NUMBERED.with_only_columns(tables.ticket.c.customer_id).scalar_subquery()


def _history(ticket_id: Any) -> Prepared:
    event, person = tables.ticket_event, tables.person
    return Prepared(
        select(event.c.at, event.c.event, person.c.full_name)
        .outerjoin(person, event.c.person_id == person.c.id)
        .where(event.c.ticket_id == ticket_id)
        .order_by(event.c.number)
    )


_HISTORY, _HISTORY_OF_NUMBER = _history(bindparam("ticket")), _history(ID_OF_NUMBER)


async def find(connection: AsyncConnection, tenant: Tenant, number: int) -> Any | None:
    """The ticket of this number with its customer and device; None where the service has none."""
    (rows,) = await together(connection, number_question(number))
    return numbered(tenant, rows)


def number_question(number: int) -> Question:
    """What `numbered` reads the answer to."""
    return _OF_NUMBER.asked(wanted=number)


def numbered(tenant: Tenant, rows: Sequence[Any]) -> Any | None:
    """The ticket with its customer and device; None where there is none, or it is another service's."""
    return rows[0] if rows and rows[0].service_id == tenant.service_id else None


async def open_ticket(
    connection: AsyncConnection, tenant: Tenant, person_id: int, new: NewTicket, *, number: int | None = None
) -> int:
    """Open a ticket for a customer who is not known yet; its number, which never changes."""
    customer_id = await insert_row(
        connection,
        tables.customer,
        **tenant.columns,
        number=new.customer_number,
        name=new.customer_name,
        phone=new.phone,
        email=new.email,
        address=new.address,
    )
    await customer_store.make_found(connection, tenant, customer_id)
    device_id = await insert_row(
        connection,
        tables.device,
        **tenant.columns,
        customer_id=customer_id,
        type=new.device_type,
        name=new.device_name,
    )
    opened = tickets.TicketOpened(new.subject, new.description)
    return await open_for(connection, tenant, person_id, customer_id, device_id, opened, number=number)


async def open_for(
    connection: AsyncConnection,
    tenant: Tenant,
    person_id: int | None,
    customer_id: int,
    device_id: int,
    opened: tickets.TicketOpened,
    *,
    number: int | None = None,
) -> int:
    """Open a ticket for a known customer and one of their devices; its number."""
    if number is None:
        highest = (await connection.execute(select(func.max(tables.ticket.c.number)))).scalar()
        number = max(FIRST_NUMBER, (highest or 0) + 1)
    ticket_id = await insert_row(
        connection,
        tables.ticket,
        **tenant.columns,
        number=number,
        customer_id=customer_id,
        device_id=device_id,
        subject="",
        state="",
        changed_at=now_utc(),
    )
    changed(connection, f"customer:{customer_id}")
    await append(connection, tenant, ticket_id, person_id, opened)
    return number


@dataclass(frozen=True)
class Known:
    """A ticket as this transaction has read it: its row with customer and device, and its history."""

    row: Any
    history: list[Happened]


async def known(connection: AsyncConnection, tenant: Tenant, number: int) -> Known | None:
    """The ticket of this number; None where the service has none."""
    rows, events = await together(connection, number_question(number), history_question(number))
    row = numbered(tenant, rows)
    return None if row is None else Known(row, happened(events))


async def _known(connection: AsyncConnection, ticket_id: int) -> Known:
    (row,), events = await together(connection, _OF_ID.asked(id=ticket_id), _HISTORY.asked(ticket=ticket_id))
    return Known(row, happened(events))


async def append(
    connection: AsyncConnection,
    tenant: Tenant,
    ticket_id: int,
    person_id: int | None,
    *more: tickets.TicketEvent,
    before: Known | None = None,
) -> tickets.Ticket:
    """Store one more event of a ticket, or several; `before` is what is known of it, where this transaction has read it already.

    Raises:
        NotPossible: it does not follow from the events before; nothing is stored.
        RemoteProtocolError: it could not be read again.
    """
    if before is None:
        before = await _known(connection, ticket_id)
    history = [happened.event for happened in before.history]
    ticket, now = tickets.rebuild(history), now_utc()
    for event in more:
        text = encode(event)
        tickets.events.decode(text)
        ticket = tickets.apply(ticket, event)
        values = {"ticket_id": ticket_id, "number": len(history), "at": now, "person_id": person_id}
        _HAPPENED.later(connection, **tenant.columns, **values, event=text.decode())
        history.append(event)
    _CHANGED.later(connection, of=ticket_id, **columns_of(ticket, len(history)), changed_at=now)
    changed(connection, f"ticket:{ticket_id}")
    if any(isinstance(event, _WITH_TEXT) for event in more):
        await make_found(connection, tenant, before.row, ticket.subject, history)
    return ticket


_HAPPENED = Prepared(insert(tables.ticket_event).inline())
_CHANGED = Prepared(update(tables.ticket).where(tables.ticket.c.id == bindparam("of")))


def columns_of(ticket: tickets.Ticket, events: int) -> dict[str, Any]:
    """What is kept beside so many events, for lists and search."""
    case = ticket.case
    due = min((due for due, _ in case.follow_ups), default=None)
    return {
        "subject": ticket.subject,
        "state": ticket.state,
        "level": case.level,
        "stage": case.stage,
        "procedure": case.procedure,
        "priority": case.priority,
        "group_name": case.group,
        "handler": case.handler,
        "record": case.record,
        "complexity": case.complexity,
        "weight": case.weight,
        "reached": case.reached,
        "handlers": len(case.handlers),
        "events": events,
        "follow_up_at": None if due is None else datetime.fromtimestamp(due, UTC),
    }


_WITH_TEXT = (
    tickets.TicketOpened,
    tickets.NoteAdded,
    tickets.NoteCorrected,
    tickets.TicketClosed,
    levels.Assessed,
    levels.SolutionGiven,
    guided_call.WordsHeard,
    letters.MailReceived,
)


async def make_found(
    connection: AsyncConnection, tenant: Tenant, row: Any, subject: str, history: list[tickets.TicketEvent]
) -> None:
    """Let search find the ticket of this row by its number, its subject, its customer and all that was written."""
    who = f"{row.customer_name} {row.customer_number} {row.device_name}"
    title = f"{row.number} {subject}"
    await index.index(connection, tenant, "ticket", row.id, title, "\n".join([who, *texts_of(history)]))


def texts_of(history: Iterable[tickets.TicketEvent]) -> list[str]:
    """All that was written, as search is to find it."""
    texts: list[str] = []
    for event in history:
        match event:
            case (
                tickets.TicketOpened(description=text)
                | tickets.NoteAdded(text=text)
                | tickets.NoteCorrected(text=text)
                | levels.SolutionGiven(text=text)
            ):
                texts.append(text)
            case guided_call.WordsHeard(words=text) | levels.Assessed(key_points=text):
                texts.append(text)
            case letters.MailReceived(subject=subject, text=text):
                texts += [subject, text]
            case tickets.TicketClosed(resolution=text):
                texts.append(text)
            case _:
                pass
    return texts


async def find_missing(connection: AsyncConnection, tenant: Tenant) -> None:
    """Let search find the tickets of before there was search."""
    ticket, entry = tables.ticket, tables.search_entry
    # One look into the index a ticket: PostgreSQL goes through a list of a million for each of them (NOT IN), and the desk never starts.
    is_entered = exists().where(
        entry.c.service_id == ticket.c.service_id, entry.c.kind == "ticket", entry.c.subject_id == ticket.c.id
    )
    missing = select(ticket.c.id).where(ticket.c.service_id == tenant.service_id, ~is_entered)
    for ticket_id in (await connection.execute(missing)).scalars().all():
        unfound = await _known(connection, ticket_id)
        history = [happened.event for happened in unfound.history]
        await make_found(connection, tenant, unfound.row, unfound.row.subject, history)


# What tells how a customer's cases went, stage by stage; the rest is read on the ticket.
_STAGES = (
    tickets.TicketOpened,
    tickets.SessionStarted,
    tickets.SessionFinished,
    tickets.TicketClosed,
    tickets.TicketReopened,
    letters.MailReceived,
    letters.SurveyAnswered,
    guided_call.CallBegun,
    levels.Escalated,
    levels.SolutionGiven,
    levels.CustomerTested,
    levels.FollowUpDone,
    returns.ReturnAgreed,
    returns.ReturnMoved,
)


@dataclass(frozen=True)
class Stage:
    """One stage of one of a customer's tickets."""

    number: int
    happened: Happened


async def stages_of(connection: AsyncConnection, customer_id: int) -> list[Stage]:
    """The stages that a customer's tickets went through lately, the newest first."""
    event, person, ticket = tables.ticket_event, tables.person, tables.ticket
    rows = await connection.execute(
        select(ticket.c.number, event.c.at, event.c.event, person.c.full_name)
        .join(ticket, event.c.ticket_id == ticket.c.id)
        .outerjoin(person, event.c.person_id == person.c.id)
        .where(ticket.c.customer_id == customer_id)
        .order_by(event.c.at.desc(), event.c.id.desc())
        .limit(STAGES_READ_MAX)
    )
    stages = [
        Stage(row.number, Happened(row.at, row.full_name or "", tickets.events.decode(row.event.encode())))
        for row in rows
    ]
    return [stage for stage in stages if isinstance(stage.happened.event, _STAGES)]


async def history_of(connection: AsyncConnection, ticket_id: int) -> list[Happened]:
    """All events of a ticket, in order."""
    return happened(await _HISTORY.all(connection, ticket=ticket_id))


def history_question(number: int) -> Question:
    """What `happened` reads the answer to, of the ticket of this number."""
    return _HISTORY_OF_NUMBER.asked(wanted=number)


def happened(rows: Iterable[Any]) -> list[Happened]:
    """All events of a ticket, in order."""
    return [Happened(row.at, row.full_name or "", tickets.events.decode(row.event.encode())) for row in rows]
