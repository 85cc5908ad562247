"""Files that go to the customer and come from there, without I/O (PROTOCOL.md, section 16); the page has web/session/file_transfers.js."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from protocol.codec import Message
from protocol.file_pace import FilePace
from protocol.messages import (
    FileAsked,
    FileChosen,
    FileClosed,
    FileCompleted,
    FileOffered,
    FilePart,
    FileReceived,
)
from protocol.vocabulary import Direction, FileOutcome


@dataclass(eq=False)
class Transfer:
    """One file. `data` is what is sent, or what has come so far; it is a file's once `outcome` is MOVED."""

    number: int
    direction: Direction
    name: str
    size: int
    data: bytearray
    moved: int = 0
    outcome: FileOutcome | None = None
    pace: FilePace = field(default_factory=FilePace)


class Transfers:
    """Those of one session. `say` hands a message to the agent."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say
        # Not one that was used before everything here was lost.
        self._number = secrets.randbelow(2**52)
        self._open: dict[int, Transfer] = {}

    @property
    def has_begun(self) -> bool:
        """Whether bytes of a file are on their way, or have come."""
        return any(transfer.moved for transfer in self._open.values())

    def offer(self, name: str, data: bytes) -> Transfer:
        """Send the customer a file."""
        transfer = self._begin(Direction.TO_CUSTOMER, name, bytearray(data))
        self._say(FileOffered(transfer.number, name, len(data)))
        return transfer

    def ask(self, what: str) -> Transfer:
        """Ask the customer for a file, in these words."""
        transfer = self._begin(Direction.FROM_CUSTOMER, "", bytearray())
        self._say(FileAsked(transfer.number, what))
        return transfer

    def cancel(self, transfer: Transfer) -> None:
        """It is not wanted any more."""
        if transfer.outcome is None:
            self._close(transfer, FileOutcome.CANCELLED)

    def back(self, now_s: float) -> None:
        """The agent is heard again over another path."""
        for transfer in self._open.values():
            transfer.pace.begin_anew(now_s)

    def take(self, message: Message, now_s: float) -> None:
        """Take what the agent says of one of them; of what is over nothing matters."""
        match message:
            case FileClosed(number, outcome) if transfer := self._open.pop(number, None):
                transfer.outcome = outcome
            case FileReceived(number, received) if transfer := self._open.get(number):
                self._go_on(transfer, received, now_s)
            case FileChosen(number, name, size) if transfer := self._open.get(number):
                transfer.name, transfer.size = name, size
                self._say(FileReceived(number, 0))
            case FilePart(number, offset, data) if transfer := self._open.get(number):
                self._keep(transfer, offset, data)
            case FileCompleted(number, expected) if transfer := self._open.get(number):
                is_whole = transfer.moved == transfer.size and hashlib.sha256(transfer.data).digest() == expected
                is_whole &= transfer.direction is Direction.FROM_CUSTOMER and bool(transfer.name)
                self._close(transfer, FileOutcome.MOVED if is_whole else FileOutcome.ALTERED)

    def _begin(self, direction: Direction, name: str, data: bytearray) -> Transfer:
        self._number += 1
        transfer = Transfer(self._number, direction, name, len(data), data)
        self._open[self._number] = transfer
        return transfer

    def _go_on(self, transfer: Transfer, received: int, now_s: float) -> None:
        pace = transfer.pace
        if (received and not pace.acknowledge(received, now_s)) or transfer.direction is Direction.FROM_CUSTOMER:
            self._close(transfer, FileOutcome.ALTERED)
            return
        was_sent, transfer.moved = pace.sent, received
        while pace.sent < transfer.size and (count := min(pace.next_bytes, transfer.size - pace.sent)):
            self._say(FilePart(transfer.number, pace.sent, bytes(transfer.data[pace.sent : pace.sent + count])))
            pace.send(count, now_s)
        if pace.sent == transfer.size and (was_sent < transfer.size or not transfer.size):
            self._say(FileCompleted(transfer.number, hashlib.sha256(transfer.data).digest()))

    def _keep(self, transfer: Transfer, offset: int, data: bytes) -> None:
        if (
            offset != transfer.moved
            or offset + len(data) > transfer.size
            or transfer.direction is Direction.TO_CUSTOMER
        ):
            self._close(transfer, FileOutcome.ALTERED)
            return
        transfer.data += data
        transfer.moved += len(data)
        self._say(FileReceived(transfer.number, transfer.moved))

    def _close(self, transfer: Transfer, outcome: FileOutcome) -> None:
        transfer.outcome = outcome
        self._open.pop(transfer.number, None)
        self._say(FileClosed(transfer.number, outcome))
