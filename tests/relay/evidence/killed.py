"""Stores one session's log in a process that is killed at the n-th step towards the database, for every n; told as JSON lines.

`python -m tests.relay.evidence.killed FOLDER`; everything is imported once, each process is a fork.
"""

import asyncio
import itertools
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from protocol import merkle
from protocol.merkle import Range
from protocol.session_log import Event, Held, Joined, LogWriter
from protocol.vocabulary import Hold, Role
from relay.desk import sessions
from relay.desk.people import tenant_of
from relay.evidence import log_of_sessions
from relay.storage import tables
from relay.storage.database import Database, migrate, open_database
from tests.relay.evidence.cases import StoredSession, stored_session

KILLED = -signal.SIGKILL


class Steps:
    """Kills this very process before the n-th statement, commit, or end of one."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, database: Database) -> None:
        engine = database._engine.sync_engine
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(engine, name, self.step)


async def prepared(file: Path) -> tuple[Database, StoredSession]:
    database = open_database(file)
    tenant = await tenant_of(database, "Télé Test", "f" * 43)
    async with database.transaction() as connection:
        known = await sessions.find(connection, f"{1:032x}")
    session = (
        StoredSession(database, tenant, known.session, known.id, LogWriter())
        if known
        else await stored_session(database, tenant)
    )
    session.write_opened()
    happens: tuple[Event, ...] = (
        Held(Hold.PAUSED),
        Joined("b" * 32, "Noé", Role.OBSERVER, bytes(32), bytes(32), "r"),
    )
    for at_ms, happened in enumerate(happens, 2):
        session.log.append(happened, at_ms)
    session.write_end()
    return database, session


async def store_all(folder: Path, kill_at: int) -> None:
    """Submit every entry as an agent does, also those that are stored; each acknowledgement is noted at once."""
    database, session = await prepared(folder / "database.sqlite3")
    steps = Steps(kill_at)
    steps.watch(database)
    with (folder / "acknowledged").open("a") as acknowledged:
        for number in range(len(session.texts)):
            await session.store(number)
            acknowledged.write(f"{number}\n")
            acknowledged.flush()
            steps.step()


async def found(folder: Path) -> dict[str, Any]:
    """What is in the database: how many entries, which leaves, and whether the tree is that of the leaves."""
    database, session = await prepared(folder / "database.sqlite3")
    async with database.transaction() as connection:
        leaf = tables.log_leaf
        rows = (await connection.execute(select(leaf).order_by(leaf.c.position))).all()
        nodes: dict[merkle.Node, bytes] = {}
        for row in rows:
            nodes |= merkle.append(nodes, row.position, merkle.leaf_hash(row.leaf.encode()))
        kept = await log_of_sessions.nodes(connection, session.tenant, nodes)
        count = len((await connection.execute(select(tables.log_node.c.level))).all())
        row = await session.row(connection)
        root = await log_of_sessions.root_of(connection, session.tenant, len(rows))
        stored = len(await sessions.entries_of(connection, session.id))
    await database.close()
    return {
        "entries": row.entries,
        "stored": stored,
        "state": row.state,
        "leaves": [each.kind for each in rows],
        "tree_holds": kept == nodes and count == len(nodes) and root == merkle.root(nodes, Range(0, len(rows))),
        "acknowledged": len(set((folder / "acknowledged").read_text().split())),
    }


def in_a_process(work: Callable[[], Awaitable[None]]) -> int:
    """Run something in a fork; its exit code, negative where a signal ended it."""
    if (child := os.fork()) == 0:
        code = 1
        try:
            asyncio.run(work())  # type: ignore[arg-type]
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def look_and_go_on(folder: Path) -> None:
    """Note what a killed desk left, have everything submitted again, and note what is there then."""
    killed = await found(folder)
    await store_all(folder, 0)
    (folder / "found").write_text(json.dumps({"killed": killed, "again": await found(folder)}))


def told(folder: Path, kill_at: int) -> dict[str, Any]:
    """What becomes of a desk that is killed at this step: its exit code, and what is there afterwards and in the end."""
    (folder / "acknowledged").touch()
    code = in_a_process(lambda: store_all(folder, kill_at))
    assert in_a_process(lambda: look_and_go_on(folder)) == 0
    return {"code": code, **json.loads((folder / "found").read_text())}


def main(folder: Path) -> None:
    made = folder / "made.sqlite3"
    migrate(made)

    async def make() -> None:
        database, _ = await prepared(made)
        await database.close()

    assert in_a_process(make) == 0
    for kill_at in itertools.count(1):
        here = folder / str(kill_at)
        here.mkdir()
        shutil.copy(made, here / "database.sqlite3")
        line = told(here, kill_at)
        print(json.dumps(line), flush=True)
        if line["code"] != KILLED:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
