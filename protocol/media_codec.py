"""Parts of media records to bytes and back, each with its type and length in front (PROTOCOL.md, section 7.2).

    part          u8 type   u32 length   body
    0 padding     the rest of the record is zero
    1 screens     JSON: the screens there are now
    2 rectangle   screen u8  codec u8  x y width height u16  data
    3 pointer     screen u8  visible u8  x y u16
    4 shape       hot_x hot_y width height u16  data (zstd of RGBA, not premultiplied)
    5 input       JSON: what of the technician's input was applied
    6 picture     number u64  flags u8 (1 a key picture, 2 not exact yet)  at_ms u64
    7 copy        screen u8  from_x from_y x y width height u16
    8 video       stream u8  screen u8  x y width height u16  codec u8  flags u8 (1 key, 2 more follows)  data
    9 video ended stream u8

Numbers are unsigned and big-endian.
"""

import struct

from protocol.codec import Decoder, encode
from protocol.errors import RemoteProtocolError
from protocol.limits import (
    POINTER_SIDE_PX_MAX,
    RECTANGLE_PIXELS_MAX,
    SCREEN_SIDE_PX_MAX,
    SCREENS_MAX,
    VIDEO_PIXELS_MAX,
    VIDEO_STREAMS_MAX,
)
from protocol.media_parts import (
    Codec,
    Copy,
    InputApplied,
    Part,
    PictureEnd,
    PointerAt,
    PointerShape,
    Rectangle,
    Screens,
    StreamData,
    Video,
    VideoCodec,
    VideoEnded,
)

_PART = struct.Struct(">BI")
_RECTANGLE = struct.Struct(">BBHHHH")
_POINTER = struct.Struct(">BBHH")
_SHAPE = struct.Struct(">HHHH")
_PICTURE = struct.Struct(">QBQ")
_COPY = struct.Struct(">BHHHHHH")
_VIDEO = struct.Struct(">BBHHHHBB")
PART_OVERHEAD_BYTES = _PART.size + _RECTANGLE.size
VIDEO_OVERHEAD_BYTES = _PART.size + _VIDEO.size
# Of each flags byte; the other bits are zero.
_FIRST_FLAG, _SECOND_FLAG = 1, 2


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
            kind, body = 6, _PICTURE.pack(part.number, _pack_flags(part.is_key, not part.is_exact), part.at_ms)
        case Copy():
            places = part.from_x, part.from_y, part.x, part.y, part.width, part.height
            kind, body = 7, _COPY.pack(part.screen, *places)
        case Video():
            box = part.x, part.y, part.width, part.height
            flags = _pack_flags(part.is_key, part.has_more)
            kind, body = 8, _VIDEO.pack(part.stream, part.screen, *box, part.codec, flags) + part.data
        case VideoEnded():
            kind, body = 9, bytes([part.stream])
    return _PART.pack(kind, len(body)) + body


def begins_key_picture(plain: bytes) -> bool:
    """Whether a record's plaintext begins a key picture: only these begin with the screens there are."""
    return plain[:1] == b"\x01"


def ends_picture(plain: bytes) -> bool:
    """Whether a record's plaintext ends with the end of a picture."""
    return plain[-_PART.size - _PICTURE.size : -_PICTURE.size] == _PART.pack(6, _PICTURE.size)


def write_stream_data(content: StreamData) -> bytes:
    """The data of a rectangle of codec ZSTD_STREAM."""
    return bytes([_pack_flags(content.begins, content.has_more)]) + content.data


def read_stream_data(data: bytes) -> StreamData:
    """What the data of a rectangle of codec ZSTD_STREAM says; `read_parts` has checked it.

    Raises:
        RemoteProtocolError: no flags, or unknown ones.
    """
    if not data:
        raise RemoteProtocolError("a piece of the stream without its flags")
    return StreamData(*_flags(data[0]), data[1:])


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
                return _read_rectangle(body)
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
                is_key, is_coarse = _flags(flags)
                return PictureEnd(number, is_key, at_ms, not is_coarse)
            case 7:
                screen, *places = _COPY.unpack(body)
                _check_box(places[4], places[5], SCREEN_SIDE_PX_MAX)
                return Copy(_screen(screen), *places)
            case 8:
                return _read_video(body)
            case 9:
                (stream,) = struct.unpack(">B", body)
                return VideoEnded(_stream(stream))
    except (struct.error, ValueError) as error:
        raise RemoteProtocolError(f"a malformed part of type {kind}: {error}") from None
    raise RemoteProtocolError(f"a part of the unknown type {kind}")


def _read_rectangle(body: bytes) -> Rectangle:
    screen, codec, x, y, width, height = _RECTANGLE.unpack_from(body)
    _check_box(width, height, SCREEN_SIDE_PX_MAX)
    _check_pixels(width, height, RECTANGLE_PIXELS_MAX)
    rectangle = Rectangle(_screen(screen), Codec(codec), x, y, width, height, body[_RECTANGLE.size :])
    if rectangle.codec is Codec.ZSTD_STREAM:
        read_stream_data(rectangle.data)
    return rectangle


def _read_video(body: bytes) -> Video:
    stream, screen, x, y, width, height, codec, flags = _VIDEO.unpack_from(body)
    _check_box(width, height, SCREEN_SIDE_PX_MAX)
    _check_pixels(width, height, VIDEO_PIXELS_MAX)
    if width % 2 or height % 2:
        raise RemoteProtocolError(f"a video of {width} x {height} pixels, which are not even numbers")
    data = body[_VIDEO.size :]
    return Video(_stream(stream), _screen(screen), x, y, width, height, VideoCodec(codec), *_flags(flags), data)


def _stream(number: int) -> int:
    if number >= VIDEO_STREAMS_MAX:
        raise RemoteProtocolError(f"video stream {number} where at most {VIDEO_STREAMS_MAX} exist")
    return number


def _screen(number: int) -> int:
    if number >= SCREENS_MAX:
        raise RemoteProtocolError(f"screen {number} where at most {SCREENS_MAX} exist")
    return number


def _flag(value: int) -> bool:
    if value not in (0, 1):
        raise RemoteProtocolError(f"a flag of {value}")
    return bool(value)


def _flags(value: int) -> tuple[bool, bool]:
    if value > _FIRST_FLAG | _SECOND_FLAG:
        raise RemoteProtocolError(f"flags of {value}")
    return bool(value & _FIRST_FLAG), bool(value & _SECOND_FLAG)


def _pack_flags(first: bool, second: bool) -> int:
    return _FIRST_FLAG * first | _SECOND_FLAG * second


def _check_box(width: int, height: int, side_px_max: int) -> None:
    if not (0 < width <= side_px_max and 0 < height <= side_px_max):
        raise RemoteProtocolError(f"a box of {width} x {height} pixels")


def _check_pixels(width: int, height: int, pixels_max: int) -> None:
    if width * height > pixels_max:
        raise RemoteProtocolError(f"{width} x {height} pixels at once, where {pixels_max} are the most")
