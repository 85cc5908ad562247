"""Sessions of remote assistance: certificates and rooms before, the log's entries and heads during, what they say after."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.identity import Certificate, Role, issue_certificate
from protocol.limits import CERTIFICATE_VALID_S_MAX, CODE_VALID_S, ENTRIES_MAX
from protocol.session_log import NO_ENTRY, InputCounted, Opened, entry_hash, head_size, parse_entry
from protocol.text import tidy_line
from relay.desk import ticket_store, tickets
from relay.desk.people import Person, Tenant, insert_row, now_utc, token_hash
from relay.evidence.summary import Summary, summarise
from relay.keys import Organisation
from relay.storage import tables

WAITING = "waiting"
PAIRED = "paired"
CLOSED = "closed"
STATES = (WAITING, "connecting", PAIRED, "agent_gone", "viewer_gone", CLOSED)

ROOMS_LIVE_MAX = 100  # one in a thousand of the five-digit numbers, so that sweeping them is hopeless
HEADS_MAX = 20_000


class NoRoomFree(Exception):
    """As many rooms as may be are waiting for their customers."""


class NotNext(Exception):
    """The entry does not follow the chain, or another one has its number."""


@dataclass(frozen=True)
class Room:
    """A room as its page gets it: the number is public, the token opens it once."""

    number: str
    token: str
    expires_at: int


async def start(
    connection: AsyncConnection,
    organisation: Organisation,
    tenant: Tenant,
    person: Person,
    ticket: Any,
    *,
    reason: str,
    asks: str,
    technician_key: bytes,
) -> tuple[str, str, Room]:
    """Open a session from a ticket: its id, the technician's certificate for it, and a room.

    Raises:
        NoRoomFree: too many rooms are waiting.
        NotPossible: the ticket's state does not admit it.
    """
    session, now = secrets.token_hex(16), now_utc()
    at = int(now.timestamp())
    certificate = issue_certificate(
        Certificate(
            type="certificate",
            serial=secrets.token_hex(16),
            key=technician_key,
            name=tidy_line(person.full_name),
            organisation=organisation.document.name,
            role=Role.TECHNICIAN,
            ticket=str(ticket.number),
            session=session,
            signed_in_with=person.method,
            valid_from=at,
            valid_until=at + CERTIFICATE_VALID_S_MAX,
        ),
        organisation.issuing_key,
    )
    session_id = await insert_row(
        connection,
        tables.session,
        **tenant.columns,
        session=session,
        ticket_id=ticket.id,
        person_id=person.id,
        device_type=ticket.device_type,
        reason=reason,
        asks=asks,
        state=WAITING,
        certificate=certificate,
        document=organisation.document_text,
        technician_key=technician_key,
        created_at=now,
    )
    await ticket_store.append(connection, tenant, ticket.id, person.id, tickets.SessionStarted(session, asks))
    return session, certificate, await allot_room(connection, tenant, session_id, person.name)


async def allot_room(connection: AsyncConnection, tenant: Tenant, session_id: int, participant: str) -> Room:
    """A fresh room for a session; the session's earlier rooms are dead from now on.

    Raises:
        NoRoomFree: too many rooms are waiting.
    """
    now = now_utc()
    room = tables.room
    await connection.execute(
        update(room)
        .where(room.c.is_live & ((room.c.session_id == session_id) | (room.c.expires_at <= now)))
        .values(is_live=False)
    )
    live = set((await connection.execute(select(room.c.number).where(room.c.is_live))).scalars())
    if len(live) >= ROOMS_LIVE_MAX:
        raise NoRoomFree
    number = f"{secrets.randbelow(100_000):05}"
    while number in live:
        number = f"{secrets.randbelow(100_000):05}"
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(seconds=CODE_VALID_S)
    await insert_row(
        connection,
        room,
        **tenant.columns,
        session_id=session_id,
        number=number,
        token_hash=token_hash(token),
        participant=participant,
        created_at=now,
        expires_at=expires_at,
        is_live=True,
    )
    return Room(number, token, int(expires_at.timestamp()))


async def extend_room(connection: AsyncConnection, session_id: int) -> int | None:
    """Ten more minutes for the session's live room; until when (UTC seconds), or None where there is none."""
    now = now_utc()
    expires_at = now + timedelta(seconds=CODE_VALID_S)
    room = tables.room
    changed = await connection.execute(
        update(room)
        .where(room.c.session_id == session_id, room.c.is_live, room.c.expires_at > now)
        .values(expires_at=expires_at)
    )
    return int(expires_at.timestamp()) if changed.rowcount else None


async def claim_room(connection: AsyncConnection, token: str) -> dict[str, Any] | None:
    """What the token opens, once."""
    room = tables.room
    now = now_utc()
    claimed = await connection.execute(
        update(room)
        .where(
            room.c.token_hash == token_hash(token), room.c.claimed_at.is_(None), room.c.is_live, room.c.expires_at > now
        )
        .values(claimed_at=now)
    )
    if not claimed.rowcount:
        return None
    row = (
        await connection.execute(
            select(room, tables.session.c.session).join(tables.session).where(room.c.token_hash == token_hash(token))
        )
    ).one()
    return {
        "session": row.session,
        "room": row.number,
        "participant": row.participant,
        "expires_at": int(row.expires_at.timestamp()),
    }


async def find(connection: AsyncConnection, session: str) -> Any | None:
    """The row of a session."""
    return (await connection.execute(select(tables.session).where(tables.session.c.session == session))).first()


async def append_entry(connection: AsyncConnection, tenant: Tenant, session: Any, number: int, text: str) -> None:
    """Keep one entry, and what it says, in the derived tables. The same entry again changes nothing.

    Raises:
        NotNext: it does not follow the chain, or another one has its number.
        ProtocolError: it is not an entry.
    """
    entry = parse_entry(text)
    log = tables.log_entry
    stored = (
        await connection.execute(
            select(log.c.number, log.c.entry)
            .where(log.c.session_id == session.id, log.c.number.in_([number - 1, number]))
            .order_by(log.c.number)
        )
    ).all()
    texts = {row.number: bytes(row.entry).decode() for row in stored}
    if entry.number != number:
        raise NotNext(f"entry {entry.number} handed over as {number}")
    if number in texts:
        if texts[number] != text:
            raise NotNext(f"another entry {number} is stored")
        return
    if number > 0 and number - 1 not in texts:
        raise NotNext(f"entry {number} before entry {number - 1}")
    previous = entry_hash(texts[number - 1]) if number else NO_ENTRY
    if entry.previous != previous or isinstance(entry.event, Opened) != (number == 0):
        raise NotNext(f"entry {number} does not continue entry {number - 1}")
    if isinstance(entry.event, Opened) and entry.event.session != session.session:
        raise NotNext("the log of another session")
    if session.outcome is not None:
        raise NotNext("an entry after the session's end")
    await connection.execute(
        insert(log).values(
            **tenant.columns, session_id=session.id, number=number, entry=text.encode(), stored_at=now_utc()
        )
    )
    if not isinstance(entry.event, InputCounted):  # counts alone change nobody's times or grants
        await _derive(connection, tenant, session)


async def entries_of(connection: AsyncConnection, session_id: int) -> list[str]:
    """The exact texts of a session's log, in order."""
    log = tables.log_entry
    rows = await connection.execute(
        select(log.c.entry).where(log.c.session_id == session_id).order_by(log.c.number).limit(ENTRIES_MAX)
    )
    return [bytes(entry).decode() for entry in rows.scalars()]


async def heads_of(connection: AsyncConnection, session_id: int) -> list[str]:
    """The notes kept for a session, in order."""
    head = tables.head
    rows = await connection.execute(
        select(head.c.note).where(head.c.session_id == session_id).order_by(head.c.size, head.c.id)
    )
    return [bytes(note).decode() for note in rows.scalars()]


async def add_head(connection: AsyncConnection, tenant: Tenant, session: Any, text: str) -> None:
    """Keep a head as it came; whether it holds is for those who check the log.

    Raises:
        ProtocolError: it is not the head of this session's log.
    """
    note = signed_note.parse(text)
    size = head_size(note)
    if not note.text.startswith(f"mainforte/session/{session.session}\n"):
        raise ProtocolError("the head of another session")
    head = tables.head
    where = head.c.session_id == session.id
    known = (await connection.execute(select(head.c.id).where(where, head.c.note == text.encode()))).first()
    count = (await connection.execute(select(func.count()).where(where))).scalar_one()
    if known is None and count < HEADS_MAX:
        await insert_row(
            connection,
            head,
            **tenant.columns,
            session_id=session.id,
            size=size,
            note=text.encode(),
            stored_at=now_utc(),
        )


async def set_state(connection: AsyncConnection, tenant: Tenant, session: Any, state: str) -> None:
    """Follow what the rooms tell about a session; a closed one stays closed."""
    if session.state == CLOSED:
        return
    values: dict[str, Any] = {"state": state}
    if state in (PAIRED, CLOSED):  # the code is used up: its number may be given to somebody else
        room = tables.room
        await connection.execute(update(room).where(room.c.session_id == session.id).values(is_live=False))
    if state == CLOSED:
        values["ended_at"] = now_utc()
        await ticket_store.append(
            connection,
            tenant,
            session.ticket_id,
            None,
            tickets.SessionFinished(session.session, session.outcome or ""),
        )
    await connection.execute(update(tables.session).where(tables.session.c.id == session.id).values(**values))


async def close_all(connection: AsyncConnection, tenant: Tenant) -> None:
    """At start no room lives any more: close what the last run left open."""
    rows = await connection.execute(select(tables.session).where(tables.session.c.state != CLOSED))
    for session in rows.all():
        await set_state(connection, tenant, session, CLOSED)


async def close_abandoned(connection: AsyncConnection, tenant: Tenant) -> None:
    """Close what nobody ever came to: the code ran out and not even its technician claimed the room."""
    room = tables.room
    in_use = select(room.c.session_id).where(room.c.claimed_at.is_not(None) | (room.c.expires_at > now_utc()))
    rows = await connection.execute(
        select(tables.session).where(tables.session.c.state == WAITING, tables.session.c.id.not_in(in_use))
    )
    for session in rows.all():
        await set_state(connection, tenant, session, CLOSED)


async def summary_of(connection: AsyncConnection, session_id: int) -> Summary:
    """The story that the stored log tells."""
    return summarise([parse_entry(text) for text in await entries_of(connection, session_id)])


async def _derive(connection: AsyncConnection, tenant: Tenant, session: Any) -> None:
    """Write down again who took part and what was allowed, from the log alone."""
    summary = await summary_of(connection, session.id)
    for table in (tables.participant, tables.grant):
        await connection.execute(delete(table).where(table.c.session_id == session.id))
    if summary.participants:
        await connection.execute(
            insert(tables.participant),
            [
                {
                    **tenant.columns,
                    "session_id": session.id,
                    "name": p.name,
                    "role": p.role,
                    "joined_at": utc(p.joined_ms),
                    "left_at": None if p.left_ms is None else utc(p.left_ms),
                }
                for p in summary.participants
            ],
        )
    if summary.grants:
        await connection.execute(
            insert(tables.grant),
            [
                {
                    **tenant.columns,
                    "session_id": session.id,
                    "entry_number": g.entry,
                    "participant": g.participant,
                    "capability": g.capability,
                    "began_at": utc(g.began_ms),
                    "ended_at": None if g.ended_ms is None else utc(g.ended_ms),
                    "ended_by": g.ended_by or None,
                }
                for g in summary.grants
            ],
        )
    if summary.outcome:
        await connection.execute(
            update(tables.session)
            .where(tables.session.c.id == session.id)
            .values(
                outcome=summary.outcome,
                ended_by=summary.ended_by,
                view_ms=summary.view_ms,
                control_ms=summary.control_ms,
            )
        )


def utc(at_ms: int) -> datetime:
    """The agent's milliseconds as a time; what lies beyond the calendar counts as its end."""
    return datetime.fromtimestamp(min(at_ms, 253_402_300_799_000) / 1000, UTC)
