"""A real network path of a given rate, delay and loss, between this machine and a network namespace: the customer's home.

    with narrow_path(Path(bits_per_s=1_000_000, round_trip_ms=200, loss_percent=5)) as path:
        path.reach(relay_port)                       # the customer's http://localhost:PORT is the relay here, across the path
        display.start(*path.command(sys.executable, "-m", "client_agent", code))

Packets leave through `tc tbf` (the rate and the bottleneck's queue), cross the delay box (delay_box.py), and are dropped at random
by nftables where they arrive. TCP on either side is the kernel's own, with CUBIC (RFC 9438), which most machines use, whatever this
machine prefers. Needs root, ip, tc, nft and /dev/net/tun.
"""

import fcntl
import ipaddress
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path as FilePath

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_NEEDED = ("ip", "tc", "nft")
_numbers = count()


@dataclass(frozen=True)
class Path:
    """What the path is like, the same in both directions."""

    bits_per_s: int = 0
    """0: as fast as it goes."""
    round_trip_ms: float = 0
    loss_percent: float = 0
    queue_ms: int = 400
    """How long a full queue before the bottleneck takes to drain; what finds it full is lost."""


def missing() -> list[str]:
    """What a narrow path needs and this machine does not give; empty where all is there."""
    lacks = [program for program in _NEEDED if not shutil.which(program)]
    if os.geteuid() != 0:
        lacks.append("root")
    if not FilePath("/dev/net/tun").exists():
        lacks.append("/dev/net/tun")
    return lacks


@dataclass(frozen=True)
class NarrowPath:
    """A path that stands. `here` and `there` are the addresses of its ends."""

    namespace: str
    device: str
    here: str
    there: str

    @property
    def network(self) -> str:
        """The addresses of both ends, as routes name them."""
        return str(ipaddress.ip_network(f"{self.here}/30", strict=False))

    def command(self, *command: str) -> tuple[str, ...]:
        """The command that starts a program at the far end of the path."""
        return ("ip", "netns", "exec", self.namespace, *command)

    def reach(self, port: int) -> None:
        """Let `localhost:port` at the far end be this machine's, across the path."""
        _run(
            *self.command("nft", "add", "rule", "ip", self.device, "output", "ip", "daddr", "127.0.0.1"),
            *("tcp", "dport", str(port), "dnat", "to", f"{self.here}:{port}"),
        )
        _run(
            *("nft", "add", "rule", "ip", self.device, "prerouting", "iifname", self.device, "ip", "daddr", self.here),
            *("tcp", "dport", str(port), "dnat", "to", f"127.0.0.1:{port}"),
        )

    def bytes_carried(self) -> tuple[int, int]:
        """Bytes of all packets that left from here, and that arrived here, headers included."""
        # Of the network that this thread is in, which need not be the machine's.
        devices = FilePath("/proc/thread-self/net/dev").read_text()
        counts = devices.partition(f"{self.device}:")[2].split()
        return int(counts[8]), int(counts[0])


@contextmanager
def narrow_path(path: Path) -> Iterator[NarrowPath]:
    """Lay the path, and take it away at the end.

    Raises:
        RuntimeError: the machine lacks something (`missing`), or refused.
    """
    if lacks := missing():
        raise RuntimeError(f"a narrow path needs {', '.join(lacks)}")
    # Unique among all programs of this machine, and at most 15 letters, as names of devices are.
    name = f"mf{os.getpid() % 4_000_000}x{next(_numbers)}"
    with ExitStack() as stack:
        _run("ip", "netns", "add", name)
        stack.callback(_run, "ip", "netns", "delete", name)
        ends = (_tun(stack, name), _tun(stack, f"{name}f"))
        _run("ip", "link", "set", f"{name}f", "netns", name)
        laid = NarrowPath(name, name, *_free_addresses())
        there = laid.command()
        for side, device, own in (((), name, laid.here), (there, f"{name}f", laid.there)):
            _run(*side, "ip", "address", "add", f"{own}/30", "dev", device)
            _run(*side, "ip", "link", "set", device, "up")
            _run(*side, "ip", "route", "replace", laid.network, "dev", device, "src", own, "congctl", "cubic")
            if path.bits_per_s:
                _limit(side, device, path)
            _nft(side, device, name, path)
            stack.callback(_run, *side, "nft", "delete", "table", "ip", name)
            # For what `reach` sends from and to the loopback addresses.
            _run(*side, "sh", "-c", f"echo 1 >/proc/sys/net/ipv4/conf/{device}/route_localnet")
        # Connections through `reach` take these two from the loopback device they believe to use.
        _run(*there, "ip", "link", "set", "lo", "up", "mtu", "1500")
        for own in ("127.0.0.0/8", "127.0.0.1"):
            _run(*there, *f"ip route replace table local local {own} dev lo src 127.0.0.1 congctl cubic".split())
        stack.enter_context(_box(ends, path.round_trip_ms / 2000))
        yield laid


def _tun(stack: ExitStack, name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR)
    stack.callback(os.close, device)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


def _free_addresses() -> tuple[str, str]:
    """The two addresses of a /30 that no device of this machine is in."""
    used = _run("ip", "-4", "-o", "address")
    for block in range(1 << 14):
        here, there = (f"10.213.{block >> 6}.{(block & 63) * 4 + host}" for host in (1, 2))
        if f" {here}/" not in used:
            return here, there
    raise RuntimeError("no free addresses below 10.213.0.0/16")


def _limit(side: tuple[str, ...], device: str, path: Path) -> None:
    # A burst of two full packets: a larger one would let whole pictures through at full speed.
    queue = max(3000, path.bits_per_s * path.queue_ms // 8000)
    _run(
        *(*side, "tc", "qdisc", "add", "dev", device, "root", "tbf"),
        *("rate", f"{path.bits_per_s}bit", "burst", "3000", "limit", str(queue)),
    )


def _nft(side: tuple[str, ...], device: str, table: str, path: Path) -> None:
    rules = [
        f"add table ip {table}",
        f"add chain ip {table} arriving {{ type filter hook prerouting priority -300; }}",
        f"add chain ip {table} prerouting {{ type nat hook prerouting priority -100; }}",
        f"add chain ip {table} output {{ type nat hook output priority -100; }}",
        f"add chain ip {table} postrouting {{ type nat hook postrouting priority 100; }}",
        f"add rule ip {table} postrouting oifname {device} ip saddr 127.0.0.0/8 masquerade",
    ]
    if path.loss_percent:
        per_mille = round(path.loss_percent * 10)
        rules.append(f"add rule ip {table} arriving iifname {device} numgen random mod 1000 < {per_mille} drop")
    _run(*side, "nft", "-f", "-", text="\n".join(rules) + "\n")


@contextmanager
def _box(ends: tuple[int, int], delay_s: float) -> Iterator[None]:
    command = (sys.executable, "-m", "tests.fakes.delay_box", *map(str, ends), str(delay_s))
    with subprocess.Popen(command, pass_fds=ends, stdout=subprocess.PIPE) as box:
        assert box.stdout
        try:
            if box.stdout.readline() != b"ready\n":
                raise RuntimeError("the delay box did not start")
            yield
        finally:
            box.terminate()


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
