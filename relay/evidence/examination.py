"""What is wrong with the evidence that is kept: of one session, and of the log of all. It changes nothing and reads in short steps.

A *fault* is an alteration, which cannot have happened by itself, or something that is missing. Whoever tells people has the words.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import merkle
from protocol.errors import LogTampered, RemoteProtocolError
from protocol.log_of_sessions import Leaf, SessionClosed, leaf_of, parse_leaf
from protocol.merkle import Node, Range
from protocol.recording import recording_of
from protocol.session_log import NO_ENTRY, Entry, beside_hash, last_hash
from relay.desk import recordings, sessions
from relay.desk.evidence_pack import log_file_of
from relay.desk.people import Tenant
from relay.evidence import deletions, log_of_sessions
from relay.evidence.check import LogFile, check_log
from relay.storage import tables
from relay.storage.blobs import Blobs, NoSuchBlob
from relay.storage.database import Database

LEAVES_AT_ONCE = 500


class Fault(StrEnum):
    """What can be wrong."""

    LOG_ALTERED = "log_altered"
    """The session's own log does not hold: chain, heads, certificates."""
    LEAF_ALTERED = "leaf_altered"
    """The log of all sessions says something else of the session."""
    TREE_ALTERED = "tree_altered"
    """The log of all sessions is not what its leaves make, or not what was published."""
    SEGMENT_ALTERED = "segment_altered"
    TWO_VIEWS = "two_views"
    """Somebody holds a signed state of the log that is not part of ours."""
    SESSION_GONE = "session_gone"
    """The log of all sessions tells of a session that is not there."""
    RECORD_ALTERED = "record_altered"
    """The record of a deletion, or of a recording passed on, is not by who may make it, or the log does not know of it."""

    NO_END = "no_end"
    """The log has no last entry."""
    NOT_SIGNED = "not_signed"
    """The end is not signed by both sides."""
    CERTIFICATE_MISSING = "certificate_missing"
    LEAF_MISSING = "leaf_missing"
    """The log of all sessions does not know of it."""
    SEGMENT_MISSING = "segment_missing"
    CONTENT_MISSING = "content_missing"
    """Something that lies beside an entry: a key, a note."""
    RECORD_MISSING = "record_missing"
    """The log of all sessions tells of something that was done with evidence, and the record of it is not there."""
    STILL_OPEN = "still_open"
    """Opened, and neither running nor closed."""

    @property
    def is_alteration(self) -> bool:
        """It cannot have come about by a cut, a full disk, or somebody who left."""
        return self in _ALTERATIONS


_ALTERATIONS = {
    Fault.LOG_ALTERED,
    Fault.LEAF_ALTERED,
    Fault.TREE_ALTERED,
    Fault.SEGMENT_ALTERED,
    Fault.TWO_VIEWS,
    Fault.SESSION_GONE,
    Fault.RECORD_ALTERED,
}


@dataclass(frozen=True)
class Finding:
    """One fault; of which session, if of one, and what exactly, for who has to look into it."""

    fault: Fault
    session: str = ""
    detail: str = ""
    count: int = 1


# --- one session -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Stored:
    """All that the database holds of one session's evidence."""

    row: Any
    log: LogFile
    leaves: tuple[Leaf, ...]
    segments: dict[int, bytes]
    beside: tuple[bytes, ...]
    """The hashes of what lies beside entries."""
    deleted: frozenset[str]

    @property
    def is_over(self) -> bool:
        return bool(self.row.state == sessions.CLOSED)


async def examine_session(database: Database, session: str, *, root: str) -> list[Finding]:
    """What is wrong with the evidence of one session, as far as the database tells.

    Args:
        root: fingerprint of the organisation's root, as text.
    """
    async with database.transaction() as connection:
        row = await sessions.find(connection, session)
        if row is None or not row.entries:
            return []
        deleted = await deletions.deleted_of(connection, row.id)
        if deletions.LOG in deleted:
            return []
        stored = _Stored(
            row,
            await log_file_of(connection, row),
            await _leaves_of(connection, row.id),
            await recordings.kept_of(connection, row.id),
            await _beside(connection, row.id),
            deleted,
        )
    return await asyncio.to_thread(_examine, stored, root)


def _examine(stored: _Stored, root: str) -> list[Finding]:
    session, texts = stored.row.session, stored.log.entries
    if (len(texts), last_hash(texts)) != (stored.row.entries, bytes(stored.row.last_hash or NO_ENTRY)):
        return [Finding(Fault.LOG_ALTERED, session, f"{len(texts)} entries where {stored.row.entries} were stored")]
    try:
        checked = check_log(msgspec.json.encode(stored.log), root=root)
    except RemoteProtocolError as error:
        return [Finding(Fault.LOG_ALTERED, session, str(error))]
    found, verdict = [], checked.verdict
    if stored.is_over and not verdict.is_closed:
        found.append(Finding(Fault.NO_END, session, f"after entry {len(texts) - 1}"))
    elif stored.is_over and not verdict.is_complete:
        found.append(Finding(Fault.NOT_SIGNED, session, f"by both up to {verdict.both} of {len(texts)} entries"))
    found += [Finding(Fault.CERTIFICATE_MISSING, session, name) for name in checked.missing]
    if deletions.RECORDING not in stored.deleted:
        found += _examine_recording(stored, verdict.entries)
    return found + _examine_leaves(stored)


def _examine_recording(stored: _Stored, entries: Sequence[Entry]) -> list[Finding]:
    """Segments and what lies beside entries, as far as their hashes tell."""
    session, found = stored.row.session, []
    try:
        missing = recording_of(entries).missing(stored.segments)
    except LogTampered as error:
        return [Finding(Fault.SEGMENT_ALTERED, session, str(error))]
    if missing:
        why = ", ".join(sorted({each.why for each in missing}))
        found.append(Finding(Fault.SEGMENT_MISSING, session, why, len(missing)))
    wanted = [each for entry in entries if (each := beside_hash(entry.event)) is not None]
    if lacking := len([each for each in wanted if each not in stored.beside]):
        found.append(Finding(Fault.CONTENT_MISSING, session, count=lacking))
    return found


def _examine_leaves(stored: _Stored) -> list[Finding]:
    """What the log of all sessions says of this one, held against its own log."""
    session, texts = stored.row.session, stored.log.entries
    wanted = [leaf for text in texts if (leaf := leaf_of(text, session, b"")) is not None]
    if stored.is_over and not isinstance(wanted[-1], SessionClosed):
        wanted.append(SessionClosed(b"", session, len(texts), last_hash(texts), stored.row.outcome or ""))
    said = [replace(leaf, salt=b"") for leaf in stored.leaves]
    found = []
    for leaf in wanted:
        if leaf in said:
            said.remove(leaf)
        elif isinstance(leaf, SessionClosed) and not any(isinstance(each, SessionClosed) for each in said):
            found.append(Finding(Fault.STILL_OPEN, session))
        elif not any(type(each) is type(leaf) for each in said):
            found.append(Finding(Fault.LEAF_MISSING, session, log_of_sessions.kind_of(leaf)))
    # What is left says something that the session's own log does not.
    return found + [Finding(Fault.LEAF_ALTERED, session, log_of_sessions.kind_of(leaf)) for leaf in said]


async def _leaves_of(connection: AsyncConnection, session_id: int) -> tuple[Leaf, ...]:
    leaf = tables.log_leaf
    where = leaf.c.session_id == session_id, leaf.c.leaf.is_not(None), leaf.c.kind != "handled"
    rows = await connection.execute(select(leaf.c.leaf).where(*where).order_by(leaf.c.position))
    return tuple(read for text in rows.scalars() if (read := _readable(text)) is not None)


def _readable(text: str) -> Leaf | None:
    """What a leaf says; one that cannot be read has been altered, which the tree shows."""
    try:
        return parse_leaf(text)
    except RemoteProtocolError:
        return None


async def _beside(connection: AsyncConnection, session_id: int) -> tuple[bytes, ...]:
    entry = tables.log_entry
    rows = await connection.execute(
        select(entry.c.beside).where(entry.c.session_id == session_id, entry.c.beside.is_not(None))
    )
    return tuple(hashlib.sha256(bytes(each)).digest() for each in rows.scalars())


# --- everything ------------------------------------------------------------------------------------------------------------


async def examine_segments(database: Database, blobs: Blobs, session: str) -> list[Finding]:
    """Hold every segment that is kept of one session against its hash. It reads all of them."""
    async with database.transaction() as connection:
        row = await sessions.find(connection, session)
        kept = await recordings.kept_of(connection, row.id) if row is not None else {}
    missing, found = 0, []
    for number, expected in sorted(kept.items()):
        try:
            data = await blobs.get(recordings.blob_name(session, number))
        except NoSuchBlob:
            missing += 1
            continue
        if hashlib.sha256(data).digest() != expected:
            found.append(Finding(Fault.SEGMENT_ALTERED, session, f"segment {number}"))
    return found + ([Finding(Fault.SEGMENT_MISSING, session, "store", missing)] if missing else [])


async def examine_tree(database: Database, tenant: Tenant) -> AsyncIterator[Finding]:
    """Make the tree of the log of all sessions anew from its leaves, and hold every node against it."""
    edge: dict[Node, bytes] = {}
    size, count = 0, 0
    while True:
        async with database.transaction() as connection:
            leaf = tables.log_leaf
            where = leaf.c.organisation_id == tenant.organisation_id, leaf.c.position >= size
            query = select(leaf.c.position, leaf.c.leaf).where(*where).order_by(leaf.c.position).limit(LEAVES_AT_ONCE)
            rows = (await connection.execute(query)).all()
            stored = await log_of_sessions.nodes(connection, tenant, [Node(0, row.position) for row in rows])
            made: dict[Node, bytes] = {}
            for row in rows:
                if row.position != size:
                    yield Finding(Fault.TREE_ALTERED, detail=f"leaf {size} is not there")
                    return
                own = stored.get(Node(0, size), b"")
                if row.leaf is not None and merkle.leaf_hash(row.leaf.encode()) != own:
                    yield Finding(Fault.TREE_ALTERED, detail=f"leaf {size} is not the one that was added")
                made |= merkle.append(edge | made, size, own)
                size += 1
            kept = await log_of_sessions.nodes(connection, tenant, made)
            for node, value in made.items():
                if kept.get(node) != value:
                    yield Finding(Fault.TREE_ALTERED, detail=f"node {node.position} of level {node.level}")
        count += len(made)
        edge = {node: (edge | made)[node] for node in merkle.nodes_of_range(Range(0, size))}
        if len(rows) < LEAVES_AT_ONCE:
            break
    async with database.transaction() as connection:
        if (there := await log_of_sessions.node_count(connection, tenant)) != count:
            yield Finding(Fault.TREE_ALTERED, detail=f"{there} nodes where {count} belong")


async def sessions_of(database: Database, tenant: Tenant) -> AsyncIterator[str]:
    """Every session that has a log, page by page."""
    after = 0
    while True:
        async with database.transaction() as connection:
            session = tables.session
            where = session.c.organisation_id == tenant.organisation_id, session.c.id > after, session.c.entries > 0
            query = select(session.c.id, session.c.session).where(*where).order_by(session.c.id).limit(LEAVES_AT_ONCE)
            rows = (await connection.execute(query)).all()
        for row in rows:
            yield row.session
        if not rows:
            return
        after = rows[-1].id


async def sessions_gone(database: Database, tenant: Tenant) -> list[Finding]:
    """The sessions that the log of all sessions tells of, and that are not there, or whose log is not."""
    leaf, session, deletion = tables.log_leaf, tables.session, tables.deletion
    deleted = select(deletion.c.session_id).where(deletion.c.what == deletions.LOG)
    async with database.transaction() as connection:
        rows = await connection.execute(
            select(leaf.c.position)
            .outerjoin(session, leaf.c.session_id == session.c.id)
            .where(
                leaf.c.organisation_id == tenant.organisation_id,
                leaf.c.kind == "session_opened",
                session.c.id.is_(None) | ((session.c.entries == 0) & session.c.id.not_in(deleted)),
            )
            .order_by(leaf.c.position)
        )
        return [Finding(Fault.SESSION_GONE, detail=f"leaf {position}") for position in rows.scalars()]
