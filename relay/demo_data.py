"""A small French internet provider: customers, what they have, tickets, and what its desk has written. Everybody in it is invented."""

import random
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay import demo_desk
from relay.desk import customer_store, document_store, guided_call, levels, ticket_store, tickets
from relay.desk.people import Tenant, add_person, find, insert_row, now_utc
from relay.desk.publishing import Content, Published, Submitted
from relay.desk.ticket_store import NewTicket
from relay.storage import tables
from relay.storage.database import Database

# 555-like numbers of France: the regulator keeps 01 99 00 and 02 61 91 for fiction.
TICKETS: dict[int, NewTicket] = {
    2036: NewTicket(
        "Le wifi coupe dans la chambre",
        "Depuis le changement de box, le wifi s’arrête plusieurs fois par soir à l’étage.",
        "Samuel Roussel", "C-104418", "01 99 00 41 07", "samuel.roussel@example.org",
        "8 rue des Tilleuls, 35000 Rennes", "box", "Box Fibre 6",
    ),
    2038: NewTicket(
        "Messagerie : « mot de passe incorrect »",
        "La messagerie demande le mot de passe à chaque ouverture, depuis hier matin.",
        "Nadia Benali", "C-099127", "01 99 00 17 62", "nadia.benali@example.org",
        "21 avenue Foch, 69006 Lyon", "computer", "Portable, Windows 11",
    ),
    2039: NewTicket(
        "Installer le logiciel de sauvegarde acheté en boutique",
        "Licence reçue par courriel, la cliente ne trouve pas le téléchargement.",
        "Hélène Garnier", "C-110203", "02 61 91 08 35", "helene.garnier@example.org",
        "3 place du Marché, 44190 Clisson", "computer", "Ordinateur de bureau, Linux",
    ),
    2041: NewTicket(
        "Pas d’image sur la télévision",
        "Le son fonctionne, l’écran reste noir depuis ce matin. La box affiche un voyant vert. "
        "Le client a déjà débranché et rebranché le décodeur.",
        "Marc Lefèvre", "C-107855", "01 99 00 23 50", "marc.lefevre@example.org",
        "14 rue de la Gare, 37000 Tours", "computer", "Portable relié à la télévision",
    ),
}  # fmt: skip


async def add(database: Database, tenant: Tenant, person_id: int, *, year_of: int = 0) -> list[int]:
    """Add what is not there yet, and `year_of` tickets of the past year; the numbers of the tickets."""
    added = []
    async with database.transaction() as connection:
        await _write_documents(connection, tenant, person_id)
        for number, new in TICKETS.items():
            if await ticket_store.find(connection, tenant, number) is None:
                added.append(await ticket_store.open_ticket(connection, tenant, person_id, new, number=number))
                await _equip(connection, tenant, number)
        if year_of:
            await _add_colleagues(connection, tenant)
    for start in range(0, year_of, 100):
        async with database.transaction() as connection:
            added += await add_past(connection, tenant, person_id, min(100, year_of - start))
    return added


async def _write_documents(connection: AsyncConnection, tenant: Tenant, person_id: int) -> None:
    """Scripts, questions, procedures and articles, each in force."""
    for name, title_fr, title_en, level in demo_desk.GROUPS:
        group = tables.desk_group
        where = group.c.service_id == tenant.service_id, group.c.name == name
        if (await connection.execute(select(group.c.id).where(*where))).first() is None:
            values = {"name": name, "title_fr": title_fr, "title_en": title_en, "level": level}
            await insert_row(connection, group, **tenant.columns, **values)
    content: dict[str, Content] = {**demo_desk.SCRIPTS, **demo_desk.ARTICLES}
    content |= {f"tree:{name}": tree for name, tree in demo_desk.TREES.items()}
    content |= {f"procedure:{name}": procedure for name, procedure in demo_desk.PROCEDURES.items()}
    for key, one in content.items():
        name = key.rpartition(":")[2]
        if await document_store.named(connection, tenant, document_store.kind_of(one), name, 1) is None:
            made = await document_store.create(connection, tenant, person_id, demo_desk.AUTHOR, name, one)
            await document_store.append(connection, tenant, made, person_id, Submitted())
            await document_store.append(connection, tenant, made, person_id, Published(1, demo_desk.READER))


async def _equip(connection: AsyncConnection, tenant: Tenant, number: int) -> None:
    """Give the customer of a ticket a contract, an order and a second device."""
    ticket = await ticket_store.find(connection, tenant, number)
    assert ticket is not None
    await customer_store.make_found(connection, tenant, ticket.customer_id)
    await _give(connection, tenant, ticket.customer_id, random.Random(number))  # noqa: S311


async def _give(connection: AsyncConnection, tenant: Tenant, customer_id: int, dice: random.Random) -> list[int]:
    """A contract, an order, a box and a decoder; the ids of the devices."""
    offer, terms = dice.choice(demo_desk.OFFERS)
    began = now_utc() - timedelta(days=dice.randrange(60, 1500))
    await insert_row(
        connection,
        tables.contract,
        **tenant.columns,
        customer_id=customer_id,
        number=f"K-{dice.randrange(10**6):06}",
        offer=offer,
        terms=terms,
        began_at=began,
    )
    await insert_row(
        connection,
        tables.customer_order,
        **tenant.columns,
        customer_id=customer_id,
        number=f"B-{dice.randrange(10**6):06}",
        ordered_at=began,
        lines=f"1 × {offer}\n1 × Box Fibre 6",
        state="delivered",
    )
    devices = []
    for kind, name, reference in demo_desk.DEVICES[:2]:
        values: dict[str, Any] = {"type": kind, "name": name, "reference": reference}
        serial = f"{reference}-{dice.randrange(10**8):08}"
        devices.append(
            await insert_row(
                connection, tables.device, **tenant.columns, customer_id=customer_id, serial=serial, **values
            )
        )
    return devices


async def _add_colleagues(connection: AsyncConnection, tenant: Tenant) -> None:
    """People who can be found in the directory; none of them can sign in."""
    for name, full_name, role, skills in demo_desk.COLLEAGUES:
        if await find(connection, name) is None:
            person_id = await add_person(connection, tenant, name, full_name, "!", [role])
            for domain, grade in skills.items():
                values: dict[str, Any] = {"person_id": person_id, "domain": domain, "grade": grade}
                await insert_row(connection, tables.skill, **tenant.columns, **values)


async def add_past(connection: AsyncConnection, tenant: Tenant, person_id: int, count: int) -> list[int]:
    """Invented customers with one or two tickets each, spread over the past year, most of them closed."""
    highest = (await connection.execute(select(tables.customer.c.id).order_by(tables.customer.c.id.desc()))).scalar()
    dice = random.Random(highest or 0)  # noqa: S311 - the same invented people every time
    numbers: list[int] = []
    while len(numbers) < count:
        first, last = dice.choice(demo_desk.FIRST_NAMES), dice.choice(demo_desk.LAST_NAMES)
        customer_id = await customer_store.add(
            connection,
            tenant,
            number=f"C-{200_000 + dice.randrange(800_000)}",
            name=f"{first} {last}",
            phone=f"01 99 00 {dice.randrange(100):02} {dice.randrange(100):02}",
            email=f"client{dice.randrange(10**6)}@example.org",
            address=f"{dice.randrange(1, 90)} {dice.choice(demo_desk.STREETS)}, {dice.choice(demo_desk.TOWNS)}",
        )
        devices = await _give(connection, tenant, customer_id, dice)
        for _ in range(min(dice.choice((1, 1, 2)), count - len(numbers))):
            kind, subject, said, helped = dice.choice(demo_desk.STORIES)
            opened = tickets.TicketOpened(subject, said)
            number = await ticket_store.open_for(
                connection, tenant, person_id, customer_id, dice.choice(devices), opened
            )
            row = await ticket_store.find(connection, tenant, number)
            assert row is not None
            await _play(connection, tenant, person_id, row.id, kind, said, helped, dice)
            await _date(connection, row.id, dice.randrange(0, 365 * 24 * 60))
            numbers.append(number)
    return numbers


async def _play(
    connection: AsyncConnection,
    tenant: Tenant,
    person_id: int,
    ticket_id: int,
    kind: str,
    said: str,
    helped: str,
    dice: random.Random,
) -> None:
    events: list[tickets.TicketEvent] = [
        levels.KindChosen(kind, 1),
        guided_call.CallBegun("phone"),
        guided_call.ScriptSaid("greeting", "greeting", 1),
        guided_call.IdentityChecked("confirmed", ("name", "customer_number")),
        guided_call.WordsHeard(said),
        levels.Assessed(said, dice.choice(("low", "low", "complex"))),
    ]
    if dice.random() < 0.85:
        events += [
            levels.SolutionGiven(helped, is_new=False, to="customer"),
            levels.CustomerTested(works=True, words="Merci, tout marche."),
            guided_call.CallEnded(""),
            tickets.TicketClosed(helped),
        ]
    else:
        events.append(guided_call.CallEnded(""))
    for event in events:
        await ticket_store.append(connection, tenant, ticket_id, person_id, event)


async def _date(connection: AsyncConnection, ticket_id: int, minutes_ago: int) -> None:
    """Put a ticket that was just played into the past, three minutes from one event to the next."""
    event = tables.ticket_event
    began = now_utc() - timedelta(minutes=minutes_ago + 60)
    for row in (
        await connection.execute(select(event.c.id, event.c.number).where(event.c.ticket_id == ticket_id))
    ).all():
        at = began + timedelta(minutes=3 * row.number)
        await connection.execute(update(event).where(event.c.id == row.id).values(at=at))
    await connection.execute(update(tables.ticket).where(tables.ticket.c.id == ticket_id).values(changed_at=began))
