"""Tickets in the database: appended events, and beside them what lists and search need."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.codec import encode
from relay.desk import tickets
from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables

FIRST_NUMBER = 2001
LISTED_MAX = 100


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


def _rows() -> Any:
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


async def search(connection: AsyncConnection, text: str = "", state: str = "") -> list[Any]:
    """The tickets that hold `text` in number, subject or customer, the newest change first; at most a hundred."""
    query = _rows()
    if state:
        query = query.where(tables.ticket.c.state == state)
    for word in text.lower().split()[:10]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(
            or_(
                cast(tables.ticket.c.number, String) == word,
                *(
                    func.lower(column).like(f"%{escaped}%", escape="\\")
                    for column in (tables.ticket.c.subject, tables.customer.c.name, tables.customer.c.number)
                ),
            )
        )
    query = query.order_by(tables.ticket.c.changed_at.desc(), tables.ticket.c.id.desc()).limit(LISTED_MAX)
    return list((await connection.execute(query)).all())


async def find(connection: AsyncConnection, number: int) -> Any | None:
    """The ticket of this number with its customer and device."""
    return (await connection.execute(_rows().where(tables.ticket.c.number == number))).first()


async def open_ticket(
    connection: AsyncConnection, tenant: Tenant, person_id: int, new: NewTicket, *, number: int | None = None
) -> int:
    """Open a ticket; its number, which never changes."""
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
    device_id = await insert_row(
        connection,
        tables.device,
        **tenant.columns,
        customer_id=customer_id,
        type=new.device_type,
        name=new.device_name,
    )
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
    await append(connection, tenant, ticket_id, person_id, tickets.TicketOpened(new.subject, new.description))
    return number


async def append(
    connection: AsyncConnection, tenant: Tenant, ticket_id: int, person_id: int | None, event: tickets.TicketEvent
) -> tickets.Ticket:
    """Store one more event of a ticket.

    Raises:
        NotPossible: it does not follow from the events before; nothing is stored.
    """
    history = await history_of(connection, ticket_id)
    ticket = tickets.apply(tickets.rebuild(happened.event for happened in history), event)
    now = now_utc()
    await insert_row(
        connection,
        tables.ticket_event,
        **tenant.columns,
        ticket_id=ticket_id,
        number=len(history),
        at=now,
        person_id=person_id,
        event=encode(event).decode(),
    )
    await connection.execute(
        update(tables.ticket)
        .where(tables.ticket.c.id == ticket_id)
        .values(subject=ticket.subject, state=ticket.state, changed_at=now)
    )
    return ticket


async def history_of(connection: AsyncConnection, ticket_id: int) -> list[Happened]:
    """All events of a ticket, in order."""
    event, person = tables.ticket_event, tables.person
    rows = await connection.execute(
        select(event.c.at, event.c.event, person.c.full_name)
        .outerjoin(person, event.c.person_id == person.c.id)
        .where(event.c.ticket_id == ticket_id)
        .order_by(event.c.number)
    )
    return [Happened(row.at, row.full_name or "", tickets.events.decode(row.event.encode())) for row in rows]
