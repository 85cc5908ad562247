import os
import random
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis.strategies import booleans, integers
from PIL import Image

from client_agent.screen.encoders.bands import WIDTH_PX_MAX
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, RAW_BYTES_MAX, VideoRate
from client_agent.screen.encoders.jpeg import Jpeg
from client_agent.screen.encoders.video import VideoEncoder
from client_agent.screen.encoders.zstd_frames import ZstdFrames
from client_agent.screen.memory import PictureMemory
from client_agent.screen.source import Box
from protocol.limits import MEDIA_PLAIN_BYTES_TARGET, SCREEN_SIDE_PX_MAX
from protocol.media_codec import write_part
from protocol.media_parts import BYTES_PER_PIXEL, PictureEnd, Rectangle, VideoCodec
from tests.client_agent.screen.array_desktop import film, photo


def pixels_of(box: Box, *, is_noise: bool, seed: int = 1) -> bytes:
    size = box.area * BYTES_PER_PIXEL
    return random.Random(seed).randbytes(size) if is_noise else bytes(range(256)) * (size // 256) + bytes(size % 256)


def drawn(rectangles: list[Rectangle], box: Box) -> bytes:
    """The pixels of `box` after all rectangles; None of them may lie outside."""
    canvas = bytearray(box.area * BYTES_PER_PIXEL)
    covered = 0
    for part in rectangles:
        raw = zstandard.ZstdDecompressor().decompress(part.data)
        row_bytes = part.width * BYTES_PER_PIXEL
        assert len(raw) == row_bytes * part.height
        for row in range(part.height):
            at = ((part.y - box.y + row) * box.width + part.x - box.x) * BYTES_PER_PIXEL
            canvas[at : at + row_bytes] = raw[row * row_bytes : (row + 1) * row_bytes]
        covered += part.width * part.height
    assert covered == box.area
    return bytes(canvas)


@given(integers(1, 700), integers(1, 60), integers(0, 9000), integers(0, 9000), booleans(), integers())
def test_a_box_comes_back_exactly_and_every_band_fits_a_record_with_the_pictures_end(
    width: int, height: int, x: int, y: int, is_noise: bool, seed: int
) -> None:
    box = Box(x, y, width, height)
    pixels = pixels_of(box, is_noise=is_noise, seed=seed)
    rectangles = list(ZstdFrames().rectangles(3, box, pixels))
    end = len(write_part(PictureEnd(1, is_key=True, at_ms=1)))
    assert all(len(write_part(part)) + end <= MEDIA_PLAIN_BYTES_TARGET for part in rectangles)
    assert {part.screen for part in rectangles} == {3}
    assert drawn(rectangles, box) == pixels


@pytest.mark.parametrize("is_noise", [True, False])
def test_the_widest_rows_there_can_be_fit_records(is_noise: bool) -> None:
    box = Box(0, 0, SCREEN_SIDE_PX_MAX, 5)
    pixels = pixels_of(box, is_noise=is_noise)
    rectangles = list(ZstdFrames().rectangles(0, box, pixels))
    assert all(len(part.data) <= DATA_BYTES_MAX and part.width <= WIDTH_PX_MAX for part in rectangles)
    assert drawn(rectangles, box) == pixels


def test_a_whole_screen_of_noise_is_cut_small_and_nothing_is_lost() -> None:
    box = Box(0, 0, 1280, 720)
    pixels = pixels_of(box, is_noise=True)
    rectangles = list(ZstdFrames().rectangles(0, box, pixels))
    assert all(len(part.data) <= DATA_BYTES_MAX for part in rectangles)
    assert drawn(rectangles, box) == pixels


def test_an_empty_screen_is_a_handful_of_bands_none_of_which_unpacks_to_much() -> None:
    box = Box(0, 0, 1920, 1080)
    rectangles = list(ZstdFrames().rectangles(0, box, bytes(box.area * BYTES_PER_PIXEL)))
    assert len(rectangles) <= 9
    assert all(part.width * part.height * BYTES_PER_PIXEL <= RAW_BYTES_MAX for part in rectangles)


def test_a_glyph_takes_few_bytes() -> None:
    box = Box(10, 10, 8, 13)
    (part,) = ZstdFrames().rectangles(0, box, bytes([0, 0, 0, 0] * 52 + [255, 255, 255, 0] * 52))
    assert len(part.data) < 60


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.H264_444, VideoCodec.AV1])
def test_a_film_takes_about_what_it_may_and_its_key_no_long_time_of_that(codec: VideoCodec) -> None:
    rate = VideoRate(kbit=60, buffer_bytes=1500)
    # A part of the screen, whose rows are not one after the other in memory.
    memory, box = PictureMemory(800, 500), Box(100, 10, 640, 480)
    encoder = VideoEncoder(1, codec, box, rate)
    sizes = []
    for number, picture in enumerate(film(640, 480, 60)):
        memory.put(box, picture.tobytes())
        sizes.append(sum(len(part.data) for part in encoder.parts(0, memory, number / 30)))
    byte_s = rate.kbit * 125
    assert sizes[0] < 0.3 * byte_s
    assert sum(sizes) < 1.5 * byte_s * len(sizes) / 30


@pytest.mark.parametrize("codec", VideoCodec)
def test_no_film_takes_its_turn_before_the_programs_of_the_customer(codec: VideoCodec) -> None:
    ours = os.sched_getscheduler(0)
    encoder = VideoEncoder(1, codec, Box(0, 0, 64, 64), VideoRate(kbit=500, buffer_bytes=50_000))
    assert list(encoder.parts(0, PictureMemory(64, 64), 0.0))
    tasks = {task.name: os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()}
    assert {*tasks.values()} == {ours}, tasks


def test_a_small_photo_has_tables_made_to_measure_and_the_same_pixels() -> None:
    box = Box(0, 0, 640, 16)
    pixels = memoryview(photo(box.width, box.height).tobytes())
    (part,) = Jpeg(80).rectangles(0, box, pixels)
    usual = BytesIO()
    Image.frombuffer("RGB", (box.width, box.height), pixels.tobytes(), "raw", "BGRX", 0, 1).save(
        usual, "JPEG", quality=80
    )
    assert Image.open(BytesIO(part.data)).tobytes() == Image.open(usual).tobytes()
    assert len(part.data) < 0.9 * len(usual.getvalue())
