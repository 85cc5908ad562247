"""What a person at a desktop copies and pastes, with xclip as with any other program."""

import subprocess

from tests.virtual_display import VirtualDisplay

_XCLIP = ("xclip", "-selection", "clipboard")


def copies(display: VirtualDisplay, text: str) -> None:
    """Copy this; a process stays behind to hand it over, until something else is copied."""
    given, quiet = text.encode(), subprocess.DEVNULL
    # What stays behind would keep a pipe open.
    subprocess.run([*_XCLIP, "-in"], env=display.environment, input=given, stdout=quiet, stderr=quiet, check=True)


def pastes(display: VirtualDisplay, *options: str) -> str:
    """What is pasted; nothing where there is nothing, or not in that form (`-target`, NAME)."""
    done = subprocess.run([*_XCLIP, "-out", *options], env=display.environment, capture_output=True, check=False)
    return done.stdout.decode()
