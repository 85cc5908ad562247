"""Characters and the numbers that X keyboards know them by (X Window System Protocol, appendix A)."""

_NAMED = {"\n": 0xFF0D, "\t": 0xFF09}
_UNICODE = 0x0100_0000
_LATIN_1 = (*range(0x20, 0x7F), *range(0xA0, 0x100))

# Keysyms from before Unicode: the high byte chooses a character set, the low byte is the character in it.
_OLD_SETS = {
    0x01: "iso8859_2",
    0x02: "iso8859_3",
    0x03: "iso8859_4",
    0x05: "iso8859_6",
    0x0C: "iso8859_8",
    0x0D: "tis_620",
    0x13: "iso8859_15",
}
_CYRILLIC_SIGNS = 0x06A1
_CYRILLIC_SIGNS_ARE = "ђѓёєѕіїјљњћќґўџ№ЂЃЁЄЅІЇЈЉЊЋЌҐЎЏ"
_CYRILLIC_LETTERS = range(0x06C0, 0x0700)
_OTHERS = {
    0x0AA9: "—",
    0x0AAA: "–",
    0x0AAE: "…",
    0x0AC9: "™",
    0x0AD0: "‘",
    0x0AD1: "’",
    0x0AD2: "“",
    0x0AD3: "”",
    0x0AFD: "‚",
    0x0AFE: "„",
    0x20AC: "€",
}


def keysym_of(character: str) -> int:
    """A keysym that every program understands as this character."""
    code_point = ord(character)
    return _NAMED.get(character) or (code_point if code_point in _LATIN_1 else _UNICODE + code_point)


def character_of(keysym: int) -> str | None:
    """The character that a key of this keysym types; None for keys that type none, dead keys included."""
    if keysym in _LATIN_1:
        return chr(keysym)
    if _UNICODE < keysym <= _UNICODE + 0x10FFFF:
        return chr(keysym - _UNICODE)
    for character, named in _NAMED.items():
        if keysym == named:
            return character
    return _old_character_of(keysym)


def _old_character_of(keysym: int) -> str | None:
    high, low = keysym >> 8, keysym & 0xFF
    if 0 <= keysym - _CYRILLIC_SIGNS < len(_CYRILLIC_SIGNS_ARE):
        return _CYRILLIC_SIGNS_ARE[keysym - _CYRILLIC_SIGNS]
    if keysym in _CYRILLIC_LETTERS:
        return bytes([low]).decode("koi8_r")
    if high in _OLD_SETS and low >= 0xA0:
        return bytes([low]).decode(_OLD_SETS[high], errors="ignore") or None
    return _OTHERS.get(keysym)
