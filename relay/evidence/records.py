"""What was done with a session's evidence, as records: what was deleted, and to whom its recording was passed on (protocol/handling.py).

A recording is passed on by an auditor who can open it, on their own machine; here only the record of it is kept, after it has been held
against who may do that, and to whom. The key in it stays sealed.
"""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import RemoteProtocolError
from protocol.handling import RESEALED, Resealing, verify_resealings
from protocol.identity import text_hash
from protocol.limits import CLOCK_SKEW_S_MAX
from protocol.log_of_sessions import Handled
from relay.desk.people import Tenant, insert_row
from relay.evidence import deletions, log_of_sessions
from relay.evidence.check import document_of
from relay.storage import tables


class NotToThisAuditor(Exception):
    """Nobody whom the organisation's document names: a recording is passed on to its auditors only."""


class IsThereAlready(Exception):
    """The recording was passed on to this auditor before."""


async def of_session(connection: AsyncConnection, session_id: int) -> list[str]:
    """All records of a session: the certificates of deletions, then those of passing on, in the order in which they were made."""
    return await deletions.certificates_of(connection, session_id) + await resealings_of(connection, session_id)


async def resealings_of(connection: AsyncConnection, session_id: int) -> list[str]:
    """The records of to whom the recording was passed on."""
    resealing = tables.resealing
    where = resealing.c.session_id == session_id
    return list((await connection.execute(select(resealing.c.record).where(where).order_by(resealing.c.id))).scalars())


async def pass_on(
    connection: AsyncConnection, tenant: Tenant, session: Any, record: str, document_text: str, now: datetime
) -> Resealing:
    """Keep that a recording was passed on, with a leaf in the log of all sessions that holds the record's hash.

    Args:
        record: as the auditor signed it who passes on.
        document_text: the organisation's document as it is now, which has to name the auditor to whom.

    Raises:
        RemoteProtocolError: not such a record, or of another session, or by somebody to whom the recording was not sealed.
        NotToThisAuditor: the document does not name them, or it is not the one that the record speaks of.
        IsThereAlready: they have it.
        NothingThere: the recording was deleted.
    """
    if await deletions.deleted_of(connection, session.id) or not session.entries:
        raise deletions.NothingThere(session.session)
    before = await resealings_of(connection, session.id)
    *_, last = verify_resealings([*before, record], session.session, document_of(session.document).auditors)
    resealing = last.resealing
    if resealing.document != text_hash(document_text) or resealing.auditor not in document_of(document_text).auditors:
        raise NotToThisAuditor(resealing.auditor.name)
    if abs(resealing.at - now.timestamp()) > CLOCK_SKEW_S_MAX:
        raise RemoteProtocolError("a recording that was passed on at another time")
    auditor = hashlib.sha256(resealing.auditor.hpke_key).digest()
    table = tables.resealing
    where = table.c.session_id == session.id, table.c.auditor == auditor
    if (await connection.execute(select(table.c.id).where(*where))).first() is not None:
        raise IsThereAlready(resealing.auditor.name)
    row = {"session_id": session.id, "auditor": auditor, "record": record, "at": now}
    await insert_row(connection, table, **tenant.columns, **row)
    leaf = Handled(log_of_sessions.new_salt(), session.session, RESEALED, text_hash(record))
    await log_of_sessions.append(connection, tenant, leaf, session_id=session.id, subject=auditor.hex())
    return resealing
