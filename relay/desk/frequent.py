"""What happens most often: the kinds of request and the articles of the last months. Counted at most every ten minutes."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, now_utc
from relay.storage import tables

COUNTED_DAYS = 90
KEPT_S = 600
SHOWN_MAX = 5


@dataclass(frozen=True)
class Counts:
    """How often, for one kind of device."""

    procedures: Mapping[str, int]
    articles: tuple[tuple[int, str, int], ...]
    """Id, title and number of uses; the most used first."""


@dataclass
class Frequent:
    """Counts once, and shows it to everybody for a while."""

    _kept: dict[tuple[int, str], tuple[float, Counts]] = field(default_factory=dict)

    async def of(self, connection: AsyncConnection, tenant: Tenant, device_type: str) -> Counts:
        key, now = (tenant.service_id, device_type), time.monotonic()
        until, counts = self._kept.get(key, (0.0, None))
        if counts is None or until <= now:
            if counts is not None:  # of a million tickets it takes a second: meanwhile the others see what was
                self._kept[key] = now + KEPT_S, counts
            counts = await count(connection, tenant, device_type)
            self._kept[key] = now + KEPT_S, counts
        return counts


async def count(connection: AsyncConnection, tenant: Tenant, device_type: str) -> Counts:
    """Kinds of request by how often they came for this kind of device, and articles by how often they were used for it."""
    since = now_utc() - timedelta(days=COUNTED_DAYS)
    ticket, device, use, document = tables.ticket, tables.device, tables.article_use, tables.document
    recent = ticket.c.service_id == tenant.service_id, ticket.c.changed_at > since, device.c.type == device_type
    kinds = await connection.execute(
        select(ticket.c.procedure, func.count().label("times"))
        .join(device, ticket.c.device_id == device.c.id)
        .where(*recent, ticket.c.procedure != "")
        .group_by(ticket.c.procedure)
    )
    uses: Any = func.count().label("times")
    articles = await connection.execute(
        select(document.c.id, document.c.title, uses)
        .join(use, use.c.document_id == document.c.id)
        .join(ticket, use.c.ticket_id == ticket.c.id)
        .join(device, ticket.c.device_id == device.c.id)
        .where(use.c.service_id == tenant.service_id, use.c.at > since, device.c.type == device_type)
        .where(document.c.state == "published")
        .group_by(document.c.id, document.c.title)
        .order_by(uses.desc(), document.c.id)
        .limit(SHOWN_MAX)
    )
    return Counts(
        {row.procedure: row.times for row in kinds}, tuple((row.id, row.title, row.times) for row in articles)
    )
