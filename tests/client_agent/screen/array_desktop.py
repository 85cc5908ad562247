"""A desktop of one screen in memory on which text, photos and films are painted, and a viewer that decodes all that is sent of it."""

import asyncio
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from client_agent.screen.source import Box, Moved, PointerImage, PointerState, Screen
from client_agent.screen.stream import PictureStream
from protocol.media_codec import read_parts
from protocol.media_parts import Copy, Part, PictureEnd, Rectangle, Screens, Video, VideoEnded
from technician_viewer.picture import CODECS, Pictures
from tests.client_agent.screen.memory_desktop import SHAPE

Pixels = npt.NDArray[np.uint8]
ALL_CODECS = frozenset(CODECS)


class ArrayDesktop:
    """A `ScreenSource` of which a test paints any pixels: arrays of shape (height, width, 4), blue first."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Pixels = np.zeros((height, width, 4), np.uint8)
        self._damage: list[Box] = []
        self._moves: list[Moved] = []

    def put(self, x: int, y: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        self.pixels[y : y + height, x : x + width] = pixels
        self._damage.append(Box(x, y, width, height))

    def move(self, box: Box, x: int, y: int, *, under: Pixels, is_told: bool = True) -> None:
        """Move a window; what was under it comes back."""
        window = self.pixels[box.y : box.bottom, box.x : box.right].copy()
        self.put(box.x, box.y, under[box.y : box.bottom, box.x : box.right])
        self.put(x, y, window)
        if is_told:
            self.moved(box, x, y)

    def moved(self, box: Box, x: int, y: int) -> None:
        """Say that a window was moved."""
        self._moves.append(Moved(box.x, box.y, Box(x, y, box.width, box.height)))

    def resize(self, width: int, height: int) -> None:
        self.pixels = np.zeros((height, width, 4), np.uint8)

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Nothing here tells of changes: tests look when they want."""

    def screens(self) -> tuple[Screen, ...]:
        return (Screen(0, 0, 0, self.pixels.shape[1], self.pixels.shape[0], "screen"),)

    def damage(self) -> list[Box]:
        damage, self._damage = self._damage, []
        return damage

    def moves(self) -> list[Moved]:
        moves, self._moves = self._moves, []
        return moves

    def grab(self, box: Box) -> bytes:
        return self.pixels[box.y : box.bottom, box.x : box.right].tobytes()

    def pointer(self) -> PointerState:
        return PointerState(0, 0, True, 1)

    def pointer_image(self) -> PointerImage:
        return SHAPE

    def close(self) -> None:
        pass


class Viewer:
    """Who decodes records as the technician's program does."""

    def __init__(self) -> None:
        self.pictures = Pictures()
        self.parts: list[Part] = []
        self.bytes = 0
        self.end = PictureEnd(0, False, 0)

    def show(self, records: Iterable[bytes]) -> None:
        """Apply records; `parts` are then those of these alone."""
        self.parts, self.bytes = [], 0
        for record in records:
            self.bytes += len(record)
            for part in read_parts(record):
                self.parts.append(part)
                self._apply(part)

    def _apply(self, part: Part) -> None:
        self.pictures.check_order(part)
        match part:
            case Screens():
                self.pictures.set_screens(part)
            case Rectangle():
                self.pictures.put(part)
            case Copy():
                self.pictures.copy(part)
            case Video():
                self.pictures.play(part)
            case VideoEnded(stream):
                self.pictures.end_video(stream)
            case PictureEnd():
                self.pictures.end_picture()
                self.end = part

    @property
    def pixels(self) -> Pixels:
        picture = self.pictures.of(0)
        return np.frombuffer(picture.bgrx, np.uint8).reshape(picture.height, picture.width, 4)

    def is_exact(self, desktop: ArrayDesktop) -> bool:
        """Whether every colour is that of the desktop."""
        return bool((self.pixels[:, :, :3] == desktop.pixels[:, :, :3]).all())

    def psnr(self, desktop: ArrayDesktop, box: Box) -> float:
        """How near the picture is to the desktop, in dB (ITU-T J.340); infinite where it is equal."""
        place = (slice(box.y, box.bottom), slice(box.x, box.right), slice(0, 3))
        errors = np.square(self.pixels[place].astype(np.float64) - desktop.pixels[place]).mean()
        return float(10 * np.log10(255**2 / errors)) if errors else float("inf")


class Watched:
    """A desktop, its stream and a viewer, on a clock that a test turns."""

    def __init__(self, width: int, height: int, *, codecs: frozenset[str] = ALL_CODECS) -> None:
        self.desktop = ArrayDesktop(width, height)
        self.stream = PictureStream(self.desktop, utc_ms=lambda: 1)
        self.stream.agree(codecs)
        self.viewer = Viewer()
        self.now = 100.0

    def step(self, seconds: float = 1 / 30, *others: Viewer) -> None:
        """Show what is due, to others too, and acknowledge it."""
        self.now += seconds
        records = list(self.stream.pump(self.now))
        for viewer in (self.viewer, *others):
            viewer.show(records)
        self.stream.shown(self.stream.newest_picture, self.now)

    def rest(self, *others: Viewer) -> int:
        """Let time pass until everything is exact; gives the bytes that it took."""
        spent = 0
        for _ in range(3000):
            due_s = self.stream.due_in_s(self.now)
            if due_s is None and self.viewer.end.is_exact:
                return spent
            self.step(0.01, *others)
            spent += self.viewer.bytes
        raise AssertionError("it never becomes exact")


def text(width: int, height: int, *, seed: int = 1) -> Pixels:
    """Lines of letters, as far as an encoder can tell: dark, sharp, with grey edges, on white."""
    random = np.random.default_rng(seed)
    glyphs = random.integers(0, 3, (40, 12, 7), np.uint8) * 127
    picture = np.full((height, width), 255, np.uint8)
    for y in range(3, height - 12, 18):
        for x in range(4, width - 7, 8):
            if random.random() < 0.8:
                picture[y : y + 12, x : x + 7] = glyphs[random.integers(0, 40)]
    return np.repeat(picture[:, :, None], 4, axis=2)


def photo(width: int, height: int, *, seed: int = 1) -> Pixels:
    """Soft shapes in all colours, with the grain of a camera."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(3):
        waves = sum(
            40 / n * np.sin(x * random.normal(0, 0.01 * n) + y * random.normal(0, 0.01 * n) + random.uniform(0, 6))
            for n in (1, 2, 3)
        )
        planes.append(128 + waves)
    grain = random.normal(0, 2, (height, width, 1))
    colours = np.clip(np.stack(planes, axis=2) + grain, 0, 255)
    return np.concatenate([colours, np.zeros((height, width, 1))], axis=2).astype(np.uint8)


def film(width: int, height: int, pictures: int, *, seed: int = 1) -> list[Pixels]:
    """A camera that pans over a photo."""
    scene = photo(width + 4 * pictures, height + 2 * pictures, seed=seed)
    return [scene[2 * n : 2 * n + height, 4 * n : 4 * n + width] for n in range(pictures)]
