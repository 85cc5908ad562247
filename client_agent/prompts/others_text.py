"""Texts that others wrote, made fit to be shown: bounded, plain, and unable to pass for our own words or marks.

Two rules go beyond `protocol.text`, which refuses what deceives on the wire. Pictographs become a small square: a tick, a lock or
an eye in a name would look like ours. And letters carry at most two marks each, so that none paints over the line above.
"""

import re
import unicodedata

LINE_CHARACTERS_MAX = 90
"""A name or a ticket's subject, as far as it is shown; what is longer ends in an ellipsis."""

REASON_CHARACTERS_MAX = 600
REASON_LINES_MAX = 8

_MARKS_MAX = 2
_PICTOGRAPHS_FROM = 0x2190
_PICTOGRAPH = "▫"
# Letters and symbols that show as nothing: a name made of them would be an empty place in a sentence.
_BLANK = dict.fromkeys([0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0x034F, 0x17B4, 0x17B5, 0xFE0E, 0xFE0F], " ")


def one_line(text: str, *, characters_max: int = LINE_CHARACTERS_MAX) -> str:
    """A name or a subject as it is shown; empty where nothing visible was in it."""
    return _shortened(" ".join(_plain(text).split()), characters_max)


def some_lines(text: str, *, characters_max: int = REASON_CHARACTERS_MAX, lines_max: int = REASON_LINES_MAX) -> str:
    """A reason as it is shown: its own line breaks stay, empty lines go, and it ends where the limits are reached."""
    lines = [line for raw in re.split(r"[\n\r\u2028\u2029]", text) if (line := " ".join(_plain(raw).split()))]
    is_cut = len(lines) > lines_max
    return _shortened("\n".join(lines[:lines_max]) + ("…" if is_cut else ""), characters_max)


def _shortened(text: str, characters_max: int) -> str:
    return text if len(text) <= characters_max else text[: characters_max - 1].rstrip() + "…"


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", text.translate(_BLANK))
    shown: list[str] = []
    marks = 0
    for character in composed:
        category = unicodedata.category(character)
        marks = marks + 1 if category.startswith("M") else 0
        if marks > _MARKS_MAX:
            continue
        if category in ("So", "Sk") and ord(character) >= _PICTOGRAPHS_FROM:
            character = _PICTOGRAPH
        elif category == "Cc" or category.startswith("Z"):
            character = " "
        elif category.startswith("C"):
            continue
        shown.append(character)
    return "".join(shown)
