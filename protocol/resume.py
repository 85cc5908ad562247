"""Two ends that have met before meet again after a cut (PROTOCOL.md, section 11).

    viewer → agent    resume_hello         which secrets it holds, a fresh share, what it has received
    agent  → viewer   resume_answer        which of them it holds too, a fresh share, what it has received, its confirmation
    viewer → agent    resume_confirmation  proves that the viewer has the new keys

The keys come from the secret that both kept and from fresh X25519 shares: whoever learns the secret later reads nothing. Every
resume leaves a new secret; an end keeps the one it was made from until a record under the new keys has verified, since a cut may come
before. Of others it keeps none: so both always hold one in common, wherever the cuts fall.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, structs

from protocol import cpace
from protocol.codec import Decoder, Message, encode
from protocol.errors import NotAuthentic, RemoteProtocolError, UnknownVersion
from protocol.handshake import Bytes32
from protocol.key_schedule import ChannelSecrets, Randomness, Schedule, check_tag, derive, expand
from protocol.limits import HANDSHAKE_MESSAGE_BYTES_MAX, PROTOCOL_VERSION, RESUME_SECRETS_MAX
from protocol.messages import SafeInt

MEETING_BYTES = 16
_NO_TAG = bytes(32)

Meeting = Annotated[bytes, Meta(min_length=MEETING_BYTES, max_length=MEETING_BYTES)]


class ResumeHello(Message, frozen=True, tag="resume_hello"):
    """The secrets the viewer holds, by their meetings, newest first; what of the channel and of the log it has.

    `is_empty` says that the viewer has lost what it received (a page that was loaded again): both sides then count reliable
    messages from 1 again, and `received` is 0. `entries` and `last_hash` tell up to where the viewer holds the session log.
    """

    version: Annotated[int, Meta(ge=1, le=65535)]
    meetings: Annotated[list[Meeting], Meta(min_length=1, max_length=RESUME_SECRETS_MAX)]
    nonce: Bytes32
    share: Bytes32
    received: SafeInt
    is_empty: bool
    entries: SafeInt
    last_hash: Bytes32


class ResumeAnswer(Message, frozen=True, tag="resume_answer"):
    """The meeting whose secret both hold, the agent's share, the highest reliable message it has received, its confirmation."""

    meeting: Meeting
    nonce: Bytes32
    share: Bytes32
    received: SafeInt
    tag: Bytes32


class ResumeConfirmation(Message, frozen=True, tag="resume_confirmation"):
    """HMAC-SHA-256 of the transcript under the viewer's confirmation key."""

    tag: Bytes32


_from_viewer: Decoder[ResumeHello | ResumeConfirmation] = Decoder(
    ResumeHello | ResumeConfirmation, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX
)
_from_agent: Decoder[ResumeAnswer] = Decoder(ResumeAnswer, bytes_max=HANDSHAKE_MESSAGE_BYTES_MAX)


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where an end holds what the other one said: reliable messages, and entries of the session log with the last's hash."""

    received: int
    is_empty: bool
    entries: int
    last_hash: bytes


def meeting_of(secret: bytes) -> bytes:
    """The name under which both ends speak of a resume secret without telling it; 16 bytes."""
    return expand(secret, b"", "meeting", length=MEETING_BYTES)


class ViewerResume:
    """The viewer's side. Send `hello` first, then what `receive` gives; `channel` is there once the agent's confirmation held."""

    def __init__(self, secrets: Sequence[bytes], position: Position, randomness: Randomness) -> None:
        self._secrets = {meeting_of(secret): secret for secret in secrets}
        self._scalar = randomness.scalar
        self._used = b""
        self.hello = encode(
            ResumeHello(
                PROTOCOL_VERSION,
                list(self._secrets),
                randomness.nonce,
                cpace.share(randomness.scalar, cpace.BASE_POINT),
                position.received,
                position.is_empty,
                position.entries,
                position.last_hash,
            )
        )
        self.channel: ChannelSecrets | None = None
        self.agent_received = 0

    def receive(self, data: bytes) -> list[bytes]:
        """Take the agent's answer and give the confirmation to send.

        Raises:
            NotAuthentic: the agent does not hold the secret, or something was altered on the way.
            RemoteProtocolError: malformed, out of order, or about a secret that was not offered.
        """
        answer = _from_agent.decode(data)
        secret = self._secrets.get(answer.meeting)
        if secret is None or self.channel:
            raise RemoteProtocolError("an answer to another hello")
        schedule = _schedule(secret, self._scalar, answer.share, self.hello, answer)
        check_tag(answer.tag, schedule.agent_tag)
        self.channel, self.agent_received, self._used = schedule.secrets, answer.received, secret
        return [encode(ResumeConfirmation(schedule.viewer_tag))]

    @property
    def secrets(self) -> list[bytes]:
        """What to come back with from now on, newest first: the new secret, and the one that the agent is known to hold.

        The second stays until a record under the new keys has verified: the confirmation may be lost on the way.
        """
        return [self.channel.resume, self._used] if self.channel else list(self._secrets.values())


class AgentResume:
    """The agent's side, for one viewer that comes back; `channel` is there once the viewer's confirmation held."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness
        self._schedule: Schedule | None = None
        self._used = b""
        self.channel: ChannelSecrets | None = None

    def hello(self, data: bytes) -> ResumeHello:
        """Read the viewer's hello: its meetings tell who it is.

        Raises:
            UnknownVersion: a version that we do not speak.
            RemoteProtocolError: malformed, or not a hello.
        """
        message = _from_viewer.decode(data)
        if not isinstance(message, ResumeHello):
            raise RemoteProtocolError("a confirmation where a hello was expected")
        if message.version != PROTOCOL_VERSION:
            raise UnknownVersion(f"version {message.version} where {PROTOCOL_VERSION} is spoken")
        if message.is_empty and message.received:
            raise RemoteProtocolError("an empty viewer that has received something")
        return message

    def answer(self, hello: bytes, secrets: Mapping[bytes, bytes], received: int) -> bytes:
        """The answer to `hello`, with the first of its meetings that is in `secrets` (meeting to secret).

        Raises:
            NotAuthentic: none of them is.
        """
        message = self.hello(hello)
        meeting = next((each for each in message.meetings if each in secrets), None)
        if meeting is None:
            raise NotAuthentic("none of the viewer's secrets is one of ours")
        share = cpace.share(self._randomness.scalar, cpace.BASE_POINT)
        unsigned = ResumeAnswer(meeting, self._randomness.nonce, share, 0 if message.is_empty else received, _NO_TAG)
        self._used = secrets[meeting]
        self._schedule = _schedule(self._used, self._randomness.scalar, message.share, hello, unsigned)
        return encode(structs.replace(unsigned, tag=self._schedule.agent_tag))

    def confirm(self, data: bytes) -> None:
        """Take the viewer's confirmation.

        Raises:
            NotAuthentic: the viewer does not hold the secret, or something was altered on the way.
            RemoteProtocolError: malformed or out of order.
        """
        message = _from_viewer.decode(data)
        if not isinstance(message, ResumeConfirmation) or self._schedule is None or self.channel:
            raise RemoteProtocolError("a message that does not belong here")
        check_tag(message.tag, self._schedule.viewer_tag)
        self.channel = self._schedule.secrets

    @property
    def secrets(self) -> list[bytes]:
        """What to hold from the answer on, newest first: the viewer may have the new secret before it has confirmed, or not at all."""
        return [self._schedule.secrets.resume, self._used] if self._schedule else []


def _schedule(secret: bytes, scalar: bytes, their_share: bytes, hello: bytes, answer: ResumeAnswer) -> Schedule:
    transcript = cpace.lv_cat(hello, encode(structs.replace(answer, tag=_NO_TAG)))
    salt = hashlib.sha256(b"mainforte-v1 resume transcript" + transcript).digest()
    return derive(expand(secret, salt, "resume key") + cpace.shared_point(scalar, their_share), salt)
