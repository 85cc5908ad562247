"""Which language to begin with, and which to switch to."""

import locale
import os

from translations import best_language


def language_of_system() -> str:
    """The first language of the system that we speak."""
    named = [*os.environ.get("LANGUAGE", "").split(":")]
    named += [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    named.append(locale.getlocale()[0] or "")
    return best_language([tag for tag in named if tag])


def other_language(language: str) -> str:
    return "en" if language == "fr" else "fr"
