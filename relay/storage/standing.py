"""What every page needs and hardly ever changes, read once and kept: procedures, scripts, groups, tools.

A value is read anew once this process has written to one of the tables that it was read from, and once another process has written at all
(SQLite tells), or after a second (PostgreSQL does not). What a transaction reads after its own writes is neither taken from here nor kept:
it may still be rolled back. Nor is kept what was read while somebody wrote to one of its tables: it may be what was true before.
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT_S = 1.0
KEPT_MAX = 5000

_KEY = "mainforte_standing"

T = TypeVar("T")


class Standing:
    """The values that are kept of one database."""

    def __init__(self, *, tells_of_others: bool) -> None:
        self._tells_of_others = tells_of_others
        self._version: object = None
        self._kept: dict[Hashable, tuple[float, Any]] = {}
        self._read_from: dict[str, set[Hashable]] = {}
        self._writes = 0
        self._last_write: dict[str, int] = {}
        """By table: how many writes there had been once it was last written to."""

    @property
    def writes(self) -> int:
        """How often something was written so far, by this process."""
        return self._writes

    def begin(self, connection: AsyncConnection, writes: int, version: object, *, may_write: bool = False) -> "Reading":
        """A transaction has begun, after so many writes; `version` is another one than before where other processes have written."""
        reading = connection.info[_KEY] = Reading(self, writes, may_write)
        if version != self._version:
            self._version = version
            self._forget_all()
        return reading

    def written(self, connection: Connection, table: str) -> None:
        """The transaction that is going on there writes to this table."""
        reading: Reading = connection.info[_KEY]
        if not reading.may_write:
            raise RuntimeError(f"writing to {table} where only reading was said")
        reading.written.add(table)
        self._forget(table)

    def committed(self, reading: "Reading") -> None:
        """What it wrote is true from now on; somebody may have read meanwhile what was true before."""
        for table in reading.written:
            self._forget(table)

    async def of(
        self, reading: "Reading", key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]
    ) -> T:
        names = [table.name for table in tables]
        if not reading.written.isdisjoint(names):
            return await read()
        now = time.monotonic()
        lasts = self._tells_of_others or not tables
        if (kept := self._kept.get(key)) is not None and (lasts or now < kept[0] + KEPT_S):
            found: T = kept[1]
            return found
        value = await read()
        if any(self._last_write.get(name, 0) > reading.writes_before for name in names):
            return value
        if len(self._kept) >= KEPT_MAX:
            self._forget_all()
        self._kept[key] = now, value
        for name in names:
            self._read_from.setdefault(name, set()).add(key)
        return value

    def _forget(self, table: str) -> None:
        self._writes += 1
        self._last_write[table] = self._writes
        for key in self._read_from.pop(table, ()):
            self._kept.pop(key, None)

    def _forget_all(self) -> None:
        self._kept.clear()
        self._read_from.clear()


@dataclass
class Reading:
    """A transaction that is going on: how often something was written before it, and the tables that it has written to itself."""

    standing: Standing
    writes_before: int
    may_write: bool
    written: set[str] = field(default_factory=set)


async def standing(
    connection: AsyncConnection, key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]
) -> T:
    """What `read` gives, as it was read last where it stands since then; not to be changed by whoever gets it.

    `tables` are all that it is read from; none where `key` itself says of which state it is.
    """
    reading: Reading = connection.info[_KEY]
    return await reading.standing.of(reading, key, tables, read)
