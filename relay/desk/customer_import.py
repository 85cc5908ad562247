"""Customers out of a file into the database: all that is right, or nothing at all."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.customer_file import Mistake, Row
from relay.desk.people import Tenant
from relay.storage import search, tables

BATCH = 1000


async def known_numbers(connection: AsyncConnection, tenant: Tenant, rows: list[Row]) -> list[Mistake]:
    """Which of these customers are there already."""
    customer = tables.customer
    by_number = {row.customer["number"]: row for row in rows}
    where = customer.c.service_id == tenant.service_id, customer.c.number.in_(list(by_number))
    found = (await connection.execute(select(customer.c.number).where(*where))).scalars()
    return [Mistake(by_number[number].line, "number", "known_already", number) for number in found]


async def add(connection: AsyncConnection, tenant: Tenant, rows: Iterable[Row]) -> int:
    """Add them all, so that search finds them; how many. Within the transaction of the caller: all or nothing."""
    count = 0
    for batch in batches(rows):
        await _add(connection, tenant, batch)
        count += len(batch)
    return count


async def look_again(connection: AsyncConnection) -> None:
    """Have PostgreSQL see how much there is by now.

    Within one transaction nobody else does that, and a table that is taken for empty is read as a whole for each question.
    """
    if connection.dialect.name == "postgresql":
        named = tables.customer, tables.search_entry, tables.search_word, tables.search_spelling
        await connection.execute(text(f"ANALYZE {', '.join(table.name for table in named)}"))


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    found = iter(rows)
    while batch := list(islice(found, BATCH)):
        yield batch


async def _add(connection: AsyncConnection, tenant: Tenant, rows: list[Row]) -> None:
    customer = tables.customer
    made = await connection.execute(
        insert(customer).returning(customer.c.id, sort_by_parameter_order=True),
        [{**tenant.columns, **row.customer} for row in rows],
    )
    ids: list[int] = [row.id for row in made]
    devices: list[dict[str, Any]] = []
    contracts: list[dict[str, Any]] = []
    texts: list[tuple[int, str, str]] = []
    for row, customer_id in zip(rows, ids, strict=True):
        common = {**tenant.columns, "customer_id": customer_id}
        if row.device:
            devices.append({**common, **row.device})
        if row.contract:
            contracts.append({**common, **row.contract})
        who = row.customer
        text = f"{who['number']} {who['phone']} {who['phone'].replace(' ', '')} {who['email']} {who['address']}"
        texts.append((customer_id, who["name"], text))
    if devices:
        await connection.execute(insert(tables.device), devices)
    if contracts:
        await connection.execute(insert(tables.contract), contracts)
    await search.index_new(connection, tenant, "customer", texts)
