"""relay/evidence/log_of_sessions.py, on both databases: each session once, proven, and in one transaction with what it tells."""

from typing import Any

import pytest
from sqlalchemy import event

from protocol import merkle
from protocol.log_of_sessions import (
    Handled,
    SessionClosed,
    SessionJoined,
    SessionOpened,
    leaf_of,
    parse_leaf,
)
from protocol.merkle import Range
from protocol.session_log import Held, Joined, entry_hash
from protocol.vocabulary import Hold, Role
from relay.desk import sessions
from relay.desk.people import Tenant, tenant_of
from relay.desk.sessions import NotNext
from relay.evidence import log_of_sessions
from relay.storage.database import Database
from tests.relay.evidence.cases import StoredSession, stored_session


@pytest.fixture
async def session(database: Database, tenant: Tenant) -> StoredSession:
    return await stored_session(database, tenant)


async def leaves_of(database: Database, tenant: Tenant) -> list[str | None]:
    async with database.transaction() as connection:
        size = await log_of_sessions.size_of(connection, tenant)
        return [await log_of_sessions.leaf_at(connection, tenant, index) for index in range(size)]


async def test_a_session_is_opened_joined_and_closed_once_each_whatever_is_submitted_again(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    await session.open()
    await session.happens(Held(Hold.PAUSED))
    await session.happens(Joined("b" * 32, "Noé Martin", Role.OBSERVER, b"n" * 32, b"k" * 32, "Voir aussi"))
    await session.end()
    for number in range(4):
        await session.store(number)
    async with database.transaction() as connection:
        await sessions.set_state(connection, tenant, await session.row(connection), sessions.CLOSED)
    leaves = [parse_leaf(text) for text in await leaves_of(database, tenant) if text]
    assert [type(leaf) for leaf in leaves] == [SessionOpened, SessionJoined, SessionClosed]
    for leaf, entry in zip(leaves, (0, 2, 3), strict=True):
        assert leaf == leaf_of(session.texts[entry], session.session, leaf.salt)
    assert len({leaf.salt for leaf in leaves}) == 3
    async with database.transaction() as connection:
        row = await session.row(connection)
        found = [await log_of_sessions.index_of_entry(connection, row, text) for text in session.texts]
    assert found == [0, None, 1, 2]


async def test_a_session_that_nobody_ended_is_closed_at_the_end_of_its_chain_and_stays_so(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    await session.open()
    async with database.transaction() as connection:
        await sessions.set_state(connection, tenant, await session.row(connection), sessions.CLOSED)
    (_, text) = await leaves_of(database, tenant)
    closed = parse_leaf(text or "")
    assert isinstance(closed, SessionClosed)
    assert (closed.entries, closed.last_hash, closed.outcome) == (1, entry_hash(session.texts[0]), "")
    with pytest.raises(NotNext):
        await session.end()
    assert len(await leaves_of(database, tenant)) == 2


async def test_of_a_session_that_never_began_the_log_says_nothing(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    async with database.transaction() as connection:
        await sessions.set_state(connection, tenant, await session.row(connection), sessions.CLOSED)
    assert await leaves_of(database, tenant) == []


async def test_a_transaction_that_fails_leaves_neither_entry_nor_leaf(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    session.write_opened()

    async def cut() -> None:
        async with database.transaction() as connection:
            row = await session.row(connection)
            await sessions.append_entry(connection, tenant, row, 0, session.texts[0])
            assert await log_of_sessions.size_of(connection, tenant) == 1
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await cut()
    assert await leaves_of(database, tenant) == []
    await session.store(0)
    assert len(await leaves_of(database, tenant)) == 1


async def test_every_leaf_is_proven_and_every_state_is_the_beginning_of_the_next(
    database: Database, tenant: Tenant
) -> None:
    roots, total = [merkle.EMPTY_ROOT], 21
    for number in range(total):
        async with database.transaction() as connection:
            leaf = Handled(log_of_sessions.new_salt(), f"{number:032x}", "watched", bytes(32))
            assert await log_of_sessions.append(connection, tenant, leaf) == number
            roots.append(await log_of_sessions.root_of(connection, tenant, number + 1))
    for size in range(1, total + 1):
        async with database.transaction() as connection:
            assert await log_of_sessions.root_of(connection, tenant, size) == roots[size]
            text = await log_of_sessions.leaf_at(connection, tenant, size - 1)
            proof = await log_of_sessions.inclusion(connection, tenant, size - 1, total)
            merkle.verify_inclusion(merkle.leaf_hash((text or "").encode()), size - 1, proof, total, roots[total])
            grown = await log_of_sessions.growth(connection, tenant, size, total)
            merkle.verify_consistency(size, roots[size], total, roots[total], grown)


async def test_organisations_in_one_database_have_a_log_each(database: Database, tenant: Tenant) -> None:
    other = await tenant_of(database, "Autre", "g" * 43)
    for whose, count in ((tenant, 3), (other, 2)):
        for _ in range(count):
            async with database.transaction() as connection:
                await log_of_sessions.append(
                    connection, whose, Handled(log_of_sessions.new_salt(), "a" * 32, "x", bytes(32))
                )
    assert (len(await leaves_of(database, tenant)), len(await leaves_of(database, other))) == (3, 2)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_however_long_the_log_is_only_the_nodes_that_are_asked_for_are_read(
    database: Database, tenant: Tenant
) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    async with database.transaction() as connection:
        await log_of_sessions.nodes(connection, tenant, merkle.nodes_of_range(Range(0, 1_000_001)))
        ((statement, parameters),) = list(asked)
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [step for *_, step in map(tuple, plan) if "log_node" in step]
    assert steps
    assert all("level=? AND position=?" in step for step in steps), steps
