"""The auditors' room: all evidence of one session, to be opened on the auditor's own machine; here it stays sealed.

Nothing is given before a reason was: it is in the trail of changes, and in the log of all sessions.
"""

import asyncio
import tempfile
from typing import IO, Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from protocol.errors import RemoteProtocolError
from protocol.handling import RECORD_BYTES_MAX
from relay.desk import evidence_pack, recordings
from relay.desk.api import writer
from relay.desk.customer_store import note_change
from relay.desk.evidence_api import SUBJECT, note_access, reason_of, session_of
from relay.desk.people import Person, Tenant, now_utc
from relay.desk.requests import DESK, Desk, Refusal, json_answer, read_json, required_person
from relay.desk.rights import AUDITORS
from relay.evidence import records
from relay.evidence.checkpoints import NotCosigned
from relay.evidence.deletions import NothingThere
from relay.evidence.records import IsThereAlready, NotToThisAuditor
from relay.storage.blobs import NoSuchBlob

routes = web.RouteTableDef()

_CHUNK_BYTES = 256 * 1024
_IN_MEMORY_BYTES = 1024 * 1024


class Record(Struct, forbid_unknown_fields=True):
    record: Annotated[str, Meta(max_length=RECORD_BYTES_MAX)]


@routes.post("/api/evidence/sessions/{session}/watch")
async def post_watch(request: web.Request) -> web.Response:
    """Say why, and get the session's log, what lies beside its entries (base64, by its hash in hex), and which segments are kept."""
    person, session = await _begin(request, "watched")
    desk = request.app[DESK]
    desk.watching.begin(person.id, session.id)
    return json_answer(await _told(desk, session))


@routes.post("/api/evidence/sessions/{session}/seals")
async def post_seals(request: web.Request) -> web.Response:
    """Say why, and get the session's log and what lies beside its entries, to pass its recording on; not the recording itself."""
    _, session = await _begin(request, "opened")
    return json_answer(await _told(request.app[DESK], session))


@routes.post("/api/evidence/sessions/{session}/resealed")
async def post_resealed(request: web.Request) -> web.Response:
    """Keep that the recording was passed on to another auditor: the record that the one signed who can open it."""
    person = await writer(request, *AUDITORS)
    record = (await read_json(request, Record)).record
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await session_of(request, connection, person)
        try:
            document = desk.organisation.document_text
            resealing = await records.pass_on(connection, Tenant.of(session), session, record, document, now_utc())
        except NotToThisAuditor:
            raise Refusal(409, "not_an_auditor") from None
        except IsThereAlready:
            raise Refusal(409, "has_it_already") from None
        except NothingThere:
            raise Refusal(404, "not_found") from None
        except RemoteProtocolError:
            raise Refusal(400, "malformed") from None
        told = f"passed on to {resealing.auditor.name}: {resealing.reason}"
        await note_change(connection, Tenant.of(session), person.id, SUBJECT, session.id, told)
    return web.Response(status=204)


@routes.get("/api/evidence/sessions/{session}/segments/{number}")
async def get_segment(request: web.Request) -> web.Response:
    """One segment of the recording, as it was sent, once a reason was given."""
    person = await required_person(request, *AUDITORS)
    desk = request.app[DESK]
    number = request.match_info["number"]
    async with desk.database.transaction() as connection:
        session = await session_of(request, connection, person)
    if not desk.watching.is_open(person.id, session.id):
        raise Refusal(403, "reason_needed")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Refusal(404, "not_found")
    try:
        data = await desk.blobs.get(recordings.blob_name(session.session, int(number)))
    except NoSuchBlob:
        raise Refusal(404, "not_found") from None
    return web.Response(body=data, content_type="application/octet-stream")


@routes.post("/api/evidence/sessions/{session}/pack")
async def post_pack(request: web.Request) -> web.StreamResponse:
    """Say why, and get the session's evidence pack."""
    _, session = await _begin(request, "exported")
    if not session.entries:
        raise Refusal(404, "not_found")
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        try:
            await evidence_pack.write(request.app[DESK], session, file)
        except NotCosigned:
            raise Refusal(503, "not_cosigned", retry_after_s=5) from None
        return await _send(request, file, f"session-{session.session}.zip")


async def _told(desk: Desk, session: Any) -> dict[str, Any]:
    """The log, what lies beside its entries (base64, by its hash in hex), and which segments are kept."""
    async with desk.database.transaction() as connection:
        log = await evidence_pack.log_file_of(connection, session)
        beside = await evidence_pack.beside_of(connection, session.id)
        kept = await recordings.kept_of(connection, session.id)
    contents = {digest.hex(): data for digest, data in beside.items()}
    return {"log": msgspec.structs.asdict(log), "beside": contents, "segments": sorted(kept)}


async def _send(request: web.Request, file: IO[bytes], name: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
    response.content_type, response.content_length = "application/zip", file.tell()
    file.seek(0)
    await response.prepare(request)
    while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _begin(request: web.Request, what: str) -> tuple[Person, Any]:
    """Write down who does what with which session, and why."""
    person, reason = await reason_of(request)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        session = await session_of(request, connection, person)
        await note_access(connection, person, session, what, reason)
    return person, session
