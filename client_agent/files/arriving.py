"""A file that comes in: under a name of its own until all of it is there, and then under its real one, which nothing loses by it."""

import contextlib
import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from client_agent.files.names import numbered, safe_name
from client_agent.files.trouble import FileTrouble, of_writing
from protocol.vocabulary import FileOutcome

_NUMBERS_MAX = 10_000
# What a killed agent left is nobody's after this: no session lasts so long.
_LEFT_AFTER_S = 24 * 3600


class ArrivingFile:
    """Written in order. Whoever begins it ends it with `keep` or `discard`; a thread calls, one at a time.

    All but `discard` raise `FileTrouble`.
    """

    def __init__(self, folder: Path, name: str, size: int) -> None:
        """`name`: as it was called elsewhere; `size` in bytes."""
        self._folder, self._size = folder, size
        self.name = safe_name(name)
        """What it is called here; after `keep`, what it was kept as."""
        self._part = folder / f".mainforte-{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        self._hash, self._written = hashlib.sha256(), 0

    @property
    def hash(self) -> bytes:
        """SHA-256 of what is written so far."""
        return self._hash.digest()

    def begin(self) -> None:
        """Make the place for it, and clear away what an agent that was killed has left of another one."""
        self._clear_away()
        try:
            if shutil.disk_usage(self._folder).free < self._size:
                raise FileTrouble(FileOutcome.NO_ROOM)
            # Nobody else reads it, and nobody runs it.
            opened = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            self._file = os.fdopen(opened, "wb", buffering=0)
        except OSError as error:
            raise of_writing(error) from error

    def _clear_away(self) -> None:
        with contextlib.suppress(OSError):
            for left in self._folder.glob(".mainforte-*.part"):
                if time.time() - left.lstat().st_mtime > _LEFT_AFTER_S:
                    left.unlink()

    def write(self, offset: int, data: bytes) -> None:
        """The next bytes, which begin at `offset`."""
        if offset != self._written or offset + len(data) > self._size:
            raise FileTrouble(FileOutcome.ALTERED)
        assert self._file
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise of_writing(error) from error
        self._hash.update(data)
        self._written += len(data)

    def check(self, expected: bytes) -> None:
        """All of it is there, it is what left (SHA-256), and the disk has it."""
        if self._written != self._size or self.hash != expected:
            raise FileTrouble(FileOutcome.ALTERED)
        assert self._file
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise of_writing(error) from error

    def keep(self) -> Path:
        """Give it its name, or the first `name (2)` that is free; gives where it is."""
        for number in range(1, _NUMBERS_MAX):
            path = self._folder / (self.name if number == 1 else numbered(self.name, number))
            try:
                _rename(self._part, path)
            except FileExistsError:
                continue
            except OSError as error:
                raise of_writing(error) from error
            self.name = path.name
            return path
        raise FileTrouble(FileOutcome.NOT_WRITABLE)

    def discard(self) -> None:
        """Leave nothing of it, unless it was kept."""
        with contextlib.suppress(OSError):
            if self._file:
                self._file.close()
            self._part.unlink(missing_ok=True)


def _rename(part: Path, path: Path) -> None:
    """Rename, and never replace what is there.

    Raises:
        FileExistsError: there is something of that name.
    """
    if os.name == "nt":
        part.rename(path)
        return
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links, as on memory sticks: between the two there is nothing but a moment.
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        part.rename(path)
        return
    part.unlink()
