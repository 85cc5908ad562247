"""How commands speak with the operator: texts in the operator's language, questions, and what a command's end is called."""

import locale
import os
import sys
from enum import IntEnum

from translations import best_language, catalogue


class Exit(IntEnum):
    """How a command ended, for scripts; from 64 on as in sysexits.h."""

    WELL = 0
    FAILED = 1
    USAGE = 64
    NOT_A_LOG = 65
    NO_INPUT = 66
    REPLACED = 75


class CannotGoOn(Exception):
    """A command cannot be carried out; the text is for the operator."""

    def __init__(self, text: str, code: int = Exit.FAILED) -> None:
        super().__init__(text)
        self.code = code


def _language() -> str:
    wanted = os.environ.get("MAINFORTE_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    return best_language([wanted or os.environ.get("LANG") or locale.getlocale()[0] or "en"])


def _(text: str, **values: object) -> str:
    return catalogue(_language()).gettext(text).format(**values)


def ngettext(one: str, several: str, count: int, **values: object) -> str:
    """A text that says how many, with its count and values filled in."""
    return catalogue(_language()).ngettext(one, several, count).format(count=count, **values)


def ask(question: str, default: str = "") -> str:
    """What the operator types; the default where nobody can."""
    if not sys.stdin.isatty():
        return default
    return input(f"{question} [{default}]: " if default else f"{question}: ").strip() or default


def say(text: str) -> None:
    """Tell the operator; this is a command's result, not its log."""
    print(text)  # noqa: T201
