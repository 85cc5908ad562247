"""Large sealed things that are written once and never changed: a recording's segments. The port, and a folder behind it.

What was put is on the disk, whole, or not there at all, at whatever moment the power fails.
"""

import asyncio
import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from relay.settings import Settings
from relay.storage.database import StorageFull
from relay.storage.files import sync_folder, write_new

BLOB_BYTES_MAX = 8 * 1024 * 1024
_PART = r"[a-z0-9][a-z0-9._-]{0,79}"
_NAME = re.compile(rf"\A{_PART}(/{_PART}){{0,7}}\Z")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_UNFINISHED = ".unfinished"
_ABANDONED_AFTER_S = 3600


class NoSuchBlob(Exception):
    """Nothing is kept under this name."""


class BlobDiffers(Exception):
    """Something else is kept under this name already."""


class Blobs(Protocol):
    """A store of bytes by name, such as `sessions/0f3a…/12`: parts of small letters, digits, dots, dashes, with slashes between."""

    async def put(self, name: str, data: bytes) -> None:
        """Keep `data`; durable once this returns. The same again changes nothing.

        Raises:
            BlobDiffers: other bytes have that name.
            StorageFull: there is no room, or nobody answers; nothing was kept.
        """

    async def get(self, name: str) -> bytes:
        """What was put. Raises NoSuchBlob."""

    async def size(self, name: str) -> int:
        """Its length in bytes. Raises NoSuchBlob."""

    async def delete(self, name: str) -> None:
        """Keep it no longer; nothing happens where there is none."""

    async def names(self, prefix: str = "") -> list[str]:
        """All names below a prefix that ends with a slash, or all there are; sorted."""

    async def tidy(self) -> None:
        """Remove what writers that were killed have left unfinished."""

    async def close(self) -> None:
        """Let go of connections."""


class FolderBlobs:
    """Files in a folder: written beside, synchronised, and linked into place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / _UNFINISHED

    async def put(self, name: str, data: bytes) -> None:
        await asyncio.to_thread(self._put, self._path(name), data)

    async def get(self, name: str) -> bytes:
        with _missing(name):
            return await asyncio.to_thread(self._path(name).read_bytes)

    async def size(self, name: str) -> int:
        with _missing(name):
            return (await asyncio.to_thread(self._path(name).stat)).st_size

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._delete, self._path(name))

    async def names(self, prefix: str = "") -> list[str]:
        return await asyncio.to_thread(lambda: sorted(self._names(prefix)))

    async def tidy(self) -> None:
        await asyncio.to_thread(self._tidy)

    async def close(self) -> None:
        """Nothing is open."""

    def _path(self, name: str) -> Path:
        return self._folder / check_name(name)

    def _put(self, path: Path, data: bytes) -> None:
        beside = self._unfinished / secrets.token_hex(16)
        try:
            for folder in (self._unfinished, path.parent):
                _make_folder(folder, self._folder)
            write_new(beside, data)
            # A link, unlike a renaming, never takes the place of what is there.
            os.link(beside, path)
            sync_folder(path.parent)
        except FileExistsError:
            if path.read_bytes() != data:
                raise BlobDiffers(path.name) from None
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull from error
            raise
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()

    def _delete(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
            sync_folder(path.parent)
            # Folders that are empty now go too; whoever writes makes them again.
            for folder in path.parents:
                if folder == self._folder or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _tidy(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for file in self._unfinished.iterdir():
                if time.time() - file.stat().st_mtime > _ABANDONED_AFTER_S:
                    file.unlink(missing_ok=True)

    def _names(self, prefix: str) -> Iterator[str]:
        start = self._folder / check_prefix(prefix)
        for folder, below, files in os.walk(start):
            below[:] = [each for each in below if each != _UNFINISHED]
            for file in files:
                yield (Path(folder) / file).relative_to(self._folder).as_posix()


def check_name(name: str) -> str:
    """The name itself, where it can be one. Raises ValueError: it would lead elsewhere, or is no name at all."""
    if not _NAME.match(name):
        raise ValueError("not the name of a blob")
    return name


def check_prefix(prefix: str) -> str:
    """The prefix without its slash, where it can be one; empty for everything. Raises ValueError."""
    if prefix and not prefix.endswith("/"):
        raise ValueError("not a prefix: it ends with a slash")
    return check_name(prefix[:-1]) if prefix else ""


def open_blobs(settings: Settings) -> Blobs:
    """The store that the settings name: a bucket, or a folder."""
    if not settings.recordings_url:
        return FolderBlobs(settings.recordings)
    from relay.storage.s3 import S3Blobs  # only where it is used: it is large

    return S3Blobs(settings.recordings_url)


@contextlib.contextmanager
def _missing(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise NoSuchBlob(name) from None


def _make_folder(folder: Path, top: Path) -> None:
    """Make a folder below `top`, so that it is still there after a power cut."""
    if folder.is_dir():
        return
    if folder != top:
        _make_folder(folder.parent, top)
    folder.mkdir(mode=0o700, exist_ok=True, parents=folder == top)
    sync_folder(folder.parent)
