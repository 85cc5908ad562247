"""The one catalogue of everything people read: templates, agent, page, command line.

The English text is the key. French stands in `fr/LC_MESSAGES/mainforte.po`, compiled to `.mo` at set-up.
"""

import gettext
from pathlib import Path

LANGUAGES = ("fr", "en")

_FOLDER = Path(__file__).parent


def catalogue(language: str) -> gettext.NullTranslations:
    """The translations into `language`; English, or a language we do not speak, gives the keys themselves."""
    return gettext.translation("mainforte", _FOLDER, [language], fallback=True)


def best_language(wanted: list[str]) -> str:
    """The first of the wanted languages (BCP 47 tags or locale names) that we speak, else English."""
    for tag in wanted:
        language = tag.replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return "en"
