"""Peers at the door: on the line, shaking hands, and not yet anybody (PROTOCOL.md, sections 11 and 12)."""

from dataclasses import dataclass, field

from client_agent.session.clock import awake_or_asleep_s
from client_agent.session.pairing import fresh_randomness
from client_agent.session.viewers import RemoteViewer, Viewers
from protocol.channel import ControlChannel, agent_channel
from protocol.codec import Decoder
from protocol.errors import NotAuthentic, RemoteProtocolError
from protocol.joining import AgentJoin, JoinHello
from protocol.key_schedule import ChannelSecrets
from protocol.limits import HANDSHAKE_MESSAGE_BYTES_MAX, HANDSHAKE_TIMEOUT_S
from protocol.messages import FromViewer
from protocol.resume import AgentResume, ResumeHello

_hello: Decoder[ResumeHello | JoinHello] = Decoder(ResumeHello | JoinHello, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX)


@dataclass
class Return:
    """Somebody who was here before; its channel goes on under new keys."""

    viewer: RemoteViewer
    resume: AgentResume
    hello: ResumeHello
    received: int
    """What it was told that we hold."""
    channel: ControlChannel[FromViewer] | None = None

    @property
    def secrets(self) -> ChannelSecrets | None:
        return self.resume.channel


@dataclass
class Join:
    """Somebody new, who has not said yet who it is."""

    join: AgentJoin
    channel: ControlChannel[FromViewer] | None = None

    @property
    def secrets(self) -> ChannelSecrets | None:
        return self.join.channel


@dataclass
class Arrival:
    """One peer from its first handshake message to the record in which it says who it is."""

    peer: int
    until_s: float = field(default_factory=lambda: awake_or_asleep_s() + HANDSHAKE_TIMEOUT_S)
    way: Return | Join | None = None


class Arrivals:
    """The peers at the door, by their numbers."""

    def __init__(self, viewers: Viewers, joining_scalar: bytes) -> None:
        self._viewers, self._joining_scalar = viewers, joining_scalar
        self._at_door: dict[int, Arrival] = {}

    def came(self, peer: int) -> None:
        """The relay says that a peer is on the line."""
        self._at_door[peer] = Arrival(peer)

    def left(self, peer: int) -> None:
        """It is not any more."""
        self._at_door.pop(peer, None)

    def all_left(self) -> None:
        """Nobody is: the line was cut."""
        self._at_door.clear()

    @property
    def is_somebody_there(self) -> bool:
        """Whether anybody is at the door."""
        return bool(self._at_door)

    def get(self, peer: int) -> Arrival | None:
        return self._at_door.get(peer)

    def overdue(self) -> list[int]:
        """The peers that have taken too long."""
        return [peer for peer, arrival in self._at_door.items() if awake_or_asleep_s() > arrival.until_s]

    def receive(self, peer: int, data: bytes, session: str) -> bytes | None:
        """Take a handshake message of a peer and give the answer to send, if there is one.

        Raises:
            NotAuthentic: it does not hold what it would have to.
            RemoteProtocolError: malformed, or out of order.
        """
        arrival = self._at_door.get(peer)
        if arrival is None:
            return None
        match arrival.way:
            case None:
                return self._greet(arrival, data, session)
            case Return(_, resume) as way:
                resume.confirm(data)
                assert resume.channel
                way.channel = _continued(way, resume.channel)
            case Join(join) as way:
                join.confirm(data)
                assert join.channel
                way.channel = agent_channel(join.channel)
        return None

    def _greet(self, arrival: Arrival, data: bytes, session: str) -> bytes:
        hello = _hello.decode(data)
        if isinstance(hello, JoinHello):
            if not session:
                raise RemoteProtocolError("there is no session to join yet")
            joining = AgentJoin(session, self._joining_scalar, fresh_randomness())
            answer = joining.answer(data)
            arrival.way = Join(joining)
            return answer
        secrets = self._viewers.secrets()
        viewer = next((who for each in hello.meetings if (who := self._viewers.by_meeting(each))), None)
        if viewer is None:
            raise NotAuthentic("nobody who comes back with these secrets")
        resume = AgentResume(fresh_randomness())
        received = viewer.channel.received
        answer = resume.answer(data, secrets, received)
        viewer.secrets = resume.secrets
        arrival.way = Return(viewer, resume, hello, received)
        return answer


def _continued(way: Return, secrets: ChannelSecrets) -> ControlChannel[FromViewer]:
    """The viewer's channel under new keys; a new one for a viewer that has lost what it received.

    Raises:
        RemoteProtocolError: its counters are not ours, or something more came in over its old connection meanwhile.
    """
    if way.hello.is_empty:
        return agent_channel(secrets)
    channel = way.viewer.channel
    if channel.received != way.received:
        # It would say again what we have: it has to ask once more.
        raise RemoteProtocolError(f"message {channel.received} received where {way.received} was told")
    channel.renew(secrets.of_agent, way.hello.received)
    return channel
