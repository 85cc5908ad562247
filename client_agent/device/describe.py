"""The computer as the log describes it: what its system tells, bounded and cleaned, since files and firmware may hold anything."""

import contextlib
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from client_agent.device import linux, macos, windows
from client_agent.device.facts import Facts
from client_agent.screen.source import Screen
from protocol.session_log import DeviceDescribed, ScreenSize
from protocol.text import tidy_line

_CHARACTERS_MAX = 100
_NUMBER_END = 2**53
# What makers leave in the firmware where they had nothing to say.
_SAYS_NOTHING = frozenset(
    {
        "to be filled by o.e.m.", "o.e.m.", "system manufacturer", "system product name", "system version", "default string",
        "not specified", "not applicable", "not available", "none", "unknown", "undefined", "invalid", "n/a", "x.x",
    }
)  # fmt: skip


def facts() -> Facts:
    """What this system tells; takes some seconds at most."""
    if sys.platform == "win32":
        return windows.facts()
    return macos.facts() if sys.platform == "darwin" else linux.facts()


def described(told: Facts, screens: Sequence[Screen]) -> DeviceDescribed:
    """The entry of the log that says so."""
    disk_bytes, disk_free_bytes = _disk()
    return DeviceDescribed(
        make=tidy(told.make),
        model=tidy(told.model),
        system=tidy(told.system),
        desktop=tidy(told.desktop),
        windowing=told.windowing,
        processor=tidy(told.processor),
        cores=os.cpu_count() or 0,
        memory_bytes=_count(told.memory_bytes),
        disk_bytes=_count(disk_bytes),
        disk_free_bytes=_count(disk_free_bytes),
        screens=[ScreenSize(screen.width, screen.height) for screen in screens],
    )


def tidy(text: str) -> str:
    """A few words that can be shown; empty where they say nothing."""
    # Half a character, as an environment may hold one, could not be written down.
    line = tidy_line(text.encode(errors="replace").decode(), characters_max=_CHARACTERS_MAX)
    return "" if line.casefold() in _SAYS_NOTHING else line


def _count(number: int) -> int:
    """A number that can be written down; file systems far away may claim to be endless."""
    return number if 0 <= number < _NUMBER_END else 0


def _disk() -> tuple[int, int]:
    """The size of the disk with the home, and what is free of it for its owner, in bytes."""
    with contextlib.suppress(OSError, RuntimeError):
        usage = shutil.disk_usage(Path.home())
        return usage.total, usage.free
    return 0, 0
