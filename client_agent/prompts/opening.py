"""Before anything that could be answered appears, the session lets go of keys and suspends input; after the last, it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from client_agent.prompts.customer import CustomerCallbacks


class Openings:
    """Counts what is open. All but `is_open` belongs to the session's event loop."""

    def __init__(self) -> None:
        self._count = 0
        self._callbacks: CustomerCallbacks | None = None
        self._entrance = asyncio.Lock()

    def attach(self, callbacks: CustomerCallbacks) -> None:
        self._callbacks = callbacks

    @property
    def is_open(self) -> bool:
        """Whether something is shown or about to be."""
        return self._count > 0

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[None]:
        """Show inside this: on entry the session is ready."""
        self._count += 1
        try:
            async with self._entrance:
                if self._callbacks:
                    await self._callbacks.before_question()
            yield
        finally:
            self._count -= 1
            if self._count == 0 and self._callbacks:
                self._callbacks.after_question()
