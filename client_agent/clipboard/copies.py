"""Which copy is on the clipboard: a person's newest one, or an old one that a program has only taken over. No I/O.

A clipboard manager takes over what was copied when its program ends, just before that or just after: the text is as old as it was,
although it has a new owner (freedesktop.org, ClipboardManager specification).
"""

from client_agent.clipboard.clipboard import Copies

# A manager that finds the clipboard empty fills it again within this time.
_FILLED_AGAIN_MS = 2000
_CLOCK = 2**32


class CopyCount:
    """Follows who owns the clipboard. Times are milliseconds of the X server's clock, which runs round after 2**32."""

    def __init__(self) -> None:
        self.count = Copies(0)
        """How many copies a person has made."""
        self.present: Copies | None = None
        """The copy that is on the clipboard; None where there is none of a person's that was seen."""
        self._lost_ms: int | None = None

    def copied(self, at_ms: int, *, is_by_manager: bool) -> None:
        """A program owns the clipboard from now on."""
        lost_ms, self._lost_ms = self._lost_ms, None
        is_filled_again = lost_ms is not None and (at_ms - lost_ms) % _CLOCK <= _FILLED_AGAIN_MS
        if not is_by_manager and not is_filled_again:
            self.count = Copies(self.count + 1)
            self.present = self.count

    def put(self) -> None:
        """We own it."""
        self.present, self._lost_ms = None, None

    def lost(self, at_ms: int) -> None:
        """Nobody owns it: the program has ended, or let go of it."""
        self._lost_ms = at_ms

    def is_later(self, since: Copies) -> bool:
        """Whether what is there was copied after that."""
        return self.present is not None and self.present > since
