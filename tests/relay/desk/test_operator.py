"""The operator's commands: what `init` made, `doctor` understands and `serve` accepts, or refuses with the reason."""

import fcntl
import hashlib
import json
import os
import pty
import signal
import sqlite3
import stat
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from protocol.identity import fingerprint_from_text, verify_document
from relay.keys import KeyUnusable, load_key, read_document, renew_document, save_key
from relay.settings import read_settings
from relay.storage.database import StorageFull, is_migrated, migrate, open_database
from relay.storage.tables import metadata
from tests.organisations import free_port
from tests.relay.desk.conftest import Browser, Relay, command, environment
from tests.waiting import eventually

INIT = ("init", "--name", "Télé Test", "--origin", "https://help.example.org")


def init(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return command(folder, *INIT, "--folder", str(folder / "org"), *arguments)


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


def test_the_doctor_says_which_node_one_is(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "✓ This is the organisation's only node." in command(made, "doctor").stdout
    monkeypatch.setenv("MAINFORTE_NODE", "https://help.example.org")
    monkeypatch.setenv("MAINFORTE_DATABASE_URL", "postgresql://desk@127.0.0.1:9/nowhere")
    assert "✗ This is the node https://help.example.org, and origins names no other." in command(made, "doctor").stdout
    monkeypatch.setenv("MAINFORTE_ORIGINS", "https://help.example.org,https://aide.example.org")
    seen = command(made, "doctor").stdout
    assert "✓ This is the node https://help.example.org; sessions also go on at https://aide.example.org." in seen


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
    assert command(made, "user", "add", "marc", "--role", "emperor").returncode == 64


PHRASE = "five words that nobody guesses"


def test_the_root_passphrase_can_be_given_and_is_then_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINFORTE_ROOT_PASSPHRASE", PHRASE)
    done = init(tmp_path)
    assert done.returncode == 0, done.stderr
    assert PHRASE not in done.stdout + done.stderr
    assert "passphrase:" not in done.stdout
    load_key(tmp_path / "org" / "root-key.pem", PHRASE)


@pytest.mark.parametrize(("content", "code"), [("short\n", 1), ("\n", 66), (None, 66)])
def test_a_passphrase_file_that_is_of_no_use_makes_nothing(tmp_path: Path, content: str | None, code: int) -> None:
    file = tmp_path / "phrase"
    if content is not None:
        file.write_text(content)
    assert init(tmp_path, "--passphrase-file", str(file)).returncode == code
    assert not (tmp_path / "org").exists()


@pytest.mark.parametrize("again", [PHRASE, "something else"])
def test_on_a_terminal_the_passphrase_is_typed_twice_and_not_shown(tmp_path: Path, again: str) -> None:
    terminal, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "relay", *INIT, "--folder", str(tmp_path / "org")]
    process = subprocess.Popen(
        arguments,
        env=environment(tmp_path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    shown = _until(terminal, b"characters): ")
    os.write(terminal, f"{PHRASE}\n".encode())
    shown += _until(terminal, b"again: ")
    os.write(terminal, f"{again}\n".encode())
    shown += _until(terminal, None)
    os.close(terminal)
    assert PHRASE.encode() not in shown
    if again == PHRASE:
        assert process.wait() == 0, shown
        load_key(tmp_path / "org" / "root-key.pem", PHRASE)
    else:
        assert process.wait() == 1
        assert b"differ" in shown
        assert not (tmp_path / "org").exists()


def _until(terminal: int, end: bytes | None) -> bytes:
    """What the terminal shows up to `end`, or until the program is gone."""
    shown = b""
    while end is None or end not in shown:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            part = b""
        if not part:
            break
        shown += part
    assert end is None or end in shown, shown
    return shown


def test_the_root_key_brought_back_signs_the_next_document_and_no_lower_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINFORTE_ROOT_PASSPHRASE", PHRASE)
    assert init(tmp_path).returncode == 0
    org, key = tmp_path / "org", tmp_path / "stick.pem"
    (org / "root-key.pem").rename(key)
    settings = read_settings(org / "mainforte.toml", {})
    first, _, fingerprint = read_document(settings, now=int(time.time()))

    signed = command(tmp_path, "sign-document", "--root-key", str(key), "--valid-days", "30")
    assert signed.returncode == 0, signed.stderr
    text, document, same = read_document(settings, now=int(time.time()))
    assert (document.number, document.valid_until - document.valid_from, same) == (2, 30 * 24 * 3600, fingerprint)
    assert first != text
    assert stat.S_IMODE(settings.organisation_document.stat().st_mode) == 0o600

    for number in ("2", "1", "-5"):
        refused = command(tmp_path, "sign-document", "--root-key", str(key), f"--number={number}")
        assert (refused.returncode, "expected a higher number" in refused.stderr) == (1, True), refused
    assert command(tmp_path, "sign-document", "--root-key", str(key), "--valid-days", "91").returncode == 64
    assert "another root" in command(tmp_path, "sign-document", "--root-key", str(other_key(tmp_path))).stderr
    monkeypatch.setenv("MAINFORTE_ROOT_PASSPHRASE", "not the passphrase")
    assert "does not open" in command(tmp_path, "sign-document", "--root-key", str(key)).stderr
    monkeypatch.delenv("MAINFORTE_ROOT_PASSPHRASE")
    assert command(tmp_path, "sign-document", "--root-key", str(key)).returncode == 64
    assert read_document(settings, now=int(time.time()))[0] == text


def test_a_document_that_has_run_out_is_renewed_and_the_doctor_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINFORTE_ROOT_PASSPHRASE", PHRASE)
    assert init(tmp_path).returncode == 0
    settings = read_settings(tmp_path / "org" / "mainforte.toml", {})
    root = load_key(settings.root_key, PHRASE)
    settings.root_key.unlink()
    long_ago = int(time.time()) - 100 * 24 * 3600
    renew_document(settings, root, auditors=[], valid_s=24 * 3600, number=None, now=long_ago)
    with pytest.raises(KeyUnusable):
        read_document(settings, now=int(time.time()))
    renew_document(settings, root, auditors=[], valid_s=5 * 24 * 3600, number=None, now=int(time.time()))
    assert read_document(settings, now=int(time.time()))[1].number == 3
    seen = command(tmp_path, "doctor").stdout
    assert "mainforte-relay sign-document" in seen


def other_key(folder: Path) -> Path:
    """A root key of nobody we know, under the same passphrase."""
    path = folder / "other.pem"
    save_key(path, Ed25519PrivateKey.generate(), PHRASE)
    return path


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


def test_the_sixteenth_form_knows_each_document_under_which_there_was_a_session(tmp_path: Path) -> None:
    path = tmp_path / "database.sqlite3"
    migrate(path, to="0015")
    documents = [json.dumps({"body": json.dumps({"number": number})}) for number in (1, 2, 2)] + ["no document"]
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO organisation (id, name, root_fingerprint) VALUES (1, 'n', 'f')")
        connection.execute("INSERT INTO service (id, organisation_id, name) VALUES (1, 1, 'n')")
        for id_, document in enumerate(documents):
            connection.execute(
                "INSERT INTO session (id, organisation_id, service_id, session, ticket_id, person_id, device_type, reason,"
                " asks, state, certificate, document, technician_key, created_at)"
                " VALUES (?, 1, 1, ?, 1, 1, 'computer', 'r', 'view', 'closed', 'c', ?, x'00', '2026-01-01 00:00:00')",
                (id_, str(id_) * 32, document),
            )
    migrate(path)
    with sqlite3.connect(path) as connection:
        kept = connection.execute("SELECT number, text, hash FROM organisation_document ORDER BY number").fetchall()
    assert kept == [(n, documents[n - 1], hashlib.sha256(documents[n - 1].encode()).digest()) for n in (1, 2)]


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


def test_a_fingerprint_that_begins_with_a_dash_is_taken_for_one(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text("{}", encoding="utf-8")
    done = command(tmp_path, "check-log", str(log), "--root", f"-{'A' * 42}")
    assert (done.returncode, "not a session log" in done.stderr) == (65, True), done.stderr
