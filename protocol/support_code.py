"""The short code that a customer types: a room number, which the relay learns, and a secret, which it never does (section 3).

    41703 cerise violon        five digits and two words
    41703 830 5926             five digits and seven digits

What counts is the number and, of each word, the first four letters without accents; spaces, dashes, commas and case do not.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from protocol.errors import BadSupportCode
from protocol.limits import ROOM_DIGITS, SECRET_DIGITS, SECRET_WORDS, WORD_LETTERS

_WORD_LETTERS_MIN = 3
_TYPED_CHARACTERS_MAX = 100


@dataclass(frozen=True, slots=True)
class SupportCode:
    """A room number and the password string that both ends feed into CPace."""

    room: str
    password: str = field(repr=False)


def parse(typed: str) -> SupportCode:
    """Read what a person typed, or the same written with dashes as in a link.

    Raises:
        BadSupportCode: it cannot be a code.
    """
    if len(typed) > _TYPED_CHARACTERS_MAX:
        raise BadSupportCode("longer than any code")
    words = [word for word in re.split(r"[\s,.;_\-–—]+", _fold(typed)) if word]
    digits = "".join(word for word in words if word.isdecimal())
    letters = [word for word in words if not word.isdecimal()]
    if not digits.isascii() or any(not re.fullmatch(r"[a-z]+", word) for word in letters):
        raise BadSupportCode("a code has digits and plain words only")
    room, secret = digits[:ROOM_DIGITS], digits[ROOM_DIGITS:]
    if len(room) < ROOM_DIGITS:
        raise BadSupportCode(f"a code begins with {ROOM_DIGITS} digits")
    if not letters and len(secret) == SECRET_DIGITS:
        return SupportCode(room, f"digits:{secret}")
    if len(letters) == SECRET_WORDS and not secret and all(len(word) >= _WORD_LETTERS_MIN for word in letters):
        return SupportCode(room, "words:" + " ".join(word[:WORD_LETTERS] for word in letters))
    raise BadSupportCode(f"after the room number come {SECRET_WORDS} words or {SECRET_DIGITS} digits")


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))
