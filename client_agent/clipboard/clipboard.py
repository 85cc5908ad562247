"""The customer's clipboard as the session uses it: one interface, whatever the desktop has.

A *copy* is what a person does; programs that only keep what was copied, as clipboard managers do, make none.
"""

from collections.abc import Awaitable
from typing import NewType, Protocol

from protocol.vocabulary import ClipboardAnswer

Copies = NewType("Copies", int)
"""How many copies there have been: a moment, as far as the clipboard is concerned."""


class NotFetched(Exception):
    """What was copied is not given, and `answer` says why."""

    def __init__(self, answer: ClipboardAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


class ClipboardGone(Exception):
    """The desktop is not there any more."""


class Clipboard(Protocol):
    """Called in the session's event loop, which nothing here holds up. What is waited for may end with `ClipboardGone`."""

    @property
    def can_fetch(self) -> bool:
        """Whether `fetch` can ever give something on this desktop."""

    def copies(self) -> Awaitable[Copies]:
        """How many copies there have been up to now. What is copied after this call counts as later."""

    def put(self, text: str) -> Awaitable[bool]:
        """Put text on the clipboard, in place of what is there; tells whether it is there now."""

    def fetch(self, since: Copies) -> Awaitable[str]:
        """The text that was copied last, if that was after `since`; as its program wrote it, at most CLIPBOARD_BYTES_MAX bytes as UTF-8.

        Raises:
            NotFetched: there is none, or it cannot be had.
        """

    def take_away(self) -> None:
        """What `put` put there, and is still there, is there no longer."""

    def close(self) -> None:
        """Take it away and let go of the desktop; to be called once."""
