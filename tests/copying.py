"""What a person at a desktop copies and pastes, with xclip as with any other program."""

import subprocess

from client_agent import x11_connection
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until

_XCLIP = ("xclip", "-selection", "clipboard")


def copies(display: VirtualDisplay, text: str) -> None:
    """Copy this; a process stays behind to hand it over, until something else is copied."""
    connection = x11_connection.connect(display.name)
    core = connection.core
    clipboard = core.InternAtom(False, len("CLIPBOARD"), "CLIPBOARD").reply().atom

    def owner() -> int:
        return int(core.GetSelectionOwner(clipboard).reply().owner)

    before, given, quiet = owner(), text.encode(), subprocess.DEVNULL
    # What stays behind would keep a pipe open.
    subprocess.run([*_XCLIP, "-in"], env=display.environment, input=given, stdout=quiet, stderr=quiet, check=True)
    # It is left behind before it has asked the server for the clipboard.
    wait_until(lambda: owner() != before, "the copy to be there")
    connection.disconnect()


def pastes(display: VirtualDisplay, *options: str) -> str:
    """What is pasted; nothing where there is nothing, or not in that form (`-target`, NAME)."""
    done = subprocess.run([*_XCLIP, "-out", *options], env=display.environment, capture_output=True, check=False)
    return done.stdout.decode()
