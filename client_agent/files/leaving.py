"""A file that the customer chose, on its way out: read once, as large as was said."""

import hashlib
import os
import stat
from pathlib import Path
from typing import BinaryIO

from client_agent.files.names import safe_name
from client_agent.files.trouble import FileTrouble
from protocol.limits import FILE_BYTES_MAX
from protocol.vocabulary import FileOutcome


class LeavingFile:
    """Read in order; a thread calls, one at a time. All but `close` raise `FileTrouble`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._hash, self._read = hashlib.sha256(), 0
        self.name = safe_name(path.name)
        self.size = 0
        """In bytes, once it is open."""

    @property
    def hash(self) -> bytes:
        """SHA-256 of what was read so far."""
        return self._hash.digest()

    def open(self) -> None:
        """Find out how large it is; what is no plain file is not read at all."""
        try:
            # A pipe would let nobody through until somebody writes to it.
            opened = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
            self._file = os.fdopen(opened, "rb", buffering=0)
            found = os.fstat(opened)
        except (OSError, ValueError):
            raise FileTrouble(FileOutcome.UNREADABLE) from None
        if not stat.S_ISREG(found.st_mode):
            raise FileTrouble(FileOutcome.UNREADABLE)
        if found.st_size > FILE_BYTES_MAX:
            raise FileTrouble(FileOutcome.TOO_LARGE)
        self.size = found.st_size

    def read(self, count: int) -> bytes:
        """The next bytes, at most `count` and never none."""
        data = self._next(min(count, self.size - self._read))
        if not data:
            raise FileTrouble(FileOutcome.ALTERED)
        self._hash.update(data)
        self._read += len(data)
        return data

    def check_end(self) -> None:
        """There is no more of it than was said."""
        if self._next(1):
            raise FileTrouble(FileOutcome.ALTERED)

    def _next(self, count: int) -> bytes:
        assert self._file
        try:
            return self._file.read(count)
        except OSError:
            raise FileTrouble(FileOutcome.UNREADABLE) from None

    def close(self) -> None:
        if self._file:
            self._file.close()
