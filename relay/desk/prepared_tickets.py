"""A ticket that begins with what its customer told before the call."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import (
    customer_store,
    document_store,
    letters,
    levels,
    preparations,
    question_trees,
    ticket_store,
    tickets,
)
from relay.desk.people import Person, insert_row
from relay.desk.procedures import Procedure
from relay.storage import tables


async def open_from(connection: AsyncConnection, person: Person, row: Any) -> int:
    """Open it for the customer of that number, or for a new one; its number. The preparation is used up."""
    tenant = person.tenant
    customer_id, device_id = await _customer(connection, person, row)
    procedures = await document_store.in_force(connection, tenant, "procedure")
    version, _, procedure = procedures.get(row.procedure, (0, 0, None))
    subject = procedure.title.fr if isinstance(procedure, Procedure) else row.words[:100]
    opened = tickets.TicketOpened(subject, row.words)
    number = await ticket_store.open_for(connection, tenant, person.id, customer_id, device_id, opened)
    ticket = await ticket_store.find(connection, tenant, number)
    assert ticket is not None
    events: list[tickets.TicketEvent] = [letters.Prepared(row.reference, preparations.answers_of(row))]
    if isinstance(procedure, Procedure):
        record: Any = "incident" if procedure.is_incident else "contact"
        events.append(levels.KindChosen(row.procedure, version, procedure.weight, record))
        trees = await document_store.in_force(connection, tenant, "tree")
        if procedure.tree in trees:
            events.append(question_trees.TreeBegun(procedure.tree, trees[procedure.tree][0]))
    for event in events:
        await ticket_store.append(connection, tenant, ticket.id, person.id, event)
    await customer_store.add_contact(
        connection, tenant, customer_id, ticket.id, "web", row.words, is_incoming=True, state="done"
    )
    await preparations.used_for(connection, row.id, ticket.id)
    return number


async def _customer(connection: AsyncConnection, person: Person, row: Any) -> tuple[int, int]:
    """The customer of the number that was given, and a device of theirs. Who it really is the adviser still checks."""
    customer, device, tenant = tables.customer, tables.device, person.tenant
    customer_id: int | None = None
    if row.customer_number:
        where = customer.c.service_id == tenant.service_id, customer.c.number == row.customer_number
        customer_id = (await connection.execute(select(customer.c.id).where(*where).limit(1))).scalar()
    if customer_id is None:
        values = {"name": row.name, "number": row.customer_number, "phone": row.phone, "email": row.email}
        customer_id = await customer_store.add(connection, tenant, address="", **values)
    first = select(device.c.id).where(device.c.customer_id == customer_id).order_by(device.c.id).limit(1)
    device_id = (await connection.execute(first)).scalar()
    if device_id is None:
        other = {"customer_id": customer_id, "type": "other", "name": ""}
        device_id = await insert_row(connection, device, **tenant.columns, **other)
    return customer_id, device_id
