"""The customer, played with mouse and keyboard on the virtual desktop: nothing here reaches into the agent."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until


@dataclass(frozen=True)
class Window:
    """A window on the desktop, found by its title."""

    display: VirtualDisplay
    number: str

    def press_button(self, tabs: int) -> None:
        """Reach a button with so many Tabs, and press it with the space bar."""
        self.display.run("xdotool", "windowfocus", "--sync", self.number)
        if tabs:
            self.display.run("xdotool", "key", "--delay", "60", "--repeat", str(tabs), "Tab")
        self.display.run("xdotool", "key", "space")

    def click(self, x: int, y: int) -> None:
        """Click at a place in the window."""
        self.display.run("xdotool", "mousemove", "--window", self.number, str(x), str(y), "click", "1")


def find_window(display: VirtualDisplay, title: str, *, deadline_s: float = 20) -> Window:
    """Wait for a visible window whose title matches."""

    def search() -> str:
        try:
            found = display.run("xdotool", "search", "--onlyvisible", "--name", title).split()
        except subprocess.CalledProcessError:
            return ""
        return found[-1] if found else ""

    return Window(display, wait_until(search, f"a window called {title}", deadline_s=deadline_s))


def start_agent(
    display: VirtualDisplay, package: Path, code: str, language: str, log: Path
) -> subprocess.Popen[str]:
    """Start the real agent as a customer would who was given a package and a code."""
    command = [sys.executable, "-m", "client_agent", "--organisation", str(package), "--language", language]
    return display.start(*command, *([code] if code else []), output=log.open("w"))
