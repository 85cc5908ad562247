"""What is kept of recordings: segments as they were sent, sealed from whoever has all of this, and what of them is missing."""

import binascii
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, now_utc
from relay.storage import tables
from relay.storage.blobs import BlobDiffers, Blobs
from relay.storage.database import Database


class Differs(Exception):
    """These are not the bytes that were announced, or others are kept under their number."""


def blob_name(session: str, number: int) -> str:
    """Where a segment of a session's recording lies in the store."""
    return f"{folder_of(session)}{number:06}"


def folder_of(session: str) -> str:
    """Where all of a session's recording lies in the store."""
    return f"recordings/{session}/"


async def keep(
    database: Database, blobs: Blobs, tenant: Tenant, session: Any, number: int, data: bytes, *, its_hash: str
) -> None:
    """Keep a segment; durable once this returns. The same again changes nothing.

    First the bytes, then the row that speaks of them: what is killed in between is sent again, and found to be there.

    Args:
        its_hash: SHA-256 as the agent announced it, in hex.

    Raises:
        Differs: other bytes than announced, or than those kept already.
        StorageFull: there is no room; nothing was kept.
    """
    digest = sha256(data).digest()
    try:
        if digest != binascii.unhexlify(its_hash):
            raise Differs(f"segment {number} did not arrive as it was signed")
        await blobs.put(blob_name(session.session, number), data)
    except (BlobDiffers, binascii.Error, ValueError):
        raise Differs(f"another segment {number} is kept") from None
    segment = tables.segment
    async with database.transaction() as connection:
        where = segment.c.session_id == session.id, segment.c.number == number
        if (await connection.execute(select(segment.c.id).where(*where))).first() is None:
            row = {"session_id": session.id, "number": number, "bytes": len(data), "hash": digest}
            await connection.execute(insert(segment).values(**tenant.columns, **row, stored_at=now_utc()))


async def kept_of(connection: AsyncConnection, session_id: int) -> dict[int, bytes]:
    """The hashes of a session's segments that are kept, by their number."""
    segment = tables.segment
    rows = await connection.execute(select(segment.c.number, segment.c.hash).where(segment.c.session_id == session_id))
    return {row.number: bytes(row.hash) for row in rows}
