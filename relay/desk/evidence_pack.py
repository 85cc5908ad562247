"""What goes into a session's evidence pack, gathered from where it is kept: database, store of recordings, log of all sessions."""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from typing import IO, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.session_log import entry_hash, parse_entry
from relay.desk import recordings, sessions
from relay.desk.rendering import written
from relay.desk.requests import Desk
from relay.evidence.check import LogFile
from relay.evidence.pack import Evidence, write_pack
from relay.evidence.summary import summarise
from relay.storage import tables
from translations import LANGUAGES


async def log_file_of(connection: AsyncConnection, session: Any) -> LogFile:
    """A session's log as a file (PROTOCOL.md, section 9)."""
    return LogFile(
        entries=await sessions.entries_of(connection, session.id),
        heads=await sessions.heads_of(connection, session.id),
        certificate=session.certificate,
        certificates=await sessions.certificates_of(connection, session.id),
        document=session.document,
    )


async def write(desk: Desk, session: Any, file: IO[bytes]) -> None:
    """Write the pack of a session that has at least one entry into an empty file.

    Raises:
        NotCosigned: too few witnesses answer for the moment.
        OSError: there is no room for it.
    """
    async with desk.database.transaction() as connection:
        log = await log_file_of(connection, session)
        beside = await beside_of(connection, session.id)
        kept = await recordings.kept_of(connection, session.id)
        indices = await _leaves_of(connection, session.id)
    checkpoint, leaves = await desk.checkpoints.logged_together(indices)
    loop = asyncio.get_running_loop()

    def segments() -> Iterator[tuple[int, bytes]]:
        for number in sorted(kept):
            name = recordings.blob_name(session.session, number)
            yield number, asyncio.run_coroutine_threadsafe(desk.blobs.get(name), loop).result()

    evidence = Evidence(
        session=session.session,
        log=msgspec.json.encode(log, order="sorted"),
        checkpoint=str(checkpoint),
        leaves=tuple(leaves),
        beside=beside,
        segments=segments(),
        reports={language: _report(desk, log, language) for language in LANGUAGES},
    )
    await asyncio.to_thread(write_pack, file, evidence, desk.organisation.log_key)


def _report(desk: Desk, log: LogFile, language: str) -> str:
    entries = [parse_entry(text) for text in log.entries]
    return written(
        "report.html",
        language,
        desk.settings.time_zone,
        summary=summarise(entries),
        entries=len(entries),
        last_hash=entry_hash(log.entries[-1]).hex(),
        root_fingerprint=desk.organisation.fingerprint_text,
    )


async def beside_of(connection: AsyncConnection, session_id: int) -> dict[bytes, bytes]:
    """What lies beside entries and has not been deleted, by its hash."""
    entry = tables.log_entry
    where = entry.c.session_id == session_id, entry.c.beside.is_not(None)
    rows = await connection.execute(select(entry.c.beside).where(*where))
    return {sha256(beside).digest(): bytes(beside) for beside in rows.scalars()}


async def _leaves_of(connection: AsyncConnection, session_id: int) -> list[int]:
    """Where in the log of all sessions this one is spoken of."""
    leaf = tables.log_leaf
    where = leaf.c.session_id == session_id
    rows = await connection.execute(select(leaf.c.position).where(where).order_by(leaf.c.position))
    return list(rows.scalars())
