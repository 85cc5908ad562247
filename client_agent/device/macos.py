"""What macOS tells: `sysctl`, asked by name."""

import contextlib
import platform
import subprocess

from client_agent.device.facts import COMMAND_S_MAX, Facts

_NAMES = ("hw.model", "hw.memsize", "machdep.cpu.brand_string")


def facts() -> Facts:
    """What is known of this computer."""
    answer = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ["/usr/sbin/sysctl", *_NAMES]
        answer = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=COMMAND_S_MAX, check=False
        ).stdout
    return read(answer, platform.mac_ver()[0])


def read(answer: str, version: str) -> Facts:
    """What `sysctl` answered, in lines of `name: value`; a name that it does not know has none."""
    told = dict(line.split(": ", 1) for line in answer.splitlines() if ": " in line)
    model, memory = told.get("hw.model", ""), told.get("hw.memsize", "")
    return Facts(
        make="Apple" if model else "",
        model=model,
        system=f"macOS {version}" if version else "",
        processor=told.get("machdep.cpu.brand_string", ""),
        memory_bytes=int(memory) if memory.isascii() and memory.isdecimal() and len(memory) < 16 else 0,
    )
