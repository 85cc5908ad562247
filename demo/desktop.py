"""The customer's desktop: a virtual display with a window manager, a terminal and a text editor on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import wait_until

WIDTH_PX, HEIGHT_PX = 1280, 800


@dataclass(frozen=True)
class Desktop:
    """A running desktop, and the file that its editor has open."""

    display: VirtualDisplay
    letter: Path
    folder: Path
    is_visible: bool

    def start_agent(self, package: Path, code: str, language: str) -> subprocess.Popen[str]:
        """Start the real agent as a customer would who was given a package, and perhaps a code."""
        command = [sys.executable, "-m", "client_agent", "--organisation", str(package), "--language", language]
        log = (self.folder / "agent.log").open("w")
        return self.display.start(*command, *([code] if code else []), output=log)

    def play_customer(self, package: Path, language: str) -> None:
        """Start the agent with the code that is typed here, and let the customer say yes."""
        self.start_agent(package, input("Support code: "), language)


@contextmanager
def customers_desktop(folder: Path, *, is_visible: bool = False) -> Iterator[Desktop]:
    """Start it, and end everything on it at the end."""
    letter = folder / "lettre.txt"
    letter.write_text("")
    with virtual_display(WIDTH_PX, HEIGHT_PX) as display:
        display.run("xsetroot", "-solid", "#2b5d8a")
        display.start(
            "xterm", "-geometry", "80x24+40+60", "-title", "Terminal", "-e", "sh", "-c", "echo Bonjour; exec sh"
        )
        display.start("mousepad", str(letter), environment={"LANG": "C.UTF-8", "HOME": str(folder)})
        wait_until(lambda: _has_window(display, "lettre"), "the editor's window")
        yield Desktop(display, letter, folder, is_visible and bool(os.environ.get("DISPLAY")))


def _has_window(display: VirtualDisplay, title: str) -> bool:
    try:
        return bool(display.run("xdotool", "search", "--onlyvisible", "--name", title))
    except subprocess.CalledProcessError:
        return False
