"""Statements that every page asks: written like all others, understood once, and from then on handed to the driver as they are.

SQLAlchemy goes over a statement anew whenever it is carried out: how it was compiled last time, what its columns are, how rows are read.
That takes several times as long as the answer of the database itself, and a ticket's page asks some twenty questions.

What is written `later` waits for company: PostgreSQL is waited for as rarely as can be while nobody else may write.
"""

from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import ExpandedState
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.util import await_only

from relay.storage import standing

_KEY = "mainforte_driver"

Values = Sequence[Any] | Mapping[str, Any]
Rows = Sequence[tuple[Any, ...]]
Questions = Sequence[tuple[str, Any]]
"""Statements, each with its `Values`."""
Send = Callable[[Questions, bool], Coroutine[Any, Any, list[Rows]]]
"""Asks them at once; the transaction ends with the last where that is said and it is the driver's to end."""


class Prepared:
    """A statement: a `select`, an `insert`, an `update`, a `delete`, or a `text`, whose `columns` are told where it reads.

    What differs from time to time are its `bindparam`s, and the columns that an `insert` or an `update` is given. A list is bound with
    `expanding`; there is a form of the statement for each length of it.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._forms: dict[tuple[Any, ...], _Form] = {}

    async def all(self, connection: AsyncConnection, **values: Any) -> list[Any]:
        """The rows, with their columns by name."""
        (rows,) = await together(connection, self.asked(**values))
        return rows

    def asked(self, **values: Any) -> "Question":
        """The question, to be asked `together` with others."""
        return self, values

    async def first(self, connection: AsyncConnection, **values: Any) -> Any | None:
        """The first row, if there is one."""
        rows = await self.all(connection, **values)
        return rows[0] if rows else None

    def later(self, connection: AsyncConnection, **values: Any) -> None:
        """Write so before anything else is asked here, and together with it, at the latest with the end of the transaction.

        What is wrong with it is told then.

        Raises:
            RuntimeError: only reading was said.
        """
        driver: _Driver = connection.info[_KEY]
        if driver.waiting is None:
            raise RuntimeError("writing where only reading was said")
        self.note_writing(connection)
        form = self.form(driver.dialect, values)
        driver.waiting.append((form.text, form.values(values)))

    def note_writing(self, connection: AsyncConnection) -> None:
        """Where it writes, what is known of its table does not stand any more."""
        if isinstance(self._statement, UpdateBase):
            standing.note_writing(connection, str(self._statement.table))

    def form(self, dialect: Dialect, values: dict[str, Any]) -> "_Form":
        """What it is for this database and for lists as long as these."""
        lengths = [len(value) if isinstance(value, list) else -1 for value in values.values()]
        key = (dialect.name, *values, *lengths)
        if key not in self._forms:
            self._forms[key] = _Form(self._statement, dialect, values)
        return self._forms[key]


Question = tuple[Prepared, dict[str, Any]]


async def together(connection: AsyncConnection, *questions: Question) -> list[list[Any]]:
    """The rows of each of several statements. They travel together: PostgreSQL is waited for once.

    Raises:
        sqlalchemy.exc.DBAPIError: one could not be answered, or one that was to be written `later`.
    """
    driver: _Driver = connection.info[_KEY]
    for statement, _ in questions:
        statement.note_writing(connection)
    forms = [statement.form(driver.dialect, values) for statement, values in questions]
    asked = [(form.text, form.values(values)) for form, (_, values) in zip(forms, questions, strict=True)]
    return [form.rows(found) for form, found in zip(forms, await driver.ask(asked), strict=True)]


class _Form:
    """What a statement is in the language of one database."""

    def __init__(self, statement: Any, dialect: Dialect, values: dict[str, Any]) -> None:
        writes = isinstance(statement, UpdateBase)
        compiled = statement.compile(dialect=dialect, **{"column_keys": [*values]} if writes else {})
        expanded: ExpandedState = compiled.construct_expanded_state(values)
        self.text = expanded.statement
        self._order = expanded.positiontup
        self._lists = {name: members for name, members in expanded.parameter_expansion.items() if name in values}
        given = {*values, *(member for members in self._lists.values() for member in members)}
        self._fixed = {name: value for name, value in expanded.parameters.items() if name not in given}
        self._fixed |= {column.key: column.default.arg for column in (compiled.insert_prefetch if writes else ())}
        self._writers = dict(expanded.processors)
        for name, bind in compiled.binds.items():
            if name in expanded.parameters and (write := bind.type.dialect_impl(dialect).bind_processor(dialect)):
                self._writers[name] = write
        columns = list(getattr(statement, "exported_columns", ()))
        row: Any = namedtuple("Row", [column.key for column in columns])  # type: ignore[misc]
        self._row = row._make
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(place, read) for place, read in enumerate(readers) if read]

    def values(self, values: dict[str, Any]) -> Values:
        """As the driver wants them. Raises KeyError where one is missing."""
        wanted = {**self._fixed, **values}
        for name, members in self._lists.items():
            wanted.update(zip(members, wanted.pop(name), strict=True))
        for name, write in self._writers.items():
            wanted[name] = write(wanted[name])
        return wanted if self._order is None else [wanted[name] for name in self._order]

    def rows(self, found: Rows) -> list[Any]:
        if not self._readers:
            return [*map(self._row, found)]
        rows = []
        for one in found:
            row = list(one)
            for place, read in self._readers:
                row[place] = read(row[place])
            rows.append(self._row(row))
        return rows


class _Driver:
    """How one connection is asked."""

    def __init__(self, dialect: Dialect, send: Send, raises: type[Exception]) -> None:
        self.dialect, self._send, self._raises = dialect, send, raises
        self.waiting: list[tuple[str, Any]] | None = None
        """What is to be written with the next question; None where nothing may be."""

    async def ask(self, questions: Questions, *, ends: bool = False) -> list[Rows]:
        waiting = self.waiting or []
        if waiting:
            self.waiting = []
        try:
            answers = await self._send([*waiting, *questions], ends)
        except self._raises as error:
            # Values are of people: they are not for a log.
            raise DBAPIError.instance(
                None, None, error, self._raises, hide_parameters=True, dialect=self.dialect
            ) from error
        return answers[len(waiting) :]


def admit(engine: AsyncEngine, *, may_write: bool) -> None:
    """Let prepared statements be asked of this engine's connections, on PostgreSQL within a transaction where something may be written."""

    def remember(connection: Any, entry: ConnectionPoolEntry) -> None:
        dialect = engine.dialect
        is_sqlite = dialect.name == "sqlite"
        entry.info[_KEY] = (
            _of_sqlite(connection, dialect) if is_sqlite else _of_postgresql(connection, dialect, begins=may_write)
        )

    event.listen(engine.sync_engine, "connect", remember)
    event.listen(engine.sync_engine, "before_cursor_execute", _write_what_waits)


def _write_what_waits(connection: Connection, *_: object) -> None:
    """What goes through SQLAlchemy comes after what was to be written before."""
    driver: _Driver = connection.info[_KEY]
    if driver.waiting:
        await_only(driver.ask(()))


@asynccontextmanager
async def writing(connection: AsyncConnection) -> AsyncIterator[None]:
    """What is written `later` meanwhile has been written when the block is left, and is forgotten where that goes wrong."""
    driver: _Driver = connection.info[_KEY]
    driver.waiting = []
    try:
        yield
        await driver.ask((), ends=True)
    finally:
        driver.waiting = None


def _of_sqlite(connection: Any, dialect: Dialect) -> _Driver:
    async def send(questions: Questions, ends: bool) -> list[Rows]:
        # A file's transactions are SQLAlchemy's.
        return [connection.execute(statement, values).fetchall() for statement, values in questions]

    return _Driver(dialect, send, dialect.loaded_dbapi.Error)


def _of_postgresql(connection: Any, dialect: Dialect, *, begins: bool) -> _Driver:
    from relay.storage.pipeline import Pipeline  # for nothing where there is a file instead

    driver = connection.driver_connection
    # psycopg lets go of all that is prepared, ours as well, when something is rolled back after it has prepared anything itself.
    driver.prepare_threshold = None
    return _Driver(_NUMBERED, Pipeline(driver, begins=begins).ask, dialect.loaded_dbapi.Error)


# Values by numbers, as the server itself wants them.
_NUMBERED: Dialect = PGDialectAsync_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
