"""What the texts of every room have in common: one language, and how it names people, organisations and days."""

import unicodedata

from client_agent.prompts.others_text import one_line
from translations import catalogue


class Texts:
    """Texts in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        texts = catalogue(language)
        self._, self.ngettext = texts.gettext, texts.ngettext

    def product(self) -> str:
        _ = self._
        return _("Remote assistance")

    def other_language_name(self) -> str:
        """The name of the language one can switch to, in that language."""
        return "English" if self.language == "fr" else "Français"

    def close(self) -> str:
        _ = self._
        return _("Close")

    def key(self, letter: str, what: str) -> str:
        """One line of a list: what can be typed, or what something is."""
        _ = self._
        return _("{letter}: {what}").format(letter=letter, what=what)

    def _organisation(self, name: str) -> str:
        _ = self._
        return one_line(name) or _("(an organisation without a name)")

    def _person(self, name: str) -> str:
        _ = self._
        return one_line(name) or _("(a person without a name)")

    def _short_name(self, name: str) -> str:
        return one_line(name, characters_max=40) or self._person("")

    def _from(self, organisation: str) -> str:
        _ = self._
        if self.language == "fr" and unicodedata.normalize("NFD", organisation)[0].lower() in "aeiouœæ":
            return f"d’{organisation}"
        return _("from {organisation}").format(organisation=organisation)

    def _days(self, count: int) -> str:
        _ = self._
        return _("{count} days").format(count=count) if count != 1 else _("one day")
