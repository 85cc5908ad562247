"""benchmarks/desk_data.py: what is filled in bulk is what the product itself would have stored."""

import asyncio
from pathlib import Path

from sqlalchemy import select

from benchmarks import desk_data
from relay.desk import customer_store, document_store, ticket_lists, ticket_store, tickets
from relay.desk.people import tenant_of
from relay.storage import search, tables
from relay.storage.database import open_database
from tests.relay.databases import migrated_file, place, postgresql_url

__all__ = ["migrated_file", "place", "postgresql_url"]

SIZE = desk_data.Size(tickets=60, people=12, articles=100, customers=30)


async def test_a_filled_desk_is_one_that_the_events_give_and_search_finds(place: Path | str) -> None:
    database = open_database(place)
    tenant = await tenant_of(database, "Télé Test", "f" * 43)
    await database.close()
    await asyncio.to_thread(desk_data.fill, place, SIZE)
    database = open_database(place)
    async with database.transaction() as connection:
        rows = (await connection.execute(select(tables.ticket))).mappings().all()
        assert len(rows) == SIZE.tickets
        for row in rows:
            happened = await ticket_store.history_of(connection, row["id"])
            history = [each.event for each in happened]
            columns = ticket_store.columns_of(tickets.rebuild(history), len(history))
            assert {name: row[name] for name in columns} == columns
            assert row["changed_at"] == happened[-1].at
            found = await search.find(connection, tenant, str(row["number"]), "ticket")
            assert found == [row["id"]]
        newest = await ticket_lists.search(connection, tenant)
        number, said = newest[0].number, newest[0].subject
        assert number == max(row["number"] for row in rows if row["state"] != tickets.CLOSED)
        assert number in {row.number for row in await ticket_lists.search(connection, tenant, said)}
        (customer,) = await customer_store.identify(connection, tenant, newest[0].customer_number)
        assert customer.name == newest[0].customer_name
        articles = await document_store.listed(connection, tenant, "article")
        assert len(articles) == SIZE.articles
        assert articles[0].id in {
            row.id for row in await document_store.articles_for(connection, tenant, articles[0].title)
        }
        content = (await document_store.load(connection, articles[0].id)).published
        assert content is not None
        assert document_store.title_of(content) == articles[0].title
        # What the product writes next goes on behind it.
        opened = tickets.TicketOpened("Encore un", "")
        again = await ticket_store.open_for(
            connection, tenant, None, newest[0].customer_id, newest[0].device_id, opened
        )
        assert again == max(row["number"] for row in rows) + 1
    await database.close()
