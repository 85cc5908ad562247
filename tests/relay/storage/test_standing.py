"""relay/storage/standing.py: what is kept is what the database says, whoever wrote it and whether they meant it."""

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant
from relay.storage import standing, tables
from relay.storage.database import Database, open_database


class Reader:
    """Reads the tools' names, and counts how often it really did."""

    def __init__(self) -> None:
        self.times = 0

    async def names(self, connection: AsyncConnection) -> list[str]:
        async def read() -> list[str]:
            self.times += 1
            return list((await connection.execute(select(tables.tool.c.name).order_by(tables.tool.c.id))).scalars())

        return await standing.standing(connection, "names", (tables.tool,), read)


async def add(connection: AsyncConnection, tenant: Tenant, name: str) -> None:
    values = {"name": name, "title_fr": name, "title_en": name, "address": "https://example.org"}
    await connection.execute(insert(tables.tool).values(**tenant.columns, **values))


async def test_it_is_read_once_and_again_after_a_change(database: Database, tenant: Tenant) -> None:
    reader = Reader()
    for _ in range(3):
        async with database.transaction() as connection:
            assert await reader.names(connection) == []
            await connection.execute(update(tables.organisation).values(name="elsewhere"))
    assert reader.times == 1
    async with database.transaction() as connection:
        await add(connection, tenant, "map")
        assert await reader.names(connection) == ["map"]
    async with database.transaction() as connection:
        assert await reader.names(connection) == ["map"]


async def test_what_was_rolled_back_is_not_kept(database: Database, tenant: Tenant) -> None:
    reader = Reader()
    with contextlib.suppress(InterruptedError):
        async with database.transaction() as connection:
            await add(connection, tenant, "never")
            assert await reader.names(connection) == ["never"]
            raise InterruptedError
    async with database.transaction() as connection:
        assert await reader.names(connection) == []


async def test_what_another_program_writes_is_seen_at_once_or_after_a_second(
    database: Database, tenant: Tenant, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader()
    async with database.transaction() as connection:
        assert await reader.names(connection) == []
    other = open_database(place)
    async with other.transaction() as connection:
        await add(connection, tenant, "other")
    await other.close()
    if isinstance(place, str):
        monkeypatch.setattr(standing, "KEPT_S", 0.0)  # the second is over
    async with database.transaction() as connection:
        assert await reader.names(connection) == ["other"]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_what_was_read_before_somebody_committed_is_not_kept(database: Database, tenant: Tenant) -> None:
    """On PostgreSQL one reads while another writes: what they read was true before, and must not be said afterwards."""
    reader = Reader()
    async with database.reading() as early:
        await early.execute(select(tables.organisation.c.id))  # what is read from here on is of this moment
        async with database.transaction() as writing:
            await add(writing, tenant, "map")
            async with database.reading() as late:
                assert await reader.names(late) == []
        assert await reader.names(early) == []
    async with database.reading() as after:
        assert await reader.names(after) == ["map"]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_what_is_written_elsewhere_meanwhile_does_not_keep_it_from_being_kept(
    database: Database, tenant: Tenant
) -> None:
    """On a busy desk somebody always writes a ticket while a page is read; it would read everything anew each time."""
    reader = Reader()
    async with database.reading() as early:
        async with database.transaction() as writing:
            await writing.execute(update(tables.organisation).values(name="elsewhere"))
        assert await reader.names(early) == []
    async with database.reading() as after:
        assert await reader.names(after) == []
    assert reader.times == 1
