"""relay/desk/recordings.py: a segment is kept whole, once, and only as it was signed, whatever is killed or full in between."""

import errno
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from protocol.session_log import EpochBegan, LogWriter, SegmentClosed, SegmentLost, SessionEnded
from protocol.vocabulary import Outcome
from relay.desk import recordings, sessions
from relay.desk.stories import Stories
from relay.storage.blobs import FolderBlobs
from relay.storage.database import Database, StorageFull
from tests.relay.desk.test_stories import TENANT, _append, _new_database, _new_session, opened

DATA = b"sealed, as far as anybody here can tell" * 100
HASH = sha256(DATA).hexdigest()
NONE = bytes(32)


class Killed(BaseException):
    """The process is gone."""


class Kept:
    """One session, and where its recording is kept."""

    def __init__(self, database: Database, folder: Path, session: Any) -> None:
        self._database, self.session = database, session
        self.blobs = FolderBlobs(folder)

    async def keep(self, number: int = 0, data: bytes = DATA, its_hash: str = HASH) -> None:
        await recordings.keep(self._database, self.blobs, TENANT, self.session, number, data, its_hash=its_hash)

    async def known(self) -> dict[int, bytes]:
        async with self._database.transaction() as connection:
            return await recordings.kept_of(connection, self.session.id)


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = await _new_database(migrated_file, tmp_path)
    yield database
    await database.close()


@pytest.fixture
async def kept(database: Database, tmp_path: Path) -> Kept:
    name = await _new_session(database)
    async with database.transaction() as connection:
        return Kept(database, tmp_path / "recordings", await sessions.find(connection, name))


async def test_a_segment_that_comes_twice_is_kept_once(kept: Kept) -> None:
    await kept.keep()
    await kept.keep()
    assert await kept.known() == {0: bytes.fromhex(HASH)}
    assert await kept.blobs.get(recordings.blob_name(kept.session.session, 0)) == DATA


@pytest.mark.parametrize("its_hash", ["", "00" * 32, "not hex", HASH[:-2]])
async def test_a_segment_that_did_not_arrive_as_it_was_signed_is_not_kept(kept: Kept, its_hash: str) -> None:
    with pytest.raises(recordings.Differs):
        await kept.keep(its_hash=its_hash)
    assert await kept.known() == {}
    assert await kept.blobs.names() == []


async def test_nothing_takes_the_place_of_a_segment_that_is_kept(kept: Kept) -> None:
    await kept.keep()
    with pytest.raises(recordings.Differs):
        await kept.keep(data=b"other", its_hash=sha256(b"other").hexdigest())
    assert await kept.blobs.get(recordings.blob_name(kept.session.session, 0)) == DATA


@pytest.mark.parametrize("step", ["write", "fsync", "link", "row"])
async def test_whatever_is_killed_in_between_the_segment_is_there_after_it_came_again(
    kept: Kept, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        if step == "row":
            killed.setattr(recordings, "insert", _dies)
        elif step == "write":
            killed.setattr(os, "fdopen", _dies)
        else:
            killed.setattr(os, step, _dies)
        with pytest.raises(Killed):
            await kept.keep()
    assert await kept.known() == {}, "nothing is acknowledged that is not there"
    await kept.keep()
    assert await kept.known() == {0: bytes.fromhex(HASH)}
    assert await kept.blobs.get(recordings.blob_name(kept.session.session, 0)) == DATA


async def test_with_a_full_disk_nothing_is_kept_and_later_everything(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as filled:
        filled.setattr(os, "fsync", full)
        with pytest.raises(StorageFull):
            await kept.keep()
    assert await kept.known() == {}
    await kept.keep()
    assert await kept.known() == {0: bytes.fromhex(HASH)}


async def test_the_ticket_knows_what_is_missing_and_why(database: Database, kept: Kept) -> None:
    log = LogWriter()
    log.append(opened(kept.session.session), 1)
    log.append(EpochBegan(1, 0, NONE, bytes(48)), 2)
    for number in range(4):
        log.append(closed(number), 3 + number)
    log.append(SegmentLost(1, "storage"), 8)
    log.append(SessionEnded(Outcome.COMPLETED, "technician", 1, 0), 9)
    await _append(database, kept.session.session, log.texts)
    stories = Stories(database)
    for number in (0, 3):
        await kept.keep(number)
    story = (await stories.of([kept.session.id]))[kept.session.id]
    assert story.recording.segments == 4
    assert [(each.segment.segment, each.why) for each in story.recording.missing] == [(1, "storage"), (2, "unknown")]
    assert not story.is_complete
    for number in (1, 2):
        await kept.keep(number)
    story = (await stories.of([kept.session.id]))[kept.session.id]
    assert story.recording.missing == ()
    assert story.proof


async def test_a_segment_that_the_agent_did_not_sign_is_no_proof(database: Database, kept: Kept) -> None:
    log = LogWriter()
    log.append(opened(kept.session.session), 1)
    log.append(EpochBegan(1, 0, NONE, bytes(48)), 2)
    log.append(closed(0), 3)
    await _append(database, kept.session.session, log.texts)
    await kept.keep(data=b"other", its_hash=sha256(b"other").hexdigest())
    story = (await Stories(database).of([kept.session.id]))[kept.session.id]
    assert story.proof is None


def closed(number: int) -> SegmentClosed:
    return SegmentClosed(number, 1, number == 0, number, number + 1, 1, len(DATA), 1, 2, bytes.fromhex(HASH))


def _dies(*_: object, **__: object) -> None:
    raise Killed
