"""What Windows tells: its registry, and one call for the memory."""

import contextlib
import ctypes
import platform
import sys

from client_agent.device.facts import Facts

if sys.platform == "win32":
    import winreg

_BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
_PROCESSOR = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
_WINDOWS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


class _Memory(ctypes.Structure):
    """MEMORYSTATUSEX, as GlobalMemoryStatusEx fills it."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("others", ctypes.c_uint64 * 6),
    )


def facts() -> Facts:
    """What is known of this computer."""
    release, _, _, _ = platform.win32_ver()
    edition, version, build = (
        platform.win32_edition(),
        _value(_WINDOWS, "DisplayVersion"),
        _value(_WINDOWS, "CurrentBuild"),
    )
    return Facts(
        make=_value(_BIOS, "SystemManufacturer"),
        model=_value(_BIOS, "SystemProductName"),
        system=" ".join(filter(None, ("Windows", release, edition, version, build and f"({build})"))),
        processor=_value(_PROCESSOR, "ProcessorNameString"),
        memory_bytes=_memory_bytes(),
    )


def _value(key: str, name: str) -> str:
    if sys.platform == "win32":
        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return str(winreg.QueryValueEx(opened, name)[0])
    return ""


def _memory_bytes() -> int:
    if sys.platform == "win32":
        status = _Memory(length=ctypes.sizeof(_Memory))
        if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            return int(status.total)
    return 0
