"""Pictures on their way to everybody who may see: epochs and their keys, key pictures for those who lack one, and the pace."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Reversible

from client_agent.eyes import Eyes
from client_agent.screen.source import Screen
from client_agent.session.line import Line
from client_agent.session.recording import Recording
from client_agent.session.way import Way
from client_agent.session.way_log import WayLog
from protocol.envelope import Audience
from protocol.limits import RECORDED_WITHIN_S
from protocol.media import MediaSealer
from protocol.media_codec import begins_key_picture, ends_picture
from protocol.messages import EpochStarted, MediaReached, PathMeasured
from protocol.relay_messages import LegsMeasured
from protocol.session_log import PathChanged
from protocol.vocabulary import Preference

# Acknowledgements of older pictures than these say nothing any more.
_CAPTURE_TIMES = 1000


class Pictures:
    """What the eyes see, sealed for those who are admitted. Nothing is captured while nobody is, or while the customer pauses."""

    def __init__(self, line: Line, eyes: Eyes, recording: Recording) -> None:
        self._line, self._eyes, self._recording = line, eyes, recording
        self._is_for_store = False
        self._sealer = MediaSealer()
        self._captured_ms: OrderedDict[int, int] = OrderedDict()
        self._pace: str | None = None
        self._preference = Preference.AUTOMATIC
        self._sending_s = 0.0
        self.way = Way()
        """What each part of the way to whoever sets the pace takes."""
        self._way_log = WayLog()
        self._is_paused = False
        self.newest_ms = 0
        """When the newest picture was captured, UTC milliseconds."""

    @property
    def screens(self) -> tuple[Screen, ...]:
        return self._eyes.screens

    @property
    def is_late(self) -> bool:
        """Whether whoever sets the pace sees something else than the screen as it is."""
        return self._eyes.is_late

    @property
    def is_seeing(self) -> bool:
        """Whether anything is captured now: somebody is there, and the customer makes no pause."""
        return not self._eyes.is_paused

    @property
    def has_begun(self) -> bool:
        """Whether there is a key to seal with."""
        return self._sealer.epoch > 0

    def start_epoch(self) -> EpochStarted:
        """A fresh key from the next record on, as the log tells; gives what those who may see are told."""
        key = secrets.token_bytes(32)
        self._sealer.start_epoch(key)
        self._recording.epoch_began(self._sealer.epoch, key, self._sealer.next_counter)
        # What is recorded does not wait for a viewer that shows nothing.
        self._eyes.see_within(RECORDED_WITHIN_S / 2 if self._recording.recorder.is_recording else None)
        return EpochStarted(self._sealer.epoch, key, self._sealer.next_counter)

    def reached(self) -> MediaReached:
        """How far the stream to all has come, so that a withheld picture is noticed."""
        return MediaReached(self._sealer.next_counter, self._eyes.newest_picture)

    def pause(self) -> None:
        """The customer lets nobody see; at once."""
        self._is_paused = True
        self._eyes.pause()

    def go_on(self) -> None:
        """The customer lets them see again; `show_to` begins with a complete picture."""
        self._is_paused = False

    def agree(self, codecs: frozenset[str]) -> None:
        """Use only these forms of pixels from now on: what all who see decode."""
        self._eyes.agree(codecs)

    def show_to(self, pace: str | None, preference: Preference, *, is_new_path: bool) -> None:
        """Look for those who are there now.

        Args:
            pace: whose acknowledgements set the pace; None where nobody is there.
            preference: what they would rather have.
            is_new_path: they came, or came back, over another path.
        """
        if pace is None or self._is_paused:
            self._eyes.pause()
        elif self._eyes.is_paused:
            self._eyes.resume()
        elif is_new_path or pace != self._pace:
            self._eyes.restart_pacing()
        if is_new_path or pace != self._pace:
            self.way.restart()
            # Until the relay tells of both legs; better than to take a narrow path for a wide one.
            self._eyes.expect(self._line.round_trip_s)
        self.way.tell_again()
        self._pace = pace
        self.prefer(preference)

    def prefer(self, preference: Preference) -> None:
        """Whoever sets the pace would rather have this where not all is possible."""
        self._preference = preference
        self._eyes.prefer(preference)

    def legs_measured(self, legs: LegsMeasured) -> None:
        """The relay has measured the ways to both ends."""
        self.way.legs_measured(legs)
        self._eyes.expect(self.way.round_trip_s)

    def drawing_timed(self, viewer: str, took_ms: int) -> None:
        """A viewer has timed its drawing."""
        if viewer == self._pace:
            self.way.drawing_timed(took_ms)

    def way_news(self) -> PathMeasured | None:
        """What everybody is to be told of the way now."""
        return self.way.news(self._eyes.path, self._preference, time.monotonic()) if self._pace else None

    def way_for_the_log(self) -> PathChanged | None:
        """What is to be written down of the way; nothing is while nobody looks. To be called about twice a second."""
        is_shown = self._pace and self.is_seeing
        measured = self.way.measured(self._eyes.path, self._preference) if is_shown else None
        return self._way_log.take(measured, time.monotonic())

    def begin_anew(self) -> None:
        """What comes from now on builds on nothing before: what was made and not sent is thrown away."""
        if not self._eyes.is_paused:
            self._eyes.pause()
            self._eyes.resume()

    async def show_to_store(self) -> None:
        """Give the recording a complete picture from which a seek can begin, while viewers notice nothing."""
        if self._is_for_store:
            return

        async def send(record: bytes) -> None:
            self._hand_over(record, Audience.STORE)
            await self._line.drained()

        self._is_for_store = True
        try:
            await self._eyes.key_picture(send)
        finally:
            self._is_for_store = False

    async def show_from_the_start(self, peer: int) -> None:
        """Make a complete picture for one viewer, while the others notice nothing."""

        async def send(record: bytes) -> None:
            self._line.send_media(self._sealer.seal(record, audience=Audience.ONE, peer=peer))
            await self._line.drained()

        await self._eyes.key_picture(send)

    def ask_key_picture(self) -> None:
        """The next picture is complete for everybody."""
        self._eyes.ask_key_picture()

    def choose_screen(self, number: int) -> None:
        """Show this screen from now on."""
        self._eyes.choose_screen(number)

    def shown(self, viewer: str, picture: int) -> int | None:
        """A viewer shows this picture; gives when it was captured, UTC milliseconds, where that is still known.

        Raises:
            RemoteProtocolError: a picture that was never sent.
        """
        if viewer == self._pace:
            self._eyes.shown(picture)
        return self._captured_ms.get(picture)

    def captured_ms(self, picture: int) -> int:
        """When this picture was captured, UTC milliseconds; the newest one's time where that is not known any more."""
        return self._captured_ms.get(picture, self.newest_ms)

    @property
    def all_captured_ms(self) -> Reversible[int]:
        """When the last thousand pictures were captured, UTC milliseconds, the oldest first."""
        return self._captured_ms.values()

    async def run(self) -> None:
        """Show what changes, for as long as the session lasts.

        Raises:
            ScreenLost: the desktop has gone.
        """
        while True:
            await self._eyes.wait()
            await self._line.drained()
            self._eyes.lose(self._line.lossy())
            picture, self._sending_s, began = self._eyes.newest_picture, 0.0, time.monotonic()
            await self._eyes.look(self._send)
            if self._eyes.newest_picture != picture:
                self.way.made(time.monotonic() - began - self._sending_s)

    async def _send(self, record: bytes) -> None:
        picture = self._eyes.newest_picture
        if picture not in self._captured_ms:
            self._captured_ms[picture] = self.newest_ms = self._eyes.looked_ms
            if len(self._captured_ms) > _CAPTURE_TIMES:
                self._captured_ms.popitem(last=False)
        began = time.monotonic()
        self._hand_over(record, Audience.ALL)
        # What matters more, like an answer or an entry, waits for one record at most.
        await self._line.drained()
        self._sending_s += time.monotonic() - began

    def _hand_over(self, record: bytes, audience: Audience) -> None:
        """Seal a record to all or for the store, and have it recorded where the customer allows that."""
        first = self._sealer.next_counter
        sealed = self._sealer.seal(record, audience=audience)
        counters = first, self._sealer.next_counter
        self._recording.sending(
            sealed, audience, counters, is_key=begins_key_picture(record), ends=ends_picture(record)
        )
        self._line.send_media(sealed)
