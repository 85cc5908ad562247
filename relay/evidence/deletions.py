"""Deleting evidence: the sealed content goes, the salted leaf stays, and a signed certificate says what was deleted and why.

Whoever has the certificate can check that the log of all sessions knows of it (a `handled` leaf with its hash), and still holds.
A session under legal hold is not deleted by anybody.
"""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.handling import Deletion, sign_deletion
from protocol.log_of_sessions import Handled
from protocol.session_log import NO_ENTRY
from relay.desk.people import Tenant, insert_row, now_utc
from relay.evidence import log_of_sessions
from relay.storage import tables
from relay.storage.blobs import Blobs
from relay.storage.database import Database

RECORDING = "recording"
LOG = "log"
AT_ONCE = 100


class OnHold(Exception):
    """The session is under legal hold: nothing of it may be deleted."""


class NothingThere(Exception):
    """There is nothing of that kind, or not any more, or the session still runs."""


@dataclass(frozen=True)
class Deleter:
    """Deletes in one organisation's name."""

    tenant: Tenant
    log_key: Ed25519PrivateKey

    async def delete(self, connection: AsyncConnection, session: Any, what: str, *, reason: str, by: str) -> str:
        """Delete the recording, or all of the evidence, of a session that is over; gives the certificate.

        What lies in the store of blobs goes afterwards, by `sweep`.

        Raises:
            OnHold: it is under legal hold.
            NothingThere: it still runs, or there is nothing left to delete.
        """
        done = await deleted_of(connection, session.id)
        if await hold_of(connection, session.id) is not None:
            raise OnHold(session.session)
        if what in done or not session.entries or session.ended_at is None:
            raise NothingThere(session.session)
        if what == LOG and RECORDING not in done:
            await self.delete(connection, session, RECORDING, reason=reason, by=by)
        segment = tables.segment
        count = select(func.count()).where(segment.c.session_id == session.id)
        deletion = Deletion(
            session.session,
            what,
            session.entries,
            bytes(session.last_hash or NO_ENTRY),
            (await connection.execute(count)).scalar_one(),
            reason,
            by,
            int(now_utc().timestamp()),
        )
        certificate = sign_deletion(deletion, self.log_key)
        digest = hashlib.sha256(certificate.encode()).digest()
        leaf = Handled(log_of_sessions.new_salt(), session.session, f"{what}_deleted", digest)
        of = Tenant.of(session)
        await log_of_sessions.append(connection, of, leaf, session_id=session.id, subject=what)
        await insert_row(
            connection,
            tables.deletion,
            **of.columns,
            session_id=session.id,
            what=what,
            certificate=certificate,
            is_swept=what != RECORDING,
            at=now_utc(),
        )
        await (_delete_recording if what == RECORDING else _delete_log)(connection, session.id)
        return certificate

    async def delete_due(self, database: Database, *, by: str = "retention") -> list[str]:
        """Delete what has been kept for as long as the organisation's document says; the certificates."""
        certificates = []
        for what, column in ((RECORDING, tables.session.c.recording_due_at), (LOG, tables.session.c.log_due_at)):
            for session_id in await _due(database, self.tenant, what, column):
                async with database.transaction() as connection:
                    row = (
                        await connection.execute(select(tables.session).where(tables.session.c.id == session_id))
                    ).one()
                    with contextlib.suppress(NothingThere, OnHold):  # another node was first
                        certificates.append(
                            await self.delete(connection, row, what, reason="The time to keep it is over.", by=by)
                        )
        return certificates


async def sweep(database: Database, blobs: Blobs, tenant: Tenant) -> int:
    """Remove from the store what belongs to recordings that are deleted; gives how many sessions were cleared.

    A deletion counts from the moment its certificate is on the disk; who is killed in between does the rest here.
    """
    deletion, session = tables.deletion, tables.session
    async with database.transaction() as connection:
        rows = await connection.execute(
            select(deletion.c.id, session.c.session)
            .join(session, deletion.c.session_id == session.c.id)
            .where(deletion.c.organisation_id == tenant.organisation_id, deletion.c.is_swept.is_(False))
            .limit(AT_ONCE)
        )
        waiting = rows.all()
    for row in waiting:
        for name in await blobs.names(f"recordings/{row.session}/"):
            await blobs.delete(name)
        async with database.transaction() as connection:
            await connection.execute(update(deletion).where(deletion.c.id == row.id).values(is_swept=True))
    return len(waiting)


async def deleted_of(connection: AsyncConnection, session_id: int) -> frozenset[str]:
    """What of a session was deleted."""
    deletion = tables.deletion
    rows = await connection.execute(select(deletion.c.what).where(deletion.c.session_id == session_id))
    return frozenset(rows.scalars())


async def certificates_of(connection: AsyncConnection, session_id: int) -> list[str]:
    """The certificates of what was deleted of a session."""
    deletion = tables.deletion
    rows = await connection.execute(
        select(deletion.c.certificate).where(deletion.c.session_id == session_id).order_by(deletion.c.id)
    )
    return list(rows.scalars())


# --- legal hold ------------------------------------------------------------------------------------------------------------


async def hold_of(connection: AsyncConnection, session_id: int) -> Any | None:
    """The row of the hold that a session is under."""
    hold = tables.legal_hold
    where = hold.c.session_id == session_id, hold.c.released_at.is_(None)
    return (await connection.execute(select(hold).where(*where))).first()


async def hold(
    connection: AsyncConnection, tenant: Tenant, session: Any, *, reason: str, person_id: int | None
) -> None:
    """Keep everything of a session until the hold is released; one that is held already stays so."""
    if await hold_of(connection, session.id) is not None:
        return
    await insert_row(
        connection,
        tables.legal_hold,
        **tenant.columns,
        session_id=session.id,
        reason=reason,
        person_id=person_id,
        at=now_utc(),
    )
    await _note(connection, tenant, session, "held", reason)


async def release(connection: AsyncConnection, tenant: Tenant, session: Any, *, reason: str) -> bool:
    """Let the time to keep it decide again; False where it was not held."""
    held, table = await hold_of(connection, session.id), tables.legal_hold
    if held is None:
        return False
    await connection.execute(
        update(table).where(table.c.id == held.id).values(released_at=now_utc(), released_because=reason)
    )
    await _note(connection, tenant, session, "released", reason)
    return True


async def _note(connection: AsyncConnection, tenant: Tenant, session: Any, what: str, reason: str) -> None:
    digest = hashlib.sha256(reason.encode()).digest()
    await log_of_sessions.append(connection, tenant, Handled(log_of_sessions.new_salt(), session.session, what, digest))


async def _due(database: Database, tenant: Tenant, what: str, column: Any) -> list[int]:
    session, deletion, held = tables.session, tables.deletion, tables.legal_hold
    gone = select(deletion.c.session_id).where(deletion.c.what == what)
    kept = select(held.c.session_id).where(held.c.released_at.is_(None))
    where = (
        session.c.organisation_id == tenant.organisation_id,
        column <= now_utc(),
        session.c.entries > 0,
        session.c.ended_at.is_not(None),
        session.c.id.not_in(gone),
        session.c.id.not_in(kept),
    )
    async with database.transaction() as connection:
        return list((await connection.execute(select(session.c.id).where(*where).limit(AT_ONCE))).scalars())


async def _delete_recording(connection: AsyncConnection, session_id: int) -> None:
    """Segments, what lies beside entries, and the keys that were sealed again."""
    entry = tables.log_entry
    await connection.execute(update(entry).where(entry.c.session_id == session_id).values(beside=None))
    for table in (tables.segment, tables.resealing):
        await connection.execute(delete(table).where(table.c.session_id == session_id))


async def _delete_log(connection: AsyncConnection, session_id: int) -> None:
    """The log and everything derived from it; the session's row keeps when it was, and of which ticket."""
    derived = tables.participant, tables.grant, tables.session_fact
    for table in (tables.log_entry, tables.head, tables.certificate, tables.invitation, *derived):
        await connection.execute(delete(table).where(table.c.session_id == session_id))
    leaf, session = tables.log_leaf, tables.session
    of_session = leaf.c.session_id == session_id, leaf.c.kind != "handled"
    await connection.execute(update(leaf).where(*of_session).values(leaf=None))
    await connection.execute(
        update(session)
        .where(session.c.id == session_id)
        .values(entries=0, last_hash=None, certificate="", reason="", ended_by=None)
    )
