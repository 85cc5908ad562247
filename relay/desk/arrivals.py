"""Who may come to a session that is running: its own agent, and those who were certified for it (PROTOCOL.md, section 2.5).

The rooms ask before they let an end in that comes back after a cut, or joins. Both prove it with a key: the agent with the one in
the log's first entry, a viewer with that of its certificate, which must be one of ours and its holder still one of our people.
"""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import ProtocolError
from protocol.identity import OrganisationDocument, check_arrival, verify_certificate
from protocol.session_log import Opened, parse_entry
from relay.desk import sessions
from relay.desk.away import Away
from relay.desk.people import Tenant
from relay.storage import tables


@dataclass(frozen=True)
class Arrived:
    """A session, and who came: the name of a person's account, or nobody's for an agent and for guests."""

    session: str
    participant: str


async def agent_arrives(connection: AsyncConnection, session: str, at_ms: int, signature: bytes) -> Arrived | None:
    """The session that this agent comes back to; None where it is not its agent, or the session is over."""
    row = await sessions.find(connection, session)
    if row is None or row.state == sessions.CLOSED:
        return None
    text = await sessions.entry_text(connection, row.id, 0)
    opened = parse_entry(text).event if text else None
    if not isinstance(opened, Opened):
        return None
    try:
        check_arrival(session, at_ms, signature, opened.agent_key, now_ms=_now_ms())
    except ProtocolError:
        return None
    return Arrived(session, "")


async def viewer_arrives(
    connection: AsyncConnection, document: OrganisationDocument, text: str, at_ms: int, signature: bytes
) -> Arrived | None:
    """The session that this certificate is for; None where it is not ours, or its holder may not use it any more."""
    try:
        certificate = verify_certificate(text, document, now=_now_ms() // 1000)
        check_arrival(certificate.session, at_ms, signature, certificate.key, now_ms=_now_ms())
    except ProtocolError:
        return None
    row = await sessions.find(connection, certificate.session)
    if row is None or row.state == sessions.CLOSED:
        return None
    if row.certificate == text:
        person_id = row.person_id
    else:
        issued = tables.certificate
        found = await connection.execute(
            select(issued.c.person_id).where(issued.c.session_id == row.id, issued.c.serial == certificate.serial)
        )
        if (joined := found.first()) is None:
            return None
        person_id = joined.person_id
    if person_id is None:
        return Arrived(certificate.session, "")
    person = tables.person
    name = (
        await connection.execute(select(person.c.name).where(person.c.id == person_id, person.c.is_active))
    ).scalar()
    return None if name is None else Arrived(certificate.session, name)


async def after_restart(connection: AsyncConnection, away: Away) -> None:
    """At start nobody is connected: what has a log may be come back to, the rest is over."""
    rows = await connection.execute(select(tables.session).where(tables.session.c.state != sessions.CLOSED))
    for row in rows.all():
        if row.entries and row.outcome is None:
            await sessions.set_state(connection, Tenant.of(row), row, sessions.AWAY)
            away.left(row.session)
        else:
            await sessions.set_state(connection, Tenant.of(row), row, sessions.CLOSED)


async def close_overdue(connection: AsyncConnection, away: Away) -> None:
    """Close the sessions that nobody came back to."""
    for session in away.overdue():
        row: Any = await sessions.find(connection, session)
        if row is not None:
            await sessions.set_state(connection, Tenant.of(row), row, sessions.CLOSED)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
