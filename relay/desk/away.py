"""Sessions that both ends have left, and may come back to for a while."""

import time
from collections.abc import Callable, Collection

from protocol.limits import VIEW_GRACE_S

# Ends that are on their way back may take a little longer than they may stay away.
CLOSED_AFTER_S = VIEW_GRACE_S + 30


class Away:
    """Since when sessions are seen to be left; seconds of a clock that never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._since: dict[str, float] = {}
        self._clock = clock

    def see(self, left: Collection[str]) -> list[str]:
        """Take note of all who are left now; gives those to which nobody came back in time."""
        now = self._clock()
        self._since = {session: self._since.get(session, now) for session in left}
        return [session for session, since in self._since.items() if now - since > CLOSED_AFTER_S]

    def came_back(self, session: str) -> None:
        """Somebody is there: should it be left again, its time begins anew."""
        self._since.pop(session, None)
