"""The services that one desk serves: companies, the organisation's own people, and training, where nothing is real."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import customer_store, document_store, publishing
from relay.desk.people import Person, Tenant, insert_row
from relay.desk.publishing import KINDS, PUBLISHED, Published, Submitted
from relay.storage import tables

COPIED_MAX = 100


async def listed(connection: AsyncConnection, organisation_id: int) -> list[Any]:
    """All services of an organisation with how many people may work there and how many tickets are open."""
    service, member, ticket = tables.service, tables.service_member, tables.ticket
    members = select(func.count()).where(member.c.service_id == service.c.id).scalar_subquery()
    is_open = ticket.c.service_id == service.c.id, ticket.c.state != "closed"
    rows = await connection.execute(
        select(service, members.label("members"), select(func.count()).where(*is_open).scalar_subquery().label("open"))
        .where(service.c.organisation_id == organisation_id)
        .order_by(service.c.id)
    )
    return list(rows.all())


async def add(connection: AsyncConnection, person: Person, name: str, kind: str) -> Tenant:
    """A new service that begins with what the present one has in force; whoever adds it works there, too."""
    organisation_id = person.tenant.organisation_id
    service_id = await insert_row(connection, tables.service, organisation_id=organisation_id, name=name, kind=kind)
    made = Tenant(organisation_id, service_id)
    await _copy_documents(connection, person, made)
    await _copy_groups(connection, person.tenant, made)
    await join(connection, made, person.id)
    await customer_store.note_change(connection, made, person.id, "service", service_id, f"{kind}: {name}")
    return made


async def _copy_documents(connection: AsyncConnection, person: Person, to: Tenant) -> None:
    """Each published document begins there as version 1, by its author and approved as it was; of the articles the newest."""
    for kind in KINDS:
        for row in (await document_store.listed(connection, person.tenant, kind, PUBLISHED))[:COPIED_MAX]:
            history = [written.event for written in await document_store.history_of(connection, row.id)]
            document = publishing.rebuild(history)
            approver = next(event.approver for event in reversed(history) if isinstance(event, Published))
            author, content = document.authors[row.in_force - 1], document.versions[row.in_force - 1]
            made = await document_store.create(connection, to, person.id, author, row.name, content)
            await document_store.append(connection, to, made, person.id, Submitted())
            await document_store.append(connection, to, made, person.id, Published(1, approver))


async def _copy_groups(connection: AsyncConnection, of: Tenant, to: Tenant) -> None:
    group = tables.desk_group
    rows = await connection.execute(select(group).where(group.c.service_id == of.service_id))
    for row in rows.all():
        values = {"name": row.name, "title_fr": row.title_fr, "title_en": row.title_en, "level": row.level}
        await insert_row(connection, group, **to.columns, **values)


async def join(connection: AsyncConnection, tenant: Tenant, person_id: int) -> None:
    """From now on this person may work in that service."""
    member = tables.service_member
    where = member.c.service_id == tenant.service_id, member.c.person_id == person_id
    if (await connection.execute(select(member.c.id).where(*where))).first() is None:
        await insert_row(connection, member, **tenant.columns, person_id=person_id)


async def answer_at(connection: AsyncConnection, person: Person, address: str, *, desk_address: str) -> bool:
    """From now on customers of the present service write to this address; empty: to the desk's own. False where it is another's."""
    service, here = tables.service, person.tenant.service_id
    others = service.c.mail_address == address, service.c.id != here
    if address and (
        address == desk_address.lower() or (await connection.execute(select(service.c.id).where(*others))).first()
    ):
        return False
    await connection.execute(update(service).where(service.c.id == here).values(mail_address=address))
    await customer_store.note_change(connection, person.tenant, person.id, "service", here, f"mail: {address}")
    return True


async def choose(connection: AsyncConnection, person: Person, service_id: int) -> bool:
    """Work in another service from now on; False where it is not open to this person."""
    if service_id not in {one.id for one in person.services}:
        return False
    if not person.service.is_training:
        await join(connection, person.tenant, person.id)  # the way back stays open
    row = tables.person
    await connection.execute(update(row).where(row.c.id == person.id).values(service_id=service_id))
    return True
