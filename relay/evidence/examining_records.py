"""What is wrong with the records of what was done with evidence: deletions and recordings passed on, and the leaves that hold them.

Without it somebody who deletes a recording with other tools could put a row into the table of deletions, and nothing would be missing.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import RemoteProtocolError
from protocol.handling import RESEALED, verify_deletion, verify_resealings
from protocol.identity import text_hash
from protocol.log_of_sessions import Handled, parse_leaf
from relay.desk.people import Tenant
from relay.evidence import deletions, records
from relay.evidence.check import document_of
from relay.evidence.examination import Fault, Finding
from relay.storage import tables
from relay.storage.database import Database

SESSIONS_AT_ONCE = 500


@dataclass(frozen=True)
class _Handled:
    """What the database holds of one session's records; `leaves` by what they say, with the hash that they hold."""

    row: Any
    deletions: list[str]
    resealings: list[str]
    leaves: list[tuple[str, bytes]] = field(default_factory=list)


async def examine_records(database: Database, tenant: Tenant, log_keys: Sequence[bytes]) -> AsyncIterator[Finding]:
    """Hold every record against who may make it and against its leaf, and every leaf against its record.

    Args:
        log_keys: all that the log was ever signed with.
    """
    after = 0
    while True:
        async with database.transaction() as connection:
            read = [await _read(connection, row) for row in await _sessions(connection, tenant, after)]
        for handled in read:
            for finding in _examine(handled, log_keys):
                yield finding
        if not read:
            return
        after = read[-1].row.id


async def _sessions(connection: AsyncConnection, tenant: Tenant, after: int) -> list[Any]:
    """The next sessions of which there is any record, or a leaf that should have one."""
    session, leaf = tables.session, tables.log_leaf
    spoken_of = select(leaf.c.session_id).where(leaf.c.kind == "handled", leaf.c.session_id.is_not(None))
    concerned = union(spoken_of, *(select(table.c.session_id) for table in (tables.deletion, tables.resealing)))
    where = session.c.organisation_id == tenant.organisation_id, session.c.id > after, session.c.id.in_(concerned)
    return list(
        (await connection.execute(select(session).where(*where).order_by(session.c.id).limit(SESSIONS_AT_ONCE))).all()
    )


async def _read(connection: AsyncConnection, row: Any) -> _Handled:
    leaf = tables.log_leaf
    where = leaf.c.session_id == row.id, leaf.c.kind == "handled", leaf.c.leaf.is_not(None)
    texts = (await connection.execute(select(leaf.c.leaf).where(*where))).scalars()
    return _Handled(
        row,
        await deletions.certificates_of(connection, row.id),
        await records.resealings_of(connection, row.id),
        [(said.what, said.content) for said in _leaves(texts) if said.session == row.session],
    )


def _leaves(texts: Iterable[str]) -> list[Handled]:
    """Those that can be read: one that cannot has been altered, which the tree shows."""
    found = []
    for text in texts:
        try:
            leaf = parse_leaf(text)
        except RemoteProtocolError:
            continue
        if isinstance(leaf, Handled):
            found.append(leaf)
    return found


def _examine(handled: _Handled, log_keys: Sequence[bytes]) -> list[Finding]:
    session, wanted = handled.row.session, list[tuple[str, bytes]]()
    try:
        document = document_of(handled.row.document)
        for certificate in handled.deletions:
            deletion = verify_deletion(certificate, [*document.log_keys, *log_keys])
            if deletion.session != session:
                return [Finding(Fault.RECORD_ALTERED, session, "the deletion of another session")]
            wanted.append((f"{deletion.what}_deleted", text_hash(certificate)))
        verify_resealings(handled.resealings, session, document.auditors)
        wanted += [(RESEALED, text_hash(record)) for record in handled.resealings]
    except RemoteProtocolError as error:
        return [Finding(Fault.RECORD_ALTERED, session, str(error))]
    found = [
        Finding(Fault.RECORD_ALTERED, session, f"{what}, of which the log of all sessions does not know")
        for what, content in wanted
        if (what, content) not in handled.leaves
    ]
    for what, content in handled.leaves:
        # To whom a recording was passed on goes with the recording.
        is_gone = what == RESEALED and handled.deletions
        if (what, content) not in wanted and not is_gone:
            found.append(Finding(Fault.RECORD_MISSING, session, what))
    return found
