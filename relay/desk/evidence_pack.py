"""What goes into a session's evidence pack, gathered from where it is kept: database, store of recordings, log of all sessions."""

import asyncio
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import IO, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.handling import deletion_in, verify_resealings
from protocol.session_log import entry_hash, parse_entry
from relay.desk import recordings, sessions
from relay.desk.rendering import written
from relay.desk.requests import Desk
from relay.evidence import documents, log_of_sessions, records
from relay.evidence.check import LogFile, document_of
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
        indices = await log_of_sessions.indices_of(connection, session.id)
        handled = await records.of_session(connection, session.id)
        later = await documents.after(connection, desk.tenant, session.document)
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
        reports={language: _report(desk, session.session, log, handled, language) for language in LANGUAGES},
        records=tuple(handled),
        documents=tuple(later),
    )
    await asyncio.to_thread(write_pack, file, evidence, desk.organisation.log_key)


def _report(desk: Desk, session: str, log: LogFile, handled: Sequence[str], language: str) -> str:
    entries = [parse_entry(text) for text in log.entries]
    deletions = [deletion for record in handled if (deletion := deletion_in(record)) is not None]
    resealings = [record for record in handled if deletion_in(record) is None]
    return written(
        "report.html",
        language,
        desk.settings.time_zone,
        summary=summarise(entries),
        entries=len(entries),
        last_hash=entry_hash(log.entries[-1]).hex(),
        root_fingerprint=desk.organisation.fingerprint_text,
        deletions=deletions,
        resealed=verify_resealings(resealings, session, document_of(log.document).auditors),
    )


async def beside_of(connection: AsyncConnection, session_id: int) -> dict[bytes, bytes]:
    """What lies beside entries and has not been deleted, by its hash."""
    entry = tables.log_entry
    where = entry.c.session_id == session_id, entry.c.beside.is_not(None)
    rows = await connection.execute(select(entry.c.beside).where(*where))
    return {sha256(beside).digest(): bytes(beside) for beside in rows.scalars()}
