"""Runs the two processes behind the one port: the front here, the desk as a child that is started again if it dies."""

import asyncio
import contextlib
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from relay.front import FrontSettings, run_front
from relay.settings import Settings

log = logging.getLogger("mainforte.serve")

_START_TIMEOUT_S = 60
_RESTART_AFTER_S = 1.0


class DeskDidNotStart(Exception):
    """The desk process ended before it was ready; it has said why."""


async def serve(settings: Settings, config: Path, *, on_ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises:
        DeskDidNotStart: the desk cannot run, at the very first start.
        OSError: the port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with tempfile.TemporaryDirectory(prefix="mainforte-") as folder:  # 0700, and short enough for a socket's path
        socket = Path(folder) / "desk"
        desk = await _start_desk(config, socket, is_first=True)
        keeper = asyncio.create_task(_keep_running(desk, config, socket, stop))
        try:
            front = FrontSettings(
                host=settings.host,
                port=settings.port,
                desk_socket=socket,
                origins=settings.origins,
                tls_certificate=settings.tls_certificate,
                tls_key=settings.tls_key,
                behind_proxy=settings.behind_proxy,
            )
            await run_front(front, stop=stop, on_ready=on_ready)
        finally:
            stop.set()
            await keeper


async def _start_desk(config: Path, socket: Path, *, is_first: bool) -> asyncio.subprocess.Process:
    arguments = ["--config", str(config), "desk", "--socket", str(socket), *(["--first"] if is_first else [])]
    desk = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", *arguments, stdin=asyncio.subprocess.PIPE
    )
    end = time.monotonic() + _START_TIMEOUT_S
    while not await _answers(socket):
        if desk.returncode is not None:
            raise DeskDidNotStart
        if time.monotonic() > end:
            desk.kill()
            raise DeskDidNotStart
        await asyncio.sleep(0.05)
    return desk


async def _answers(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


async def _keep_running(desk: asyncio.subprocess.Process, config: Path, socket: Path, stop: asyncio.Event) -> None:
    """Start the desk again whenever it ends before `stop`; then let it end by closing its stdin."""
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        ended = asyncio.create_task(desk.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            break
        log.error("the desk ended with %s; starting it again", desk.returncode)
        await asyncio.to_thread(socket.unlink, True)
        try:
            desk = await _start_desk(config, socket, is_first=False)
        except DeskDidNotStart:
            await asyncio.wait({stopping}, timeout=_RESTART_AFTER_S)
    if desk.stdin is not None:
        desk.stdin.close()
    try:
        await asyncio.wait_for(desk.wait(), 10)
    except TimeoutError:
        desk.kill()
        await desk.wait()
