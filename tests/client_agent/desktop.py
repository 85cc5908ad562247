"""Small X clients: one to paint with, one that hears keys and clicks, real editors to type into."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import xcffib
import xcffib.xproto

from client_agent.screen.source import Box
from protocol.media_parts import BYTES_PER_PIXEL
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until

_PUT_BYTES_MAX = 200_000


class Painter:
    """A window above all others, without a frame; what is painted is on the screen when the call returns."""

    def __init__(self, display: VirtualDisplay, box: Box) -> None:
        self._connection: Any = xcffib.connect(display.name)
        screen = self._connection.get_setup().roots[0]
        self._depth = screen.root_depth
        self.window = self._connection.generate_id()
        self._connection.core.CreateWindow(
            screen.root_depth,
            self.window,
            screen.root,
            *(box.x, box.y, box.width, box.height, 0),
            xcffib.xproto.WindowClass.InputOutput,
            screen.root_visual,
            xcffib.xproto.CW.BackPixel | xcffib.xproto.CW.OverrideRedirect,
            [0, 1],
        )
        self._connection.core.MapWindow(self.window)
        self._gc = self._connection.generate_id()
        self._connection.core.CreateGC(self._gc, self.window, 0, [])
        self._sync()

    def fill(self, box: Box, colour: int) -> None:
        """Paint a box, relative to the window, in one colour (0xRRGGBB)."""
        self.fill_all([box], colour)

    def fill_all(self, boxes: list[Box], colour: int) -> None:
        self._connection.core.ChangeGC(self._gc, xcffib.xproto.GC.Foreground, [colour])
        for box in boxes:
            # One request each: the server takes all of one request as damage of the box around.
            rectangle = xcffib.xproto.RECTANGLE.synthetic(box.x, box.y, box.width, box.height)
            self._connection.core.PolyFillRectangle(self.window, self._gc, 1, [rectangle])
        self._sync()

    def put(self, box: Box, pixels: bytes) -> None:
        """Paint exactly these pixels: rows from the top, blue, green, red, unused."""
        row_bytes = box.width * BYTES_PER_PIXEL
        rows = max(1, _PUT_BYTES_MAX // row_bytes)
        for y in range(0, box.height, rows):
            band = pixels[y * row_bytes : (y + rows) * row_bytes]
            place = (box.width, len(band) // row_bytes, box.x, box.y + y)
            self._connection.core.PutImage(
                xcffib.xproto.ImageFormat.ZPixmap, self.window, self._gc, *place, 0, self._depth, len(band), band
            )
        self._sync()

    def move(self, x: int, y: int) -> None:
        """Move the window on the desktop."""
        place = xcffib.xproto.ConfigWindow.X | xcffib.xproto.ConfigWindow.Y
        self._connection.core.ConfigureWindow(self.window, place, [x, y])
        self._sync()

    def show_cursor(self, glyph: int) -> None:
        """Give the window another pointer, of the standard cursor font."""
        font, cursor = self._connection.generate_id(), self._connection.generate_id()
        self._connection.core.OpenFont(font, len("cursor"), "cursor")
        self._connection.core.CreateGlyphCursor(cursor, font, font, glyph, glyph + 1, 0, 0, 0, 65535, 65535, 65535)
        self._connection.core.ChangeWindowAttributes(self.window, xcffib.xproto.CW.Cursor, [cursor])
        self._sync()

    def close(self) -> None:
        self._connection.disconnect()

    def _sync(self) -> None:
        self._connection.core.GetInputFocus().reply()


class Ears:
    """A window that has the focus, if it wants it, and hears what keyboard and mouse do to it."""

    _NAMES: ClassVar = {2: "key down", 3: "key up", 4: "button down", 5: "button up", 6: "moved"}

    def __init__(self, display: VirtualDisplay, box: Box, *, takes_focus: bool = True) -> None:
        self._display = display
        self._connection: Any = xcffib.connect(display.name)
        screen = self._connection.get_setup().roots[0]
        mask = xcffib.xproto.EventMask
        events = mask.KeyPress | mask.KeyRelease | mask.ButtonPress | mask.ButtonRelease | mask.PointerMotion
        self.window = self._connection.generate_id()
        self._connection.core.CreateWindow(
            screen.root_depth,
            self.window,
            screen.root,
            *(box.x, box.y, box.width, box.height, 0),
            xcffib.xproto.WindowClass.InputOutput,
            screen.root_visual,
            xcffib.xproto.CW.OverrideRedirect | xcffib.xproto.CW.EventMask,
            [1, events],
        )
        self._connection.core.MapWindow(self.window)
        self._connection.core.GetInputFocus().reply()
        if takes_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Have it, and keep it: the window manager has nothing more to do that would take it away."""
        self._display.settle()
        self._connection.core.SetInputFocusChecked(
            xcffib.xproto.InputFocus.PointerRoot, self.window, xcffib.xproto.Time.CurrentTime
        ).check()

    def heard(self) -> list[tuple[str, int]]:
        """What came since the last call, but moves of the pointer: what happened, and the keycode or button."""
        return [(name, detail) for name, detail in self.all_heard() if name != "moved"]

    def all_heard(self) -> list[tuple[str, int]]:
        self._connection.core.GetInputFocus().reply()
        events = []
        while (event := self._connection.poll_for_event()) is not None:
            if event.response_type & 0x7F in self._NAMES:
                events.append((self._NAMES[event.response_type & 0x7F], int(event.detail)))
        return events

    def close(self) -> None:
        self._connection.disconnect()


class XTerm:
    """`cat` in an xterm, which writes down each line that is typed."""

    def __init__(self, display: VirtualDisplay, folder: Path) -> None:
        self._written = folder / "xterm.txt"
        display.start("xterm", "-e", "sh", "-c", f"cat > {self._written}", environment={"LC_ALL": "C.UTF-8"})
        wait_until(self._written.exists, "xterm's program")
        focus(display, "xterm")

    def await_text(self, text: str) -> None:
        """Wait until exactly this was typed, its last line ended; says what was typed instead."""
        wait_until(lambda: self.text().count("\n") >= text.count("\n"), f"as many lines as in {text!r}")
        assert self.text() == text, f"{self.text()!r} where {text!r} was typed"

    def text(self) -> str:
        return self._written.read_text(encoding="utf-8")


class Editor:
    """Mousepad, a GTK editor, with an empty file."""

    def __init__(self, display: VirtualDisplay, folder: Path) -> None:
        self._file = folder / "mousepad.txt"
        self._file.touch()
        environment = {"LC_ALL": "C.UTF-8", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        command = ("dbus-run-session", "--", "mousepad", "--disable-server", str(self._file))
        display.start(*command, environment=environment)
        focus(display, "mousepad")

    def await_text(self, text: str, save: Callable[[], None]) -> None:
        """Wait until the saved file holds exactly this; `save` presses the keys for saving."""
        save()
        wait_until(self.text, "a saved file")
        assert self.text() == text, f"{self.text()!r} where {text!r} was typed"

    def text(self) -> str:
        return self._file.read_text(encoding="utf-8")


def focus(display: VirtualDisplay, window_class: str) -> str:
    """Wait for a program's window, give it the focus, and tell its number."""
    window = wait_until(lambda: find_window(display, "--class", window_class), f"a window of {window_class}")
    # A window manager that has just shown it has more to do with it.
    display.settle()
    display.run("xdotool", "windowfocus", "--sync", window)
    return window


def find_window(display: VirtualDisplay, *by: str) -> str:
    """The number of the first window that is shown and found so (xdotool, *search*); empty where there is none."""
    try:
        return display.run("xdotool", "search", "--onlyvisible", *by).split()[0]
    except subprocess.CalledProcessError:
        return ""


@contextmanager
def grabbed_keyboard(display: VirtualDisplay) -> Iterator[None]:
    """A program that takes every key for itself, as menus and screen lockers do."""
    connection: Any = xcffib.connect(display.name)
    root = connection.get_setup().roots[0].root
    mode = xcffib.xproto.GrabMode.Async
    reply = connection.core.GrabKeyboard(False, root, xcffib.xproto.Time.CurrentTime, mode, mode).reply()
    assert reply.status == xcffib.xproto.GrabStatus.Success
    try:
        yield
    finally:
        connection.disconnect()


def what_is_down(display: VirtualDisplay) -> tuple[list[int], int]:
    """The keycodes that are down and the state of modifiers and buttons (KeyButMask), by the server's own account."""
    connection: Any = xcffib.connect(display.name)
    keys = connection.core.QueryKeymap().reply().keys.list
    pointer = connection.core.QueryPointer(connection.get_setup().roots[0].root).reply()
    connection.disconnect()
    return [at * 8 + bit for at, byte in enumerate(keys) for bit in range(8) if byte >> bit & 1], int(pointer.mask)


def frame_around(display: VirtualDisplay, window: int) -> int:
    """The window that the window manager put around another one."""
    connection: Any = xcffib.connect(display.name)
    tree = connection.core.QueryTree(window).reply()
    connection.disconnect()
    assert tree.parent != tree.root
    return int(tree.parent)
