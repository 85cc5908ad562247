"""The JSON API of sharing a session: inviting, being invited, joining, and coming by a link."""

import time
from typing import Annotated, Any

from aiohttp import web
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.limits import LINE_CHARACTERS_MAX
from protocol.text import tidy_line
from protocol.vocabulary import Role
from relay.desk import sessions, sharing
from relay.desk.api import helper, writer
from relay.desk.people import Tenant, token_hash
from relay.desk.requests import (
    DESK,
    Refusal,
    address_of,
    json_answer,
    line,
    paragraph,
    read_json,
    required_person,
)

routes = web.RouteTableDef()

GUEST_MINUTES_MAX = 120
GUEST_PAGE = "/assist/?guest"
_STATUS = {"not_invited": 403, "not_taking_part": 403, "unknown_person": 404, "link_not_valid": 404}

Key = Annotated[bytes, Meta(min_length=32, max_length=32)]


class NewInvitation(Struct, forbid_unknown_fields=True):
    person: Annotated[str, Meta(max_length=64)]
    """An account; empty where whoever of `title` comes first is meant."""
    role: Annotated[str, Meta(pattern=r"\A(observer|technician)\Z")]
    reason: Annotated[str, Meta(max_length=sharing.REASON_CHARACTERS_MAX)]
    title: Annotated[str, Meta(pattern=r"\A(|technician|expert|supervisor)\Z")] = ""


class NewGuest(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=LINE_CHARACTERS_MAX)]
    minutes: Annotated[int, Meta(ge=1, le=GUEST_MINUTES_MAX)]
    reason: Annotated[str, Meta(max_length=sharing.REASON_CHARACTERS_MAX)]


class Joining(Struct, forbid_unknown_fields=True):
    key: Key


class GuestClaim(Struct, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=100)]
    key: Key


@routes.get("/api/sessions/{session}/candidates")
async def get_candidates(request: web.Request) -> web.Response:
    person = await helper(request)
    async with request.app[DESK].database.transaction() as connection:
        await _session_of(request, connection)
        rows = await sharing.candidates(connection, person)
        roles = await sharing.roles_of(connection, [row.id for row in rows])
    told = [{"name": row.name, "full_name": row.full_name, "roles": roles[row.id]} for row in rows]
    return json_answer({"candidates": told})


@routes.post("/api/sessions/{session}/invitations")
async def post_invitation(request: web.Request) -> web.Response:
    person = await helper(request)
    new = await read_json(request, NewInvitation)
    if bool(new.person) is bool(new.title):
        raise Refusal(400, "malformed")
    reason = paragraph(new.reason, least=1)
    desk = request.app[DESK]
    whom, invite = (new.title, sharing.invite_title) if new.title else (new.person, sharing.invite)
    try:
        async with desk.database.transaction() as connection:
            session = await _session_of(request, connection)
            invited = await invite(connection, person.tenant, session, person, whom, Role(new.role), reason)
    except sharing.NotShared as error:
        raise _refusal(error) from None
    return json_answer(_invitation(invited), status=201)


@routes.post("/api/sessions/{session}/guests")
async def post_guest(request: web.Request) -> web.Response:
    person = await helper(request)
    new = await read_json(request, NewGuest)
    name, reason = tidy_line(line(new.name.strip(), least=1)), paragraph(new.reason, least=1)
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            session = await _session_of(request, connection)
            invited, token = await sharing.invite_guest(
                connection, person.tenant, session, person, name, new.minutes, reason
            )
    except sharing.NotShared as error:
        raise _refusal(error) from None
    link = f"{desk.settings.own_origins[0]}/join/#{token}"
    return json_answer(_invitation(invited) | {"link": link, "minutes": new.minutes}, status=201)


@routes.get("/api/invitations")
async def get_invitations(request: web.Request) -> web.Response:
    person = await required_person(request)
    async with request.app[DESK].database.transaction() as connection:
        rows = await sharing.invitations_of(connection, person)
    return json_answer({"invitations": [_invitation(row) for row in rows]})


@routes.delete("/api/invitations/{invitation}")
async def delete_invitation(request: web.Request) -> web.Response:
    """Decline it, or take back one that one made."""
    person = await writer(request)
    number = request.match_info["invitation"]
    is_number = number.isascii() and number.isdigit() and len(number) <= 9
    async with request.app[DESK].database.transaction() as connection:
        if not is_number or not await sharing.take_back(connection, person, int(number)):
            raise Refusal(404, "not_found")
    return web.Response(status=204)


@routes.post("/api/sessions/{session}/join")
async def post_join(request: web.Request) -> web.Response:
    person = await helper(request)
    asked = await read_json(request, Joining)
    desk = request.app[DESK]
    try:
        async with desk.database.transaction() as connection:
            session = await _session_of(request, connection)
            admittance = await sharing.join(
                connection, desk.organisation, Tenant.of(session), session, person, asked.key
            )
            answer = _answer(request, session, admittance)
    except sharing.NotShared as error:
        raise _refusal(error) from None
    return json_answer(answer, status=201)


@routes.post("/api/guests/claim")
async def post_guest_claim(request: web.Request) -> web.Response:
    """For whoever holds a link, without signing in. A wrong one counts like a wrong password of this address."""
    desk, address, now = request.app[DESK], address_of(request), time.monotonic()
    asked = await read_json(request, GuestClaim)
    account = f"link {token_hash(asked.token)}"
    if wait_s := desk.limits.wait_s(address, account, now):
        raise Refusal(429, "too_many_attempts", retry_after_s=wait_s)
    desk.limits.failed(address, account, now)
    try:
        async with desk.database.transaction() as connection:
            session, admittance = await sharing.claim(
                connection, desk.organisation, desk.tenant, asked.token, asked.key
            )
            answer = _answer(request, session, admittance)
    except sharing.NotShared as error:
        raise _refusal(error) from None
    desk.limits.succeeded(address, account)
    return json_answer(answer, status=201)


@routes.get("/join")
@routes.get("/join/")
async def get_join(request: web.Request) -> web.Response:
    """Where a guest's link leads: browsers keep what stands after `#`, and never send it."""
    return web.Response(status=303, headers={"Location": GUEST_PAGE})


async def _session_of(request: web.Request, connection: AsyncConnection) -> Any:
    session = await sessions.find(connection, request.match_info["session"])
    if session is None:
        raise Refusal(404, "not_found")
    return session


def _refusal(error: sharing.NotShared) -> Refusal:
    return Refusal(_STATUS.get(error.reason, 409), error.reason)


def _invitation(row: Any) -> dict[str, Any]:
    return {
        "invitation": row.id,
        "session": row.session,
        "ticket": str(row.ticket),
        "subject": row.subject,
        "name": row.name,
        "role": row.role,
        "reason": row.reason,
        "invited_by": row.inviter,
        "expires_at": int(row.expires_at.timestamp()),
    }


def _answer(request: web.Request, session: Any, admittance: sharing.Admittance) -> dict[str, Any]:
    """What a joiner needs: who they are, what it is about, and how to know the agent."""
    return {
        "session": session.session,
        "ticket": admittance.case.ticket,
        "subject": admittance.case.subject,
        "reason": admittance.reason,
        "name": admittance.name,
        "role": admittance.role,
        "certificate": admittance.certificate,
        "document": session.document,
        "root_fingerprint": request.app[DESK].organisation.fingerprint_text,
        "entries": admittance.beginning.entries,
        "heads": [admittance.beginning.head],
        "technician_certificate": session.certificate,
    }
