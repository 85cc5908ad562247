"""Which computer it is, told once, as soon as somebody sees its screen (PROTOCOL.md, section 9)."""

import asyncio

from client_agent.device import describe
from client_agent.session.case import Tasks
from client_agent.session.pictures import Pictures
from client_agent.session.voices import Voices


class Device:
    """Asks the system and writes the answer down. Nobody hears of it before the customer has allowed to see."""

    def __init__(self, pictures: Pictures, voices: Voices, tasks: Tasks) -> None:
        self._pictures, self._voices, self._tasks = pictures, voices, tasks
        self._is_asked = False

    def follow(self) -> None:
        """Notice that somebody sees; to be called about twice a second."""
        if not self._is_asked and self._is_seen:
            self._is_asked = True
            self._tasks.start(self._tell())

    async def _tell(self) -> None:
        facts = await asyncio.to_thread(describe.facts)
        self._is_asked = self._is_seen
        if self._is_asked:
            self._voices.write(describe.described(facts, self._pictures.screens))

    @property
    def _is_seen(self) -> bool:
        return self._pictures.is_seeing and bool(self._pictures.screens)
