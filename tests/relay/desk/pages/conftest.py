"""One organisation for all tests of pages: each opens tickets of its own, and none counts on being alone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.desk.conftest import Relay, free_port, serving

SENT_TO, TAKEN_AT = free_port(), free_port()
"""Where the desk's mail goes, and where it takes what customers write."""
DESK_ADDRESS = "desk@tele.example"
SETTINGS = f'''
smtp = "smtp://127.0.0.1:{SENT_TO}"
mail_from = "{DESK_ADDRESS}"
mail_listen = "127.0.0.1:{TAKEN_AT}"
'''


@pytest.fixture(scope="session")
def relay() -> Iterator[Relay]:
    # A short path: the name of a Unix socket has room for 107 bytes. In memory where there is such a folder: what survives a power
    # cut is not the question of these tests.
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="mf", dir=folder) as name, serving(Path(name), settings=SETTINGS) as relay:
        yield relay
