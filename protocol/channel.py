"""Control records: one pair of ends, in order, each once (PROTOCOL.md, section 5).

A record is AES-256-GCM over the plain text below, padded to a multiple of 64 bytes; the nonce counts from zero in each direction.

    length u32   reliable u64   acknowledged u64   message   zero padding

`reliable` numbers, from 1, the messages that are sent again after a cut; input carries 0 there and is never sent again.
`acknowledged` is the highest reliable number received from the other side: what is acknowledged leaves the buffer.
"""

import struct
from collections import deque
from typing import Generic, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from protocol.codec import Decoder, Message, encode
from protocol.errors import LocalProtocolError, NotAuthentic, RemoteProtocolError
from protocol.key_schedule import ChannelKeys, ChannelSecrets
from protocol.limits import CONTROL_MESSAGE_BYTES_MAX, CONTROL_PADDING_BYTES, RESEND_BUFFER_BYTES_MAX
from protocol.messages import (
    INPUT,
    DrawingTimed,
    FromAgent,
    FromViewer,
    PathMeasured,
    Pinged,
    Returned,
    from_agent,
    from_viewer,
)

_HEADER = struct.Struct(">IQQ")
_TAG_BYTES = 16
_RECORD_BYTES_MAX = CONTROL_MESSAGE_BYTES_MAX + _HEADER.size + CONTROL_PADDING_BYTES + _TAG_BYTES

# Not worth sending again after a cut: input must not be, a ping would lie about when it was sent, what was measured is of the old
# path, a return belongs to its keys.
ONCE = (*INPUT, Pinged, DrawingTimed, PathMeasured, Returned)

M = TypeVar("M")


class ControlChannel(Generic[M]):
    """One end of a control channel; `M` is what the other end can say."""

    def __init__(self, keys: ChannelKeys, theirs: Decoder[M]) -> None:
        self._theirs = theirs
        self._take_keys(keys)
        self._reliable_sent = self._reliable_received = self._acknowledged = 0
        self._unacknowledged: deque[tuple[int, bytes]] = deque()
        self._unacknowledged_bytes = 0

    @property
    def received(self) -> int:
        """The highest reliable number received so far: after a cut the other side goes on behind it."""
        return self._reliable_received

    def renew(self, keys: ChannelKeys, acknowledged: int) -> None:
        """Take new keys after a cut. What the other side has not received is still to be said: `again` seals it.

        Args:
            keys: fresh from a resume (section 11).
            acknowledged: the other side's `received`, as the resume authenticated it.

        Raises:
            RemoteProtocolError: the other side acknowledges what was not sent, or no longer what it had acknowledged.
        """
        if acknowledged < self._acknowledged:
            raise RemoteProtocolError(f"message {acknowledged} acknowledged after {self._acknowledged}")
        self._forget(acknowledged)
        self._take_keys(keys)

    def again(self) -> list[bytes]:
        """The records that carry, in order, all reliable messages that have not been acknowledged."""
        return [self._seal(content, reliable) for reliable, content in self._unacknowledged]

    def say_later(self, message: Message) -> None:
        """Keep a message for `again`, while there is no connection. What is not reliable is lost, as it would be on the way.

        Raises:
            LocalProtocolError: the message is too long, or too much is kept already.
        """
        self._number(message)

    def _take_keys(self, keys: ChannelKeys) -> None:
        self._sealer, self._opener = AESGCM(keys.seal), AESGCM(keys.open)
        self._sealed = self._opened = 0

    def seal(self, message: Message) -> bytes:
        """The record that carries `message`.

        Raises:
            LocalProtocolError: the message is too long, or the other side has stopped acknowledging.
        """
        content, reliable = self._number(message)
        return self._seal(content, reliable)

    def _number(self, message: Message) -> tuple[bytes, int]:
        content = encode(message)
        if len(content) > CONTROL_MESSAGE_BYTES_MAX:
            raise LocalProtocolError(f"a control message of {len(content)} bytes")
        if isinstance(message, ONCE):
            return content, 0
        self._reliable_sent += 1
        self._keep(self._reliable_sent, content)
        return content, self._reliable_sent

    @property
    def has_room(self) -> bool:
        """Whether much more can be said before the other side has acknowledged."""
        return self._unacknowledged_bytes < RESEND_BUFFER_BYTES_MAX // 2

    def _seal(self, content: bytes, reliable: int) -> bytes:
        plain = _HEADER.pack(len(content), reliable, self._reliable_received) + content
        plain += bytes(-len(plain) % CONTROL_PADDING_BYTES)
        record = self._sealer.encrypt(self._sealed.to_bytes(12, "big"), plain, None)
        self._sealed += 1
        return record

    def open(self, record: bytes) -> M:
        """The message in the next record.

        Raises:
            NotAuthentic: altered, repeated, out of order, or from somebody else.
            RemoteProtocolError: sealed by the other end, but malformed.
        """
        if len(record) > _RECORD_BYTES_MAX:
            raise RemoteProtocolError(f"a control record of {len(record)} bytes")
        try:
            plain = self._opener.decrypt(self._opened.to_bytes(12, "big"), record, None)
        except (InvalidTag, ValueError):
            raise NotAuthentic(f"control record {self._opened} does not verify") from None
        self._opened += 1
        content, reliable, acknowledged = _split(plain)
        message = self._theirs.decode(content)
        if reliable != (0 if isinstance(message, ONCE) else self._reliable_received + 1):
            raise RemoteProtocolError(f"reliable message {reliable} after {self._reliable_received}")
        self._reliable_received = reliable or self._reliable_received
        self._forget(acknowledged)
        return message

    def _keep(self, reliable: int, content: bytes) -> None:
        self._unacknowledged.append((reliable, content))
        self._unacknowledged_bytes += len(content)
        if self._unacknowledged_bytes > RESEND_BUFFER_BYTES_MAX:
            raise LocalProtocolError("the other side has stopped acknowledging")

    def _forget(self, acknowledged: int) -> None:
        if acknowledged > self._reliable_sent:
            raise RemoteProtocolError(f"message {acknowledged} acknowledged where {self._reliable_sent} were sent")
        self._acknowledged = max(acknowledged, self._acknowledged)
        while self._unacknowledged and self._unacknowledged[0][0] <= acknowledged:
            self._unacknowledged_bytes -= len(self._unacknowledged.popleft()[1])


def _split(plain: bytes) -> tuple[bytes, int, int]:
    if len(plain) < _HEADER.size or len(plain) % CONTROL_PADDING_BYTES:
        raise RemoteProtocolError(f"a control record of {len(plain)} plain bytes")
    length, reliable, acknowledged = _HEADER.unpack_from(plain)
    end = _HEADER.size + length
    if not end <= len(plain) < end + CONTROL_PADDING_BYTES or any(plain[end:]):
        raise RemoteProtocolError("a control record whose length and padding do not match")
    return plain[_HEADER.size : end], reliable, acknowledged


def agent_channel(secrets: ChannelSecrets) -> ControlChannel[FromViewer]:
    """The agent's end."""
    return ControlChannel(secrets.of_agent, from_viewer)


def viewer_channel(secrets: ChannelSecrets) -> ControlChannel[FromAgent]:
    """The viewer's end."""
    return ControlChannel(secrets.of_viewer, from_agent)
