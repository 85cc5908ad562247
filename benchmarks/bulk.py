"""Rows by the million into a database that nobody else uses meanwhile: plain inserts into an SQLite file, COPY into PostgreSQL."""

# ruff: noqa: S608 - only names of our own are put into statements
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

Row = Sequence[Any]


class Bulk(Protocol):
    """What fills a database; `words` are the terms of search, each entry's id with those of its title and of its text."""

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None: ...
    def put_search(self, kind: str, entries: Iterable[tuple[int, list[str], list[str]]]) -> None: ...
    def highest(self, table: str) -> int: ...
    @contextmanager
    def without_indexes(self, *names: str) -> Iterator[None]: ...


@contextmanager
def into(place: Path | str) -> Iterator[Bulk]:
    """Open the database; all that was put is there once this is left."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place, isolation_level=None)) as connection:
            for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "locking_mode=EXCLUSIVE"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
            connection.execute("BEGIN")
            yield _Sqlite(connection)
            connection.execute("COMMIT")
    else:
        with psycopg.connect(place, autocommit=True) as postgresql:
            postgresql.execute("SET synchronous_commit = off")
            postgresql.execute("SET maintenance_work_mem = '512MB'")
            yield _Postgresql(postgresql)
            postgresql.execute("VACUUM ANALYZE")


class _Sqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        self._connection.executemany(statement, ([_as_text(value) for value in row] for row in rows))

    def put_search(self, kind: str, entries: Iterable[tuple[int, list[str], list[str]]]) -> None:
        rows = [(entry, " ".join(title), " ".join(words)) for entry, title, words in entries]
        self.put(f"search_{kind}", ("rowid", "title", "words"), rows)
        self.put(f"search_{kind}_title", ("rowid", "title"), (row[:2] for row in rows))

    def highest(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])

    @contextmanager
    def without_indexes(self, *names: str) -> Iterator[None]:
        marks = ", ".join("?" * len(names))
        found = self._connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
            names,
        ).fetchall()
        for name, _ in found:
            self._connection.execute(f"DROP INDEX {name}")
        yield
        for _, made in found:
            self._connection.execute(made)


class _Postgresql:
    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        if "id" in columns and not table.startswith("search_t"):
            self._connection.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, max(1, self.highest(table)))
            )

    def put_search(self, kind: str, entries: Iterable[tuple[int, list[str], list[str]]]) -> None:
        def vector(terms: Iterable[str]) -> str:
            return " ".join(f"'{term}'" for term in terms)

        rows = ((entry, vector(title), vector((*title, *words))) for entry, title, words in entries)
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY search_{kind} (id, title, words) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def highest(self, table: str) -> int:
        found = self._connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        assert found is not None
        return int(found[0])

    @contextmanager
    def without_indexes(self, *names: str) -> Iterator[None]:
        found = self._connection.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname"
            " WHERE i.tablename = ANY(%s) AND c.conname IS NULL",
            (list(names),),
        ).fetchall()
        for name, _ in found:
            self._connection.execute(f"DROP INDEX {name}")
        yield
        for _, made in found:
            self._connection.execute(made)


def _as_text(value: Any) -> Any:
    """Times as SQLAlchemy writes them into SQLite."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
