"""The keyboard of an X desktop: presses by XTEST, and the layout and its state by XKB."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import xcffib
import xcffib.xkb
import xcffib.xproto
import xcffib.xtest

from client_agent import x11_connection
from client_agent.input import keymap
from client_agent.input.injected import InjectedKeys
from client_agent.input.keymap import Keymap, Stroke
from client_agent.input.keysyms import keysym_of
from client_agent.input.sink import NO_INPUT, NoInput

_CORE_KEYBOARD = xcffib.xkb.ID.UseCoreKbd
_ALL_MODIFIERS = 0xFF
# Another layout or another keyboard (XKB protocol, appendix D, XkbMapNotify and XkbNewKeyboardNotify): bits of a mask, and types.
_LAYOUT_EVENTS = xcffib.xkb.EventType.NewKeyboardNotify | xcffib.xkb.EventType.MapNotify
_LAYOUT_EVENT_TYPES = {0, 1}
# A key's columns in the core protocol: alone and with Shift, in the first group and in the second.
_COLUMNS = 4


class X11Keyboard:
    """Keys of the customer's keyboard. A press is sent with the next question, `sync` or flush of the connection.

    The layout is asked for once and again only when the server has told that it changed: `note` every event that is read.
    """

    def __init__(self, connection: Any, injected: InjectedKeys) -> None:
        self._connection = connection
        self._injected = injected
        found = [x11_connection.extension(connection, name) for name in ("XTEST", "XKEYBOARD")]
        if found[0] is None or found[1] is None:
            raise NoInput(NO_INPUT)
        self._xkb_event = found[1].first_event
        self._xtest = connection(xcffib.xtest.key)
        self._xkb = connection(xcffib.xkb.key)
        self._xkb.UseExtension(1, 0).reply()
        self._xkb.SelectEvents(_CORE_KEYBOARD, _LAYOUT_EVENTS, 0, _LAYOUT_EVENTS, keymap.PARTS, keymap.PARTS, [])
        self._root: int = x11_connection.root_screen(connection).root
        setup = connection.get_setup()
        self._keycodes = range(setup.min_keycode, setup.max_keycode + 1)
        self._keymap = Keymap({}, ())
        self._group = -1
        self._is_layout_known = False
        # What is locked now, as far as `undisturbed` knows.
        self._locked = 0

    def has(self, keycode: int) -> bool:
        return keycode in self._keycodes

    def press(self, keycode: int, is_down: bool) -> None:
        """Press or release a key; nothing where it is that way already."""
        if self._injected.is_watched(keycode):
            # A press that changes nothing makes no event, and nobody may wait for one: the customer's would pass for it.
            if self.is_down(keycode) is is_down:
                return
            self._injected.expect(keycode, is_down, time.monotonic())
        kind = xcffib.xproto.KeyPressEvent if is_down else xcffib.xproto.KeyReleaseEvent
        self._xtest.FakeInput(kind.event_number, keycode, 0, self._root, 0, 0, 0)

    def stroke(self, stroke: Stroke) -> None:
        """Press and release a key with exactly these modifiers in force, and wait until it is done; for use in `undisturbed`."""
        self._lock(stroke.modifiers)
        self.press(stroke.keycode, is_down=True)
        self.press(stroke.keycode, is_down=False)
        # Nobody else may get the focus in between.
        self.sync()

    def is_down(self, keycode: int) -> bool:
        return keycode in self._down()

    def layout(self) -> Keymap:
        """The layout that was in force when the server was asked anything last, by `undisturbed` or `sync`."""
        for event in x11_connection.read_events(self._connection):
            self.note(event)
        if not self._is_layout_known:
            # Before the question: what changes after the answer is told of later.
            self._is_layout_known = True
            cookie = self._xkb.GetMap(_CORE_KEYBOARD, keymap.PARTS, *[0] * 16)
            reply = bytes(x11_connection.raw_reply(self._connection, cookie)[8:])
            self._keymap = keymap.parse(bytes(8) + reply, self._group)
        return self._keymap

    def note(self, event: bytes) -> None:
        """Take an event that the connection has read: it may tell of another layout."""
        if event[0] & 0x7F == self._xkb_event and event[1] in _LAYOUT_EVENT_TYPES:
            self._is_layout_known = False

    def change(self, changed: dict[int, str]) -> None:
        """Let keys type these characters, alone and with Shift; none empties a key. Programs are told before the next press.

        Programs fetch the whole layout anew each time they are told: keys beside each other are changed, and told of, at once.
        """
        for first, run in _runs(changed):
            columns: list[int] = []
            for characters in run:
                keysyms = [keysym_of(character) for character in characters] or [0]
                columns += (keysyms * _COLUMNS)[:_COLUMNS]
            self._connection.core.ChangeKeyboardMapping(len(run), first, _COLUMNS, columns)

    def sync(self) -> None:
        """Wait until the server has done all that was asked."""
        self._connection.core.GetInputFocus().reply()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Take away what would distort characters: held modifiers, CapsLock, sticky keys; and put it back afterwards."""
        state = self._xkb.GetState(_CORE_KEYBOARD).reply()
        if state.group != self._group:
            self._group, self._is_layout_known = state.group, False
        lifted = self._lift_modifiers() if state.baseMods else []
        self._locked = state.lockedMods
        if state.latchedMods:
            self._lock(0, is_latched=True)
        try:
            yield
        finally:
            self._lock(state.lockedMods)
            for keycode in lifted:
                self.press(keycode, is_down=True)

    def _lift_modifiers(self) -> list[int]:
        """Release the modifier keys that are down; those that a hand on a real keyboard holds stay down, and are not given."""
        mapping = self._connection.core.GetModifierMapping().reply()
        modifiers = {keycode for keycode in mapping.keycodes.list if keycode}
        down = sorted(modifiers & self._down())
        for keycode in down:
            self.press(keycode, is_down=False)
        still_down = self._down()
        return [keycode for keycode in down if keycode not in still_down]

    def _down(self) -> set[int]:
        keys = self._connection.core.QueryKeymap().reply().keys.list
        return {number * 8 + bit for number, byte in enumerate(keys) for bit in range(8) if byte >> bit & 1}

    def _lock(self, modifiers: int, *, is_latched: bool = False) -> None:
        """Have exactly these modifiers locked, and none latched: the same for a program as if their keys were held."""
        if modifiers != self._locked or is_latched:
            self._locked = modifiers
            self._xkb.LatchLockState(_CORE_KEYBOARD, _ALL_MODIFIERS, modifiers, False, 0, _ALL_MODIFIERS, False, 0)


def _runs(changed: dict[int, str]) -> Iterator[tuple[int, list[str]]]:
    """Keycodes that follow each other: the first one, and what each of them types."""
    first, run = 0, list[str]()
    for keycode, characters in sorted(changed.items()):
        if run and keycode == first + len(run):
            run.append(characters)
            continue
        if run:
            yield first, run
        first, run = keycode, [characters]
    if run:
        yield first, run
