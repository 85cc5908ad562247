"""Hands on Windows and macOS, by pynput; an `InputSink`. Text goes as characters, which these systems take as they are."""

import ctypes
import os
import platform
import threading
from typing import Any

from client_agent.input.held import HeldInput, WheelNotches
from client_agent.input.keys import KEYS
from client_agent.input.sink import NO_INPUT, Held, NoInput, OwnWindows

_IS_WINDOWS = platform.system() == "Windows"
_windll: Any = getattr(ctypes, "windll", None)
_BUTTONS = ("left", "middle", "right", "x1", "x2")
# MapVirtualKeyW: from a scan code, left and right told apart (winuser.h, MAPVK_VSC_TO_VK_EX).
_SCAN_CODE_TO_KEY = 3


class AnywhereSink:
    """The pointer and keyboard of this desktop.

    Raises:
        NoInput: pynput is missing or finds no desktop.
    """

    def __init__(self, *, own: OwnWindows | None = None) -> None:
        try:
            from pynput import keyboard, mouse
        except ImportError:
            raise NoInput(NO_INPUT) from None
        self._key_code: Any = keyboard.KeyCode
        self._named: Any = keyboard.Key
        self._keyboard: Any = keyboard.Controller()
        self._button: Any = mouse.Button
        self._mouse: Any = mouse.Controller()
        self._own = own or OwnWindows()
        self._held = HeldInput()
        self._notches = WheelNotches()
        self._turn = threading.Lock()
        self._is_interrupted = threading.Event()

    def move(self, x: int, y: int) -> bool:
        with self._turn:
            return self._move(x, y)

    def button(self, x: int, y: int, button: int, is_down: bool) -> bool:
        with self._turn:
            known = getattr(self._button, _BUTTONS[button], None)
            is_there = self._move(x, y)
            if known is None or (is_down and not is_there):
                return False
            if self._held.change_button(button, is_down):
                (self._mouse.press if is_down else self._mouse.release)(known)
            return True

    def wheel(self, x: int, y: int, right: int, down: int) -> bool:
        with self._turn:
            if not self._move(x, y):
                return False
            notches_right, notches_down = self._notches.turn(right, down)
            if notches_right or notches_down:
                self._mouse.scroll(notches_right, -notches_down)
            return True

    def key(self, code: str, is_down: bool) -> bool:
        with self._turn:
            known = self._known(code)
            if known is None or (is_down and _is_own_focused()):
                return False
            if self._held.change_key(code, is_down):
                (self._keyboard.press if is_down else self._keyboard.release)(known)
            return True

    def key_at_once(self, code: str, is_down: bool) -> bool | None:
        return None  # nobody says how long these systems take

    def type(self, text: str) -> bool:
        with self._turn:
            for character in text:
                if self._is_interrupted.is_set() or _is_own_focused():
                    return False
                key = {"\n": self._named.enter, "\t": self._named.tab}.get(character, character)
                self._keyboard.press(key)
                self._keyboard.release(key)
            return True

    def release_all(self) -> None:
        self._is_interrupted.set()
        with self._turn:
            self._is_interrupted.clear()
            keys, buttons, modifiers = self._held.release_all()
            for code in keys:
                self._keyboard.release(self._known(code))
            for button in buttons:
                self._mouse.release(getattr(self._button, _BUTTONS[button]))
            for code in modifiers:
                self._keyboard.release(self._known(code))

    def held(self) -> Held:
        return self._held.held()

    def close(self) -> None:
        self.release_all()

    def _move(self, x: int, y: int) -> bool:
        if self._own.is_at(x, y):
            return False
        self._mouse.position = (x, y)
        return True

    def _known(self, code: str) -> Any:
        """What pynput calls a physical key; None where this system has no such key."""
        key = KEYS.get(code)
        if key is None:
            return None
        number = _windows_key(key.windows) if _IS_WINDOWS else key.mac
        return None if number is None else self._key_code.from_vk(number)


def _windows_key(scan_code: int | None) -> int | None:
    """The virtual key that stands at a place of the keyboard in the layout of this moment."""
    return None if scan_code is None else _windll.user32.MapVirtualKeyW(scan_code, _SCAN_CODE_TO_KEY) or None


def _is_own_focused() -> bool:
    """Tell whether keys would reach this program itself."""
    if _IS_WINDOWS:
        process = ctypes.c_ulong()
        _windll.user32.GetWindowThreadProcessId(_windll.user32.GetForegroundWindow(), ctypes.byref(process))
        return process.value == os.getpid()
    from AppKit import NSWorkspace  # type: ignore[import-not-found]

    return bool(NSWorkspace.sharedWorkspace().frontmostApplication().processIdentifier() == os.getpid())
