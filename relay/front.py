"""The one port: sealed records between the ends of a room, and every other request to the desk process behind a Unix socket."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web

from protocol.codec import encode
from protocol.envelope import SUBPROTOCOL, Envelope, Kind, unwrap, wrap_relay
from protocol.errors import RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX
from protocol.relay_messages import (
    EntryNotStored,
    EntryStored,
    EntrySubmitted,
    HeadSubmitted,
    RoomClaimed,
    RoomEntered,
    from_end,
)
from relay.admission import Admission
from relay.desk_link import DeskLink
from relay.rooms import FIRST_WORD_S, Close, Rooms, Send, Store, Tell, last_word

log = logging.getLogger("mainforte.relay.front")

ADDRESS_HEADER = "X-Mainforte-Address"
_HEARTBEAT_S = 3.0
_TOO_SLOW_S = 20
_BODY_BYTES_MAX = 1024 * 1024
_TICK_S = 0.5
# Small kernel buffers keep what is under way short, so that the agent's pacing sees the path as it is.
_NOTSENT_LOWAT_BYTES = 128 * 1024
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade content-length".split()
)
_DESK_DOWN = (
    "<!doctype html><meta charset=utf-8><title>Mainforte</title><p lang=fr>Le service redémarre. Rien n’est perdu : "
    "réessayez dans quelques secondes.<p lang=en>The service is starting again. Nothing is lost: try again in a few seconds."
)


@dataclass(frozen=True)
class FrontSettings:
    """What the front needs to know."""

    host: str
    port: int
    desk_socket: Path
    origins: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False


@dataclass(eq=False)
class Connection:
    """One open socket; whoever sends waits its turn, and waits while the other side does not read."""

    socket: web.WebSocketResponse
    address: str
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, data: bytes) -> None:
        async with self.turn:
            if not self.socket.closed:
                await asyncio.wait_for(self.socket.send_bytes(data), _TOO_SLOW_S)

    async def close(self, reason: str) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(self.send(last_word(reason)), 1)
        await self.socket.close(code=WSCloseCode.POLICY_VIOLATION, drain=False)


class Front:
    """The rooms of this process and the sockets in them."""

    def __init__(self, settings: FrontSettings) -> None:
        self._settings = settings
        self._rooms = Rooms()
        self._admission = Admission()
        self._desk = DeskLink(settings.desk_socket)
        self._proxy = aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(str(settings.desk_socket)),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=60),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def application(self) -> web.Application:
        """The routes: one for sessions, and everything else for the desk."""
        app = web.Application(client_max_size=_BODY_BYTES_MAX)
        app.router.add_get("/room", self._room)
        app.router.add_route("*", "/{path:.*}", self._pass_to_desk)
        return app

    async def run_clock(self) -> None:
        """Let time pass in the rooms, for as long as the front runs."""
        while True:
            await asyncio.sleep(_TICK_S)
            self._rooms.tick(time.monotonic(), time.time())
            await self._carry_out()

    async def stop(self) -> None:
        """Close every socket with a last word."""
        await asyncio.gather(*(connection.close("shutting_down") for connection in list(self._connections)))
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._desk.close()
        await self._proxy.close()

    # --- sessions --------------------------------------------------------------------------------------------------

    async def _room(self, request: web.Request) -> web.StreamResponse:
        address = self._address(request)
        if not self._is_from_here(request):
            return web.Response(status=403, text="this page does not belong to this server")
        if not self._admission.may_connect(address):
            return web.Response(status=429, text="too many connections", headers={"Retry-After": "30"})
        response = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=_HEARTBEAT_S, max_msg_size=ENVELOPE_BYTES_MAX, compress=False
        )
        await response.prepare(request)
        _tune(request.transport)
        connection = Connection(response, address)
        self._admission.connected(address)
        self._connections.add(connection)
        try:
            if await self._first_word(connection):
                await self._talk(connection)
        except (RemoteProtocolError, TypeError) as error:
            log.info("a connection broke a rule: %s", error)
            await connection.close("unexpected")
        finally:
            self._connections.discard(connection)
            self._admission.disconnected(address)
            self._rooms.gone(connection, time.monotonic())
            await self._carry_out()
        return response

    async def _first_word(self, connection: Connection) -> bool:
        """Let a connection into a room; tells whether it is in."""
        try:
            envelope = unwrap(await asyncio.wait_for(connection.socket.receive_bytes(), FIRST_WORD_S))
        except TimeoutError:
            await connection.close("unexpected")
            return False
        if not isinstance(envelope, Envelope) or envelope.kind is not Kind.RELAY:
            raise RemoteProtocolError("a connection that does not begin with a message to the relay")
        now = time.monotonic()
        match from_end.decode(envelope.content):
            case RoomClaimed(token):
                claim = await self._desk.claim(token)
                if claim is None:
                    await connection.close("bad_token")
                    return False
                self._rooms.claim(connection, claim.room, claim.session, claim.expires_at)
            case RoomEntered(number):
                if not self._admission.may_knock(connection.address, now):
                    await connection.close("rate_limited")
                    return False
                somebody_waits = self._rooms.enter(connection, number, now)
                self._admission.knocked(connection.address, now, somebody_waits=somebody_waits)
            case _:
                raise RemoteProtocolError("a connection that neither claims nor enters a room")
        await self._carry_out()
        return True

    async def _talk(self, connection: Connection) -> None:
        async for message in connection.socket:
            if message.type is not WSMsgType.BINARY:
                raise RemoteProtocolError(f"a {message.type.name} message where all are binary")
            envelope = unwrap(message.data)
            if isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
                self._rooms.say(connection, from_end.decode(envelope.content), time.monotonic())
            else:
                self._rooms.receive(connection, envelope, time.monotonic())
            await self._carry_out()

    async def _carry_out(self) -> None:
        """Do what the rooms decided. Sending waits for a slow reader, and so holds up only whoever sent."""
        for effect in self._rooms.effects():
            match effect:
                case Send(Connection() as to, data):
                    try:
                        await to.send(data)
                    except TimeoutError:
                        self._start(to.close("too_slow"))
                    except ConnectionError:
                        pass  # its own reader hears of it
                case Close(Connection() as end, reason):
                    self._start(end.close(reason))
                case Store(session, Connection() as by, message):
                    self._start(self._store(session, by, message))
                case Tell(session, state):
                    log.info("session %s: %s", session, state)
                    self._start(self._desk.tell(session, state))

    async def _store(self, session: str, by: Connection, message: EntrySubmitted | HeadSubmitted) -> None:
        is_stored = await self._desk.store(session, message)
        if isinstance(message, EntrySubmitted):
            answer = EntryStored(message.number) if is_stored else EntryNotStored(message.number)
            # Whoever is gone meanwhile submits it again; the entry is kept all the same.
            with contextlib.suppress(TimeoutError, ConnectionError):
                await by.send(wrap_relay(encode(answer)))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_from_here(self, request: web.Request) -> bool:
        """Whether a browser's socket belongs to a page of this server; programs send no Origin."""
        origin = request.headers.get("Origin")
        return origin is None or origin in self._settings.origins or urlsplit(origin).netloc == request.host

    def _address(self, request: web.Request) -> str:
        if self._settings.behind_proxy and (forwarded := request.headers.get("X-Forwarded-For")):
            return forwarded.rpartition(",")[2].strip()
        return request.remote or "unknown"

    # --- everything else -------------------------------------------------------------------------------------------

    async def _pass_to_desk(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/internal"):
            return web.Response(status=404, text="not found")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP and name.lower() != ADDRESS_HEADER.lower()
        }
        headers[ADDRESS_HEADER] = self._address(request)
        try:
            async with self._proxy.request(
                request.method,
                "http://desk" + request.raw_path,
                headers=headers,
                data=await request.read() if request.can_read_body else None,
                allow_redirects=False,
            ) as answer:
                response = web.StreamResponse(status=answer.status)
                for name, value in answer.headers.items():
                    if name.lower() not in _HOP_BY_HOP or (
                        name.lower() == "content-length" and request.method != "HEAD"
                    ):
                        response.headers.add(name, value)
                await response.prepare(request)
                async for chunk in answer.content.iter_chunked(65536):
                    await response.write(chunk)
                await response.write_eof()
                return response
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError, TimeoutError):
            return web.Response(status=503, text=_DESK_DOWN, content_type="text/html", headers={"Retry-After": "5"})


def _tune(transport: asyncio.Transport | None) -> None:
    raw = transport.get_extra_info("socket") if transport else None
    if transport and raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        transport.set_write_buffer_limits(high=_NOTSENT_LOWAT_BYTES)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _NOTSENT_LOWAT_BYTES)


async def run_front(
    settings: FrontSettings, *, stop: asyncio.Event, on_ready: Callable[[int], None] | None = None
) -> None:
    """Serve until `stop` is set; `on_ready` is told the port."""
    tls: ssl.SSLContext | None = None
    if settings.tls_certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(settings.tls_certificate, settings.tls_key)
    front = Front(settings)
    runner = web.AppRunner(front.application(), access_log=None, handle_signals=False, shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, ssl_context=tls)
    await site.start()
    clock = asyncio.create_task(front.run_clock())
    if on_ready:
        on_ready(runner.addresses[0][1])
    await stop.wait()
    clock.cancel()
    await front.stop()
    await runner.cleanup()
