"""Files that the technician sends here and asks for, while the customer allows it: one each way at a time (PROTOCOL.md, section 16)."""

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from client_agent.files.folder import download_folder
from client_agent.files.trouble import FileTrouble
from client_agent.prompts.customer import FileMoved, FileRequest, FileShown
from client_agent.session.case import Case
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.transfers import Incoming, Outgoing, Transfer
from client_agent.session.viewers import RemoteViewer
from protocol.consent import ViewerId
from protocol.limits import FILES_MAX
from protocol.messages import FileAsked, FileClosed, FileCompleted, FileOffered, FilePart, FileReceived, FromViewer
from protocol.session_log import FileTransferred
from protocol.vocabulary import Capability, Direction, FileOutcome, Hold

_SHOWN_EVERY_S = 0.25


class Files:
    """The transfers of one session. `follow` is to be called whenever what is allowed, or who is there, has changed."""

    MESSAGES = (FileOffered, FileAsked, FileReceived, FilePart, FileCompleted, FileClosed)

    def __init__(self, case: Case, folder: Callable[[], Path] = download_folder) -> None:
        self._case, self._folder = case, folder
        self._open: dict[Direction, Transfer] = {}
        self._shown: dict[Direction, Transfer] = {}
        self._count = 0
        self.moved: list[FileMoved] = []
        """What came or left, for the customer's summary."""
        self._shown_s = 0.0
        self.on_changed: Callable[[], None] = lambda: None
        """There is something else to show."""

    # --- what the technician says ---

    def receive(self, viewer: RemoteViewer, message: FromViewer) -> None:
        """Take what a viewer who may says of files; of what is over already it is not worth a word."""
        match message:
            case FileOffered(number, name, size):
                say = partial(self._case.voices.say, viewer)
                self._begin(lambda: Incoming(viewer, number, say, self._folder(), name, size), viewer, message)
            case FileAsked(number, what):
                say, choose = partial(self._case.voices.say, viewer), self._asking(viewer, what)
                self._begin(lambda: Outgoing(viewer, number, say, choose), viewer, message)
            case FileReceived(number) | FilePart(number) | FileCompleted(number) | FileClosed(number):
                for transfer in list(self._open.values()):
                    if (transfer.viewer, transfer.number) == (viewer, number):
                        self._hear(transfer, message)

    def _begin(self, make: Callable[[], Transfer], viewer: RemoteViewer, message: FileOffered | FileAsked) -> None:
        direction = Direction.TO_CUSTOMER if isinstance(message, FileOffered) else Direction.FROM_CUSTOMER
        if Hold.PAUSED in self._case.gate.holds:
            self._case.voices.say(viewer, FileClosed(message.transfer, FileOutcome.PAUSED))
        elif direction in self._open or self._count >= FILES_MAX:
            self._case.voices.say(viewer, FileClosed(message.transfer, FileOutcome.BUSY))
        else:
            self._count += 1
            self._open[direction] = self._shown[direction] = transfer = make()
            transfer.on_progress = self._on_progress
            transfer.task = self._case.tasks.start(self._carry(transfer))
            self.on_changed()

    def _asking(self, viewer: RemoteViewer, what: str) -> Callable[[], Coroutine[None, None, Path | None]]:
        request = FileRequest(viewer.certificate.name, self._case.organisation.document.name, what)
        return lambda: self._case.customer.ask_file(request)

    def _hear(self, transfer: Transfer, message: FromViewer) -> None:
        if isinstance(message, FileClosed):
            self._end(transfer, transfer.closed_as(message.outcome))
            return
        try:
            transfer.hear(message)
        except FileTrouble as trouble:
            self._end(transfer, trouble.outcome)

    # --- from beginning to end ---

    async def _carry(self, transfer: Transfer) -> None:
        try:
            await transfer.carry()
        except FileTrouble as trouble:
            self._end(transfer, trouble.outcome)
        else:
            self._end(transfer, FileOutcome.MOVED)

    def _end(self, transfer: Transfer, outcome: FileOutcome) -> None:
        """It is over: for both, and in the log."""
        if self._open.get(transfer.direction) is not transfer:
            return
        del self._open[transfer.direction]
        outcome = transfer.end(outcome)
        self._write(transfer, outcome)
        if outcome is FileOutcome.MOVED:
            who = transfer.viewer.certificate.name
            self.moved.append(FileMoved(now_ms() // 1000, who, transfer.name, transfer.direction, transfer.size))
        self._case.voices.say(transfer.viewer, FileClosed(transfer.number, outcome))
        self.on_changed()

    def _write(self, transfer: Transfer, outcome: FileOutcome) -> None:
        sealed, its_hash = b"", b""
        if self._case.recording.is_available and transfer.name:
            sealed, its_hash = self._case.recording.seal({"name": transfer.name, "sha256": transfer.hash.hex()})
        self._case.voices.write(
            FileTransferred(
                transfer.viewer.id,
                transfer.direction,
                transfer.began_ms,
                transfer.size,
                transfer.moved,
                outcome,
                its_hash,
            ),
            sealed,
        )

    def follow(self) -> None:
        """End what may not go on, at once."""
        for transfer in list(self._open.values()):
            viewer = transfer.viewer
            if self._case.viewers.get(ViewerId(viewer.id)) is not viewer or transfer.is_lost:
                self._end(transfer, FileOutcome.INTERRUPTED)
            elif Capability.FILES not in self._case.gate.capabilities_of(viewer.id):
                self._end(transfer, FileOutcome.WITHDRAWN)
            elif Hold.PAUSED in self._case.gate.holds:
                self._end(transfer, FileOutcome.PAUSED)
            else:
                transfer.follow()

    # --- what the customer does and sees ---

    def stop(self, direction: Direction) -> None:
        """The customer does not want this one; or has read what became of the last."""
        if transfer := self._open.get(direction):
            self._end(transfer, FileOutcome.REFUSED)
        elif self._shown.pop(direction, None):
            self.on_changed()

    @property
    def shown(self) -> tuple[FileShown, ...]:
        """What is on its way, and what became of the last one each way."""
        return tuple(
            FileShown(each.name, each.direction, each.percent, each.outcome, each.folder)
            for each in self._shown.values()
        )

    def _on_progress(self) -> None:
        if awake_or_asleep_s() - self._shown_s >= _SHOWN_EVERY_S:
            self._shown_s = awake_or_asleep_s()
            self.on_changed()
