"""One connection to the database, so that there is one writer; what is committed is on the disk.

A path is an SQLite file; a text is a URL such as `postgresql://user@host/name`. The tables and the migrations are the same.
On PostgreSQL several nodes may write: their transactions too go one after the other, so that nothing else has to know of it.

SQLite with a rollback journal and full synchronisation: Debian's 3.40 may corrupt a database when two connections share a
write-ahead log, and a session log's entry that was acknowledged must survive a power cut.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, Integer, column, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import UpdateBase

from relay.storage import hearsay, prepared, sqlite_here
from relay.storage.changes import Changes, taken
from relay.storage.held import Held
from relay.storage.prepared import Prepared
from relay.storage.standing import Reading, Standing, to_be_told

_MIGRATIONS = resources.files("relay.storage") / "migrations"
# Held by whoever is in a transaction; PostgreSQL lets it go with the transaction. Any number that nobody else uses will do.
_TURN = text("SELECT 1 AS ours FROM pg_advisory_xact_lock(7231840615)").columns(column("ours", Integer))
_TAKE_TURN = Prepared(_TURN)
# A node that vanishes in the middle of a transaction keeps the others waiting for so long.
_IDLE_MS_MAX = 10_000
_TURN_S = 30
"""Whoever waits longer for the one connection that writes waits for what never ends."""
_READING_S = 5
"""Whoever waits longer to read has asked more than can be answered, and soon gives up: what is answered then is read by nobody."""
# Of a database of some gigabytes the inner pages of all indexes stay at hand, in KiB.
_CACHE = "cache_size=-65536"
_READERS = 8
_VERSION = Prepared(text("PRAGMA data_version").columns(column("version", Integer)))
_FULL = ("database or disk is full", "disk I/O error", "No space left on device")


class StorageFull(Exception):
    """The disk has no room left; nothing of the transaction was kept."""


class TooBusy(Exception):
    """So many ask that this one's turn did not come in time; nothing was done."""


class Database:
    """Transactions, one after the other."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine | None = None) -> None:
        self._engine, self._teller = engine, secrets.token_hex(8)
        self.is_shared = engine.dialect.name == "postgresql"
        """Whether others may write to it too."""
        self._turn, self._reading = asyncio.Semaphore(), asyncio.Semaphore(_READERS)
        self._held: AsyncConnection | None = None
        self._writer = Held(engine) if self.is_shared else None
        self._readers = Held(readers) if readers is not None else None
        self._standing = Standing(tells_of_others=not self.is_shared)
        for each in (engine, readers):
            if each is not None:
                event.listen(each.sync_engine, "before_execute", self._note_writing)
        self.changes = Changes()
        """Tells of what `changed` noted in a transaction, once it is committed."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """All of it or nothing; durable when the block is left. Other nodes wait from the first question on.

        Raises:
            StorageFull: there is no room on the disk.
            TooBusy: others came before, for too long.
        """
        try:
            async with self._begun() as connection:
                taken(connection)  # what a transaction noted that was rolled back
                yield connection
                subjects = taken(connection)
                if self.is_shared:
                    hearsay.tell_others(connection, sorted(subjects), to_be_told(connection), teller=self._teller)
        except OperationalError as error:
            if any(text in str(error.orig) for text in _FULL):
                raise StorageFull from error
            raise
        self.changes.tell(subjects)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """For what is only read. On PostgreSQL what is asked together is of one moment, no writer is waited for, and several read at once.

        Raises:
            TooBusy: others came before, for too long.
        """
        if self._readers is not None:
            async with _in_line(self._reading, at_most_s=_READING_S):
                writes = self._standing.writes
                async with self._readers.one() as connection:
                    self._standing.begin(connection, writes, None)
                    yield connection
            return
        async with self._file() as (connection, _):
            try:
                yield connection
            finally:
                # Only what goes through SQLAlchemy has begun anything.
                if connection.in_transaction():
                    await connection.rollback()

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[AsyncConnection]:
        """The connection that writes, when it is our turn, at the beginning of a transaction."""
        if self._writer is not None:
            async with _in_line(self._turn, at_most_s=_TURN_S), self._writer.one() as connection:
                reading = self._standing.begin(connection, self._standing.writes, None, may_write=True)
                async with prepared.writing(connection):
                    _TAKE_TURN.later(connection)
                    yield connection
                if connection.in_transaction():
                    # It is committed; SQLAlchemy, which has begun it where anything went through there, does not know yet.
                    await connection.commit()
        else:
            async with self._file() as (connection, reading), connection.begin():
                reading.may_write = True
                async with prepared.writing(connection):
                    yield connection
        self._standing.committed(reading)

    @asynccontextmanager
    async def _file(self) -> AsyncIterator[tuple[AsyncConnection, Reading]]:
        """The one connection to a file, when it is our turn. It is held for good: to take it from a pool takes as long as ten questions."""
        async with _in_line(self._turn, at_most_s=_TURN_S):
            if self._held is None or self._held.invalidated:
                self._held = await self._engine.connect()
            version = await _VERSION.first(self._held)
            yield self._held, self._standing.begin(self._held, self._standing.writes, version)

    async def hear_others(self) -> None:
        """Tell those who listen here of what other nodes change, and read anew what stood, for ever, where there may be others."""
        if self.is_shared:
            await hearsay.listen(self._engine.url, self.changes, self._standing, teller=self._teller)

    def _note_writing(self, connection: Connection, statement: object, *_: object) -> None:
        if isinstance(statement, UpdateBase):
            self._standing.written(connection, str(statement.table))

    async def close(self) -> None:
        if self._held is not None:
            await self._held.close()
        for each in (self._writer, self._readers):
            if each is not None:
                await each.close()
        if self._writer is None:
            await self._engine.dispose()


@asynccontextmanager
async def _in_line(places: asyncio.Semaphore, *, at_most_s: float) -> AsyncIterator[None]:
    """One of the places, once those who came before have theirs. Raises TooBusy."""
    try:
        async with asyncio.timeout(at_most_s):
            await places.acquire()
    except TimeoutError:
        raise TooBusy from None
    try:
        yield
    finally:
        places.release()


def open_database(place: Path | str) -> Database:
    """Open the database that `migrate` has made or brought up to date."""
    url = url_of(place, sqlite_here.DRIVER)
    if url.get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=1, max_overflow=0)
        event.listen(engine.sync_engine, "connect", _set_up)
        prepared.admit(engine, may_write=True)
        return Database(engine)
    return Database(_shared(url, connections=1, may_write=True), _shared(url, connections=_READERS, may_write=False))


def _shared(url: URL, *, connections: int, may_write: bool) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=connections, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _set_up_shared)
    if not may_write:
        event.listen(engine.sync_engine, "connect", _only_read)
    prepared.admit(engine, may_write=may_write)
    return engine


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
    for pragma in ("foreign_keys=ON", "journal_mode=DELETE", "synchronous=EXTRA", "busy_timeout=10000", _CACHE):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _only_read(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """All that is read in a transaction is of its beginning; whatever travels together is one."""
    cursor = connection.cursor()
    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    cursor.close()
    connection.commit()


def _set_up_shared(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = {_IDLE_MS_MAX}")
    # To compile a question takes longer than any of ours takes to answer.
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()
