"""In which windows the customer works, by their titles: written down while it is recorded, and only then (PROTOCOL.md, section 14.3)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from client_agent.active_window import ActiveWindow
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.pace import Pace
from client_agent.session.recording import Recording
from client_agent.session.voices import Voices
from protocol.session_log import Titled
from protocol.text import tidy_line

# A title that is followed by another one as soon as this was none that anybody read.
_SETTLES_S = 0.3
# Titles can be clocks and counters: so many at once, and then one each so often. The newest one waits, those between are left out.
_AT_ONCE = 10
_EVERY_S = 5.0


class Titles:
    """Asks for the active window's title whenever it may be another one. `is_seeing` tells whether pictures are made now."""

    def __init__(
        self, window: ActiveWindow | None, voices: Voices, recording: Recording, is_seeing: Callable[[], bool]
    ) -> None:
        """`window`: None where this machine cannot tell; nothing is written then."""
        self._window, self._voices, self._recording, self._is_seeing = window, voices, recording, is_seeing
        self._is_due = asyncio.Event()
        self._changed_ms = 0
        self._title: str | None = None
        self._title_ms = 0
        self._written: str | None = None
        self._was_recorded = False

    def follow(self) -> None:
        """Notice that the recording began, went on or came to a stop; to be called about twice a second."""
        if self._is_recorded and not self._was_recorded:
            self._title = self._written = None
            self._changed()
        self._was_recorded = self._is_recorded

    async def run(self) -> None:
        """Write them down, for as long as the session lasts."""
        if self._window is None:
            return
        loop, pace = asyncio.get_running_loop(), Pace(_AT_ONCE, _EVERY_S, awake_or_asleep_s())
        self._window.watch(loop, self._changed)
        # A desktop may let its programs wait for an answer.
        with ThreadPoolExecutor(1, "titles") as thread:
            while True:
                await self._is_due.wait()
                await asyncio.sleep(_SETTLES_S)
                self._is_due.clear()
                if not self._is_recorded:
                    continue
                asked = await loop.run_in_executor(thread, self._window.title)
                self._take(tidy_line(asked))
                if self._title != self._written and self._is_recorded:
                    if waits_s := pace.waits_s(awake_or_asleep_s()):
                        loop.call_later(waits_s, self._is_due.set)
                    else:
                        pace.wrote()
                        self._write()

    @property
    def _is_recorded(self) -> bool:
        return self._is_seeing() and self._recording.recorder.is_recording

    def _changed(self) -> None:
        self._changed_ms = now_ms()
        self._is_due.set()

    def _take(self, title: str) -> None:
        if title != self._title:
            self._title, self._title_ms = title, self._changed_ms

    def _write(self) -> None:
        self._written = self._title
        sealed, its_hash = self._recording.seal({"title": self._title or ""})
        self._voices.write(Titled(self._title_ms, its_hash), sealed)
