"""relay/storage/blobs.py: what was put is there whole, or not at all."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relay.storage.blobs import BlobDiffers, Blobs, FolderBlobs, NoSuchBlob
from relay.storage.database import StorageFull


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def blobs(folder: Path) -> Blobs:
    return FolderBlobs(folder)


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
