"""A disk that is full while a session runs: the real two processes on a file system of their own that has no room left."""

import base64
import errno
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.envelope import Kind, wrap
from protocol.identity import text_hash
from protocol.relay_messages import (
    CandidateAccepted,
    CandidateArrived,
    EntryLogged,
    EntryNotStored,
    EntryStored,
    EntrySubmitted,
    PeerJoined,
    RoomClaimed,
    RoomOpened,
)
from protocol.session_log import AccessEnded, Answered, Asked, LogWriter, Opened
from protocol.vocabulary import Answer, Capability
from tests.organisations import short_folder
from tests.relay.desk.conftest import Browser, Relay, serving, sign_in
from tests.relay.test_front import HELLO, End, an_agent, an_end


@pytest.fixture
def on_a_small_disk() -> Iterator[Relay]:
    """A relay whose data lies on a file system of 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small file system of this test")
    with short_folder() as folder:
        organisation = folder / "org"
        organisation.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(organisation)]
        if subprocess.run(mount, check=False).returncode:
            pytest.skip("this machine does not let us mount a tmpfs")
        try:
            with serving(folder) as relay:
                yield relay
        finally:
            subprocess.run(["umount", str(organisation)], check=True)


async def submit(agent: End, number: int, text: str) -> object:
    """What the relay answers to an entry. That an earlier one is in the log of all sessions by now is told in between."""
    await agent.say(EntrySubmitted(number, text, b""))
    while isinstance(answer := await agent.hear(), EntryLogged):
        pass
    return answer


def fill(folder: Path) -> Path:
    """Leave not one byte."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            while _has_room(descriptor, size):
                pass
    finally:
        os.close(descriptor)
    return ballast


def _has_room(descriptor: int, size: int) -> bool:
    try:
        os.write(descriptor, bytes(size))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False
    return True


async def test_with_a_full_disk_nothing_new_is_granted_withdrawing_works_and_what_was_kept_back_is_stored_later(
    on_a_small_disk: Relay,
) -> None:
    relay = on_a_small_disk
    key = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
    port = int(relay.address.rpartition(":")[2])
    at = int(time.time()) * 1000
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        technician: Browser = await sign_in(relay, "camille", client)
        wanted = {"reason": "r", "asks": "control", "key": key}
        status, opened = await technician.post("/api/tickets/2041/sessions", wanted)
        assert status == 201, opened
        session, log = opened["session"], LogWriter()
        log.append(
            Opened(
                session, "2041", opened["subject"], "r", "Télé Test", text_hash(opened["document"]),
                text_hash(opened["certificate"]), "camille", "camille", bytes(32), bytes(32), "0.1.0", "Linux", "built-in",
            ),
            at,
        )  # fmt: skip
        log.append(Asked("camille", Capability.CONTROL, "r", "words", "en"), at)
        log.append(Answered(1, Answer.ALLOWED, [Capability.VIEW, Capability.CONTROL], at + 9_000, 1), at)
        log.append(AccessEnded("camille", Capability.CONTROL, "customer"), at)
        async with an_end(port) as viewer:
            await viewer.say(RoomClaimed(opened["token"]))
            assert isinstance(await viewer.hear(), RoomOpened)
            async with an_agent(port, opened["room"]) as agent:
                assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(1), HELLO]
                await viewer.say(CandidateAccepted(1))
                assert await agent.hear() == PeerJoined(0)
                assert await submit(agent, 0, log.texts[0]) == EntryStored(0)
                assert await submit(agent, 1, log.texts[1]) == EntryStored(1)

                ballast = fill(relay.folder / "org")
                assert await submit(agent, 2, log.texts[2]) == EntryNotStored(2)
                status, refused = await technician.post("/api/tickets/2038/sessions", wanted)
                assert (status, refused) == (507, {"error": "storage_full"})
                # Taking back waits for nothing: it passes, stored or not.
                await agent.say(wrap(Kind.CONTROL, b"taken back"))
                assert await viewer.hear() == wrap(Kind.CONTROL, b"taken back")
                assert await submit(agent, 3, log.texts[3]) == EntryNotStored(3)
                assert (await technician.get("/tickets/2041"))[0] == 200

                ballast.unlink()
                assert await submit(agent, 2, log.texts[2]) == EntryStored(2)
                assert await submit(agent, 3, log.texts[3]) == EntryStored(3)
        _, told = await technician.get(f"/api/sessions/{session}/log")
        assert all(text.replace('"', '\\"') in told for text in log.texts)
    assert "the disk is full" in (relay.folder / "log").read_text()
