"""Texts that people write and others read: bounded, and without characters that deceive (PROTOCOL.md, section 1.3)."""

import re
import unicodedata
from typing import Annotated

from msgspec import Meta

from protocol.limits import CHAT_CHARACTERS_MAX, LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX

# Control characters, line and paragraph separators, and the marks that turn the direction of what follows: a name that holds
# them could look like another name (Unicode Technical Report 36, section 2.5).
_DECEIVING = "\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_DECEIVING_BUT_NEWLINE = _DECEIVING.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f")

LINE_PATTERN = rf"\A[^{_DECEIVING}]*\Z"
TEXT_PATTERN = rf"\A[^{_DECEIVING_BUT_NEWLINE}]*\Z"

Line = Annotated[str, Meta(max_length=LINE_CHARACTERS_MAX, pattern=LINE_PATTERN)]
"""One line: a name, a ticket's subject."""

Text = Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX, pattern=TEXT_PATTERN)]
"""Several lines: a reason, the words of a prompt."""

SaidText = Annotated[str, Meta(max_length=CHAT_CHARACTERS_MAX, pattern=rf"\A(?=[\s\S]*\S){TEXT_PATTERN[2:]}")]
"""What somebody says in the chat: a text that is not blank."""


def tidy_line(text: str, *, characters_max: int = LINE_CHARACTERS_MAX) -> str:
    """Make a `Line` of anything: composed (NFC), deceiving characters gone, white space folded, cut at the limit."""
    composed = unicodedata.normalize("NFC", re.sub(rf"[{_DECEIVING}]+", " ", text))
    return " ".join(composed.split())[:characters_max]


def tidy_text(text: str) -> str:
    """Make the characters of a `Text` of anything: composed (NFC), deceiving ones as blanks, lines kept. As long as it was."""
    return unicodedata.normalize("NFC", re.sub(rf"[{_DECEIVING_BUT_NEWLINE}]", " ", text)).strip()
