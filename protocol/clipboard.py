"""A text on its way from one clipboard to the other, in pieces that fit into a message each (PROTOCOL.md, section 5.5)."""

import re

from protocol.errors import RemoteProtocolError
from protocol.limits import CLIPBOARD_BYTES_MAX, CLIPBOARD_PIECE_CHARACTERS_MAX

_LINE_ENDS = re.compile("\r\n?")
# A terminal into which they are pasted would obey them, and no text needs them.
_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """The text as it travels: newlines as line ends, and no control characters but tabs."""
    return _CONTROL_CHARACTERS.sub("", _LINE_ENDS.sub("\n", text))


def is_too_long(text: str) -> bool:
    """Whether it is more than may go at once."""
    return len(text.encode()) > CLIPBOARD_BYTES_MAX


def pieces_of(text: str) -> list[str]:
    """The text in order, none of it empty."""
    size = CLIPBOARD_PIECE_CHARACTERS_MAX
    return [text[start : start + size] for start in range(0, len(text), size)]


class Arriving:
    """One text at its receiver, until it is complete."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def add(self, number: int, pieces: int, text: str) -> str | None:
        """Take the next piece; gives all of it with the last one, and None before.

        A piece of which those before are not here belongs to a text that was begun before a loss: nothing comes of it.

        Raises:
            RemoteProtocolError: more than may go at once.
        """
        before, self._pieces = self._pieces if number else [], []
        if number != len(before):
            return None
        self._pieces = [*before, text]
        whole = "".join(self._pieces)
        if is_too_long(whole):
            self._pieces = []
            raise RemoteProtocolError("more text than may go at once")
        if len(self._pieces) < pieces:
            return None
        self._pieces = []
        return whole
