"""One organisation for all tests of pages: each opens tickets of its own, and none counts on being alone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.desk.conftest import Relay, serving


@pytest.fixture(scope="session")
def relay() -> Iterator[Relay]:
    # A short path: the name of a Unix socket has room for 107 bytes. In memory where there is such a folder: what survives a power
    # cut is not the question of these tests.
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mf", dir=folder) as name, serving(Path(name)) as relay:
        yield relay
