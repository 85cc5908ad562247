"""Statements that every page asks: written like all others, understood once, and from then on handed to the driver as they are.

SQLAlchemy goes over a statement anew whenever it is carried out: how it was compiled last time, what its columns are, how rows are read.
That takes several times as long as the answer of the database itself, and a ticket's page asks some twenty questions.
"""

from collections import namedtuple
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import ExpandedState

_KEY = "mainforte_driver"

Values = Sequence[Any] | Mapping[str, Any]
Rows = Sequence[tuple[Any, ...]]
Questions = Sequence[tuple[str, Any]]
"""Statements, each with its `Values`."""
Ask = Callable[[Questions], Awaitable[list[Rows]]]


class Prepared:
    """A statement that reads: a `select`, or a `text` whose `columns` are told. What differs from time to time are its `bindparam`s.

    A list is bound with `expanding`; there is a form of the statement for each length of it.
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

    def form(self, dialect: Dialect, values: dict[str, Any]) -> "_Form":
        """What it is for this database and for lists as long as these."""
        lengths = [len(value) if isinstance(value, list) else -1 for value in values.values()]
        key = (dialect.name, *values, *lengths)
        if key not in self._forms:
            self._forms[key] = _Form(self._statement, dialect, values)
        return self._forms[key]


Question = tuple[Prepared, dict[str, Any]]


async def together(connection: AsyncConnection, *questions: Question) -> list[list[Any]]:
    """The rows of each of several statements. They travel together: PostgreSQL is waited for once."""
    driver: _Driver = connection.info[_KEY]
    forms = [statement.form(driver.dialect, values) for statement, values in questions]
    asked = [(form.text, form.values(values)) for form, (_, values) in zip(forms, questions, strict=True)]
    return [form.rows(found) for form, found in zip(forms, await driver.ask(asked), strict=True)]


class _Form:
    """What a statement is in the language of one database."""

    def __init__(self, statement: Any, dialect: Dialect, values: dict[str, Any]) -> None:
        compiled = statement.compile(dialect=dialect)
        expanded: ExpandedState = compiled.construct_expanded_state(values)
        self.text = expanded.statement
        self._order = expanded.positiontup
        self._lists = {name: members for name, members in expanded.parameter_expansion.items() if name in values}
        given = {*values, *(member for members in self._lists.values() for member in members)}
        self._fixed = {name: value for name, value in expanded.parameters.items() if name not in given}
        self._writers = dict(expanded.processors)
        for name, bind in compiled.binds.items():
            if name in expanded.parameters and (write := bind.type.dialect_impl(dialect).bind_processor(dialect)):
                self._writers[name] = write
        columns = list(statement.selected_columns)
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


@dataclass(frozen=True)
class _Driver:
    """How one connection is asked."""

    dialect: Dialect
    ask: Ask


def admit(engine: AsyncEngine, *, may_write: bool) -> None:
    """Let prepared statements be asked of this engine's connections, on PostgreSQL within a transaction where something may be written."""

    def remember(connection: Any, entry: ConnectionPoolEntry) -> None:
        is_sqlite = engine.dialect.name == "sqlite"
        entry.info[_KEY] = (
            _of_sqlite(connection, engine.dialect) if is_sqlite else _of_postgresql(connection, begins=may_write)
        )

    event.listen(engine.sync_engine, "connect", remember)


def _of_sqlite(connection: Any, dialect: Dialect) -> _Driver:
    async def ask(questions: Questions) -> list[Rows]:
        return [connection.execute(statement, values).fetchall() for statement, values in questions]

    return _Driver(dialect, ask)


def _of_postgresql(connection: Any, *, begins: bool) -> _Driver:
    from relay.storage.pipeline import Pipeline  # for nothing where there is a file instead

    driver = connection.driver_connection
    # psycopg lets go of all that is prepared, ours as well, when something is rolled back after it has prepared anything itself.
    driver.prepare_threshold = None
    return _Driver(_NUMBERED, Pipeline(driver, begins=begins).ask)


# Values by numbers, as the server itself wants them.
_NUMBERED: Dialect = PGDialectAsync_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
