"""The organisation's documents, as its root signed them: all under which this server has worked, each once.

A session's log names the one that its agent was given. What is signed about the session later, by a key that took the place of the log's
key of then, is vouched for by a later document; agents that were given an earlier one are still there for as long as that is valid.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.identity import OrganisationDocument, text_hash
from relay.desk.people import Tenant
from relay.evidence.check import document_of
from relay.storage import tables


async def keep(connection: AsyncConnection, tenant: Tenant, text: str) -> None:
    """Keep the document that is in use now, if it is not kept yet."""
    if await of_hash(connection, tenant, text_hash(text)) is None:
        values = {"number": document_of(text).number, "hash": text_hash(text), "text": text}
        await connection.execute(insert(tables.organisation_document).values(**tenant.columns, **values))


async def of_hash(connection: AsyncConnection, tenant: Tenant, digest: bytes) -> str | None:
    """The document with this SHA-256, where it is known."""
    kept = tables.organisation_document
    where = kept.c.organisation_id == tenant.organisation_id, kept.c.hash == digest
    text: str | None = (await connection.execute(select(kept.c.text).where(*where))).scalar()
    return text


async def after(connection: AsyncConnection, tenant: Tenant, text: str) -> list[str]:
    """The later documents that let somebody else vouch for the log of all sessions than the one before, the earliest first."""
    before, found = document_of(text), list[str]()
    for later in await _texts(connection, tenant):
        document = document_of(later)
        if document.number > before.number and _vouching(document) != _vouching(before):
            found.append(later)
            before = document
    return found


async def log_keys(connection: AsyncConnection, tenant: Tenant) -> list[bytes]:
    """Every key that the log of all sessions has ever been signed with (Ed25519, 32 bytes)."""
    keys = [key for text in await _texts(connection, tenant) for key in document_of(text).log_keys]
    return list(dict.fromkeys(keys))


def _vouching(document: OrganisationDocument) -> tuple[Any, ...]:
    return document.log_keys, document.witnesses, document.witness_quorum


async def _texts(connection: AsyncConnection, tenant: Tenant) -> Sequence[str]:
    kept = tables.organisation_document
    query = select(kept.c.text).where(kept.c.organisation_id == tenant.organisation_id)
    return (await connection.execute(query.order_by(kept.c.number, kept.c.id))).scalars().all()
