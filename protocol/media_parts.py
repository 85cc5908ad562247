"""What media records are made of: screens, pixels in several forms, video, the pointer (PROTOCOL.md, section 7.2).

A picture is made of all parts since the end of the one before.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.limits import SCREEN_SIDE_PX_MAX, SCREENS_MAX
from protocol.text import Line

BYTES_PER_PIXEL = 4


class Codec(IntEnum):
    """How the pixels of a rectangle are written: rows from the top. Pixels have 4 bytes: blue, green, red, unused."""

    ZSTD = 1
    """One zstd frame (RFC 8878) of pixels that declares its content size."""
    ZSTD_STREAM = 2
    """The next piece of the one zstd stream to all, flushed; `StreamData` says whether the stream begins anew."""
    JPEG = 3
    """A baseline JPEG of three components and exactly this size; not exact."""
    PLANES = 4
    """One zstd frame that declares its content size: a byte a pixel for each of three planes, green, blue - green, red - green;
    in each row every value less the one to its left. All modulo 256."""


class VideoCodec(IntEnum):
    """How a video stream is written. Its colours are BT.709, limited range, and its own headers say so."""

    H264 = 1
    """ITU-T H.264, 4:2:0, at most High profile, Annex B byte stream, parameter sets before each key."""
    H264_444 = 2
    """The same in 4:4:4 (High 4:4:4 Predictive profile)."""
    AV1 = 3
    """AV1 Main profile, low-overhead byte stream, one temporal unit at a time, a sequence header in each key."""
    VP9 = 4
    """VP9 profile 0, one frame or superframe at a time."""


# What a program says in the handshake that it writes or decodes. "zstd" is what everybody does.
COPY_NAME = "copy"
CODEC_NAMES = {Codec.ZSTD: "zstd", Codec.ZSTD_STREAM: "zstd-stream", Codec.JPEG: "jpeg", Codec.PLANES: "planes"}
VIDEO_CODEC_NAMES = {
    VideoCodec.H264: "h264",
    VideoCodec.H264_444: "h264-444",
    VideoCodec.AV1: "av1",
    VideoCodec.VP9: "vp9",
}


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
    """New pixels for a box of one screen, at most RECTANGLE_PIXELS_MAX of them."""

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
    is_exact: bool = True
    """Whether every pixel is what the customer's screen showed, but for records that are still to come."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A box of one screen as it was before this part, at another place too; the two may overlap."""

    screen: int
    from_x: int
    from_y: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Video:
    """A coded picture, or a fragment of one, of a video stream that fills a box of one screen."""

    stream: int
    screen: int
    x: int
    y: int
    width: int
    height: int
    codec: VideoCodec
    is_key: bool
    """The decoder begins anew with this picture."""
    has_more: bool
    """The next part goes on with the same coded picture."""
    data: bytes


@dataclass(frozen=True, slots=True)
class VideoEnded:
    """Nothing more comes of this video stream; what it showed last stays until something else is drawn there."""

    stream: int


@dataclass(frozen=True, slots=True)
class StreamData:
    """What a rectangle of codec ZSTD_STREAM carries."""

    begins: bool
    """The stream begins anew here; what went before is forgotten."""
    has_more: bool
    """The next part is the same rectangle and goes on with its bytes."""
    data: bytes


Part = Screens | Rectangle | PointerAt | PointerShape | InputApplied | PictureEnd | Copy | Video | VideoEnded
