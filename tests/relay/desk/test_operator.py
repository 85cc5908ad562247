"""The operator's commands: what `init` made, `doctor` understands and `serve` accepts, or refuses with the reason."""

import hashlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from protocol.identity import fingerprint_from_text, verify_document
from relay.storage.database import StorageFull, is_migrated, migrate, open_database
from relay.storage.tables import metadata
from tests.relay.desk.conftest import Browser, Relay, command, free_port
from tests.waiting import eventually


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An organisation whose root key was not carried away yet."""
    done = command(
        tmp_path, "init", "--name", "Télé Test", "--origin", "https://help.example.org",
        "--folder", str(tmp_path / "org"), "--port", str(free_port()),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path


def test_the_server_refuses_to_start_while_the_root_key_lies_beside_the_data(made: Path) -> None:
    refused = command(made, "serve")
    assert refused.returncode == 1
    assert "root key" in refused.stderr
    assert "✗ The root key lies beside the data" in command(made, "doctor").stdout


def test_the_doctor_is_content_once_the_root_key_is_carried_away(made: Path) -> None:
    (made / "org" / "root-key.pem").rename(made / "carried-away.pem")
    seen = command(made, "doctor")
    assert seen.returncode == 0, seen.stdout
    assert "✗" not in seen.stdout


def test_the_doctor_names_a_wrong_secret(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.relay.desk.conftest.SECRET", "another secret")
    seen = command(made, "doctor")
    assert seen.returncode == 1
    assert "the secret is not the one it was made with" in seen.stdout


def test_an_organisation_is_made_once_only(made: Path) -> None:
    again = command(made, "init", "--name", "x", "--origin", "https://a.example", "--folder", str(made / "org"))
    assert again.returncode == 1


def test_private_keys_are_encrypted_and_for_their_owner_only(made: Path) -> None:
    for key in (made / "org").glob("*.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")


def test_the_agent_package_carries_the_document_and_the_address(made: Path) -> None:
    assert command(made, "agent-package", "--output", str(made / "agent")).returncode == 0
    package = json.loads((made / "agent" / "client_agent" / "organisation.json").read_text(encoding="utf-8"))
    fingerprint = fingerprint_from_text(package["root_fingerprint"])
    with_time = json.loads(json.loads(package["document"])["body"])["valid_from"]
    assert verify_document(package["document"], fingerprint=fingerprint, now=with_time).name == "Télé Test"
    assert package["address"] == "https://help.example.org"
    assert command(made, "agent-package", "--output", str(made / "agent")).returncode == 1


def test_a_short_password_and_a_strange_name_are_refused(made: Path) -> None:
    assert command(made, "user", "add", "<script>", "--role", "technician").returncode == 1
    assert command(made, "user", "add", "marc", "--role", "emperor").returncode == 2


async def test_a_desk_that_dies_is_started_again(relay: Relay, stranger: Browser) -> None:
    desk = desk_pid(relay)
    assert desk > 1
    os.kill(desk, signal.SIGKILL)

    async def answers_anew() -> bool:
        return (await stranger.get("/health"))[0] == 200 and desk_pid(relay) != desk

    await eventually(answers_anew, "the desk to answer again")


def desk_pid(relay: Relay) -> int:
    found = subprocess.run(
        ["pgrep", "-f", "--", f"--socket {relay.folder}/tmp"], capture_output=True, text=True, check=False
    )
    return int(found.stdout.split()[0]) if found.stdout.split() else 0


def test_migrations_make_the_tables_that_the_program_uses(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite3"
    assert not is_migrated(path)
    migrate(path)
    migrate(path)
    assert is_migrated(path)
    with sqlite3.connect(path) as connection:
        for table in metadata.sorted_tables:
            columns = {row[1] for row in connection.execute(f'PRAGMA table_info("{table.name}")')}
            assert columns == {column.name for column in table.columns}
            if table.name not in ("organisation", "service"):
                assert {"organisation_id", "service_id"} <= columns


def test_the_second_form_knows_where_each_chain_of_the_first_one_ends(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite3"
    migrate(path, to="0001")
    with sqlite3.connect(path) as connection:
        for id_ in (1, 2):
            connection.execute(
                "INSERT INTO session (id, organisation_id, service_id, session, ticket_id, person_id, device_type, reason,"
                " asks, state, certificate, document, technician_key, created_at)"
                " VALUES (?, 1, 1, ?, 1, 1, 'computer', 'r', 'view', 'closed', 'c', 'd', x'00', '2026-01-01 00:00:00')",
                (id_, str(id_) * 32),
            )
        for number, entry in enumerate((b"first", b"second")):
            connection.execute(
                "INSERT INTO log_entry (organisation_id, service_id, session_id, number, entry, stored_at)"
                " VALUES (1, 1, 2, ?, ?, '2026-01-01 00:00:00')",
                (number, entry),
            )
    migrate(path)
    with sqlite3.connect(path) as connection:
        ends = connection.execute("SELECT entries, last_hash FROM session ORDER BY id").fetchall()
    assert ends == [(0, None), (2, hashlib.sha256(b"second").digest())]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for one small database."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small file system of this test")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a tmpfs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_is_told_nothing_half_is_kept_and_it_goes_on_when_there_is_room(small_disk: Path) -> None:
    path = small_disk / "database.sqlite3"
    migrate(path)
    database = open_database(path)
    insert = text("INSERT INTO organisation (name, root_fingerprint) VALUES (:name, :print)")
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(bytes(2 * 1024 * 1024))
    with pytest.raises(StorageFull):
        async with database.transaction() as connection:
            await connection.execute(insert, {"name": "x" * 100_000, "print": "a"})
    ballast.unlink()
    async with database.transaction() as connection:
        await connection.execute(insert, {"name": "y", "print": "b"})
        names = (await connection.execute(text("SELECT name FROM organisation"))).scalars().all()
    await database.close()
    assert names == ["y"]
