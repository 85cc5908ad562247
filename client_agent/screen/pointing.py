"""The customer's pointer: where it is and how it looks, told only when that changes."""

from collections.abc import Iterator

import zstandard

from client_agent.screen.encoders.interface import DATA_BYTES_MAX
from client_agent.screen.encoders.zstd_frames import LEVEL
from client_agent.screen.source import PointerImage, PointerState, Screen, ScreenSource
from protocol.media_codec import write_part
from protocol.media_parts import Part, PointerAt, PointerShape


class Pointing:
    """What viewers know of the pointer. To be used by one thread at a time."""

    def __init__(self, source: ScreenSource) -> None:
        self._source = source
        self._zstd = zstandard.ZstdCompressor(level=LEVEL)
        self._state: PointerState | None = None
        self._at_part = self._shape_part = b""
        self.told_at = 0.0
        """When something was told last, in seconds of the stream's clock."""

    @property
    def known(self) -> bytes:
        """The parts from which somebody who knows nothing learns what all others know."""
        return self._shape_part + self._at_part

    def begin(self) -> None:
        """Viewers know nothing of the pointer."""
        self._state = None

    def news(self, screen: Screen, now: float) -> Iterator[Part]:
        """What is new about the pointer; outside the screen it is not visible."""
        state, known = self._source.pointer(), self._state
        if state == known:
            return
        if known is None or known.shape_serial != state.shape_serial:
            shape = self._shape(self._source.pointer_image())
            yield shape
            self._shape_part = write_part(shape)
        at = _at(state, screen)
        if known is None or write_part(at) != self._at_part:
            yield at
        self._state, self.told_at, self._at_part = state, now, write_part(at)

    def _shape(self, image: PointerImage) -> PointerShape:
        """One that compresses too badly for a record is sent at half its size."""
        data = self._zstd.compress(image.rgba)
        if len(data) > DATA_BYTES_MAX:
            return self._shape(_half(image))
        return PointerShape(image.hot_x, image.hot_y, image.width, image.height, data)


def _at(state: PointerState, screen: Screen) -> PointerAt:
    x, y = state.x - screen.x, state.y - screen.y
    is_here = 0 <= x < screen.width and 0 <= y < screen.height
    return PointerAt(screen.number, state.is_visible, x, y) if is_here else PointerAt(screen.number, False, 0, 0)


def _half(image: PointerImage) -> PointerImage:
    """Every second pixel of every second row."""
    pixels = memoryview(image.rgba).cast("I")
    rows = [pixels[y * image.width : (y + 1) * image.width][::2].tobytes() for y in range(0, image.height, 2)]
    return PointerImage(image.hot_x // 2, image.hot_y // 2, (image.width + 1) // 2, len(rows), b"".join(rows))
