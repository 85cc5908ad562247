"""What the customer's screens look like: frame buffers in plain memory, and the pointer (PROTOCOL.md, section 7)."""

from typing import TYPE_CHECKING

import zstandard

from protocol.errors import RemoteProtocolError
from protocol.media_parts import BYTES_PER_PIXEL, PointerAt, PointerShape, Rectangle, Screens, ScreenShape

if TYPE_CHECKING:
    from PIL.Image import Image

# Sixteen screens of 8K would be four times as much; memory is taken only where something was drawn.
PIXELS_MAX = 2**27

Colour = tuple[int, int, int]


class Picture:
    """One screen in device pixels from its top left. Between two pictures it may be partly the next one already."""

    def __init__(self, shape: ScreenShape) -> None:
        self.shape = shape
        self.width, self.height = shape.width, shape.height
        self.bgrx = bytearray(self.width * self.height * BYTES_PER_PIXEL)
        """Rows from the top, 4 bytes a pixel: blue, green, red, unused. Black where nothing has come yet."""

    def colour_at(self, x: int, y: int) -> Colour:
        """Red, green and blue of one pixel.

        Raises:
            IndexError: it is outside the screen.
        """
        if not (0 <= x < self.width and 0 <= y < self.height):
            raise IndexError(f"pixel {x}, {y} of a screen of {self.width} x {self.height}")
        at = (y * self.width + x) * BYTES_PER_PIXEL
        blue, green, red = self.bgrx[at : at + 3]
        return red, green, blue

    def image(self) -> "Image":
        """A copy for Pillow, in mode RGB."""
        from PIL import Image

        return Image.frombytes("RGB", (self.width, self.height), bytes(self.bgrx), "raw", "BGRX")

    def put(self, rectangle: Rectangle) -> None:
        """Draw new pixels.

        Raises:
            RemoteProtocolError: the box is outside the screen, or its data is not what it declares.
        """
        x, y, width, height = rectangle.x, rectangle.y, rectangle.width, rectangle.height
        if x + width > self.width or y + height > self.height:
            raise RemoteProtocolError("a rectangle outside the screen")
        pixels = memoryview(decompress(rectangle.data, width * height * BYTES_PER_PIXEL))
        row, stride = width * BYTES_PER_PIXEL, self.width * BYTES_PER_PIXEL
        to = y * stride + x * BYTES_PER_PIXEL
        if row == stride:
            self.bgrx[to : to + len(pixels)] = pixels
            return
        for start in range(0, len(pixels), row):
            self.bgrx[to : to + row] = pixels[start : start + row]
            to += stride


class Pictures:
    """All screens there are, which of them is shown, and the customer's pointer."""

    def __init__(self) -> None:
        self.screens: tuple[ScreenShape, ...] = ()
        self.pointer: PointerAt | None = None
        self.pointer_shape: PointerShape | None = None
        self.complete: frozenset[int] = frozenset()
        """The screens of which a whole picture has come since they are as they are."""
        self._drawn: dict[int, Picture] = {}
        self._touched: set[int] = set()

    def set_screens(self, message: Screens) -> None:
        """Take the screens there are now; every picture begins anew.

        Raises:
            RemoteProtocolError: two have one number, or they are larger than can be held.
        """
        shapes = message.screens
        if len({shape.number for shape in shapes}) != len(shapes):
            raise RemoteProtocolError("two screens with one number")
        if sum(shape.width * shape.height for shape in shapes) > PIXELS_MAX:
            raise RemoteProtocolError("screens that are too large to be held")
        self.screens = tuple(shapes)
        self._drawn.clear()
        self._touched.clear()
        self.complete = frozenset()

    def of(self, screen: int) -> Picture:
        """The picture of one screen.

        Raises:
            KeyError: there is no such screen.
        """
        if screen not in self._drawn:
            shape = next((shape for shape in self.screens if shape.number == screen), None)
            if shape is None:
                raise KeyError(f"screen {screen}")
            self._drawn[screen] = Picture(shape)
        return self._drawn[screen]

    def put(self, rectangle: Rectangle) -> None:
        """Draw new pixels.

        Raises:
            RemoteProtocolError: on a screen that does not exist, or see `Picture.put`.
        """
        try:
            picture = self.of(rectangle.screen)
        except KeyError:
            raise RemoteProtocolError(f"a rectangle for screen {rectangle.screen}, which does not exist") from None
        picture.put(rectangle)
        self._touched.add(rectangle.screen)

    def end_picture(self) -> None:
        """What has been drawn until now is a whole picture."""
        self.complete |= self._touched
        self._touched.clear()

    def set_pointer_shape(self, shape: PointerShape) -> None:
        """Take the pointer's look; `pointer_shape.data` is then plain RGBA.

        Raises:
            RemoteProtocolError: the data is not what the shape declares.
        """
        rgba = decompress(shape.data, shape.width * shape.height * BYTES_PER_PIXEL)
        self.pointer_shape = PointerShape(shape.hot_x, shape.hot_y, shape.width, shape.height, rgba)


def decompress(data: bytes, size: int) -> bytes:
    """Unpack one zstd frame that must hold exactly `size` bytes; what it declares is compared before anything is allocated.

    Raises:
        RemoteProtocolError: another size, none declared, something after the frame, or not a frame at all.
    """
    try:
        if zstandard.frame_content_size(data) != size:
            raise RemoteProtocolError("a rectangle that declares another size than its box")
        plain = zstandard.ZstdDecompressor().decompress(data, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError:
        raise RemoteProtocolError("a rectangle that cannot be unpacked") from None
    if len(plain) != size:
        raise RemoteProtocolError("a rectangle that holds another size than its box")
    return plain
