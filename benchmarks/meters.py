"""What processes and connections have used up to now, as Linux counts it."""

import contextlib
import re
import socket
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")


def family(roots: Iterable[int]) -> set[int]:
    """These processes and all that they have started."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # The name in brackets may hold anything; after it: state, parent.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        process = waiting.pop()
        if process not in found:
            found.add(process)
            waiting += children.get(process, [])
    return found


def processor_s(roots: Iterable[int]) -> float:
    """Seconds of processor time of these processes and all they have started, to a microsecond (schedstat of every thread).

    What threads and processes that have ended used is not in it.
    """
    total_ns = 0
    for process in family(roots):
        with contextlib.suppress(OSError):
            for task in (_PROC / str(process) / "task").iterdir():
                with contextlib.suppress(OSError, ValueError, IndexError):
                    total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def browser_of(mark: str) -> int:
    """The browser that was started with this option.

    Raises:
        LookupError: none was.
    """
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if mark in words and not any(word.startswith("--type=") for word in words):
                    return int(entry.name)
    raise LookupError(mark)


def x_server_of(display: str) -> int:
    """The X server of `:7`: who is at the other end of its socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"/tmp/.X11-unix/X{display.removeprefix(':')}")
        process, _, _ = struct.unpack(
            "3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        )
    return int(process)


class Wire:
    """What processes, and all they have started, exchange with a server's port: payload of TCP (TLS included), as the kernel counts."""

    def __init__(self, port: int, roots: Iterable[int]) -> None:
        self._port, self._roots = port, list(roots)
        self._carried: dict[str, tuple[int, int]] = {}

    def carried_bytes(self) -> tuple[int, int]:
        """Bytes that came to them, and that went there, up to now.

        Of a connection that has been closed, what it had carried when it was last asked for.
        """
        command = ["ss", "-tinpH", "state", "established", "dport", "=", f":{self._port}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        processes = family(self._roots)
        for connection in re.split(r"\n(?=\S)", said.strip()):
            owners = {int(owner) for owner in re.findall(r"pid=(\d+)", connection)}
            if owners & processes:
                own_address = connection.split()[2]
                self._carried[own_address] = _figure("bytes_received", connection), _figure("bytes_acked", connection)
        return sum(down for down, _ in self._carried.values()), sum(up for _, up in self._carried.values())


def _figure(name: str, text: str) -> int:
    found = re.search(rf"\b{name}:(\d+)", text)
    return int(found[1]) if found else 0
