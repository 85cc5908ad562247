"""Parts on their way into records."""

from collections.abc import Iterator

from client_agent.screen.encoders.interface import RECORD_BYTES
from protocol.media_codec import write_part
from protocol.media_parts import Part


class Record:
    """Parts that are collected into records of at most `record_bytes`; a part that is larger has one of its own."""

    def __init__(self, record_bytes: int = RECORD_BYTES) -> None:
        self._record_bytes = record_bytes
        self._parts: list[bytes] = []
        self._bytes = 0
        self.total_bytes = 0

    @property
    def is_begun(self) -> bool:
        """Whether there was any part."""
        return self.total_bytes > 0

    def add(self, part: Part) -> Iterator[bytes]:
        """Add a part; gives the record before it where the two do not fit into one."""
        written = write_part(part)
        if self._parts and self._bytes + len(written) > self._record_bytes:
            yield self.take()
        self._parts.append(written)
        self._bytes += len(written)
        self.total_bytes += len(written)

    def take(self) -> bytes:
        """The record so far; the next one begins empty."""
        record = b"".join(self._parts)
        self._parts, self._bytes = [], 0
        return record
