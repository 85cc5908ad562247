"""A desktop in memory, and the canvas of somebody who looks at it through records."""

import asyncio
from collections.abc import Callable

import zstandard

from client_agent.screen.source import Box, Moved, OffScreen, PointerImage, PointerState, Screen
from protocol.limits import MEDIA_PLAIN_BYTES_TARGET
from protocol.media_codec import read_parts
from protocol.media_parts import BYTES_PER_PIXEL, PictureEnd, PointerAt, PointerShape, Rectangle, Screens

SHAPE = PointerImage(1, 2, 3, 3, bytes(range(36)))


class MemoryDesktop:
    """A `ScreenSource` whose pixels a test paints; each is one number, written in all of its bytes but the last."""

    def __init__(self, *screens: Screen) -> None:
        self._screens = screens
        self.pixels: dict[tuple[int, int], int] = {}
        self._damage: list[Box] = []
        self.state = PointerState(0, 0, True, 1)
        self.grabs = 0
        self.shrinks_at_grab: tuple[Screen, ...] = ()

    def paint(self, box: Box, colour: int) -> None:
        for x in range(box.x, box.right):
            for y in range(box.y, box.bottom):
                self.pixels[x, y] = colour
        self._damage.append(box)

    def resize(self, *screens: Screen) -> None:
        self._screens = screens

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Nothing here tells of changes: tests look when they want."""

    def screens(self) -> tuple[Screen, ...]:
        return self._screens

    def damage(self) -> list[Box]:
        damage, self._damage = self._damage, []
        return damage

    def moves(self) -> list[Moved]:
        return []

    def grab(self, box: Box) -> bytes:
        self.grabs += 1
        if self.shrinks_at_grab:
            self._screens, self.shrinks_at_grab = self.shrinks_at_grab, ()
            raise OffScreen("smaller now")
        return b"".join(self.pixel(x, y) for y in range(box.y, box.bottom) for x in range(box.x, box.right))

    def pixel(self, x: int, y: int) -> bytes:
        colour = self.pixels.get((x, y), 0)
        return bytes([colour, colour, colour, 0])

    def pointer(self) -> PointerState:
        return self.state

    def pointer_image(self) -> PointerImage:
        return SHAPE

    def close(self) -> None:
        pass


class Canvas:
    """What a viewer makes of plaintext records: it shows whole pictures only."""

    def __init__(self) -> None:
        self.screens: Screens | None = None
        self.pixels: dict[tuple[int, int, int], bytes] = {}
        self.pointers: list[PointerAt] = []
        self.shapes: list[PointerShape] = []
        self.ends: list[PictureEnd] = []

    def show(self, records: list[bytes]) -> None:
        for record in records:
            assert 0 < len(record) <= MEDIA_PLAIN_BYTES_TARGET
            for part in read_parts(record):
                match part:
                    case Screens():
                        self.screens = part
                        self.pixels.clear()
                    case Rectangle():
                        self._draw(part)
                    case PointerAt():
                        self.pointers.append(part)
                    case PointerShape():
                        self.shapes.append(part)
                    case PictureEnd():
                        self.ends.append(part)

    def _draw(self, part: Rectangle) -> None:
        assert self.screens is not None, "pixels before any screen"
        size = part.width * part.height * BYTES_PER_PIXEL
        raw = zstandard.ZstdDecompressor().decompress(part.data, max_output_size=size)
        assert len(raw) == size
        for at in range(0, size, BYTES_PER_PIXEL):
            row, column = divmod(at // BYTES_PER_PIXEL, part.width)
            self.pixels[part.screen, part.x + column, part.y + row] = raw[at : at + BYTES_PER_PIXEL]

    def sees(self, desktop: MemoryDesktop, screen: Screen) -> bool:
        """Whether this screen's pixels are exactly those of the desktop."""
        return all(
            self.pixels.get((screen.number, x, y)) == desktop.pixel(screen.x + x, screen.y + y)
            for x in range(screen.width)
            for y in range(screen.height)
        )
