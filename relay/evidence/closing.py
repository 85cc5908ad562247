"""What happens with a session's evidence in the very transaction that closes the session."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import RemoteProtocolError
from relay.desk.people import Tenant
from relay.evidence import attaching, log_of_sessions
from relay.evidence.check import document_of


async def close(connection: AsyncConnection, tenant: Tenant, session: Any, at: datetime) -> dict[str, datetime]:
    """Add the closing leaf, have the ticket told, and give until when what is kept (columns of the session's row)."""
    if not session.entries:
        return {}
    await log_of_sessions.close(connection, tenant, session)
    await attaching.put(connection, tenant, session.id)
    try:
        document = document_of(session.document)
    except RemoteProtocolError:  # of before there was such a document
        return {}
    return {
        "recording_due_at": at + timedelta(days=document.recording_days),
        "log_due_at": at + timedelta(days=document.log_days),
    }
