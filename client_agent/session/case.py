"""What the parts of one session share."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from client_agent.hands import Hands
from client_agent.organisation import Organisation
from client_agent.prompts.customer import Customer
from client_agent.session.accounts import Accounts
from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from client_agent.session.pictures import Pictures
from client_agent.session.recording import Recording
from client_agent.session.viewers import Viewers
from client_agent.session.voices import Voices
from protocol import session_log
from protocol.consent import ConsentGate, ViewerId

log = logging.getLogger("mainforte.agent")


@dataclass(frozen=True)
class Case:
    """Everything there is one of in a session; each has one reason to change, and the parts act on it in turn."""

    organisation: Organisation
    customer: Customer
    line: Line
    viewers: Viewers
    gate: ConsentGate
    evidence: Evidence
    accounts: Accounts
    voices: Voices
    recording: Recording
    pictures: Pictures
    hands: Hands
    tasks: "Tasks"

    def count_input(self, viewer: ViewerId | None = None) -> None:
        """Write down how much input took effect since the last time; only `viewer`, or else who controls now, can have made it."""
        counts = self.hands.take_counts()
        actor = viewer or self.gate.controller
        if actor and any((counts.clicks, counts.keys, counts.characters)):
            self.accounts.counts[actor] += counts
            self.voices.write(session_log.InputCounted(actor, counts.clicks, counts.keys, counts.characters))


class Tasks:
    """What goes on beside the reading of messages; a failure of any is the session's."""

    def __init__(self, on_failure: Callable[[], None]) -> None:
        self._on_failure = on_failure
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._on_done)
        return task

    async def cancel_all(self) -> None:
        """End everything, and wait until it has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("the session cannot go on: %s: %s", type(error).__name__, error)
            self._on_failure()
