"""Hands on an X desktop, by XTEST; an `InputSink`."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import xcffib
import xcffib.xproto
import xcffib.xtest

from client_agent import x11_connection
from client_agent.input.held import HeldInput, WheelNotches
from client_agent.input.injected import InjectedKeys
from client_agent.input.keys import x11_keycode
from client_agent.input.sink import DESKTOP_CLOSED, NO_INPUT, Held, InputLost, NoInput, OwnWindows
from client_agent.input.typing import Placing, SpareKeys, batches
from client_agent.input.x11_guardian import Guardian
from client_agent.input.x11_keyboard import X11Keyboard
from client_agent.input.x11_settling import Settling
from client_agent.input.x11_windows import WindowGuard
from client_agent.x11_connection import ServerLost

_log = logging.getLogger(__name__)

# X's numbers of MouseEvent.button 0 to 4, and of a notch to the left, right, up and down.
_BUTTONS = (1, 2, 3, 8, 9)
_LEFT, _RIGHT, _UP, _DOWN = 6, 7, 4, 5
_PLACE_MAX = 32767
# The server needs a tenth of it where it has nothing else to do.
_AT_ONCE_S = 0.0005


class X11Sink:
    """The pointer and keyboard of the X server `display`, or of the one that DISPLAY names.

    Raises:
        NoInput: no X server answers, or it takes no input from programs.
    """

    def __init__(
        self, display: str | None = None, *, own: OwnWindows | None = None, injected: InjectedKeys | None = None
    ) -> None:
        try:
            self._connection: Any = x11_connection.connect(display)
        except ServerLost as error:
            _log.debug("no X server: %s", error)
            raise NoInput(NO_INPUT) from None
        self._root: int = x11_connection.root_screen(self._connection).root
        self._injected = injected or InjectedKeys()
        self._keyboard = X11Keyboard(self._connection, self._injected)
        self._xtest = self._connection(xcffib.xtest.key)
        self._guardian = Guardian(display)
        self._guard = WindowGuard(self._connection, self._root, own or OwnWindows())
        self._held = HeldInput()
        self._notches = WheelNotches()
        self._spare = SpareKeys()
        # The last press of a spare key: when, and in which window.
        self._spare_used_at = float("-inf")
        self._spare_used_in = 0
        # How many there were since what was typed had settled.
        self._spare_presses = 0
        self._settling = Settling(self._connection, self._root, self._keyboard.note)
        # One call at a time; `release_all` asks a `type` that is under way to end.
        self._turn = threading.Lock()
        self._is_interrupted = threading.Event()

    def move(self, x: int, y: int) -> bool:
        with self._taking_turn():
            return self._move(x, y)

    def button(self, x: int, y: int, button: int, is_down: bool) -> bool:
        with self._taking_turn():
            is_there = self._move(x, y)
            if is_down and not is_there:
                return False
            if self._held.change_button(button, is_down):
                self._press_button(_BUTTONS[button], is_down)
            return True

    def wheel(self, x: int, y: int, right: int, down: int) -> bool:
        with self._taking_turn():
            if not self._move(x, y):
                return False
            notches_right, notches_down = self._notches.turn(right, down)
            self._turn_wheel(_RIGHT if notches_right > 0 else _LEFT, abs(notches_right))
            self._turn_wheel(_DOWN if notches_down > 0 else _UP, abs(notches_down))
            return True

    def key(self, code: str, is_down: bool) -> bool:
        keycode = x11_keycode(code)
        if keycode is None or not self._keyboard.has(keycode):
            return False
        with self._taking_turn():
            if is_down and self._guard.has_focus():
                return False
            self._press_key(code, keycode, is_down)
            return True

    def key_at_once(self, code: str, is_down: bool) -> bool | None:
        keycode = x11_keycode(code)
        if keycode is None or not self._keyboard.has(keycode):
            return False
        # Before a key that is watched the server is asked more.
        if self._injected.is_watched(keycode) or not self._turn.acquire(blocking=False):
            return None
        try:
            with _lost():
                if is_down and (is_own := self._guard.has_focus_within(_AT_ONCE_S)) is not False:
                    return None if is_own is None else False
                self._press_key(code, keycode, is_down)
                self._connection.flush()
                return True
        finally:
            self._turn.release()

    def type(self, text: str) -> bool:
        with self._taking_turn(), self._keyboard.undisturbed():
            keymap = self._keyboard.layout()
            lacking, room = self._spare.lacking(text, keymap), self._spare.room(keymap)
            if lacking and not room:
                return False
            return all(self._type_batch(batch) for batch in batches(text, lacking, room))

    def release_all(self) -> None:
        self._is_interrupted.set()
        with self._turn:
            self._is_interrupted.clear()
            keys, buttons, modifiers = self._held.release_all()
            try:
                with _lost():
                    self._release_keys(keys)
                    for button in buttons:
                        self._press_button(_BUTTONS[button], is_down=False)
                    self._release_keys(modifiers)
                    self._keyboard.sync()
            except InputLost:
                _log.debug("the desktop is gone, and with it all that was held")

    def held(self) -> Held:
        return self._held.held()

    def close(self) -> None:
        self.release_all()
        try:
            with self._taking_turn():
                placing = self._spare.clear()
                if placing.is_afresh:
                    self._settle()
                self._change(placing)
        except InputLost:
            _log.debug("the desktop is gone, and with it its keyboard")
        self._connection.disconnect()
        self._guardian.close()

    @contextmanager
    def _taking_turn(self) -> Iterator[None]:
        with self._turn, _lost():
            yield
            self._connection.flush()

    def _move(self, x: int, y: int) -> bool:
        """Move the pointer, unless an own window is there."""
        if self._guard.is_own_at(x, y):
            return False
        x, y = (max(-_PLACE_MAX, min(place, _PLACE_MAX)) for place in (x, y))
        self._xtest.FakeInput(xcffib.xproto.MotionNotifyEvent.event_number, 0, 0, self._root, x, y, 0)
        return True

    def _press_key(self, code: str, keycode: int, is_down: bool) -> None:
        if self._held.change_key(code, is_down):
            self._guardian.key(keycode, is_down)
            self._keyboard.press(keycode, is_down)

    def _press_button(self, button: int, is_down: bool) -> None:
        self._guardian.button(button, is_down)
        kind = xcffib.xproto.ButtonPressEvent if is_down else xcffib.xproto.ButtonReleaseEvent
        self._xtest.FakeInput(kind.event_number, button, 0, self._root, 0, 0, 0)

    def _turn_wheel(self, button: int, notches: int) -> None:
        for _ in range(notches):
            self._press_button(button, is_down=True)
            self._press_button(button, is_down=False)

    def _release_keys(self, codes: list[str]) -> None:
        for code in codes:
            keycode = x11_keycode(code)
            if keycode is not None:
                self._keyboard.press(keycode, is_down=False)
                self._guardian.key(keycode, is_down=False)

    def _type_batch(self, batch: str) -> bool:
        """Type a run of characters for which there is room on the spare keys; False where not all were typed."""
        keymap = self._keyboard.layout()
        wanted = self._spare.lacking(batch, keymap)
        if wanted:
            if self._spare.is_afresh_for(wanted, keymap) and not self._settle():
                return False
            self._change(self._spare.place(wanted, keymap))
            # What was changed is told of with the answer.
            keymap = self._keyboard.layout()
        for character in batch:
            stroke = keymap.strokes.get(character)
            if stroke is None or self._is_interrupted.is_set() or self._guard.has_focus():
                return False
            self._keyboard.stroke(stroke)
            if character in wanted:
                self._spare_used_at, self._spare_used_in = time.monotonic(), self._guard.focus
                self._spare_presses += 1
        return True

    def _settle(self) -> bool:
        """Wait until what was typed with spare keys has settled; False where it does not or the wait is interrupted."""
        presses, self._spare_presses = self._spare_presses, 0
        return self._settling.wait(self._spare_used_in, self._spare_used_at, presses, self._is_interrupted)

    def _change(self, placing: Placing) -> None:
        self._keyboard.change(placing.changed)
        self._keyboard.sync()


@contextmanager
def _lost() -> Iterator[None]:
    """Say so where the X server has gone."""
    try:
        yield
    except xcffib.Error:
        raise
    except xcffib.XcffibException as error:
        _log.debug("the X server is gone: %s", error)
        raise InputLost(DESKTOP_CLOSED) from None
