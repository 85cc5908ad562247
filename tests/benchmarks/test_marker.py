import numpy
import pytest

from benchmarks import marker
from benchmarks.marker import LARGE, LETTER, Place, Size


def test_every_number_has_a_mark_of_its_own() -> None:
    marks = {marker.blocks(number).tobytes() for number in range(marker.NUMBERS)}
    assert len(marks) == marker.NUMBERS


def test_no_mark_is_of_one_colour_as_an_empty_place_is() -> None:
    assert all(0 < marker.blocks(number).sum() < 16 for number in range(marker.NUMBERS))


def test_one_block_that_is_wrong_makes_no_other_mark() -> None:
    all_bits = {marker.bits_of(number) for number in range(marker.NUMBERS)}
    assert not any(bits ^ 1 << at in all_bits for bits in all_bits for at in range(16))


@pytest.mark.parametrize("size", [LETTER, LARGE])
@pytest.mark.parametrize("number", [0, 1, 0x5A5, marker.NUMBERS - 1])
def test_a_mark_is_read_where_it_was_painted_and_nowhere_else(number: int, size: Size) -> None:
    picture = numpy.full((90, 120, 4), 200, numpy.uint8)
    picture[20 : 20 + size.height_px, 30 : 30 + size.width_px] = marker.pixels(number, size)
    assert marker.read(picture, Place(30, 20, size)) == number
    assert marker.read(picture, Place(30, 20 + 2 * size.block_height_px, size)) != number
    assert marker.read(picture, Place(110, 80, size)) == -1


def test_a_mark_survives_what_a_lossy_codec_does_to_it() -> None:
    picture = numpy.full((64, 64, 4), 90, numpy.uint8)
    picture[16:48, 16:48] = marker.pixels(777, LARGE)
    noise = numpy.random.default_rng(1).normal(0, 18, picture.shape)
    assert marker.read((picture + noise).clip(0, 255).astype(numpy.uint8), Place(16, 16, LARGE)) == 777
