import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest

from tests.fakes.narrow_path import NarrowPath, Path, missing, narrow_path
from tests.fakes.own_network import own_network

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"a narrow path needs {', '.join(missing())}")

# Programs for the far end: each connects to the address of its arguments.
SENDS_WHEN_ASKED = """
import socket, sys
line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
line.recv(1)
line.sendall(b"x" * int(sys.argv[2]))
line.shutdown(socket.SHUT_WR)
sys.exit(line.recv(1) != b"")
"""
SENDS_DATAGRAMS = """
import socket, sys
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.connect((sys.argv[1], int(sys.argv[2])))
for number in range(400):
    line.send(b"x")
"""


@pytest.fixture(autouse=True)
def _unnoticed() -> Iterator[None]:
    """Browsers of other tests on this machine are loading pages meanwhile."""
    with own_network():
        yield


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        yield listening


def received_from(path: NarrowPath, listener: socket.socket, size: int) -> tuple[bytes, float]:
    """What the far end sends, and how long it took from asking for it to its last byte."""
    port = listener.getsockname()[1]
    path.reach(port)
    command = path.command(sys.executable, "-c", SENDS_WHEN_ASKED, str(port), str(size))
    with subprocess.Popen(command) as sender:
        line, _ = listener.accept()
        started = time.monotonic()
        line.sendall(b"?")
        received = b"".join(iter(lambda: line.recv(65536), b""))
        took_s = time.monotonic() - started
        line.close()
    assert sender.returncode == 0
    return received, took_s


def test_the_far_end_reaches_this_machine_as_its_own_localhost_and_nothing_comes_earlier_than_the_delay(
    listener: socket.socket,
) -> None:
    with narrow_path(Path(round_trip_ms=120)) as path:
        received, took_s = received_from(path, listener, 10)
    assert received == b"x" * 10
    assert took_s >= 0.120


def test_no_more_passes_than_the_rate_allows(listener: socket.socket) -> None:
    with narrow_path(Path(bits_per_s=2_000_000)) as path:
        received, took_s = received_from(path, listener, 200_000)
    assert len(received) == 200_000
    # 200 kB in packets with headers are over 1.6 Mbit; the first packets pass at once, up to the burst.
    assert took_s >= (200_000 * 8 - 3000 * 8) / 2_000_000


def test_about_the_given_share_of_packets_is_lost() -> None:
    with narrow_path(Path(loss_percent=30)) as path, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((path.here, 0))
        command = path.command(sys.executable, "-c", SENDS_DATAGRAMS, path.here, str(receiver.getsockname()[1]))
        subprocess.run(command, check=True)
        _, arrived_before = path.bytes_carried()
        receiver.settimeout(2)
        arrived = 0
        try:
            while receiver.recv(1):
                arrived += 1
        except TimeoutError:
            pass
    # 400 datagrams at 30 %: 280 arrive; 7 standard deviations either way.
    assert arrived_before > 400 * 28
    assert 215 < arrived < 345


def test_no_device_of_a_path_is_seen_by_the_machine() -> None:
    # Of the namespace that this process began in: its other threads are still there.
    seen = FilePath("/proc/1/net/dev")
    with narrow_path(Path()) as path:
        assert path.device in FilePath("/proc/thread-self/net/dev").read_text()
        assert path.device not in seen.read_text()


def test_nothing_is_left_of_a_path_that_was_taken_away() -> None:
    with narrow_path(Path(bits_per_s=1_000_000, round_trip_ms=10, loss_percent=1)) as path:
        pass
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert path.namespace not in left.split()
    assert path.device not in subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    assert path.device not in tables
