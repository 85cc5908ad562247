"""relay/storage/pipeline.py: questions that travel together, and what becomes of those that go wrong, are given up, or are long."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from relay.desk.people import Tenant
from relay.storage import pipeline
from relay.storage.database import Database
from relay.storage.pipeline import NotCommitted, Pipeline
from tests.waiting import eventually

pytestmark = pytest.mark.parametrize("place", ["postgresql"], indirect=True)


@pytest.fixture
async def asked(database: Database, tenant: Tenant) -> Pipeline:
    """A connection's pipeline; its connection is closed with the database."""
    async with database.reading() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        return Pipeline(driver, begins=False)


async def test_after_one_that_fails_the_connection_is_asked_on(asked: Pipeline) -> None:
    for _ in range(2):
        assert await asked.ask([("SELECT $1::int", [1]), ("SELECT $1::text", ["é"])]) == [[(1,)], [("é",)]]
        with pytest.raises(psycopg.errors.DivisionByZero):
            await asked.ask([("SELECT $1::int", [2]), ("SELECT 1 / $1::int", [0]), ("SELECT $1::int", [3])])
        assert await asked.ask([("SELECT $1::int", [4])]) == [[(4,)]]


async def test_who_writes_begins_with_the_first_question_and_fails_with_any(place: str) -> None:
    async with await psycopg.AsyncConnection.connect(place) as driver:
        asked = Pipeline(driver, begins=True)
        assert await asked.ask([("SELECT 1", [])]) == [[(1,)]]
        with pytest.raises(psycopg.errors.DivisionByZero):
            await asked.ask([("SELECT 1 / $1::int", [0])])
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await asked.ask([("SELECT 1", [])])
        with pytest.raises(NotCommitted):
            await asked.ask([], ends=True)
        assert await asked.ask([], ends=True) == []
        assert await asked.ask([("SELECT 1", [])]) == [[(1,)]]


async def test_what_ends_with_the_last_question_is_committed_and_nothing_of_it_where_one_fails(place: str) -> None:
    note, fail = ("INSERT INTO noted VALUES ($1::int)", [1]), ("SELECT 1 / $1::int", [0])
    async with (
        await psycopg.AsyncConnection.connect(place) as driver,
        await psycopg.AsyncConnection.connect(place, autocommit=True) as other,
    ):
        await other.execute("CREATE TABLE noted (n int)")

        async def kept() -> list[tuple[int]]:
            return await (await other.execute("SELECT n FROM noted")).fetchall()

        asked = Pipeline(driver, begins=True)
        for questions in ([note, fail], [fail, note]):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await asked.ask(questions, ends=True)
            assert await kept() == []
            await driver.rollback()
        assert await asked.ask([note, ("SELECT count(*) FROM noted", [])], ends=True) == [(), [(1,)]]
        assert await kept() == [(1,)]


async def test_what_is_asked_together_by_who_only_reads_is_of_one_moment(
    database: Database, tenant: Tenant, place: str
) -> None:
    name = "SELECT name FROM organisation"
    # Waits for the other's lock, within the same transaction as what is asked before and after it.
    wait = "SELECT 1 FROM pg_advisory_xact_lock_shared($1::bigint)"
    holding = await psycopg.AsyncConnection.connect(place)
    await holding.execute("SELECT pg_advisory_lock(5)")
    await holding.commit()
    async with database.reading() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, psycopg.AsyncConnection)
        asked = Pipeline(driver, begins=False)
        task = asyncio.create_task(asked.ask([(name, []), (wait, [5]), (name, [])]))
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

        async def is_waiting() -> bool:
            row = await (await holding.execute(waiting)).fetchone()
            return row is not None and bool(row[0])

        await eventually(is_waiting, "the second question to wait")
        await holding.execute("UPDATE organisation SET name = 'elsewhere'")
        await holding.commit()
        await holding.execute("SELECT pg_advisory_unlock(5)")
        before, _, after = await task
        assert before == after == [("Télé Test",)]
        assert await asked.ask([(name, [])]) == [[("elsewhere",)]]
    await holding.close()


async def test_who_only_reads_cannot_write(asked: Pipeline) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await asked.ask([("UPDATE organisation SET name = $1", ["elsewhere"])])


async def test_one_that_cannot_be_understood_is_refused_each_time(asked: Pipeline) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.errors.SyntaxError):
            await asked.ask([("SELECT 1", []), ("SELEKT $1", [1])])
        assert await asked.ask([("SELECT 1", [])]) == [[(1,)]]


async def test_values_of_other_types_are_other_questions(asked: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "PREPARED_MAX", 2)  # what comes later is understood each time
    for value in (1, 2**40, None, 1, "7", [1, 2]):
        expected = value if value is None or isinstance(value, int) else "7" if value == "7" else "{1,2}"
        (rows,) = await asked.ask([("SELECT $1", [value])])
        assert rows == [(expected,)] or rows == [([1, 2],)]


async def test_what_is_longer_than_any_buffer_arrives_whole(asked: Pipeline) -> None:
    long = "ä" * 5_000_000
    answers = await asked.ask([("SELECT $1::text", [long]), ("SELECT length($1::text)", [long]), ("SELECT 1", [])])
    assert answers == [[(long,)], [(len(long),)], [(1,)]]


async def test_one_that_is_given_up_ends_and_the_connection_is_asked_on(asked: Pipeline, database: Database) -> None:
    task = asyncio.create_task(asked.ask([("SELECT 1 FROM pg_sleep($1::int)", [600])]))
    async with database.transaction() as watching:
        sleeping = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

        async def is_asleep() -> bool:
            return bool((await watching.execute(sleeping)).scalar())

        await eventually(is_asleep, "the server to work at it")
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asked.ask([("SELECT 1", [])]) == [[(1,)]]


async def test_a_server_that_goes_in_the_middle_is_told(asked: Pipeline) -> None:
    with pytest.raises((psycopg.OperationalError, OperationalError)):
        await asked.ask([("SELECT pg_terminate_backend(pg_backend_pid())", []), ("SELECT 1", [])])
    with pytest.raises(psycopg.OperationalError):
        await asked.ask([("SELECT 1", [])])
