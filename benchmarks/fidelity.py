"""How alike two pictures are: PSNR, SSIM, or exactly equal.

Pictures are uint8 arrays of shape (height, width, 4) or (height, width, 3), whose first three channels are compared.
"""

import math

import numpy
from numpy.typing import NDArray

Pixels = NDArray[numpy.uint8]
_SSIM_WINDOW_PX = 8
_SSIM_C1, _SSIM_C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
# ITU-R BT.709, for blue, green, red.
_LUMA = numpy.array([0.0722, 0.7152, 0.2126])


def psnr_db(seen: Pixels, expected: Pixels) -> float:
    """Peak signal-to-noise ratio over the three channels together, in dB; infinite where they are equal."""
    difference = seen[..., :3].astype(numpy.int16) - expected[..., :3]
    error = float(numpy.mean(numpy.square(difference, dtype=numpy.int32)))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ssim(seen: Pixels, expected: Pixels) -> float:
    """Structural similarity of the luma (Wang et al., 2004), 1 where equal: mean over windows of 8 x 8 pixels, four apart."""
    first, second = seen[..., :3] @ _LUMA, expected[..., :3] @ _LUMA
    mean_1, mean_2 = _window_means(first), _window_means(second)
    variance_1 = _window_means(first * first) - mean_1**2
    variance_2 = _window_means(second * second) - mean_2**2
    covariance = _window_means(first * second) - mean_1 * mean_2
    alike = (2 * mean_1 * mean_2 + _SSIM_C1) * (2 * covariance + _SSIM_C2)
    alike /= (mean_1**2 + mean_2**2 + _SSIM_C1) * (variance_1 + variance_2 + _SSIM_C2)
    return float(alike.mean())


def _window_means(plane: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """The mean of each window, by sums over all pixels above and left of a place."""
    sums = numpy.zeros((plane.shape[0] + 1, plane.shape[1] + 1))
    sums[1:, 1:] = plane.cumsum(0).cumsum(1)
    side = _SSIM_WINDOW_PX
    whole = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    means: NDArray[numpy.float64] = whole[::4, ::4] / side**2
    return means


def place_sum(picture: Pixels, cut_px: int) -> int:
    """A sum of 32 bits that says whether a canvas shows this picture (blue, green, red, unused); probe.js makes the same.

    The corner at the bottom right, `cut_px` wide and high, does not count.
    """
    height, width = picture.shape[:2]
    rgb = picture[..., :3].astype(numpy.uint64)
    values = rgb[..., 2] | rgb[..., 1] << 8 | rgb[..., 0] << 16
    places = numpy.arange(height * width, dtype=numpy.uint64).reshape(height, width)
    weights = (places * 0x9E3779B1 & 0xFFFFFFFF) | 1
    products = values * weights & 0xFFFFFFFF
    if cut_px:
        products[height - cut_px :, width - cut_px :] = 0
    return int(products.sum()) & 0xFFFFFFFF
