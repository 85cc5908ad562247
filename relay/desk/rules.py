"""What every rule of the desk shares: the two refusals, and the small types that events are made of."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.limits import LINE_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from protocol.text import LINE_PATTERN, TEXT_PATTERN, Line

Slug = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,39}\Z")]
"""A short name that never changes: a kind of request, a question, a group."""

MaybeSlug = Annotated[str, Meta(pattern=r"\A([a-z0-9][a-z0-9-]{0,39})?\Z")]
"""A short name, or empty for none."""

SomeLine = Annotated[str, Meta(min_length=1, max_length=LINE_CHARACTERS_MAX, pattern=LINE_PATTERN)]
SomeText = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX, pattern=TEXT_PATTERN)]
LongText = Annotated[str, Meta(max_length=20_000, pattern=TEXT_PATTERN)]
"""An article's part."""

Version = Annotated[int, Meta(ge=1, le=100_000)]
Seconds = Annotated[int, Meta(ge=0, lt=2**53)]
"""UTC seconds."""


class NotPossible(Exception):
    """The state does not admit this; nothing changed."""


class Incomplete(NotPossible):
    """Something has to be known or done first; `missing` names each by a word."""

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("missing: " + ", ".join(missing))
        self.missing = missing


class Both(Message, frozen=True):
    """One text in both languages; both are originals."""

    fr: SomeLine
    en: SomeLine

    def into(self, language: str) -> str:
        return self.fr if language == "fr" else self.en


class BothTexts(Message, frozen=True):
    """Several lines in both languages."""

    fr: SomeText
    en: SomeText

    def into(self, language: str) -> str:
        return self.fr if language == "fr" else self.en


__all__ = [
    "Both",
    "BothTexts",
    "Incomplete",
    "Line",
    "LongText",
    "MaybeSlug",
    "NotPossible",
    "Seconds",
    "Slug",
    "SomeLine",
    "SomeText",
    "Version",
]
