"""Organisations for tests: made once by the operator's own commands, then copied, since making one takes seconds."""

import dataclasses
import functools
import shutil
import socket
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from demo import organisation as demo
from demo.organisation import Organisation, served

T = TypeVar("T")

_IN_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1 << 30
_folders = ExitStack()
"""What was made to be copied, until `forget`."""


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder that ends with the block. Its path is short: the name of a Unix socket has room for 107 bytes.

    In memory where there is room: what survives a power cut is not the question of most tests, and each commit waits for the disk.
    """
    has_room = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="mf", dir=_IN_MEMORY if has_room else None) as name:
        yield Path(name)


def free_port() -> int:
    """A TCP port of this machine that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Made(NamedTuple):
    folder: Path
    port: int
    told: Any


_made: defaultdict[object, list[_Made]] = defaultdict(list)


def copied(key: object, make: Callable[[Path, int], T], folder: Path) -> T:
    """Leave in `folder` what `make(folder, port)` makes, and give what it tells of it; `key` names what is made.

    The port stands in what the organisation's root has signed, so that a copy listens where the first one did. While another copy
    does, one more is made.
    """
    made = next((made for made in _made[key] if _is_free(made.port)), None)
    if made is None:
        first, port = _folders.enter_context(short_folder()), free_port()
        made = _Made(first, port, make(first, port))
        _made[key].append(made)
    shutil.copytree(made.folder, folder, dirs_exist_ok=True)
    told: T = made.told
    return told


def forget() -> None:
    """Remove what was made to be copied."""
    _made.clear()
    _folders.close()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: what is left of connections that are over is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def made_organisation(
    folder: Path, name: str = demo.NAME, full_name: str = demo.FULL_NAME, *, recording: str = "off"
) -> Organisation:
    """The demonstration's organisation in `folder`, on a port of its own; see `demo.organisation.made_organisation`."""
    make = functools.partial(demo.made_organisation, name=name, full_name=full_name, recording=recording)
    made = copied((name, full_name, recording), make, folder)
    return dataclasses.replace(made, folder=folder / "organisation")


@contextmanager
def running_organisation(*, recording: str = "off") -> Iterator[Organisation]:
    """Such an organisation, served until the end."""
    with short_folder() as folder:
        organisation = made_organisation(folder, recording=recording)
        with served(organisation, folder / "relay.log"):
            yield organisation
