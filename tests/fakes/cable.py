"""A cable between two real sockets that a test can cut without either end being told: a half-open connection."""

import asyncio
import contextlib
from types import TracebackType


class Cable:
    """Carries bytes from its own `port` to `to_port` until `go_dead`; after that nothing passes, and nothing is closed."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._is_alive = asyncio.Event()
        self._is_alive.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def go_dead(self) -> None:
        self._is_alive.clear()

    async def __aenter__(self) -> "Cable":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        for one, other in ((reader, far_writer), (far_reader, writer)):
            self._tasks.add(asyncio.create_task(self._carry(one, other)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                await self._is_alive.wait()
                writer.write(data)
                await writer.drain()
        await self._is_alive.wait()
        writer.close()
