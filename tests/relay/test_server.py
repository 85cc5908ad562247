"""relay/server.py: a server that starts again keeps nobody waiting for longer than it must."""

import contextlib
import http.client
import socket
import subprocess
import sys
from pathlib import Path

import argon2
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from demo.organisation import Relay
from relay.desk import people
from relay.storage import database
from relay.storage.database import url_of
from tests.organisations import free_port, made_organisation
from tests.waiting import wait_until


@pytest.mark.parametrize("program", ["relay.__main__", "relay.front"])
def test_what_only_other_commands_need_is_not_imported_before_the_server_listens(program: str) -> None:
    needs_time = ("sqlalchemy", "alembic", "jinja2", "argon2", "relay.desk.people", "relay.demo_data")
    script = f"import sys, {program}; print([name for name in {needs_time} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_whoever_comes_before_the_desk_is_ready_waits_in_line_and_is_served(tmp_path: Path) -> None:
    relay = Relay(made_organisation(tmp_path), tmp_path / "relay.log")
    relay.begin()
    try:
        status = status_as_soon_as_the_port_is_open(int(relay.organisation.address.rpartition(":")[2]))
        relay.wait_until_ready()
    finally:
        relay.stop()
    assert status == 200


def test_a_folder_is_served_once_and_the_second_server_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relay = Relay(made_organisation(tmp_path), tmp_path / "relay.log")
    relay.start()
    try:
        monkeypatch.setenv("MAINFORTE_PORT", str(free_port()))
        second = Relay(relay.organisation, tmp_path / "second.log")
        with pytest.raises(RuntimeError, match=r"A server runs in .* already"):
            second.start()
        assert relay.process
        assert relay.process.poll() is None
    finally:
        relay.stop()


def test_a_server_in_whose_place_another_has_started_says_so_and_ends(tmp_path: Path) -> None:
    relay = Relay(made_organisation(tmp_path), tmp_path / "relay.log")
    relay.start()
    try:
        assert relay.process
        engine = create_engine(url_of(relay.organisation.folder / "database.sqlite3"))
        with engine.begin() as connection:
            assert connection.execute(text("UPDATE node SET run = 'of another'")).rowcount == 1
        engine.dispose()
        assert relay.process.wait(30) == 1
    finally:
        relay.stop()
    assert "goes on in the place of this one" in (tmp_path / "relay.log").read_text()


def status_as_soon_as_the_port_is_open(port: int) -> int:
    def is_open() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
            return True
        return False

    wait_until(is_open, "the port", deadline_s=30)
    client = http.client.HTTPConnection("localhost", port, timeout=30)
    client.request("GET", "/health")
    return client.getresponse().status


def test_the_newest_form_of_the_database_is_that_of_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(database._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == database.newest_form()


async def test_the_password_of_nobody_takes_as_long_to_check_as_anybodys_and_is_never_right() -> None:
    theirs = await people.hash_password("a password of many words")
    nobodys = people._nobodys_hash()
    assert argon2.extract_parameters(nobodys) == argon2.extract_parameters(theirs)
    assert nobodys != people._nobodys_hash()
    assert not await people.password_is_right(None, "a password of many words")
