"""What every request passes through: bounded bodies, typed JSON, parsed forms, origin, sign-in and its token."""

import hmac
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.text import Line, Text
from relay.desk.away import Away
from relay.desk.frequent import Frequent
from relay.desk.ladders import USUAL, Ladder
from relay.desk.nodes import Nodes
from relay.desk.people import Person, Seal, Tenant, holder, holder_question
from relay.desk.public_limits import HOUR_S, Pace
from relay.desk.sign_in_limits import SignInLimits
from relay.desk.stories import Stories
from relay.desk.watching import Watching
from relay.evidence.checkpoints import Checkpoints
from relay.keys import Organisation
from relay.settings import Settings
from relay.storage.blobs import Blobs
from relay.storage.database import Database
from relay.storage.prepared import Question, together
from translations import LANGUAGES, best_language

log = logging.getLogger("mainforte.desk")

BODY_BYTES_MAX = 64 * 1024
FORM_FIELDS_MAX = 40
COOKIE = "mainforte_sign_in"
LANGUAGE_COOKIE = "mainforte_language"
ADDRESS_HEADER = "X-Mainforte-Address"
"""Set by the front, which alone can reach our socket."""

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """What the handlers work with."""

    settings: Settings
    database: Database
    organisation: Organisation
    tenant: Tenant
    seal: Seal
    limits: SignInLimits
    stories: Stories
    blobs: Blobs
    checkpoints: Checkpoints
    nodes: Nodes
    away: Away = field(default_factory=Away)
    watching: Watching = field(default_factory=Watching)
    frequent: Frequent = field(default_factory=Frequent)
    pace: Pace = field(default_factory=Pace)
    ladders: dict[int, Ladder] = field(default_factory=dict)
    """In force, by service; a service without one goes by the usual ladder."""

    def ladder_of(self, tenant: Tenant) -> Ladder:
        return self.ladders.get(tenant.service_id, USUAL)


DESK = web.AppKey("desk", Desk)


class Refusal(Exception):
    """A request that is not carried out; `reason` is a word for programs, pages have their own texts."""

    def __init__(self, status: int, reason: str, *, retry_after_s: int = 0) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s


def address_of(request: web.Request) -> str:
    """Where the request comes from, as the front saw it."""
    return request.headers.get(ADDRESS_HEADER, "unknown")[:64]


def language_of(request: web.Request, person: Person | None = None) -> str:
    """The language of this person or browser."""
    if person is not None and person.language in LANGUAGES:
        return str(person.language)
    if (chosen := request.cookies.get(LANGUAGE_COOKIE)) in LANGUAGES:
        return str(chosen)
    wanted = request.headers.get("Accept-Language", "")[:200].split(",")
    return best_language([part.split(";")[0].strip() for part in wanted])


async def signed_in(request: web.Request) -> Person | None:
    """Whoever holds the cookie, also one who still has to set up the second factor."""
    async with request.app[DESK].database.reading() as connection:
        person, _ = await _ask(request, connection, ())
    return person


async def required_person(request: web.Request, *roles: str) -> Person:
    """Who is fully signed in.

    Raises:
        Refusal: 401 when nobody is, 403 when none of the roles is theirs.
    """
    return _admitted(await signed_in(request), roles)


@asynccontextmanager
async def asking(request: web.Request, *roles: str) -> AsyncIterator[tuple[Person, AsyncConnection]]:
    """Who is fully signed in, and where to read what there is for them.

    Raises:
        Refusal: as `required_person` does.
    """
    async with request.app[DESK].database.reading() as connection:
        person, _ = await _ask(request, connection, ())
        yield _admitted(person, roles), connection


@asynccontextmanager
async def asking_at_once(
    request: web.Request, questions: Sequence[Question], *roles: str
) -> AsyncIterator[tuple[Person, AsyncConnection, list[list[Any]]]]:
    """The same, and the answers to what can be asked before it is known who asks: it travels together, and is of one moment.

    Raises:
        Refusal: as `required_person` does.
    """
    async with request.app[DESK].database.reading() as connection:
        person, answers = await _ask(request, connection, questions)
        yield _admitted(person, roles), connection, answers


async def _ask(
    request: web.Request, connection: AsyncConnection, questions: Sequence[Question]
) -> tuple[Person | None, list[list[Any]]]:
    """Who holds the cookie, and the answers, which are for nobody where nobody does."""
    token = request.cookies.get(COOKIE, "")
    if not 0 < len(token) <= 100:
        return None, []
    who, *answers = await together(connection, holder_question(token), *questions)
    return await holder(connection, who), answers


def _admitted(person: Person | None, roles: Sequence[str]) -> Person:
    if person is None or person.is_enrolling:
        raise Refusal(401, "not_signed_in")
    if roles and not person.roles & set(roles):
        raise Refusal(403, "not_allowed")
    return person


async def read_body(request: web.Request, *, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The body, at most 64 KiB unless it may be longer.

    Raises:
        Refusal: 413 when it is longer.
    """
    if (request.content_length or 0) > bytes_max:
        raise Refusal(413, "too_large")
    body = bytearray()
    async for chunk in request.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > bytes_max:
            raise Refusal(413, "too_large")
    return bytes(body)


async def read_json(request: web.Request, kind: type[T]) -> T:
    """A typed body.

    Raises:
        Refusal: 415 when it is not declared as JSON, 400 when it is not what was expected.
    """
    if request.content_type != "application/json":
        raise Refusal(415, "expected_json")
    try:
        return msgspec.json.decode(await read_body(request), type=kind, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "malformed") from None


async def read_form(
    request: web.Request, *, fields_max: int = FORM_FIELDS_MAX, bytes_max: int = BODY_BYTES_MAX
) -> dict[str, str]:
    """The fields of a form; line ends as one newline.

    Raises:
        Refusal: 415 or 400.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "expected_form")
    try:
        text = (await read_body(request, bytes_max=bytes_max)).decode("ascii")
        fields = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=fields_max, errors="strict"
        )
    except ValueError:
        raise Refusal(400, "malformed") from None
    return {name: value.replace("\r\n", "\n").strip() for name, value in fields}


def check_csrf(person: Person, token: str) -> None:
    """Pass silently when the token is that of this sign-in.

    Raises:
        Refusal: 403.
    """
    if not hmac.compare_digest(token.encode(), person.csrf.encode()):
        raise Refusal(403, "wrong_csrf_token")


def check_origin(request: web.Request) -> None:
    """Refuse what another site's page sends. Programs send no Origin; a browser always does with an unsafe method.

    Raises:
        Refusal: 403.
    """
    origin = request.headers.get("Origin")
    if origin is None and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin":
        return
    if origin not in request.app[DESK].settings.own_origins:
        raise Refusal(403, "wrong_origin")


def check_pace(request: web.Request) -> None:
    """Pass silently while this address has not written too often without having signed in.

    Raises:
        Refusal: 429.
    """
    if not request.app[DESK].pace.admits(address_of(request), time.monotonic()):
        raise Refusal(429, "too_many", retry_after_s=HOUR_S)


def json_answer(value: Any, *, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def set_cookie(request: web.Request, response: web.StreamResponse, name: str, value: str, *, seconds: int) -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    secure = request.app[DESK].settings.is_secure
    response.set_cookie(name, value, max_age=seconds, httponly=True, secure=secure, samesite="Strict", path="/")


def line(text: str, *, least: int = 0) -> str:
    """One line that a person typed.

    Raises:
        Refusal: 400; too long, too short, or with control characters.
    """
    return _checked(text, Line, least)


def paragraph(text: str, *, least: int = 0) -> str:
    """Several lines that a person typed.

    Raises:
        Refusal: 400.
    """
    return _checked(text, Text, least)


def _checked(text: str, kind: Any, least: int) -> str:
    try:
        checked: str = msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise Refusal(400, "bad_text") from None
    if len(checked.strip()) < least:
        raise Refusal(400, "empty_text")
    return checked
