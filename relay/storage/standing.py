"""What every page needs and hardly ever changes, read once and kept: procedures, scripts, groups, tools.

A value is read anew once this process has written to one of the tables that it was read from, and once another process has written at all
(SQLite tells), or after a second (PostgreSQL does not). What a transaction reads after its own writes is neither taken from here nor kept:
it may still be rolled back.
"""

import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table
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
        self._written: set[str] = set()

    def begin(self, connection: AsyncConnection, version: object) -> None:
        """A transaction begins, the only one; `version` is another one than before where others have written."""
        connection.info[_KEY] = self
        self._written.clear()
        if version != self._version:
            self._version = version
            self._forget_all()

    def written(self, table: str) -> None:
        """The transaction that is going on writes to this table."""
        self._written.add(table)
        for key in self._read_from.pop(table, ()):
            self._kept.pop(key, None)

    async def of(self, key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]) -> T:
        names = [table.name for table in tables]
        if not self._written.isdisjoint(names):
            return await read()
        now = time.monotonic()
        if (kept := self._kept.get(key)) is not None and (self._tells_of_others or now < kept[0] + KEPT_S):
            found: T = kept[1]
            return found
        value = await read()
        if len(self._kept) >= KEPT_MAX:
            self._forget_all()
        self._kept[key] = now, value
        for name in names:
            self._read_from.setdefault(name, set()).add(key)
        return value

    def _forget_all(self) -> None:
        self._kept.clear()
        self._read_from.clear()


async def standing(
    connection: AsyncConnection, key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]
) -> T:
    """What `read` gives, as it was read last where it stands since then; not to be changed by whoever gets it.

    `tables` are all that it is read from.
    """
    kept: Standing = connection.info[_KEY]
    return await kept.of(key, tables, read)
