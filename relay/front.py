"""The one port: WebSockets at `/room` are ours, everything else is the desk's (ARCHITECTURE.md, the two processes).

The front decides nothing: `rooms.py` says who may talk to whom, `admission.py` who may come in, the desk what a token opens.
An end's messages are read one by one, and the next only when whoever received the last has room for more: so a slow viewer
slows the agent down and nothing is ever dropped.
"""

import asyncio
import contextlib
import itertools
import logging
import socket as sockets
import ssl
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, Envelope, Kind, unwrap, wrap_relay
from protocol.errors import RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX, PEER_GONE_S
from protocol.relay_messages import (
    AgentCame,
    EntryLogged,
    EntryNotStored,
    EntryStored,
    Refused,
    RoomClaimed,
    RoomEntered,
    SegmentNotStored,
    SegmentStored,
    ViewerCame,
    from_end,
)
from protocol.session_log import Joined, Opened, SessionEnded, parse_entry
from relay.admission import Admission
from relay.desk_link import DeskLink, DeskUnreachable, Kept
from relay.desk_proxy import DeskProxy
from relay.legs import Legs
from relay.outbox import LAST_WORD_S, Outbox
from relay.rooms import (
    AskExpiry,
    Claim,
    Close,
    Effect,
    Rooms,
    Send,
    SessionId,
    SocketId,
    StoreEntry,
    StoreHead,
    StoreSegment,
    TellState,
)

FIRST_MESSAGE_S = 5
GONE_AFTER_S = PEER_GONE_S - 0.5
TICK_S = 0.25
STANDING_EVERY_S = 2
LEGS_EVERY_TICKS = 4
UNSENT_BYTES = 32 * 1024
STOP_S = 1

log = logging.getLogger("mainforte.relay")


@dataclass(frozen=True)
class FrontSettings:
    """Where the front listens, and whom it believes."""

    host: str
    port: int
    """0 lets the system choose; `Front.port` tells which."""
    desk_socket: Path
    origins: tuple[str, ...] = ()
    """What browsers may have as the page's origin, e.g. `https://help.example.org`: also those of the organisation's other nodes."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    behind_proxy: bool = False
    """The last address in X-Forwarded-For is then believed."""


class Front:
    """The running front: `async with Front(settings) as front` listens until it is left."""

    def __init__(self, settings: FrontSettings) -> None:
        self._settings = settings
        self._rooms = Rooms()
        self._admission = Admission()
        self._outboxes: dict[SocketId, Outbox] = {}
        self._legs: WeakKeyDictionary[Outbox, Legs] = WeakKeyDictionary()
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        """One for each socket, until goodbye has been said on both sides."""
        self._accounts: dict[SocketId, str] = {}
        """Whose viewers they are."""
        self.port = 0

    async def __aenter__(self) -> "Front":
        async with contextlib.AsyncExitStack() as stack:
            await self._start_up(stack)
            self._running = stack.pop_all()
        log.info("listening on %s port %d", self._settings.host, self.port)
        return self

    async def _start_up(self, stack: contextlib.AsyncExitStack) -> None:
        self._desk = DeskLink(self._settings.desk_socket)
        stack.push_async_callback(self._desk.close)
        self._proxy = DeskProxy(self._settings.desk_socket)
        stack.push_async_callback(self._proxy.close)
        stack.push_async_callback(self._finish_tasks)
        application = web.Application()
        application.router.add_get("/room", self._room)
        application.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_S)
        await self._runner.setup()
        stack.push_async_callback(self._runner.cleanup)
        tls = _tls(self._settings)
        await web.TCPSite(self._runner, self._settings.host, self._settings.port, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]
        for work in (self._tick(), self._keep_standing()):
            stack.callback(asyncio.create_task(work).cancel)

    async def __aexit__(self, *_: object) -> None:
        # Whoever comes back at once finds the next process, not this one.
        for site in list(self._runner.sites):
            await site.stop()
        self._rooms.close_all("shutting_down")
        self._carry_out()
        for outbox in self._outboxes.values():
            outbox.close()
        if self._serving:
            # Once it cleans up, aiohttp listens to nobody's goodbye any more.
            await asyncio.wait(self._serving, timeout=STOP_S)
        await self._running.aclose()
        log.info("stopped")

    async def _finish_tasks(self) -> None:
        """Let what the desk has not heard yet get there, within reason."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)

    # --- HTTP ---

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        return await self._proxy.pass_on(request, self._address_of(request))

    def _address_of(self, request: web.Request) -> str:
        if self._settings.behind_proxy:
            # The proxy before us appends whom it saw; what stands before that, anybody may have written.
            forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            if forwarded:
                return forwarded[:64]
        return request.remote or ""

    # --- WebSockets ---

    async def _room(self, request: web.Request) -> web.StreamResponse:
        self._check_handshake(request)
        address = self._address_of(request)
        if not self._admission.open_socket(address):
            raise web.HTTPTooManyRequests(headers={"Retry-After": "10"})
        try:
            websocket = web.WebSocketResponse(
                protocols=(SUBPROTOCOL,),
                # aiohttp refuses what reaches the limit.
                max_msg_size=ENVELOPE_BYTES_MAX + 1,
                compress=False,
                autoping=False,
                timeout=LAST_WORD_S,
                writer_limit=0,
            )
            await websocket.prepare(request)
            _tune(request.transport)
            serving = asyncio.create_task(self._serve(websocket, address))
            self._serving.add(serving)
            serving.add_done_callback(self._serving.discard)
            await serving
            if request.transport:
                request.transport.abort()
            return websocket
        finally:
            self._admission.close_socket(address)

    def _check_handshake(self, request: web.Request) -> None:
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise web.HTTPBadRequest(text=f"expected the WebSocket subprotocol {SUBPROTOCOL}\n")
        origin = request.headers.get("Origin")
        if origin is not None and origin not in self._settings.origins:
            raise web.HTTPForbidden(text="this origin is not one of the organisation's\n")

    async def _serve(self, websocket: web.WebSocketResponse, address: str) -> None:
        socket = SocketId(next(self._numbers))
        outbox = self._outboxes[socket] = Outbox(websocket)
        reading = asyncio.create_task(self._read(websocket, socket, address))
        writing = asyncio.create_task(outbox.run())
        try:
            await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
            for half in (reading, writing):
                if half.done() and (error := half.exception()):
                    log.error("socket=%d failed", socket, exc_info=error)
            if outbox.is_too_slow:
                log.info("an end was too slow", extra={"session": self._rooms.session_of(socket) or ""})
        finally:
            # The other side hears at once; our own goodbye may take its time.
            self._rooms.leave(socket, time.time())
            del self._outboxes[socket]
            self._accounts.pop(socket, None)
            self._carry_out()
            outbox.close()
            reading.cancel()
            await self._say_goodbye(websocket, outbox, writing)

    async def _say_goodbye(self, websocket: web.WebSocketResponse, outbox: Outbox, writing: asyncio.Task[None]) -> None:
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(LAST_WORD_S):
                if outbox.is_too_slow:
                    await websocket.send_bytes(_envelope(Refused("too_slow")))
                await writing
                await websocket.close(code=WSCloseCode.GOING_AWAY if outbox.is_too_slow else WSCloseCode.OK)
        writing.cancel()

    async def _read(self, websocket: web.WebSocketResponse, socket: SocketId, address: str) -> None:
        """Read until the end is gone, silent for too long, or has been refused."""
        outbox = self._outboxes[socket]
        try:
            async with asyncio.timeout(FIRST_MESSAGE_S):
                first = await _next(websocket, outbox)
            if first is not None:
                await self._welcome(socket, first, address)
            while (data := await _next(websocket, outbox)) is not None:
                self._rooms.receive(socket, data, time.time())
                for filled in self._carry_out():
                    if not filled.has_space:
                        await filled.wait_for_space()
                        outbox.read_again()
        except TimeoutError:
            log.debug("socket=%d = silent for too long", socket)
        except ConnectionError:
            log.debug("socket=%d = gone", socket)
        except RemoteProtocolError as error:
            log.debug("socket=%d < refused: %s", socket, error)
            self._refuse(socket, "unexpected")

    async def _welcome(self, socket: SocketId, data: bytes, address: str) -> None:
        """Act on an end's first message.

        Raises:
            RemoteProtocolError: it is not one that can come first.
        """
        envelope = unwrap(data)
        if not isinstance(envelope, Envelope) or envelope.kind is not Kind.RELAY:
            raise RemoteProtocolError("the first message is not for the relay")
        message = from_end.decode(envelope.content)
        if not isinstance(message, RoomClaimed | RoomEntered | AgentCame | ViewerCame):
            raise RemoteProtocolError(f"{type(message).__name__} as the first message")
        if not self._admission.admits_guess(address, time.time()):
            log.info("rate limited: %s", address)
            self._refuse(socket, "rate_limited")
            return
        if isinstance(message, RoomEntered):
            is_right = self._rooms.enter(socket, message.room, time.time())
            self._admission.guessed(address, time.time(), was_right=is_right)
            self._carry_out()
        elif isinstance(message, RoomClaimed):
            await self._claim(socket, message.token, address)
        else:
            await self._arrive(socket, message, address)

    async def _claim(self, socket: SocketId, token: str, address: str) -> None:
        try:
            claim = await self._desk.claim(token)
        except DeskUnreachable as error:
            log.warning("claim not answered: %s", error)
            self._refuse(socket, "desk_unreachable")
            return
        self._admission.guessed(address, time.time(), was_right=claim is not None)
        if claim is None:
            self._refuse(socket, "bad_token")
        elif not self._admission.admits_account(claim.participant, time.time()):
            self._refuse(socket, "rate_limited")
        elif socket in self._outboxes:
            self._accounts[socket] = claim.participant
            self._rooms.claim(socket, claim, time.time())
            self._carry_out()

    async def _arrive(self, socket: SocketId, came: AgentCame | ViewerCame, address: str) -> None:
        """Let an end to the session that it comes back to, or joins."""
        try:
            arrived = await self._desk.arrives(came)
        except DeskUnreachable as error:
            log.warning("an arrival not answered: %s", error)
            self._refuse(socket, "desk_unreachable")
            return
        if arrived is None:
            self._admission.guessed(address, time.time(), was_right=False)
            self._refuse(socket, "no_room")
        elif socket in self._outboxes:
            if arrived.participant:
                self._accounts[socket] = arrived.participant
            come = self._rooms.come_as_agent if isinstance(came, AgentCame) else self._rooms.come_as_viewer
            come(socket, SessionId(arrived.session))
            self._carry_out()

    # --- effects ---

    def _carry_out(self) -> list[Outbox]:
        """Do what the rooms decided; gives the outboxes that something was put into."""
        filled = []
        for effect in self._rooms.effects():
            if isinstance(effect, Send):
                if outbox := self._outboxes.get(effect.socket):
                    outbox.put(effect.data)
                    if effect.waits:
                        filled.append(outbox)
            else:
                self._carry_out_rarer(effect)
        return filled

    def _carry_out_rarer(self, effect: Effect) -> None:
        match effect:
            case Close(socket, reason):
                log.debug("socket=%d = refused: %s", socket, reason)
                if outbox := self._outboxes.get(socket):
                    outbox.close()
            case StoreEntry():
                self._start(self._store(effect))
            case StoreSegment():
                self._start(self._store_segment(effect))
            case StoreHead(session, note):
                self._start(self._desk.store_head(session, note))
            case TellState(session, state):
                log.info("session %s", state, extra={"session": session})
                self._start(self._desk.tell_state(session, state))
            case AskExpiry(claim):
                self._start(self._ask_expiry(claim))

    async def _ask_expiry(self, claim: Claim) -> None:
        self._rooms.expiry_known(claim, await self._desk.expiry(claim), time.time())
        self._carry_out()

    async def _store(self, effect: StoreEntry) -> None:
        kept = await self._desk.store_entry(effect.session, effect.number, effect.entry, effect.beside)
        event = parse_entry(effect.entry).event if kept is Kept.STORED else None
        if isinstance(event, SessionEnded):
            self._rooms.ended(effect.session)
        self._tell(effect.socket, EntryStored(effect.number) if event else EntryNotStored(effect.number))
        if isinstance(event, Opened | Joined | SessionEnded) and (
            logged := await self._desk.logged(effect.session, effect.number)
        ):
            self._tell(effect.socket, EntryLogged(effect.number, logged))

    def _tell(self, socket: SocketId, message: Message) -> None:
        """Say something to an end that may be gone by now."""
        if outbox := self._outboxes.get(socket):
            outbox.put(_envelope(message))

    async def _store_segment(self, effect: StoreSegment) -> None:
        is_kept = await self._desk.store_segment(effect.session, effect.segment, effect.hash, effect.chunks)
        self._tell(effect.socket, SegmentStored(effect.segment) if is_kept else SegmentNotStored(effect.segment))

    def _refuse(self, socket: SocketId, reason: str) -> None:
        if outbox := self._outboxes.get(socket):
            outbox.put(_envelope(Refused(reason)))
            outbox.close()

    def _start(self, work: Coroutine[Any, Any, object]) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_standing(self) -> None:
        """Show out, wherever they are, the people whom the organisation shuts out."""
        while True:
            await asyncio.sleep(STANDING_EVERY_S)
            if not self._accounts:
                continue
            try:
                gone = await self._desk.shut_out(set(self._accounts.values()))
            except DeskUnreachable as error:
                log.warning("nobody tells who is shut out: %s", error)
                continue
            for socket in [each for each, account in self._accounts.items() if account in gone]:
                log.info("shown out", extra={"session": self._rooms.session_of(socket) or ""})
                self._rooms.shut_out(socket, time.time())
            self._carry_out()

    async def _tick(self) -> None:
        ticks, late_s = 0, 0.0
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            late_s, ticks = max(late_s, time.monotonic() - due), ticks + 1
            self._rooms.tick(time.time())
            self._carry_out()
            if ticks % LEGS_EVERY_TICKS == 0:
                self._tell_legs(late_s)
                late_s = 0.0

    def _tell_legs(self, late_s: float) -> None:
        """Tell every agent how long the ways take; `late_s` is what this process itself added at worst."""
        for agent, viewer in self._rooms.paced():
            to_agent, to_viewer = self._outboxes.get(agent), self._outboxes.get(viewer)
            if not to_agent or not to_viewer or (to_viewer.is_at_rest and to_agent in self._legs):
                continue
            if to_agent.round_trip_s and to_viewer.round_trip_s:
                legs = self._legs.setdefault(to_agent, Legs())
                if news := legs.news(agent_s=to_agent.round_trip_s, viewer_s=to_viewer.round_trip_s, relay_s=late_s):
                    to_agent.put(_envelope(news))


async def _next(websocket: web.WebSocketResponse, outbox: Outbox) -> bytes | None:
    """The next binary message; None once the end is gone. Answers to pings are the outbox's.

    Raises:
        TimeoutError: nothing came, not even the answer to a ping.
        RemoteProtocolError: text.
    """
    while True:
        async with asyncio.timeout(GONE_AFTER_S):
            message: WSMessage = await websocket.receive()
        outbox.heard()
        match message.type:
            case WSMsgType.BINARY:
                data: bytes = message.data
                return data
            case WSMsgType.PING:
                await websocket.pong(message.data)
            case WSMsgType.PONG:
                outbox.ponged(message.data)
            case WSMsgType.TEXT:
                raise RemoteProtocolError("a text message")
            case _:
                return None


def _envelope(message: Message) -> bytes:
    return wrap_relay(encode(message))


def _tls(settings: FrontSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context


def _tune(transport: asyncio.BaseTransport | None) -> None:
    """Keep small what cannot leave yet and nothing can overtake any more. The loop sets TCP_NODELAY itself.

    Over TLS it holds up to 64 KB more, below what can be set from here.
    """
    if isinstance(transport, asyncio.WriteTransport):
        # Not 0: see the agent's relay_link.py.
        transport.set_write_buffer_limits(1)
    connection = transport.get_extra_info("socket") if transport else None
    if connection is not None and hasattr(sockets, "TCP_NOTSENT_LOWAT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
