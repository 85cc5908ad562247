"""The text that another program owns on the clipboard. That program may be anything: nothing of what it does is waited for without end.

One window for each fetch: whatever the owner writes too late goes to a window that is there no longer.
"""

import time
from collections.abc import Callable

from client_agent.clipboard.clipboard import NotFetched
from client_agent.clipboard.x11_offer import MARK, MARKED
from client_agent.clipboard.x11_wire import NOBODY, Converted, Event, PropertyChanged, Value, Wire, numbers
from protocol.limits import CLIPBOARD_BYTES_MAX
from protocol.vocabulary import ClipboardAnswer

_WAITS_S = 3.0
_TARGETS_BYTES_MAX = 4 * 1024
_MARK_BYTES_MAX = 64
_UTF8 = ("UTF8_STRING", "text/plain;charset=utf-8")
_LATIN = "STRING"


def fetch_text(
    wire: Wire, selection: int, others: Callable[[Event], None], is_over: Callable[[], bool] = lambda: False
) -> str:
    """The text on the clipboard.

    Args:
        others: takes the events that are about something else and come meanwhile.
        is_over: nobody wants it any more.

    Raises:
        NotFetched: it is no text, longer than CLIPBOARD_BYTES_MAX, marked by a password manager, or did not come in time.
        ServerLost: the server has gone.
    """
    return _Fetch(wire, selection, others, is_over).text()


class _Fetch:
    def __init__(
        self, wire: Wire, selection: int, others: Callable[[Event], None], is_over: Callable[[], bool]
    ) -> None:
        self._wire, self._selection, self._others, self._is_over = wire, selection, others, is_over
        self._until_s = time.monotonic() + _WAITS_S
        self._property = wire.atom("MAINFORTE_CLIPBOARD")
        self._window = NOBODY
        self._is_owner_writing = False

    def text(self) -> str:
        self._window = self._wire.new_window()
        try:
            return self._text()
        finally:
            # A program that is still writing there could end for it, and with it what was copied: then the window stays.
            if not self._is_owner_writing:
                self._wire.connection.core.DestroyWindow(self._window)

    def _text(self) -> str:
        targets = self._targets()
        if self._wire.atom(MARK) in targets:
            mark = self._convert(MARK, _MARK_BYTES_MAX)
            # What is marked otherwise than we know is as good as secret.
            if mark is None or mark.data.rstrip(b"\0\n") in (b"", MARKED) or mark.is_cut:
                raise NotFetched(ClipboardAnswer.MARKED)
        # A program that lists nothing may still have text.
        for name in (*_UTF8, _LATIN):
            if (not targets or self._wire.atom(name) in targets) and (
                value := self._convert(name, CLIPBOARD_BYTES_MAX)
            ):
                return self._decoded(value, "latin-1" if name == _LATIN else "utf-8")
        raise NotFetched(ClipboardAnswer.NOT_TEXT)

    def _targets(self) -> tuple[int, ...]:
        value = self._convert("TARGETS", _TARGETS_BYTES_MAX)
        if value is None:
            return ()
        if value.bits != 32 or value.is_cut:
            raise NotFetched(ClipboardAnswer.NOT_TEXT)
        return numbers(value.data)

    def _decoded(self, value: Value, encoding: str) -> str:
        if value.bits != 8:
            raise NotFetched(ClipboardAnswer.NOT_TEXT)
        try:
            text = value.data.decode(encoding)
        except UnicodeDecodeError:
            raise NotFetched(ClipboardAnswer.NOT_TEXT) from None
        if value.is_cut or len(text.encode()) > CLIPBOARD_BYTES_MAX:
            raise NotFetched(ClipboardAnswer.TOO_LONG)
        return text

    def _convert(self, target: str, bytes_max: int) -> Value | None:
        """What the owner gives for `target`, cut at `bytes_max`; None where it refuses."""
        wire, atom = self._wire, self._wire.atom(target)
        now = 0  # CurrentTime: the owner of this moment, whoever it is
        self._is_owner_writing = True
        wire.connection.core.ConvertSelection(self._window, self._selection, atom, self._property, now)
        answer = self._wait(lambda event: isinstance(event, Converted) and event.target == atom)
        is_refused = not isinstance(answer, Converted) or answer.property == NOBODY
        value = None if is_refused else wire.read(self._window, self._property, bytes_max)
        if value and value.kind == wire.atom("INCR"):
            return self._in_pieces(bytes_max)
        self._is_owner_writing = False
        return value

    def _in_pieces(self, bytes_max: int) -> Value | None:
        """What comes piece by piece (section 2.7.2); that the announcement was read, and is gone, has asked for the first."""
        kind = bits = 0
        data = b""
        while piece := self._next_piece(bytes_max, is_needed=len(data) <= bytes_max):
            kind, bits = kind or piece.kind, bits or piece.bits
            if piece.kind != kind or piece.bits != bits:
                raise NotFetched(ClipboardAnswer.NOT_TEXT)
            # Of what is too long the rest is taken too, and forgotten: a program that is left waiting hands it to nobody else.
            data = (data + piece.data)[: bytes_max + 1]
        return Value(kind, bits, data[:bytes_max], is_cut=len(data) > bytes_max)

    def _next_piece(self, bytes_max: int, *, is_needed: bool) -> Value | None:
        """None at the end, or when the time is over and enough has come to know that it is too long."""
        try:
            self._wait(
                lambda event: isinstance(event, PropertyChanged) and event.name == self._property and not event.is_gone
            )
        except NotFetched:
            if is_needed:
                raise
            return None
        piece = self._wire.read(self._window, self._property, bytes_max + 4)
        self._is_owner_writing = bool(piece.data)
        return piece if piece.data else None

    def _wait(self, is_it: Callable[[Event], bool]) -> Event:
        def is_ours(event: Event) -> bool:
            window = getattr(event, "window", getattr(event, "requestor", NOBODY))
            return window == self._window and is_it(event)

        event = self._wire.wait_for(is_ours, self._until_s, self._others, self._is_over)
        if event is None:
            raise NotFetched(ClipboardAnswer.NO_ANSWER)
        return event
