"""What happens to work on the screen on a path of 20 Mbit/s and 20 ms, without a clock: films, photos, and what is refined meanwhile."""

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy

from benchmarks import grounds
from benchmarks.array_canvas import ArrayCanvas
from benchmarks.canvas import Pixels
from benchmarks.scenes import SCENES
from client_agent.screen.stream import PictureStream
from protocol.media_codec import read_parts
from protocol.media_parts import Codec, PictureEnd, Rectangle, Video
from tests.client_agent.screen.array_desktop import ALL_CODECS, ArrayDesktop
from tests.client_agent.screen.path_model import PathModel

WIDTH_PX, HEIGHT_PX = 1920, 1080
_RATE, _ROUND_TRIP_S = 2.5e6, 0.02
_TICK_S = 0.005
_REST_S_MAX = 20.0
_FILM_PICTURES = 45


@dataclass(frozen=True)
class Workload:
    """Something that paints, again and again."""

    title: str
    every_s: float
    steps: int
    begin: Callable[[ArrayCanvas], Callable[[int], None]]
    """Paint what is there before; gives what paints each step, from 1."""
    jitter: float = 0.0
    """How much the time between two steps varies at random, as a share of it."""


@dataclass
class Seen:
    """What came of it."""

    film_after: int | None = None
    """How many pictures had been painted as the first one went as video."""
    moving_bytes: int = 0
    """Until a last time was painted, plain ones."""
    vain_pictures: int = 0
    """After how many of the painted pictures something was made exact, before the next one."""
    vain_bytes: int = 0
    rest_bytes: int = 0
    exact_ms: float = 0.0
    """From the last paint until all of the screen was shown exactly."""


def played(work: Workload) -> Seen:
    """Play it to its end, and until it is exact."""
    desktop = ArrayDesktop(WIDTH_PX, HEIGHT_PX)
    step = work.begin(ArrayCanvas(desktop))
    watch, seen, chance = _Watch(desktop), Seen(), random.Random(3)
    watch.until_exact(watch.now)
    watch.bytes = 0
    painted, paint_at, painted_at, last_vain = 0, watch.now, 0.0, 0
    while painted < work.steps:
        if watch.now >= paint_at:
            painted += 1
            step(painted)
            painted_at = watch.now
            paint_at += work.every_s * (1 + work.jitter * chance.uniform(-1, 1))
        for part in watch.look():
            if isinstance(part, Video) and seen.film_after is None:
                seen.film_after = painted
            if isinstance(part, Rectangle) and part.codec is Codec.PLANES and painted < work.steps:
                seen.vain_bytes += len(part.data)
                seen.vain_pictures += painted != last_vain
                last_vain = painted
    seen.moving_bytes, watch.bytes = watch.bytes, 0
    seen.exact_ms = (watch.until_exact(painted_at) - painted_at) * 1000
    seen.rest_bytes = watch.bytes
    return seen


class _Watch:
    """The agent's pictures, a path that carries them, and a viewer that shows them at once."""

    def __init__(self, desktop: ArrayDesktop) -> None:
        self._stream = PictureStream(desktop, utc_ms=lambda: 1)
        self._stream.agree(ALL_CODECS)
        self._path = PathModel(_RATE, _ROUND_TRIP_S)
        self._under_way: deque[tuple[float, int]] = deque()
        self._exact_at: float | None = None
        self.now = 100.0
        self.bytes = 0

    def look(self) -> Iterator[object]:
        """Let a moment pass; gives the parts that left."""
        self.now += _TICK_S
        while self._under_way and self._under_way[0][0] <= self.now:
            self._stream.shown(self._under_way.popleft()[1], self.now)
        size, is_exact = 0, False
        for record in self._stream.pump(self.now):
            size += len(record)
            for part in read_parts(record):
                is_exact = isinstance(part, PictureEnd) and part.is_exact
                yield part
        if size:
            self.bytes += size
            known_at = self._path.carry(size, self.now)
            self._under_way.append((known_at, self._stream.newest_picture))
            self._exact_at = known_at - _ROUND_TRIP_S / 2 if is_exact else None

    def until_exact(self, since: float) -> float:
        """Go on until all that was painted is shown exactly; gives when it was."""
        while self.now < since + _REST_S_MAX:
            for _ in self.look():
                pass
            if self._exact_at is not None and self.now >= self._exact_at and not self._stream.is_held_back:
                return self._exact_at
        raise TimeoutError("it never becomes exact")


def _scene(name: str, steps: int, *, title: str = "", every_s: float = 0.0) -> Workload:
    """One of the benchmark's own."""
    kind = SCENES[name]

    def begin(canvas: ArrayCanvas) -> Callable[[int], None]:
        scene = kind(canvas.width_px, canvas.height_px)
        scene.prepare(canvas)
        return lambda number: scene.step(canvas, number)

    return Workload(title or kind.title, every_s or kind.every_ms / 1000, steps, begin, kind.jitter)


def _shown(
    title: str,
    every_s: float,
    steps: int,
    made: Callable[[int], Pixels],
    x: int = 320,
    y: int = 180,
    jitter: float = 0.0,
) -> Workload:
    """A page of text, and in one place of it one picture after the other."""

    def begin(canvas: ArrayCanvas) -> Callable[[int], None]:
        canvas.put(0, 0, grounds.text_page(0, canvas.width_px, canvas.height_px))
        return lambda number: canvas.put(x, y, made(number))

    return Workload(title, every_s, steps, begin, jitter)


def _terminal(number: int) -> Pixels:
    """A line more at the bottom."""
    return grounds.text_page(9, 1600, 2700)[18 * number : 18 * number + 900]


def _caret(number: int) -> Pixels:
    return numpy.full((17, 2, 4), 255 * (number % 2), numpy.uint8)


def _progress(number: int) -> Pixels:
    """Stripes that run through a bar."""
    y, x = numpy.mgrid[0:20, 0:400]
    stripes = ((x + y - 4 * number) // 16 % 2 * 60 + 120).astype(numpy.uint8)
    return numpy.repeat(stripes[:, :, None], 4, axis=2)


def _spinner(number: int) -> Pixels:
    """A ring of 160 pixels whose colours go round."""
    y, x = numpy.mgrid[-80:80, -80:80]
    turn = numpy.arctan2(y, x) + number / 5
    ring = (numpy.hypot(x, y) > 55) & (numpy.hypot(x, y) < 78)
    colours = numpy.stack([127 + 120 * numpy.sin(turn + phase) for phase in (0.0, 2.1, 4.2, 0.0)], axis=2)
    return numpy.where(ring[..., None], colours, 255).astype(numpy.uint8)


def _film(number: int) -> Pixels:
    """Forth and back, as the benchmark's film."""
    place = number % (2 * _FILM_PICTURES - 2)
    return grounds.film(place if place < _FILM_PICTURES else 2 * _FILM_PICTURES - 2 - place, 1280, 720)


def _photos(number: int) -> Pixels:
    return grounds.photo(20 + number % 6, 1280, 720)


def _loading(number: int) -> Pixels:
    """A photo that is there in coarse blocks first, and then whole."""
    photo = grounds.photo(20, 1280, 720)
    block = (16, 4, 1)[number - 1]
    return photo[::block, ::block].repeat(block, axis=0).repeat(block, axis=1)


def _fading(number: int) -> Pixels:
    """A photo that comes out of white in ten steps."""
    photo = grounds.photo(20, 1280, 720).astype(numpy.uint16)
    return ((photo * number + 255 * (10 - number)) // 10).astype(numpy.uint8)


def _thumbnails(count: int) -> Workload:
    """Small photos all over a page, all at once."""

    def begin(canvas: ArrayCanvas) -> Callable[[int], None]:
        canvas.put(0, 0, grounds.text_page(0, canvas.width_px, canvas.height_px))
        photo = grounds.photo(20, 1280, 720)

        def paint(number: int) -> None:
            for each in range(count):
                row, column = divmod(each, 12)
                canvas.put(20 + 158 * column, 20 + 140 * row, photo[64 * row : 64 * row + 96, 96 * column :][:, :128])

        return paint

    return Workload(f"{count} photos of 128 x 96 appear at once", 1.0, 1, begin)


THUMBNAILS: Sequence[Workload] = [_thumbnails(count) for count in (20, 40, 80)]
STILL: Sequence[Workload] = [
    _scene("typing", 24),
    _scene("scroll", 20),
    _scene("drag", 90),
    _shown("a terminal prints 30 lines a second", 1 / 30, 60, _terminal, 160, 90),
    _shown("a blinking caret", 0.53, 6, _caret),
    _shown("a progress bar with running stripes, 30/s", 1 / 30, 60, _progress),
    _shown("a spinner of 160 x 160, 30/s", 1 / 30, 60, _spinner),
]
"""In which nothing looks like a photo."""
PHOTOS: Sequence[Workload] = [
    _scene("drag-photo", 90),
    _shown("a photo that loads in three steps, 120 ms apart", 0.12, 3, _loading),
    _shown("a photo that fades in, ten steps in 330 ms", 1 / 30, 10, _fading),
    _shown("other photos, one a second", 1.0, 5, _photos),
    _shown("other photos, 2.5/s", 0.4, 8, _photos),
]
FILMS: Sequence[Workload] = [
    _scene("video", 90, title="720p film, 30/s"),
    _shown("the same, 10/s", 0.1, 30, _film),
    _shown("the same, about 8/s, irregularly", 0.125, 24, _film, jitter=0.6),
    _shown("the same, 5/s", 0.2, 15, _film),
    _shown("the same, 3/s", 1 / 3, 9, _film),
    _shown("the same, 2/s", 0.5, 8, _film),
]
