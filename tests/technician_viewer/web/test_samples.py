"""The coded pictures with which the page tries out the browser: another decoder shows them in the colours that the page expects."""

import base64
import re

import numpy as np
import pytest

from protocol.media_parts import Video, VideoCodec
from technician_viewer.video import VideoStreams
from tests.technician_viewer.web.make_samples import COLOURS, FILE, HEIGHT, WIDTH

SAMPLES = {VideoCodec(int(codec)): data for codec, data in re.findall(r'\[(\d), "([^"]+)"\]', FILE.read_text("utf-8"))}


def test_there_is_one_of_each_codec_and_all_are_short() -> None:
    assert set(SAMPLES) == set(VideoCodec)
    assert FILE.stat().st_size < 4096


@pytest.mark.parametrize("codec", VideoCodec)
def test_a_sample_is_one_key_in_its_colours(codec: VideoCodec) -> None:
    part = Video(0, 0, 0, 0, WIDTH, HEIGHT, codec, True, False, base64.b64decode(SAMPLES[codec]))
    pixels = VideoStreams().decode(part)
    assert pixels is not None
    shown = np.frombuffer(pixels, np.uint8).reshape(HEIGHT, WIDTH, 4)
    for at, (red, green, blue) in enumerate(COLOURS):
        half = shown[:, at * WIDTH // 2 + 16 : (at + 1) * WIDTH // 2 - 16, :3].astype(int)
        assert np.abs(half - [blue, green, red]).max() <= 4
