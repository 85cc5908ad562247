"""Customers: who they are, what they have, and everything that happened with them over all channels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import search, tables
from relay.storage.changes import changed
from relay.storage.prepared import Prepared, together
from relay.storage.words import numeral_of

LISTED_MAX = 50
VIEWED_MAX = 20
PHONE_DIGITS_MIN = 9
FIELDS = ("name", "number", "phone", "email", "address", "kind", "language")


@dataclass(frozen=True)
class View:
    """Everything about one customer, on one screen."""

    customer: Any
    contracts: list[Any]
    orders: list[Any]
    devices: list[Any]
    contacts: list[Any]
    tickets: list[Any]


async def make_found(connection: AsyncConnection, tenant: Tenant, customer_id: int) -> None:
    row = (await connection.execute(select(tables.customer).where(tables.customer.c.id == customer_id))).one()
    text = f"{row.number} {row.phone} {row.phone.replace(' ', '')} {row.email} {row.address}"
    await search.index(connection, tenant, "customer", customer_id, row.name, text)


async def add(connection: AsyncConnection, tenant: Tenant, **fields: Any) -> int:
    """A new customer; the id."""
    customer_id = await insert_row(connection, tables.customer, **tenant.columns, **fields)
    await make_found(connection, tenant, customer_id)
    return customer_id


_BY_IDS = Prepared(select(tables.customer).where(tables.customer.c.id.in_(bindparam("ids", expanding=True))))


def _exactly(*known_by: Any) -> Prepared:
    here = tables.customer.c.service_id == bindparam("service")
    return Prepared(select(tables.customer).where(here, or_(*known_by)).limit(LISTED_MAX))


_SPELT_SO = (
    func.lower(tables.customer.c.number).in_(bindparam("spelt", expanding=True)),
    func.lower(tables.customer.c.email) == bindparam("wanted"),
)
_EXACTLY = _exactly(*_SPELT_SO)
_EXACTLY_OR_BY_PHONE = _exactly(*_SPELT_SO, func.replace(tables.customer.c.phone, " ", "") == bindparam("digits"))
# Asked apart from the others, so that PostgreSQL uses the index of each.
_BY_SERIAL = Prepared(
    select(tables.customer)
    .where(
        tables.customer.c.id.in_(
            select(tables.device.c.customer_id).where(func.lower(tables.device.c.serial) == bindparam("serial"))
        ),
        tables.customer.c.service_id == bindparam("service"),
    )
    .limit(LISTED_MAX)
)


async def identify(connection: AsyncConnection, tenant: Tenant, text: str) -> list[Any]:
    """The customers whom a number, a telephone number, an address, a name or a device's serial number means.

    Who has the very number comes first, however it was read out: `C107855` and `c 107 855` are `C-107855`.
    """
    wanted = text.strip()
    if not wanted:
        return []
    numeral = numeral_of(wanted)
    spelt = {wanted.lower(), *(f"{numeral[0]}{mark}{numeral[1]}" for mark in ("", "-", " ") if numeral)}
    digits = "".join(c for c in wanted if c.isdigit())
    service, exact = {"service": tenant.service_id}, {"spelt": sorted(spelt), "wanted": wanted.lower()}
    has_phone = len(digits) >= PHONE_DIGITS_MIN
    known, by_serial = await together(
        connection,
        _EXACTLY_OR_BY_PHONE.asked(**service, **exact, digits=digits)
        if has_phone
        else _EXACTLY.asked(**service, **exact),
        _BY_SERIAL.asked(**service, serial=wanted.lower()),
    )
    rows = known or by_serial
    exactly = {row.id for row in rows}
    hits = await search.find(connection, tenant, wanted, "customer", limit=LISTED_MAX)
    if not hits and numeral:
        hits = await search.find(connection, tenant, " ".join(numeral), "customer", limit=LISTED_MAX)
    more = [customer_id for customer_id in hits if customer_id not in exactly]
    found = {row.id: row for row in (await _BY_IDS.all(connection, ids=more) if more else [])}
    return [*rows, *(found[customer_id] for customer_id in more if customer_id in found)][:LISTED_MAX]


def field_of(text: str) -> str:
    """Which of a new ticket's fields holds what a customer was searched by."""
    if "@" in text:
        return "email"
    digits = "".join(c for c in text if c.isdigit())
    if len(digits) >= PHONE_DIGITS_MIN and not any(c.isalpha() for c in text):
        return "phone"
    return "customer_number" if digits else "customer_name"


def view_statements(customer: Any) -> list[Prepared]:
    """What `view_of` reads the answers to, of the customer of this id, which may be found within the statement."""

    def theirs(table: Any, order: Any) -> Prepared:
        return Prepared(select(table).where(table.c.customer_id == customer).order_by(order).limit(VIEWED_MAX))

    return [
        Prepared(select(tables.customer).where(tables.customer.c.id == customer)),
        theirs(tables.contract, tables.contract.c.began_at.desc()),
        theirs(tables.customer_order, tables.customer_order.c.ordered_at.desc()),
        theirs(tables.device, tables.device.c.id),
        theirs(tables.contact, tables.contact.c.at.desc()),
        theirs(tables.ticket, tables.ticket.c.changed_at.desc()),
    ]


_OF_CUSTOMER = view_statements(bindparam("customer"))


async def view(connection: AsyncConnection, tenant: Tenant, customer_id: int) -> View | None:
    """What is known about a customer."""
    asked = (statement.asked(customer=customer_id) for statement in _OF_CUSTOMER)
    return view_of(tenant, await together(connection, *asked))


def view_of(tenant: Tenant, answers: Sequence[list[Any]]) -> View | None:
    """What is known about a customer; None where the service has none of that id."""
    rows, *theirs = answers
    return View(rows[0], *theirs) if rows and rows[0].service_id == tenant.service_id else None


async def language_of(connection: AsyncConnection, customer_id: int) -> str:
    """In which language the customer is written to."""
    customer = tables.customer
    return str((await connection.execute(select(customer.c.language).where(customer.c.id == customer_id))).scalar_one())


async def edit(
    connection: AsyncConnection, tenant: Tenant, person_id: int, customer_id: int, seen: int, **fields: str
) -> bool:
    """Change a customer as it was in version `seen`; False where somebody else changed it meanwhile, and nothing is done."""
    customer = tables.customer
    before = (await connection.execute(select(customer).where(customer.c.id == customer_id))).one()
    done = await connection.execute(
        update(customer)
        .where(customer.c.id == customer_id, customer.c.version == seen, customer.c.service_id == tenant.service_id)
        .values(**fields, version=seen + 1)
    )
    if not done.rowcount:
        return False
    what = [
        f"{name}: {getattr(before, name)} → {value}" for name, value in fields.items() if getattr(before, name) != value
    ]
    if what:
        await note_change(connection, tenant, person_id, "customer", customer_id, "\n".join(what))
    await make_found(connection, tenant, customer_id)
    changed(connection, f"customer:{customer_id}")
    return True


async def note_change(
    connection: AsyncConnection, tenant: Tenant, person_id: int | None, subject: str, subject_id: int, what: str
) -> None:
    """Write down, for the audit trail, a change that has no events of its own."""
    await connection.execute(
        insert(tables.change).values(
            **tenant.columns, at=now_utc(), person_id=person_id, subject=subject, subject_id=subject_id, what=what
        )
    )


async def add_contact(
    connection: AsyncConnection,
    tenant: Tenant,
    customer_id: int,
    ticket_id: int | None,
    channel: str,
    text: str,
    *,
    is_incoming: bool,
    state: str,
) -> int:
    """One contact over whichever channel; a text to the customer waits as `ready` until it is sent. Its id."""
    return await insert_row(
        connection,
        tables.contact,
        **tenant.columns,
        customer_id=customer_id,
        ticket_id=ticket_id,
        at=now_utc(),
        channel=channel,
        is_incoming=is_incoming,
        text=text,
        state=state,
    )
