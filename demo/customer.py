"""The customer, played with the mouse on the virtual desktop: nothing here reaches into the agent."""

import re
import subprocess
from pathlib import Path

import mss
import mss.tools

from client_agent.prompts.theme import DARK, LIGHT, mixed
from tests.journeys.reading import fill_of, says
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until
from translations import catalogue

SEARCHES_MAX = 5
_FILLS = {
    mixed(over, fill, share)
    for each in (LIGHT, DARK)
    for over, fill in ((each.action, each.raised), (each.on_action, each.action))
    for share in (0, 0.08)
}
"""What buttons are filled with that can be pressed, with the pointer elsewhere or on them."""


class Customer:
    """Somebody in front of the desktop, who knows buttons by their words."""

    def __init__(self, display: VirtualDisplay, screenshots: Path, language: str) -> None:
        self._display, self._screenshots, self._language = display, screenshots, language
        self._words = catalogue(language).gettext

    def photograph(self, name: str) -> None:
        """Keep what the customer sees."""
        with mss.mss(display=self._display.name) as camera:
            picture = camera.grab(camera.monitors[0])
            path = self._screenshots / f"customer-{name}-{self._language}.png"
            mss.tools.to_png(picture.rgb, picture.size, output=str(path))

    def find(self, label: str) -> None:
        """Wait until there is such a button, field or window (in English)."""
        wait_until(lambda: self._find(label), label, deadline_s=30)

    def find_question(self, answer: str = "Let them see and control") -> None:
        """Wait until the question is there that has this answer (in English), and it may be given: until then its button is grey."""
        wait_until(lambda: self._may_press(answer), f"the answer {answer}", deadline_s=30)

    def allow_control(self) -> None:
        """Choose *see and control*, again until it reacts: it does not during the first second."""
        self._press_until_gone("Let them see and control")

    def point_at(self, label: str) -> None:
        """Have the pointer on the button that says this (in English), and press nothing."""
        self._point_at(self._find(label))

    def take_back(self) -> None:
        self._press_until_gone("Take back control")

    def stop(self) -> None:
        self._press_until_gone("Stop")

    def press(self, label: str) -> None:
        """Press the button that says this (in English), again until it reacts and is gone."""
        self._press_until_gone(label)

    def choose_file(self, path: Path) -> None:
        """Press the button for that, type where the file is into the window that opens, and press Enter."""
        self.find("Choose the file…")
        self._click(self._find("Choose the file…"))
        wait_until(lambda: self._search("^Open$"), "the window to choose a file")
        self._display.run("xdotool", "type", "--delay", "1", str(path))
        self._display.run("xdotool", "key", "Return")

    def say(self, text: str) -> None:
        """Answer in the window that opened when somebody wrote: ASCII, which every layout has."""
        self.find("Your message")

        def is_typed() -> bool:
            field = self._find("Your message")
            if not field or not says(self._display, text):
                self._display.run("xdotool", "mousemove", "--window", field, "20", "20", "click", "1", "key", "ctrl+a")
                self._display.run("xdotool", "type", text)
            return says(self._display, text)

        wait_until(is_typed, f"{text!r} in the field", deadline_s=20)
        self._display.run("xdotool", "key", "Return")

    def sees(self, label: str) -> bool:
        """Tell whether such a button, field or window is to be seen."""
        return bool(self._find(label))

    def find_summary(self) -> None:
        wait_until(lambda: self._find("Close"), "the summary")

    def place_in_editor(self) -> tuple[int, int]:
        """A place in the editor's text, in pixels of the desktop."""
        editor = self._search("lettre")[-1]
        self._display.run("xdotool", "windowactivate", "--sync", editor)
        x, y, width, height = self._place(editor)
        return x + width // 2, y + height * 2 // 3

    def _press_until_gone(self, label: str) -> None:
        is_pressed = False

        def is_gone() -> bool:
            nonlocal is_pressed
            if not (button := self._find(label)):
                # Before it was pressed, the bar may only be saying something else just now.
                return is_pressed
            try:
                self._click(button)
                is_pressed = True
            except subprocess.CalledProcessError:
                return is_pressed and not self._find(label)
            return False

        wait_until(lambda: self._find(label), f"the button {label}")
        wait_until(is_gone, f"an effect of the button {label}", deadline_s=20)

    def _click(self, button: str) -> None:
        self._point_at(button, "click", "1")

    def _point_at(self, button: str, *then: str) -> None:
        _, _, width, height = self._place(button)
        # Relative to the button: xdotool counts window frames twice where it tells places on the desktop.
        inside = (str(width // 2), str(height // 2))
        self._display.run("xdotool", "mousemove", "--window", button, *inside, *then)

    def _find(self, label: str) -> str:
        found = self._search(f"^{re.escape(self._words(label))}$")
        return found[-1] if found else ""

    def _search(self, title: str) -> list[str]:
        for _ in range(SEARCHES_MAX):
            try:
                return self._display.run("xdotool", "search", "--onlyvisible", "--name", title).split()
            except subprocess.CalledProcessError as error:
                # Nothing was found, or a window closed while xdotool looked through them all.
                if not error.stderr:
                    break
        return []

    def _may_press(self, label: str) -> bool:
        button = self._find(label)
        return bool(button) and fill_of(self._display, int(button)) in _FILLS

    def _place(self, window: str) -> tuple[int, int, int, int]:
        told = self._display.run("xdotool", "getwindowgeometry", "--shell", window)
        found = {name: int(value) for name, value in re.findall(r"(\w+)=(-?\d+)", told)}
        return found["X"], found["Y"], found["WIDTH"], found["HEIGHT"]
