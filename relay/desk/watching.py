"""Who may fetch a session's evidence right now: whoever has given a reason, which is on the record, for some hours."""

import time
from collections.abc import Callable

WATCH_S = 8 * 3600
_WATCHES_MAX = 10_000


class Watching:
    """The watches that are open, by person and session. They are lost with the process: then the reason is asked for again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[tuple[int, int], float] = {}

    def begin(self, person_id: int, session_id: int) -> None:
        """A reason was given, and written down."""
        now = self._clock()
        if len(self._until) >= _WATCHES_MAX:
            self._until = {key: until for key, until in self._until.items() if until > now}
        self._until[person_id, session_id] = now + WATCH_S

    def is_open(self, person_id: int, session_id: int) -> bool:
        """Whether this person may go on fetching."""
        return self._until.get((person_id, session_id), 0.0) > self._clock()
