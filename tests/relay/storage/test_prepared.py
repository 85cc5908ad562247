"""relay/storage/prepared.py: what a prepared statement reads is what SQLAlchemy reads, on both databases; and transactions around it."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Integer, bindparam, column, create_engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from relay.desk.people import Tenant
from relay.storage import held, tables
from relay.storage.database import Database, url_of
from relay.storage.prepared import Prepared, together

PERSON = tables.person
BORN = datetime(2026, 3, 29, 1, 30, 0, 250_000, tzinfo=UTC)


@pytest.fixture
async def people(database: Database, tenant: Tenant) -> list[str]:
    """Five people whose columns hold texts, times, truths and nothing."""
    names = ["ana", "béa", "c%", "d'", "é:e"]
    async with database.transaction() as connection:
        for number, name in enumerate(names):
            values = {"name": name, "full_name": name.upper(), "password_hash": "", "is_active": number % 2 == 0}
            values |= {"created_at": BORN + timedelta(days=number), "language": "fr" if number else None}
            await connection.execute(insert(PERSON).values(**tenant.columns, **values))
    return names


async def test_rows_are_those_of_sqlalchemy(database: Database, people: list[str]) -> None:
    statement = select(PERSON).where(PERSON.c.created_at >= bindparam("since")).order_by(PERSON.c.id)
    async with database.transaction() as connection:
        expected = (await connection.execute(statement, {"since": BORN})).all()
        found = await Prepared(statement).all(connection, since=BORN)
    assert len(found) == len(people)
    assert [row._asdict() for row in found] == [row._asdict() for row in expected]


async def test_a_time_in_another_zone_is_the_same_time_and_one_without_is_refused(
    database: Database, people: list[str]
) -> None:
    statement = Prepared(select(PERSON.c.name).where(PERSON.c.created_at == bindparam("at")))
    elsewhere = BORN.astimezone(tz=None)
    async with database.transaction() as connection:
        assert await statement.all(connection, at=elsewhere) == [(people[0],)]
        with pytest.raises(ValueError, match="time zone"):
            await statement.all(connection, at=BORN.replace(tzinfo=None))


async def test_a_list_may_be_of_any_length(database: Database, people: list[str]) -> None:
    statement = Prepared(
        select(PERSON.c.name)
        .where(PERSON.c.name.in_(bindparam("names", expanding=True)), PERSON.c.is_active == bindparam("active"))
        .order_by(PERSON.c.id)
        .limit(2)
    )
    async with database.transaction() as connection:
        for wanted in ([], ["ana"], ["c%", "ana"], people, ["ana", "ana", "é:e"], ["nobody"], []):
            expected = [name for name in people if name in wanted and people.index(name) % 2 == 0][:2]
            found = await statement.all(connection, names=wanted, active=True)
            assert [row.name for row in found] == expected


async def test_a_list_that_never_differs_is_part_of_the_statement(database: Database, people: list[str]) -> None:
    some = PERSON.c.name.in_(("ana", "é:e")), PERSON.c.created_at.in_((BORN, BORN + timedelta(days=4)))
    born = PERSON.c.created_at.in_(bindparam("born", expanding=True))
    statement = Prepared(select(PERSON.c.name).where(*some, born).order_by(PERSON.c.id))
    async with database.reading() as connection:
        for days in ([], [0], [0, 1, 4]):
            found = await statement.all(connection, born=[BORN + timedelta(days=day) for day in days])
            assert [row.name for row in found] == [people[day] for day in days if day != 1]


async def test_text_is_asked_as_it_stands(database: Database, people: list[str]) -> None:
    statement = Prepared(
        text("SELECT count(*) FROM person WHERE name LIKE '%%' || :part").columns(column("times", Integer))
    )
    async with database.transaction() as connection:
        assert await statement.first(connection, part="a") == (2,)


async def test_nothing_found_is_nothing_and_a_value_that_is_not_given_is_a_mistake(database: Database) -> None:
    statement = Prepared(select(PERSON).where(PERSON.c.name == bindparam("name")))
    async with database.transaction() as connection:
        assert await statement.all(connection, name="nobody") == []
        assert await statement.first(connection, name="nobody") is None
        with pytest.raises(Exception, match="name"):
            await statement.all(connection)


async def test_what_the_transaction_wrote_is_read_and_what_was_rolled_back_is_not(
    database: Database, people: list[str]
) -> None:
    statement = Prepared(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))
    with contextlib.suppress(InterruptedError):
        async with database.transaction() as connection:
            await connection.execute(update(PERSON).where(PERSON.c.name == "ana").values(full_name="Ana B."))
            assert await statement.all(connection) == [("Ana B.",)]
            raise InterruptedError
    async with database.transaction() as connection:
        assert await statement.all(connection) == [("ANA",)]


async def test_transactions_take_turns_and_one_that_is_given_up_leaves_the_next_alone(
    database: Database, people: list[str]
) -> None:
    statement = Prepared(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))
    began = asyncio.Event()

    async def change_for_ever() -> None:
        async with database.transaction() as connection:
            await connection.execute(update(PERSON).where(PERSON.c.name == "ana").values(full_name="Ana B."))
            began.set()
            await asyncio.Event().wait()

    async def read() -> list[tuple[str]]:
        async with database.transaction() as connection:
            return await statement.all(connection)

    changing = asyncio.create_task(change_for_ever())
    await began.wait()
    reading = [asyncio.create_task(read()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in reading)
    changing.cancel()
    assert await asyncio.gather(*reading) == [[("ANA",)]] * 3
    with pytest.raises(asyncio.CancelledError):
        await changing


async def test_several_questions_get_each_its_answer(database: Database, people: list[str]) -> None:
    by_name = Prepared(select(PERSON.c.id).where(PERSON.c.name == bindparam("name")))
    count = Prepared(text("SELECT count(*) FROM person").columns(column("times", Integer)))
    async with database.reading() as connection:
        found = await together(connection, (by_name, {"name": "béa"}), (by_name, {"name": "-"}), (count, {}))
    assert [len(rows) for rows in found] == [1, 0, 1]
    assert found[2] == [(len(people),)]


_FULL_NAMES = Prepared(select(PERSON.c.full_name).order_by(PERSON.c.id))
_RENAMED = Prepared(update(PERSON).where(PERSON.c.name == bindparam("who")))
_ADDED = Prepared(insert(PERSON))


async def full_names(database: Database) -> list[str]:
    async with database.reading() as connection:
        return [row.full_name for row in await _FULL_NAMES.all(connection)]


async def test_what_is_written_later_is_there_for_whatever_is_asked_next(database: Database, people: list[str]) -> None:
    async with database.transaction() as connection:
        _RENAMED.later(connection, who="ana", full_name="1")
        assert await _FULL_NAMES.first(connection) == ("1",)
        _RENAMED.later(connection, who="ana", full_name="2")
        # What goes through SQLAlchemy comes after it, and before what follows.
        appended = update(PERSON).where(PERSON.c.name == "ana").values(full_name=PERSON.c.full_name + "3")
        await connection.execute(appended)
        assert (await connection.execute(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))).scalar() == "23"
        _RENAMED.later(connection, who="ana", full_name="4")
        _RENAMED.later(connection, who="béa", full_name="5", is_active=True)
    assert (await full_names(database))[:2] == ["4", "5"]


async def test_a_row_that_is_written_has_what_its_columns_have_by_default(database: Database, tenant: Tenant) -> None:
    async with database.transaction() as connection:
        given = {**tenant.columns, "full_name": "", "password_hash": "", "created_at": BORN}
        _ADDED.later(connection, **given, name="prepared")
        await connection.execute(insert(PERSON).values(**given, name="usual"))
        one, other = (await connection.execute(select(PERSON).order_by(PERSON.c.id))).mappings().all()
    apart = ("id", "name")
    assert {name: one[name] for name in one if name not in apart} == {
        name: other[name] for name in other if name not in apart
    }


async def test_what_waited_when_something_failed_is_never_written(database: Database, people: list[str]) -> None:
    before = await full_names(database)
    with contextlib.suppress(InterruptedError):
        async with database.transaction() as connection:
            _RENAMED.later(connection, who="ana", full_name="written")
            assert "written" in [row.full_name for row in await _FULL_NAMES.all(connection)]
            _RENAMED.later(connection, who="béa", full_name="waiting")
            raise InterruptedError
    assert await full_names(database) == before
    async with database.transaction() as connection:
        assert [row.full_name for row in await _FULL_NAMES.all(connection)] == before
    assert await full_names(database) == before


async def test_what_is_wrong_with_it_is_told_at_the_latest_at_the_end_and_nothing_is_kept(
    database: Database, tenant: Tenant, people: list[str]
) -> None:
    before = await full_names(database)
    twice = {**tenant.columns, "name": "ana", "full_name": "Secret", "password_hash": "", "created_at": BORN}

    async def add_twice(*, asks: bool) -> None:
        async with database.transaction() as connection:
            _RENAMED.later(connection, who="béa", full_name="half-done")
            _ADDED.later(connection, **twice)
            if asks:
                await _FULL_NAMES.all(connection)

    for asks in (True, False):
        with pytest.raises(IntegrityError) as refused:
            await add_twice(asks=asks)
        assert "Secret" not in str(refused.value)
        assert await full_names(database) == before


async def test_where_only_reading_was_said_nothing_waits_to_be_written(database: Database, people: list[str]) -> None:
    before = await full_names(database)
    removed = Prepared(text("DELETE FROM person"))
    for statement, values in ((_RENAMED, {"who": "ana", "full_name": "-"}), (removed, {})):
        with pytest.raises(RuntimeError, match="only reading"):
            async with database.reading() as connection:
                statement.later(connection, **values)
    assert await full_names(database) == before


async def test_where_only_reading_was_said_nothing_is_written(database: Database, people: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(RuntimeError, match="person"):
            async with database.reading() as connection:
                await connection.execute(update(PERSON).values(full_name="-"))
        async with database.reading() as connection:
            assert (
                await connection.execute(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))
            ).scalar() == "ANA"


async def test_what_is_committed_is_read_at_once(database: Database, people: list[str]) -> None:
    statement = Prepared(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))
    for number in range(5):
        async with database.transaction() as connection:
            await connection.execute(update(PERSON).where(PERSON.c.name == "ana").values(full_name=str(number)))
        async with database.reading() as connection:
            assert await statement.all(connection) == [(str(number),)]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_connections_that_the_server_closed_during_a_pause_are_made_anew(
    database: Database, people: list[str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_PAUSE_S", 0.0)  # the second is over
    statement = Prepared(select(PERSON.c.full_name).where(PERSON.c.name == "ana"))
    async with database.reading() as connection:
        assert await statement.all(connection) == [("ANA",)]
    end_all = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    server = create_engine(url_of(place))
    with server.begin() as ended:
        assert ended.execute(end_all).scalar()
    server.dispose()
    async with database.transaction() as connection:
        await connection.execute(update(PERSON).where(PERSON.c.name == "ana").values(full_name="Ana B."))
    async with database.reading() as connection:
        assert await statement.all(connection) == [("Ana B.",)]
