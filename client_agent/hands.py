"""What the session acts with: the technician's input, applied, counted, and released in time; and the customer's stop key."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from client_agent.input.sink import InputSink
from client_agent.input.stop_key import StopKey
from client_agent.screen.source import Screen
from protocol.codec import Message
from protocol.messages import INPUT, KeyChanged, PointerButton, PointerMoved, TextTyped, WheelTurned


@dataclass(frozen=True)
class Counts:
    """How much input took effect."""

    clicks: int = 0
    keys: int = 0
    characters: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(self.clicks + more.clicks, self.keys + more.keys, self.characters + more.characters)


class Hands:
    """The sink as the session handles it: messages in, nothing left held."""

    INPUT = INPUT

    def __init__(self, sink: InputSink, stop_key: StopKey) -> None:
        self._sink, self._stop_key = sink, stop_key
        self._counts = Counts()
        self._held_timer: asyncio.TimerHandle | None = None

    def apply(self, message: Message, screens: tuple[Screen, ...]) -> None:
        """Let one admitted message take effect. Places outside the screen are brought to its edge."""
        match message:
            case PointerMoved(number, x, y):
                if place := _place(screens, number, x, y):
                    self._sink.move(*place)
            case PointerButton(number, x, y, button, is_down):
                place = _place(screens, number, x, y)
                if place and self._sink.button(*place, button, is_down) and is_down:
                    self._counts = self._counts + Counts(clicks=1)
            case WheelTurned(number, x, y, right, down):
                if place := _place(screens, number, x, y):
                    self._sink.wheel(*place, right, down)
            case KeyChanged(code, is_down):
                if self._sink.key(code, is_down) and is_down:
                    self._counts = self._counts + Counts(keys=1)
            case TextTyped(text):
                if self._sink.type(text):
                    self._counts = self._counts + Counts(characters=len(text))

    def release_all(self) -> None:
        """Every key and button that is down comes up."""
        self._sink.release_all()

    def take_counts(self) -> Counts:
        """What took effect since the last call."""
        counts, self._counts = self._counts, Counts()
        return counts

    def watch_stop_key(self, on_down: Callable[[], None], on_held: Callable[[], None], *, held_s: float) -> None:
        """Call `on_down` as the customer's own Esc goes down, and `on_held` when it has been held for so long."""
        loop = asyncio.get_running_loop()

        def down() -> None:
            on_down()
            if self._held_timer is None:
                self._held_timer = loop.call_later(held_s, on_held)

        def up() -> None:
            if self._held_timer:
                self._held_timer.cancel()
                self._held_timer = None

        self._stop_key.watch(loop, down, up)

    def close(self) -> None:
        """Release everything and let go of the desktop."""
        self._sink.close()
        self._stop_key.close()


def _place(screens: tuple[Screen, ...], number: int, x: int, y: int) -> tuple[int, int] | None:
    for screen in screens:
        if screen.number == number:
            return screen.x + min(x, screen.width - 1), screen.y + min(y, screen.height - 1)
    return None
