"""relay/storage/database.py: who has waited too long for a turn is told so instead of kept waiting, and nothing is lost by it."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text

from relay.desk import application as desk
from relay.desk import frequent
from relay.desk.frequent import Frequent
from relay.desk.people import Tenant
from relay.storage import database as storage
from relay.storage.database import Database, TooBusy


async def test_who_cannot_read_in_time_is_told_so_and_can_once_others_have_left(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_READING_S", 0.01)
    monkeypatch.setattr(storage, "_TURN_S", 0.01)
    async with AsyncExitStack() as others:
        for _ in range(storage._READERS if database.is_shared else 1):
            await others.enter_async_context(database.reading())
        with pytest.raises(TooBusy):
            async with database.reading():
                pass
    async with database.reading():
        pass


async def test_who_cannot_write_in_time_is_told_so_and_can_once_the_other_has_left(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_TURN_S", 0.01)
    async with database.transaction():
        with pytest.raises(TooBusy):
            async with database.transaction():
                pass
    async with database.transaction():
        pass


async def test_programs_are_told_when_to_ask_again() -> None:
    async def never_in_turn(_: web.Request) -> web.Response:
        raise TooBusy

    application = web.Application(middlewares=[desk._refusals])
    application.router.add_get("/api/tickets/1", never_in_turn)
    async with TestClient(TestServer(application)) as client, client.get("/api/tickets/1") as answer:
        assert (answer.status, await answer.json()) == (503, {"error": "too_busy"})
        assert answer.headers["Retry-After"] == str(desk.BUSY_AGAIN_S)


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_while_one_counts_what_is_frequent_the_others_are_shown_what_was(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Frequent()
    monkeypatch.setattr(frequent, "KEPT_S", 0)
    async with database.reading() as connection:
        before = await counting.of(connection, tenant, "box")
    monkeypatch.undo()
    async with database.reading() as one, database.reading() as other:
        async with database.transaction() as writing:
            await writing.execute(text("LOCK TABLE article_use IN ACCESS EXCLUSIVE MODE"))
            task = asyncio.create_task(counting.of(one, tenant, "box"))
            await asyncio.sleep(0)  # from here on it waits for the table
            assert await counting.of(other, tenant, "box") is before
            assert not task.done()
        assert await task == before
