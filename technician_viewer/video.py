"""Regions that keep moving: up to four streams of coded pictures, each with its decoder (PROTOCOL.md, section 7.4)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from protocol.errors import RemoteProtocolError
from protocol.limits import VIDEO_UNIT_BYTES_MAX
from protocol.media_parts import VIDEO_CODEC_NAMES, Video, VideoCodec

try:
    import av
    from av.video.reformatter import ColorRange, Colorspace
except ImportError:
    # What can be decoded is agreed on with the agent; without it, nothing is sent as video.
    DECODABLE: tuple[VideoCodec, ...] = ()
else:
    DECODABLE = tuple(VideoCodec)

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

DECODABLE_NAMES = tuple(VIDEO_CODEC_NAMES[codec] for codec in DECODABLE)

_DECODERS = {VideoCodec.H264: "h264", VideoCodec.H264_444: "h264", VideoCodec.AV1: "libdav1d", VideoCodec.VP9: "vp9"}
# Coded pictures are wider and higher than what they show by less than these.
_BLOCK_PX = 128

Place = tuple[int, int, int, int, int, VideoCodec]


class VideoBroken(Exception):
    """A coded picture cannot be decoded; the next key, or a key picture, mends it."""


@dataclass(slots=True)
class _Stream:
    place: Place
    decoder: "VideoCodecContext"
    coded: bytearray = field(default_factory=bytearray)
    is_broken: bool = False


class VideoStreams:
    """The video streams that there are, by their numbers."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}

    def restart(self) -> None:
        """New screens: no stream has begun."""
        self._streams.clear()

    def end(self, stream: int) -> None:
        """Nothing more comes of this stream."""
        self._streams.pop(stream, None)

    def decode(self, part: Video) -> bytes | None:
        """The picture that this part completes: rows from the top, blue, green, red, unused.

        Returns:
            None while more has to come, and in a stream that is broken until its next key.

        Raises:
            RemoteProtocolError: a stream that did not begin with a key, changes without one, or holds a picture that is too large.
            VideoBroken: it cannot be decoded.
        """
        stream = self._stream_of(part)
        if stream.is_broken:
            return None
        if len(stream.coded) + len(part.data) > VIDEO_UNIT_BYTES_MAX:
            raise RemoteProtocolError("a coded picture that is too large")
        stream.coded += part.data
        if part.has_more:
            return None
        coded, stream.coded = bytes(stream.coded), bytearray()
        try:
            return _decode(stream.decoder, coded, part.width, part.height)
        except VideoBroken:
            stream.is_broken = True
            raise

    def _stream_of(self, part: Video) -> _Stream:
        place = (part.screen, part.x, part.y, part.width, part.height, part.codec)
        stream = self._streams.get(part.stream)
        if part.is_key and not (stream and stream.coded):
            if part.codec not in DECODABLE:
                raise RemoteProtocolError(f"a video of the codec {part.codec.name}, which was not agreed on")
            stream = self._streams[part.stream] = _Stream(place, _decoder(part))
        if stream is None or stream.place != place:
            raise RemoteProtocolError("a video that does not begin, or changes, without a key")
        return stream


def _decoder(part: Video) -> "VideoCodecContext":
    decoder = av.CodecContext.create(_DECODERS[part.codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    pixels_max = (part.width + _BLOCK_PX) * (part.height + _BLOCK_PX)
    decoder.options = {"max_pixels": str(pixels_max), "err_detect": "explode", "flags": "+low_delay"}
    # Several at once would hand over each picture a few pictures late.
    decoder.thread_count = 1
    return decoder


def _decode(decoder: "VideoCodecContext", coded: bytes, width: int, height: int) -> bytes:
    try:
        frames = decoder.decode(av.Packet(coded))
        if len(frames) != 1 or frames[0].is_corrupt:
            raise VideoBroken(f"{len(frames)} pictures of one, or a damaged one")
        if (frames[0].width, frames[0].height) != (width, height):
            raise RemoteProtocolError("a video of another size than its box")
        return _pixels(frames[0])
    except av.error.FFmpegError as error:
        raise VideoBroken(str(error)) from None


def _pixels(frame: "VideoFrame") -> bytes:
    """As BT.709, whatever the coded headers say: a conversion that guesses would shift every colour."""
    plain = frame.reformat(
        format="bgra",
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return plain.to_ndarray().tobytes()
