"""Questions to PostgreSQL that travel all at once and are waited for once, in libpq's pipeline mode (PostgreSQL's manual, section 34.5).

psycopg's own pipeline looks after each question whether it can be sent on its own and whether something has come: seven of them take the
desk 480 µs of processor there, and 130 here. Values and rows are adapted by psycopg all the same. Who writes has the beginning of their
transaction travel with the first question. Who reads sends neither beginning nor end: what travels together is one transaction by itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from psycopg import AsyncConnection, OperationalError, errors
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

PREPARED_MAX = 200
"""So many statements are understood once by each connection, as each takes memory of the server; further ones are understood each time."""
_CANCEL_S = 5.0

Rows = Sequence[tuple[Any, ...]]
Question = tuple[str, Sequence[Any]]
"""A statement whose values are called `$1`, `$2` …, and they."""
_Take = Callable[[PGresult], None]


class NotCommitted(Exception):
    """The server took everything back where it was to be committed: something had failed before."""


class Pipeline:
    """How one connection is asked. It may be used through psycopg as well, in turn."""

    def __init__(self, driver: AsyncConnection[Any], *, begins: bool) -> None:
        """`begins`: where no transaction is going on one begins, which whoever asks has to end."""
        self._driver, self._libpq, self._begins = driver, driver.pgconn, begins
        self._adapters: dict[str, Any] = {}
        """By statement the `Transformer` of its values and rows."""
        self._prepared: dict[tuple[str, tuple[int, ...] | None], bytes] = {}
        self._names = count()

    async def ask(self, questions: Sequence[Question], ends: bool = False) -> list[Rows]:
        """The rows of each; where no transaction is going on they are of one moment all the same. Where it `ends` all is committed at once.

        Raises:
            psycopg.Error: one could not be answered, and those after it were not; nothing was committed.
            NotCommitted: something had failed before, so that nothing was.
        """
        answers: list[Rows] = []
        async with self._driver.lock:
            is_idle = self._libpq.transaction_status == TransactionStatus.IDLE
            if is_idle and not questions:
                return answers
            batch = _Batch(self._driver)
            new: list[tuple[str, tuple[int, ...] | None]] = []
            ended: list[bytes | None] = []
            try:
                if self._begins and is_idle:
                    batch.send(self._libpq.send_query_params, b"BEGIN", None)
                for statement, values in questions:
                    new += self._send(batch, statement, values, answers)
                if ends:
                    batch.send(
                        self._libpq.send_query_params,
                        b"COMMIT",
                        None,
                        take=lambda result: ended.append(result.command_status),
                    )
                await batch.done()
            except BaseException:
                # What was to be prepared in it was not, or it is not known.
                for key in new:
                    del self._prepared[key]
                raise
        if ends and ended != [b"COMMIT"]:
            raise NotCommitted
        return answers

    def _send(
        self, batch: "_Batch", statement: str, values: Sequence[Any], answers: list[Rows]
    ) -> list[tuple[str, tuple[int, ...] | None]]:
        """Send one question, its answer to be put behind the others; what is prepared by it."""
        adapter, new = self._adapters.get(statement) or Transformer(self._driver), []
        written = adapter.dump_sequence(values, [PyFormat.AUTO] * len(values)) if values else None
        types, formats = (adapter.types, adapter.formats) if values else (None, None)

        def take(result: PGresult) -> None:
            adapter.set_pgresult(result)
            answers.append(adapter.load_rows(0, result.ntuples, tuple) if result.ntuples else ())

        key = statement, types
        name = self._prepared.get(key)
        if name is None and len(self._prepared) < PREPARED_MAX:
            name = self._prepared[key] = b"mainforte%d" % next(self._names)
            self._adapters[statement] = adapter
            new.append(key)
            batch.send(self._libpq.send_prepare, name, statement.encode(), types)
        if name is None:
            batch.send(self._libpq.send_query_params, statement.encode(), written, types, formats, take=take)
        else:
            batch.send(self._libpq.send_query_prepared, name, written, formats, take=take)
        return new


class _Batch:
    """What travels together."""

    def __init__(self, driver: AsyncConnection[Any]) -> None:
        self._driver, self._libpq = driver, driver.pgconn
        self._awaited: deque[_Take | None] = deque()
        self._failed: errors.Error | None = None
        self._libpq.enter_pipeline_mode()

    def send(self, command: Callable[..., None], *given: Any, take: _Take | None = None) -> None:
        command(*given)
        self._awaited.append(take)

    async def done(self) -> None:
        """Wait for all answers, also where one has failed or nobody wants them any more."""
        self._libpq.pipeline_sync()
        try:
            await self._receive()
        except asyncio.CancelledError:
            await self._driver.cancel_safe(timeout=_CANCEL_S)
            await self._receive()
            raise
        if self._failed is not None:
            raise self._failed

    async def _receive(self) -> None:
        loop, libpq, moved = asyncio.get_running_loop(), self._libpq, asyncio.Event()
        socket = libpq.socket
        loop.add_reader(socket, moved.set)
        try:
            while libpq.flush():
                # The server may have to be read from before it takes more.
                loop.add_writer(socket, moved.set)
                await moved.wait()
                moved.clear()
                loop.remove_writer(socket)
                libpq.consume_input()
            while True:
                while libpq.is_busy():
                    await moved.wait()
                    moved.clear()
                    libpq.consume_input()
                result = libpq.get_result()
                if result is not None and self._take(result):
                    break
                if result is None and libpq.status == ConnStatus.BAD:
                    raise OperationalError(libpq.get_error_message())
        finally:
            loop.remove_reader(socket)
            loop.remove_writer(socket)
        libpq.exit_pipeline_mode()

    def _take(self, result: PGresult) -> bool:
        """Put an answer where it belongs; whether it was the last."""
        if result.status == ExecStatus.PIPELINE_SYNC:
            return True
        take = self._awaited.popleft()
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            if take is not None:
                take(result)
        elif self._failed is None:
            self._failed = errors.error_from_result(result)
        return False
