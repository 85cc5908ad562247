"""The recording's segments on their way to the store: collected as they pass, without a look inside (PROTOCOL.md, section 14)."""

import struct

from protocol.errors import RemoteProtocolError
from protocol.limits import SEGMENT_BYTES_MAX

_LENGTH = struct.Struct(">I")


class Arriving:
    """What an agent has sent of its recording and not completed; forgotten when it leaves, since it sends that again."""

    def __init__(self) -> None:
        self._live: int | None = None
        self._chunks: list[bytes] = []
        self._bytes = 0
        self._again: tuple[int, bytearray] | None = None

    def open(self, segment: int) -> None:
        """The media records that follow are those of this segment."""
        self._live, self._chunks, self._bytes = segment, [], 0

    def record(self, envelope: bytes) -> None:
        """A media record to all, or for the store, has come.

        Raises:
            RemoteProtocolError: the segment grows beyond what one may hold.
        """
        if self._live is None:
            return
        self._bytes += _LENGTH.size + len(envelope)
        if self._bytes > SEGMENT_BYTES_MAX:
            raise RemoteProtocolError(f"a segment of {self._bytes} bytes")
        self._chunks += (_LENGTH.pack(len(envelope)), envelope)

    def part(self, segment: int, offset: int, data: bytes) -> None:
        """More of a segment that is sent again, one at a time and from its beginning.

        Raises:
            RemoteProtocolError: something is left out, or it grows beyond what one may hold.
        """
        if offset == 0:
            self._again = (segment, bytearray())
        if self._again is None or self._again[0] != segment or offset != len(self._again[1]):
            raise RemoteProtocolError(f"a part at {offset} of segment {segment}, which does not continue it")
        if offset + len(data) > SEGMENT_BYTES_MAX:
            raise RemoteProtocolError(f"a segment of {offset + len(data)} bytes")
        self._again[1].extend(data)

    def complete(self, segment: int) -> list[bytes] | None:
        """All of it has come: its chunks, in order; None where it is not the one that was coming, or empty."""
        if self._again and self._again[0] == segment:
            _, data = self._again
            self._again = None
            return [bytes(data)] if data else None
        if self._live != segment:
            return None
        chunks, self._live, self._chunks = self._chunks, None, []
        return chunks or None
