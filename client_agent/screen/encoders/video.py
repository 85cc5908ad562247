"""A region that keeps moving: a video stream of its own, for decoders that are quicker than anything else we could send."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.codec import codecs_available
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from client_agent.screen.encoders.interface import DATA_BYTES_MAX, CannotEncode, VideoRate
from client_agent.screen.encoders.priority import like_everything_else
from client_agent.screen.memory import PictureMemory
from client_agent.screen.source import Box
from protocol.media_codec import VIDEO_OVERHEAD_BYTES
from protocol.media_parts import BYTES_PER_PIXEL, Video, VideoCodec

# More room for the place of a video than rectangles need for theirs.
_DATA_BYTES_MAX = DATA_BYTES_MAX - VIDEO_OVERHEAD_BYTES
_TIME_BASE = Fraction(1, 1000)
_RATE = Fraction(30)
_BT709 = 1


@dataclass(frozen=True, slots=True)
class _Coder:
    name: str
    pixel_format: str
    options: dict[str, str]
    threads: int = 1


# Nearly as quick as `ultrafast`, at half the size: what costs time in `superfast` and brings little is left out. Colours are as near as
# brightness, and what differs little is coded all the same: both bring more than a finer quality of the rest for as many bytes.
_X264 = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "27",
    "x264-params": "subme=0:trellis=0:weightp=0:chroma-qp-offset=-3:no-dct-decimate=1",
}
# Two halves of a picture at once: a fiftieth larger, and there in little more than half the time where a second core is free.
_X264_THREADS = min(2, os.cpu_count() or 1)
# Constant quality, so that a still picture costs nothing, below the limit that the path sets. docs/decisions/0009 has the measurements.
_CODERS = {
    VideoCodec.H264: _Coder("libx264", "yuv420p", _X264, _X264_THREADS),
    VideoCodec.H264_444: _Coder("libx264", "yuv444p", _X264, _X264_THREADS),
    VideoCodec.AV1: _Coder("libsvtav1", "yuv420p", {"preset": "11"}),
    VideoCodec.VP9: _Coder(
        "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8", "crf": "30", "lag-in-frames": "0"}
    ),
}


# Of an AV1 stream: the buffer in milliseconds of its rate, and the quality that is good enough.
_AV1 = "rtc=1:scm=1:pred-struct=1:lp=1:buf-sz=600:buf-initial-sz=400:buf-optimal-sz=500"
_AV1_QP_MIN = 28

WRITABLE = frozenset(codec for codec, coder in _CODERS.items() if coder.name in codecs_available)
"""Builds of PyAV differ: some are without x264, which is GPL."""


class VideoEncoder:
    """Encodes the pictures of one region, whose width and height are even; begins with a key."""

    def __init__(self, stream: int, codec: VideoCodec, box: Box, rate: VideoRate) -> None:
        self.codec, self.box = codec, box
        self.rate = rate
        self._stream = stream
        self._reformatter = VideoReformatter()
        self._coder = _CODERS[codec]
        self._pts = -1
        self._began_at: float | None = None
        self._bytes = 0
        self._encoder = self._opened()

    def restart(self, rate: VideoRate) -> None:
        """Begin anew with a key, for somebody who has not seen what went before or at another rate."""
        self.rate = rate
        self._began_at, self._bytes = None, 0
        self._encoder = self._opened()

    def age_s(self, now: float) -> float:
        """Since its last beginning."""
        return 0.0 if self._began_at is None else now - self._began_at

    @property
    def kbit(self) -> float:
        """What its pictures have needed since its last beginning, 1000 bits a second."""
        age_s = self._pts / _TIME_BASE.denominator - (self._began_at or 0.0)
        return self._bytes * 8 / 1000 / max(age_s, 1.0)

    def parts(
        self, screen: int, memory: PictureMemory, now: float, *, data_bytes: int = _DATA_BYTES_MAX
    ) -> Iterator[Video]:
        """The region's next picture, as the memory has it, captured at `now` seconds of a clock that never goes back.

        Raises:
            CannotEncode: and never will.
        """
        whole = np.frombuffer(memory.pixels, np.uint8).reshape(memory.height, memory.width, BYTES_PER_PIXEL)
        region = whole[self.box.y : self.box.bottom, self.box.x : self.box.right]
        # Read where it lies: both this and the frame are gone before the memory changes.
        plain = av.VideoFrame.from_numpy_buffer(region, format="bgra")
        frame = self._reformatter.reformat(
            plain,
            format=self._coder.pixel_format,
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        self._pts = frame.pts = max(int(now * _TIME_BASE.denominator), self._pts + 1)
        box = (self.box.x, self.box.y, self.box.width, self.box.height)
        step = min(data_bytes, _DATA_BYTES_MAX)
        self._began_at = now if self._began_at is None else self._began_at
        for packet in self._encoded(frame):
            self._bytes += packet.size
            data, is_key = bytes(packet), packet.is_keyframe
            for at in range(0, len(data), step):
                has_more = at + step < len(data)
                yield Video(self._stream, screen, *box, self.codec, is_key, has_more, data[at : at + step])

    def _encoded(self, frame: av.VideoFrame) -> "list[av.Packet[Any]]":
        try:
            with like_everything_else():  # it opens itself with its first picture
                return self._encoder.encode(frame)
        except av.error.FFmpegError as error:
            raise CannotEncode(str(error)) from None

    def _opened(self) -> av.VideoCodecContext:
        encoder = av.CodecContext.create(self._coder.name, "w")
        assert isinstance(encoder, av.VideoCodecContext)
        encoder.width, encoder.height = self.box.width, self.box.height
        encoder.pix_fmt = self._coder.pixel_format
        encoder.time_base, encoder.framerate = _TIME_BASE, _RATE
        encoder.colorspace, encoder.color_range = Colorspace.ITU709, ColorRange.MPEG
        encoder.color_primaries = encoder.color_trc = _BT709
        # Keys only where somebody needs one: they are the largest pictures by far.
        encoder.gop_size = 2**30
        encoder.thread_count = self._coder.threads
        encoder.options = {**self._coder.options, **self._limits()}
        return encoder

    def _limits(self) -> dict[str, str]:
        bits = {
            "maxrate": f"{self.rate.kbit * 1000}",
            "bufsize": f"{max(self.rate.buffer_bytes * 8, self.rate.kbit * 50)}",
        }
        if self.codec is VideoCodec.AV1:
            # SVT-AV1 sets no limit to constant quality where pictures come without delay; a constant rate has one, the key included, and
            # the least quantizer keeps it from being an aim.
            return {"b": bits["maxrate"], "svtav1-params": f"{_AV1}:rc=2:tbr={self.rate.kbit}:min-qp={_AV1_QP_MIN}"}
        if self.codec is VideoCodec.VP9:
            return {"b": bits["maxrate"]}
        return bits
