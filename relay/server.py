"""Runs the two processes behind the one port: the front here, the desk as a child that is started again if it dies.

After a restart people wait to be brought together again, so both start at the same time. The desk inherits a socket that listens
already: whoever comes before it is ready waits in line instead of being sent away.
"""

import asyncio
import contextlib
import fcntl
import logging
import secrets
import signal
import socket as sockets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from relay.commands.terminal import Exit
from relay.settings import Settings

log = logging.getLogger("mainforte.serve")

READY = b"ready\n"
"""What the desk says on its standard output once it answers."""
_START_TIMEOUT_S = 60
_END_TIMEOUT_S = 10
_RESTART_AFTER_S = 1.0
_IN_LINE_MAX = 1024
_LOCK = "serving.lock"
_LOCK_TIMEOUT_S = 10
_LOCK_EVERY_S = 0.05


class DeskDidNotStart(Exception):
    """The desk process ended before it was ready, or for good; it has said why."""


class ServesAlready(Exception):
    """Another process serves the same folder."""


async def serve(settings: Settings, config: Path, *, on_ready: Callable[[int], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` is told the port once everything can be reached.

    Raises:
        DeskDidNotStart: the desk cannot run, at the very first start, or another server has taken this node's place.
        ServesAlready: another process serves the same folder.
        OSError: the port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(_alone_in(settings.folder))
        # 0700, and short enough for a socket's path.
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mainforte-"))
        desk = _Desk(config, Path(folder) / "desk")
        await desk.begin(is_first=True)
        try:
            # The desk starts while this is imported.
            from relay.front import Front, FrontSettings

            front = FrontSettings(
                host=settings.host,
                port=settings.port,
                desk_socket=desk.socket,
                origins=settings.origins,
                tls_certificate=settings.tls_certificate,
                tls_key=settings.tls_key,
                behind_proxy=settings.behind_proxy,
            )
            async with Front(front) as listening:
                await desk.wait_until_ready()
                if on_ready:
                    on_ready(listening.port)
                await desk.keep_running(stop)
        finally:
            await desk.end()


@contextlib.asynccontextmanager
async def _alone_in(folder: Path) -> AsyncIterator[None]:
    """Hold the folder, whose files are for one server alone. The one before may still be saying goodbye."""
    with (folder / _LOCK).open("a") as lock:
        until = asyncio.get_running_loop().time() + _LOCK_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if asyncio.get_running_loop().time() > until:
                    raise ServesAlready(str(folder)) from None
                await asyncio.sleep(_LOCK_EVERY_S)
        yield


class _Desk:
    """The desk process and the socket at which the front reaches it."""

    def __init__(self, config: Path, socket: Path) -> None:
        self.socket, self._config, self._run = socket, config, secrets.token_hex(16)
        self._process: asyncio.subprocess.Process | None = None

    async def begin(self, *, is_first: bool) -> None:
        """Start it, without waiting for it. `is_first`: no room can be live from before."""
        await asyncio.to_thread(self.socket.unlink, missing_ok=True)
        with sockets.socket(sockets.AF_UNIX) as listening:
            listening.bind(str(self.socket))
            await asyncio.to_thread(self.socket.chmod, 0o600)
            listening.listen(_IN_LINE_MAX)
            arguments = ["--config", str(self._config), "desk", "--socket", str(self.socket)]
            arguments += [
                "--listening",
                str(listening.fileno()),
                "--run",
                self._run,
                *(["--first"] if is_first else []),
            ]
            # Only the desk holds the socket from here on: once it has died nobody waits there any more.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "relay", *arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, pass_fds=[listening.fileno()],
            )  # fmt: skip

    async def wait_until_ready(self) -> None:
        """Wait until it answers.

        Raises:
            DeskDidNotStart: it has ended, or takes too long.
        """
        assert self._process
        assert self._process.stdout
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                said = await self._process.stdout.readline()
        except TimeoutError:
            self._process.kill()
            raise DeskDidNotStart from None
        if said != READY:
            raise DeskDidNotStart

    async def keep_running(self, stop: asyncio.Event) -> None:
        """Start it again whenever it ends before `stop`.

        Raises:
            DeskDidNotStart: another server has taken this node's place.
        """
        stopping = asyncio.create_task(stop.wait())
        while True:
            assert self._process
            ended = asyncio.create_task(self._process.wait())
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                ended.cancel()
                return
            if self._process.returncode == Exit.REPLACED:
                stopping.cancel()
                raise DeskDidNotStart
            log.error("the desk ended with %s; starting it again", self._process.returncode)
            try:
                await self.begin(is_first=False)
                await self.wait_until_ready()
            except DeskDidNotStart:
                await asyncio.wait({stopping}, timeout=_RESTART_AFTER_S)

    async def end(self) -> None:
        """Let it end by closing its standard input."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
