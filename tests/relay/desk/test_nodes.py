"""relay/desk/nodes.py, on both databases: whose a session is, and that it is closed by one node, once, when nobody comes back to it."""

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy import create_engine, text

from relay.desk import arrivals, sessions
from relay.desk.away import CLOSED_AFTER_S, Away
from relay.desk.housekeeping import CLOSE_EVERY_S
from relay.desk.nodes import GONE_AFTER_S, Nodes, Replaced
from relay.desk.people import Tenant
from relay.evidence import attaching
from relay.storage.changes import changed
from relay.storage.database import Database, open_database, url_of
from tests.relay.evidence.cases import StoredSession, stored_session
from tests.relay.storage.conftest import database, migrated_file, place, postgresql_url, tenant
from tests.waiting import eventually

__all__ = ["database", "migrated_file", "place", "postgresql_url", "tenant"]

A, B = "https://a.example", "https://b.example"


@dataclass
class Time:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Node:
    """One node's desk, as far as it looks after sessions."""

    database: Database
    tenant: Tenant
    time: Time
    name: str
    run: str = "first run"
    nodes: Nodes = field(init=False)
    away: Away = field(init=False)

    async def start(self, *, is_first: bool = True) -> "Node":
        self.nodes, self.away = Nodes(self.tenant, self.name, self.run, clock=self.time), Away(self.time)
        async with self.database.transaction() as connection:
            await self.nodes.begin(connection, is_first=is_first)
            if is_first:
                await arrivals.after_restart(connection, self.nodes)
        return self

    async def look(self) -> None:
        async with self.database.transaction() as connection:
            await arrivals.close_overdue(connection, self.nodes, self.away)

    async def take_in(self, session: StoredSession) -> None:
        async with self.database.transaction() as connection:
            await self.nodes.take_in(connection, session.session)

    async def is_home_of(self, session: StoredSession) -> bool:
        async with self.database.transaction() as connection:
            return await self.nodes.is_home_of(connection, await session.row(connection))


@pytest.fixture
async def session(database: Database, tenant: Tenant) -> StoredSession:
    """One that has begun, at the node A."""
    session = await stored_session(database, tenant)
    await session.open()
    await tell(database, tenant, session, sessions.PAIRED)
    return session


async def tell(database: Database, tenant: Tenant, session: StoredSession, state: str) -> None:
    async with database.transaction() as connection:
        await sessions.set_state(connection, tenant, await session.row(connection), state)


async def state_of(session: StoredSession) -> str:
    async with session.database.transaction() as connection:
        return str((await session.row(connection)).state)


async def look_for(time: Time, seconds: float, *nodes: Node) -> None:
    """Let time pass while these nodes look after their sessions, and no other does."""
    until = time.now + seconds
    while time.now < until:
        time.now += CLOSE_EVERY_S
        for node in nodes:
            await node.look()


async def test_a_node_that_starts_leaves_alone_what_lives_at_another(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    first = await Node(database, tenant, time, A).start()
    await first.take_in(session)
    second = await Node(database, tenant, time, B).start()
    assert await state_of(session) == sessions.PAIRED
    await look_for(time, CLOSED_AFTER_S + 2 * GONE_AFTER_S, first, second)
    assert await state_of(session) == sessions.PAIRED


async def test_a_node_that_starts_again_takes_its_own_for_left_and_closes_it_once_the_grace_is_over(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    await (await Node(database, tenant, time, A).start()).take_in(session)
    again = await Node(database, tenant, time, A, run="second run").start()
    assert await state_of(session) == sessions.AWAY
    await look_for(time, CLOSED_AFTER_S - CLOSE_EVERY_S, again)
    assert await state_of(session) == sessions.AWAY
    await look_for(time, 3 * CLOSE_EVERY_S, again)
    assert await state_of(session) == sessions.CLOSED


async def test_what_lived_at_a_node_that_is_gone_for_good_is_closed_once_by_whoever_sees_it(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    await (await Node(database, tenant, time, A).start()).take_in(session)
    others = [await Node(database, tenant, time, name).start() for name in (B, "https://c.example")]
    await look_for(time, CLOSED_AFTER_S, *others)
    assert await state_of(session) == sessions.PAIRED
    await look_for(time, 2 * GONE_AFTER_S, *others)
    assert await state_of(session) == sessions.CLOSED
    assert len(await attaching.due(database, tenant)) == 1


async def test_a_session_that_was_taken_in_elsewhere_is_not_closed_for_the_node_that_is_gone(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    await (await Node(database, tenant, time, A).start()).take_in(session)
    other = await Node(database, tenant, time, B).start()
    await look_for(time, CLOSED_AFTER_S / 2, other)
    await other.take_in(session)
    await look_for(time, CLOSED_AFTER_S, other)
    assert await state_of(session) == sessions.PAIRED


async def test_only_the_node_to_which_the_agent_came_last_says_how_a_session_stands(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    first, second = await Node(database, tenant, time, A).start(), await Node(database, tenant, time, B).start()
    await first.take_in(session)
    assert (await first.is_home_of(session), await second.is_home_of(session)) == (True, False)
    await second.take_in(session)
    assert (await first.is_home_of(session), await second.is_home_of(session)) == (False, True)


async def test_a_node_whose_name_another_has_taken_notices_and_has_nothing_to_say(
    database: Database, tenant: Tenant, session: StoredSession
) -> None:
    time = Time()
    old = await Node(database, tenant, time, "").start()
    assert await old.is_home_of(session)
    new = await Node(database, tenant, time, "", run="second run").start()
    assert not await old.is_home_of(session)
    with pytest.raises(Replaced):
        await old.look()
    with pytest.raises(Replaced):
        await old.start(is_first=False)
    await new.start(is_first=False)
    await new.look()


async def test_two_nodes_that_write_at_once_write_one_after_the_other(postgresql_url: str) -> None:
    ours, theirs = open_database(postgresql_url), open_database(postgresql_url)
    said: list[str] = []
    is_in, may_go = asyncio.Event(), asyncio.Event()
    anything = text("SELECT 1")

    async def write_first() -> None:
        async with ours.transaction() as connection:
            await connection.execute(anything)
            is_in.set()
            await may_go.wait()
            said.append("first")

    async def write_second() -> None:
        await is_in.wait()
        async with theirs.transaction() as connection:
            await connection.execute(anything)
            said.append("second")

    both = asyncio.gather(write_first(), write_second())
    await is_in.wait()
    watching = create_engine(url_of(postgresql_url), isolation_level="AUTOCOMMIT")
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with watching.connect() as connection:
        await eventually(
            lambda: said or connection.execute(waiting).scalar(), "the second node at the first one's door"
        )
    may_go.set()
    await both
    assert said == ["first", "second"]
    watching.dispose()
    await ours.close()
    await theirs.close()


async def test_who_looks_at_something_at_one_node_learns_what_another_changes(postgresql_url: str) -> None:
    ours, theirs = open_database(postgresql_url), open_database(postgresql_url)
    hearing = asyncio.create_task(theirs.hear_others())
    with theirs.changes.listening("ticket:2041") as told, theirs.changes.listening("ticket:2042") as of_another:

        async def is_told() -> bool:
            # Whoever has just begun to listen may have missed it.
            async with ours.transaction() as connection:
                changed(connection, "ticket:2041")
            return told.is_set()

        await eventually(is_told, "the other node's change")
        assert not of_another.is_set()
    hearing.cancel()
    await ours.close()
    await theirs.close()
