"""Writes `samples.js`: one coded picture of each video codec, with which the page tries out what the browser decodes.

`python -m tests.technician_viewer.web.make_samples` writes it anew. They are large, so that decoding and drawing take as long as a real
region's, and plain, so that they are short.
"""

import base64
import re
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from client_agent.screen.encoders.priority import like_everything_else
from protocol.media_parts import VideoCodec
from tests.technician_viewer.web import WEB

FILE = WEB / "screen" / "samples.js"
WIDTH, HEIGHT = 1280, 720
# From the left: red, green and blue of each half. Another matrix than BT.709 shows them otherwise.
COLOURS = ((200, 40, 60), (30, 150, 100))
_X264 = {"preset": "medium", "tune": "zerolatency"}
_ENCODERS = {
    VideoCodec.H264: ("libx264", "yuv420p", _X264),
    VideoCodec.H264_444: ("libx264", "yuv444p", _X264),
    VideoCodec.AV1: ("libsvtav1", "yuv420p", {"preset": "8"}),
    VideoCodec.VP9: ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "5", "lag-in-frames": "0"}),
}
# A unit of H.264's byte stream that says which encoder it was, and with which options (ITU-T H.264, 7.4.1, type 6).
_SUPPLEMENT = re.compile(rb"\x00\x00\x01\x06.*?(?=\x00\x00\x01)", re.DOTALL)


def sample(codec: VideoCodec) -> bytes:
    """One coded picture, a key."""
    name, pixel_format, options = _ENCODERS[codec]
    pixels = np.repeat(np.array([COLOURS], np.uint8), WIDTH // len(COLOURS), axis=1).repeat(HEIGHT, axis=0)
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height = WIDTH, HEIGHT
    encoder.pix_fmt, encoder.options = pixel_format, options
    encoder.framerate = Fraction(30)
    encoder.colorspace, encoder.color_range = Colorspace.ITU709, ColorRange.MPEG
    encoder.color_primaries = encoder.color_trc = 1
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format=pixel_format,
        src_colorspace=Colorspace.ITU709,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    frame.pts = 0
    with like_everything_else():
        packets = [*encoder.encode(frame), *encoder.encode(None)]
    return _SUPPLEMENT.sub(b"", b"".join(map(bytes, packets)))


def module() -> str:
    """The JavaScript."""
    samples = "".join(f'  [{codec.value}, "{base64.b64encode(sample(codec)).decode()}"],\n' for codec in VideoCodec)
    return (
        "/** A coded picture of each codec, a key, in base64; tests/technician_viewer/web/make_samples.py writes this. */\n"
        f"export const WIDTH = {WIDTH}, HEIGHT = {HEIGHT};\n"
        "/** Red, green and blue of its halves, from the left. */\n"
        f"export const COLOURS = {[list(colour) for colour in COLOURS]};\n"
        f"/** @type {{Map<number, string>}} by VideoCodec */\nexport const SAMPLES = new Map([\n{samples}]);\n"
    )


if __name__ == "__main__":
    FILE.write_text(module(), encoding="utf-8")
