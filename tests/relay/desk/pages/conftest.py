"""One organisation for all tests of pages: each opens tickets of its own, and none counts on being alone."""

from collections.abc import Iterator

import pytest

from tests.organisations import free_port, short_folder
from tests.relay.desk.conftest import Relay, serving

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
    with short_folder() as folder, serving(folder, settings=SETTINGS) as relay:
        yield relay
