"""Where source, drawing and pacing meet: the customer's screen as plain media records, ready to be sealed.

    source ──► mask ──► damage ──► drawing ──► records of parts        (PROTOCOL.md, section 7)
                          ▲                        │
                          └────── pacing ◄── shown ┘

Nothing waits in between: what cannot be sent now is not captured now, so the newest state of the screen wins before encoding. (There is
no mask yet; what it hides would never reach the drawing.)
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator

from client_agent.losses import Lossy
from client_agent.screen import abilities
from client_agent.screen.budget import Path, budget
from client_agent.screen.damage import clip
from client_agent.screen.drawing import Drawing
from client_agent.screen.encoders.bands import WIDTH_PX_MAX
from client_agent.screen.encoders.interface import RAW_BYTES_MAX
from client_agent.screen.finder import Captured, Copied
from client_agent.screen.pacing import Pacer, Urgency
from client_agent.screen.pointing import Pointing
from client_agent.screen.record import Record
from client_agent.screen.source import Box, Moved, OffScreen, Screen, ScreenSource
from client_agent.screen.terms import Terms
from protocol.media_codec import write_part
from protocol.media_parts import (
    BYTES_PER_PIXEL,
    InputApplied,
    Part,
    PictureEnd,
    Rectangle,
    Screens,
    ScreenShape,
)
from protocol.text import tidy_line
from protocol.vocabulary import Preference

# Of the technician's input, what a picture tells at most: more than anybody clicks between two.
_APPLIED_MAX = 64
# While a large picture is on its way the pointer goes on alone, this often, and this many times until the next picture is shown.
_POINTER_EVERY_S = 0.05
_POINTERS_ALONE_MAX = 40
# While a lossy path has no room for what can wait, look again so soon: nobody tells when there is some.
_ROOM_AGAIN_S = 0.1
# What is encoded at once of a picture for one viewer: an update for all waits no longer than this takes.
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
        # Guards what follows up to the next blank line; never held while something blocks.
        self._lock = threading.Lock()
        self._pacer = Pacer()
        self._agreed = abilities.EVERYBODY
        self._preference = Preference.AUTOMATIC
        self._due_at: float | None = None
        self._chosen = 0
        self._is_paused = False
        self._is_key_wanted = True
        self._pointers_alone = 0
        self._is_held_back = False
        self._within_s: float | None = None
        self._sent_at = 0.0
        self._applied: deque[InputApplied] = deque(maxlen=_APPLIED_MAX)

        # Of the worker thread alone: what the viewers know already.
        self._drawing = Drawing()
        self._pointing = Pointing(source)
        self._screens: tuple[Screen, ...] = ()
        self._screen: Screen | None = None
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

    @property
    def path(self) -> Path:
        """What is known of the way to whoever sets the pace."""
        with self._lock:
            return self._pacer.path

    def expect(self, round_trip_s: float) -> None:
        """Take what others measured of the path before its first picture was shown."""
        with self._lock:
            self._pacer.expect(round_trip_s)

    def lose(self, lossy: Lossy | None) -> None:
        """Take what the connection makes of a path that loses much; None where it does not."""
        with self._lock:
            self._pacer.lose(lossy)

    def agree(self, codecs: frozenset[str]) -> None:
        """Use only these forms of pixels from the next record on: what every viewer decodes."""
        with self._lock:
            self._agreed = codecs

    def prefer(self, preference: Preference) -> None:
        """Take the wish of whoever sets the pace."""
        with self._lock:
            self._preference = preference

    @property
    def is_held_back(self) -> bool:
        """Whether the last look had to leave what there was, because pictures under way have not been shown."""
        with self._lock:
            return self._is_held_back

    def due_in_s(self, now: float) -> float | None:
        """When there will be something to show although nothing changes; None where only an acknowledgement can bring that about."""
        with self._lock:
            if self._due_at is None:
                return None
            if self._pacer.is_held_by_losses:
                return max(_ROOM_AGAIN_S, self._due_at - now)
            return max(0.0, self._due_at - now) if self._pacer.may_send(now, Urgency.REFINEMENT) else None

    def ask_key_picture(self) -> None:
        """Let the next picture be complete without what went before."""
        with self._lock:
            self._is_key_wanted = True

    def see_within(self, seconds: float | None) -> None:
        """Let no change wait for longer than this, however little the viewer shows; None: for as long as it takes."""
        with self._lock:
            self._within_s = seconds

    def tell(self, part: InputApplied) -> None:
        """Put this into the next picture."""
        with self._lock:
            self._applied.append(part)

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

    def shown(self, number: int, now: float) -> bool:
        """The viewer that sets the pace shows picture `number`; tells whether something has waited for that: call `pump` soon then.

        Raises:
            RemoteProtocolError: a picture that was never sent.
        """
        with self._lock:
            self._pacer.shown(number, now)
            self._pointers_alone = 0
            return self._is_held_back or (self._due_at is not None and self._due_at <= now)

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
            is_overdue = self._within_s is not None and now - self._sent_at >= self._within_s
            may_send = self._pacer.may_send(now) or is_overdue
            self._is_held_back = not may_send
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
        `pump`, all in the order in which they were made, has what all others have: it is made of what they know, not of the screen as
        it is now. Nothing is kept back from the others. Ends early where a picture that is complete for all makes it needless.
        """
        screen, breaks = self._screen, self._breaks
        if screen is None or self.is_paused:
            # The first picture, and the first one after a pause, is complete for all.
            return
        drawing = self._drawing
        drawing.begin_for_one()
        try:
            yield write_part(_screens_part(self._screens)) + self._pointing.known
            for rectangle in self._bands(drawing.box):
                if self._breaks != breaks:
                    return
                # Each by itself, since what waited for others would be older than what `pump` gives meanwhile.
                yield write_part(rectangle)
            if self._breaks == breaks:
                with self._lock:
                    newest = self._pacer.newest_sent
                yield write_part(PictureEnd(newest, is_key=True, at_ms=self._utc_ms(), is_exact=drawing.is_exact))
        finally:
            drawing.end_for_one()

    def _bands(self, screen: Box) -> Iterator[Rectangle]:
        """The whole screen from the top; what was encoded before another picture began is encoded anew after it."""
        for x in range(0, screen.width, WIDTH_PX_MAX):
            width = min(WIDTH_PX_MAX, screen.width - x)
            rows = max(1, BAND_BYTES // (width * BYTES_PER_PIXEL))
            y = 0
            while y < screen.height:
                begun = self._begun
                for rectangle in self._drawing.whole(Box(x, y, width, min(rows, screen.height - y))):
                    y += rectangle.height
                    yield rectangle
                    if self._begun != begun:
                        break

    def _picture(self, number: int, chosen: int, *, is_key: bool, now: float) -> Iterator[bytes]:
        """A picture of what changed, or where nothing did of what is to become exact; nothing at all where neither is there."""
        at_ms = self._utc_ms()
        screens = self._source.screens()
        is_key = is_key or screens != self._screens
        screen = screens[chosen] if chosen < len(screens) else screens[0]
        # Taken before anything is captured: what changes from here on comes with the next picture.
        damaged, moves = self._source.damage(), self._source.moves()
        terms, drawing = self._terms(now), self._drawing
        record = Record(terms.budget.record_bytes)
        if is_key:
            self._screens, self._screen = screens, screen
            drawing.begin(screen.number, screen.width, screen.height)
            self._pointing.begin()
            with self._lock:
                self._breaks += 1
            yield from record.add(_screens_part(screens))
            boxes, copies = [drawing.box], []
        else:
            boxes = [_on(screen, part) for box in damaged if (part := clip(box, screen.box))]
            copies = [copied for move in moves if (copied := _copied(screen, move))]
        self._begun += bool(boxes)
        yield from self._added(record, self._pointing.news(screen, now))
        yield from self._added(record, iter(self._take_applied()))

        def grab(box: Box) -> Captured:
            return self._source.grab(Box(screen.x + box.x, screen.y + box.y, box.width, box.height))

        yield from self._added(record, drawing.update(boxes, grab, copies, terms, now))
        if not record.is_begun and terms.least is Urgency.REFINEMENT:
            yield from self._added(record, drawing.refine(terms, now))
            self._begun += record.is_begun
        with self._lock:
            self._due_at = drawing.due_at(terms)
        if not record.is_begun:
            return
        yield from record.add(PictureEnd(number, is_key, at_ms, drawing.is_exact))
        with self._lock:
            self._pacer.sent(number, record.total_bytes, now)
            self._sent_at = now
        yield record.take()

    def _terms(self, now: float) -> Terms:
        with self._lock:
            least = next((each for each in Urgency if self._pacer.may_send(now, each)), Urgency.CHANGE)
            return Terms(self._agreed, budget(self._pacer.path, self._preference), least)

    @staticmethod
    def _added(record: Record, parts: Iterator[Part]) -> Iterator[bytes]:
        for part in parts:
            yield from record.add(part)

    def _take_applied(self) -> list[InputApplied]:
        with self._lock:
            applied = list(self._applied)
            self._applied.clear()
        return applied

    def _pointer_alone(self, now: float) -> Iterator[bytes]:
        """The pointer's new place while no picture may leave, as a record that ends none."""
        if self._screen is None or now < self._pointing.told_at + _POINTER_EVERY_S:
            return
        with self._lock:
            if self._pointers_alone >= _POINTERS_ALONE_MAX:
                return
        record = Record()
        yield from self._added(record, self._pointing.news(self._screen, now))
        if record.is_begun:
            with self._lock:
                self._pointers_alone += 1
            yield record.take()


def _on(screen: Screen, box: Box) -> Box:
    """A box of the desktop, relative to the screen."""
    return Box(box.x - screen.x, box.y - screen.y, box.width, box.height)


def _copied(screen: Screen, move: Moved) -> Copied | None:
    """What of a move was on the screen before and still is."""
    by_x, by_y = move.to.x - move.from_x, move.to.y - move.from_y
    source = clip(Box(move.from_x, move.from_y, move.to.width, move.to.height), screen.box)
    to = clip(Box(source.x + by_x, source.y + by_y, source.width, source.height), screen.box) if source else None
    return Copied(to.x - by_x - screen.x, to.y - by_y - screen.y, _on(screen, to)) if to else None


def _screens_part(screens: tuple[Screen, ...]) -> Screens:
    return Screens([ScreenShape(s.number, s.x, s.y, s.width, s.height, tidy_line(s.name)) for s in screens])
