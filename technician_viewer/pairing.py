"""The two ways to the agent, without I/O: from a claimed room by the code, or from an invitation (PROTOCOL.md, 2 to 4, and 12).

Fed with what arrives; what they want sent is handed over by `outgoing`. Once `secrets` is there, agent and we have a channel.
"""

import secrets
from collections.abc import Callable
from enum import Enum, auto

from protocol.codec import Message, encode
from protocol.envelope import Envelope, Kind, MediaEnvelope, wrap, wrap_relay
from protocol.errors import RemoteProtocolError
from protocol.handshake import Offer, ViewerHandshake
from protocol.joining import ViewerJoin
from protocol.key_schedule import ChannelSecrets, Randomness
from protocol.limits import ATTEMPTS_PER_CODE, SECRET_DIGITS
from protocol.relay_messages import (
    AgentPresent,
    CandidateAccepted,
    CandidateArrived,
    CandidateLeft,
    CandidateRejected,
    PeerLeft,
    Refused,
    RoomClaimed,
    RoomOpened,
    from_relay,
)
from protocol.support_code import SupportCode
from protocol.vocabulary import Capability
from technician_viewer.errors import CodeUsedUp, RoomRefused
from technician_viewer.picture import CODECS

OFFER = Offer(
    (Capability.VIEW, Capability.CONTROL, Capability.FILES, Capability.CLIPBOARD), CODECS, "mainforte-client-1.0.0"
)


class PairingState(Enum):
    """How far it is."""

    CLAIMING = auto()
    WAITING = auto()
    """The room is open; the customer has not come yet."""
    COMPARING = auto()
    """Somebody has typed a code: do the two ends share it?"""
    PAIRED = auto()


def new_secret() -> str:
    """A fresh secret of a support code: seven digits, each equally likely. The relay never sees it."""
    return str(secrets.randbelow(10**SECRET_DIGITS)).zfill(SECRET_DIGITS)


def draw_randomness() -> Randomness:
    """Fresh random bytes for one attempt."""
    return Randomness(secrets.token_bytes(32), secrets.token_bytes(32))


class Pairing:
    """The technician's end until a channel is agreed on."""

    def __init__(
        self, token: str, code: SupportCode, root_fingerprint: bytes, draw: Callable[[], Randomness] = draw_randomness
    ) -> None:
        self._code, self._root_fingerprint, self._draw = code, root_fingerprint, draw
        self._handshake: ViewerHandshake | None = None
        self._outgoing: list[bytes] = []
        self.state = PairingState.CLAIMING
        self.attempts = 0
        """How many agents have tried this code."""
        self.expires_at = 0
        self.secrets: ChannelSecrets | None = None
        self.first = RoomClaimed(token)
        """What the relay is told first."""

    def outgoing(self) -> list[bytes]:
        """Hand over the envelopes to send, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def receive(self, envelope: Envelope | MediaEnvelope) -> None:
        """Act on what arrived.

        Raises:
            RoomRefused, CodeUsedUp: the relay's last word, or a fourth attempt.
            RemoteProtocolError: something that does not belong here.
        """
        match envelope:
            case Envelope(Kind.RELAY, _, content):
                self._on_relay(content)
            case Envelope(Kind.HANDSHAKE, _, content):
                self._on_handshake(content)
            case _:
                raise RemoteProtocolError("a record before there is a channel")

    def _on_relay(self, content: bytes) -> None:
        match from_relay.decode(content):
            case RoomOpened(_, expires_at):
                self.state, self.expires_at = PairingState.WAITING, expires_at
            case CandidateArrived():
                # Counted here too: a hostile relay must not get more guesses than the code is good for.
                self.attempts += 1
                if self.attempts > ATTEMPTS_PER_CODE:
                    raise CodeUsedUp
                self._handshake = ViewerHandshake(self._code, self._root_fingerprint, OFFER, self._draw())
                self.state = PairingState.COMPARING
            case CandidateLeft() | PeerLeft():
                self._handshake, self.state = None, PairingState.WAITING
            case Refused("too_many_attempts"):
                raise CodeUsedUp
            case Refused(reason):
                raise RoomRefused(reason)

    def _on_handshake(self, content: bytes) -> None:
        if self._handshake is None:
            return  # of a candidate that we have already sent away
        try:
            answers = self._handshake.receive(content)
        except RemoteProtocolError:
            self._handshake, self.state = None, PairingState.WAITING
            self._tell_relay(CandidateRejected(self.attempts))
            return
        self._outgoing += [wrap(Kind.HANDSHAKE, answer) for answer in answers]
        if self._handshake.channel:
            self.secrets, self.state = self._handshake.channel, PairingState.PAIRED
            self._tell_relay(CandidateAccepted(self.attempts))

    def _tell_relay(self, message: Message) -> None:
        self._outgoing.append(wrap_relay(encode(message)))


class Joining:
    """The end of a further viewer until it has a channel with the agent of a session that is running."""

    def __init__(self, session: str, joining_key: bytes, draw: Callable[[], Randomness] = draw_randomness) -> None:
        """`joining_key`: the agent's, X25519, as a verified log names it."""
        self._session, self._joining_key, self._draw = session, joining_key, draw
        self._handshake: ViewerJoin | None = None
        self._outgoing: list[bytes] = []
        self.secrets: ChannelSecrets | None = None

    def outgoing(self) -> list[bytes]:
        """Hand over the envelopes to send, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def cut(self) -> None:
        """The connection is gone; the next one begins anew."""
        self._handshake = None
        self._outgoing.clear()

    def receive(self, envelope: Envelope | MediaEnvelope) -> None:
        """Act on what arrived.

        Raises:
            RoomRefused: the relay or the agent does not want us.
            NotAuthentic: whoever answers is not the agent of this session.
            RemoteProtocolError: something that does not belong here.
        """
        match envelope:
            case Envelope(Kind.RELAY, _, content):
                self._on_relay(content)
            case Envelope(Kind.HANDSHAKE, _, content) if self._handshake:
                self._outgoing += [wrap(Kind.HANDSHAKE, answer) for answer in self._handshake.receive(content)]
                self.secrets = self._handshake.channel
            case _:
                raise RemoteProtocolError("a record before there is a channel")

    def _on_relay(self, content: bytes) -> None:
        match from_relay.decode(content):
            case AgentPresent():
                self._handshake = ViewerJoin(self._session, self._joining_key, OFFER, self._draw())
                self._outgoing = [wrap(Kind.HANDSHAKE, self._handshake.hello)]
            case PeerLeft():
                self.cut()
            case Refused("no_room" | "dismissed" as reason):
                raise RoomRefused(reason)
