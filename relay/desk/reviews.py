"""Reviews of calls, coaching, and how long contacts took, in the database."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import preparations, quality, ticket_store
from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables

FIGURES_DAYS = 30
TARGET_BAND = (20, 30)
"""Per cent of tickets that level 1 does not solve itself; also a mature desk is within."""


async def note_handling(
    connection: AsyncConnection, tenant: Tenant, ticket_id: int, person_id: int, level: int
) -> None:
    """Keep how long the contact took that has just ended."""
    history = await ticket_store.history_of(connection, ticket_id)
    facts = quality.facts_of([(one.at, one.event) for one in history])
    await insert_row(
        connection,
        tables.handling,
        **tenant.columns,
        ticket_id=ticket_id,
        person_id=person_id,
        level=level,
        ended_at=now_utc(),
        seconds=facts.seconds,
        conclusion_s=facts.conclusion_s,
        is_prepared=await preparations.is_prepared(connection, ticket_id),
    )


async def last_call(connection: AsyncConnection, ticket_id: int) -> tuple[quality.Facts, Any | None]:
    """What the last contact's events say, and whose it was."""
    history = await ticket_store.history_of(connection, ticket_id)
    facts = quality.facts_of([(one.at, one.event) for one in history])
    handling, person = tables.handling, tables.person
    row = (
        await connection.execute(
            select(person.c.id, person.c.name, person.c.full_name)
            .join(handling, handling.c.person_id == person.c.id)
            .where(handling.c.ticket_id == ticket_id)
            .order_by(handling.c.id.desc())
            .limit(1)
        )
    ).first()
    return facts, row


async def add_review(
    connection: AsyncConnection,
    tenant: Tenant,
    ticket_id: int,
    person_id: int,
    reviewer_id: int,
    marks: Mapping[str, str],
    remark: str,
) -> None:
    await insert_row(
        connection,
        tables.review,
        **tenant.columns,
        ticket_id=ticket_id,
        person_id=person_id,
        reviewer_id=reviewer_id,
        at=now_utc(),
        marks=json.dumps(dict(marks)),
        score=quality.score(marks),
        remark=remark,
    )


async def reviews_of(connection: AsyncConnection, tenant: Tenant, **where: int) -> list[Any]:
    """Reviews by ticket or person, the newest first, each with its marks."""
    review, person, ticket = tables.review, tables.person, tables.ticket
    query = (
        select(review, person.c.full_name, ticket.c.number)
        .join(person, review.c.person_id == person.c.id)
        .join(ticket, review.c.ticket_id == ticket.c.id)
        .where(review.c.service_id == tenant.service_id)
    )
    for name, value in where.items():
        query = query.where(review.c[name] == value)
    return list((await connection.execute(query.order_by(review.c.id.desc()).limit(50))).all())


def marks_of(review: Any) -> dict[str, str]:
    marks: dict[str, str] = json.loads(review.marks)
    return marks


async def add_coaching(
    connection: AsyncConnection,
    tenant: Tenant,
    person_id: int,
    coach_id: int,
    ticket_id: int | None,
    text: str,
    due_at: datetime | None,
) -> None:
    """A note for somebody; with a day by which it should be done, a task."""
    values: dict[str, Any] = {"person_id": person_id, "coach_id": coach_id, "ticket_id": ticket_id, "at": now_utc()}
    await insert_row(connection, tables.coaching, **tenant.columns, **values, text=text, due_at=due_at)


async def coaching_of(connection: AsyncConnection, tenant: Tenant, person_id: int | None) -> list[Any]:
    """What somebody was told, or everybody; what is still to be done first."""
    coaching, person, ticket = tables.coaching, tables.person, tables.ticket
    query = (
        select(coaching, person.c.full_name, ticket.c.number)
        .join(person, coaching.c.person_id == person.c.id)
        .outerjoin(ticket, coaching.c.ticket_id == ticket.c.id)
        .where(coaching.c.service_id == tenant.service_id)
    )
    if person_id is not None:
        query = query.where(coaching.c.person_id == person_id)
    is_open = coaching.c.due_at.is_not(None) & coaching.c.done_at.is_(None)
    return list((await connection.execute(query.order_by(is_open.desc(), coaching.c.id.desc()).limit(100))).all())


async def finish_coaching(connection: AsyncConnection, tenant: Tenant, coaching_id: int, person_id: int) -> bool:
    """Whoever was coached says that it is done."""
    coaching = tables.coaching
    where = coaching.c.id == coaching_id, coaching.c.person_id == person_id, coaching.c.service_id == tenant.service_id
    done = await connection.execute(
        update(coaching).where(*where, coaching.c.done_at.is_(None)).values(done_at=now_utc())
    )
    return bool(done.rowcount)


async def figures(connection: AsyncConnection, tenant: Tenant) -> dict[str, Any]:
    """The few figures of this part, over thirty days: ratios of sums, None where there is nothing to divide by."""
    ticket, handling, survey, use = tables.ticket, tables.handling, tables.survey, tables.article_use
    since = now_utc() - timedelta(days=FIGURES_DAYS)
    closed = ticket.c.service_id == tenant.service_id, ticket.c.state == "closed", ticket.c.changed_at > since
    count, beyond, handlers = (
        await connection.execute(
            select(
                func.count(),
                func.count().filter(ticket.c.reached > 1),
                func.coalesce(func.sum(ticket.c.handlers), 0),
            ).where(*closed)
        )
    ).one()
    recent = handling.c.service_id == tenant.service_id, handling.c.ended_at > since
    rows = await connection.execute(
        select(handling.c.is_prepared, func.count().label("contacts"), func.sum(handling.c.seconds).label("seconds"))
        .where(*recent)
        .group_by(handling.c.is_prepared)
    )
    took = {bool(row.is_prepared): (row.contacts, round(row.seconds / row.contacts)) for row in rows}
    short = select(func.count()).where(*recent, func.coalesce(handling.c.conclusion_s, 0) < quality.CLOSING_SHORT_S)
    asked, answered, exchange, resolution = (
        await connection.execute(
            select(
                func.count(),
                func.count(survey.c.answered_at),
                func.count().filter(survey.c.exchange >= 4),
                func.count().filter(survey.c.resolution >= 4),
            ).where(survey.c.service_id == tenant.service_id, survey.c.asked_at > since)
        )
    ).one()
    reuses = select(func.count()).where(
        use.c.service_id == tenant.service_id, use.c.at > since, use.c.how == "used", use.c.level == 1
    )
    return {
        "days": FIGURES_DAYS,
        "closed": count,
        "beyond": _percent(beyond, count),
        "band": TARGET_BAND,
        "handlers": round(handlers / count, 1) if count else None,
        "prepared": took.get(True),
        "unprepared": took.get(False),
        "contacts": sum(contacts for contacts, _ in took.values()),
        "short_closings": (await connection.execute(short)).scalar_one(),
        "asked": asked,
        "answered": answered,
        "exchange": _percent(exchange, answered),
        "resolution": _percent(resolution, answered),
        "reuses": (await connection.execute(reuses)).scalar_one(),
    }


def _percent(part: int, whole: int) -> int | None:
    return round(100 * part / whole) if whole else None
