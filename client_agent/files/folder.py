"""Where files that come in belong on this machine, and how to show it to the customer."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_SET = re.compile(r'^\s*XDG_DOWNLOAD_DIR="((?:\$HOME)?/[^"]*)"', re.MULTILINE)


def download_folder() -> Path:
    """The folder that the person's programs save downloads in; the home folder where there is none.

    xdg-user-dirs (user-dirs.dirs) where that says it; the same name as on Windows and macOS else.
    """
    home = Path.home()
    settings = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "user-dirs.dirs"
    try:
        found = _SET.search(settings.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        found = None
    named = Path(found[1].replace("$HOME", str(home), 1)) if found else home / "Downloads"
    return named if named.is_dir() else home


def can_show() -> bool:
    """Whether there is a program here that shows folders."""
    return sys.platform == "win32" or _opener() is not None


def show(folder: Path) -> None:
    """Show the folder, never what is in it; nothing happens where that does not work."""
    if sys.platform == "win32":
        os.startfile(folder)  # noqa: S606 # a folder, which the system shows
    elif opener := _opener():
        subprocess.Popen([opener, str(folder)], stdin=subprocess.DEVNULL, start_new_session=True)


def _opener() -> str | None:
    return shutil.which("open" if sys.platform == "darwin" else "xdg-open")
