"""What is down because of us, so that nothing ever sticks; and what of a wheel's turn is still too little for a notch."""

from typing import TypeVar

from client_agent.input.sink import NOTCH, Held

K = TypeVar("K", str, int)

_MODIFIERS = frozenset(
    ("ShiftLeft", "ShiftRight", "ControlLeft", "ControlRight", "AltLeft", "AltRight", "MetaLeft", "MetaRight")
)


class HeldInput:
    """Keys and buttons that are down, each known once."""

    def __init__(self) -> None:
        # Dictionaries for their order: who came first.
        self._keys: dict[str, None] = {}
        self._buttons: dict[int, None] = {}

    def held(self) -> Held:
        return Held(tuple(self._keys), tuple(self._buttons))

    def change_key(self, code: str, is_down: bool) -> bool:
        """Note a key; tells whether that changed anything, a second press or an unknown release does not."""
        return _change(self._keys, code, is_down)

    def change_button(self, button: int, is_down: bool) -> bool:
        """Note a button; tells whether that changed anything."""
        return _change(self._buttons, button, is_down)

    def is_button_down(self, button: int) -> bool:
        return button in self._buttons

    def is_key_down(self, code: str) -> bool:
        return code in self._keys

    def release_all(self) -> tuple[list[str], list[int], list[str]]:
        """What to release, in this order: keys, buttons, modifiers, the newest of each first. Nothing is held afterwards.

        Modifiers go last, so that letting go is not by itself another shortcut, click or drop than the one that was held.
        """
        keys, buttons = list(reversed(self._keys)), list(reversed(self._buttons))
        self._keys.clear()
        self._buttons.clear()
        modifiers = [code for code in keys if code in _MODIFIERS]
        return [code for code in keys if code not in _MODIFIERS], buttons, modifiers


def _change(held: dict[K, None], what: K, is_down: bool) -> bool:
    changes = (what in held) != is_down
    if changes and is_down:
        held[what] = None
    elif changes:
        del held[what]
    return changes


class WheelNotches:
    """Collects turns of the wheel until they make whole notches."""

    def __init__(self) -> None:
        self._right = 0
        self._down = 0

    def turn(self, right: int, down: int) -> tuple[int, int]:
        """The whole notches to the right and down that are due, negative for left and up.

        Turning back forgets what was left of the other direction, so that the wheel answers at once.
        """
        notches_right, self._right = _whole(self._right, right)
        notches_down, self._down = _whole(self._down, down)
        return notches_right, notches_down


def _whole(rest: int, turned: int) -> tuple[int, int]:
    if rest * turned < 0:
        rest = 0
    total = rest + turned
    notches = abs(total) // NOTCH * (1 if total > 0 else -1)
    return notches, total - notches * NOTCH
