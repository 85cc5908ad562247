"""The desktop of Windows and macOS, or of an X server without XDamage, through mss: looked at again and again, since it does not tell
what changed.

On Retina displays of macOS a screen's place is in points while its pixels are device pixels.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import mss
import numpy as np

from client_agent.screen.damage import clip, merge
from client_agent.screen.differences import Pixels, changed_boxes
from client_agent.screen.source import (
    DESKTOP_CLOSED,
    NO_DISPLAY,
    Box,
    Moved,
    NoDisplay,
    OffScreen,
    PointerImage,
    PointerState,
    Screen,
    ScreenLost,
)
from protocol.limits import SCREENS_MAX
from protocol.media_parts import BYTES_PER_PIXEL

# How often to look: as often as pictures make sense while something moves, ever more seldom while nothing does.
LOOK_EVERY_S = 1 / 30
LOOK_EVERY_S_MAX = 0.25
_SLOWER = 1.5
_SCREENS_EVERY_S = 1.0


class AnywhereSource:
    """The whole desktop by screenshots; a `ScreenSource`. The picture that `damage` judged is the one that `grab` gives."""

    def __init__(self) -> None:
        self._open()
        self._screens: tuple[Screen, ...] = ()
        self._screens_asked_at = float("-inf")
        self._pictures: dict[int, Pixels] = {}
        self.look_every_s = LOOK_EVERY_S
        self._timer: asyncio.TimerHandle | None = None
        self._pointer = _pointer_of_this_system()

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        def look() -> None:
            self._timer = loop.call_later(self.look_every_s, look)
            on_change()

        look()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._pointer.close()
        self._mss.close()

    def screens(self) -> tuple[Screen, ...]:
        now = time.monotonic()
        if now >= self._screens_asked_at + _SCREENS_EVERY_S:
            self._screens_asked_at = now
            # mss keeps what it first saw of the monitors.
            self._mss.close()
            self._open()
            self._look()
        return self._screens

    def damage(self) -> list[Box]:
        before = self._pictures
        self._look()
        boxes: list[Box] = []
        for screen in self._screens:
            known, seen = before.get(screen.number), self._pictures[screen.number]
            if known is None or known.shape != seen.shape:
                boxes.append(screen.box)
            else:
                boxes += [Box(b.x + screen.x, b.y + screen.y, b.width, b.height) for b in changed_boxes(known != seen)]
        self.look_every_s = LOOK_EVERY_S if boxes else min(self.look_every_s * _SLOWER, LOOK_EVERY_S_MAX)
        return [box for screen in self._screens for box in merge(boxes, screen.box)]

    def moves(self) -> list[Moved]:
        return []

    def grab(self, box: Box) -> bytes:
        for screen in self._screens:
            if clip(box, screen.box) == box:
                x, y = box.x - screen.x, box.y - screen.y
                return self._pictures[screen.number][y : y + box.height, x : x + box.width].tobytes()
        raise OffScreen(f"{box} is on none of {len(self._screens)} screens")

    def pointer(self) -> PointerState:
        place = self._pointer.place()
        return PointerState(*place, is_visible=True, shape_serial=0) if place else PointerState(0, 0, False, 0)

    def pointer_image(self) -> PointerImage:
        return ARROW

    def _open(self) -> None:
        try:
            self._mss = mss.MSS()
        except mss.ScreenShotError:
            raise NoDisplay(NO_DISPLAY) from None

    def _look(self) -> None:
        """Take a picture of every screen; a screen is as large as its picture."""
        screens, pictures = [], {}
        try:
            for number, monitor in enumerate(self._mss.monitors[1 : SCREENS_MAX + 1]):
                shot = self._mss.grab(monitor)
                pixels = np.frombuffer(shot.raw, np.uint32).reshape(shot.height, shot.width)
                name = str(monitor.get("name", "") or "")
                screens.append(Screen(number, monitor["left"], monitor["top"], shot.width, shot.height, name))
                pictures[number] = pixels
        except mss.ScreenShotError:
            raise ScreenLost(DESKTOP_CLOSED) from None
        if not screens:
            raise ScreenLost(DESKTOP_CLOSED)
        self._screens, self._pictures = tuple(screens), pictures


class _Pointer(Protocol):
    """Tells the pointer's place; where nothing does, it is not shown."""

    def place(self) -> tuple[int, int] | None: ...

    def close(self) -> None: ...


class _PynputPointer:
    """As Windows and macOS tell it."""

    def __init__(self) -> None:
        self._controller: Any = None
        with contextlib.suppress(ImportError):
            from pynput.mouse import Controller

            self._controller = Controller()

    def place(self) -> tuple[int, int] | None:
        if self._controller is None:
            return None
        x, y = self._controller.position
        return int(x), int(y)

    def close(self) -> None:
        """Nothing is held."""


def _pointer_of_this_system() -> _Pointer:
    if sys.platform in ("win32", "darwin"):
        return _PynputPointer()
    from client_agent.screen.x11_pointer import X11Pointer

    return X11Pointer()


def _arrow() -> PointerImage:
    """The pointer of every desktop, since these systems do not hand over theirs: # is black, . is white."""
    rows = (
        "#           ",
        "##          ",
        "#.#         ",
        "#..#        ",
        "#...#       ",
        "#....#      ",
        "#.....#     ",
        "#......#    ",
        "#.......#   ",
        "#........#  ",
        "#.....##### ",
        "#..#..#     ",
        "#.# #..#    ",
        "##  #..#    ",
        "#    #..#   ",
        "     #..#   ",
        "      ##    ",
    )
    pixel = {"#": b"\0\0\0\xff", ".": b"\xff\xff\xff\xff", " ": bytes(BYTES_PER_PIXEL)}
    return PointerImage(0, 0, len(rows[0]), len(rows), b"".join(pixel[sign] for row in rows for sign in row))


ARROW = _arrow()
