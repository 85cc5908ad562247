"""What this agent can do with pixels: the one place that knows which packages are there.

The core path needs neither numpy nor PyAV nor Pillow; without them changes are found row by row, and everything goes exactly.
"""

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from client_agent.screen.encoders.interface import BoxEncoder, VideoRate
from client_agent.screen.finder import Finder, RowFinder
from client_agent.screen.source import Box
from protocol.media_parts import CODEC_NAMES, COPY_NAME, VIDEO_CODEC_NAMES, Codec, VideoCodec

if TYPE_CHECKING:
    from client_agent.screen.encoders.jpeg import Jpeg
    from client_agent.screen.encoders.video import VideoEncoder

_HAS_NUMPY = find_spec("numpy") is not None
_HAS_PILLOW = find_spec("PIL") is not None
_HAS_PYAV = find_spec("av") is not None

ZSTD = CODEC_NAMES[Codec.ZSTD]
ZSTD_STREAM = CODEC_NAMES[Codec.ZSTD_STREAM]
COPY = COPY_NAME
JPEG = CODEC_NAMES[Codec.JPEG]
PLANES = CODEC_NAMES[Codec.PLANES]

# In the order in which they are taken: all colours where that can be decoded, then what is quickest.
_VIDEO = (VideoCodec.H264_444, VideoCodec.H264, VideoCodec.AV1, VideoCodec.VP9)
# On a narrow path bytes are dearer than time.
_NARROW_VIDEO = (VideoCodec.AV1, VideoCodec.H264_444, VideoCodec.H264, VideoCodec.VP9)

EVERYBODY = frozenset({ZSTD})
"""What every viewer decodes."""


def offered() -> tuple[str, ...]:
    """The names of all that this agent can write, for the handshake."""
    names = [ZSTD, ZSTD_STREAM]
    # Without numpy nobody knows what is a photo, what moved and what keeps moving.
    if _HAS_NUMPY:
        names += [COPY, PLANES]
        names += [JPEG] if _HAS_PILLOW else []
        names += [VIDEO_CODEC_NAMES[codec] for codec in _VIDEO if codec in _writable()]
    return tuple(names)


def _writable() -> frozenset[VideoCodec]:
    if not _HAS_PYAV:
        return frozenset()
    from client_agent.screen.encoders.video import WRITABLE

    return WRITABLE


def finder() -> Finder:
    """The closest look that this machine affords."""
    if not _HAS_NUMPY:
        return RowFinder()
    from client_agent.screen.pixel_finder import PixelFinder

    return PixelFinder()


def video_codec(agreed: frozenset[str], *, is_narrow: bool) -> VideoCodec | None:
    """The best of what was agreed on; None where that holds no video."""
    order = _NARROW_VIDEO if is_narrow else _VIDEO
    return next((codec for codec in order if VIDEO_CODEC_NAMES[codec] in agreed), None)


# What follows is asked for only where it was agreed on, so that the packages are there.


def jpeg(quality: int, bytes_a_pixel: float = float("inf")) -> "Jpeg":
    """An encoder of photos at this quality of libjpeg, or more coarsely where they would be longer."""
    from client_agent.screen.encoders.jpeg import Jpeg

    return Jpeg(quality, bytes_a_pixel)


@cache
def planes() -> BoxEncoder:
    """The encoder that makes photos exact."""
    from client_agent.screen.encoders.planes import Planes

    return Planes()


def video(stream: int, codec: VideoCodec, box: Box, rate: VideoRate) -> "VideoEncoder":
    """The encoder of one region that keeps moving."""
    from client_agent.screen.encoders.video import VideoEncoder

    return VideoEncoder(stream, codec, box, rate)
