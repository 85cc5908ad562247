"""Asking customers, once a ticket is closed, how the exchange was and whether it is solved."""

import secrets
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import letters, ticket_store
from relay.desk.people import Tenant, insert_row, now_utc, token_hash
from relay.storage import tables


async def ask(connection: AsyncConnection, tenant: Tenant, ticket_id: int, origin: str) -> str:
    """A new survey; the link for the customer. Its secret stands after `#`, so that no server logs it."""
    token = secrets.token_urlsafe(24)
    values = {"ticket_id": ticket_id, "token_hash": token_hash(token), "asked_at": now_utc(), "words": ""}
    await insert_row(connection, tables.survey, **tenant.columns, **values)
    return f"{origin}/survey#{token}"


async def answer(connection: AsyncConnection, token: str, *, exchange: int, resolution: int, words: str) -> bool:
    """Keep the answers, once; False where there is no such survey or it was answered before."""
    survey = tables.survey
    row: Any = (await connection.execute(select(survey).where(survey.c.token_hash == token_hash(token)))).first()
    if row is None or row.answered_at is not None:
        return False
    values = {"answered_at": now_utc(), "exchange": exchange, "resolution": resolution, "words": words}
    await connection.execute(update(survey).where(survey.c.id == row.id).values(**values))
    event = letters.SurveyAnswered(exchange, resolution, words)
    await ticket_store.append(connection, Tenant.of(row), row.ticket_id, None, event)
    return True
