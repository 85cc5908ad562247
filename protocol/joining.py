"""A further viewer joins a session that is running (PROTOCOL.md, section 12).

    viewer → agent    join_hello         version, a fresh share, what the viewer can do
    agent  → viewer   join_answer        a fresh share, the agent's confirmation
    viewer → agent    join_confirmation  proves that the viewer has the keys

No code: the viewer knows the agent's joining key (X25519) from the first entry of the session log, under a head that the first
technician signed, so that no relay can stand in for the agent. Who the viewer is, it says inside the channel: the introduction,
signed by its certificate's key over the channel's binding (section 4.5). Then the customer is asked.
"""

import hashlib
from typing import Annotated

from msgspec import Meta, structs

from protocol import cpace
from protocol.codec import Decoder, Message, encode
from protocol.errors import RemoteProtocolError, UnknownVersion
from protocol.handshake import Bytes32, Name, Names, Offer
from protocol.key_schedule import ChannelSecrets, Randomness, Schedule, check_tag, derive
from protocol.limits import HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION

_NO_TAG = bytes(32)


class JoinHello(Message, frozen=True, tag="join_hello"):
    """The version chosen, a nonce, a fresh share, the capabilities the viewer can use and the codecs it decodes."""

    version: Annotated[int, Meta(ge=1, le=65535)]
    nonce: Bytes32
    share: Bytes32
    capabilities: Names
    codecs: Names
    program: Name


class JoinAnswer(Message, frozen=True, tag="join_answer"):
    """The agent's fresh share and its confirmation: only the holder of the joining key can make it."""

    nonce: Bytes32
    share: Bytes32
    tag: Bytes32


class JoinConfirmation(Message, frozen=True, tag="join_confirmation"):
    """HMAC-SHA-256 of the transcript under the viewer's confirmation key."""

    tag: Bytes32


_from_viewer: Decoder[JoinHello | JoinConfirmation] = Decoder(
    JoinHello | JoinConfirmation, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX
)
_from_agent: Decoder[JoinAnswer] = Decoder(JoinAnswer, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX)


def joining_key(scalar: bytes) -> bytes:
    """The public joining key (X25519, 32 bytes) of an agent that holds `scalar`."""
    return cpace.share(scalar, cpace.BASE_POINT)


class ViewerJoin:
    """The viewer's side. Send `hello` first, then what `receive` gives; `channel` is there once the agent's confirmation held."""

    def __init__(self, session: str, agent_joining_key: bytes, offer: Offer, randomness: Randomness) -> None:
        self._session, self._agent_key, self._scalar = session, agent_joining_key, randomness.scalar
        share = cpace.share(randomness.scalar, cpace.BASE_POINT)
        self.hello = encode(
            JoinHello(
                PROTOCOL_VERSION, randomness.nonce, share, list(offer.capabilities), list(offer.codecs), offer.program
            )
        )
        self.channel: ChannelSecrets | None = None

    def receive(self, data: bytes) -> list[bytes]:
        """Take the agent's answer and give the confirmation to send.

        Raises:
            NotAuthentic: whoever answered does not hold the joining key, or something was altered on the way.
            RemoteProtocolError: malformed or out of order.
        """
        answer = _from_agent.decode(data)
        if self.channel:
            raise RemoteProtocolError("a second answer")
        points = cpace.shared_point(self._scalar, self._agent_key) + cpace.shared_point(self._scalar, answer.share)
        schedule = _schedule(points, self._session, self._agent_key, self.hello, answer)
        check_tag(answer.tag, schedule.agent_tag)
        self.channel = schedule.secrets
        return [encode(JoinConfirmation(schedule.viewer_tag))]


class AgentJoin:
    """The agent's side, for one viewer that joins; `channel` is there once the viewer's confirmation held."""

    def __init__(self, session: str, joining_scalar: bytes, randomness: Randomness) -> None:
        self._session, self._joining_scalar, self._randomness = session, joining_scalar, randomness
        self._schedule: Schedule | None = None
        self.channel: ChannelSecrets | None = None
        self.viewer: JoinHello | None = None

    def answer(self, hello: bytes) -> bytes:
        """The answer to the viewer's hello.

        Raises:
            UnknownVersion: a version that we do not speak.
            RemoteProtocolError: malformed, out of order, or a share of low order.
        """
        message = _from_viewer.decode(hello)
        if not isinstance(message, JoinHello) or self._schedule:
            raise RemoteProtocolError("a message that does not belong here")
        if message.version != PROTOCOL_VERSION:
            raise UnknownVersion(f"version {message.version} where {PROTOCOL_VERSION} is spoken")
        scalar = self._randomness.scalar
        points = cpace.shared_point(self._joining_scalar, message.share) + cpace.shared_point(scalar, message.share)
        unsigned = JoinAnswer(self._randomness.nonce, cpace.share(scalar, cpace.BASE_POINT), _NO_TAG)
        self._schedule = _schedule(points, self._session, joining_key(self._joining_scalar), hello, unsigned)
        self.viewer = message
        return encode(structs.replace(unsigned, tag=self._schedule.agent_tag))

    def confirm(self, data: bytes) -> None:
        """Take the viewer's confirmation.

        Raises:
            NotAuthentic: something was altered on the way.
            RemoteProtocolError: malformed or out of order.
        """
        message = _from_viewer.decode(data)
        if not isinstance(message, JoinConfirmation) or self._schedule is None or self.channel:
            raise RemoteProtocolError("a message that does not belong here")
        check_tag(message.tag, self._schedule.viewer_tag)
        self.channel = self._schedule.secrets


def _schedule(points: bytes, session: str, agent_key: bytes, hello: bytes, answer: JoinAnswer) -> Schedule:
    transcript = cpace.lv_cat(session.encode(), agent_key, hello, encode(structs.replace(answer, tag=_NO_TAG)))
    return derive(points, hashlib.sha256(b"mainforte-v1 join transcript" + transcript).digest())
