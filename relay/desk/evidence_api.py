"""The auditors' JSON API: sessions found by what happened in them, what the log of all sessions says, and holds.

For auditors only: administrators and technicians cannot look through it. Whoever looks is written down, and watching needs a reason.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.log_of_sessions import Handled, read_checkpoint
from protocol.vocabulary import Capability, Outcome
from relay.desk import sessions
from relay.desk.api import writer
from relay.desk.customer_store import note_change
from relay.desk.people import Person, Tenant
from relay.desk.requests import DESK, Refusal, json_answer, paragraph, read_json, required_person
from relay.desk.rights import AUDITORS
from relay.evidence import deletions, documents, facts, log_of_sessions, records
from relay.evidence.checkpoints import NotCosigned
from relay.evidence.facts import Filter
from relay.storage import tables

routes = web.RouteTableDef()

SUBJECT = "evidence"


class Asked(Struct, forbid_unknown_fields=True):
    """The query of a search; times in UTC seconds."""

    ticket: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    person: Annotated[str, Meta(max_length=200)] = ""
    customer: Annotated[str, Meta(max_length=200)] = ""
    since: Annotated[int, Meta(ge=0, lt=2**33)] | None = None
    until: Annotated[int, Meta(ge=0, lt=2**33)] | None = None
    level: Annotated[int, Meta(ge=1, le=3)] | None = None
    capability: Capability | None = None
    outcome: Outcome | None = None
    refused: bool = False
    files: bool = False
    incomplete: bool = False
    held: bool = False
    before: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    limit: Annotated[int, Meta(ge=1, le=facts.LISTED_MAX)] = 50


class Reason(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=2000)]


@routes.get("/api/evidence/sessions")
async def get_sessions(request: web.Request) -> web.Response:
    """The sessions that were looked for, the newest first; `next` goes into `before` for the page after."""
    person = await required_person(request, *AUDITORS)
    try:
        asked = msgspec.convert(dict(request.query), Asked, strict=False)
    except msgspec.ValidationError:
        raise Refusal(400, "malformed") from None
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        open_to_them = [service.id for service in person.services]
        rows = await facts.find(connection, open_to_them, _filter_of(asked), limit=asked.limit)
        names = await facts.names_of(connection, rows)
        searched = ", ".join(f"{name}={value}" for name, value in sorted(request.query.items()))
        await note_change(connection, person.tenant, person.id, SUBJECT, 0, f"searched: {searched}"[:2000])
    following = rows[-1].id if len(rows) == asked.limit else None
    return json_answer({"sessions": [_session(row, names[row.session_id]) for row in rows], "next": following})


@routes.get("/api/evidence/sessions/{session}/logged")
async def get_logged(request: web.Request) -> web.Response:
    """What the log of all sessions says of one, proven by one checkpoint; the records that its leaves hold, and the hold it is under.

    `documents` are later ones of the organisation's, where these let others vouch for all that.
    """
    person = await required_person(request, *AUDITORS)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row = await session_of(request, connection, person)
        indices = await log_of_sessions.indices_of(connection, row.id)
        handled = await records.of_session(connection, row.id)
        hold = await _hold(connection, row.id)
        later = await documents.after(connection, desk.tenant, row.document)
    try:
        note, logged = await desk.checkpoints.logged_together(indices)
    except NotCosigned:
        raise Refusal(503, "not_cosigned", retry_after_s=5) from None
    told = {"checkpoint": str(note), "leaves": logged, "records": handled, "documents": later, "hold": hold}
    return json_answer(told)


@routes.get("/api/evidence/log")
async def get_log(request: web.Request) -> web.Response:
    """The newest checkpoint of the log of all sessions, and the proof that it continues the one of `older` leaves."""
    await required_person(request, *AUDITORS)
    desk = request.app[DESK]
    note = desk.checkpoints.newest
    size, older = read_checkpoint(note).size, request.query.get("older", "0")
    if not older.isascii() or not older.isdigit() or len(older) > 12 or int(older) > size:
        raise Refusal(400, "malformed")
    async with desk.database.transaction() as connection:
        hashes = await log_of_sessions.growth(connection, desk.tenant, int(older), size)
    return json_answer({"checkpoint": str(note), "hashes": hashes})


@routes.post("/api/evidence/sessions/{session}/hold")
async def post_hold(request: web.Request) -> web.Response:
    """Keep everything of a session, whatever its time."""
    person, reason = await reason_of(request)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row = await session_of(request, connection, person)
        await deletions.hold(connection, Tenant.of(row), row, reason=reason, person_id=person.id)
        await note_change(connection, Tenant.of(row), person.id, SUBJECT, row.id, f"held: {reason}")
    return web.Response(status=204)


@routes.post("/api/evidence/sessions/{session}/release")
async def post_release(request: web.Request) -> web.Response:
    """Let the time to keep it decide again."""
    person, reason = await reason_of(request)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row = await session_of(request, connection, person)
        if not await deletions.release(connection, Tenant.of(row), row, reason=reason):
            raise Refusal(409, "not_held")
        await note_change(connection, Tenant.of(row), person.id, SUBJECT, row.id, f"released: {reason}")
    return web.Response(status=204)


async def note_access(connection: AsyncConnection, person: Person, session: Any, what: str, reason: str) -> int:
    """Write down that somebody looks at, or takes away, evidence: in the audit trail, and as a leaf of the log of all sessions.

    Args:
        what: a word such as `watched`, `exported`, `resealed`.

    Returns:
        The index of the leaf, which holds the hash of who and why.
    """
    tenant = Tenant.of(session)
    await note_change(connection, tenant, person.id, SUBJECT, session.id, f"{what}: {reason}")
    content = hashlib.sha256(msgspec.json.encode({"by": person.name, "reason": reason}, order="sorted")).digest()
    leaf = Handled(log_of_sessions.new_salt(), session.session, what, content)
    return await log_of_sessions.append(connection, tenant, leaf)


async def reason_of(request: web.Request) -> tuple[Person, str]:
    """Which auditor asks, with the reason that has to be given."""
    person = await writer(request, *AUDITORS)
    return person, paragraph((await read_json(request, Reason)).reason.strip(), least=1)


async def session_of(request: web.Request, connection: AsyncConnection, person: Person) -> Any:
    """The session of the address, where it was in one of the services that are open to this auditor."""
    row = await sessions.find(connection, request.match_info["session"])
    if row is None or row.service_id not in {service.id for service in person.services}:
        raise Refusal(404, "not_found")
    return row


async def _hold(connection: AsyncConnection, session_id: int) -> dict[str, Any] | None:
    """The hold that a session is under; `by` is empty where an operator set it on the command line."""
    held = await deletions.hold_of(connection, session_id)
    if held is None:
        return None
    name = select(tables.person.c.full_name).where(tables.person.c.id == held.person_id)
    by = (await connection.execute(name)).scalar() or ""
    return {"reason": held.reason, "by": by, "at": int(held.at.timestamp())}


def _filter_of(asked: Asked) -> Filter:
    return Filter(
        ticket=asked.ticket,
        person=asked.person,
        customer=asked.customer,
        since=_time(asked.since),
        until=_time(asked.until),
        level=asked.level,
        capability=asked.capability.value if asked.capability else "",
        outcome=asked.outcome.value if asked.outcome else None,
        has_refusals=asked.refused,
        has_files=asked.files,
        is_incomplete=asked.incomplete,
        is_held=asked.held,
        before=asked.before,
    )


def _time(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _session(row: Any, names: list[str]) -> dict[str, Any]:
    return {
        "session": row.session,
        "ticket": row.ticket,
        "state": row.state,
        "level": row.level,
        "at": int(row.at.timestamp()),
        "ended_at": int(row.ended_at.timestamp()) if row.ended_at else None,
        "outcome": row.outcome,
        "people": ", ".join(names),
        "customer": row.customer_name,
        "capabilities": row.capabilities.split(),
        "refusals": row.refusals,
        "files": row.files,
        "entries": row.entries,
        "faults": None if row.faults is None else row.faults.split(),
        "is_held": bool(row.is_held),
    }
