"""Pictures to paint: pages of text, a photo, the pictures of a film. The same number always gives the same picture."""

import hashlib
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.canvas import Pixels

_LINE_PX = 18
_SAID = "the quick brown fox jumps over the lazy dog 0123456789 Voilà un portrait de l’œuvre, à 12 € chacun; "
_GROUNDS = ((255, 255, 255), (30, 34, 40), (240, 244, 236), (12, 44, 74))


def _kept(make: Callable[..., Pixels]) -> Callable[..., Pixels]:
    """Make each picture once for all programs: it is kept beside other temporary files, for this very version of this file."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"mainforte-grounds-{version}"

    @wraps(make)
    def kept(*arguments: int, **options: Any) -> Pixels:
        called = f"{make.__name__} {arguments} {sorted(options.items())}"
        file = folder / f"{hashlib.sha256(called.encode()).hexdigest()[:24]}.npy"
        try:
            return numpy.array(numpy.load(file))
        except (OSError, ValueError):
            pixels = make(*arguments, **options)
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as half:
            numpy.save(half, pixels)
        Path(half.name).replace(file)
        return pixels

    return kept


@_kept
def text_page(number: int, width_px: int, height_px: int, *, ground: tuple[int, int, int] | None = None) -> Pixels:
    """A page of text, different from that of any other number; its ground goes through four colours."""
    ground = ground or _GROUNDS[number % len(_GROUNDS)]
    ink = (20, 20, 20) if sum(ground) > 384 else (220, 224, 230)
    page = Image.new("RGB", (width_px, height_px), ground)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype("DejaVuSansMono.ttf", 14)
    chance = numpy.random.default_rng(number)
    words = _SAID.split()
    for line, y in enumerate(range(8, height_px - _LINE_PX, _LINE_PX)):
        said = " ".join(chance.choice(words, 40))
        # Ends ragged, as paragraphs and listings do.
        draw.text((12, y), f"{number}.{line:03} {said}"[: int(chance.integers(90, 220))], font=font, fill=ink)
    return _bgrx(page)


@_kept
def window(width_px: int, height_px: int) -> Pixels:
    """A window with a title bar and text in it."""
    page = text_page(4, width_px, height_px)
    page[:28, :, :3] = (120, 84, 44)
    return page


@cache
def _landscape(width_px: int, height_px: int, seed: int) -> Image.Image:
    """Light and shade in all sizes (noise that falls with the frequency, as in photographs), and a few edges."""
    chance = numpy.random.default_rng(seed)
    rows = numpy.fft.fftfreq(height_px)[:, None] * height_px
    columns = numpy.fft.rfftfreq(width_px)[None, :] * width_px
    amplitude = 1 / numpy.maximum(1.0, numpy.hypot(rows, columns)) ** 1.5
    planes = []
    for _plane in range(3):
        phase = chance.uniform(0, 2 * numpy.pi, amplitude.shape)
        field = numpy.fft.irfft2(amplitude * numpy.exp(1j * phase), (height_px, width_px))
        planes.append(field / field.std())
    # The colours of a scene go together.
    light = planes[0]
    rgb = numpy.stack([light, light * 0.9 + planes[1] * 0.35, light * 0.7 + planes[2] * 0.5], -1) * 48 + (120, 128, 118)
    picture = Image.fromarray(rgb.clip(0, 255).astype(numpy.uint8), "RGB")
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = (int(chance.integers(0, side)) for side in (width_px, height_px))
        width, height = (int(each) for each in chance.integers(40, 260, 2))
        shade = tuple(int(each) for each in chance.integers(20, 236, 3))
        draw.ellipse((x, y, x + width, y + height), fill=shade)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


@_kept
def photo(number: int, width_px: int, height_px: int) -> Pixels:
    """Something like a photograph."""
    return _bgrx(_landscape(width_px, height_px, number))


@_kept
def film(number: int, width_px: int, height_px: int) -> Pixels:
    """Picture `number` of a film, 30 a second: the camera pans and comes closer, and two things move before it."""
    far = _landscape(width_px * 3 // 2, height_px * 3 // 2, 90)
    zoom = 1.42 - 0.004 * number
    width, height = width_px * zoom, height_px * zoom
    left = (far.width - width) * (0.15 + 0.008 * number)
    top = (far.height - height) * (0.5 + 0.004 * number)
    seen = far.resize((width_px, height_px), Image.Resampling.BICUBIC, (left, top, left + width, top + height))
    near = _landscape(240, 240, 91)
    round_mask = Image.new("L", (240, 240))
    ImageDraw.Draw(round_mask).ellipse((2, 2, 238, 238), fill=255)
    for at, speed in ((0.2, 9), (0.7, -6)):
        seen.paste(
            near, (int(width_px * at) + speed * number, height_px // 2 - 120 + (number * speed) // 5), round_mask
        )
    return _bgrx(seen)


def _bgrx(picture: Image.Image) -> Pixels:
    pixels: NDArray[numpy.uint8] = numpy.frombuffer(bytearray(picture.tobytes("raw", "BGRX")), numpy.uint8)
    return pixels.reshape(picture.height, picture.width, 4)
