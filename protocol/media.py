"""Media records: what the technician sees, from the agent to all admitted viewers and to the store (PROTOCOL.md, section 7).

A record is a run of parts, padded to a size class, sealed with the key of its epoch (AES-256-GCM) under its counter, with the clear
header as associated data. Inside a stream every record builds on those before it: counters leave no gap, and none is dropped.

    part          u8 type   u32 length   body
    0 padding     the rest of the record is zero
    1 screens     JSON: the screens there are now
    2 rectangle   screen u8  codec u8  x y width height u16  data
    3 pointer     screen u8  visible u8  x y u16
    4 shape       hot_x hot_y width height u16  data (zstd of RGBA, not premultiplied)
    5 input       JSON: what of the technician's input was applied
    6 picture     number u64  flags u8 (1: a key picture, complete without what went before)  at_ms u64

A picture is made of all parts since the previous part 6. Numbers are unsigned and big-endian.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.envelope import Audience, MediaEnvelope, media_header
from protocol.errors import LocalProtocolError, NotAuthentic, RemoteProtocolError
from protocol.limits import MEDIA_PLAIN_BYTES_MAX, POINTER_SIDE_PX_MAX, SCREEN_SIDE_PX_MAX, SCREENS_MAX
from protocol.text import Line

BYTES_PER_PIXEL = 4


class Codec(IntEnum):
    """How the pixels of a rectangle are written."""

    ZSTD = 1
    """One zstd frame (RFC 8878) of rows from the top, 4 bytes a pixel: blue, green, red, unused."""


CODEC_NAMES = {Codec.ZSTD: "zstd"}


class ScreenShape(Message, frozen=True):
    """One screen: its place on the customer's desktop and its size, in device pixels."""

    number: Annotated[int, Meta(ge=0, lt=SCREENS_MAX)]
    x: Annotated[int, Meta(ge=-SCREEN_SIDE_PX_MAX, le=SCREEN_SIDE_PX_MAX)]
    y: Annotated[int, Meta(ge=-SCREEN_SIDE_PX_MAX, le=SCREEN_SIDE_PX_MAX)]
    width: Annotated[int, Meta(ge=1, le=SCREEN_SIDE_PX_MAX)]
    height: Annotated[int, Meta(ge=1, le=SCREEN_SIDE_PX_MAX)]
    name: Line


class Screens(Message, frozen=True):
    """The screens there are now. Whoever receives it starts every canvas anew."""

    screens: Annotated[list[ScreenShape], Meta(min_length=1, max_length=SCREENS_MAX)]


@dataclass(frozen=True, slots=True)
class Rectangle:
    """New pixels for a box of one screen."""

    screen: int
    codec: Codec
    x: int
    y: int
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class PointerAt:
    """Where the customer's pointer is."""

    screen: int
    is_visible: bool
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class PointerShape:
    """How the pointer looks from now on; `data` is one zstd frame of width x height RGBA pixels."""

    hot_x: int
    hot_y: int
    width: int
    height: int
    data: bytes


class InputApplied(Message, frozen=True):
    """What of the technician's input took effect: clicks with their place, and that keys were typed, never which."""

    kind: Annotated[str, Meta(pattern=r"\A(button|keys|wheel)\Z")]
    screen: Annotated[int, Meta(ge=0, lt=SCREENS_MAX)]
    x: Annotated[int, Meta(ge=0, lt=SCREEN_SIDE_PX_MAX)]
    y: Annotated[int, Meta(ge=0, lt=SCREEN_SIDE_PX_MAX)]
    button: Annotated[int, Meta(ge=0, le=4)]


@dataclass(frozen=True, slots=True)
class PictureEnd:
    """All parts of this picture are there: it can be shown. `at_ms` is the agent's UTC clock at capture."""

    number: int
    is_key: bool
    at_ms: int


Part = Screens | Rectangle | PointerAt | PointerShape | InputApplied | PictureEnd

_PART = struct.Struct(">BI")
_RECTANGLE = struct.Struct(">BBHHHH")
_POINTER = struct.Struct(">BBHH")
_SHAPE = struct.Struct(">HHHH")
_PICTURE = struct.Struct(">QBQ")
PART_OVERHEAD_BYTES = _PART.size + _RECTANGLE.size
_KEY_PICTURE = 1

_screens: Decoder[Screens] = Decoder(Screens, bytes_max=16384)
_input: Decoder[InputApplied] = Decoder(InputApplied, bytes_max=1024)


def write_part(part: Part) -> bytes:
    """One part with its type and length, ready to be put into a record."""
    match part:
        case Screens():
            kind, body = 1, encode(part)
        case Rectangle():
            place = _RECTANGLE.pack(part.screen, part.codec, part.x, part.y, part.width, part.height)
            kind, body = 2, place + part.data
        case PointerAt():
            kind, body = 3, _POINTER.pack(part.screen, part.is_visible, part.x, part.y)
        case PointerShape():
            kind, body = 4, _SHAPE.pack(part.hot_x, part.hot_y, part.width, part.height) + part.data
        case InputApplied():
            kind, body = 5, encode(part)
        case PictureEnd():
            kind, body = 6, _PICTURE.pack(part.number, _KEY_PICTURE if part.is_key else 0, part.at_ms)
    return _PART.pack(kind, len(body)) + body


def read_parts(plain: bytes) -> list[Part]:
    """The parts of one opened record, in order.

    Raises:
        RemoteProtocolError: an unknown part, a length that does not match, a value outside its bounds, padding that is not zero.
    """
    parts: list[Part] = []
    at = 0
    while at < len(plain) and plain[at] != 0:
        if len(plain) - at < _PART.size:
            raise RemoteProtocolError("a part that is cut short")
        kind, length = _PART.unpack_from(plain, at)
        at += _PART.size
        if length > len(plain) - at:
            raise RemoteProtocolError(f"a part of {length} bytes where {len(plain) - at} are left")
        parts.append(_read_part(kind, plain[at : at + length]))
        at += length
    if plain.count(0, at) != len(plain) - at:
        raise RemoteProtocolError("padding that is not zero")
    return parts


def _read_part(kind: int, body: bytes) -> Part:
    try:
        match kind:
            case 1:
                return _screens.decode(body)
            case 2:
                screen, codec, x, y, width, height = _RECTANGLE.unpack_from(body)
                _check_box(width, height, SCREEN_SIDE_PX_MAX)
                return Rectangle(_screen(screen), Codec(codec), x, y, width, height, body[_RECTANGLE.size :])
            case 3:
                screen, is_visible, x, y = _POINTER.unpack(body)
                return PointerAt(_screen(screen), _flag(is_visible), x, y)
            case 4:
                hot_x, hot_y, width, height = _SHAPE.unpack_from(body)
                _check_box(width, height, POINTER_SIDE_PX_MAX)
                return PointerShape(hot_x, hot_y, width, height, body[_SHAPE.size :])
            case 5:
                return _input.decode(body)
            case 6:
                number, flags, at_ms = _PICTURE.unpack(body)
                return PictureEnd(number, _flag(flags), at_ms)
    except (struct.error, ValueError) as error:
        raise RemoteProtocolError(f"a malformed part of type {kind}: {error}") from None
    raise RemoteProtocolError(f"a part of the unknown type {kind}")


def _screen(number: int) -> int:
    if number >= SCREENS_MAX:
        raise RemoteProtocolError(f"screen {number} where at most {SCREENS_MAX} exist")
    return number


def _flag(value: int) -> bool:
    if value not in (0, 1):
        raise RemoteProtocolError(f"a flag of {value}")
    return bool(value)


def _check_box(width: int, height: int, side_px_max: int) -> None:
    if not (0 < width <= side_px_max and 0 < height <= side_px_max):
        raise RemoteProtocolError(f"a box of {width} x {height} pixels")


def padded_bytes(size: int) -> int:
    """The size class of a record of `size` bytes: Padmé, at most 12 % larger and at least 256 bytes.

    Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, 2019, section 4.
    """
    if size <= 256:
        return 256
    exponent = size.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (size + mask) & ~mask


class MediaSealer:
    """Seals the records of one agent. The counter of what goes to all runs on through every epoch, the others begin anew."""

    def __init__(self) -> None:
        self._aead: AESGCM | None = None
        self._next: dict[tuple[Audience, int], int] = {}
        self.epoch = 0
        self.next_counter = 0

    def start_epoch(self, key: bytes) -> None:
        """From the next record on, seal with `key` (32 fresh random bytes)."""
        self._aead = AESGCM(key)
        self._next.clear()
        self.epoch += 1

    def seal(self, parts: bytes, *, audience: Audience = Audience.ALL, peer: int = 0) -> bytes:
        """One whole envelope for the relay, of parts written by `write_part`, at most MEDIA_PLAIN_BYTES_MAX bytes."""
        if self._aead is None:
            raise LocalProtocolError("no epoch has started")
        if len(parts) > MEDIA_PLAIN_BYTES_MAX:
            raise LocalProtocolError(f"a media record of {len(parts)} bytes")
        counter = self._count(audience, peer)
        header = media_header(audience, peer, self.epoch, counter)
        padded = parts.ljust(padded_bytes(len(parts)), b"\0")
        return header + self._aead.encrypt(_nonce(audience, peer, counter), padded, header)

    def _count(self, audience: Audience, peer: int) -> int:
        if audience is Audience.ALL:
            self.next_counter += 1
            return self.next_counter - 1
        counter = self._next.get((audience, peer), 0)
        self._next[audience, peer] = counter + 1
        return counter


class MediaOpener:
    """Opens the records that one viewer receives, in order; a gap, a repetition or a strange epoch ends it."""

    def __init__(self) -> None:
        self._aead: AESGCM | None = None
        self._epoch = 0
        self._next_for_me = 0
        self.next_counter = 0

    def start_epoch(self, epoch: int, key: bytes, first_counter: int) -> None:
        """Take the key of an epoch, as the control channel brought it; `first_counter` is that of the stream to all.

        Raises:
            RemoteProtocolError: the epoch or its first counter runs backwards.
        """
        if epoch <= self._epoch or first_counter < self.next_counter:
            raise RemoteProtocolError(f"epoch {epoch} from {first_counter} after {self._epoch} at {self.next_counter}")
        self._aead, self._epoch = AESGCM(key), epoch
        self.next_counter, self._next_for_me = first_counter, 0

    def open(self, envelope: MediaEnvelope) -> list[Part]:
        """The parts of the next record.

        Raises:
            RemoteProtocolError: another epoch or counter than the next, a record for the store, or malformed parts.
            NotAuthentic: altered on the way.
        """
        is_for_all = envelope.audience is Audience.ALL
        expected = (self._epoch, self.next_counter if is_for_all else self._next_for_me)
        if self._aead is None or envelope.audience is Audience.STORE or (envelope.epoch, envelope.counter) != expected:
            came = f"{envelope.audience.name} {envelope.epoch}/{envelope.counter}"
            raise RemoteProtocolError(f"media record {came} where {expected[0]}/{expected[1]} was expected")
        nonce = _nonce(envelope.audience, envelope.peer, envelope.counter)
        try:
            plain = self._aead.decrypt(nonce, envelope.sealed, envelope.header)
        except (InvalidTag, ValueError):
            raise NotAuthentic(f"media record {envelope.counter} does not verify") from None
        if is_for_all:
            self.next_counter += 1
        else:
            self._next_for_me += 1
        return read_parts(plain)


def _nonce(audience: Audience, peer: int, counter: int) -> bytes:
    return struct.pack(">BHxQ", audience, peer, counter)
