"""`python -m translations.check`: every text that people read is in the French catalogue, with the same values to fill in."""

import re
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
FRENCH = Path(__file__).parent / "fr" / "LC_MESSAGES" / "mainforte.po"
SOURCES = ("client_agent", "relay", "technician_viewer", "demo")
_NOT_OURS = {"vendor", "migrations"}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
_METHODS = {".py": "python", ".js": "javascript"}
_VALUE = re.compile(r"\{\w*\}|%\(\w+\)s|%[sd]")
_IN_TEMPLATE = re.compile(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_PLURAL_IN_TEMPLATE = re.compile(r"""\bngettext\(\s*"((?:[^"\\]|\\.)*)"\s*,\s*"((?:[^"\\]|\\.)*)\"""")
_IN_PAGE = re.compile(r'data-(?:text|label)="([^"]+)"')


Key = str | tuple[str, str]
"""A text as it stands in the source; singular and plural together where it counts something."""


def keys_of(path: Path) -> Iterator[Key]:
    """The texts that one file has people read; empty ones are not texts."""
    content = path.read_text(encoding="utf-8")
    if method := _METHODS.get(path.suffix):
        for _line, message, *_ in extract(method, BytesIO(content.encode()), keywords=_KEYWORDS):
            if isinstance(message, tuple):
                yield (message[0], message[1])
            elif message:
                yield message
    elif path.suffix == ".html":
        yield from _IN_PAGE.findall(content)
        yield from (double or single for double, single in _IN_TEMPLATE.findall(content))
        yield from _PLURAL_IN_TEMPLATE.findall(content)


def problems(keys: Mapping[Key, Path], french: Catalog) -> list[str]:
    """What is wrong, one sentence each; empty when the catalogue is complete."""
    found = []
    for key, path in sorted(keys.items(), key=str):
        message = french.get(key if isinstance(key, str) else key[0])
        translation = message.string if message and message.id == key else ""
        texts = translation if isinstance(translation, tuple) else (translation,)
        # English may say "one" where the singular would fill in a number; French is held to the plural's values.
        values = set(_VALUE.findall(key if isinstance(key, str) else key[1]))
        if not all(texts):
            found.append(f"{path}: no French for {key!r}")
        elif any(set(_VALUE.findall(str(text))) != values for text in texts):
            found.append(f"{path}: the French fills in other values than {key!r}")
    return found


def main() -> int:
    """Check all sources; 1 when something is wrong."""
    keys: dict[Key, Path] = {}
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.suffix in {*_METHODS, ".html"} and not _NOT_OURS & set(path.parts):
                keys |= {key: path.relative_to(ROOT) for key in keys_of(path) if key}
    with FRENCH.open("rb") as file:
        found = problems(keys, read_po(file))
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    sys.stdout.write(f"translations: {len(keys)} texts, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
