"""What scenes paint on: the screen of an X server (x11_canvas.py), or a picture in memory that tells what must be seen then."""

from typing import Protocol

import numpy
from numpy.typing import NDArray

# Shape (height, width, 4): blue, green, red, unused; rows from the top.
Pixels = NDArray[numpy.uint8]


class Canvas(Protocol):
    """A screen, pictures kept beside it, and one window above it."""

    width_px: int
    height_px: int

    def keep(self, name: str, pixels: Pixels) -> None:
        """Keep a picture, which is not seen."""

    def stamp(self, name: str, x: int, y: int, pixels: Pixels) -> None:
        """Paint on a kept picture."""

    def show(self, name: str, from_x: int, from_y: int, width: int, height: int, x: int, y: int) -> None:
        """Copy a part of a kept picture onto the screen."""

    def put(self, x: int, y: int, pixels: Pixels) -> None:
        """Paint on the screen."""

    def open_window(self, name: str, x: int, y: int) -> None:
        """Open the window, filled with a kept picture."""

    def stamp_window(self, x: int, y: int, pixels: Pixels) -> None:
        """Paint on the window, at a place inside it."""

    def move_window(self, x: int, y: int) -> None:
        """Move the window; what it covered is seen again."""

    def forget(self) -> None:
        """Close the window, and keep no pictures."""


class Picture:
    """A canvas in memory."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = width_px, height_px
        self._screen = numpy.zeros((height_px, width_px, 4), numpy.uint8)
        self._kept: dict[str, Pixels] = {}
        self._window: tuple[Pixels, int, int] | None = None

    def keep(self, name: str, pixels: Pixels) -> None:
        self._kept[name] = pixels.copy()

    def stamp(self, name: str, x: int, y: int, pixels: Pixels) -> None:
        _paste(self._kept[name], x, y, pixels)

    def show(self, name: str, from_x: int, from_y: int, width: int, height: int, x: int, y: int) -> None:
        _paste(self._screen, x, y, self._kept[name][from_y : from_y + height, from_x : from_x + width])

    def put(self, x: int, y: int, pixels: Pixels) -> None:
        _paste(self._screen, x, y, pixels)

    def open_window(self, name: str, x: int, y: int) -> None:
        self._window = self._kept[name].copy(), x, y

    def stamp_window(self, x: int, y: int, pixels: Pixels) -> None:
        assert self._window
        _paste(self._window[0], x, y, pixels)

    def move_window(self, x: int, y: int) -> None:
        assert self._window
        self._window = self._window[0], x, y

    def forget(self) -> None:
        self._window = None
        self._kept.clear()

    def seen(self) -> Pixels:
        """What is seen now."""
        seen = self._screen.copy()
        if self._window:
            pixels, x, y = self._window
            _paste(seen, x, y, pixels)
        return seen


def _paste(onto: Pixels, x: int, y: int, pixels: Pixels) -> None:
    onto[y : y + pixels.shape[0], x : x + pixels.shape[1], :3] = pixels[..., :3]
