"""What Linux tells: /etc/os-release, the firmware's names (SMBIOS, or the device tree), /proc, and the desktop's environment.

Serial numbers, identifiers of the board and the host's name lie in the same places; they are not read.
"""

import contextlib
import os
import platform
from pathlib import Path

from client_agent.device.facts import Facts

_READ_BYTES_MAX = 64 * 1024
# Lenovo writes the model as people know it where others write a version, and a number for its type in the model's place.
_MODEL_IN_VERSION = "lenovo"


def facts(root: Path = Path("/")) -> Facts:
    """What is known of this computer; files are looked for below `root`."""
    dmi = root / "sys/class/dmi/id"
    make = _read(dmi / "sys_vendor")
    model = _read(dmi / ("product_version" if make.strip().lower() == _MODEL_IN_VERSION else "product_name"))
    # Small boards have no SMBIOS; theirs ends with a zero byte.
    model = model or _read(root / "proc/device-tree/model").rstrip("\0")
    return Facts(
        make=make,
        model=model,
        system=_system(),
        processor=_field(root / "proc/cpuinfo", "model name"),
        memory_bytes=_kilobytes(_field(root / "proc/meminfo", "MemTotal")),
        desktop=os.environ.get("XDG_CURRENT_DESKTOP", "").replace(":", " "),
        windowing=_windowing(),
    )


def _system() -> str:
    with contextlib.suppress(OSError, ValueError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return ""


def _windowing() -> str:
    if (told := os.environ.get("XDG_SESSION_TYPE", "")) in ("x11", "wayland"):
        return told
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "x11" if os.environ.get("DISPLAY") else ""


def _read(path: Path) -> str:
    """The beginning of a file; empty where it cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(_READ_BYTES_MAX).decode(errors="replace")
    return ""


def _field(path: Path, name: str) -> str:
    """The first value under this name in lines of `name : value`."""
    for line in _read(path).splitlines():
        told, colon, value = line.partition(":")
        if colon and told.strip() == name:
            return value
    return ""


def _kilobytes(text: str) -> int:
    number, _, unit = text.strip().partition(" ")
    return int(number) * 1024 if unit == "kB" and number.isascii() and number.isdecimal() and len(number) < 13 else 0
