"""The log of sessions is given another key, on a real server by its own commands: what was kept before and after still verifies."""

import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from unittest import mock

import aiohttp
import pytest

from protocol import signed_note
from protocol.identity import fingerprint_from_text
from protocol.log_of_sessions import Trust, trust_in, verify_checkpoint
from relay.evidence.check import document_of
from relay.evidence.verify import main
from tests.organisations import short_folder
from tests.relay.desk.conftest import ROOT_PASSPHRASE, Browser, Relay, command, serve, serving, sign_in
from tests.relay.desk.played import played_session
from tests.technician_viewer.web.test_audit_evidence import worth_of

COMPLETE, ALTERED = 0, 1


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    with (
        mock.patch.dict(os.environ, MAINFORTE_ROOT_PASSPHRASE=ROOT_PASSPHRASE),
        short_folder() as folder,
        serving(folder) as relay,
    ):
        yield relay


def with_root_key(relay: Relay, *words: str) -> str:
    """Have the root key brought back for a command; gives what it says, also where it cannot go on."""
    done = command(relay.folder, words[0], "--root-key", str(relay.folder / "root.pem"), *words[1:])
    return done.stdout + done.stderr


def document_in_use(relay: Relay) -> str:
    return (relay.folder / "org" / "organisation.signed.json").read_text(encoding="utf-8")


def trust_of(relay: Relay, document: str) -> Trust:
    return trust_in(document_of(document), fingerprint_from_text(relay.fingerprint))


async def pack_of(auditor: Browser, session: str, folder: Path) -> Path:
    """The evidence pack, as the auditor takes it away."""
    path = f"{auditor.relay.address}/api/evidence/sessions/{session}/pack"
    sent = {"X-CSRF-Token": auditor.csrf, "Origin": auditor.relay.address}
    async with auditor.client.post(path, json={"reason": "Check"}, headers=sent) as answer:
        assert answer.status == 200, await answer.text()
        (folder / f"{session}.zip").write_bytes(await answer.read())
    return folder / f"{session}.zip"


async def checkpoint_of(auditor: Browser, session: str) -> str:
    return str(json.loads((await auditor.get(f"/api/evidence/sessions/{session}/logged"))[1])["checkpoint"])


async def assert_all_hold(auditor: Browser, sessions: list[str], node: Path, folder: Path) -> None:
    """Every session's pack verifies by itself, and the auditors' page finds it complete."""
    cases = []
    for session in sessions:
        status, said = main(["--root", auditor.relay.fingerprint, str(await pack_of(auditor, session, folder))])
        assert status == COMPLETE, said
        _, told = await auditor.post(f"/api/evidence/sessions/{session}/watch", {"reason": "Check"})
        logged = json.loads((await auditor.get(f"/api/evidence/sessions/{session}/logged"))[1])
        given = {"name": session, "told": told, "logged": logged, "fingerprint": auditor.relay.fingerprint}
        cases.append(given | {"segments": {}})
    found = worth_of(node, cases)
    assert {session: (found[session]["altered"], found[session]["missing"]) for session in sessions} == dict.fromkeys(
        sessions, ("", [])
    )
    checked = command(auditor.relay.folder, "evidence", "check")
    assert checked.returncode == COMPLETE, checked.stdout


@asynccontextmanager
async def people(relay: Relay) -> AsyncIterator[tuple[Browser, Browser]]:
    """A technician and an auditor, with connections of their own: those to a server that was stopped are no more."""
    jars = [aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) for _ in range(2)]
    async with jars[0], jars[1]:
        yield await sign_in(relay, "camille", jars[0]), await sign_in(relay, "audrey", jars[1])


@pytest.mark.soak
async def test_sessions_from_before_and_after_each_change_of_the_key_verify(
    relay: Relay, node: Path, tmp_path: Path
) -> None:
    folder, first_document = relay.folder, document_in_use(relay)
    async with people(relay) as (technician, auditor):
        before = await played_session(technician, 2041)
        await assert_all_hold(auditor, [before], node, tmp_path)
        taken_before = shutil.copy(tmp_path / f"{before}.zip", tmp_path / "before.zip")
        checkpoint_before = tmp_path / "before.checkpoint"
        checkpoint_before.write_text(await checkpoint_of(auditor, before), encoding="utf-8")
    key_before = command(folder, "evidence", "key").stdout
    relay.process.terminate()
    relay.process.wait(20)

    assert "The log of sessions has a new key." in with_root_key(relay, "change-log-key")
    assert command(folder, "evidence", "key").stdout != key_before
    second_document = document_in_use(relay)
    with serve(folder):
        async with people(relay) as (technician, auditor):
            # What was published with the old key, and is the newest still, is now under both.
            assert verify_checkpoint(await checkpoint_of(auditor, before), trust_of(relay, second_document)).size > 0
            after = await played_session(technician, 2038)
            given_before = await played_session(technician, 2039, document=first_document)
            both = await checkpoint_of(auditor, given_before)
            for document in (first_document, second_document):
                assert verify_checkpoint(both, trust_of(relay, document)).size > 0, (
                    "each agent believes the key that it knows"
                )
            await assert_all_hold(auditor, [before, after, given_before], node, tmp_path)
        compared = command(folder, "evidence", "check", "--checkpoint", str(checkpoint_before))
        assert compared.returncode == COMPLETE, compared
        assert "the key of then still signs" in with_root_key(relay, "change-log-key")

    assert "is signed" in with_root_key(relay, "sign-document", "--retire-log-key")
    with serve(folder):
        async with people(relay) as (technician, auditor):
            retired = await played_session(technician, 2041)
            assert len(signed_note.parse(await checkpoint_of(auditor, retired)).signatures) == 1
            deleted = command(folder, "evidence", "delete", before, "recording", "--reason", "Asked for")
            assert deleted.returncode == 0, deleted
            await assert_all_hold(auditor, [before, after, given_before, retired], node, tmp_path)

    assert "counts no more" in with_root_key(relay, "change-log-key", "--stolen")
    with serve(folder):
        async with people(relay) as (technician, auditor):
            last = await played_session(technician, 2038)
            sessions = [before, after, given_before, retired, last]
            await assert_all_hold(auditor, sessions, node, tmp_path)
        compared = command(folder, "evidence", "check", "--checkpoint", str(checkpoint_before))
        assert compared.returncode == COMPLETE, compared
        backup = tmp_path / "backup"
        assert command(folder, "backup", str(backup)).returncode == 0

    assert main(["--root", relay.fingerprint, str(taken_before)])[0] == COMPLETE
    restored = command(folder, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    with serve(folder):
        async with people(relay) as (_, auditor):
            await assert_all_hold(auditor, sessions, node, tmp_path)


@pytest.mark.parametrize("words", [("change-log-key",), ("sign-document", "--retire-log-key")])
def test_nothing_changes_where_the_root_is_another_one(
    relay: Relay, tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command(tmp_path, "init", "--name", "Autre", "--origin", "https://a.example", "--folder", str(tmp_path / "org"),
                   "--root-key", str(tmp_path / "root.pem")).returncode == 0  # fmt: skip
    own = relay.folder / "org"
    kept = {file.name: file.read_bytes() for file in own.iterdir() if file.suffix in (".pem", ".json")}
    done = command(relay.folder, words[0], "--root-key", str(tmp_path / "root.pem"), *words[1:])
    assert (done.returncode, "another root" in done.stderr) == (1, True), done
    assert {file.name: file.read_bytes() for file in own.iterdir() if file.suffix in (".pem", ".json")} == kept
