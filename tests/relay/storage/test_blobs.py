"""relay/storage/blobs.py: what was put is there whole, or not at all."""

import asyncio
import http.client
import importlib.util
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.settings import Settings
from relay.storage.blobs import BlobDiffers, Blobs, FolderBlobs, NoSuchBlob, open_blobs
from relay.storage.database import StorageFull


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


# One request at a time: of many that ask for "only where nothing is", S3 lets one through; the double looks first and writes then.
_S3_DOUBLE = """
import logging
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
print(server.port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """A double of S3 on a port of this machine."""
    if importlib.util.find_spec("moto") is None:
        pytest.skip("missing: the Python package moto")
    with subprocess.Popen([sys.executable, "-c", _S3_DOUBLE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """Both stores: a test with this runs on each."""
    if request.param == "folder":
        return FolderBlobs(folder)
    address = request.getfixturevalue("s3_server")
    for name, value in (
        ("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "eu-west-3"), ("ENDPOINT_URL", address),
        ("ALLOW_HTTP", "true"),
    ):  # fmt: skip
        monkeypatch.setenv(f"AWS_{name}", value)
    bucket = secrets.token_hex(8)
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    connection.request("PUT", f"/{bucket}")
    assert connection.getresponse().status == 200
    return open_blobs(Settings(folder, ("http://localhost",), recordings_url=f"s3://{bucket}/recordings"))


async def test_what_was_put_is_found_listed_and_deleted(blobs: Blobs) -> None:
    await blobs.put("sessions/a/0", b"first")
    await blobs.put("sessions/a/1", b"")
    await blobs.put("sessions/b/0", b"other")
    assert await blobs.get("sessions/a/0") == b"first"
    assert (await blobs.size("sessions/a/0"), await blobs.size("sessions/a/1")) == (5, 0)
    assert await blobs.names("sessions/a/") == ["sessions/a/0", "sessions/a/1"]
    assert await blobs.names() == ["sessions/a/0", "sessions/a/1", "sessions/b/0"]
    for name in await blobs.names("sessions/a/"):
        await blobs.delete(name)
    await blobs.delete("sessions/a/0")
    assert await blobs.names() == ["sessions/b/0"]
    with pytest.raises(NoSuchBlob):
        await blobs.get("sessions/a/0")
    with pytest.raises(NoSuchBlob):
        await blobs.size("sessions/a")


async def test_the_same_again_changes_nothing_and_something_else_is_refused(blobs: Blobs) -> None:
    await blobs.put("a/0", b"first")
    await blobs.put("a/0", b"first")
    with pytest.raises(BlobDiffers):
        await blobs.put("a/0", b"other")
    assert await blobs.get("a/0") == b"first"


async def test_of_many_who_put_at_once_one_wins_and_the_others_hear_of_it(blobs: Blobs) -> None:
    done = await asyncio.gather(*(blobs.put("a/0", bytes([n])) for n in range(8)), return_exceptions=True)
    assert sum(each is None for each in done) == 1
    assert sum(isinstance(each, BlobDiffers) for each in done) == 7


@pytest.mark.parametrize(
    "name", ["", "../a", "a/../b", "/a", "a/", "a//b", ".a", "A", "a\0", "a\n", "é", "a/" * 9 + "a"]
)
async def test_a_name_that_leads_elsewhere_is_refused(blobs: Blobs, name: str) -> None:
    for attempt in (blobs.put(name, b""), blobs.get(name), blobs.delete(name), blobs.size(name)):
        with pytest.raises(ValueError, match="not the name"):
            await attempt


@pytest.mark.parametrize("blobs", ["folder"], indirect=True)
async def test_a_full_disk_keeps_nothing_and_says_so(
    blobs: Blobs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await blobs.put("a/0", b"kept")
    if not Path("/dev/full").exists():
        pytest.skip("missing: /dev/full")
    with monkeypatch.context() as patch:
        # The device that is always full stands in for the file that is written.
        opened = os.open
        patch.setattr("os.open", lambda _path, flags, *_mode: opened("/dev/full", flags & ~os.O_EXCL))
        with pytest.raises(StorageFull):
            await blobs.put("a/1", b"lost" * 10_000)
    assert await blobs.names() == ["a/0"]
    await blobs.put("a/1", b"there is room again")
    assert await blobs.get("a/1") == b"there is room again"


@pytest.mark.parametrize("blobs", ["folder"], indirect=True)
async def test_what_a_killed_writer_left_is_tidied_away_after_an_hour(blobs: Blobs, folder: Path) -> None:
    await blobs.put("a/0", b"kept")
    for name, age_s in (("old", 7200), ("new", 0)):
        left = folder / ".unfinished" / name
        left.write_bytes(b"half")
        os.utime(left, (left.stat().st_mtime - age_s,) * 2)
    await blobs.tidy()
    assert [each.name for each in (folder / ".unfinished").iterdir()] == ["new"]
    assert await blobs.names() == ["a/0"]


_PUTS_FOR_EVER = """
import asyncio, pathlib, sys
from relay.storage.blobs import FolderBlobs
async def main():
    blobs = FolderBlobs(pathlib.Path(sys.argv[1]))
    n = 0
    while True:
        await blobs.put(f"a/{n}", n.to_bytes(4) * 50_000)
        print(n, flush=True)
        n += 1
asyncio.run(main())
"""


@pytest.mark.parametrize("blobs", ["folder"], indirect=True)
async def test_whoever_is_killed_while_writing_leaves_only_whole_blobs(blobs: Blobs, folder: Path) -> None:
    for _ in range(5):
        there = len(await blobs.names())
        process = subprocess.Popen(
            [sys.executable, "-c", _PUTS_FOR_EVER, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        for _ in range(there + 3):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
        names = await blobs.names()
        assert len(names) > acknowledged
        for name in names:
            assert await blobs.get(name) == int(name.removeprefix("a/")).to_bytes(4) * 50_000


@pytest.mark.parametrize("blobs", ["s3"], indirect=True)
async def test_a_store_that_does_not_answer_keeps_nothing_and_says_so(
    blobs: Blobs, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await blobs.put("a/0", b"kept")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    away = open_blobs(Settings(folder, ("http://localhost",), recordings_url="s3://bucket"))
    with pytest.raises(StorageFull):
        await asyncio.wait_for(away.put("a/1", b"lost"), 60)
