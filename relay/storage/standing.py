"""What every page needs and hardly ever changes, read once and kept: procedures, scripts, groups, tools.

A value is read anew once this process has written to one of the tables that it was read from, and once another process has: SQLite tells
that anybody has written at all, on PostgreSQL the others tell of these tables (hearsay.py). Where nobody knows whether they could have
told, it is read anew after a second; and after a minute in any case, as who writes by hand tells nobody. What a transaction reads after
its own writes is neither taken from here nor kept: it may still be rolled back. Nor is kept what was read while somebody wrote to one of
its tables: it may be what was true before.
"""

import math
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.ext.asyncio import AsyncConnection

KEPT_S, TOLD_S = 1.0, 60.0
"""How long a value is believed when nothing is heard of the other processes, and when they would have told."""
KEPT_MAX = 5000

STANDS_ON = frozenset(
    {
        *("service", "service_member", "person", "role_grant", "skill", "tool", "improvement", "improvement_ticket"),
        *("desk_group", "group_member", "opening", "shift", "document", "document_event"),
    }
)
"""Tables that anything here is read from: other processes are told of each write to them."""

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
        self._told_from, self._told_until = 0, -math.inf
        """After so many writes the others began to be heard; until this moment all that they wrote has been."""

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

    def written(self, connection: Connection | AsyncConnection, table: str) -> None:
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

    def written_elsewhere(self, tables: Iterable[str]) -> None:
        """Another process has written to these."""
        for table in tables:
            self._forget(table)

    def told_from_now_on(self) -> None:
        """The others begin to be heard; what they wrote just before may have been missed."""
        self._writes += 1
        self._told_from = self._writes
        self._forget_all()

    def told_all_until(self, moment: float) -> None:
        """What they had written up to this moment (of `time.monotonic`) has been heard."""
        self._told_until = moment

    async def of(
        self, reading: "Reading", key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]
    ) -> T:
        names = [table.name for table in tables]
        assert STANDS_ON.issuperset(names), "others would not be told of writes to it"
        if not reading.written.isdisjoint(names):
            return await read()
        now = time.monotonic()
        if (kept := self._kept.get(key)) is not None and (not tables or self._lasts(kept[0], now)):
            found: T = kept[1]
            return found
        value = await read()
        if any(max(self._told_from, self._last_write.get(name, 0)) > reading.writes_before for name in names):
            return value
        if len(self._kept) >= KEPT_MAX:
            self._forget_all()
        self._kept[key] = now, value
        for name in names:
            self._read_from.setdefault(name, set()).add(key)
        return value

    def _lasts(self, read_at: float, now: float) -> bool:
        """Whether what was read then would be known to be no longer true."""
        if self._tells_of_others or now < read_at + KEPT_S:
            return True
        return now < min(read_at + TOLD_S, self._told_until + KEPT_S)

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


def to_be_told(connection: AsyncConnection) -> list[str]:
    """Those of the tables that this transaction has written to of which others have to know."""
    reading: Reading = connection.info[_KEY]
    return sorted(reading.written & STANDS_ON)


def note_writing(connection: AsyncConnection, table: str) -> None:
    """The transaction that is going on there writes to this table. Raises RuntimeError where only reading was said."""
    reading: Reading = connection.info[_KEY]
    reading.standing.written(connection, table)


def has_written(connection: AsyncConnection, table: Table) -> bool:
    """Whether the transaction that is going on there has written to this table so far."""
    reading: Reading = connection.info[_KEY]
    return table.name in reading.written


async def standing(
    connection: AsyncConnection, key: Hashable, tables: Sequence[Table], read: Callable[[], Awaitable[T]]
) -> T:
    """What `read` gives, as it was read last where it stands since then; not to be changed by whoever gets it.

    `tables` are all that it is read from; none where `key` itself says of which state it is.
    """
    reading: Reading = connection.info[_KEY]
    return await reading.standing.of(reading, key, tables, read)
