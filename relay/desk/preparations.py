"""What customers tell before they call, so that nobody asks it again: kept for a week, found by a short number."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables
from relay.storage.prepared import Prepared

KEPT = timedelta(days=7)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for each other on the telephone or on paper."""


async def keep(connection: AsyncConnection, tenant: Tenant, answers: Mapping[str, str], **fields: str) -> str:
    """Keep what was told; the number by which the adviser finds it. What is older than a week goes."""
    preparation = tables.preparation
    await connection.execute(
        delete(preparation).where(preparation.c.at < now_utc() - KEPT, preparation.c.ticket_id.is_(None))
    )
    reference = "".join(secrets.choice(_LETTERS) for _ in range(6))
    values = {"reference": reference, "answers": json.dumps(dict(answers), ensure_ascii=False), "at": now_utc()}
    await insert_row(connection, preparation, **tenant.columns, **values, **fields)
    return reference


_ROW = tables.preparation.c
_FOUND = Prepared(
    select(tables.preparation)
    .where(or_(_ROW.reference == bindparam("reference"), _ROW.customer_number == bindparam("customer")))
    .where(_ROW.service_id == bindparam("service"), _ROW.ticket_id.is_(None), _ROW.at > bindparam("since"))
    .order_by(_ROW.at.desc())
    .limit(5)
)


async def find(connection: AsyncConnection, tenant: Tenant, text: str) -> list[Any]:
    """What was prepared under this number, or by this customer; not yet used, the newest first."""
    if not (wanted := text.strip()):
        return []
    asked = {"reference": wanted.upper(), "customer": wanted, "since": now_utc() - KEPT}
    return await _FOUND.all(connection, service=tenant.service_id, **asked)


async def by_reference(connection: AsyncConnection, tenant: Tenant, reference: str) -> Any | None:
    return next((row for row in await find(connection, tenant, reference) if row.reference == reference.upper()), None)


async def used_for(connection: AsyncConnection, preparation_id: int, ticket_id: int) -> None:
    """It became a ticket, and is not offered again."""
    preparation = tables.preparation
    await connection.execute(update(preparation).where(preparation.c.id == preparation_id).values(ticket_id=ticket_id))


async def is_prepared(connection: AsyncConnection, ticket_id: int) -> bool:
    """Whether the customer had told this case beforehand."""
    preparation = tables.preparation
    where = preparation.c.ticket_id == ticket_id
    return (await connection.execute(select(preparation.c.id).where(where).limit(1))).first() is not None


def answers_of(row: Any) -> dict[str, str]:
    answers: dict[str, str] = json.loads(row.answers)
    return answers
