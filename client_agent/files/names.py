"""A name for a file that comes from elsewhere: safe on every system, whatever it was called there (PROTOCOL.md, section 16).

What Windows refuses is refused everywhere: a file may end on a memory stick (Microsoft, Naming Files, Paths, and Namespaces).
"""

import re
import unicodedata

NAME_BYTES_MAX = 255
_EXTENSION_BYTES_MAX = 32
_NAMELESS = "file"
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of `name` as one plain, visible file name of at most 255 bytes (UTF-8)."""
    last = re.split(r"[/\\]", name)[-1]
    composed = unicodedata.normalize("NFC", "".join(map(_plain, last)))
    # Neither hidden by a dot before, nor another one than it looks by what Windows drops at the end.
    visible = " ".join(composed.split()).lstrip(". ").rstrip(". ")
    stem = visible.partition(".")[0].rstrip(" ")
    return _cut("_" + visible if _RESERVED.fullmatch(stem) else visible or _NAMELESS)


def numbered(name: str, number: int) -> str:
    """Another safe name for the same file, where there is one of the first already: `name (2).ext`."""
    return _cut(name, f" ({number})")


def _plain(character: str) -> str:
    if character in '<>:"|?*':
        return "_"
    category = unicodedata.category(character)
    # Control characters, marks of direction and others that nobody sees, halves of characters, and what Unicode has not given out.
    if category.startswith("C"):
        return " " if category == "Cc" else ""
    return " " if category.startswith("Z") else character


def _cut(name: str, addition: str = "") -> str:
    """Shorten before the extension, at a whole character, and put `addition` there."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _EXTENSION_BYTES_MAX:
        stem, dot, extension = name, "", ""
    rest = f"{addition}{dot}{extension}"
    kept = stem.encode()[: NAME_BYTES_MAX - len(rest.encode())].decode(errors="ignore")
    return f"{kept.rstrip('. ')}{rest}"
