"""Scenes painted on a desktop in memory: what the agent makes of them depends on a clock that we turn, and on nothing else."""

from benchmarks.canvas import Pixels
from client_agent.screen.source import Box
from tests.client_agent.screen.array_desktop import ArrayDesktop


class ArrayCanvas:
    """A `Canvas` of an `ArrayDesktop`."""

    def __init__(self, desktop: ArrayDesktop) -> None:
        self._desktop = desktop
        self.height_px, self.width_px = desktop.pixels.shape[:2]
        self._kept: dict[str, Pixels] = {}
        self._window: Box | None = None

    def keep(self, name: str, pixels: Pixels) -> None:
        self._kept[name] = pixels.copy()

    def stamp(self, name: str, x: int, y: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        self._kept[name][y : y + height, x : x + width] = pixels

    def show(self, name: str, from_x: int, from_y: int, width: int, height: int, x: int, y: int) -> None:
        self.put(x, y, self._kept[name][from_y : from_y + height, from_x : from_x + width])

    def put(self, x: int, y: int, pixels: Pixels) -> None:
        """Paint on the screen, while no window is open."""
        assert not self._window
        self._desktop.put(x, y, pixels)

    def open_window(self, name: str, x: int, y: int) -> None:
        pixels = self._kept[name]
        self._under = self._desktop.pixels.copy()
        self._window = Box(x, y, pixels.shape[1], pixels.shape[0])
        self._desktop.put(x, y, pixels)

    def stamp_window(self, x: int, y: int, pixels: Pixels) -> None:
        assert self._window
        self._desktop.put(self._window.x + x, self._window.y + y, pixels)

    def move_window(self, x: int, y: int) -> None:
        assert self._window
        self._desktop.move(self._window, x, y, under=self._under)
        self._window = Box(x, y, self._window.width, self._window.height)

    def forget(self) -> None:
        """Close the window, which stays to be seen, and keep no pictures."""
        self._kept.clear()
        self._window = None
