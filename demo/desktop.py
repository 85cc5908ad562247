"""The customer's desktop: a display with a window manager, a terminal and a text editor on it, or one's own screen."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import xcffib

from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import wait_until

WIDTH_PX, HEIGHT_PX = 1280, 800
_END_S = 5.0


@dataclass(frozen=True)
class Desktop:
    """A running desktop, and the file that its editor has open."""

    display: VirtualDisplay
    letter: Path
    folder: Path

    def start_agent(self, package: Path, code: str, language: str) -> "subprocess.Popen[str]":
        """Start the real agent as a customer would who was given a package, and perhaps a code."""
        environment = with_downloads(self.downloads)
        with agent_log(self.folder).open("a") as log:
            return self.display.start(*agent_command(package, code, language), environment=environment, output=log)

    @property
    def downloads(self) -> Path:
        """Where this customer's programs save downloads."""
        return self.folder / "Downloads"


def with_downloads(folder: Path) -> dict[str, str]:
    """An environment in which this folder, which is made, is where downloads go (xdg-user-dirs)."""
    settings = folder.parent / ".config"
    settings.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True)
    (settings / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{folder}"\n')
    return {"XDG_CONFIG_HOME": str(settings)}


def agent_command(package: Path, code: str, language: str) -> list[str]:
    """How the agent is started."""
    command = [sys.executable, "-m", "client_agent", "--organisation", str(package), "--language", language]
    return [*command, *([code] if code else [])]


def agent_log(folder: Path) -> Path:
    """Where the agent's own messages go."""
    return folder / "agent.log"


@contextmanager
def customers_desktop(folder: Path, *, shown_on: str = "", title: str = "") -> Iterator[Desktop]:
    """Start it, and end everything on it at the end; with `shown_on` (as `:0`) it is a window of that display."""
    letter = folder / "lettre.txt"
    letter.write_text("")
    width_px, height_px = _room_on(shown_on) if shown_on else (WIDTH_PX, HEIGHT_PX)
    with virtual_display(width_px, height_px, shown_on=shown_on, title=title) as display:
        display.run("xsetroot", "-solid", "#2b5d8a")
        display.start(
            "xterm", "-geometry", "80x24+40+60", "-title", "Terminal", "-e", "sh", "-c", "echo Bonjour; exec sh"
        )
        display.start("mousepad", str(letter), environment=_editors_settings(folder))
        wait_until(lambda: _has_window(display, "lettre"), "the editor's window")
        yield Desktop(display, letter, folder)


def _editors_settings(folder: Path) -> dict[str, str]:
    """An environment in which the editor shows names without the folders they are in."""
    settings = folder / ".config" / "glib-2.0" / "settings" / "keyfile"
    settings.parent.mkdir(parents=True)
    settings.write_text("[org/xfce/mousepad/preferences/window]\npath-in-title=false\n")
    return {"LANG": "C.UTF-8", "HOME": str(folder), "GSETTINGS_BACKEND": "keyfile"}


@contextmanager
def agent_on_this_screen(folder: Path, package: Path, language: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the agent on the display that the person sits at."""
    with agent_log(folder).open("a") as log:
        agent = subprocess.Popen(
            agent_command(package, "", language), stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True
        )
    try:
        yield agent
    finally:
        agent.terminate()
        try:
            agent.wait(_END_S)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()


def own_display() -> str:
    """The display that the person sits at, as `:0`; empty where there is none that answers."""
    name = os.environ.get("DISPLAY", "")
    return name if name and answers(name) else ""


def answers(display: str) -> bool:
    """Tell whether this display can be used."""
    try:
        xcffib.connect(display=display).disconnect()
    except xcffib.ConnectionException:
        return False
    return True


def _room_on(display: str) -> tuple[int, int]:
    """A window's size, in pixels, that leaves something of the person's own screen to see."""
    connection = xcffib.connect(display=display)
    try:
        screen = connection.get_setup().roots[0]
        return min(WIDTH_PX, screen.width_in_pixels * 9 // 10), min(HEIGHT_PX, screen.height_in_pixels * 9 // 10)
    finally:
        connection.disconnect()


def _has_window(display: VirtualDisplay, title: str) -> bool:
    try:
        return bool(display.run("xdotool", "search", "--onlyvisible", "--name", title))
    except subprocess.CalledProcessError:
        return False
