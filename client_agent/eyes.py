"""What the session sees with: the screen's pictures, made in a worker thread when something changed and may be shown."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from functools import partial

from client_agent.losses import Lossy
from client_agent.screen.budget import Path
from client_agent.screen.handover import Handover
from client_agent.screen.source import Screen, ScreenSource
from client_agent.screen.stream import PictureStream
from client_agent.worker import Worker
from protocol.limits import PICTURE_LIVE_S
from protocol.media_codec import ends_picture
from protocol.media_parts import InputApplied
from protocol.vocabulary import Preference

# A pointer can be moved without a sign from the desktop, and is told of alone while pictures are held back: look again after so long,
# and more seldom once nothing has happened for a while; the first and the last of these times.
_LOOK_AGAIN_S, _LOOK_AGAIN_HELD_BACK_S = (0.25, 10.0), (0.05, 1.0)
_MORE_SELDOM, _LOOKS_COUNTED_MAX = 2.0, 10

Send = Callable[[bytes], Awaitable[None]]
"""Seals a record and sends it, before it waits for anything; then waits until another one may follow."""


class Eyes:
    """The screen as the session handles it; begins paused, because nobody may see anything yet.

    Records are sent in the order in which they were made, whomever they are for. A pause, and an end, takes effect between two
    of them: what has been made, and not sent, never is.
    """

    def __init__(self, source: ScreenSource) -> None:
        self._source = source
        self._stream = PictureStream(source)
        self._stream.pause()
        self._is_due = asyncio.Event()
        self._pauses = 0
        self._looks_by_itself, self._look_again_at = 0, 0.0
        self._timer: asyncio.TimerHandle | None = None
        # One thread captures and encodes, and one task at a time has what it makes sent.
        self._worker = Worker("eyes")
        self._turn = asyncio.Lock()
        self.is_paused = True
        self.screens: tuple[Screen, ...] = ()
        self.newest_picture = 0
        """The number of the newest picture that was sent, or whose last record is being sent; 0 before the first."""
        self.looked_ms = 0
        """When the last look began, in milliseconds UTC."""
        self._loop = asyncio.get_running_loop()
        source.watch(self._loop, self._on_change)

    @property
    def is_late(self) -> bool:
        """Whether a picture that was made has not been shown for so long that what is seen is not the screen as it is."""
        return self._stream.behind_s(time.monotonic()) > PICTURE_LIVE_S

    @property
    def path(self) -> Path:
        """What is known of the way to whoever sets the pace."""
        return self._stream.path

    def expect(self, round_trip_s: float) -> None:
        """Take what others measured of the path before its first picture was shown."""
        self._stream.expect(round_trip_s)

    def lose(self, lossy: Lossy | None) -> None:
        """Take what the connection makes of a path that loses much; None where it does not."""
        self._stream.lose(lossy)

    def prefer(self, preference: Preference) -> None:
        """What whoever sets the pace would rather have where not all is possible."""
        self._stream.prefer(preference)

    async def wait(self) -> None:
        """Wait until there may be something new to show."""
        if self.is_paused:
            self._is_due.clear()
        else:
            first_s, last_s = _LOOK_AGAIN_HELD_BACK_S if self._stream.is_held_back else _LOOK_AGAIN_S
            self._look_again_at = time.monotonic() + min(first_s * _MORE_SELDOM**self._looks_by_itself, last_s)
            self._set_timer()
        try:
            await self._is_due.wait()
        finally:
            self._stop_timer()
        self._is_due.clear()

    def _set_timer(self) -> None:
        """Look again although nothing changes: when something coarse becomes exact, or else by and by."""
        self._stop_timer()
        now = time.monotonic()
        due_in_s, again_in_s = self._stream.due_in_s(now), self._look_again_at - now
        in_s = again_in_s if due_in_s is None else min(due_in_s, again_in_s)
        self._timer = self._loop.call_later(in_s, self._look_by_itself)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look_by_itself(self) -> None:
        self._looks_by_itself = min(self._looks_by_itself + 1, _LOOKS_COUNTED_MAX)
        self._is_due.set()

    def _on_change(self) -> None:
        self._looks_by_itself = 0
        self._is_due.set()

    async def look(self, send: Send) -> None:
        """Make the records that are due for all viewers, and have each sent as it is made, until a pause comes.

        Raises:
            ScreenLost: the desktop has gone.
        """
        async with self._turn:
            if self.is_paused:
                return
            pauses, self.looked_ms = self._pauses, time.time_ns() // 1_000_000
            handover = Handover[tuple[bytes, int]]()
            self._worker.do(partial(self._make, handover))
            is_whole = False
            try:
                while (made := await handover.take()) and pauses == self._pauses:
                    record, self.newest_picture = made
                    await send(record)
                is_whole = made is None
            finally:
                handover.stop()
                if not is_whole:
                    # All of it may have been made already, so the stream does not know.
                    self._stream.ask_key_picture()
                await handover.ended()

    def _make(self, handover: Handover[tuple[bytes, int]]) -> None:
        """In the worker's thread."""
        last: tuple[bytes, int] | None = None
        try:
            self.screens = self._source.screens()
            with closing(self._stream.pump(time.monotonic())) as records:
                for record in records:
                    made = record, self._stream.newest_picture
                    if ends_picture(record):
                        # Handed over with the word that it is the last, so that a letter wakes the loop once.
                        last = made
                    elif not handover.put(made):
                        break
        except BaseException as error:
            handover.end(error=error)
        else:
            handover.end(last)

    async def key_picture(self, send: Send) -> None:
        """Make a complete picture for one viewer, on which what goes to all from its first record on builds.

        It takes turns with `look`, record by record, so nobody else waits for it. A pause ends it; what follows a pause is
        complete for all.

        Raises:
            ScreenLost: the desktop has gone.
        """
        pauses, records = self._pauses, self._stream.key_picture()
        while True:
            async with self._turn:
                handover = Handover[bytes]()
                self._worker.do(partial(_make_one, records, handover))
                record = await handover.take()
                if record is None or pauses != self._pauses:
                    return
                await send(record)

    def shown(self, picture: int) -> None:
        """The technician shows this picture; what waited for that may follow."""
        if self._stream.shown(picture, time.monotonic()):
            self._is_due.set()
        elif self._timer:
            # What becomes exact by itself may do so once there is room.
            self._set_timer()

    def ask_key_picture(self) -> None:
        """The next picture is complete without what went before.

        It waits for nothing that is under way: whoever asks has lost some of that, and may never say that it is shown.
        """
        self._stream.ask_key_picture()
        self._stream.restart_pacing()
        self._is_due.set()

    def agree(self, codecs: frozenset[str]) -> None:
        """Use only these forms of pixels from the next picture on."""
        self._stream.agree(codecs)

    def restart_pacing(self) -> None:
        """Another viewer sets the pace from now on, or the same one over another path."""
        self._stream.restart_pacing()
        self._is_due.set()

    def see_within(self, seconds: float | None) -> None:
        """Make a picture of what changed after so long at the latest, whatever was shown of those before; None: as the pace allows."""
        self._stream.see_within(seconds)

    def tell(self, part: InputApplied) -> None:
        """What of the technician's input took effect goes out with the next picture."""
        self._stream.tell(part)
        self._is_due.set()

    def choose_screen(self, number: int) -> None:
        """Show this screen from now on."""
        self._stream.choose_screen(number)
        self._is_due.set()

    def pause(self) -> None:
        """See nothing; a picture that is being made or sent is thrown away."""
        self._pauses += 1
        self.is_paused = True
        self._stream.pause()

    def resume(self) -> None:
        """See again, beginning with a complete picture."""
        self.is_paused = False
        self._stream.resume()
        self._is_due.set()


def _make_one(records: Iterator[bytes], handover: Handover[bytes]) -> None:
    """In the worker's thread."""
    try:
        handover.end(next(records, None))
    except BaseException as error:
        handover.end(error=error)
