"""The nodes of the relay that work on one database, and which sessions are theirs (decisions/0013).

A session lives at the node to which its agent came last; that node alone says how it stands. Every node counts on in its row while it
is there: a node whose count has stood still for a while is gone, and what lived there is left to whoever sees that. Counts are compared
with one's own clock, never a time with that of another machine.
"""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, insert_row
from relay.storage import tables

GONE_AFTER_S = 20.0


class Replaced(Exception):
    """Another process has started under this node's name."""


class Nodes:
    """This node, and the others as far as they are seen to be there."""

    def __init__(self, tenant: Tenant, name: str, run: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`name` is empty for the only node there is; `run` was drawn when it was started."""
        self.tenant, self.name, self._run, self._clock = tenant, name, run, clock
        node = tables.node
        self._every = node.c.organisation_id == tenant.organisation_id
        self._named = and_(self._every, node.c.name == name)
        self._ours = and_(self._named, node.c.run == run)
        self._counts: dict[str, tuple[int, float]] = {}
        """What each other has counted to, and since when it stands there."""
        self._began = clock()

    async def begin(self, connection: AsyncConnection, *, is_first: bool) -> None:
        """Take this node's name, from whoever had it, or go on under it.

        Args:
            is_first: nothing of this run was there before.

        Raises:
            Replaced: somebody else has taken it meanwhile.
        """
        node = tables.node
        if not is_first:
            await self.beat(connection)
            return
        taken = update(node).where(self._named).values(run=self._run, beats=node.c.beats + 1)
        if not (await connection.execute(taken)).rowcount:
            await insert_row(connection, node, **self.tenant.columns, name=self.name, run=self._run, beats=0)

    async def beat(self, connection: AsyncConnection) -> None:
        """Say that we are there, and see who else is.

        Raises:
            Replaced: somebody else is there under our name.
        """
        node = tables.node
        counted = update(node).where(self._ours).values(beats=node.c.beats + 1)
        if not (await connection.execute(counted)).rowcount:
            raise Replaced(self.name)
        now = self._clock()
        for name, count in (await connection.execute(select(node.c.name, node.c.beats).where(self._every))).all():
            if name not in self._counts or self._counts[name][0] != count:
                self._counts[name] = (count, now)

    def is_gone(self, name: str) -> bool:
        """Whether this node was not seen to be there for a while."""
        if name == self.name:
            return False
        _, since = self._counts.get(name, (0, self._began))
        return self._clock() - since > GONE_AFTER_S

    async def is_home_of(self, connection: AsyncConnection, session: Any) -> bool:
        """Whether the session lives here, and we are still who we are."""
        if session.node != self.name:
            return False
        return (await connection.execute(select(tables.node.c.id).where(self._ours))).first() is not None

    async def take_in(self, connection: AsyncConnection, session: str) -> None:
        """From now on the session lives here."""
        table = tables.session
        moved = update(table).where(table.c.session == session, table.c.node != self.name).values(node=self.name)
        await connection.execute(moved)
