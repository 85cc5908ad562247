"""A cable between two real sockets that a test can cut, or stall in one direction or both without telling either end."""

import asyncio
import contextlib
from enum import Enum, auto
from types import TracebackType


class Direction(Enum):
    """Seen from whoever connects to the cable."""

    OUT = auto()
    BACK = auto()


class TcpCable:
    """Carries bytes from its own `port` to `to_port`. What stalls is kept, as by a network, and comes late; what is cut is gone."""

    def __init__(self, to_port: int) -> None:
        self.to_port = to_port
        self._flows = _flowing()
        self._is_plugged = True
        self._byte_s = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.carried_bytes = dict.fromkeys(Direction, 0)
        """What has passed so far."""

    def stall(self, *directions: Direction) -> None:
        """Nothing passes in these directions, or in both, and nothing is closed: also for whoever connects now."""
        for direction in directions or Direction:
            self._flows[direction].clear()

    def slow_down(self, bits_per_s: float) -> None:
        """From now on both directions carry no more than this; who sends more has to wait."""
        self._byte_s = 8 / bits_per_s

    def go_on(self) -> None:
        """What stalled arrives now."""
        for flow in self._flows.values():
            flow.set()

    def forsake(self) -> None:
        """Nothing passes for who is connected now, and nobody tells them, as where a router forgets; who connects later gets through."""
        self.stall()
        self._flows = _flowing()

    def cut(self) -> None:
        """Both ends lose what they have, at once, and nobody gets through until `mend`."""
        self._is_plugged = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Whoever connects gets through again."""
        self._is_plugged = True

    async def __aenter__(self) -> "TcpCable":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self._is_plugged:
                raise ConnectionRefusedError
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        ends = ((reader, far_writer, Direction.OUT), (far_reader, writer, Direction.BACK))
        flows = self._flows
        carrying = [asyncio.create_task(self._carry(*end, flows[end[2]])) for end in ends]
        self._tasks.update(carrying)
        await asyncio.wait(carrying)
        self._writers -= {writer, far_writer}

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction, flow: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            # Of a slow cable a second's worth at once at most, so that little is in it that neither end knows of.
            while data := await reader.read(min(65536, int(1 / self._byte_s)) if self._byte_s else 65536):
                await flow.wait()
                await asyncio.sleep(len(data) * self._byte_s)
                self.carried_bytes[direction] += len(data)
                writer.write(data)
                await writer.drain()
        await flow.wait()
        writer.close()


def _flowing() -> dict[Direction, asyncio.Event]:
    flows = {direction: asyncio.Event() for direction in Direction}
    for flow in flows.values():
        flow.set()
    return flows
