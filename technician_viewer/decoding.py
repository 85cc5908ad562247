"""From the forms in which pixels travel to plain ones: blue, green, red, unused (PROTOCOL.md, sections 7.2 and 7.3).

What comes from the other end declares how much it holds; that is compared with its box before anything is allocated.
"""

from io import BytesIO
from typing import IO, cast

import numpy as np
import zstandard
from PIL import Image

from protocol.errors import RemoteProtocolError
from protocol.limits import RECTANGLE_PIXELS_MAX, ZSTD_WINDOW_BYTES_MAX
from protocol.media_codec import read_stream_data
from protocol.media_parts import BYTES_PER_PIXEL, Codec, Rectangle

_PLANES = 3


class RectangleDecoder:
    """Decodes the rectangles of one session, in the order in which they come."""

    def __init__(self) -> None:
        self._stream = _Stream()

    def restart(self) -> None:
        """New screens: the stream has not begun."""
        self._stream = _Stream()

    def decode(self, rectangle: Rectangle) -> bytes | bytearray | None:
        """The rectangle's pixels, rows from the top; None while more of it has to come.

        Raises:
            RemoteProtocolError: it is not what it declares.
        """
        pixels = rectangle.width * rectangle.height
        match rectangle.codec:
            case Codec.ZSTD:
                return decompress(rectangle.data, pixels * BYTES_PER_PIXEL)
            case Codec.ZSTD_STREAM:
                return self._stream.take(rectangle)
            case Codec.JPEG:
                return _of_jpeg(rectangle)
            case Codec.PLANES:
                return _of_planes(decompress(rectangle.data, pixels * _PLANES), rectangle)


class _Stream:
    """The one zstd stream to all; begins anew where a piece says so."""

    def __init__(self) -> None:
        self._unpacked = _Unpacked()
        self._writer: zstandard.ZstdDecompressionWriter | None = None
        self._has_more = False

    def take(self, rectangle: Rectangle) -> bytearray | None:
        piece = read_stream_data(rectangle.data)
        if not self._has_more:
            self._unpacked.begin(rectangle.width * rectangle.height * BYTES_PER_PIXEL)
        if piece.begins:
            decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX)
            writer = cast("IO[bytes]", self._unpacked)
            self._writer = decompressor.stream_writer(writer, write_size=_UNPACKED_BYTES_MAX)
        if self._writer is None:
            raise RemoteProtocolError("a piece of a stream that has not begun")
        try:
            self._writer.write(piece.data)
        except zstandard.ZstdError:
            raise RemoteProtocolError("a piece of the stream that cannot be unpacked") from None
        self._has_more = piece.has_more
        return None if piece.has_more else self._unpacked.end()


# More than a piece may hold, so that zstd hands over all it has at once, and what is too much is seen after one step.
_UNPACKED_BYTES_MAX = RECTANGLE_PIXELS_MAX * BYTES_PER_PIXEL + 2**17


class _Unpacked:
    """Where a piece is unpacked to: exactly as many bytes as its box needs."""

    def __init__(self) -> None:
        self._data, self._size = bytearray(), 0

    def begin(self, size: int) -> None:
        self._data, self._size = bytearray(), size

    def write(self, data: bytes) -> int:
        if len(self._data) + len(data) > self._size:
            raise RemoteProtocolError("a piece of the stream that holds more than its box")
        self._data += data
        return len(data)

    def end(self) -> bytearray:
        if len(self._data) != self._size:
            raise RemoteProtocolError(f"a piece of {len(self._data)} bytes where its box needs {self._size}")
        return self._data


def _of_jpeg(rectangle: Rectangle) -> bytes:
    try:
        # Reads the header alone.
        image = Image.open(BytesIO(rectangle.data), formats=["JPEG"])
        is_baseline = image.mode == "RGB" and "progressive" not in image.info
        if image.size != (rectangle.width, rectangle.height) or not is_baseline:
            raise RemoteProtocolError("a JPEG of another size than its box, or of another kind than agreed")
        return image.tobytes("raw", "BGRX")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise RemoteProtocolError("a JPEG that cannot be decoded") from None


def _of_planes(planes: bytes, rectangle: Rectangle) -> bytes:
    shape = (_PLANES, rectangle.height, rectangle.width)
    green, blue, red = np.cumsum(np.frombuffer(planes, np.uint8).reshape(shape), axis=2, dtype=np.uint8)
    unused = np.zeros_like(green)
    return np.stack([blue + green, green, red + green, unused], axis=2).tobytes()


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
