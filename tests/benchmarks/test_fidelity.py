import math

import numpy
import pytest

from benchmarks import fidelity
from benchmarks.canvas import Pixels

GREY = numpy.full((32, 48, 4), 100, numpy.uint8)


def with_difference(by: int) -> Pixels:
    other = GREY.copy()
    other[..., :3] += numpy.uint8(by)
    return other


# 10 log10(255² / d²): a difference of 1 everywhere is 48.13 dB, one of 16 is 24.05 dB.
@pytest.mark.parametrize(("by", "expected_db"), [(1, 48.1308), (16, 24.0484), (0, math.inf)])
def test_psnr_of_a_known_difference(by: int, expected_db: float) -> None:
    assert fidelity.psnr_db(with_difference(by), GREY) == pytest.approx(expected_db, abs=1e-3)


def test_the_fourth_channel_means_nothing() -> None:
    other = GREY.copy()
    other[..., 3] = 7
    assert fidelity.psnr_db(other, GREY) == math.inf
    assert fidelity.place_sum(other, 0) == fidelity.place_sum(GREY, 0)


def test_ssim_is_1_for_equal_pictures_and_what_the_formula_gives_for_flat_ones() -> None:
    assert fidelity.ssim(GREY, GREY) == pytest.approx(1)
    # Of two flat pictures only the means count: (2 x y + C1) / (x² + y² + C1).
    c1 = (0.01 * 255) ** 2
    assert fidelity.ssim(with_difference(50), GREY) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_ssim_of_noise_is_far_below_that_of_a_shift_in_brightness() -> None:
    chance = numpy.random.default_rng(2)
    picture = chance.integers(40, 200, (64, 64, 4), dtype=numpy.uint8)
    brighter = picture + numpy.uint8(10)
    noise = chance.permutation(picture.reshape(-1, 4)).reshape(picture.shape)
    assert fidelity.ssim(brighter, picture) > 0.95 > 0.2 > fidelity.ssim(noise, picture)


def test_the_sum_of_a_picture_tells_of_one_pixel_and_of_two_that_changed_places_but_not_of_the_corner() -> None:
    whole = fidelity.place_sum(GREY, 8)
    one, corner = GREY.copy(), GREY.copy()
    one[3, 5, 1] += 1
    corner[-8:, -8:] = 0
    assert fidelity.place_sum(one, 8) != whole
    assert fidelity.place_sum(corner, 8) == whole
    swapped = one.copy()
    swapped[3, 5], swapped[9, 9] = one[9, 9], one[3, 5]
    assert fidelity.place_sum(swapped, 8) != fidelity.place_sum(one, 8)
