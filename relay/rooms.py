"""Who waits, who is tried, who is paired: the rooms in which the relay brings two strangers together (PROTOCOL.md, section 2).

The front tells what happened with `claim`, `enter`, `come_as_agent`, `come_as_viewer`, `receive`, `leave` and `tick`, and carries
out what `effects` hands over. Agents are tried one at a time, in the order of their hellos, so that a stranger who waits blocks
nobody; an attempt counts when it starts, and the third that fails burns the code. A room that is unknown, used, burnt or expired
answers `no_room`, always alike.

A room that is paired belongs to its session. Ends that were cut off come back to it, and further viewers join: the desk says that
they may, and the agent whether it wants them. Nothing here has to outlive a restart: the ends bring back all there is to know.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto
from typing import NewType

from protocol.codec import Message, encode
from protocol.envelope import Audience, Envelope, Kind, MediaEnvelope, unwrap, wrap, wrap_relay
from protocol.errors import RemoteProtocolError
from protocol.limits import ATTEMPTS_PER_CODE, HANDSHAKE_MESSAGE_BYTES_MAX, HANDSHAKE_TIMEOUT_S, PEERS_PER_ROOM_MAX
from protocol.relay_messages import (
    AgentPresent,
    CandidateAccepted,
    CandidateArrived,
    CandidateLeft,
    CandidateRejected,
    EntrySubmitted,
    HeadSubmitted,
    PeerAdmitted,
    PeerDismissed,
    PeerJoined,
    PeerLeft,
    PeerShutOut,
    Refused,
    RoomOpened,
    SegmentCompleted,
    SegmentNotStored,
    SegmentOpened,
    SegmentPart,
    from_end,
)
from relay.segments import Arriving

SocketId = NewType("SocketId", int)
SessionId = NewType("SessionId", str)

HELLO_TIMEOUT_S = 5
SILENT_AGENTS_MAX = 32
CANDIDATES_WAITING_MAX = 8
FIRST_VIEWER = 0
PEER_MAX = 2**16 - 1


class SessionState(StrEnum):
    """What the desk is told about a session."""

    WAITING = "waiting"
    CONNECTING = "connecting"
    PAIRED = "paired"
    AGENT_GONE = "agent_gone"
    VIEWER_GONE = "viewer_gone"
    AWAY = "away"
    """Both ends are gone; they may come back."""
    CLOSED = "closed"


class Standing(Enum):
    """Where an end stands in its room."""

    SILENT = auto()
    """An agent whose hello has not come yet."""
    WAITING = auto()
    """An agent that will be tried when its turn comes."""
    TRIED = auto()
    """The agent whose turn it is."""
    AGENT = auto()
    """The agent the viewer accepted."""
    HOST = auto()
    """The viewer that claimed the room and has accepted nobody yet."""
    ARRIVED = auto()
    """A viewer that came back or joins: it talks with the agent, and sees nothing until the agent admits it."""
    VIEWER = auto()
    """A viewer that the agent has admitted."""


# What each may send. What is not listed is refused.
ADMITTED: Mapping[Standing, frozenset[Kind]] = {
    Standing.SILENT: frozenset({Kind.HANDSHAKE}),
    Standing.WAITING: frozenset(),
    Standing.TRIED: frozenset({Kind.HANDSHAKE}),
    Standing.AGENT: frozenset({Kind.RELAY, Kind.HANDSHAKE, Kind.CONTROL, Kind.MEDIA}),
    Standing.HOST: frozenset({Kind.RELAY, Kind.HANDSHAKE}),
    Standing.ARRIVED: frozenset({Kind.RELAY, Kind.HANDSHAKE, Kind.CONTROL}),
    Standing.VIEWER: frozenset({Kind.RELAY, Kind.CONTROL}),
}


@dataclass(frozen=True)
class Claim:
    """What the desk says about a one-use token: which room and session it opens, until when (UTC seconds)."""

    room: str
    session: SessionId
    participant: str
    expires_at: int


@dataclass(frozen=True)
class Send:
    """Put this envelope on its way. Whoever sent it goes on only when there is room for more, unless it `waits` for nobody."""

    socket: SocketId
    data: bytes
    waits: bool = True


@dataclass(frozen=True)
class Close:
    """Close the socket once everything before has been sent; `reason` was its last word."""

    socket: SocketId
    reason: str


@dataclass(frozen=True)
class StoreEntry:
    """Have the desk keep an entry and what lies beside it, and tell the agent on `socket` whether it did."""

    session: SessionId
    socket: SocketId
    number: int
    entry: str
    beside: bytes = b""


@dataclass(frozen=True)
class StoreHead:
    """Have the desk keep a signed head."""

    session: SessionId
    note: str


@dataclass(frozen=True)
class StoreSegment:
    """Have the desk keep a segment of the recording, and tell the agent on `socket` whether it did."""

    session: SessionId
    socket: SocketId
    segment: int
    hash: bytes
    chunks: list[bytes]


@dataclass(frozen=True)
class TellState:
    """Tell the desk how the session stands."""

    session: SessionId
    state: SessionState


@dataclass(frozen=True)
class AskExpiry:
    """Ask the desk whether the code was given more time meanwhile, and tell `expiry_known`."""

    claim: Claim


Effect = Send | Close | StoreEntry | StoreHead | StoreSegment | TellState | AskExpiry


@dataclass(eq=False)
class _End:
    socket: SocketId
    room: "_Room"
    standing: Standing
    peer: int = FIRST_VIEWER
    hello: bytes = b""
    until: float = 0.0
    sets_pace: bool = True
    arriving: Arriving = field(default_factory=Arriving)
    """What an agent has sent of its recording."""


@dataclass(eq=False)
class _Room:
    session: SessionId
    claim: Claim | None = None
    """Until it is paired."""
    viewers: dict[int, _End] = field(default_factory=dict)
    silent: OrderedDict[SocketId, _End] = field(default_factory=OrderedDict)
    waiting: OrderedDict[SocketId, _End] = field(default_factory=OrderedDict)
    tried: _End | None = None
    agent: _End | None = None
    attempts: int = 0
    next_peer: int = FIRST_VIEWER + 1
    pace: int | None = None
    """The number of the viewer that the agent said sets the pace."""
    has_log: bool = False
    """Something of the session is on record, so that there is something to come back to."""
    is_over: bool = False
    """Its last entry is on record: there is nothing to come back to once the agent has left."""
    is_asking_expiry: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.viewers and self.agent is None


class Rooms:
    """Every room of this relay, and every end in one."""

    def __init__(self) -> None:
        self._open: dict[str, _Room] = {}
        self._paired: dict[SessionId, _Room] = {}
        self._ends: dict[SocketId, _End] = {}
        self._effects: list[Effect] = []

    def effects(self) -> list[Effect]:
        """Hand over what became due since the last call."""
        effects, self._effects = self._effects, []
        return effects

    def session_of(self, socket: SocketId) -> SessionId | None:
        """The session of whoever is in a room."""
        end = self._ends.get(socket)
        return end.room.session if end else None

    def paced(self) -> Iterator[tuple[SocketId, SocketId]]:
        """Every agent that shows pictures, with the viewer that sets their pace."""
        for room in self._paired.values():
            viewer = None if room.pace is None else room.viewers.get(room.pace)
            if room.agent and viewer:
                yield room.agent.socket, viewer.socket

    def claim(self, viewer: SocketId, claim: Claim, now: float) -> None:
        """Give a viewer the room that its verified token opens."""
        if claim.room in self._open or claim.expires_at <= now:
            self._refuse(viewer, "bad_token")
            return
        room = self._open[claim.room] = _Room(claim.session, claim)
        room.viewers[FIRST_VIEWER] = self._ends[viewer] = _End(viewer, room, Standing.HOST)
        self._tell(viewer, RoomOpened(claim.room, claim.expires_at))
        self._tell_state(room, SessionState.WAITING)

    def enter(self, agent: SocketId, number: str, now: float) -> bool:
        """Let an agent into a room where somebody waits for one; tells whether there is such a room."""
        room = self._open.get(number)
        if room is None:
            self._refuse(agent, "no_room")
            return False
        if len(room.silent) >= SILENT_AGENTS_MAX:
            # An honest agent says hello at once: the one that has been silent for longest is not one.
            self._dismiss(next(iter(room.silent.values())), "no_room")
        end = _End(agent, room, Standing.SILENT, until=now + HELLO_TIMEOUT_S)
        room.silent[agent] = self._ends[agent] = end
        return True

    def come_as_agent(self, agent: SocketId, session: SessionId) -> None:
        """Let an agent back to its session; whatever it was connected with before is gone."""
        room = self._room_of(session)
        if room.agent:
            self._refuse(room.agent.socket, "replaced")
            del self._ends[room.agent.socket]
        room.agent = self._ends[agent] = _End(agent, room, Standing.AGENT)
        for viewer in room.viewers.values():
            self._bring_together(room.agent, viewer)
        self._tell_state(room, SessionState.PAIRED if room.viewers else SessionState.VIEWER_GONE)

    def come_as_viewer(self, viewer: SocketId, session: SessionId) -> None:
        """Let a viewer to its session, that was there before or joins: the agent says whether it is wanted."""
        room = self._room_of(session)
        if len(room.viewers) >= PEERS_PER_ROOM_MAX:
            self._refuse(viewer, "rate_limited")
            return
        while room.next_peer in room.viewers:
            room.next_peer = room.next_peer % PEER_MAX + 1
        end = room.viewers[room.next_peer] = self._ends[viewer] = _End(viewer, room, Standing.ARRIVED, room.next_peer)
        room.next_peer = room.next_peer % PEER_MAX + 1
        if room.agent:
            self._bring_together(room.agent, end)
        self._tell_state(room, SessionState.PAIRED if room.agent else SessionState.AGENT_GONE)

    def shut_out(self, viewer: SocketId, now: float) -> None:
        """Whose viewer this is may not take part any more: it hears no more, and the agent that it will not come back."""
        end = self._ends.get(viewer)
        if end is None:
            return
        if end.room.agent and end.standing in (Standing.VIEWER, Standing.ARRIVED):
            self._tell(end.room.agent.socket, PeerShutOut(end.peer))
        self._dismiss(end, "no_room")
        self._go_on(end.room, now)

    def ended(self, session: SessionId) -> None:
        """The last entry of the session's log is stored. Who is still there hears the rest from the agent, until it leaves."""
        if room := self._paired.get(session):
            room.is_over = True

    def _room_of(self, session: SessionId) -> _Room:
        return self._paired.setdefault(session, _Room(session, has_log=True))

    def _bring_together(self, agent: _End, viewer: _End) -> None:
        viewer.standing = Standing.ARRIVED
        self._tell(agent.socket, PeerJoined(viewer.peer))
        self._tell(viewer.socket, AgentPresent())

    def receive(self, socket: SocketId, data: bytes, now: float) -> None:
        """Take one WebSocket message from an end: pass it on, act on it, or refuse whoever sent it."""
        end = self._ends.get(socket)
        if end is None:
            return  # refused a moment ago, and still talking
        try:
            envelope = unwrap(data)
            kind = Kind.MEDIA if isinstance(envelope, MediaEnvelope) else envelope.kind
            if kind not in ADMITTED[end.standing]:
                raise RemoteProtocolError(f"{kind.name} from {end.standing.name}")
            if isinstance(envelope, MediaEnvelope):
                self._pass_media(end, envelope)
            elif kind is Kind.RELAY:
                self._obey(end, envelope.content, now)
            elif kind is Kind.HANDSHAKE:
                self._pass_handshake(end, envelope, data, now)
            else:
                self._pass_control(end, envelope, data)
        except RemoteProtocolError:
            self._dismiss(end, "unexpected")
            self._go_on(end.room, now)

    def leave(self, socket: SocketId, now: float) -> None:
        """The socket is gone."""
        end = self._ends.get(socket)
        if end is not None:
            self._remove(end)
            self._go_on(end.room, now)

    def tick(self, now: float) -> None:
        """Act on what is overdue; to be called a few times a second."""
        for room in list(self._open.values()):
            for silent in [end for end in room.silent.values() if now >= end.until]:
                self._dismiss(silent, "no_room")
            if room.tried and now >= room.tried.until:
                self._fail(room.tried)
            self._go_on(room, now)

    def expiry_known(self, claim: Claim, expires_at: int, now: float) -> None:
        """The desk's answer to `AskExpiry`: what it says now, or what was known where it says nothing."""
        room = self._open.get(claim.room)
        if room is None or room.claim is not claim:
            return
        if expires_at > now:
            room.claim, room.is_asking_expiry = replace(claim, expires_at=expires_at), False
            self._go_on(room, now)
        else:
            self._close(room, viewer="expired", agents="no_room")

    def close_all(self, reason: str) -> None:
        """Say the last word to everybody. Who was paired comes back, here or elsewhere."""
        rooms = {id(end.room): end.room for end in self._ends.values()}
        for socket in self._ends:
            self._refuse(socket, reason)
        for room in rooms.values():
            self._tell_state(room, SessionState.AWAY if room.has_log else SessionState.CLOSED)
        self._ends.clear()
        self._open.clear()
        self._paired.clear()

    # --- passing on ---

    def _pass_media(self, agent: _End, envelope: MediaEnvelope) -> None:
        if envelope.audience is not Audience.ONE:
            agent.arriving.record(envelope.data)
        for peer, viewer in agent.room.viewers.items():
            if viewer.standing is Standing.VIEWER and (
                envelope.audience is Audience.ALL or (envelope.audience is Audience.ONE and envelope.peer == peer)
            ):
                self._effects.append(Send(viewer.socket, envelope.data, waits=viewer.sets_pace))

    def _pass_control(self, end: _End, envelope: Envelope, data: bytes) -> None:
        if end.standing is Standing.AGENT:
            # A viewer that has just left is no mistake of the agent's.
            if viewer := end.room.viewers.get(envelope.peer):
                self._effects.append(Send(viewer.socket, _from_peer(0, envelope, data)))
        elif end.room.agent:
            self._effects.append(Send(end.room.agent.socket, _from_peer(end.peer, envelope, data)))

    def _pass_handshake(self, end: _End, envelope: Envelope, data: bytes, now: float) -> None:
        if len(envelope.content) > HANDSHAKE_MESSAGE_BYTES_MAX:
            raise RemoteProtocolError(f"a handshake message of {len(envelope.content)} bytes")
        room = end.room
        if end.standing is Standing.SILENT:
            self._queue(end, _from_peer(0, envelope, data), now)
        elif end.standing is Standing.TRIED:
            self._effects.append(Send(room.viewers[FIRST_VIEWER].socket, _from_peer(0, envelope, data)))
        elif end.standing is Standing.AGENT:
            if viewer := room.viewers.get(envelope.peer):  # else it has just left
                if viewer.standing is not Standing.ARRIVED:
                    raise RemoteProtocolError("a handshake with a viewer that has been admitted")
                self._effects.append(Send(viewer.socket, _from_peer(0, envelope, data)))
        elif end.standing is Standing.ARRIVED:
            if room.agent:
                self._effects.append(Send(room.agent.socket, _from_peer(end.peer, envelope, data)))
        elif room.tried:  # else the candidate left while the viewer was answering
            self._effects.append(Send(room.tried.socket, _from_peer(end.peer, envelope, data)))

    # --- trying candidates ---

    def _queue(self, end: _End, hello: bytes, now: float) -> None:
        room = end.room
        if len(room.waiting) >= CANDIDATES_WAITING_MAX:
            self._dismiss(end, "rate_limited")
            return
        del room.silent[end.socket]
        end.standing, end.hello = Standing.WAITING, hello
        room.waiting[end.socket] = end
        self._go_on(room, now)

    def _go_on(self, room: _Room, now: float) -> None:
        """Whenever nobody is being tried: burn the code, let it expire, or try the next candidate."""
        if room.tried or room.claim is None or self._open.get(room.claim.room) is not room:
            return
        if room.attempts >= ATTEMPTS_PER_CODE:
            self._close(room, viewer="too_many_attempts", agents="too_many_attempts")
        elif now >= room.claim.expires_at:
            # Whoever comes meanwhile waits for the answer.
            if not room.is_asking_expiry:
                room.is_asking_expiry = True
                self._effects.append(AskExpiry(room.claim))
        elif room.waiting:
            _, end = room.waiting.popitem(last=False)
            room.attempts += 1
            room.tried, end.standing, end.until = end, Standing.TRIED, now + HANDSHAKE_TIMEOUT_S
            host = room.viewers[FIRST_VIEWER].socket
            self._tell(host, CandidateArrived(room.attempts))
            self._effects.append(Send(host, end.hello))
            self._tell_state(room, SessionState.CONNECTING)

    def _fail(self, candidate: _End, *, tell_host: bool = True) -> None:
        is_last = candidate.room.attempts >= ATTEMPTS_PER_CODE
        self._dismiss(candidate, "too_many_attempts" if is_last else "no_room", tell_host=tell_host)

    def _obey(self, end: _End, content: bytes, now: float) -> None:
        match end.standing, from_end.decode(content):
            case Standing.HOST, CandidateAccepted(attempt):
                self._pair(end, attempt)
            case Standing.HOST, CandidateRejected(attempt):
                # About a candidate that is gone already there is nothing to do: its attempt has counted.
                if end.room.tried and attempt == end.room.attempts:
                    self._fail(end.room.tried, tell_host=False)
                    self._go_on(end.room, now)
            case Standing.AGENT, PeerAdmitted(peer, sets_pace):
                if viewer := end.room.viewers.get(peer):
                    viewer.standing, viewer.sets_pace = Standing.VIEWER, sets_pace
                    end.room.pace = peer if sets_pace else end.room.pace
            case Standing.AGENT, PeerDismissed(peer):
                if viewer := end.room.viewers.pop(peer, None):
                    self._refuse(viewer.socket, "dismissed")
                    del self._ends[viewer.socket]
                    self._tell_gone(end.room)
            case Standing.AGENT, EntrySubmitted(number, entry, beside):
                end.room.has_log = True
                self._effects.append(StoreEntry(end.room.session, end.socket, number, entry, beside))
            case Standing.AGENT, SegmentOpened(segment):
                end.arriving.open(segment)
            case Standing.AGENT, SegmentPart(segment, offset, data):
                end.arriving.part(segment, offset, data)
            case Standing.AGENT, SegmentCompleted(segment, its_hash):
                if (chunks := end.arriving.complete(segment)) is None:
                    self._tell(end.socket, SegmentNotStored(segment))
                else:
                    self._effects.append(StoreSegment(end.room.session, end.socket, segment, its_hash, chunks))
            case Standing.AGENT | Standing.VIEWER | Standing.ARRIVED, HeadSubmitted(note):
                self._effects.append(StoreHead(end.room.session, note))
            case standing, message:
                raise RemoteProtocolError(f"{type(message).__name__} from {standing.name}")

    def _pair(self, host: _End, attempt: int) -> None:
        room = host.room
        if room.claim:
            del self._open[room.claim.room]
        self._paired[room.session] = room
        host.standing, room.claim = Standing.VIEWER, None
        if attempt != room.attempts and room.tried:
            self._dismiss(room.tried, "no_room", tell_host=False)
        for other in [*room.silent.values(), *room.waiting.values()]:
            self._dismiss(other, "no_room")
        room.agent, room.tried = room.tried, None
        if room.agent is None:
            # It left while the viewer was accepting it. The code is used all the same.
            self._tell(host.socket, PeerLeft(0))
            self._tell_state(room, SessionState.AGENT_GONE)
            return
        room.agent.standing, room.agent.hello = Standing.AGENT, b""
        self._tell(room.agent.socket, PeerJoined(host.peer))
        self._tell_state(room, SessionState.PAIRED)

    # --- leaving ---

    def _dismiss(self, end: _End, reason: str, *, tell_host: bool = True) -> None:
        self._refuse(end.socket, reason)
        self._remove(end, tell_host=tell_host)

    def _remove(self, end: _End, *, tell_host: bool = True) -> None:
        del self._ends[end.socket]
        room = end.room
        match end.standing:
            case Standing.SILENT:
                del room.silent[end.socket]
            case Standing.WAITING:
                del room.waiting[end.socket]
            case Standing.TRIED:
                room.tried = None
                if tell_host:
                    self._tell(room.viewers[FIRST_VIEWER].socket, CandidateLeft())
                self._tell_state(room, SessionState.WAITING)
            case Standing.HOST:
                del room.viewers[end.peer]
                self._close(room, viewer="no_room", agents="no_room")
            case Standing.AGENT:
                room.agent = None
                for viewer in list(room.viewers.values()):
                    if room.is_over:
                        self._refuse(viewer.socket, "no_room")
                        del self._ends[viewer.socket], room.viewers[viewer.peer]
                    else:
                        self._tell(viewer.socket, PeerLeft(0))
                self._tell_gone(room)
            case Standing.VIEWER | Standing.ARRIVED:
                del room.viewers[end.peer]
                if room.agent:
                    self._tell(room.agent.socket, PeerLeft(end.peer))
                self._tell_gone(room)

    def _tell_gone(self, room: _Room) -> None:
        if room.agent and room.viewers:
            return
        if room.is_empty:
            if self._paired.get(room.session) is room:
                del self._paired[room.session]
            self._tell_state(room, SessionState.AWAY if room.has_log else SessionState.CLOSED)
        else:
            self._tell_state(room, SessionState.VIEWER_GONE if room.agent else SessionState.AGENT_GONE)

    def _close(self, room: _Room, *, viewer: str, agents: str) -> None:
        """End a room in which nobody was accepted."""
        if room.claim:
            del self._open[room.claim.room]
        tried = [room.tried] if room.tried else []
        for agent in [*tried, *room.waiting.values(), *room.silent.values()]:
            self._refuse(agent.socket, agents)
            del self._ends[agent.socket]
        for host in room.viewers.values():
            self._refuse(host.socket, viewer)
            del self._ends[host.socket]
        self._tell_state(room, SessionState.CLOSED)

    # --- the door ---

    def _tell(self, socket: SocketId, message: Message) -> None:
        self._effects.append(Send(socket, wrap_relay(encode(message))))

    def _refuse(self, socket: SocketId, reason: str) -> None:
        self._tell(socket, Refused(reason))
        self._effects.append(Close(socket, reason))

    def _tell_state(self, room: _Room, state: SessionState) -> None:
        self._effects.append(TellState(room.session, state))


def _from_peer(peer: int, envelope: Envelope, data: bytes) -> bytes:
    """The message as its receiver has to see it: the number names who sent it. With one viewer that is what came."""
    return data if envelope.peer == peer else wrap(envelope.kind, envelope.content, peer=peer)
