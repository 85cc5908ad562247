"""Where source, damage, encoder and pacing meet: the customer's screen as plain media records, ready to be sealed.

    source ──► damage ──► encoder ──► records of parts        (PROTOCOL.md, section 7)
                 ▲                        │
                 └────── pacing ◄── shown ┘

Nothing waits in between: what cannot be sent now is not captured now, so the newest state of the screen wins before encoding.
"""

import threading
import time
from collections.abc import Callable, Iterator

from client_agent.screen.damage import clip
from client_agent.screen.encoder import RECORD_BYTES, Encoder
from client_agent.screen.pacing import Pacer
from client_agent.screen.source import Box, OffScreen, PointerState, Screen, ScreenSource
from protocol.media import Part, PictureEnd, PointerAt, Screens, ScreenShape, write_part
from protocol.text import tidy_line

# While a large picture is on its way the pointer goes on alone, this often, and this many times until the next picture is shown.
_POINTER_EVERY_S = 0.05
_POINTERS_ALONE_MAX = 40


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


class PictureStream:
    """The pictures of one screen of `source`, one after the other, for the viewer that sets the pace.

    `pump` blocks while it captures and compresses, some 10 ms for a whole screen: call it in a worker thread, one call at a
    time. Every other method returns at once and may be called in any thread, also while `pump` runs. `now` is always
    the same clock that never goes back, in seconds.
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

        # Of `pump` alone: what the viewers know already.
        self._screens: tuple[Screen, ...] = ()
        self._pointer: PointerState | None = None
        self._pointer_at = 0.0
        self._pointer_part: bytes = b""

    @property
    def newest_picture(self) -> int:
        """The number of the newest picture that was sent; 0 before the first."""
        with self._lock:
            return self._pacer.newest_sent

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
        """Capture nothing more. A `pump` that is running still ends its picture."""
        with self._lock:
            self._is_paused = True

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

    def pump(self, now: float) -> Iterator[bytes]:
        """Give the plaintexts of the records that are due, each at most RECORD_BYTES long, in the order to be sealed.

        Send each as it comes: the first ones are on their way while the rest is encoded. Take all of them, or none. The last
        record of a picture holds its `PictureEnd`.

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
        try:
            yield from self._picture(number, chosen, is_key=is_key, now=now)
        except OffScreen:
            # The desktop changed between question and answer. What was begun ends with the next picture, a complete one.
            self.ask_key_picture()

    def _picture(self, number: int, chosen: int, *, is_key: bool, now: float) -> Iterator[bytes]:
        """A picture of what changed; nothing at all where nothing did."""
        at_ms = self._utc_ms()
        screens = self._source.screens()
        is_key = is_key or screens != self._screens
        screen = screens[chosen] if chosen < len(screens) else screens[0]
        # Taken before anything is captured: what changes from here on comes with the next picture.
        damaged = self._source.damage()
        boxes = [screen.box] if is_key else [part for box in damaged if (part := clip(box, screen.box))]
        record = _Record()
        if is_key:
            self._screens = screens
            self._pointer = None
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
            yield from record.add(self._encoder.shape(self._source.pointer_image()))
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
        if self._bytes + len(written) > RECORD_BYTES:
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
