"""An X keyboard's layout as the server tells it (XKB protocol, section 15, XkbGetMap): which key types which character."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from client_agent.input.keysyms import character_of

# XkbKeyTypesMask and XkbKeySymsMask: what of a map `parse` reads.
PARTS = 0x3

_HEAD = struct.Struct("=10xBBHBBBBHB")
_HEAD_BYTES = 40
_TYPE = struct.Struct("=BBHBBBx")
_TYPE_ENTRY = struct.Struct("=BBBBH2x")
_PRESERVED_BYTES = 4
_KEY = struct.Struct("=4BBBH")

SHIFT = 0x01
LOCK = 0x02
CONTROL = 0x04
# Modifiers that only choose characters: Shift, and those that layouts take for their third and fifth level. Control, Alt and
# the Windows key make shortcuts, NumLock and CapsLock are the customer's.
_CHOOSING = SHIFT | 0x20 | 0x80


class Stroke(NamedTuple):
    """A key, and the modifiers (as bits of an X event's state) to be in force while it is pressed."""

    keycode: int
    modifiers: int


@dataclass(frozen=True)
class Keymap:
    """What each key types in one group of a layout, and which keys type nothing in any."""

    strokes: dict[str, Stroke]
    unused: tuple[int, ...]


class MalformedKeymap(ValueError):
    """What the server sent is no keyboard map."""


def parse(reply: bytes, group: int) -> Keymap:
    """The layout of `group` (0 to 3) out of the reply to XkbGetMap for all of PARTS.

    Where several keys type a character, the one with the fewest modifiers is taken, then the one that comes first.
    """
    try:
        return _parse(memoryview(reply), group)
    except (struct.error, IndexError) as error:
        raise MalformedKeymap(f"a keyboard map of {len(reply)} bytes: {error}") from None


def _parse(reply: memoryview, group: int) -> Keymap:
    _, _, _, _, types, _, first_key, _, keys = _HEAD.unpack_from(reply)
    at = _HEAD_BYTES
    levels: list[dict[int, int]] = []
    for _ in range(types):
        of_type, at = _read_type(reply, at)
        levels.append(of_type)
    strokes: dict[str, Stroke] = {}
    unused: list[int] = []
    for keycode in range(first_key, first_key + keys):
        *type_of_group, group_info, width, count = _KEY.unpack_from(reply, at)
        at += _KEY.size
        keysyms = struct.unpack_from(f"={count}I", reply, at)
        at += 4 * count
        if not any(keysyms):
            unused.append(keycode)
            continue
        chosen = _group_in_force(group, group_info)
        for level, modifiers in levels[type_of_group[chosen]].items():
            character = character_of(keysyms[chosen * width + level]) if level < width else None
            if character is not None and _is_simpler(modifiers, strokes.get(character)):
                strokes[character] = Stroke(keycode, modifiers)
    return Keymap(strokes, tuple(unused))


def _read_type(reply: memoryview, at: int) -> tuple[dict[int, int], int]:
    """The simplest modifiers for each level that can be reached by choosing ones alone, and where the next type begins."""
    _, _, _, _, entries, has_preserved = _TYPE.unpack_from(reply, at)
    at += _TYPE.size
    levels: dict[int, int] = {}
    taken: set[int] = set()
    for modifiers, level in _entries(reply, at, entries):
        taken.add(modifiers)
        is_simplest = level not in levels or modifiers.bit_count() < levels[level].bit_count()
        if modifiers & ~_CHOOSING == 0 and is_simplest:
            levels[level] = modifiers
    if 0 not in taken:
        # What no entry names is the first level.
        levels[0] = 0
    return levels, at + entries * (_TYPE_ENTRY.size + (_PRESERVED_BYTES if has_preserved else 0))


def _entries(reply: memoryview, at: int, count: int) -> Iterator[tuple[int, int]]:
    """Modifiers and level of each entry of a type that is in force."""
    for number in range(count):
        is_active, modifiers, level, _, _ = _TYPE_ENTRY.unpack_from(reply, at + number * _TYPE_ENTRY.size)
        if is_active:
            yield modifiers, level


def _group_in_force(group: int, group_info: int) -> int:
    """The group that a key uses where it has fewer than the layout (XKB protocol, section 7.2, the key's group info)."""
    groups = group_info & 0x0F
    if group < groups:
        return group
    out_of_range, redirect = group_info & 0xC0, (group_info >> 4) & 0x03
    if out_of_range == 0x40:
        return groups - 1
    if out_of_range == 0x80:
        return redirect if redirect < groups else 0
    return group % groups


def _is_simpler(modifiers: int, known: Stroke | None) -> bool:
    return known is None or modifiers.bit_count() < known.modifiers.bit_count()
