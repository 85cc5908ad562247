"""What the rooms process asks the desk. Reached over the Unix socket only; the front refuses these paths from outside."""

from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import ProtocolError
from protocol.limits import BESIDE_BYTES_MAX, ENTRIES_MAX, ENTRY_BYTES_MAX, SEGMENT_BYTES_MAX
from relay.desk import arrivals, people, recordings, sessions
from relay.desk.people import Tenant
from relay.desk.requests import DESK, Refusal, json_answer, log, read_json
from relay.evidence import log_of_sessions
from relay.evidence.checkpoints import LeafDeleted, NotCosigned
from relay.storage.database import StorageFull

routes = web.RouteTableDef()


class Claim(Struct):
    token: Annotated[str, Meta(max_length=100)]


class RoomAsked(Struct):
    session: Annotated[str, Meta(max_length=64)]
    room: Annotated[str, Meta(max_length=5)]


class AgentArrival(Struct):
    session: Annotated[str, Meta(max_length=64)]
    at_ms: int
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class ViewerArrival(Struct):
    certificate: Annotated[str, Meta(max_length=4096)]
    at_ms: int
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class StandingAsked(Struct):
    accounts: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=100)]


class NewEntry(Struct):
    number: Annotated[int, Meta(ge=0, lt=ENTRIES_MAX)]
    entry: Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]
    beside: Annotated[bytes, Meta(max_length=BESIDE_BYTES_MAX)] = b""


class EntryAsked(Struct):
    number: Annotated[int, Meta(ge=0, lt=ENTRIES_MAX)]


class NewHead(Struct):
    note: Annotated[str, Meta(max_length=4096)]


class NewState(Struct):
    state: Annotated[str, Meta(max_length=40)]


@routes.post("/internal/rooms/claim")
async def post_claim(request: web.Request) -> web.Response:
    claim = await read_json(request, Claim)
    async with request.app[DESK].database.transaction() as connection:
        room = await sessions.claim_room(connection, claim.token)
        session = await sessions.find(connection, room["session"]) if room else None
        if session is not None and not session.entries:  # here its agent will come
            await request.app[DESK].nodes.take_in(connection, session.session)
    if room is None:
        raise Refusal(404, "not_found")
    return json_answer(room)


@routes.post("/internal/rooms/expiry")
async def post_expiry(request: web.Request) -> web.Response:
    asked = await read_json(request, RoomAsked)
    async with request.app[DESK].database.transaction() as connection:
        expires_at = await sessions.room_expiry(connection, asked.session, asked.room)
    if expires_at is None:
        raise Refusal(404, "not_found")
    return json_answer({"expires_at": expires_at})


@routes.post("/internal/arrivals/agent")
async def post_agent_arrival(request: web.Request) -> web.Response:
    came = await read_json(request, AgentArrival)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        arrived = await arrivals.agent_arrives(connection, desk.nodes, came.session, came.at_ms, came.signature)
    return _arrived(arrived)


@routes.post("/internal/arrivals/viewer")
async def post_viewer_arrival(request: web.Request) -> web.Response:
    came = await read_json(request, ViewerArrival)
    desk = request.app[DESK]
    document = desk.organisation.document
    async with desk.database.transaction() as connection:
        arrived = await arrivals.viewer_arrives(connection, document, came.certificate, came.at_ms, came.signature)
    return _arrived(arrived)


@routes.post("/internal/people/shut-out")
async def post_shut_out(request: web.Request) -> web.Response:
    asked = await read_json(request, StandingAsked)
    async with request.app[DESK].database.transaction() as connection:
        shut_out = await people.shut_out(connection, asked.accounts)
    return json_answer({"accounts": shut_out})


def _arrived(arrived: arrivals.Arrived | None) -> web.Response:
    if arrived is None:
        raise Refusal(404, "not_found")
    return json_answer({"session": arrived.session, "participant": arrived.participant})


@routes.post("/internal/sessions/{session}/entries")
async def post_entry(request: web.Request) -> web.Response:
    new = await read_json(request, NewEntry)
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            session = await _session_of(request, connection)
            await sessions.append_entry(connection, Tenant.of(session), session, new.number, new.entry, new.beside)
    except (sessions.NotNext, ProtocolError) as error:
        log.info("entry refused: %s", error, extra={"session": request.match_info["session"]})
        raise Refusal(409, "does_not_follow") from None
    except StorageFull:
        log.error("the disk is full", extra={"session": request.match_info["session"]})
        raise Refusal(507, "storage_full") from None
    return web.Response(status=204)


@routes.post("/internal/sessions/{session}/segments/{number}")
async def post_segment(request: web.Request) -> web.Response:
    number = request.match_info["number"]
    if not number.isascii() or not number.isdigit() or int(number) >= ENTRIES_MAX:
        raise Refusal(400, "malformed")
    # Longer than any other body: read here, to its announced and bounded length.
    length = request.content_length or 0
    if not 0 < length <= SEGMENT_BYTES_MAX:
        raise Refusal(400, "malformed")
    data = await request.content.readexactly(length)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await _session_of(request, connection)
    try:
        its_hash = request.query.get("hash", "")
        await recordings.keep(
            desk.database, desk.blobs, Tenant.of(session), session, int(number), data, its_hash=its_hash
        )
    except recordings.Differs as error:
        log.error("segment refused: %s", error, extra={"session": session.session})
        raise Refusal(409, "differs") from None
    except StorageFull:
        log.error("the disk is full", extra={"session": session.session})
        raise Refusal(507, "storage_full") from None
    return web.Response(status=204)


@routes.post("/internal/sessions/{session}/logged")
async def post_logged(request: web.Request) -> web.Response:
    """What the log of all sessions says of an entry that is stored, with the proof."""
    asked = await read_json(request, EntryAsked)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await _session_of(request, connection)
        text = await sessions.entry_text(connection, session.id, asked.number)
        index = await log_of_sessions.index_of_entry(connection, session, text) if text else None
    if index is None:
        raise Refusal(404, "not_found")
    try:
        logged = await desk.checkpoints.logged(index)
    except NotCosigned as error:
        log.warning("the log of sessions is not cosigned: %s", error, extra={"session": session.session})
        raise Refusal(503, "not_cosigned") from None
    except LeafDeleted:
        raise Refusal(404, "not_found") from None
    return json_answer(logged)


@routes.post("/internal/sessions/{session}/heads")
async def post_head(request: web.Request) -> web.Response:
    new = await read_json(request, NewHead)
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            session = await _session_of(request, connection)
            await sessions.add_head(connection, Tenant.of(session), session, new.note)
    except sessions.NotNext:
        raise Refusal(409, "entries_first") from None
    except ProtocolError:
        raise Refusal(400, "malformed") from None
    except StorageFull:
        raise Refusal(507, "storage_full") from None
    return web.Response(status=204)


@routes.post("/internal/sessions/{session}/states")
async def post_state(request: web.Request) -> web.Response:
    new = await read_json(request, NewState)
    if new.state not in sessions.STATES:
        raise Refusal(400, "unknown_state")
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await _session_of(request, connection)
        if not await desk.nodes.is_home_of(connection, session):  # its agent has gone elsewhere meanwhile
            return web.Response(status=204)
        if new.state == sessions.CLOSED and await sessions.has_fresh_room(connection, session):
            return web.Response(status=204)
        await sessions.set_state(connection, Tenant.of(session), session, new.state)
    if new.state != sessions.AWAY:
        desk.away.came_back(session.session)
    log.info("session %s", new.state, extra={"session": session.session})
    return web.Response(status=204)


async def _session_of(request: web.Request, connection: AsyncConnection) -> Any:
    session = await sessions.find(connection, request.match_info["session"])
    if session is None:
        raise Refusal(404, "not_found")
    return session
