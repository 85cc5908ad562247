"""The desk process: one HTTP application on a Unix socket, the only writer of the database."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from socket import socket as Socket  # noqa: N812 # a class

from aiohttp import web
from aiohttp.typedefs import Middleware
from sqlalchemy.exc import IntegrityError

from protocol.errors import RemoteProtocolError
from protocol.identity import OrganisationDocument
from relay.desk import (
    api,
    arrivals,
    assist,
    case_pages,
    customer_pages,
    document_store,
    evidence_api,
    evidence_room,
    group_pages,
    improvement_pages,
    internal,
    knowledge_pages,
    mail_pages,
    organisation_pages,
    oversight_pages,
    pages,
    process_pages,
    public_pages,
    quality_pages,
    sessions,
    sharing_api,
    ticket_store,
)
from relay.desk.housekeeping import keep_house
from relay.desk.mailing import mailing
from relay.desk.nodes import Nodes
from relay.desk.people import Seal, tenant_of
from relay.desk.requests import BODY_BYTES_MAX, DESK, Desk, Refusal, check_origin, json_answer, log
from relay.desk.sign_in_limits import SignInLimits
from relay.desk.stories import Stories
from relay.desk.tickets import NotPossible
from relay.evidence import documents
from relay.evidence.checkpoints import Checkpoints
from relay.evidence.witnesses import Witnesses
from relay.keys import key_secret, load_organisation
from relay.settings import Settings
from relay.storage.blobs import open_blobs
from relay.storage.database import StorageFull, TooBusy, migrate, open_database

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

BUSY_AGAIN_S = 5

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def content_security_policy(settings: Settings, document: OrganisationDocument) -> str:
    """What our pages may do: nothing but their own files, and to follow a session to the organisation's other nodes."""
    others = "".join(
        f" {origin.replace('http', 'ws', 1)}" for origin in document.origins if origin not in settings.own_origins
    )
    return (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self'{others}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


async def open_desk(settings: Settings, secret: str, *, run: str = "") -> Desk:
    """Bring the database up to date and gather what the handlers need; `run` tells this start of the server from others.

    Raises:
        KeyUnusable: a key or the document cannot be used.
        LogWasRewound: the database holds less of the log of sessions than was published.
    """
    organisation = load_organisation(settings, secret, now=int(time.time()))
    await asyncio.to_thread(migrate, settings.database)
    database = open_database(settings.database)
    tenant = await tenant_of(database, organisation.document.name, organisation.fingerprint_text)
    async with database.transaction() as connection:
        await documents.keep(connection, tenant, organisation.document_text)
        await ticket_store.find_missing(connection, tenant)
        ladders = await document_store.ladders(connection)
    witnesses = Witnesses(organisation.document.witnesses)
    checkpoints = Checkpoints(
        database, tenant, organisation.log_keys, organisation.trust, witnesses, settings.log_checkpoint
    )
    await checkpoints.begin()
    return Desk(
        settings,
        database,
        organisation,
        tenant,
        Seal(secret),
        SignInLimits(settings.sign_in_failures_max),
        Stories(database),
        open_blobs(settings),
        checkpoints,
        Nodes(tenant, settings.node, run),
        ladders=ladders,
    )


def make_application(desk: Desk) -> web.Application:
    """The routes and what every request passes through."""
    headers = _with_headers(content_security_policy(desk.settings, desk.organisation.document))
    app = web.Application(middlewares=[headers, _refusals, _origins], client_max_size=BODY_BYTES_MAX)
    app[DESK] = desk
    add_routes(app)
    app.on_shutdown.append(_end_streams)
    return app


def add_routes(app: web.Application) -> None:
    """All that the desk answers to."""
    app.add_routes(api.routes)
    app.add_routes(sharing_api.routes)
    app.add_routes(evidence_api.routes)
    app.add_routes(evidence_room.routes)
    app.add_routes(internal.routes)
    app.add_routes(pages.routes)
    app.add_routes(public_pages.routes)
    app.add_routes(process_pages.routes)
    app.add_routes(quality_pages.routes)
    app.add_routes(mail_pages.routes)
    app.add_routes(case_pages.routes)
    app.add_routes(customer_pages.routes)
    app.add_routes(knowledge_pages.routes)
    app.add_routes(oversight_pages.routes)
    app.add_routes(organisation_pages.routes)
    app.add_routes(group_pages.routes)
    app.add_routes(improvement_pages.routes)
    assist.add_routes(app)


async def _end_streams(app: web.Application) -> None:
    """Let those go who are being told of changes: nobody waits for them at the end."""
    app[DESK].database.changes.close()


def _with_headers(policy: str) -> Middleware:
    @web.middleware
    async def put_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        # Under `no-referrer` browsers send `Origin: null` with our own forms, which would then be refused.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers.setdefault("Cache-Control", "no-store")
        if request.app[DESK].settings.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    return put_headers


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what handlers raise into answers: words for programs, pages for people, and no insides for anybody."""
    try:
        return await handler(request)
    except Refusal as error:
        refusal = error
    except web.HTTPException as error:
        refusal = Refusal(
            error.status, {404: "not_found", 405: "wrong_method", 413: "too_large"}.get(error.status, "refused")
        )
    except NotPossible:
        refusal = Refusal(409, "not_possible")
    except RemoteProtocolError:  # an event that could not be read again: refused before it was stored
        refusal = Refusal(400, "malformed")
    except sessions.NoRoomFree:
        refusal = Refusal(503, "no_room_free", retry_after_s=60)
    except StorageFull:
        refusal = Refusal(507, "storage_full")
    except TooBusy:
        refusal = Refusal(503, "too_busy", retry_after_s=BUSY_AGAIN_S)
    except IntegrityError:
        refusal = Refusal(409, "changed_meanwhile")
    except Exception:
        log.exception("a request failed")
        refusal = Refusal(500, "internal_error")
    if request.path.startswith(("/api/", "/internal/")):
        response = json_answer({"error": refusal.reason}, status=refusal.status)
    else:
        response = await pages.refusal_page(request, refusal)
    if refusal.retry_after_s:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


@web.middleware
async def _origins(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method not in _SAFE and not request.path.startswith("/internal/"):
        check_origin(request)
    return await handler(request)


async def run_desk(
    settings: Settings, listening: Socket, *, run: str, is_first: bool, on_ready: Callable[[], None]
) -> None:
    """Serve at a socket that listens until stdin closes, that is until the front is gone; `on_ready` once it answers.

    `run` tells this start of the server from all others. `is_first`: no room can be live from before.

    Raises:
        KeyUnusable: a key or the document cannot be used.
        Replaced: another process has started under this node's name.
    """
    desk = await open_desk(settings, key_secret(settings), run=run)
    async with desk.database.transaction() as connection:
        await desk.nodes.begin(connection, is_first=is_first)
        if is_first:
            await arrivals.after_restart(connection, desk.nodes)
    runner = web.AppRunner(make_application(desk), access_log=None)
    await runner.setup()
    keeping, hearing = asyncio.create_task(keep_house(desk)), asyncio.create_task(desk.database.hear_others())
    try:
        async with mailing(desk):
            await web.SockSite(runner, listening).start()
            log.info("the desk is ready")
            on_ready()
            front = asyncio.create_task(_stdin_closed())
            await asyncio.wait({front, keeping}, return_when=asyncio.FIRST_COMPLETED)
            front.cancel()
            if keeping.done():
                await keeping
    finally:
        keeping.cancel()
        hearing.cancel()
        await runner.cleanup()
        await desk.checkpoints.close()
        await desk.blobs.close()
        await desk.database.close()


async def _stdin_closed() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
