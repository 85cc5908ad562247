"""relay/storage/standing.py: what is kept is what the database says, whoever wrote it and whether they meant it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant
from relay.storage import hearsay, standing, tables
from relay.storage.changes import changed
from relay.storage.database import Database, open_database
from tests.waiting import eventually


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


async def test_what_would_be_told_is_believed_for_longer_than_what_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now, times = 0.0, 0
    monkeypatch.setattr(standing, "time", SimpleNamespace(monotonic=lambda: now))

    async def read() -> int:
        nonlocal times
        times += 1
        return times

    kept = standing.Standing(tells_of_others=False)

    async def value() -> int:
        return await kept.of(standing.Reading(kept, kept.writes, may_write=False), "key", (tables.tool,), read)

    assert await value() == 1
    now = standing.KEPT_S
    assert await value() == 2
    kept.told_from_now_on()
    assert await value() == 3
    while now < standing.TOLD_S:
        kept.told_all_until(now)
        assert await value() == 3
        now += standing.KEPT_S / 2
    kept.told_all_until(now)
    now += standing.KEPT_S * 0.9
    assert await value() == 3
    # A minute after it was read, and a second after the others were heard last.
    now += standing.KEPT_S * 0.1
    assert await value() == 4
    now += standing.KEPT_S
    assert await value() == 5
    kept.written_elsewhere(["document"])
    assert await value() == 5
    kept.written_elsewhere(["tool"])
    assert await value() == 6


@pytest.fixture
async def hearing(database: Database, place: Path | str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """Another process, heard by ours, whose time stands still: it never reads anew because a second is over."""
    other, began = open_database(place), time.monotonic()
    task = asyncio.create_task(database.hear_others())
    with database.changes.listening("anything") as told:

        async def is_heard() -> bool:
            async with other.transaction() as connection:
                changed(connection, "anything")
            return told.is_set()

        await eventually(is_heard, "the other process")
    monkeypatch.setattr(standing, "time", SimpleNamespace(monotonic=lambda: began))
    yield other
    task.cancel()
    await other.close()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_what_another_process_writes_is_told(database: Database, hearing: Database, tenant: Tenant) -> None:
    reader = Reader()

    async def names() -> list[str]:
        async with database.reading() as connection:
            return await reader.names(connection)

    assert await names() == await names() == []
    assert reader.times == 1
    async with hearing.transaction() as connection:
        await add(connection, tenant, "other")
    await eventually(lambda: _is(names, ["other"]), "the other's tool")


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_what_was_written_while_nobody_was_heard_is_read_once_somebody_is(
    database: Database, hearing: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, may_hear = Reader(), asyncio.Event()

    async def names() -> list[str]:
        async with database.reading() as connection:
            return await reader.names(connection)

    async def wait_until_it_may(_: float) -> None:
        await may_hear.wait()

    assert await names() == []
    monkeypatch.setattr(hearsay, "asyncio", SimpleNamespace(timeout=asyncio.timeout, sleep=wait_until_it_may))
    ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name")

    async def is_gone() -> bool:
        async with hearing.transaction() as connection:
            return not (await connection.execute(ended, {"name": hearsay.NAME})).all()

    await eventually(is_gone, "the end of the connection that hears")
    async with hearing.transaction() as connection:
        await add(connection, tenant, "unheard")
    # Nothing was told, and time stands still: it is known only by hearing again.
    assert await names() == []
    may_hear.set()
    await eventually(lambda: _is(names, ["unheard"]), "what was written meanwhile")


async def _is(names: Callable[[], Awaitable[list[str]]], expected: list[str]) -> bool:
    return await names() == expected
