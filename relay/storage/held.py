"""Connections to PostgreSQL that are held: to take one from SQLAlchemy's pool and to give it back takes as long as several questions."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import Dialect, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

_PAUSE_S, _LEFT_AT = 1.0, "mainforte_left_at"


class Held:
    """The connections of an engine, as many as are used at once. All use of the engine goes through here."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[AsyncConnection] = []
        event.listen(engine.sync_engine, "checkout", partial(_look_after_a_pause, engine.dialect))

    @asynccontextmanager
    async def one(self) -> AsyncIterator[AsyncConnection]:
        """One that nobody else uses meanwhile; what was only read is over when the block is left."""
        connection = await self._taken()
        try:
            yield connection
            # Only what goes through SQLAlchemy has begun anything there.
            if connection.in_transaction():
                await connection.rollback()
            connection.info[_LEFT_AT] = time.monotonic()
        except BaseException:
            # The pool brings it in order, or makes a new one.
            await connection.close()
            raise
        self._idle.append(connection)

    async def _taken(self) -> AsyncConnection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.invalidated and time.monotonic() - connection.info[_LEFT_AT] <= _PAUSE_S:
                return connection
            await connection.close()
        return await self._engine.connect()

    async def close(self) -> None:
        for connection in self._idle:
            await connection.close()
        await self._engine.dispose()


def _look_after_a_pause(dialect: Dialect, connection: DBAPIConnection, entry: ConnectionPoolEntry, _: object) -> None:
    """See whether the server is still there; a moment ago it was, and to ask takes as long as a question does."""
    if time.monotonic() - entry.info.get(_LEFT_AT, time.monotonic()) > _PAUSE_S:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error
