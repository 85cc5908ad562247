"""Where source, damage, encoder and pacing meet: the customer's screen as plain media records, ready to be sealed.

    source ──► damage ──► encoder ──► records of parts        (PROTOCOL.md, section 7)
                 ▲                        │
                 └────── pacing ◄── shown ┘

Nothing waits in between: what cannot be sent now is not captured now, so the newest state of the screen wins before encoding.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator

from client_agent.screen.damage import clip
from client_agent.screen.encoder import RAW_BYTES_MAX, RECORD_BYTES, WIDTH_PX_MAX, Encoder
from client_agent.screen.pacing import Pacer
from client_agent.screen.source import Box, OffScreen, PointerState, Screen, ScreenSource
from protocol.media_codec import write_part
from protocol.media_parts import BYTES_PER_PIXEL, Part, PictureEnd, PointerAt, Rectangle, Screens, ScreenShape
from protocol.text import tidy_line

# While a large picture is on its way the pointer goes on alone, this often, and this many times until the next picture is shown.
_POINTER_EVERY_S = 0.05
_POINTERS_ALONE_MAX = 40
# What is captured at once of a picture for one viewer: an update for all waits no longer than this takes.
BAND_BYTES = RAW_BYTES_MAX


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


class PictureStream:
    """The pictures of one screen of `source`, one after the other, for the viewer that sets the pace.

    `pump` and `key_picture` block while they capture and compress, some 10 ms for a whole screen: take their records in one
    worker thread, and send them in the order in which they were made. Every other method returns at once and may be called in
    any thread, also meanwhile. `now` is always the same clock that never goes back, in seconds.
    """

    def __init__(self, source: ScreenSource, *, utc_ms: Callable[[], int] = _utc_ms) -> None:
        self._source = source
        self._utc_ms = utc_ms
        self._encoder = Encoder()
        # Guards what follows up to the next blank line; never held while something blocks.
        self._lock = threading.Lock()
        self._pacer = Pacer()
        self._chosen = 0
        self._is_paused = False
        self._is_key_wanted = True
        self._pointers_alone = 0

        # Of the worker thread alone: what the viewers know already.
        self._screens: tuple[Screen, ...] = ()
        self._screen: Screen | None = None
        self._pointer: PointerState | None = None
        self._pointer_at = 0.0
        self._pointer_part = self._shape_part = b""
        # How many pictures with pixels were begun; and how often all that viewers knew became of no use: pauses and key pictures.
        self._begun = 0
        self._breaks = 0

    @property
    def newest_picture(self) -> int:
        """The number of the newest picture that was sent; 0 before the first."""
        with self._lock:
            return self._pacer.newest_sent

    @property
    def is_paused(self) -> bool:
        with self._lock:
            return self._is_paused

    def ask_key_picture(self) -> None:
        """Let the next picture be complete without what went before."""
        with self._lock:
            self._is_key_wanted = True

    def choose_screen(self, number: int) -> None:
        """Show this screen from the next picture on, which is a key picture; a number that is gone means the first screen."""
        with self._lock:
            self._chosen = number
            self._is_key_wanted = True

    def pause(self) -> None:
        """Capture nothing more; what is being made gives no more records."""
        with self._lock:
            self._is_paused = True
            self._breaks += 1

    def resume(self) -> None:
        """Go on with a key picture, which copies nothing from before the pause, nor waits for what was under way then."""
        with self._lock:
            self._is_paused = False
            self._is_key_wanted = True
            self._pacer.restart()

    def shown(self, number: int, now: float) -> None:
        """The viewer that sets the pace shows picture `number`; another one may leave now, so call `pump` soon.

        Raises:
            RemoteProtocolError: a picture that was never sent.
        """
        with self._lock:
            self._pacer.shown(number, now)
            self._pointers_alone = 0

    def restart_pacing(self) -> None:
        """Another viewer sets the pace from now on, or the same one over another path."""
        with self._lock:
            self._pacer.restart()

    def behind_s(self, now: float) -> float:
        """For how long the oldest picture under way has not been shown; 0 where the viewer shows the newest."""
        with self._lock:
            return self._pacer.behind_s(now)

    def pump(self, now: float) -> Generator[bytes, None, None]:
        """Give the plaintexts of the records that are due, each at most RECORD_BYTES long, in the order to be sealed.

        Send each as it comes: the first ones are on their way while the rest is encoded. The last record of a picture holds its
        `PictureEnd`; where not all were taken, or a pause came between, the next picture is a key picture.

        Raises:
            ScreenLost: the desktop has gone.
        """
        with self._lock:
            if self._is_paused:
                return
            may_send = self._pacer.may_send(now)
            is_key = self._is_key_wanted
            if may_send:
                self._is_key_wanted = False
            number, chosen = self._pacer.newest_sent + 1, self._chosen
        if not may_send:
            yield from self._pointer_alone(now)
            return
        is_whole = False
        try:
            for record in self._picture(number, chosen, is_key=is_key, now=now):
                if self.is_paused:
                    return
                yield record
            is_whole = True
        except OffScreen:
            # The desktop changed between question and answer.
            return
        finally:
            if not is_whole:
                # What was begun ends with the next picture, a complete one.
                self.ask_key_picture()

    def key_picture(self) -> Iterator[bytes]:
        """Give the plaintexts of the records of a complete picture for one viewer, while what goes to all goes on.

        Take turns with `pump`, a record at a time. A viewer that applies these records and, from the first of them on, those of
        `pump`, all in the order in which they were made, has what all others have. Nothing is kept back from the others, and
        none of their damage is used up. Ends early where a picture that is complete for all makes it needless.

        Raises:
            ScreenLost: the desktop has gone.
        """
        screen, breaks = self._screen, self._breaks
        if screen is None or self.is_paused:
            # The first picture, and the first one after a pause, is complete for all.
            return
        # The pointer as all know it, not as it is now: where it is back by the next picture, that one would not mention it.
        yield write_part(_screens_part(self._screens)) + self._shape_part + self._pointer_part
        try:
            for rectangle in self._bands(screen):
                if self._breaks != breaks:
                    return
                # Each by itself, since what waited for others would be older than what `pump` gives meanwhile.
                yield write_part(rectangle)
        except OffScreen:
            self.ask_key_picture()
            return
        if self._breaks == breaks:
            with self._lock:
                end = PictureEnd(self._pacer.newest_sent, is_key=True, at_ms=self._utc_ms())
            yield write_part(end)

    def _bands(self, screen: Screen) -> Iterator[Rectangle]:
        """The whole screen from the top; what was captured before another picture began is captured anew after it."""
        for x in range(0, screen.width, WIDTH_PX_MAX):
            width = min(WIDTH_PX_MAX, screen.width - x)
            rows = max(1, BAND_BYTES // (width * BYTES_PER_PIXEL))
            y = 0
            while y < screen.height:
                begun = self._begun
                place = Box(x, y, width, min(rows, screen.height - y))
                pixels = self._source.grab(Box(screen.x + x, screen.y + y, place.width, place.height))
                for rectangle in self._encoder.rectangles(screen.number, place, pixels):
                    y += rectangle.height
                    yield rectangle
                    if self._begun != begun:
                        break

    def _picture(self, number: int, chosen: int, *, is_key: bool, now: float) -> Iterator[bytes]:
        """A picture of what changed; nothing at all where nothing did."""
        at_ms = self._utc_ms()
        screens = self._source.screens()
        is_key = is_key or screens != self._screens
        screen = screens[chosen] if chosen < len(screens) else screens[0]
        # Taken before anything is captured: what changes from here on comes with the next picture.
        damaged = self._source.damage()
        boxes = [screen.box] if is_key else [part for box in damaged if (part := clip(box, screen.box))]
        self._begun += bool(boxes)
        record = _Record()
        if is_key:
            self._screens, self._screen = screens, screen
            self._pointer = None
            with self._lock:
                self._breaks += 1
            yield from record.add(_screens_part(screens))
        yield from self._pointer_parts(record, screen, now)
        for box in boxes:
            place = Box(box.x - screen.x, box.y - screen.y, box.width, box.height)
            for rectangle in self._encoder.rectangles(screen.number, place, self._source.grab(box)):
                yield from record.add(rectangle)
        if not record.is_begun:
            return
        yield from record.add(PictureEnd(number, is_key, at_ms))
        with self._lock:
            self._pacer.sent(number, record.total_bytes, now)
        yield record.take()

    def _pointer_alone(self, now: float) -> Iterator[bytes]:
        """The pointer's new place while no picture may leave, as a record that ends none."""
        if self._screens == () or now < self._pointer_at + _POINTER_EVERY_S:
            return
        with self._lock:
            if self._pointers_alone >= _POINTERS_ALONE_MAX:
                return
            chosen = self._chosen
        screen = self._screens[chosen] if chosen < len(self._screens) else self._screens[0]
        record = _Record()
        yield from self._pointer_parts(record, screen, now)
        if record.is_begun:
            with self._lock:
                self._pointers_alone += 1
            yield record.take()

    def _pointer_parts(self, record: "_Record", screen: Screen, now: float) -> Iterator[bytes]:
        """What is new about the pointer; outside the screen it is not visible."""
        state = self._source.pointer()
        known = self._pointer
        if state == known:
            return
        if known is None or known.shape_serial != state.shape_serial:
            shape = self._encoder.shape(self._source.pointer_image())
            yield from record.add(shape)
            self._shape_part = write_part(shape)
        part = _pointer_part(state, screen)
        if known is None or write_part(part) != self._pointer_part:
            yield from record.add(part)
        self._pointer, self._pointer_at, self._pointer_part = state, now, write_part(part)


class _Record:
    """Parts that are collected into records of at most RECORD_BYTES."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._bytes = 0
        self.total_bytes = 0

    @property
    def is_begun(self) -> bool:
        return self.total_bytes > 0

    def add(self, part: Part) -> Iterator[bytes]:
        """Add a part; gives the record before it where the two do not fit into one."""
        written = write_part(part)
        if self._parts and self._bytes + len(written) > RECORD_BYTES:
            yield self.take()
        self._parts.append(written)
        self._bytes += len(written)
        self.total_bytes += len(written)

    def take(self) -> bytes:
        """The record so far; the next one begins empty."""
        record = b"".join(self._parts)
        self._parts, self._bytes = [], 0
        return record


def _screens_part(screens: tuple[Screen, ...]) -> Screens:
    return Screens([ScreenShape(s.number, s.x, s.y, s.width, s.height, tidy_line(s.name)) for s in screens])


def _pointer_part(state: PointerState, screen: Screen) -> PointerAt:
    x, y = state.x - screen.x, state.y - screen.y
    is_here = 0 <= x < screen.width and 0 <= y < screen.height
    return PointerAt(screen.number, state.is_visible, x, y) if is_here else PointerAt(screen.number, False, 0, 0)
