"""What the customer's screens look like: frame buffers in plain memory, and the pointer (PROTOCOL.md, section 7)."""

from typing import TYPE_CHECKING

import numpy as np

from protocol.errors import RemoteProtocolError
from protocol.media_codec import read_stream_data
from protocol.media_parts import (
    BYTES_PER_PIXEL,
    CODEC_NAMES,
    COPY_NAME,
    Codec,
    Copy,
    Part,
    PictureEnd,
    PointerAt,
    PointerShape,
    Rectangle,
    Screens,
    ScreenShape,
    Video,
    VideoEnded,
)
from technician_viewer.decoding import RectangleDecoder, decompress
from technician_viewer.video import DECODABLE_NAMES, VideoStreams

if TYPE_CHECKING:
    from PIL.Image import Image

# Sixteen screens of 8K would be four times as much; memory is taken only where something was drawn.
PIXELS_MAX = 2**27

# What the handshake tells the agent that we decode.
CODECS = (*CODEC_NAMES.values(), COPY_NAME, *DECODABLE_NAMES)

Colour = tuple[int, int, int]


class Picture:
    """One screen in device pixels from its top left. Between two pictures it may be partly the next one already."""

    def __init__(self, shape: ScreenShape) -> None:
        self.shape = shape
        self.width, self.height = shape.width, shape.height
        self.bgrx = bytearray(self.width * self.height * BYTES_PER_PIXEL)
        """Rows from the top, 4 bytes a pixel: blue, green, red, unused. Black where nothing has come yet."""
        self._pixels = np.frombuffer(self.bgrx, np.uint32).reshape(self.height, self.width)

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

    def draw(self, x: int, y: int, width: int, height: int, pixels: bytes | bytearray) -> None:
        """Draw new pixels, rows from the top; the box has to lie on the screen."""
        new = np.frombuffer(pixels, np.uint32).reshape(height, width)
        self._pixels[y : y + height, x : x + width] = new

    def copy(self, part: Copy) -> None:
        """Draw what is in one box in another one too; both have to lie on the screen, and may overlap."""
        source = self._pixels[part.from_y : part.from_y + part.height, part.from_x : part.from_x + part.width]
        self._pixels[part.y : part.y + part.height, part.x : part.x + part.width] = source.copy()

    def holds(self, x: int, y: int, width: int, height: int) -> bool:
        """Whether this box lies on the screen."""
        return x + width <= self.width and y + height <= self.height


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
        self._rectangles = RectangleDecoder()
        self._videos = VideoStreams()
        self._unfinished: tuple[object, ...] | None = None

    def take(self, part: Part) -> None:
        """Draw what a part says; parts that draw nothing change nothing.

        Raises:
            RemoteProtocolError: it cannot be drawn, or stands where another one has to come.
            VideoBroken: see `play`.
        """
        self.check_order(part)
        match part:
            case Screens():
                self.set_screens(part)
            case Rectangle():
                self.put(part)
            case Copy():
                self.copy(part)
            case Video():
                self.play(part)
            case VideoEnded(stream):
                self.end_video(stream)
            case PointerAt():
                self.pointer = part
            case PointerShape():
                self.set_pointer_shape(part)
            case PictureEnd():
                self.end_picture()

    def check_order(self, part: Part) -> None:
        """To be called with every part before it is applied.

        Raises:
            RemoteProtocolError: it stands where the rest of another one has to come.
        """
        whole, has_more = _whole_of(part)
        if self._unfinished not in (None, whole) and not isinstance(part, Screens):
            raise RemoteProtocolError("another part where the rest of one has to come")
        self._unfinished = whole if has_more else None

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
        self._rectangles.restart()
        self._videos.restart()
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
        """Draw new pixels, once all of the rectangle has come.

        Raises:
            RemoteProtocolError: it is on no screen, or not what it declares.
        """
        picture = self._picture_of(rectangle)
        pixels = self._rectangles.decode(rectangle)
        if pixels is not None:
            picture.draw(rectangle.x, rectangle.y, rectangle.width, rectangle.height, pixels)
            self._touched.add(rectangle.screen)

    def copy(self, part: Copy) -> None:
        """Draw what is in one place in another one too.

        Raises:
            RemoteProtocolError: one of them is on no screen.
        """
        picture = self._picture_of(part)
        if not picture.holds(part.from_x, part.from_y, part.width, part.height):
            raise RemoteProtocolError("a copy from outside the screen")
        picture.copy(part)

    def play(self, part: Video) -> None:
        """Draw the next picture of a video stream, once all of it has come.

        Raises:
            RemoteProtocolError: it is on no screen, or see `VideoStreams.decode`.
            VideoBroken: it cannot be decoded; its box stays as it is.
        """
        picture = self._picture_of(part)
        pixels = self._videos.decode(part)
        if pixels is not None:
            picture.draw(part.x, part.y, part.width, part.height, pixels)

    def end_video(self, stream: int) -> None:
        """Nothing more comes of this video stream."""
        self._videos.end(stream)

    def _picture_of(self, part: Rectangle | Copy | Video) -> Picture:
        try:
            picture = self.of(part.screen)
        except KeyError:
            raise RemoteProtocolError(f"pixels for screen {part.screen}, which does not exist") from None
        if not picture.holds(part.x, part.y, part.width, part.height):
            raise RemoteProtocolError("pixels outside the screen")
        return picture

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


def _whole_of(part: Part) -> tuple[tuple[object, ...] | None, bool]:
    """What a fragment belongs to, and whether more of it follows; None for whatever never goes in fragments."""
    match part:
        case Rectangle(screen, Codec.ZSTD_STREAM, x, y, width, height, data):
            return ("piece", screen, x, y, width, height), read_stream_data(data).has_more
        case Video(stream, screen, x, y, width, height, codec, is_key, has_more):
            return ("video", stream, screen, x, y, width, height, codec, is_key), has_more
        case _:
            return None, False
