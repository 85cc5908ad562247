"""What the agent can be told at its start; everything else comes from the organisation's document."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BUILT_IN = Path(__file__).parent / "organisation.json"


@dataclass(frozen=True)
class Settings:
    """How this run of the agent goes."""

    package: Path | None
    """The organisation's package, built in or named; None: the generic agent."""
    address: str
    """Where the generic agent finds the organisation when only a code is typed."""
    invitation: str
    """A code or link given at the start, so that nothing has to be typed."""
    is_text: bool
    language: str


def read_settings(arguments: Sequence[str], *, language: str) -> Settings:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="mainforte-agent", description="Let somebody you called help you.")
    parser.add_argument("invitation", nargs="?", default="", help="the support code or the link, to save typing")
    parser.add_argument("--organisation", type=Path, metavar="FILE", help="organisation.json from agent-package")
    parser.add_argument("--address", default="", help="https://… of the organisation, for an agent without a package")
    parser.add_argument("--text", action="store_true", help="ask on the terminal, for screen readers")
    parser.add_argument("--language", choices=("fr", "en"), default=language)
    read = parser.parse_args(arguments)
    package = read.organisation or (BUILT_IN if BUILT_IN.exists() else None)
    return Settings(package, read.address, read.invitation, read.text, read.language)
