"""How the two ends of a session find each other again at one of the relay's nodes (PROTOCOL.md, section 2.5).

After a cut each begins where they last were together, and goes on in the order of the organisation's document wherever nobody answers.
Whoever is connected and finds itself alone goes on too: a viewer soon, the agent only after a viewer has had time to look everywhere.
"""

from collections.abc import Sequence

from protocol.limits import NODE_STAY_S


class Nodes:
    """Where one end looks for the other; no I/O. Times are seconds of a clock that never goes back.

    Args:
        address: where the end was first.
        origins: those of the organisation's document. Where `address` is not among them, as behind a tunnel, it is the only one.
    """

    def __init__(self, address: str, origins: Sequence[str] = (), *, is_agent: bool = False) -> None:
        self._origins = tuple(dict.fromkeys(origins)) if address in origins else (address,)
        self._order = self._from(address)
        self._at = 0
        self._stay_s = 2 * len(self._origins) * NODE_STAY_S if is_agent else NODE_STAY_S
        self._alone_since: float | None = None

    @property
    def here(self) -> str:
        """The origin to be at."""
        return self._order[self._at]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._order)

    def go_on(self) -> None:
        """Nobody is here: the next."""
        self._at = (self._at + 1) % len(self._order)
        self._alone_since = None

    def met(self) -> None:
        """Both are here: after the next cut, here is where to begin."""
        if self._at:
            self._order, self._at = self._from(self.here), 0
        self._alone_since = None

    def cut(self) -> None:
        """The connection is gone: whoever comes back has not been alone yet."""
        self._alone_since = None

    def is_time_to_go_on(self, now_s: float) -> bool:
        """Whether an end that is connected, and still alone, should look elsewhere; to be asked for as long as it is."""
        if self._alone_since is None:
            self._alone_since = now_s
        return len(self._order) > 1 and now_s - self._alone_since >= self._stay_s

    def _from(self, first: str) -> list[str]:
        return [first, *(origin for origin in self._origins if origin != first)]
