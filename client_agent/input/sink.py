"""Where input goes: the one interface that every kind of desktop fits.

Coordinates are device pixels of the whole desktop, as in `screen/source.py`. Whatever is dropped, because it would have reached
a window of the agent itself or because there is no such key, is answered with False; releases of what is held are
always applied.

    InputError
    ├── NoInput     this desktop takes no input from programs
    └── InputLost   the desktop went away

Their texts are keys of the catalogue.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

NOTCH = 120
"""A wheel's smallest step that every program knows, in units of `InputSink.wheel`."""

NO_INPUT = "This desktop does not let programs use mouse and keyboard. Only viewing is possible here."
DESKTOP_CLOSED = "The desktop was closed."


class InputError(Exception):
    """Anything that keeps us from applying input."""


class NoInput(InputError):
    """The desktop takes no input from programs."""


class InputLost(InputError):
    """The desktop went away."""


def _no_window_at(x: int, y: int) -> bool:
    return False


@dataclass(frozen=True)
class OwnWindows:
    """The agent's own windows, which nothing of the technician may reach; asked in the thread that calls the sink.

    `is_at` tells whether a place of the desktop shows one, `ids` gives their numbers at the window system.
    """

    is_at: Callable[[int, int], bool] = _no_window_at
    ids: Callable[[], set[int]] = field(default=set)


@dataclass(frozen=True)
class Held:
    """What is down now because of us: keys as KeyboardEvent.code and buttons as MouseEvent.button, the oldest first."""

    keys: tuple[str, ...]
    buttons: tuple[int, ...]


class InputSink(Protocol):
    """Hands on a desktop.

    Calls may block, `type` for as long as typing takes: use a worker thread, one call at a time. `release_all` and `held` may be
    called from any thread at any time; `release_all` also ends a `type` that is under way. Every other method raises
    `InputLost` once the desktop has gone.
    """

    def move(self, x: int, y: int) -> bool:
        """Move the pointer."""

    def button(self, x: int, y: int, button: int, is_down: bool) -> bool:
        """Press or release a button there: 0 left, 1 middle, 2 right, 3 back, 4 forward."""

    def wheel(self, x: int, y: int, right: int, down: int) -> bool:
        """Turn the wheel there, in 120ths of a notch; what is less than a notch waits for the rest."""

    def key(self, code: str, is_down: bool) -> bool:
        """Press or release a physical key, named as KeyboardEvent.code; a second press of a held key does nothing."""

    def key_at_once(self, code: str, is_down: bool) -> bool | None:
        """The same in less than a millisecond, in whichever thread; None where that cannot be, and nothing was done."""

    def type(self, text: str) -> bool:
        """Let these characters appear, whatever the layout; newline is Return, tab is Tab. False where not all were typed."""

    def release_all(self) -> None:
        """Let go of everything: keys, then buttons, then modifiers. Never raises."""

    def held(self) -> Held:
        """What is down now."""

    def close(self) -> None:
        """Let go of everything and of the desktop, and leave its keyboard as it was."""
