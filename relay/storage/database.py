"""One connection to the database, so that there is one writer; what is committed is on the disk.

A path is an SQLite file; a text is a URL such as `postgresql://user@host/name`. The tables and the migrations are the same.
On PostgreSQL several nodes may write: their transactions too go one after the other, so that nothing else has to know of it.

SQLite with a rollback journal and full synchronisation: Debian's 3.40 may corrupt a database when two connections share a
write-ahead log, and a session log's entry that was acknowledged must survive a power cut.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import UpdateBase

from relay.storage import hearsay, sqlite_here
from relay.storage.changes import Changes, taken
from relay.storage.standing import Standing

_MIGRATIONS = resources.files("relay.storage") / "migrations"
# Held by whoever is in a transaction; PostgreSQL lets it go with the transaction. Any number that nobody else uses will do.
_TURN = text("SELECT pg_advisory_xact_lock(7231840615)")
# A node that vanishes in the middle of a transaction keeps the others waiting for so long.
_IDLE_MS_MAX = 10_000
_FULL = ("database or disk is full", "disk I/O error", "No space left on device")


class StorageFull(Exception):
    """The disk has no room left; nothing of the transaction was kept."""


class Database:
    """Transactions, one after the other."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self._teller = engine, secrets.token_hex(8)
        self._standing = Standing(tells_of_others=not self.is_shared)
        event.listen(engine.sync_engine, "before_execute", self._note_writing)
        self.changes = Changes()
        """Tells of what `changed` noted in a transaction, once it is committed."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing; durable when the block is left.

        Raises:
            StorageFull: there is no room on the disk.
        """
        try:
            async with self._engine.begin() as connection:
                if self.is_shared:
                    await connection.execute(_TURN)
                taken(connection)  # what a transaction noted that was rolled back
                self._standing.begin(connection, await self._version(connection))
                yield connection
                subjects = taken(connection)
                if self.is_shared:
                    await hearsay.tell_others(connection, subjects, teller=self._teller)
        except OperationalError as error:
            if any(text in str(error.orig) for text in _FULL):
                raise StorageFull from error
            raise
        self.changes.tell(subjects)

    @property
    def is_shared(self) -> bool:
        """Whether others may write to it too."""
        return self._engine.dialect.name == "postgresql"

    async def hear_others(self) -> None:
        """Tell those who listen here of what other nodes change, for ever, where there may be others."""
        if self.is_shared:
            await hearsay.listen(self._engine.url, self.changes, teller=self._teller)

    async def _version(self, connection: AsyncConnection) -> object:
        """Another one once another process has written."""
        if self.is_shared:
            return None
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        return driver.execute("PRAGMA data_version").fetchone()

    def _note_writing(self, _connection: object, statement: object, *_: object) -> None:
        if isinstance(statement, UpdateBase):
            self._standing.written(str(statement.table))

    async def close(self) -> None:
        await self._engine.dispose()


def open_database(place: Path | str) -> Database:
    """Open the database that `migrate` has made or brought up to date."""
    url = url_of(place, sqlite_here.DRIVER)
    # A server may have closed a connection meanwhile; a file has not, and asking it takes as long as a statement does.
    is_far = url.get_backend_name() != "sqlite"
    engine = create_async_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, pool_pre_ping=is_far)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_up)
    else:
        event.listen(engine.sync_engine, "connect", _set_up_shared)
    return Database(engine)


def migrate(place: Path | str, *, to: str = "head") -> None:
    """Bring the database to the newest form, or up to the revision `to`; make it where there is none."""
    if to == "head" and is_migrated(place):
        return
    # Rarely needed, and a server that starts again, with customers waiting, has no time to import it for nothing.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    engine = _engine(place)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # another node may be doing the same
            connection.execute(_TURN)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    engine.dispose()


def is_migrated(place: Path | str) -> bool:
    """Whether the database is there and in its newest form."""
    if isinstance(place, Path) and not place.is_file():
        return False
    engine = _engine(place)
    try:
        with engine.connect() as connection:
            forms = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except (OperationalError, ProgrammingError):  # nobody answers at that address, or the database is empty
        return False
    finally:
        engine.dispose()
    return forms == [newest_form()]


def newest_form() -> str:
    """The revision of the last migration. The files are named after their revisions, which count upwards."""
    return max(file.name[:4] for file in (_MIGRATIONS / "versions").iterdir() if file.name[:4].isdecimal())


def url_of(place: Path | str, sqlite_driver: str = "sqlite") -> URL:
    """The address as SQLAlchemy takes it. Raises ArgumentError where a text is no URL of a database that we know."""
    if isinstance(place, Path):
        return URL.create(sqlite_driver, database=str(place))
    url = make_url(place)
    if url.get_backend_name() != "postgresql":
        raise ArgumentError(f"expected postgresql://…, not {url.drivername}://")
    return url.set(drivername="postgresql+psycopg")


def _engine(place: Path | str) -> Engine:
    engine = create_engine(url_of(place))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: DBAPIConnection | SqliteConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("foreign_keys=ON", "journal_mode=DELETE", "synchronous=EXTRA", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _set_up_shared(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_MS_MAX}")
    cursor.close()
    connection.commit()
