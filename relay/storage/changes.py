"""Who looks at something learns that it changed, once the change is on the disk. Within the one process that writes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

_KEY = "mainforte_changed"


def changed(connection: AsyncConnection, subject: str) -> None:
    """Note that this transaction changes `subject`, such as `ticket:2041`; told when it is committed."""
    connection.info.setdefault(_KEY, set()).add(subject)


def taken(connection: AsyncConnection) -> set[str]:
    """What was noted since the last call."""
    subjects: set[str] = connection.info.pop(_KEY, set())
    return subjects


class Changes:
    """Wakes those who listen."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self.is_closed = False

    @contextmanager
    def listening(self, subject: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever `subject` changed; whoever waits clears it."""
        event = asyncio.Event()
        self._listeners.setdefault(subject, set()).add(event)
        try:
            yield event
        finally:
            listeners = self._listeners[subject]
            listeners.discard(event)
            if not listeners:
                del self._listeners[subject]

    def tell(self, subjects: set[str]) -> None:
        for subject in subjects:
            for event in self._listeners.get(subject, ()):
                event.set()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.is_closed = True
        self.tell(set(self._listeners))
