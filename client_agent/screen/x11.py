"""The desktop of an X server: XDamage tells what changed, MIT-SHM hands over pixels, XFixes the pointer, RandR the monitors.

Two connections, so that nothing is ever waited for twice: on one all events arrive, in the event loop; on the other all
questions are asked, in whichever thread captures. A resource made on one is known on the other, and the X server answers
one request after the other: what changes after a subtraction is in the next one, what changed before it is in the picture.
"""

import asyncio
import logging
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import xcffib
import xcffib.damage
import xcffib.randr
import xcffib.xfixes
import xcffib.xinput
import xcffib.xproto

from client_agent import x11_connection
from client_agent.screen.damage import clip, merge
from client_agent.screen.source import (
    DESKTOP_CLOSED,
    NO_DISPLAY,
    BadDisplay,
    Box,
    Moved,
    NoDisplay,
    OffScreen,
    PointerImage,
    PointerState,
    Screen,
    ScreenError,
    ScreenLost,
    TellsNothing,
)
from client_agent.screen.x11_moves import WindowMoves
from client_agent.screen.x11_pixels import RootPixels
from client_agent.x11_connection import Extension, ServerLost
from protocol.limits import POINTER_SIDE_PX_MAX, SCREENS_MAX

_log = logging.getLogger(__name__)

WAYLAND = (
    "This desktop does not let programs see the screen (Wayland). "
    "Sign out, choose “Xorg” or “X11” where you sign in, and start this program again."
)
WRONG_DEPTH = (
    "This screen's colour depth is not supported. Set it to 24 bits (true colour) and start this program again."
)
NOT_AN_ORDINARY_DESKTOP = (
    "This desktop cannot tell what changes on the screen. Start this program on an ordinary X11 desktop."
)

_PIXEL_MASKS = (0xFF0000, 0xFF00, 0xFF)
_RECTANGLE = struct.Struct("=hhHH")
# A region of more rectangles than these is taken as the one box around it: reading them would take longer than it saves.
_RECTANGLES_MAX = 2048
# A mouse reports up to a thousand times a second; nobody sees more than these.
_MOTION_EVERY_S = 0.008


class X11Source:
    """The desktop of the X server `display`, or of the one that DISPLAY names; a `ScreenSource`.

    Raises:
        NoDisplay: no X server answers there.
        BadDisplay: its pixels are not 32 bits of blue, green and red, it lacks an extension, or it shows nothing (Wayland).
        TellsNothing: all it lacks is XDamage.
    """

    def __init__(self, display: str | None = None) -> None:
        self._questions = _connected(display)
        self._events = _connected(display)
        self._root: int = x11_connection.root_screen(self._questions).root
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_change: Callable[[], None] = _nothing
        self._motion_timer: asyncio.TimerHandle | None = None

        # Set by events, taken back by questions.
        self._are_screens_stale = True
        self._is_shape_stale = True

        self._window_moves = WindowMoves(self._root)
        self._desktop = Box(0, 0, 1, 1)
        self._screens: tuple[Screen, ...] = ()
        self._shape_serial = 0
        # Asked with the last damage, and not answered yet.
        self._pointer_asked: Any = None
        self._image = _NO_POINTER
        self._pixels = RootPixels(self._questions, self._root)
        try:
            with _lost():
                _check_depth(self._questions)
                self._prepare_questions()
                self._subscribe()
        except ScreenError:
            self.close()
            raise

    # --- events, in the loop -------------------------------------------------------------------------------------------

    def watch(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        self._loop, self._on_change = loop, on_change
        loop.add_reader(self._events.get_file_descriptor(), self._read_events)
        # What arrived with the answers at the start makes the socket readable no more.
        loop.call_soon(self._read_events)

    def _read_events(self) -> None:
        try:
            is_news = False
            for event in x11_connection.read_events(self._events):
                is_news |= self._note(event)
            if is_news:
                self._on_change()
        except ServerLost:
            self._stop_watching()
            self._on_change()

    def _note(self, event: bytes) -> bool:
        """Take note of an event; tell whether something changed that is worth asking for at once."""
        kind = event[0] & 0x7F
        if kind == self._damage.first_event:
            return True
        if kind == self._xfixes.first_event + xcffib.xfixes.CursorNotifyEvent.event_number:
            self._is_shape_stale = True
            return True
        if kind == xcffib.xproto.ConfigureNotifyEvent.event_number and not self._is_of_root(event):
            self._window_moves.configured(event)
            return False
        if (
            kind == xcffib.xproto.ConfigureNotifyEvent.event_number
            or self._randr.first_event <= kind <= self._randr.first_event + 1
        ):
            self._are_screens_stale = True
            return True
        if x11_connection.generic_type(event, self._xinput.opcode) == xcffib.xinput.RawMotionEvent.event_number:
            self._pointer_moved()
        return False

    def _is_of_root(self, event: bytes) -> bool:
        return int.from_bytes(event[8:12], sys.byteorder) == self._root

    def _pointer_moved(self) -> None:
        if self._motion_timer is None and self._loop is not None:
            self._motion_timer = self._loop.call_later(_MOTION_EVERY_S, self._tell_of_motion)

    def _tell_of_motion(self) -> None:
        self._motion_timer = None
        self._on_change()

    def _stop_watching(self) -> None:
        if self._motion_timer is not None:
            self._motion_timer.cancel()
        if self._loop is not None:
            self._loop.remove_reader(xcffib.lib.xcb_get_file_descriptor(self._events._conn))
            self._loop = None

    def close(self) -> None:
        self._stop_watching()
        self._pixels.close()
        self._events.disconnect()
        self._questions.disconnect()

    # --- questions, in the thread that captures --------------------------------------------------------------------------

    def screens(self) -> tuple[Screen, ...]:
        with _lost():
            if self._are_screens_stale:
                # First, so that a change meanwhile is asked for again.
                self._are_screens_stale = False
                geometry = self._questions.core.GetGeometry(self._root).reply()
                self._desktop = Box(0, 0, geometry.width, geometry.height)
                self._screens = self._ask_screens()
            return self._screens

    def damage(self) -> list[Box]:
        with _lost():
            self._ask_damage.Subtract(self._damage_id, 0, self._region)
            cookie = self._ask_xfixes.FetchRegion(self._region)
            # With the same way there and back.
            if self._pointer_asked:
                self._pointer_asked.discard_reply()
            self._pointer_asked = self._questions.core.QueryPointer(self._root)
            reply = x11_connection.raw_reply(self._questions, cookie)
        rectangles = reply[x11_connection.REPLY_HEAD_BYTES :]
        if len(rectangles) > _RECTANGLES_MAX * _RECTANGLE.size:
            rectangles = reply[8 : 8 + _RECTANGLE.size]
        boxes = (Box(*rectangle) for rectangle in _RECTANGLE.iter_unpack(rectangles))
        return merge((box for box in boxes if box.area), self._desktop)

    def moves(self) -> list[Moved]:
        return self._window_moves.take()

    def grab(self, box: Box) -> memoryview:
        if clip(box, self._desktop) != box:
            raise OffScreen(f"{box} on a desktop of {self._desktop.width} x {self._desktop.height}")
        with _lost():
            try:
                return self._pixels.read(box)
            except OffScreen:
                self._are_screens_stale = True
                raise

    def pointer(self) -> PointerState:
        with _lost():
            self._ask_shape()
            asked = self._pointer_asked or self._questions.core.QueryPointer(self._root)
            self._pointer_asked = None
            at = asked.reply()
        is_visible = bool(at.same_screen) and any(self._image.rgba[3::4])
        return PointerState(at.root_x, at.root_y, is_visible, self._shape_serial)

    def pointer_image(self) -> PointerImage:
        with _lost():
            self._ask_shape()
        return self._image

    def _ask_screens(self) -> tuple[Screen, ...]:
        monitors = self._ask_randr.GetMonitors(self._root, True).reply().monitors
        found: list[Screen] = []
        for monitor in sorted(monitors, key=lambda monitor: not monitor.primary):
            part = clip(Box(monitor.x, monitor.y, monitor.width, monitor.height), self._desktop)
            if part is not None and len(found) < SCREENS_MAX:
                name = self._questions.core.GetAtomName(monitor.name).reply().name.to_utf8()
                found.append(Screen(len(found), part.x, part.y, part.width, part.height, name))
        return tuple(found) or (Screen(0, 0, 0, self._desktop.width, self._desktop.height, ""),)

    def _ask_shape(self) -> None:
        """Learn how the pointer looks, where that may have changed."""
        if not self._is_shape_stale:
            return
        self._is_shape_stale = False
        try:
            shape = self._ask_xfixes.GetCursorImage().reply()
        except xcffib.Error:
            self._image = _NO_POINTER
            return
        self._shape_serial = shape.cursor_serial
        self._image = _pointer_image(shape.xhot, shape.yhot, shape.width, shape.height, shape.cursor_image.list)

    # --- the start -------------------------------------------------------------------------------------------------------

    def _prepare_questions(self) -> None:
        self._xfixes = self._needed("XFIXES")
        self._randr = self._needed("RANDR")
        self._xinput = self._needed("XInputExtension")
        # Last: who lacks this alone can be looked at in another way.
        self._damage = self._needed("DAMAGE", TellsNothing)
        self._ask_damage = self._questions(xcffib.damage.key)
        self._ask_damage.QueryVersion(1, 1).reply()
        self._ask_xfixes = self._questions(xcffib.xfixes.key)
        self._ask_xfixes.QueryVersion(5, 0).reply()
        self._ask_randr = self._questions(xcffib.randr.key)
        self._ask_randr.QueryVersion(1, 5).reply()
        self._region = self._questions.generate_id()
        self._ask_xfixes.CreateRegion(self._region, 0, [])
        if self._is_wayland():
            raise BadDisplay(WAYLAND)

    def _subscribe(self) -> None:
        """Ask for events of everything that changes."""
        damage = self._events(xcffib.damage.key)
        damage.QueryVersion(1, 1).reply()
        self._damage_id = self._events.generate_id()
        # One event when the first pixel changes, none until the next subtraction: however busy the desktop, the queue is short.
        damage.CreateChecked(self._damage_id, self._root, xcffib.damage.ReportLevel.NonEmpty).check()
        xfixes = self._events(xcffib.xfixes.key)
        xfixes.QueryVersion(5, 0).reply()
        xfixes.SelectCursorInput(self._root, xcffib.xfixes.CursorNotifyMask.DisplayCursor)
        randr = self._events(xcffib.randr.key)
        randr.QueryVersion(1, 5).reply()
        notify = xcffib.randr.NotifyMask
        randr.SelectInput(
            self._root, notify.ScreenChange | notify.CrtcChange | notify.OutputChange | notify.ResourceChange
        )
        x11_connection.select_raw_events(self._events, self._root, [xcffib.xinput.RawMotionEvent.event_number])
        mask = xcffib.xproto.EventMask.StructureNotify | xcffib.xproto.EventMask.SubstructureNotify
        self._events.core.ChangeWindowAttributesChecked(self._root, xcffib.xproto.CW.EventMask, [mask]).check()

    def _needed(self, name: str, error: type[BadDisplay] = BadDisplay) -> Extension:
        found = x11_connection.extension(self._questions, name)
        if found is None:
            _log.info("the X server lacks %s", name)
            raise error(NOT_AN_ORDINARY_DESKTOP)
        return found

    def _is_wayland(self) -> bool:
        """Tell whether this X server only serves X programs inside a Wayland desktop: its root window stays black."""
        if x11_connection.extension(self._questions, "XWAYLAND") is not None:
            return True
        monitors = self._ask_randr.GetMonitors(self._root, True).reply().monitors
        names = [self._questions.core.GetAtomName(monitor.name).reply().name.to_utf8() for monitor in monitors]
        return any(name.startswith("XWAYLAND") for name in names)


_NO_POINTER = PointerImage(0, 0, 1, 1, bytes(4))


def _pointer_image(hot_x: int, hot_y: int, width: int, height: int, argb: list[int]) -> PointerImage:
    """A cursor as XFixes gives it, ARGB multiplied with alpha; what is beyond POINTER_SIDE_PX_MAX is cut off."""
    fit_width, fit_height = min(width, POINTER_SIDE_PX_MAX), min(height, POINTER_SIDE_PX_MAX)
    rows = (argb[y * width : y * width + fit_width] for y in range(fit_height))
    rgba = bytes(byte for row in rows for pixel in row for byte in _straight(pixel))
    return PointerImage(min(hot_x, fit_width - 1), min(hot_y, fit_height - 1), fit_width, fit_height, rgba)


def _straight(argb: int) -> tuple[int, int, int, int]:
    """Red, green, blue, alpha, the colours no longer multiplied with alpha."""
    alpha, red, green, blue = argb.to_bytes(4, "big")
    if alpha in (0, 255):
        return red, green, blue, alpha
    return min(red * 255 // alpha, 255), min(green * 255 // alpha, 255), min(blue * 255 // alpha, 255), alpha


def _connected(display: str | None) -> Any:
    try:
        return x11_connection.connect(display)
    except ServerLost as error:
        _log.debug("no X server: %s", error)
        raise NoDisplay(NO_DISPLAY) from None


def _check_depth(connection: Any) -> None:
    """Pass silently where a pixel is 32 bits of blue, green, red and nothing, in this order in memory."""
    setup, screen = connection.get_setup(), x11_connection.root_screen(connection)
    visuals = {visual.visual_id: visual for depth in screen.allowed_depths for visual in depth.visuals}
    visual = visuals[screen.root_visual]
    bits = {pixmap.depth: pixmap.bits_per_pixel for pixmap in setup.pixmap_formats}.get(screen.root_depth)
    masks = (visual.red_mask, visual.green_mask, visual.blue_mask)
    is_little_endian = setup.image_byte_order == xcffib.xproto.ImageOrder.LSBFirst
    if (bits, masks, is_little_endian) != (32, _PIXEL_MASKS, True):
        _log.info("a screen of depth %d, %s bits a pixel", screen.root_depth, bits)
        raise BadDisplay(WRONG_DEPTH)


@contextmanager
def _lost() -> Iterator[None]:
    """Say so where the X server has gone."""
    try:
        yield
    except xcffib.Error:
        raise
    except xcffib.XcffibException as error:
        _log.debug("the X server is gone: %s", error)
        raise ScreenLost(DESKTOP_CLOSED) from None


def _nothing() -> None:
    """Nobody watches."""
