"""What TCP itself makes of a narrow, long and lossy path: small messages over one bare connection, alone and beside a film's bytes.

Nothing of any product is in it: no TLS, no encoder, no page. What is late here is late for everybody who sends over one connection.
`python -m benchmarks.bare PORT FILM_BYTES_A_SECOND SECONDS` is the sender, at the far end of the path.
"""

import asyncio
import contextlib
import random
import socket
import struct
import subprocess
import sys
import time

from benchmarks.narrow import PATHS
from benchmarks.report import Row, Section
from tests.fakes.narrow_path import Path, narrow_path

_LETTER_BYTES, _LETTER_EVERY_S = 200, 0.4
_PICTURES_A_SECOND = 15
_FILMS_KB_S = (0, 5, 10, 20)
_SECONDS, _SECONDS_QUICK = 40.0, 15.0
_HEAD = struct.Struct(">IBd")
_LETTER, _PICTURE = 0, 1
_ANSWER = bytes(100)

_ABOUT = f"""\
One bare TCP connection (CUBIC) over the paths below, from the customer's end to ours: a letter of {_LETTER_BYTES} bytes two or three
times a second, and beside it as many bytes a second as the row says, in {_PICTURES_A_SECOND} pieces. Each is answered with
{len(_ANSWER)} bytes. *Letter*: from when it is due until it is read at the other end, of which 100 ms are the path."""


async def measure(*, is_quick: bool = False) -> Section:
    """Each path, beside each amount of film."""
    seconds = _SECONDS_QUICK if is_quick else _SECONDS
    rows = []
    for name, path in PATHS.items():
        for film_kb_s in _FILMS_KB_S:
            letters_ms = await asyncio.to_thread(_letters_ms, path, film_kb_s * 1000, seconds)
            beside = f"beside {film_kb_s} KB/s" if film_kb_s else "alone"
            rows.append(Row(f"{name}: letter {beside}", letters_ms))
    return Section("bare", "Narrow paths: bare TCP", _ABOUT, rows)


def _letters_ms(path: Path, film_bytes_s: int, seconds: float) -> list[float]:
    with narrow_path(path) as laid, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        laid.reach(port)
        command = laid.command(sys.executable, "-m", __name__, str(port), str(film_bytes_s), str(seconds))
        with subprocess.Popen(command) as sender:
            try:
                server.settimeout(30)
                connection, _ = server.accept()
                with connection:
                    return _received_ms(connection)
            finally:
                sender.terminate()


def _received_ms(connection: socket.socket) -> list[float]:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    letters_ms = []
    with connection.makefile("rb") as stream:
        while len(head := stream.read(_HEAD.size)) == _HEAD.size:
            size, kind, sent_at = _HEAD.unpack(head)
            stream.read(size)
            if kind == _LETTER:
                letters_ms.append((time.monotonic() - sent_at) * 1000)
            with contextlib.suppress(OSError):
                connection.sendall(_ANSWER)
    return letters_ms


def _send(port: int, film_bytes_s: int, seconds: float) -> None:
    """Hand over what is due when it is due, however long what was before it waits."""
    chance = random.Random(1)
    due = []
    if size := film_bytes_s // _PICTURES_A_SECOND:
        pictures = range(int(seconds * _PICTURES_A_SECOND))
        due += [(picture / _PICTURES_A_SECOND, _PICTURE, size) for picture in pictures]
    at = 1.0
    while at < seconds:
        due.append((at, _LETTER, _LETTER_BYTES))
        at += _LETTER_EVERY_S * chance.uniform(0.8, 1.2)
    with socket.create_connection(("localhost", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.monotonic()
        for at, kind, size in sorted(due):
            time.sleep(max(0.0, began + at - time.monotonic()))
            # The time at which it was due: a system that takes nothing more makes it late as well.
            connection.sendall(_HEAD.pack(size, kind, began + at) + bytes(size))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


if __name__ == "__main__":
    _send(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
