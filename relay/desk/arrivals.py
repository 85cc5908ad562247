"""Who may come to a session that is running: its own agent, and those who were certified for it (PROTOCOL.md, section 2.5).

The rooms ask before they let an end in that comes back after a cut, or joins. Both prove it with a key: the agent with the one in
the log's first entry, a viewer with that of its certificate, which must be one of ours and its holder still one of our people.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import ProtocolError
from protocol.identity import OrganisationDocument, check_arrival, verify_certificate
from protocol.session_log import Opened, parse_entry
from relay.desk import sessions
from relay.desk.away import Away
from relay.desk.nodes import Nodes
from relay.desk.people import Tenant
from relay.storage import tables
from relay.storage.prepared import Prepared


@dataclass(frozen=True)
class Arrived:
    """A session, and who came: the name of a person's account, or nobody's for an agent and for guests."""

    session: str
    participant: str


async def agent_arrives(
    connection: AsyncConnection, nodes: Nodes, session: str, at_ms: int, signature: bytes
) -> Arrived | None:
    """The session that this agent comes back to, which lives here from now on; None where it is not its agent, or it is over."""
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
    await nodes.take_in(connection, session)
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


async def after_restart(connection: AsyncConnection, nodes: Nodes) -> None:
    """At its start nobody is connected with a node: what lived there and has a log may be come back to, the rest is over."""
    for row in await _open_sessions(connection, nodes.tenant):
        if row.node == nodes.name:
            may_be_come_back_to = row.entries and row.outcome is None
            state = sessions.AWAY if may_be_come_back_to else sessions.CLOSED
            await sessions.set_state(connection, Tenant.of(row), row, state)


async def close_overdue(connection: AsyncConnection, nodes: Nodes, away: Away) -> None:
    """Close the sessions that nobody came back to: our own that are left, and those of nodes that are gone.

    Several nodes may see the same one; they look one after the other, and what is closed is not seen again.

    Raises:
        Replaced: we are not who we were.
    """
    await nodes.beat(connection)
    left = {
        row.session: row
        for row in await _open_sessions(connection, nodes.tenant)
        if (row.state == sessions.AWAY if row.node == nodes.name else nodes.is_gone(row.node))
    }
    for session in away.see(left):
        await sessions.set_state(connection, Tenant.of(left[session]), left[session], sessions.CLOSED)


_GOING_ON = Prepared(
    select(tables.session).where(
        tables.session.c.organisation_id == bindparam("organisation"), tables.session.c.state.in_(sessions.GOING_ON)
    )
)


async def _open_sessions(connection: AsyncConnection, tenant: Tenant) -> Sequence[Any]:
    return await _GOING_ON.all(connection, organisation=tenant.organisation_id)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
