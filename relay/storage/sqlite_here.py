"""SQLite in the event loop's own thread, behind SQLAlchemy's asynchronous interface.

There is one connection, and a statement takes some ten microseconds: to hand each of them to another thread and wait for its answer, as
aiosqlite does, takes more than ten times as long, and every page asks dozens of questions. Only what waits for the disk to have written,
a commit after a change, is waited for in a thread, so that the loop goes on meanwhile.
"""

import asyncio
import sqlite3
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

DRIVER = "sqlite+here"


class _Cursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """Rows are read when they are wanted, without waiting: nothing has to be fetched before."""


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class SqliteHere(SQLiteDialect_pysqlite):
    """The standard library's driver; what it does never awaits, but for a commit."""

    driver = "here"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> type[Pool]:
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: Any) -> Any:
        arguments, options = super().create_connect_args(url)
        # Commits are made in another thread; never two threads at once.
        return arguments, {**options, "check_same_thread": False, "factory": _Connection}

    def get_driver_connection(self, connection: Any) -> Any:
        return connection

    def do_execute(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        await_only(_at_once())
        cursor.execute(statement, parameters)

    def do_executemany(self, cursor: Any, statement: Any, parameters: Any, context: Any = None) -> None:
        await_only(_at_once())
        cursor.executemany(statement, parameters)

    def do_execute_no_params(self, cursor: Any, statement: Any, context: Any = None) -> None:
        await_only(_at_once())
        cursor.execute(statement)

    def do_commit(self, dbapi_connection: Any) -> None:
        if dbapi_connection.in_transaction:
            await_only(asyncio.get_running_loop().run_in_executor(None, dbapi_connection.commit))


async def _at_once() -> None:
    """SQLAlchemy takes a driver that never awaits for a mistake."""


registry.register("sqlite.here", __name__, SqliteHere.__name__)
