"""Exact rectangles as pieces of one zstd stream (PROTOCOL.md, section 7.3): what was on the screen before costs next to nothing again."""

from collections.abc import Iterator

import zstandard

from client_agent.screen.encoders.bands import WIDTH_PX_MAX, cut_columns
from client_agent.screen.encoders.interface import DATA_BYTES_MAX, RAW_BYTES_MAX, Pixels
from client_agent.screen.source import Box
from protocol.limits import ZSTD_WINDOW_BYTES_MAX
from protocol.media_codec import write_stream_data
from protocol.media_parts import BYTES_PER_PIXEL, Codec, Rectangle, StreamData

# A screen of text is 187 KB and takes 4 to 12 ms at the first level, 107 KB and 25 ms at the other.
_LEVEL, _LEVEL_NARROW = 1, 7
_FLAGS_BYTES = 1


class ZstdStream:
    """Compresses each band as the next piece of the stream; a `BoxEncoder`.

    Whatever it made has to be sent, or the stream has to be begun anew.
    """

    def __init__(self) -> None:
        self._level = _LEVEL
        self.restart()

    def restart(self) -> None:
        """Begin the stream anew with the next piece."""
        window_log = ZSTD_WINDOW_BYTES_MAX.bit_length() - 1
        parameters = zstandard.ZstdCompressionParameters.from_level(self._level, window_log=window_log)
        self._stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self._begins = True

    def suit(self, *, is_narrow: bool) -> None:
        """Take time for small pieces where the path is narrow; the stream begins anew where that changes."""
        level = _LEVEL_NARROW if is_narrow else _LEVEL
        if level != self._level:
            self._level = level
            self.restart()

    def rectangles(
        self, screen: int, box: Box, pixels: Pixels, *, data_bytes: int = DATA_BYTES_MAX
    ) -> Iterator[Rectangle]:
        for x in range(0, box.width, WIDTH_PX_MAX):
            width = min(WIDTH_PX_MAX, box.width - x)
            column, row_bytes = cut_columns(pixels, box.width, x, width), width * BYTES_PER_PIXEL
            rows_max = max(1, RAW_BYTES_MAX // row_bytes)
            for y in range(0, box.height, rows_max):
                rows = min(rows_max, box.height - y)
                place = Box(box.x + x, box.y + y, width, rows)
                yield from self._piece(screen, place, column[y * row_bytes : (y + rows) * row_bytes], data_bytes)

    def _piece(self, screen: int, box: Box, pixels: memoryview, data_bytes: int) -> Iterator[Rectangle]:
        data = self._stream.compress(pixels) + self._stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        step = data_bytes - _FLAGS_BYTES
        for at in range(0, len(data), step):
            content = StreamData(self._begins, at + step < len(data), data[at : at + step])
            self._begins = False
            place = (box.x, box.y, box.width, box.height)
            yield Rectangle(screen, Codec.ZSTD_STREAM, *place, write_stream_data(content))
