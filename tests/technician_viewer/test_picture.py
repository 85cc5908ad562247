"""technician_viewer/picture.py, decoding.py and video.py: every form of pixels gives the right ones, and nothing hostile gets in.

The cases are those of tests/vectors/pixels1.json, which the page is held to as well.
"""

import base64
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers
from PIL import Image

from protocol.errors import RemoteProtocolError
from protocol.limits import VIDEO_UNIT_BYTES_MAX
from protocol.media_codec import read_parts, write_part
from protocol.media_parts import (
    Codec,
    Copy,
    Part,
    PictureEnd,
    PointerShape,
    Rectangle,
    Screens,
    Video,
    VideoCodec,
    VideoEnded,
)
from technician_viewer.picture import Pictures
from technician_viewer.video import VideoBroken, VideoStreams

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "pixels1.json").read_text("utf-8"))
SHOWN = {case["name"]: case for case in VECTORS["shown"]}
REFUSED = {case["name"]: case for case in VECTORS["refused"]}


def parts_of(case: dict[str, Any]) -> list[Part]:
    return read_parts(b"".join(map(bytes.fromhex, case["parts"])))


def apply(pictures: Pictures, parts: Iterable[Part]) -> None:
    for part in parts:
        pictures.check_order(part)
        match part:
            case Screens():
                pictures.set_screens(part)
            case Rectangle():
                pictures.put(part)
            case Copy():
                pictures.copy(part)
            case Video():
                pictures.play(part)
            case VideoEnded(stream):
                pictures.end_video(stream)
            case PictureEnd():
                pictures.end_picture()


def rgb(pictures: Pictures) -> npt.NDArray[np.int16]:
    return np.asarray(pictures.of(0).image()).astype(np.int16)


@pytest.mark.parametrize("name", SHOWN)
def test_what_the_vectors_hold_is_shown(name: str) -> None:
    case, pictures = SHOWN[name], Pictures()
    apply(pictures, parts_of(case))
    expected = np.asarray(Image.open(io.BytesIO(base64.b64decode(case["png"])))).astype(np.int16)
    assert np.abs(rgb(pictures) - expected).max() <= case["within"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_what_it_says_is_refused(name: str) -> None:
    pictures, parts = Pictures(), parts_of(REFUSED[name])
    with pytest.raises(RemoteProtocolError):
        apply(pictures, parts)


def video_case() -> tuple[Pictures, list[Video]]:
    pictures = Pictures()
    parts = parts_of(SHOWN["H264: the second picture of a video, in fragments"])
    apply(pictures, parts[:1])
    return pictures, [part for part in parts if isinstance(part, Video)]


@given(data=binary(min_size=1, max_size=300))
def test_a_coded_picture_that_cannot_be_decoded_leaves_the_screen_as_it_is(data: bytes) -> None:
    pictures, (key, *_) = video_case()
    before = bytes(pictures.of(0).bgrx)
    with pytest.raises(VideoBroken):
        pictures.play(Video(key.stream, 0, key.x, key.y, key.width, key.height, key.codec, True, False, data))
    assert bytes(pictures.of(0).bgrx) == before


def test_after_a_broken_picture_the_stream_is_left_alone_until_its_next_key() -> None:
    pictures, (key, *rest) = video_case()
    with pytest.raises(VideoBroken):
        pictures.play(Video(key.stream, 0, key.x, key.y, key.width, key.height, key.codec, True, False, b"\0\0\1\x65"))
    before = bytes(pictures.of(0).bgrx)
    apply(pictures, rest)
    assert bytes(pictures.of(0).bgrx) == before
    apply(pictures, [key, *rest])
    assert bytes(pictures.of(0).bgrx) != before


def test_a_coded_picture_larger_than_agreed_is_refused_before_it_is_decoded() -> None:
    videos, fragment = VideoStreams(), Video(0, 0, 0, 0, 32, 16, VideoCodec.H264, True, True, bytes(2**16))
    for _ in range(VIDEO_UNIT_BYTES_MAX // 2**16):
        videos.decode(fragment)
    with pytest.raises(RemoteProtocolError, match="too large"):
        videos.decode(fragment)


@given(codec=integers(1, 4), data=binary(max_size=200))
def test_any_bytes_give_pixels_or_a_refusal(codec: int, data: bytes) -> None:
    pictures = Pictures()
    apply(pictures, parts_of(SHOWN["a zstd rectangle"]))
    try:
        apply(pictures, read_parts(write_part(Rectangle(0, Codec(codec), 0, 0, 3, 2, data))))
    except RemoteProtocolError:
        return


@pytest.mark.parametrize("kept", [0, 1, 10])
def test_a_pointer_shape_that_is_not_what_it_says_is_refused(kept: int) -> None:
    rectangle = next(part for part in parts_of(SHOWN["a zstd rectangle"]) if isinstance(part, Rectangle))
    with pytest.raises(RemoteProtocolError):
        Pictures().set_pointer_shape(PointerShape(0, 0, 20, 10, rectangle.data[:kept]))
