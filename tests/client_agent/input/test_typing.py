from hypothesis import given
from hypothesis.strategies import integers, lists, sets, text

from client_agent.input.keymap import Keymap, Stroke
from client_agent.input.typing import CHARACTERS_PER_KEY, SpareKeys, batches

LAYOUT = {character: Stroke(38 + at, 0) for at, character in enumerate("abc \n")}


class FakeKeyboard:
    """A server that holds what it is told and gives its layout back."""

    def __init__(self, spare: int) -> None:
        self._spare = dict.fromkeys(range(200, 200 + spare), "")

    def keymap(self) -> Keymap:
        placed = {
            character: Stroke(keycode, at) for keycode, held in self._spare.items() for at, character in enumerate(held)
        }
        return Keymap(LAYOUT | placed, tuple(keycode for keycode, held in self._spare.items() if not held))

    def change(self, changed: dict[int, str]) -> None:
        assert set(changed) <= set(self._spare)
        assert all(len(held) <= CHARACTERS_PER_KEY for held in changed.values())
        self._spare |= changed

    def replace_layout(self) -> None:
        self._spare = dict.fromkeys(self._spare, "")


@given(lists(text(max_size=30), max_size=8), integers(1, 6))
def test_every_character_has_a_key_when_its_batch_is_typed(texts: list[str], spare: int) -> None:
    keyboard, keys = FakeKeyboard(spare), SpareKeys()
    for written in texts:
        lacking = keys.lacking(written, keyboard.keymap())
        room = keys.room(keyboard.keymap())
        assert room == spare * CHARACTERS_PER_KEY
        for batch in batches(written, lacking, room):
            keyboard.change(keys.place(keys.lacking(batch, keyboard.keymap()), keyboard.keymap()).changed)
            assert all(character in keyboard.keymap().strokes for character in batch)


@given(lists(text(max_size=20), max_size=8), integers(1, 6))
def test_a_key_changes_its_meaning_only_when_that_is_said(texts: list[str], spare: int) -> None:
    keyboard, keys = FakeKeyboard(spare), SpareKeys()
    for written in texts:
        for batch in batches(written, keys.lacking(written, keyboard.keymap()), keys.room(keyboard.keymap())):
            before = keyboard.keymap().strokes
            placing = keys.place(keys.lacking(batch, keyboard.keymap()), keyboard.keymap())
            keyboard.change(placing.changed)
            if not placing.is_afresh:
                assert before.items() <= keyboard.keymap().strokes.items()


def test_another_layout_empties_the_spare_keys_without_our_doing() -> None:
    keyboard, keys = FakeKeyboard(2), SpareKeys()
    keyboard.change(keys.place("中文", keyboard.keymap()).changed)
    keyboard.replace_layout()
    placing = keys.place(keys.lacking("中é", keyboard.keymap()), keyboard.keymap())
    assert not placing.is_afresh
    keyboard.change(placing.changed)
    assert {"中", "é"} <= keyboard.keymap().strokes.keys()


def test_clearing_empties_every_key_that_was_used() -> None:
    keyboard, keys = FakeKeyboard(3), SpareKeys()
    keyboard.change(keys.place("中文é", keyboard.keymap()).changed)
    keyboard.change(keys.clear().changed)
    assert keyboard.keymap() == Keymap(LAYOUT, (200, 201, 202))
    assert keys.keycodes == ()


@given(text(max_size=60), sets(integers(0x61, 0x7A).map(chr)), integers(1, 5))
def test_batches_are_the_text_and_none_is_larger_than_the_room(written: str, lacking: set[str], room: int) -> None:
    cut = list(batches(written, lacking, room))
    assert "".join(cut) == written
    assert all(len(lacking.intersection(batch)) <= room for batch in cut)
    assert all(cut)
