"""Where pixels come from: plain data and the one interface that every kind of desktop fits.

Coordinates are device pixels of the whole desktop, from the top left of its first screen unless that says otherwise.

    ScreenError
    ├── NoDisplay      there is no desktop to show
    ├── BadDisplay     a desktop whose pixels we cannot read
    │   └── TellsNothing   it does not tell what changes: somebody has to look
    ├── ScreenLost     the desktop went away
    └── OffScreen      the box is not on the desktop, or no longer: ask for the screens again

The texts of all but the last are keys of the catalogue, to be shown to the customer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

NO_DISPLAY = (
    "There is no screen to show: no graphical desktop answers. "
    "Start this program on the desktop itself, not in a remote terminal."
)
DESKTOP_CLOSED = "The desktop was closed."


class ScreenError(Exception):
    """Anything that keeps us from seeing the desktop."""


class NoDisplay(ScreenError):
    """There is no desktop to show."""


class BadDisplay(ScreenError):
    """The desktop's pixels are of a kind that we do not read."""


class TellsNothing(BadDisplay):
    """The desktop can be seen, and does not tell what changes."""


class ScreenLost(ScreenError):
    """The desktop went away while we were looking."""


class OffScreen(ScreenError):
    """A box that lies, at least in part, outside the desktop; it may have shrunk just now."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels; width and height are at least 1."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that is not in the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row that is not in the box."""
        return self.y + self.height

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Screen:
    """One monitor: its number, counted from 0, its place on the desktop and the system's name for it."""

    number: int
    x: int
    y: int
    width: int
    height: int
    name: str

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Moved:
    """What was at another place before is in `to` now: a window that was moved."""

    from_x: int
    from_y: int
    to: Box


@dataclass(frozen=True, slots=True)
class PointerState:
    """Where the pointer is. `shape_serial` differs from the last one when the pointer may look different."""

    x: int
    y: int
    is_visible: bool
    shape_serial: int


@dataclass(frozen=True, slots=True)
class PointerImage:
    """How the pointer looks: rows from the top, 4 bytes a pixel, colours not multiplied with alpha."""

    hot_x: int
    hot_y: int
    width: int
    height: int
    rgba: bytes


class ScreenSource(Protocol):
    """A desktop that can be looked at.

    `watch` and `close` belong to the event loop's thread. All other methods may block for some milliseconds and may be
    called in another thread, by one thread at a time. Every method raises `ScreenLost` once the desktop has gone.
    """

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """Call `on_change` in `loop` whenever something may have changed, the loss of the desktop included."""

    def screens(self) -> tuple[Screen, ...]:
        """The screens there are now, at least one and at most SCREENS_MAX, the primary one first."""

    def damage(self) -> list[Box]:
        """What changed since the last call; the first call may give anything. At most BOXES_MAX boxes on the desktop.

        What changes after this call comes with the next one, so a `grab` between the two loses nothing.
        """

    def moves(self) -> list[Moved]:
        """What was moved on the desktop since the last call, as far as the system tells; may be wrong, and has to be checked."""

    def grab(self, box: Box) -> bytes | memoryview:
        """The pixels of `box` as they are now: rows from the top, 4 bytes a pixel, blue, green, red, unused.

        A view is good until the next call.

        Raises:
            OffScreen: a part of the box is not on a screen, or not any more.
        """

    def pointer(self) -> PointerState:
        """Where the pointer is; the first time after `damage`, where it was then."""

    def pointer_image(self) -> PointerImage:
        """How the pointer looks now; at most POINTER_SIDE_PX_MAX wide and high."""

    def close(self) -> None:
        """Let go of the desktop; to be called once, when nobody uses the source any more."""
