"""From two strangers with the same short code to one sealed channel (PROTOCOL.md, section 4).

    agent   → viewer   agent_hello          versions, nonce, what the agent can do
    viewer  → agent    viewer_hello         version chosen, nonce, what the viewer can do
    viewer  → agent    viewer_share         CPace, initiator
    agent   → viewer   agent_share          CPace, responder
    viewer  → agent    viewer_confirmation  proves that the viewer has the key
    agent   → viewer   agent_confirmation   proves that the agent has it

Each side is fed the other's messages and hands out its own; `channel` is there once the other side's confirmation held.
Both hellos are authenticated as they were sent, byte for byte: whoever alters a version, a capability or a codec changes the key.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

from msgspec import Meta

from protocol import cpace
from protocol.codec import Decoder, Message, encode
from protocol.errors import LocalProtocolError, NotAuthentic, RemoteProtocolError, UnknownVersion, WrongSupportCode
from protocol.key_schedule import ChannelSecrets, Randomness, Schedule, check_tag, derive
from protocol.limits import HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION
from protocol.support_code import SupportCode

NONCE_BYTES = 32

Bytes32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Name = Annotated[str, Meta(pattern=r"\A[a-z0-9_.-]{1,32}\Z")]
Names = Annotated[list[Name], Meta(max_length=32)]
Versions = Annotated[list[Annotated[int, Meta(ge=1, le=65535)]], Meta(min_length=1, max_length=16)]


class AgentHello(Message, frozen=True, tag="agent_hello"):
    """The versions the agent speaks, its nonce, the capabilities it can grant and the codecs it can write."""

    versions: Versions
    nonce: Bytes32
    capabilities: Names
    codecs: Names
    program: Name


class ViewerHello(Message, frozen=True, tag="viewer_hello"):
    """The version the viewer chose, its nonce, the capabilities it can use and the codecs it decodes."""

    version: Annotated[int, Meta(ge=1, le=65535)]
    nonce: Bytes32
    capabilities: Names
    codecs: Names
    program: Name


class ViewerShare(Message, frozen=True, tag="viewer_share"):
    """The initiator's CPace share."""

    share: Bytes32


class AgentShare(Message, frozen=True, tag="agent_share"):
    """The responder's CPace share."""

    share: Bytes32


class ViewerConfirmation(Message, frozen=True, tag="viewer_confirmation"):
    """HMAC-SHA-256 of the transcript under the viewer's confirmation key."""

    tag: Bytes32


class AgentConfirmation(Message, frozen=True, tag="agent_confirmation"):
    """HMAC-SHA-256 of the transcript under the agent's confirmation key."""

    tag: Bytes32


HandshakeMessage = AgentHello | ViewerHello | ViewerShare | AgentShare | ViewerConfirmation | AgentConfirmation
_decoder: Decoder[HandshakeMessage] = Decoder(HandshakeMessage, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX)
_M = TypeVar("_M", bound=Message)


@dataclass(frozen=True, slots=True)
class Offer:
    """What one program brings into the handshake."""

    capabilities: tuple[str, ...]
    codecs: tuple[str, ...]
    program: str


class _Side:
    """What agent and viewer have in common: the code, the root, and the key schedule of section 4.3."""

    def __init__(self, code: SupportCode, root_fingerprint: bytes, randomness: Randomness) -> None:
        self._password = code.password.encode()
        self._channel = cpace.lv_cat(b"mainforte-v1 channel", b"viewer", b"agent", root_fingerprint, code.room.encode())
        self._randomness = randomness
        self._agent_hello = b""
        self._viewer_hello = b""
        self._session = b""
        self._schedule: Schedule | None = None
        self.channel: ChannelSecrets | None = None

    def _make_share(self, agent_nonce: bytes, viewer_nonce: bytes) -> bytes:
        self._session = hashlib.sha256(agent_nonce + viewer_nonce).digest()
        base = cpace.generator(self._password, self._channel, self._session)
        return cpace.share(self._randomness.scalar, base)

    def _derive(self, viewer_share: bytes, agent_share: bytes, theirs: bytes) -> Schedule:
        point = cpace.shared_point(self._randomness.scalar, theirs)
        transcript = cpace.transcript(viewer_share, self._viewer_hello, agent_share, self._agent_hello)
        key = cpace.intermediate_key(self._session, point, transcript)
        salt = hashlib.sha256(b"mainforte-v1 transcript" + transcript).digest()
        self._schedule = derive(key, salt)
        return self._schedule

    def _confirm(self, tag: bytes, schedule: Schedule, expected: bytes) -> None:
        try:
            check_tag(tag, expected)
        except NotAuthentic:
            raise WrongSupportCode(
                "the key confirmation does not hold: another code, another root, or altered on the way"
            ) from None
        self.channel = schedule.secrets


class AgentHandshake(_Side):
    """The customer's side: responder. Hand over `hello` first, then whatever `receive` gives."""

    def __init__(self, code: SupportCode, root_fingerprint: bytes, offer: Offer, randomness: Randomness) -> None:
        super().__init__(code, root_fingerprint, randomness)
        hello = AgentHello(
            [PROTOCOL_VERSION], randomness.nonce, list(offer.capabilities), list(offer.codecs), offer.program
        )
        self._agent_hello = self.hello = encode(hello)
        self._expected: type[Message] = ViewerHello
        self._my_share = b""
        self.viewer: ViewerHello | None = None

    def receive(self, data: bytes) -> list[bytes]:
        """Take the viewer's next message and give the answers to send.

        Raises:
            UnknownVersion: the viewer chose a version that was not offered.
            WrongSupportCode: the viewer does not know the code.
            RemoteProtocolError: malformed or out of order.
        """
        message = _decode(data, self._expected)
        match message:
            case ViewerHello():
                if message.version != PROTOCOL_VERSION:
                    raise UnknownVersion(f"version {message.version} where {PROTOCOL_VERSION} was offered")
                self.viewer, self._viewer_hello = message, data
                self._my_share = self._make_share(self._randomness.nonce, message.nonce)
                self._expected = ViewerShare
                return []
            case ViewerShare():
                self._derive(message.share, self._my_share, message.share)
                self._expected = ViewerConfirmation
                return [encode(AgentShare(self._my_share))]
            case ViewerConfirmation() if self._schedule:
                self._confirm(message.tag, self._schedule, self._schedule.viewer_tag)
                self._expected = Message
                return [encode(AgentConfirmation(self._schedule.agent_tag))]
        raise LocalProtocolError("the handshake is over")


class ViewerHandshake(_Side):
    """The technician's side: initiator. Fed the agent's hello first."""

    def __init__(self, code: SupportCode, root_fingerprint: bytes, offer: Offer, randomness: Randomness) -> None:
        super().__init__(code, root_fingerprint, randomness)
        self._offer = offer
        self._expected: type[Message] = AgentHello
        self._my_share = b""
        self.agent: AgentHello | None = None

    def receive(self, data: bytes) -> list[bytes]:
        """Take the agent's next message and give the answers to send.

        Raises:
            UnknownVersion: the agent speaks no version that we speak.
            WrongSupportCode: the agent does not know the code.
            RemoteProtocolError: malformed or out of order.
        """
        message = _decode(data, self._expected)
        match message:
            case AgentHello():
                if PROTOCOL_VERSION not in message.versions:
                    raise UnknownVersion(f"versions {message.versions} where {PROTOCOL_VERSION} is spoken")
                self.agent, self._agent_hello = message, data
                nonce = self._randomness.nonce
                capabilities = _both(self._offer.capabilities, message.capabilities)
                codecs = _both(self._offer.codecs, message.codecs)
                self._viewer_hello = encode(
                    ViewerHello(PROTOCOL_VERSION, nonce, capabilities, codecs, self._offer.program)
                )
                self._my_share = self._make_share(message.nonce, nonce)
                self._expected = AgentShare
                return [self._viewer_hello, encode(ViewerShare(self._my_share))]
            case AgentShare():
                schedule = self._derive(self._my_share, message.share, message.share)
                self._expected = AgentConfirmation
                return [encode(ViewerConfirmation(schedule.viewer_tag))]
            case AgentConfirmation() if self._schedule:
                self._confirm(message.tag, self._schedule, self._schedule.agent_tag)
                self._expected = Message
                return []
        raise LocalProtocolError("the handshake is over")


def _decode(data: bytes, expected: type[_M]) -> HandshakeMessage:
    message = _decoder.decode(data)
    if type(message) is not expected:
        raise RemoteProtocolError(f"{type(message).__name__} where {expected.__name__} was expected")
    return message


def _both(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    return [name for name in ours if name in theirs]
