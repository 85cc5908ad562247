"""Sessions of remote assistance: certificates and rooms before, the log's entries and heads during, what they say after."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.identity import Certificate, issue_certificate
from protocol.limits import CERTIFICATE_VALID_S_MAX, CODE_VALID_S, ENTRIES_MAX
from protocol.session_log import (
    NO_ENTRY,
    AccessEnded,
    Answered,
    Asked,
    Entry,
    HandedOver,
    Joined,
    Left,
    Opened,
    SessionEnded,
    beside_hash,
    entry_hash,
    head_size,
    parse_entry,
)
from protocol.text import tidy_line
from protocol.vocabulary import Role
from relay.desk import ticket_store, tickets
from relay.desk.people import Person, Tenant, insert_row, now_utc, token_hash
from relay.evidence import closing, documents, facts, log_of_sessions
from relay.keys import Organisation
from relay.storage import tables
from relay.storage.prepared import Prepared

WAITING = "waiting"
PAIRED = "paired"
AWAY = "away"
CLOSED = "closed"
GOING_ON = (WAITING, "connecting", PAIRED, "agent_gone", "viewer_gone", AWAY)
STATES = (*GOING_ON, CLOSED)

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


@dataclass(frozen=True)
class Holder:
    """Whom a certificate is for: the name as the customer will read it, the key (Ed25519, 32 bytes), and how they signed in."""

    name: str
    role: Role
    key: bytes
    signed_in_with: str


def certify(
    organisation: Organisation, holder: Holder, *, ticket: str, session: str, valid_s: int = CERTIFICATE_VALID_S_MAX
) -> tuple[str, str]:
    """A certificate for one session, from now on: its serial number and its text."""
    serial, at = secrets.token_hex(16), int(now_utc().timestamp())
    certificate = Certificate(
        type="certificate",
        serial=serial,
        key=holder.key,
        name=tidy_line(holder.name),
        organisation=organisation.document.name,
        role=holder.role,
        ticket=ticket,
        session=session,
        signed_in_with=holder.signed_in_with,
        valid_from=at,
        valid_until=at + valid_s,
    )
    return serial, issue_certificate(certificate, organisation.issuing_key)


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
    holder = Holder(person.full_name, Role.TECHNICIAN, technician_key, person.method)
    _, certificate = certify(organisation, holder, ticket=str(ticket.number), session=session)
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
    await facts.begin(connection, tenant, session_id, ticket, now)
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


async def take_up_again(connection: AsyncConnection, tenant: Tenant, session: Any) -> bool:
    """Open a session again whose code was used up or ran out before anybody came; False where somebody did."""
    if session.entries:
        return False
    started = tickets.SessionStarted(session.session, session.asks)
    await ticket_store.append(connection, tenant, session.ticket_id, session.person_id, started)
    await connection.execute(
        update(tables.session).where(tables.session.c.id == session.id).values(state=WAITING, ended_at=None)
    )
    return True


async def has_fresh_room(connection: AsyncConnection, session: Any) -> bool:
    """Whether nobody has come yet and a code waits to be shown: what is told of the session then is told of an earlier code."""
    room = tables.room
    waits = room.c.is_live & room.c.claimed_at.is_(None) & (room.c.expires_at > now_utc())
    fresh = select(room.c.id).where(room.c.session_id == session.id, waits).limit(1)
    return not session.entries and (await connection.execute(fresh)).first() is not None


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


async def room_expiry(connection: AsyncConnection, session: str, number: str) -> int | None:
    """Until when customers can come to the session's live room of this number (UTC seconds); None where there is none."""
    room = tables.room
    found = select(room.c.expires_at).join(tables.session).where(room.c.is_live, room.c.number == number)
    expires_at = (await connection.execute(found.where(tables.session.c.session == session))).scalar()
    return None if expires_at is None else int(expires_at.timestamp())


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


async def append_entry(
    connection: AsyncConnection, tenant: Tenant, session: Any, number: int, text: str, beside: bytes = b""
) -> None:
    """Keep one entry with what lies beside it, and what it says in the derived tables. The same entry again changes nothing.

    Raises:
        NotNext: it does not follow the chain, another one has its number, or something else lies beside it than it says.
        ProtocolError: it is not an entry.
    """
    entry = parse_entry(text)
    expected = beside_hash(entry.event)
    if (sha256(beside).digest() if beside else None) != expected:
        raise NotNext(f"something else lies beside entry {number} than it says")
    if entry.number != number:
        raise NotNext(f"entry {entry.number} handed over as {number}")
    if number < session.entries:
        if await entry_text(connection, session.id, number) != text:
            raise NotNext(f"another entry {number} is stored")
        return
    if number > session.entries:
        raise NotNext(f"entry {number} before entry {session.entries}")
    if entry.previous != (session.last_hash or NO_ENTRY) or isinstance(entry.event, Opened) != (number == 0):
        raise NotNext(f"entry {number} does not continue entry {number - 1}")
    if isinstance(entry.event, Opened) and entry.event.session != session.session:
        raise NotNext("the log of another session")
    if session.outcome is not None or await log_of_sessions.is_closed(connection, session.id):
        raise NotNext("an entry after the session's end")
    await connection.execute(
        insert(tables.log_entry).values(
            **tenant.columns,
            session_id=session.id,
            number=number,
            entry=text.encode(),
            beside=beside or None,
            stored_at=now_utc(),
        )
    )
    values = {"entries": number + 1, "last_hash": entry_hash(text)} | await _derive(connection, tenant, session, entry)
    if isinstance(entry.event, Opened) and (told := await documents.of_hash(connection, tenant, entry.event.document)):
        values["document"] = told  # an agent may have been given an earlier one than that of now
    await connection.execute(update(tables.session).where(tables.session.c.id == session.id).values(**values))
    await log_of_sessions.follow(connection, tenant, session, text)
    await facts.follow(connection, session.id, entry)
    if isinstance(entry.event, SessionEnded):
        # Over for the ticket from now on, not only once both connections are gone.
        await set_state(connection, tenant, await find(connection, session.session), CLOSED)


async def entry_text(connection: AsyncConnection, session_id: int, number: int) -> str | None:
    """The exact text of one entry of a session's log."""
    log = tables.log_entry
    where = (log.c.session_id == session_id, log.c.number == number)
    entry = (await connection.execute(select(log.c.entry).where(*where))).scalar()
    return None if entry is None else bytes(entry).decode()


async def entries_of(connection: AsyncConnection, session_id: int, *, most: int = ENTRIES_MAX) -> list[str]:
    """The exact texts of a session's log, in order, the first `most` of them."""
    log = tables.log_entry
    rows = await connection.execute(
        select(log.c.entry).where(log.c.session_id == session_id).order_by(log.c.number).limit(most)
    )
    return [bytes(entry).decode() for entry in rows.scalars()]


async def heads_of(connection: AsyncConnection, session_id: int, *, most: int = HEADS_MAX) -> list[str]:
    """The notes kept for a session, the shortest first, at most `most` of them."""
    head = tables.head
    rows = await connection.execute(
        select(head.c.note).where(head.c.session_id == session_id).order_by(head.c.size, head.c.id).limit(most)
    )
    return [bytes(note).decode() for note in rows.scalars()]


async def certificates_of(connection: AsyncConnection, session_id: int) -> list[str]:
    """The certificates of those who joined after the first technician, in order."""
    issued, participant = tables.certificate, tables.participant
    joined = select(participant.c.serial).where(participant.c.session_id == session_id)
    where = issued.c.session_id == session_id, issued.c.serial.in_(joined)
    return list((await connection.execute(select(issued.c.certificate).where(*where).order_by(issued.c.id))).scalars())


async def add_head(connection: AsyncConnection, tenant: Tenant, session: Any, text: str) -> None:
    """Keep a head as it came; whether it holds is for those who check the log.

    Raises:
        NotNext: it speaks of entries that are not stored yet; kept now, it would say that somebody took them away.
        ProtocolError: it is not the head of this session's log.
    """
    note = signed_note.parse(text)
    size = head_size(note)
    if size > session.entries:
        raise NotNext(f"a head of {size} entries where {session.entries} are stored")
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
        ended_at = now_utc()
        values |= {"ended_at": ended_at, **await closing.close(connection, tenant, session, ended_at)}
        await ticket_store.append(
            connection,
            tenant,
            session.ticket_id,
            None,
            tickets.SessionFinished(session.session, session.outcome or ""),
        )
    await connection.execute(update(tables.session).where(tables.session.c.id == session.id).values(**values))


_ABANDONED = Prepared(
    select(tables.session).where(
        tables.session.c.state == WAITING,
        ~exists().where(
            tables.room.c.session_id == tables.session.c.id,
            tables.room.c.claimed_at.is_not(None) | (tables.room.c.expires_at > bindparam("now")),
        ),
    )
)


async def close_abandoned(connection: AsyncConnection) -> None:
    """Close what nobody ever came to: the code ran out and not even its technician claimed the room."""
    for session in await _ABANDONED.all(connection, now=now_utc()):
        await set_state(connection, Tenant.of(session), session, CLOSED)


async def _derive(connection: AsyncConnection, tenant: Tenant, session: Any, entry: Entry) -> dict[str, Any]:
    """Write down who took part and what was allowed, as far as this entry tells; gives what the session's own row learns.

    Step by step it comes to what `summarise` makes of the whole log, without reading the log again.
    """
    at, grant, of_session = utc(entry.at_ms), tables.grant, {**tenant.columns, "session_id": session.id}
    in_force = update(grant).where(grant.c.session_id == session.id, grant.c.ended_at.is_(None))
    match entry.event:
        case Opened(technician=technician, participant=serial):
            await insert_row(
                connection,
                tables.participant,
                **of_session,
                serial=serial,
                name=technician,
                role="technician",
                joined_at=at,
            )
        case Joined(participant=serial, name=name, role=role):
            await insert_row(
                connection, tables.participant, **of_session, serial=serial, name=name, role=role, joined_at=at
            )
        case HandedOver(to=serial):
            name = await _participant_name(connection, session.id, serial)
            told = tickets.SessionHandedOver(session.session, name)
            await ticket_store.append(connection, tenant, session.ticket_id, None, told)
        case Left(participant=serial):
            who = tables.participant.c.session_id == session.id, tables.participant.c.serial == serial
            await connection.execute(update(tables.participant).where(*who).values(left_at=at))
            await connection.execute(in_force.where(grant.c.participant == serial).values(ended_at=at, ended_by="left"))
        case Answered(question=question, capabilities=capabilities):
            asker = await _asker(connection, session.id, question)
            for capability in dict.fromkeys(capabilities):
                await insert_row(
                    connection,
                    grant,
                    **of_session,
                    entry_number=entry.number,
                    participant=asker,
                    capability=capability,
                    began_at=at,
                )
        case AccessEnded(participant=participant, capability=capability, by=by):
            ended = in_force.where(grant.c.participant == participant, grant.c.capability == capability)
            await connection.execute(ended.values(ended_at=at, ended_by=by))
        case SessionEnded(outcome=outcome, by=by, view_ms=view_ms, control_ms=control_ms):
            await connection.execute(in_force.values(ended_at=at, ended_by=by))
            there = tables.participant.c.session_id == session.id, tables.participant.c.left_at.is_(None)
            await connection.execute(update(tables.participant).where(*there).values(left_at=at))
            return {"outcome": outcome, "ended_by": by, "view_ms": view_ms, "control_ms": control_ms}
    return {}


async def _asker(connection: AsyncConnection, session_id: int, question: int) -> str:
    """Who asked the customer in that entry; nobody where it is no question."""
    text = await entry_text(connection, session_id, question)
    event = parse_entry(text).event if text else None
    return event.participant if isinstance(event, Asked) else ""


async def _participant_name(connection: AsyncConnection, session_id: int, serial: str) -> str:
    participant = tables.participant
    where = participant.c.session_id == session_id, participant.c.serial == serial
    name = (await connection.execute(select(participant.c.name).where(*where).limit(1))).scalar()
    return str(name or "")


def utc(at_ms: int) -> datetime:
    """The agent's milliseconds as a time; what lies beyond the calendar counts as its end."""
    return datetime.fromtimestamp(min(at_ms, 253_402_300_799_000) / 1000, UTC)
