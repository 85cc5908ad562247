"""client_agent/session/files.py: both directions with real folders, everything that ends a transfer, and what the log says of it."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from client_agent.prompts.customer import FileRequest
from client_agent.session.files import Files
from client_agent.session.line import Line
from protocol.channel import agent_channel, viewer_channel
from protocol.limits import FILE_IN_FLIGHT_BYTES_MAX, FILE_PART_BYTES_MAX
from protocol.messages import (
    FileAsked,
    FileChosen,
    FileClosed,
    FileCompleted,
    FileOffered,
    FilePart,
    FileReceived,
    FromAgent,
    FromViewer,
)
from protocol.session_log import FileTransferred, parse_entry
from protocol.vocabulary import Capability, Direction, FileOutcome, Hold
from tests.client_agent.session.test_attendance import Room
from tests.protocol.pairs import secrets
from tests.waiting import eventually

DATA = os.urandom(100_000)
IN, OUT = Direction.TO_CUSTOMER, Direction.FROM_CUSTOMER


class Scene:
    """A room whose technician may exchange files, and hears what is said; the customer chooses what the test says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room, self.folder = Room(), folder
        self.said: list[FromAgent] = []
        self.requests: list[FileRequest] = []
        self.choice: asyncio.Future[Path | None] = asyncio.get_running_loop().create_future()
        self.hearing = viewer_channel(secrets())
        monkeypatch.setattr(
            Line, "send", lambda _line, _kind, record, *, peer: self.said.append(self.hearing.open(record))
        )
        monkeypatch.setattr(type(self.room.customer), "ask_file", self._ask_file, raising=False)
        self.files = Files(self.room.case, lambda: folder)
        self.room.allow(Capability.VIEW, Capability.FILES)

    async def _ask_file(self, request: FileRequest) -> Path | None:
        self.requests.append(request)
        return await self.choice

    def hear(self, *messages: FromViewer) -> None:
        for message in messages:
            self.files.receive(self.room.viewer, message)

    async def until_said(self, message: FromAgent) -> None:
        await eventually(lambda: message in self.said, str(message))

    async def send(self, number: int = 1, name: str = "a.txt", data: bytes = DATA, until: int | None = None) -> None:
        """Send a file, or as much of it, as the page does."""
        self.hear(FileOffered(number, name, len(data)))
        await self.until_said(FileReceived(number, 0))
        for offset in range(0, len(data) if until is None else until, FILE_PART_BYTES_MAX):
            part = data[offset : offset + FILE_PART_BYTES_MAX]
            self.hear(FilePart(number, offset, part))
            await self.until_said(FileReceived(number, offset + len(part)))
        if until is None:
            self.hear(FileCompleted(number, hashlib.sha256(data).digest()))

    @property
    def log(self) -> list[FileTransferred]:
        events = [parse_entry(text).event for text in self.room.case.evidence.texts]
        return [event for event in events if isinstance(event, FileTransferred)]

    @property
    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    async def until_empty(self) -> None:
        await eventually(lambda: self.names == [], "an empty folder")


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


async def test_a_file_arrives_whole_and_the_log_tells_its_size_but_neither_name_nor_hash(scene: Scene) -> None:
    await scene.send(name="../ma lettre.txt")
    await scene.until_said(FileClosed(1, FileOutcome.MOVED))
    assert (scene.folder / "ma lettre.txt").read_bytes() == DATA
    (entry,) = scene.log
    assert (entry.participant, entry.direction, entry.outcome) == (scene.room.viewer.id, IN, FileOutcome.MOVED)
    assert entry.bytes == entry.moved == len(DATA)
    text = scene.room.case.evidence.texts[-1]
    assert "lettre" not in text
    assert hashlib.sha256(DATA).hexdigest() not in text
    (shown,) = scene.files.shown
    assert (shown.name, shown.folder, shown.outcome) == ("ma lettre.txt", scene.folder, FileOutcome.MOVED)
    (moved,) = scene.files.moved
    assert (moved.name, moved.size, moved.direction) == ("ma lettre.txt", len(DATA), IN)


async def test_a_file_without_a_byte_is_a_file_too(scene: Scene) -> None:
    await scene.send(data=b"")
    await scene.until_said(FileClosed(1, FileOutcome.MOVED))
    assert (scene.folder / "a.txt").read_bytes() == b""


def withdraw(scene: Scene) -> None:
    scene.room.case.gate.take_back(Capability.FILES)
    scene.files.follow()


def pause(scene: Scene) -> None:
    scene.room.case.gate.hold(Hold.PAUSED)
    scene.files.follow()


def lose_the_page(scene: Scene) -> None:
    """The page was loaded again: it has a new channel, and nothing of what it knew."""
    scene.room.viewer.channel, scene.hearing = agent_channel(secrets()), viewer_channel(secrets())
    scene.files.follow()


def leave(scene: Scene) -> None:
    scene.room.case.viewers.remove(scene.room.viewer)
    scene.files.follow()


ENDINGS: dict[FileOutcome, Callable[[Scene], None]] = {
    FileOutcome.WITHDRAWN: withdraw,
    FileOutcome.PAUSED: pause,
    FileOutcome.REFUSED: lambda scene: scene.files.stop(IN),
    FileOutcome.CANCELLED: lambda scene: scene.hear(FileClosed(1, FileOutcome.CANCELLED)),
    FileOutcome.ALTERED: lambda scene: scene.hear(FilePart(1, 7, b"a gap")),
    FileOutcome.INTERRUPTED: lose_the_page,
}


@pytest.mark.parametrize("outcome", ENDINGS)
async def test_whatever_ends_a_transfer_in_the_middle_leaves_nothing_of_it_and_tells_how(
    scene: Scene, outcome: FileOutcome
) -> None:
    await scene.send(until=FILE_PART_BYTES_MAX)
    ENDINGS[outcome](scene)
    await eventually(lambda: [entry.outcome for entry in scene.log] == [outcome], "the entry")
    await scene.until_empty()
    assert scene.log[0].moved == FILE_PART_BYTES_MAX
    if outcome is not FileOutcome.INTERRUPTED:
        await scene.until_said(FileClosed(1, outcome))
    # What still comes of it is not worth a word, and the way is free again.
    scene.hear(FilePart(1, FILE_PART_BYTES_MAX, b"more"), FileCompleted(1, bytes(32)))
    assert len(scene.log) == 1


async def test_when_the_technician_leaves_the_transfer_is_over_before_anything_more_is_written(scene: Scene) -> None:
    await scene.send(until=FILE_PART_BYTES_MAX)
    leave(scene)
    assert [entry.outcome for entry in scene.log] == [FileOutcome.INTERRUPTED]
    await scene.until_empty()


async def test_in_a_pause_nothing_begins_and_one_file_goes_at_a_time(scene: Scene) -> None:
    await scene.send(until=0)
    scene.hear(FileOffered(2, "b.txt", 1))
    await scene.until_said(FileClosed(2, FileOutcome.BUSY))
    pause(scene)
    scene.hear(FileOffered(3, "c.txt", 1))
    await scene.until_said(FileClosed(3, FileOutcome.PAUSED))
    assert [entry.outcome for entry in scene.log] == [FileOutcome.PAUSED]


async def test_who_sends_more_than_may_be_on_its_way_sends_nothing(scene: Scene) -> None:
    scene.hear(FileOffered(1, "a.txt", 10 * FILE_IN_FLIGHT_BYTES_MAX))
    part = bytes(FILE_PART_BYTES_MAX)
    for number in range(FILE_IN_FLIGHT_BYTES_MAX // FILE_PART_BYTES_MAX + 1):
        scene.hear(FilePart(1, number * FILE_PART_BYTES_MAX, part))
    await scene.until_said(FileClosed(1, FileOutcome.ALTERED))
    await scene.until_empty()


async def test_another_hash_is_not_kept_and_a_folder_that_is_gone_is_told(scene: Scene) -> None:
    scene.hear(FileOffered(1, "a.txt", 4))
    await scene.until_said(FileReceived(1, 0))
    scene.hear(FilePart(1, 0, b"data"), FileCompleted(1, bytes(32)))
    await scene.until_said(FileClosed(1, FileOutcome.ALTERED))
    await scene.until_empty()
    scene.folder.rmdir()
    scene.hear(FileOffered(2, "a.txt", 4))
    await scene.until_said(FileClosed(2, FileOutcome.NOT_WRITABLE))


async def receive(scene: Scene, number: int = 1) -> bytes:
    """Take all of a file, as the page does."""
    seen, data = 0, b""
    scene.hear(FileReceived(number, 0))
    while True:
        await eventually(lambda: len(scene.said) > seen, "something more")  # noqa: B023 # awaited at once
        message, seen = scene.said[seen], seen + 1
        match message:
            case FilePart(offset=offset, data=part):
                assert offset == len(data)
                data += part
                scene.hear(FileReceived(number, len(data)))
            case FileCompleted(hash=expected):
                assert hashlib.sha256(data).digest() == expected
                scene.hear(FileClosed(number, FileOutcome.MOVED))
                return data


async def test_what_the_customer_chooses_goes_out_and_nothing_before_they_choose(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("theirs") / "journal.log"
    path.write_bytes(DATA)
    scene.hear(FileAsked(1, "The log of the box"))
    await eventually(lambda: scene.requests, "the question to the customer")
    assert scene.requests[0].what == "The log of the box"
    assert scene.said == []
    scene.choice.set_result(path)
    await scene.until_said(FileChosen(1, "journal.log", len(DATA)))
    assert await receive(scene) == DATA
    (entry,) = scene.log
    assert (entry.direction, entry.outcome, entry.moved) == (OUT, FileOutcome.MOVED, len(DATA))


async def test_a_no_of_the_customer_sends_nothing_and_names_nothing(scene: Scene) -> None:
    scene.choice.set_result(None)
    scene.hear(FileAsked(1, "Anything"))
    await scene.until_said(FileClosed(1, FileOutcome.REFUSED))
    (entry,) = scene.log
    assert (entry.outcome, entry.moved, entry.content) == (FileOutcome.REFUSED, 0, b"")


async def test_a_request_that_is_taken_back_no_longer_asks_the_customer(scene: Scene) -> None:
    scene.hear(FileAsked(1, "Anything"))
    await eventually(lambda: scene.requests, "the question to the customer")
    withdraw(scene)
    await eventually(scene.choice.cancelled, "the question withdrawn")


async def test_who_says_that_it_has_what_was_not_sent_gets_nothing_more(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("theirs") / "a"
    path.write_bytes(DATA)
    scene.choice.set_result(path)
    scene.hear(FileAsked(1, "a"))
    await scene.until_said(FileChosen(1, "a", len(DATA)))
    scene.hear(FileClosed(1, FileOutcome.MOVED))
    await scene.until_said(FileClosed(1, FileOutcome.ALTERED))


async def test_a_technician_who_does_not_acknowledge_gets_little(
    scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("theirs") / "a"
    path.write_bytes(DATA)
    scene.choice.set_result(path)
    scene.hear(FileAsked(1, "a"))
    await scene.until_said(FileChosen(1, "a", len(DATA)))
    scene.hear(FileReceived(1, 0))
    await eventually(lambda: sum(isinstance(each, FilePart) for each in scene.said) >= 4, "the first parts")
    scene.files.stop(OUT)
    assert 0 < scene.log[0].moved < 10_000


async def test_what_lies_beside_the_entry_is_the_name_and_the_hash_and_only_auditors_open_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed: list[dict[str, str]] = []
    recording = scene.room.case.recording
    recording.is_available, seal = True, recording.seal

    def seals(content: Mapping[str, str]) -> tuple[bytes, bytes]:
        sealed.append(dict(content))
        return seal(content)

    monkeypatch.setattr(recording, "seal", seals)
    recording.begin("0" * 32)
    await scene.send()
    await scene.until_said(FileClosed(1, FileOutcome.MOVED))
    assert sealed == [{"name": "a.txt", "sha256": hashlib.sha256(DATA).hexdigest()}]
    assert len(scene.log[0].content) == 32
    assert "a.txt" not in "".join(scene.room.case.evidence.texts)
