"""Writes `pixels1.json`: parts of media records and what a viewer shows after them, or that it refuses them (PROTOCOL.md, section 7).

`python -m tests.vectors.make_pixels` writes it anew. Only where the protocol changes: other versions of encoders write other bytes.
"""

import base64
import io
import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import zstandard
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from client_agent.screen.encoders.priority import like_everything_else
from protocol.limits import ZSTD_WINDOW_BYTES_MAX
from protocol.media_codec import write_part, write_stream_data
from protocol.media_parts import (
    Codec,
    Copy,
    Part,
    PictureEnd,
    Rectangle,
    Screens,
    ScreenShape,
    StreamData,
    Video,
    VideoCodec,
    VideoEnded,
)

FILE = Path(__file__).parent / "pixels1.json"
WIDTH, HEIGHT = 48, 40
SCREENS = Screens([ScreenShape(0, 0, 0, WIDTH, HEIGHT, "screen")])
Pixels = npt.NDArray[np.uint8]

_ENCODERS = {
    VideoCodec.H264: ("libx264", "yuv420p", {"preset": "ultrafast", "tune": "zerolatency", "crf": "10"}),
    VideoCodec.H264_444: ("libx264", "yuv444p", {"preset": "ultrafast", "tune": "zerolatency", "crf": "10"}),
    VideoCodec.AV1: (
        "libsvtav1",
        "yuv420p",
        {"preset": "12", "crf": "10", "svtav1-params": "pred-struct=1:lookahead=0"},
    ),
    VideoCodec.VP9: (
        "libvpx-vp9",
        "yuv420p",
        {"deadline": "realtime", "cpu-used": "8", "crf": "10", "lag-in-frames": "0"},
    ),
}


def ramp(width: int, height: int, *, shift: int = 0) -> Pixels:
    """A picture without edges, so that even lossy codecs show nearly the same: (height, width, 4), blue first."""
    y, x = np.mgrid[0:height, 0:width]
    blue, green, red = 40 + 2 * x + shift, 60 + 2 * y, 200 - x - y - shift
    return np.stack([blue, green, red, np.zeros_like(x)], axis=2).astype(np.uint8)


def text(width: int, height: int) -> Pixels:
    """A picture of edges only."""
    y, x = np.mgrid[0:height, 0:width]
    ink = ((x * 7 + y * 3) % 5 == 0) * 255
    return np.stack([ink, ink, ink, np.zeros_like(ink)], axis=2).astype(np.uint8)


class Stream:
    """The zstd stream as an agent writes it."""

    def __init__(self, *, window_log: int = 23) -> None:
        parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=window_log)
        self._stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self._begins = True

    def piece(self, x: int, y: int, pixels: Pixels, *, fragments: int = 1, height: int | None = None) -> list[Part]:
        data = self._stream.compress(pixels.tobytes()) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        cut = [data[len(data) * n // fragments : len(data) * (n + 1) // fragments] for n in range(fragments)]
        parts: list[Part] = []
        for number, fragment in enumerate(cut, 1):
            content = StreamData(self._begins and number == 1, number < fragments, fragment)
            rows = pixels.shape[0] if height is None else height
            parts.append(Rectangle(0, Codec.ZSTD_STREAM, x, y, pixels.shape[1], rows, write_stream_data(content)))
        self._begins = False
        return parts


def zstd(x: int, y: int, pixels: Pixels) -> Rectangle:
    return Rectangle(0, Codec.ZSTD, x, y, pixels.shape[1], pixels.shape[0], zstandard.compress(pixels.tobytes(), 1))


def planes(x: int, y: int, pixels: Pixels) -> Rectangle:
    blue, green, red = (pixels[:, :, channel] for channel in range(3))
    three = np.stack([green, blue - green, red - green])
    three[:, :, 1:] -= three[:, :, :-1].copy()
    return Rectangle(0, Codec.PLANES, x, y, pixels.shape[1], pixels.shape[0], zstandard.compress(three.tobytes(), 1))


def jpeg(x: int, y: int, pixels: Pixels, **options: Any) -> Rectangle:
    data = io.BytesIO()
    Image.fromarray(pixels[:, :, 2::-1].copy()).save(data, "JPEG", quality=95, **options)
    return Rectangle(0, Codec.JPEG, x, y, pixels.shape[1], pixels.shape[0], data.getvalue())


def video(codec: VideoCodec, pictures: Iterable[Pixels], *, x: int = 4, y: int = 6, stream: int = 1) -> list[Video]:
    """A video part for each picture."""
    name, pixel_format, options = _ENCODERS[codec]
    pictures = list(pictures)
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = pictures[0].shape[1], pictures[0].shape[0]
    encoder.pix_fmt, encoder.options = pixel_format, options
    encoder.framerate, encoder.time_base = Fraction(30), Fraction(1, 30)
    encoder.colorspace, encoder.color_range = Colorspace.ITU709, ColorRange.MPEG
    encoder.color_primaries = encoder.color_trc = 1
    coded = []
    for at, pixels in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(pixels, format="bgra").reformat(
            format=pixel_format,
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts = at
        with like_everything_else():
            coded += encoder.encode(frame)
    coded += encoder.encode(None)
    box = (x, y, encoder.width, encoder.height)
    return [Video(stream, 0, *box, codec, packet.is_keyframe, False, bytes(packet)) for packet in coded]


def fragments(part: Video, count: int) -> list[Part]:
    data = part.data
    cut = [data[len(data) * n // count : len(data) * (n + 1) // count] for n in range(count)]
    place = (part.stream, part.screen, part.x, part.y, part.width, part.height, part.codec, part.is_key)
    return [Video(*place, number < count, fragment) for number, fragment in enumerate(cut, 1)]


def _png(pixels: Pixels) -> str:
    data = io.BytesIO()
    Image.fromarray(pixels[:, :, 2::-1].copy()).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


class Case:
    """One vector: parts, and what the screen shows after them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[Part] = [SCREENS]
        self.screen: Pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        self.within = 0

    def show(self, x: int, y: int, pixels: Pixels, *parts: Part, within: int = 0) -> "Case":
        """These parts put these pixels here; lossy ones within so many of 255."""
        self.parts += parts
        self.screen[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
        self.within = max(self.within, within)
        return self

    def told(self) -> dict[str, Any]:
        parts = [*self.parts, PictureEnd(1, True, 1)]
        told: dict[str, Any] = {"name": self.name, "parts": [write_part(part).hex() for part in parts]}
        return {**told, "within": self.within, "png": _png(self.screen)}


def shown() -> list[Case]:
    ink, sky = text(20, 10), ramp(32, 16)
    stream = Stream()
    cases = [
        Case("a zstd rectangle").show(3, 4, ink, zstd(3, 4, ink)),
        Case("planes are exact").show(3, 4, sky, planes(3, 4, sky)),
        Case("a JPEG").show(3, 4, sky, jpeg(3, 4, sky), within=6),
        Case("pieces of one stream, the second one in fragments")
        .show(3, 4, ink, *stream.piece(3, 4, ink))
        .show(20, 20, text(28, 20), *stream.piece(20, 20, text(28, 20), fragments=3)),
        Case("a stream that begins anew")
        .show(3, 4, ink, *stream_of(3, 4, ink))
        .show(3, 15, ink, *stream_of(3, 15, ink)),
    ]
    for name, (to_x, to_y) in {"down and right": (5, 6), "up and left": (1, 1), "apart": (25, 28)}.items():
        copy = Copy(0, 3, 4, to_x, to_y, 20, 10)
        case = Case(f"a copy {name}").show(3, 4, ink, zstd(3, 4, ink))
        cases.append(case.show(to_x, to_y, case.screen[4:14, 3:23].copy(), copy))
    for codec in VideoCodec:
        first, second = video(codec, [ramp(32, 16), ramp(32, 16, shift=12)])
        drawn = ramp(32, 16, shift=12)
        case = Case(f"{codec.name}: the second picture of a video, in fragments")
        cases.append(case.show(4, 6, drawn, first, *fragments(second, 2), within=8))
        case = Case(f"{codec.name}: a rectangle over what a video showed last").show(
            4, 6, ramp(32, 16), first, within=8
        )
        cases.append(case.show(8, 8, text(10, 5), VideoEnded(1), zstd(8, 8, text(10, 5))))
    return cases


def stream_of(x: int, y: int, pixels: Pixels, **options: Any) -> list[Part]:
    return Stream().piece(x, y, pixels, **options)


def refused() -> dict[str, list[Part]]:
    ink = text(20, 10)
    begun = Stream()
    begin = begun.piece(0, 0, ink)
    (later,) = begun.piece(0, 0, ink)
    first, second = video(VideoCodec.H264, [ramp(32, 16), ramp(32, 16, shift=9)])
    whole = zstd(0, 0, ink)
    place = (0, Codec.ZSTD, 0, 0, 20, 10)
    (wide,) = Stream(window_log=24).piece(0, 0, ink)
    half = stream_of(0, 0, ink, fragments=2)[:1]
    return {
        "a rectangle outside the screen": [zstd(30, 0, ink)],
        "a rectangle of a screen that is not there": [Rectangle(1, Codec.ZSTD, 0, 0, 20, 10, whole.data)],
        "a frame that declares another size": [
            zstd(0, 0, text(20, 11)),
            Rectangle(*place, zstd(0, 0, text(20, 11)).data),
        ],
        "a frame that is cut short": [Rectangle(*place, whole.data[:-4])],
        "a frame with something after it": [Rectangle(*place, whole.data + b"\0")],
        "pixels that are no frame": [Rectangle(*place, b"not a frame")],
        "a stream that has not begun": [later],
        "a stream that has not begun since the screens came": [*begin, SCREENS, later],
        "a piece that holds too little": stream_of(0, 0, ink, height=11),
        "a piece that holds too much": stream_of(0, 0, ink, height=9),
        "a piece that is a bomb": stream_of(0, 0, np.zeros((8192, 1024, 4), np.uint8), height=1)[:1],
        "a stream with too wide a window": [wide],
        "a piece that is no zstd": [Rectangle(0, Codec.ZSTD_STREAM, 0, 0, 20, 10, b"\1not a stream")],
        "something else before the rest of a piece": [*half, whole],
        "the end of a picture before the rest of a piece": half,
        "a JPEG of another size": [Rectangle(0, Codec.JPEG, 0, 0, 20, 10, jpeg(0, 0, ramp(20, 11)).data)],
        "a progressive JPEG": [jpeg(0, 0, ramp(20, 10), progressive=True)],
        "a JPEG that is cut short": [Rectangle(0, Codec.JPEG, 0, 0, 20, 10, jpeg(0, 0, ramp(20, 10)).data[:-40])],
        "planes of another size": [Rectangle(0, Codec.PLANES, 0, 0, 20, 11, planes(0, 0, ink).data)],
        "a copy from outside the screen": [Copy(0, 40, 0, 0, 0, 10, 10)],
        "a copy to outside the screen": [Copy(0, 0, 0, 40, 0, 10, 10)],
        "a copy on a screen that is not there": [Copy(2, 0, 0, 0, 0, 10, 10)],
        "a video that begins without a key": [second],
        "a video outside the screen": [*video(VideoCodec.H264, [ramp(32, 16)], x=20)],
        "a video that moves without a key": [
            first,
            Video(1, 0, 5, 6, 32, 16, VideoCodec.H264, False, False, second.data),
        ],
        "a video that goes on after its end": [first, VideoEnded(1), second],
        "a video of another size": [Video(1, 0, 0, 0, 30, 16, VideoCodec.H264, True, False, first.data)],
        "something else before the rest of a coded picture": [fragments(first, 2)[0], whole],
    }


def vectors() -> dict[str, Any]:
    """All cases; bytes of parts as hex, pictures as PNG in base64."""
    return {
        "note": "version 1; every case: these parts, and what the screen shows, each value within so many; or a refusal",
        "screen": [WIDTH, HEIGHT],
        "shown": [case.told() for case in shown()],
        "refused": [
            {"name": name, "parts": [write_part(part).hex() for part in [SCREENS, *parts, PictureEnd(1, True, 1)]]}
            for name, parts in refused().items()
        ],
    }


if __name__ == "__main__":
    assert ZSTD_WINDOW_BYTES_MAX == 2**23
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
