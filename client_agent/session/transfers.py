"""One file on its way, in either direction: what is said and done from the offer or the request to the last byte (PROTOCOL.md, section 16).

Reading and writing happen in a thread of its own. Whatever ends a transfer ends it at once; the thread's last work is to clear up.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from client_agent.files.arriving import ArrivingFile
from client_agent.files.leaving import LeavingFile
from client_agent.files.trouble import FileTrouble
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.viewers import RemoteViewer
from protocol.codec import Message
from protocol.file_pace import FilePace
from protocol.limits import FILE_IN_FLIGHT_BYTES_MAX
from protocol.messages import FileChosen, FileCompleted, FilePart, FileReceived, FromViewer
from protocol.vocabulary import Direction, FileOutcome

Say = Callable[[Message], None]
T = TypeVar("T")


class Transfer(ABC):
    """What both directions have in common. `carry` runs as a task, which whoever ends the transfer cancels."""

    direction: ClassVar[Direction]

    def __init__(self, viewer: RemoteViewer, number: int, say: Say) -> None:
        self.viewer, self.number, self._say = viewer, number, say
        self._channel, self._peer = viewer.channel, viewer.peer
        self.began_ms = now_ms()
        self.name, self.size = "", 0
        self.moved = 0
        """How many bytes came here, or left."""
        self.outcome: FileOutcome | None = None
        self.folder: Path | None = None
        """Where it is, once it is here."""
        self.task: asyncio.Task[None] | None = None
        self.on_progress: Callable[[], None] = lambda: None
        self._said: asyncio.Queue[FromViewer] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "file")

    @property
    def hash(self) -> bytes:
        """SHA-256 of all of it; empty before that is known."""
        return b""

    @property
    def percent(self) -> int:
        return 100 * self.moved // self.size if self.size else 0

    @property
    def is_lost(self) -> bool:
        """Whether the viewer's side has lost what it knew of it, as a page has that was loaded again."""
        return self.viewer.channel is not self._channel

    def follow(self) -> None:
        """The viewer may have come back over another path."""
        if self.viewer.peer not in (None, self._peer):
            self._peer = self.viewer.peer
            self._on_new_path()

    def hear(self, message: FromViewer) -> None:
        """The viewer says something about it.

        Raises:
            FileTrouble: more than may be on its way.
        """
        self._said.put_nowait(message)

    @abstractmethod
    def closed_as(self, outcome: FileOutcome) -> FileOutcome:
        """What it means that the viewer closes it so."""

    @abstractmethod
    async def carry(self) -> None:
        """Do all of it.

        Raises:
            FileTrouble: it does not go on.
        """

    def end(self, outcome: FileOutcome) -> FileOutcome:
        """Clear up; gives how it ended in truth, which is well where it was just being given its name."""
        self.outcome = outcome
        if self.task and self.task is not asyncio.current_task():
            self.task.cancel()
        self._thread.submit(self._clear_up)
        self._thread.shutdown(wait=False)
        return outcome

    def _on_new_path(self) -> None:  # noqa: B027 # whoever only receives has nothing to do
        """The viewer is back after a cut."""

    @abstractmethod
    def _clear_up(self) -> None:
        """Close, and leave nothing half done; in the thread."""

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(work))


class Incoming(Transfer):
    """A file of the technician's, for the customer's folder."""

    direction = Direction.TO_CUSTOMER

    def __init__(self, viewer: RemoteViewer, number: int, say: Say, folder: Path, name: str, size: int) -> None:
        super().__init__(viewer, number, say)
        self._file, self._into = ArrivingFile(folder, name, size), folder
        self.name, self.size = self._file.name, size
        self._hash = b""
        self._waiting_bytes = 0
        self._keeping: Future[Path] | None = None

    @property
    def hash(self) -> bytes:
        return self._hash

    def hear(self, message: FromViewer) -> None:
        if isinstance(message, FilePart):
            self._waiting_bytes += len(message.data)
            if self._waiting_bytes > FILE_IN_FLIGHT_BYTES_MAX:
                raise FileTrouble(FileOutcome.ALTERED)
        super().hear(message)

    def closed_as(self, outcome: FileOutcome) -> FileOutcome:
        # It can give up; that it arrived only we can say.
        gives_up = {FileOutcome.UNREADABLE, FileOutcome.ALTERED}
        return outcome if outcome in gives_up else FileOutcome.CANCELLED

    async def carry(self) -> None:
        await self._do(self._file.begin)
        self._say(FileReceived(self.number, 0))
        while True:
            match await self._said.get():
                case FilePart(offset=offset, data=data):
                    await self._do(partial(self._file.write, offset, data))
                    self._waiting_bytes -= len(data)
                    self.moved += len(data)
                    self._say(FileReceived(self.number, self.moved))
                    self.on_progress()
                case FileCompleted(hash=expected):
                    await self._do(partial(self._file.check, expected))
                    self._hash = expected
                    self._keeping = self._thread.submit(self._file.keep)
                    self._kept(await asyncio.wrap_future(self._keeping))
                    return
                case _:
                    raise FileTrouble(FileOutcome.ALTERED)

    def end(self, outcome: FileOutcome) -> FileOutcome:
        if self._keeping and self.folder is None:
            # A moment, in which a file is renamed: whether it is there has to be known.
            try:
                self._kept(self._keeping.result())
                outcome = FileOutcome.MOVED
            except FileTrouble as trouble:
                outcome = trouble.outcome
        return super().end(outcome)

    def _kept(self, path: Path) -> None:
        self.folder, self.name = self._into, path.name

    def _clear_up(self) -> None:
        self._file.discard()


class Outgoing(Transfer):
    """A file of the customer's, who chooses it: that nobody else can name it."""

    direction = Direction.FROM_CUSTOMER

    def __init__(
        self, viewer: RemoteViewer, number: int, say: Say, choose: Callable[[], Coroutine[None, None, Path | None]]
    ) -> None:
        super().__init__(viewer, number, say)
        self._choose = choose
        self._file: LeavingFile | None = None
        self._pace = FilePace()
        self._hash = b""

    @property
    def hash(self) -> bytes:
        return self._hash

    def closed_as(self, outcome: FileOutcome) -> FileOutcome:
        if outcome is FileOutcome.MOVED and not self._hash:
            return FileOutcome.ALTERED
        says = {FileOutcome.MOVED, FileOutcome.ALTERED, FileOutcome.TOO_LARGE}
        return outcome if outcome in says else FileOutcome.CANCELLED

    async def carry(self) -> None:
        if (path := await self._choose()) is None:
            raise FileTrouble(FileOutcome.REFUSED)
        self._file = file = LeavingFile(path)
        self.name = file.name
        await self._do(file.open)
        self.size = file.size
        self._say(FileChosen(self.number, self.name, self.size))
        if await self._acknowledged() != 0:
            raise FileTrouble(FileOutcome.ALTERED)
        while self._pace.sent < self.size:
            if count := self._pace.next_bytes:
                data = await self._do(partial(file.read, count))
                self._say(FilePart(self.number, self._pace.sent, data))
                self._pace.send(len(data), awake_or_asleep_s())
                self.moved = self._pace.sent
                self.on_progress()
            if self._pace.next_bytes == 0 or not self._said.empty():
                # The message first, the clock after it: it may have been waited for.
                received = await self._acknowledged()
                if not self._pace.acknowledge(received, awake_or_asleep_s()):
                    raise FileTrouble(FileOutcome.ALTERED)
        await self._do(file.check_end)
        self._hash = file.hash
        self._say(FileCompleted(self.number, self._hash))
        while True:
            # What was received in the end, the viewer says when it closes the transfer.
            await self._acknowledged()

    async def _acknowledged(self) -> int:
        message = await self._said.get()
        if not isinstance(message, FileReceived):
            raise FileTrouble(FileOutcome.ALTERED)
        return message.bytes

    def _on_new_path(self) -> None:
        self._pace.begin_anew(awake_or_asleep_s())

    def _clear_up(self) -> None:
        if self._file:
            self._file.close()
