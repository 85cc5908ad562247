"""What the operator does with evidence: gone over, held, deleted, backed up and put back, on a real server with a real witness."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from protocol import signed_note
from protocol.log_of_sessions import LogRewound, parse_leaf, read_checkpoint
from tests.organisations import short_folder
from tests.relay.desk.conftest import ROOT_PASSPHRASE, Browser, Relay, command, serve, serving
from tests.relay.desk.played import played_session
from tests.relay.witness.programs import WitnessProgram, new_witness
from tests.waiting import eventually


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with (
        mock.patch.dict(os.environ, MAINFORTE_ROOT_PASSPHRASE=ROOT_PASSPHRASE),
        short_folder() as folder,
        serving(folder) as relay,
    ):
        yield relay


@pytest.fixture(scope="module")
def witness(relay: Relay) -> Iterator[WitnessProgram]:
    """Follows the relay's log."""
    program = new_witness(relay.folder)
    program.run("follow", command(relay.folder, "evidence", "key").stdout.strip())
    program.start()
    yield program
    program.kill()


def database_of(relay: Relay) -> Path:
    return relay.folder / "org" / "database.sqlite3"


def carried(relay: Relay) -> Path:
    return relay.folder / "org" / "log-of-sessions.checkpoint"


def size_of(file: Path) -> int:
    return read_checkpoint(signed_note.parse(file.read_text(encoding="utf-8"))).size if file.exists() else 0


async def stated(technician: Browser, ticket: int, words: str) -> None:
    async def is_there() -> bool:
        return words in (await technician.get(f"/tickets/{ticket}", **{"Accept-Language": "en"}))[1]

    await eventually(is_there, f"{words!r} on ticket {ticket}", deadline_s=60)


async def test_the_evidence_of_a_session_is_stated_on_its_ticket_gone_over_held_and_deleted(
    relay: Relay, technician: Browser
) -> None:
    folder = relay.folder
    session = await played_session(technician, 2041)
    await stated(technician, 2041, "Evidence complete: 4 entries, number 1 in the log of all sessions.")
    assert "Preuves complètes" in (await technician.get("/tickets/2041", **{"Accept-Language": "fr"}))[1]
    checked = command(folder, "evidence", "check")
    assert (checked.returncode, "Everything holds." in checked.stdout) == (0, True), checked

    unfinished = await played_session(technician, 2038, is_ended=False)
    assert (await technician.inside(f"/internal/sessions/{unfinished}/states", {"state": "closed"}))[0] == 204
    checked = command(folder, "evidence", "check")
    assert (checked.returncode, "the log has no end" in checked.stdout) == (2, True), checked

    assert command(folder, "evidence", "hold", session, "--reason", "A complaint").returncode == 0
    refused = command(folder, "evidence", "delete", session, "log", "--reason", "Asked for")
    assert (refused.returncode, "legal hold" in refused.stderr) == (1, True), refused
    assert command(folder, "evidence", "release", session, "--reason", "Settled").returncode == 0
    assert command(folder, "evidence", "release", session, "--reason", "Settled").returncode == 1
    deleted = command(folder, "evidence", "delete", session, "log", "--reason", "Asked for by the customer")
    assert (deleted.returncode, '"signature"' in deleted.stdout) == (0, True), deleted
    assert command(folder, "evidence", "delete", "0" * 32, "log", "--reason", "x").returncode == 1
    assert command(folder, "evidence", "check").returncode == 2


async def test_what_is_altered_on_the_disk_is_named_and_what_others_hold_is_compared(
    relay: Relay, technician: Browser, tmp_path: Path
) -> None:
    session = await played_session(technician, 2039)
    await stated(technician, 2039, "Evidence complete")
    shutil.copy(carried(relay), tmp_path / "mine.checkpoint")
    with sqlite3.connect(database_of(relay)) as connection:
        ((text,),) = connection.execute(
            "SELECT entry FROM log_entry JOIN session ON session.id = session_id WHERE session = ? AND number = 1",
            (session,),
        ).fetchall()
        forged = text.replace("demande à voir".encode(), "demande à vous".encode())
        connection.execute("UPDATE log_entry SET entry = ? WHERE entry = ?", (forged, text))
    connection.close()
    checked = command(relay.folder, "evidence", "check", "--checkpoint", str(tmp_path / "mine.checkpoint"))
    assert checked.returncode == 1, checked
    assert f"✗ session {session}: the log was altered" in checked.stdout
    with sqlite3.connect(database_of(relay)) as connection:
        connection.execute("UPDATE log_entry SET entry = ? WHERE entry = ?", (text, forged))
    connection.close()
    other = tmp_path / "other.checkpoint"
    other.write_text("nothing", encoding="utf-8")
    assert command(relay.folder, "evidence", "check", "--checkpoint", str(other)).returncode == 65
    assert command(relay.folder, "evidence", "check", "--checkpoint", str(tmp_path / "none")).returncode == 66


def leaves_of(relay: Relay) -> int:
    """How many the log of all sessions has, published or not."""
    with contextlib.closing(sqlite3.connect(database_of(relay))) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM log_leaf").fetchall()
    return int(count)


async def test_a_backup_that_rewinds_what_was_published_is_refused_or_the_log_says_so_for_ever(
    relay: Relay, witness: WitnessProgram, technician: Browser, tmp_path: Path
) -> None:
    folder, backup = relay.folder, tmp_path / "backup"
    relay.process.terminate()
    relay.process.wait(20)
    verifier = signed_note.verifier_text(witness.name, witness.key, signed_note.COSIGNATURE)
    with (folder / "org" / "mainforte.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'witnesses = ["{verifier}@{witness.entry.address}"]\nwitness_quorum = 1\n')
    signed = command(folder, "sign-document", "--root-key", str(folder / "root.pem"))
    assert signed.returncode == 0, signed.stderr
    with serve(folder):
        made = command(folder, "backup", str(backup))
        assert made.returncode == 0, made.stderr
        assert command(folder, "backup", str(backup)).returncode == 1
        leaves = leaves_of(relay)
        await played_session(technician, 2041)
        await eventually(lambda: size_of(carried(relay)) >= leaves + 2, "both leaves to be published", deadline_s=60)
        assert "The server runs" in command(folder, "restore", str(backup)).stderr
    shutil.copy(carried(relay), tmp_path / "seen.checkpoint")

    for _ in range(2):
        refused = command(folder, "restore", str(backup))
        assert (refused.returncode, "would rewind the log" in refused.stderr) == (1, True), refused
        carried(relay).unlink(missing_ok=True)  # the witness knows as well
    accepted = command(folder, "restore", str(backup), "--accept-loss")
    assert accepted.returncode == 0, accepted.stderr
    assert database_of(relay).with_name("database.sqlite3.before-restore").exists()
    with sqlite3.connect(database_of(relay)) as connection:
        ((text,),) = connection.execute("SELECT leaf FROM log_leaf ORDER BY position DESC LIMIT 1").fetchall()
    connection.close()
    leaf = parse_leaf(text)
    assert isinstance(leaf, LogRewound)
    assert leaf.size == size_of(tmp_path / "seen.checkpoint")
    checked = command(folder, "evidence", "check", "--checkpoint", str(tmp_path / "seen.checkpoint"))
    assert checked.returncode == 1, checked
    assert checked.stdout.count("another view of the log of all sessions") == 2, checked.stdout


async def test_a_database_that_was_put_back_by_hand_does_not_start(relay: Relay, tmp_path: Path) -> None:
    folder = relay.folder
    before = database_of(relay).with_name("database.sqlite3.before-restore")
    newest = signed_note.parse(carried(relay).read_text(encoding="utf-8"))
    shutil.copy(before, database_of(relay))
    with pytest.raises(AssertionError), serve(folder):
        pass
    assert "The log of sessions is not the one that was published" in (folder / "log").read_text(encoding="utf-8")
    assert read_checkpoint(newest).size > 0


@pytest.mark.parametrize("what", ["altered", "taken away", "added", "no manifest", "not a manifest"])
def test_a_backup_that_is_not_whole_is_not_restored(relay: Relay, tmp_path: Path, what: str) -> None:
    folder, backup = relay.folder, tmp_path / "backup"
    # Nobody else writes to the database, which is to stay as it is.
    relay.process.terminate()
    relay.process.wait(20)
    assert command(folder, "backup", str(backup)).returncode == 0
    file = backup / "log-key.pem"
    match what:
        case "altered":
            file.write_bytes(file.read_bytes() + b"\n")
        case "taken away":
            file.unlink()
        case "added":
            (backup / "recordings").mkdir(exist_ok=True)
            (backup / "recordings" / "more").write_bytes(b"")
        case "no manifest":
            (backup / "backup.json").unlink()
        case _:
            (backup / "backup.json").write_text("[]", encoding="utf-8")
    before = database_of(relay).read_bytes()
    refused = command(folder, "restore", str(backup))
    expected = {"no manifest": 66, "not a manifest": 65}.get(what, 1)
    assert refused.returncode == expected, refused
    assert database_of(relay).read_bytes() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"MAINFORTE_WITNESSES": "somebody@https://witness.example"},
        {"MAINFORTE_WITNESSES": "somebody"},
        {"MAINFORTE_WITNESS_QUORUM": "2"},
        {"MAINFORTE_WITNESS_QUORUM": "many"},
    ],
)
def test_a_document_with_a_witness_that_is_none_or_more_than_there_are_is_not_signed(
    relay: Relay, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    assert command(relay.folder, "sign-document", "--root-key", str(relay.folder / "root.pem")).returncode == 1
