"""One connection to the database, so that there is one writer; what is committed is on the disk.

SQLite with a rollback journal and full synchronisation: Debian's 3.40 may corrupt a database when two connections share a
write-ahead log, and a session log's entry that was acknowledged must survive a power cut.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

_FULL = ("database or disk is full", "disk I/O error")


class StorageFull(Exception):
    """The disk has no room left; nothing of the transaction was kept."""


class Database:
    """Transactions, one after the other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing; durable when the block is left.

        Raises:
            StorageFull: there is no room on the disk.
        """
        try:
            async with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            if any(text in str(error.orig) for text in _FULL):
                raise StorageFull from error
            raise

    async def close(self) -> None:
        await self._engine.dispose()


def open_database(path: Path) -> Database:
    """Open the database that `migrate` has made or brought up to date."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=1, max_overflow=0, pool_timeout=30)
    event.listen(engine.sync_engine, "connect", _set_up)
    return Database(engine)


def migrate(path: Path, *, to: str = "head") -> None:
    """Bring the database at `path` to the newest form, or up to the revision `to`; make it where there is none."""
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _set_up)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    engine.dispose()


def is_migrated(path: Path) -> bool:
    """Whether the database is there and in its newest form."""
    if not path.is_file():
        return False
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return current == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("relay.storage") / "migrations"))
    return config


def _set_up(connection: DBAPIConnection | SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=DELETE", "synchronous=EXTRA", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
