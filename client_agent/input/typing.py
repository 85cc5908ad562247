"""Text for a keyboard that lacks some of its characters: what goes on which spare key, and in which batches.

A character that the layout has is typed with its own key. What it lacks is put on keys that type nothing in any layout, two
characters a key: alone and with Shift. Programs learn of a changed key before the next key press, but they ask what it types *now*, when
they get to it; so a spare key never changes its meaning while somebody may still have a press of it before them: new
characters go on free places, and only when none are left, and what was typed has settled, all places are given anew.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from client_agent.input.keymap import Keymap

CHARACTERS_PER_KEY = 2


@dataclass(frozen=True)
class Placing:
    """What changes on spare keys: the characters of each, alone and with Shift, nothing for a key that is emptied.

    `is_afresh` tells that keys change their meaning: wait until what was typed with them has settled.
    """

    changed: dict[int, str] = field(default_factory=dict)
    is_afresh: bool = False


class SpareKeys:
    """Which characters are on which spare keys now."""

    def __init__(self) -> None:
        self._characters: dict[int, str] = {}

    @property
    def keycodes(self) -> tuple[int, ...]:
        """The keys that hold a character."""
        return tuple(self._characters)

    def room(self, keymap: Keymap) -> int:
        """How many characters all spare keys can hold together."""
        return CHARACTERS_PER_KEY * len({*self._characters, *keymap.unused})

    def lacking(self, text: str, keymap: Keymap) -> list[str]:
        """The characters of `text`, each once, that have no key of their own in the layout, on a spare key or not."""
        return [character for character in dict.fromkeys(text) if self._is_lacking(character, keymap)]

    def is_afresh_for(self, wanted: Collection[str], keymap: Keymap) -> bool:
        """Tell whether placing all of `wanted` takes keys that already mean something: let what was typed settle first."""
        new, half, free = self._places(wanted, keymap)
        return len(new) > len(half) + CHARACTERS_PER_KEY * len(free)

    def place(self, wanted: Collection[str], keymap: Keymap) -> Placing:
        """Find places for all of `wanted`, which are at most `room` characters.

        They are taken as placed from now on: ask only when nothing keeps the keys from being changed.
        """
        is_afresh = self.is_afresh_for(wanted, keymap)
        new, half, free = self._places(wanted, keymap)
        changed: dict[int, str] = {}
        if is_afresh:
            free, half, new = [*free, *self._characters], [], list(wanted)
            changed = dict.fromkeys(self._characters, "")
            self._characters.clear()
        for keycode in half[: len(new)]:
            changed[keycode] = self._characters[keycode] + new.pop(0)
        while new:
            changed[free.pop(0)] = "".join(new[:CHARACTERS_PER_KEY])
            del new[:CHARACTERS_PER_KEY]
        self._characters |= {keycode: held for keycode, held in changed.items() if held}
        return Placing(changed, is_afresh)

    def clear(self) -> Placing:
        """Empty every spare key."""
        changed = dict.fromkeys(self._characters, "")
        self._characters.clear()
        return Placing(changed, is_afresh=bool(changed))

    def _is_lacking(self, character: str, keymap: Keymap) -> bool:
        stroke = keymap.strokes.get(character)
        return stroke is None or stroke.keycode in self._characters

    def _places(self, wanted: Collection[str], keymap: Keymap) -> tuple[list[str], list[int], list[int]]:
        """The characters of `wanted` not placed yet, the keys with room for one more, and the keys that are empty."""
        self._forget_what_is_gone(keymap)
        placed = "".join(self._characters.values())
        new = [character for character in wanted if character not in placed]
        half = [keycode for keycode, held in self._characters.items() if len(held) < CHARACTERS_PER_KEY]
        free = [keycode for keycode in keymap.unused if keycode not in self._characters]
        return new, half, free

    def _forget_what_is_gone(self, keymap: Keymap) -> None:
        """Another layout was loaded since: spare keys are empty again, or not spare any more."""
        for keycode, held in list(self._characters.items()):
            strokes = [keymap.strokes.get(character) for character in held]
            if not any(stroke is not None and stroke.keycode == keycode for stroke in strokes):
                del self._characters[keycode]


def batches(text: str, lacking: Collection[str], room: int) -> Iterator[str]:
    """Cut `text` into runs that each hold at most `room` different ones of the `lacking` characters; `room` is not 0."""
    begin, seen = 0, set[str]()
    for at, character in enumerate(text):
        if character not in lacking or character in seen:
            continue
        if len(seen) == room:
            yield text[begin:at]
            begin = at
            seen.clear()
        seen.add(character)
    if begin < len(text):
        yield text[begin:]
