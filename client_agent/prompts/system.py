"""What the customer's system tells about how windows should look there: light or dark, and how large."""

import contextlib
import os
import subprocess
import sys

_SCALE_MIN, _SCALE_MAX = 1.0, 4.0
_ASK_TIMEOUT_S = 1.0

# A command that tells the wish for dark windows, and the word in its answer that means yes.
_DARK_COMMANDS = {
    "linux": (["gsettings", "get", "org.gnome.desktop.interface", "color-scheme"], "prefer-dark"),
    "darwin": (["defaults", "read", "-g", "AppleInterfaceStyle"], "Dark"),
    "win32": (
        [
            "reg",
            "query",
            r"HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize",
            "/v",
            "AppsUseLightTheme",
        ],
        "0x0",
    ),
}


def is_dark() -> bool:
    """Whether the system asks for dark windows; False where it does not say."""
    if theme := os.environ.get("GTK_THEME", ""):
        return theme.lower().endswith("dark")
    if sys.platform not in _DARK_COMMANDS:
        return False
    command, yes = _DARK_COMMANDS[sys.platform]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False)
        return yes in answer.stdout
    return False


def scale(dots_per_inch: float) -> float:
    """How much larger than at 96 dots an inch things should be, in quarters."""
    return min(_SCALE_MAX, max(_SCALE_MIN, round(dots_per_inch / 96 * 4) / 4))
