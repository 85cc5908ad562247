"""The log of all sessions in the database (PROTOCOL.md, section 13): leaves are only ever added, in the transaction that makes them true.

A leaf is its text, which goes when the evidence is deleted, and a node of the tree, which stays. Complete nodes never change, so that
a new leaf costs the reading of one edge and the writing of two rows, however long the log is.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import merkle
from protocol.log_of_sessions import Leaf, SessionClosed, SessionJoined, leaf_of, leaf_text
from protocol.merkle import Node, Range
from protocol.session_log import NO_ENTRY
from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables

SALT_BYTES = 16


def new_salt() -> bytes:
    """What keeps a leaf's hash from telling what the leaf said."""
    return secrets.token_bytes(SALT_BYTES)


async def append(
    connection: AsyncConnection, tenant: Tenant, leaf: Leaf, *, session_id: int | None = None, subject: str = ""
) -> int:
    """Add a leaf, once: a leaf of this session, kind and subject that is there already stays the only one. Gives its index."""
    kind = kind_of(leaf)
    if session_id is not None and (known := await index_of(connection, session_id, kind, subject)) is not None:
        return known
    size = await size_of(connection, tenant)
    written = leaf_text(leaf)
    edge = await nodes(connection, tenant, merkle.nodes_of_range(Range(0, size)))
    await insert_row(
        connection,
        tables.log_leaf,
        **tenant.columns,
        position=size,
        kind=kind,
        session_id=session_id,
        subject=subject,
        leaf=written,
        at=now_utc(),
    )
    completed = merkle.append(edge, size, merkle.leaf_hash(written.encode()))
    await connection.execute(
        insert(tables.log_node),
        [
            {**tenant.columns, "level": level, "position": position, "hash": value}
            for (level, position), value in completed.items()
        ],
    )
    return size


async def follow(connection: AsyncConnection, tenant: Tenant, session: Any, entry: str) -> None:
    """Add what the log of sessions has to say of an entry that is being stored, if anything."""
    leaf = leaf_of(entry, session.session, new_salt())
    if leaf is not None and not isinstance(leaf, SessionClosed):
        await append(connection, tenant, leaf, session_id=session.id, subject=subject_of(leaf))


async def close(connection: AsyncConnection, tenant: Tenant, session: Any) -> None:
    """Add that a session is over, with the end of its chain; of one whose log never began there is nothing to say."""
    if session.entries:
        last, outcome = bytes(session.last_hash or NO_ENTRY), session.outcome or ""
        leaf = SessionClosed(new_salt(), session.session, session.entries, last, outcome)
        await append(connection, tenant, leaf, session_id=session.id)


def kind_of(leaf: Leaf) -> str:
    """What a leaf is, by the word in it."""
    return str(leaf.__struct_config__.tag)


def subject_of(leaf: Leaf) -> str:
    """What tells several leaves of one kind and session apart: who joined, by the hash of the certificate."""
    return leaf.certificate.hex() if isinstance(leaf, SessionJoined) else ""


async def is_closed(connection: AsyncConnection, session_id: int) -> bool:
    """Whether the log says that the session is over: nothing is added to its own log any more."""
    return await index_of(connection, session_id, "session_closed", "") is not None


async def index_of(connection: AsyncConnection, session_id: int, kind: str, subject: str) -> int | None:
    """Where in the log this leaf is."""
    leaf = tables.log_leaf
    where = leaf.c.session_id == session_id, leaf.c.kind == kind, leaf.c.subject == subject
    return (await connection.execute(select(leaf.c.position).where(*where))).scalar()


async def indices_of(connection: AsyncConnection, session_id: int) -> list[int]:
    """Where in the log the leaves are that say what happened in a session, and with its evidence, as far as their texts are still there."""
    leaf = tables.log_leaf
    where = leaf.c.session_id == session_id, leaf.c.leaf.is_not(None)
    return list((await connection.execute(select(leaf.c.position).where(*where).order_by(leaf.c.position))).scalars())


async def index_of_entry(connection: AsyncConnection, session: Any, entry: str) -> int | None:
    """Where in the log the leaf is that belongs to an entry of a session's own log (its exact text)."""
    leaf = leaf_of(entry, session.session, new_salt())
    if leaf is None:
        return None
    return await index_of(connection, session.id, kind_of(leaf), subject_of(leaf))


async def leaf_at(connection: AsyncConnection, tenant: Tenant, index: int) -> str | None:
    """The text of a leaf; None where it was deleted, or never was."""
    leaf = tables.log_leaf
    where = leaf.c.organisation_id == tenant.organisation_id, leaf.c.position == index
    return (await connection.execute(select(leaf.c.leaf).where(*where))).scalar()


async def size_of(connection: AsyncConnection, tenant: Tenant) -> int:
    """How many leaves there are."""
    leaf = tables.log_leaf
    highest = select(func.max(leaf.c.position)).where(leaf.c.organisation_id == tenant.organisation_id)
    last = (await connection.execute(highest)).scalar()
    return 0 if last is None else int(last) + 1


async def root_of(connection: AsyncConnection, tenant: Tenant, size: int) -> bytes:
    """The root over the first `size` leaves."""
    leaves = Range(0, size)
    return merkle.root(await nodes(connection, tenant, merkle.nodes_of_range(leaves)), leaves)


async def inclusion(connection: AsyncConnection, tenant: Tenant, index: int, size: int) -> list[bytes]:
    """The proof that the leaf at `index` is among the first `size`."""
    return await _proof(connection, tenant, merkle.inclusion_ranges(index, size))


async def growth(connection: AsyncConnection, tenant: Tenant, older: int, newer: int) -> list[bytes]:
    """The proof that the first `older` leaves begin the first `newer`; empty for a log that was empty."""
    return await _proof(connection, tenant, merkle.consistency_ranges(older, newer)) if older else []


async def nodes(connection: AsyncConnection, tenant: Tenant, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of complete nodes; those that are not there are missing."""
    pairs = ",".join(f"({level:d},{position:d})" for level, position in wanted)
    if not pairs:
        return {}
    # Joined, so that each node is read by its whole key: for a list of pairs SQLite would go through all of them. As a text, since to
    # build such a statement out of its parts takes longer than to run it.
    statement = text(
        f"WITH wanted (level, position) AS (VALUES {pairs})"  # noqa: S608 - nothing but numbers
        " SELECT log_node.level, log_node.position, hash FROM wanted JOIN log_node ON organisation_id = :organisation"
        " AND log_node.level = wanted.level AND log_node.position = wanted.position"
    )
    rows = await connection.execute(statement, {"organisation": tenant.organisation_id})
    return {Node(row.level, row.position): bytes(row.hash) for row in rows}


async def node_count(connection: AsyncConnection, tenant: Tenant) -> int:
    """How many nodes there are."""
    node = tables.log_node
    count = select(func.count()).select_from(node).where(node.c.organisation_id == tenant.organisation_id)
    return int((await connection.execute(count)).scalar_one())


async def _proof(connection: AsyncConnection, tenant: Tenant, ranges: Sequence[Range]) -> list[bytes]:
    return merkle.proof(await nodes(connection, tenant, merkle.nodes_of_ranges(ranges)), ranges)
