import ctypes
import ctypes.util

import pytest
from hypothesis import given
from hypothesis.strategies import characters

from client_agent.input.keysyms import character_of, keysym_of

KEYSYMS = (*range(0x20, 0x2100), *range(0xFE50, 0xFE90), *range(0xFF00, 0x10000))


@given(characters(exclude_categories=("Cs", "Cc")))
def test_the_keysym_of_a_character_types_that_character(character: str) -> None:
    assert character_of(keysym_of(character)) == character


def test_newline_is_return_and_tab_is_tab() -> None:
    assert (keysym_of("\n"), keysym_of("\t")) == (0xFF0D, 0xFF09)


def test_dead_keys_and_modifiers_type_nothing() -> None:
    assert all(character_of(keysym) is None for keysym in (0, 0xFE52, 0xFE03, 0xFFE1, 0xFF1B, 0x0100_0000))


def test_what_we_take_a_keysym_for_is_what_programs_take_it_for() -> None:
    name = ctypes.util.find_library("xkbcommon")
    if name is None:
        pytest.skip("libxkbcommon, which GTK programs bring along, is not here")
    to_utf32 = ctypes.CDLL(name).xkb_keysym_to_utf32
    to_utf32.restype = ctypes.c_uint32
    theirs = {keysym: chr(code) for keysym in KEYSYMS if (code := to_utf32(keysym)) >= 0x20 and code != 0x7F}
    wrong = {hex(k): (character_of(k), c) for k, c in theirs.items() if character_of(k) not in (c, None, "\n", "\t")}
    assert wrong == {}
