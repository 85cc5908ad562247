"""The ticket says of each session whether its evidence is complete, or what is missing and why.

The session's end puts a task into the outbox, in the same transaction. Carrying it out writes the statement on the ticket and takes the
task out again, in one transaction too: so the ticket is told once, whenever the desk is killed. What was written is read back and
compared. Evidence that is not complete may still come, as agents submit again what was not stored: the statement waits for it a while.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables
from relay.storage.database import Database

AT_ONCE = 50
WAITS = (timedelta(seconds=0), timedelta(seconds=5), timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10))
"""How long what is missing is waited for, each time it is looked at, before the ticket is told that it is missing."""


async def put(connection: AsyncConnection, tenant: Tenant, session_id: int) -> None:
    """Have the ticket told of a session's evidence; once a session."""
    task = tables.evidence_task
    if (await connection.execute(select(task.c.id).where(task.c.session_id == session_id))).first() is None:
        await insert_row(
            connection, task, **tenant.columns, session_id=session_id, attempts=0, due_at=now_utc() + WAITS[0]
        )


@dataclass(frozen=True)
class Task:
    """One session whose ticket is to be told."""

    id: int
    session: str
    attempts: int


async def due(database: Database, tenant: Tenant) -> list[Task]:
    """The tasks whose time has come."""
    task, session = tables.evidence_task, tables.session
    async with database.transaction() as connection:
        rows = await connection.execute(
            select(task.c.id, task.c.attempts, session.c.session)
            .join(session, task.c.session_id == session.c.id)
            .where(task.c.organisation_id == tenant.organisation_id, task.c.due_at <= now_utc())
            .order_by(task.c.id)
            .limit(AT_ONCE)
        )
        return [Task(row.id, row.session, row.attempts) for row in rows]


async def postpone(database: Database, task: Task) -> bool:
    """Look again later; False where that was done often enough."""
    if task.attempts + 1 >= len(WAITS):
        return False
    table = tables.evidence_task
    async with database.transaction() as connection:
        values = {"attempts": task.attempts + 1, "due_at": now_utc() + WAITS[task.attempts + 1]}
        await connection.execute(update(table).where(table.c.id == task.id).values(**values))
    return True


async def take_out(connection: AsyncConnection, task: Task) -> bool:
    """Take a task out of the outbox; False where somebody has."""
    table = tables.evidence_task
    return bool((await connection.execute(delete(table).where(table.c.id == task.id))).rowcount)
