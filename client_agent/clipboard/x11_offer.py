"""Text that we own on the clipboard, handed to whoever pastes it (ICCCM 2.0, section 2.6)."""

import struct
import time
from dataclasses import dataclass

from client_agent.clipboard.x11_wire import NOBODY, PropertyChanged, Requested, Wire

# What every X server takes in one request (X11 protocol, section 8, maximum-request-length: at least 4096 units), its head taken off.
_AT_ONCE_BYTES = 16 * 1024 - 64
# A program that asks and then does not fetch is given up, and so is one that asks for more at once.
_WAITS_S = 5.0
_TRANSFERS_MAX = 8

_TEXT = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain")
_LATIN = "STRING"
MARK = "x-kde-passwordManagerHint"
MARKED = b"secret"


@dataclass
class _Transfer:
    """A text that goes in pieces: the next one each time the requestor has taken the one before (section 2.7.2, INCR)."""

    kind: int
    left: memoryview
    until_s: float


class Offer:
    """One text, until somebody else owns the clipboard or it is taken away; what is being handed over then still is."""

    def __init__(self, wire: Wire, text: str, taken_ms: int) -> None:
        """`taken_ms`: when we came to own the clipboard, by the X server's clock."""
        self._wire, self.taken_ms = wire, taken_ms
        utf8 = text.encode()
        self._forms = {wire.atom(name): utf8 for name in _TEXT}
        # The older type holds Latin-1 only: a text with other characters is not to be had in it.
        if all(character <= "\xff" for character in text):
            self._forms[wire.atom(_LATIN)] = text.encode("latin-1")
        # Nothing of a session stays on the customer's machine: programs that keep a history of what was copied leave out what is marked.
        self._forms[wire.atom(MARK)] = MARKED
        self._transfers: dict[tuple[int, int], _Transfer] = {}

    def answer(self, request: Requested) -> None:
        """Give it in the form that was asked for, or say that there is none."""
        wire, atom = self._wire, self._wire.atom
        key = request.requestor, request.property
        if request.target == atom("TARGETS"):
            targets = [atom("TARGETS"), atom("TIMESTAMP"), *self._forms]
            wire.write(*key, atom("ATOM"), 32, struct.pack(f"={len(targets)}I", *targets))
        elif request.target == atom("TIMESTAMP"):
            wire.write(*key, atom("INTEGER"), 32, struct.pack("=I", self.taken_ms))
        elif request.target not in self._forms or not self._give(key, request.target, self._forms[request.target]):
            wire.tell_converted(request, NOBODY)
            return
        wire.tell_converted(request, request.property)

    def _give(self, key: tuple[int, int], kind: int, data: bytes) -> bool:
        if len(data) <= _AT_ONCE_BYTES:
            self._wire.write(*key, kind, 8, data)
            return True
        if len(self._transfers) >= _TRANSFERS_MAX:
            return False
        self._transfers[key] = _Transfer(kind, memoryview(data), time.monotonic() + _WAITS_S)
        self._wire.watch_properties(key[0], is_wanted=True)
        self._wire.write(*key, self._wire.atom("INCR"), 32, struct.pack("=I", len(data)))
        return True

    def property_changed(self, changed: PropertyChanged) -> None:
        """Somebody has taken a piece: give the next one. The last is empty."""
        key = changed.window, changed.name
        transfer = self._transfers.get(key)
        if transfer is None or not changed.is_gone:
            return
        piece, transfer.left = bytes(transfer.left[:_AT_ONCE_BYTES]), transfer.left[_AT_ONCE_BYTES:]
        transfer.until_s = time.monotonic() + _WAITS_S
        self._wire.write(*key, transfer.kind, 8, piece)
        if not piece:
            self._end(key)

    def give_up_overdue(self) -> None:
        """Whoever did not take the next piece in time gets no more."""
        now_s = time.monotonic()
        for key in [key for key, transfer in self._transfers.items() if transfer.until_s <= now_s]:
            self._end(key)

    @property
    def due_s(self) -> float | None:
        """When to look for those that are overdue, by time.monotonic; None where nothing is being handed over."""
        return min((transfer.until_s for transfer in self._transfers.values()), default=None)

    def _end(self, key: tuple[int, int]) -> None:
        del self._transfers[key]
        if all(window != key[0] for window, _ in self._transfers):
            self._wire.watch_properties(key[0], is_wanted=False)
