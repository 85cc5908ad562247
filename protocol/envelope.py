"""The only bytes the relay reads: what a WebSocket message is, and for whom (PROTOCOL.md, section 2).

Every message is binary and begins with its kind. The peer is the number of a viewer in the room; on a viewer's own socket it is
always 0 and means the agent.

    kind 1  RELAY      JSON between one end and the relay
    kind 2  HANDSHAKE  peer u16   one handshake message
    kind 3  CONTROL    peer u16   one sealed control record
    kind 4  MEDIA      audience u8   peer u16   epoch u32   counter u64   one sealed media record; forwarded as it is

Numbers are unsigned and big-endian.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from protocol.errors import RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX

SUBPROTOCOL = "mainforte-1"
"""The WebSocket subprotocol (RFC 6455, section 1.9)."""


class Kind(IntEnum):
    """What the first byte says."""

    RELAY = 1
    HANDSHAKE = 2
    CONTROL = 3
    MEDIA = 4


class Audience(IntEnum):
    """To whom a media record goes."""

    ALL = 0
    ONE = 1
    STORE = 2


_PAIRWISE = struct.Struct(">BH")
_MEDIA = struct.Struct(">BBHIQ")
MEDIA_HEADER_BYTES = _MEDIA.size


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message of one of the kinds RELAY, HANDSHAKE and CONTROL; RELAY has no peer."""

    kind: Kind
    peer: int
    content: bytes


@dataclass(frozen=True, slots=True)
class MediaEnvelope:
    """A media record with its clear header, which is authenticated with it: `data` is the whole message."""

    audience: Audience
    peer: int
    epoch: int
    counter: int
    data: bytes

    @property
    def header(self) -> bytes:
        return self.data[:MEDIA_HEADER_BYTES]

    @property
    def sealed(self) -> bytes:
        return self.data[MEDIA_HEADER_BYTES:]


def wrap_relay(content: bytes) -> bytes:
    """A message between one end and the relay."""
    return bytes([Kind.RELAY]) + content


def wrap(kind: Kind, content: bytes, *, peer: int = 0) -> bytes:
    """A handshake message or control record, to or from `peer`."""
    return _PAIRWISE.pack(kind, peer) + content


def media_header(audience: Audience, peer: int, epoch: int, counter: int) -> bytes:
    """The clear header of a media record, 16 bytes; the sealed record follows it."""
    return _MEDIA.pack(Kind.MEDIA, audience, peer, epoch, counter)


def unwrap(data: bytes) -> Envelope | MediaEnvelope:
    """Tell what a WebSocket message is.

    Raises:
        RemoteProtocolError: too long, too short, or of a kind or audience that does not exist.
    """
    if not 0 < len(data) <= ENVELOPE_BYTES_MAX:
        raise RemoteProtocolError(f"an envelope of {len(data)} bytes")
    try:
        kind = Kind(data[0])
        if kind is Kind.RELAY:
            return Envelope(kind, 0, data[1:])
        if kind is Kind.MEDIA:
            _, audience, peer, epoch, counter = _MEDIA.unpack_from(data)
            return MediaEnvelope(Audience(audience), peer, epoch, counter, data)
        _, peer = _PAIRWISE.unpack_from(data)
        return Envelope(kind, peer, data[_PAIRWISE.size :])
    except (ValueError, struct.error) as error:
        raise RemoteProtocolError(f"malformed envelope: {error}") from None
