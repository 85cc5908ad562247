"""What the session acts with: the technician's input, applied, counted, and released in time; and the customer's stop key."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from client_agent.input.injected import InjectedKeys
from client_agent.input.open import open_sink
from client_agent.input.sink import OwnWindows
from client_agent.input.stop_key import StopKeyWatch, watch_stop_key
from client_agent.screen.source import Screen
from client_agent.worker import Worker
from protocol.codec import Message
from protocol.media_parts import InputApplied
from protocol.messages import INPUT, KeyChanged, PointerButton, PointerMoved, TextTyped, WheelTurned

# More than anybody types or clicks while a long text is being typed; what comes beyond it is lost, as a full keyboard buffer is.
WAITING_MAX = 1000
_TYPING_TOLD_EVERY_S = 0.25

log = logging.getLogger("mainforte.agent")


@dataclass(frozen=True)
class Counts:
    """How much input took effect."""

    clicks: int = 0
    keys: int = 0
    characters: int = 0

    def __bool__(self) -> bool:
        return bool(self.clicks or self.keys or self.characters)

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(self.clicks + more.clicks, self.keys + more.keys, self.characters + more.characters)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A message, the screens as they were when it came, and how often everything had been released by then."""

    message: Message
    screens: tuple[Screen, ...]
    releases: int

    def takes_place_of(self, before: "_Waiting") -> bool:
        """Whether the one before it needs not be applied any more: a place of the pointer that nothing happened at."""
        return (
            isinstance(self.message, PointerMoved)
            and isinstance(before.message, PointerMoved)
            and self.releases == before.releases
        )


class Hands:
    """The sink as the session handles it: messages in, nothing left held.

    Typing may take a while (a letter that the layout lacks needs a key of its own first), so a worker thread applies what
    arrives, in order. Of places of the pointer that come faster than they are applied only the newest counts; keys, buttons and the
    wheel are never left out. `release_all` does not wait for it: what has not been applied by then never is.
    """

    INPUT = INPUT

    def __init__(self, own: OwnWindows) -> None:
        """Take hold of the desktop; nothing ever reaches the agent's `own` windows.

        Raises:
            NoInput: the desktop takes no input from programs.
        """
        self._injected = InjectedKeys()
        self._sink = open_sink(own, self._injected)
        self._stop_key: StopKeyWatch | None = None
        self._counts = Counts()
        self._held_timer: asyncio.TimerHandle | None = None
        self._worker = Worker("input")
        self._loop = asyncio.get_running_loop()
        # What waits for the worker; the lock is never held while something blocks.
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()
        self._is_working = False
        self._releases = 0
        self._typing_told_s = 0.0
        self.on_applied: Callable[[InputApplied], None] = lambda part: None
        """What of the technician's input has taken effect, for those who watch, now or later."""

    def apply(self, message: Message, screens: tuple[Screen, ...]) -> None:
        """Let one admitted message take effect, in its turn. Places outside the screen are brought to its edge."""
        new = _Waiting(message, screens, self._releases)
        # While the worker does nothing, nothing waits.
        if not self._is_working and self._is_applied_at_once(new):
            return
        with self._lock:
            if self._waiting and new.takes_place_of(self._waiting[-1]):
                self._waiting[-1] = new
                return
            if len(self._waiting) >= WAITING_MAX:
                return
            self._waiting.append(new)
            if self._is_working:
                return
            self._is_working = True
        self._worker.do(self._work)

    def _work(self) -> None:
        """In the worker's thread: apply what waits, until nothing does."""
        while (next_one := self._take_next()) is not None:
            counts = self._tried(partial(self._apply, next_one.message, next_one.screens), next_one.releases)
            if counts:
                self._loop.call_soon_threadsafe(self._applied, next_one.message, counts)

    def _is_applied_at_once(self, new: _Waiting) -> bool:
        """In the loop: a key that the desktop takes sooner than the worker would wake; False where it has to take its turn."""
        if not isinstance(new.message, KeyChanged):
            return False
        counts = self._tried(partial(self._press_at_once, new.message), new.releases)
        if counts:
            # As from the worker: not before whoever hands over has gone on.
            self._loop.call_soon(self._applied, new.message, counts)
        return counts is not None

    def _press_at_once(self, key: KeyChanged) -> Counts | None:
        is_applied = self._sink.key_at_once(key.code, key.is_down)
        return None if is_applied is None else Counts(keys=int(is_applied and key.is_down))

    def _tried(self, apply: Callable[[], Counts | None], releases: int) -> Counts | None:
        try:
            counts = apply()
        except Exception as error:
            # Where the desktop has gone, the eyes say so; what was to be typed is nobody's business.
            log.warning("input could not be applied: %s", type(error).__name__)
            counts = Counts()
        if releases != self._releases:
            # What went down while everything was being released must not stay down.
            self._sink.release_all()
        return counts

    def _take_next(self) -> _Waiting | None:
        with self._lock:
            while self._waiting:
                next_one = self._waiting.popleft()
                if next_one.releases == self._releases:
                    return next_one
            self._is_working = False
            return None

    def _applied(self, message: Message, counts: Counts) -> None:
        self._counts = self._counts + counts
        self._tell(message)

    def _tell(self, message: Message) -> None:
        """Say that a button went down, and where, or that keys were typed, a few times a second and never which."""
        if isinstance(message, PointerButton):
            self.on_applied(InputApplied("button", message.screen, message.x, message.y, message.button))
        elif (now_s := time.monotonic()) >= self._typing_told_s + _TYPING_TOLD_EVERY_S:
            self._typing_told_s = now_s
            self.on_applied(InputApplied("keys", 0, 0, 0, 0))

    def _apply(self, message: Message, screens: tuple[Screen, ...]) -> Counts:
        match message:
            case PointerMoved(number, x, y):
                if place := _place(screens, number, x, y):
                    self._sink.move(*place)
            case PointerButton(number, x, y, button, is_down):
                place = _place(screens, number, x, y)
                if place and self._sink.button(*place, button, is_down) and is_down:
                    return Counts(clicks=1)
            case WheelTurned(number, x, y, right, down):
                if place := _place(screens, number, x, y):
                    self._sink.wheel(*place, right, down)
            case KeyChanged(code, is_down):
                if self._sink.key(code, is_down) and is_down:
                    return Counts(keys=1)
            case TextTyped(text):
                if self._sink.type(text):
                    return Counts(characters=len(text))
        return Counts()

    @property
    def is_holding(self) -> bool:
        """Whether a key or button is down because of us."""
        held = self._sink.held()
        return bool(held.keys or held.buttons)

    @property
    def is_busy(self) -> bool:
        """Whether something is down because of us, or still to be applied."""
        return self._is_working or self.is_holding

    def release_all(self) -> None:
        """Every key and button that is down comes up; what still waits is dropped."""
        self._releases += 1
        self._sink.release_all()

    def take_counts(self) -> Counts:
        """What took effect since the last call."""
        counts, self._counts = self._counts, Counts()
        return counts

    def watch_stop_key(self, on_down: Callable[[], None], on_held: Callable[[], None], *, held_s: float) -> None:
        """Call `on_down` as the customer's own Esc goes down, and `on_held` when it has been held for so long.

        Raises:
            StopKeyUnwatched: this desktop does not tell of keys.
        """
        loop = asyncio.get_running_loop()

        def down() -> None:
            on_down()
            if self._held_timer is None:
                self._held_timer = loop.call_later(held_s, on_held)

        def up() -> None:
            if self._held_timer:
                self._held_timer.cancel()
                self._held_timer = None

        self._stop_key = watch_stop_key(loop, down, up, self._injected)

    def close(self) -> None:
        """Release everything, drop what still waits, and let go of the desktop."""
        self.release_all()
        self._worker.close()
        self._sink.close()
        if self._stop_key:
            self._stop_key.close()


def _place(screens: tuple[Screen, ...], number: int, x: int, y: int) -> tuple[int, int] | None:
    for screen in screens:
        if screen.number == number:
            return screen.x + min(x, screen.width - 1), screen.y + min(y, screen.height - 1)
    return None
