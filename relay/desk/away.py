"""Sessions that both ends have left, and may come back to for a while."""

import time

from protocol.limits import VIEW_GRACE_S

# Ends that are on their way back may take a little longer than they may stay away.
CLOSED_AFTER_S = VIEW_GRACE_S + 30


class Away:
    """The sessions that both ends have left, until when they may come back; seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def left(self, session: str) -> None:
        self._until.setdefault(session, time.monotonic() + CLOSED_AFTER_S)

    def came_back(self, session: str) -> None:
        self._until.pop(session, None)

    def overdue(self) -> list[str]:
        """Those who did not come back in time; they are forgotten here."""
        over = [session for session, until in self._until.items() if time.monotonic() > until]
        for session in over:
            del self._until[session]
        return over
