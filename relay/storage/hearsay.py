"""What other nodes changed, as PostgreSQL tells it: who looks at something here learns of it too, and what stands here is read anew."""

import asyncio
import logging
import time
from collections.abc import Sequence

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction

from relay.storage.changes import Changes
from relay.storage.prepared import Prepared
from relay.storage.standing import Standing

AGAIN_AFTER_S = 2.0
STILL_THERE_S = 0.3
"""So often the database is asked whether it would have told; what stands is not believed for long without that."""
_ANSWERS_WITHIN_S = 5.0
_CHANNEL = "mainforte_changed"
NAME = "mainforte, hearing"
"""What the connection is called in the database's own view of who is there."""
_NOTIFY = Prepared(text(f"SELECT pg_notify('{_CHANNEL}', :said)"))
_WRITTEN = "written:"
# A notification is at most 8000 bytes long.
_WORDS_MAX = 100

log = logging.getLogger("mainforte.desk")


def tell_others(transaction: Transaction, subjects: Sequence[str], written: Sequence[str], *, teller: str) -> None:
    """Have it told everywhere once the transaction is committed: what changed, and which tables were written to; `teller` says who does."""
    words = [*subjects, *(f"{_WRITTEN}{table}" for table in written)]
    for start in range(0, len(words), _WORDS_MAX):
        _NOTIFY.later(transaction, said=" ".join((teller, *words[start : start + _WORDS_MAX])))


async def listen(url: URL, changes: Changes, standing: Standing, *, teller: str) -> None:
    """Go on for ever; what is told while the database is away is missed. What `teller` tells is known here already."""
    from psycopg import AsyncConnection, OperationalError  # for nothing where there is a file instead

    def hear(said: str) -> None:
        by, *words = said.split(" ")
        if by != teller:
            standing.written_elsewhere([word.removeprefix(_WRITTEN) for word in words if word.startswith(_WRITTEN)])
            changes.tell({word for word in words if not word.startswith(_WRITTEN)})

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await AsyncConnection.connect(address, autocommit=True, application_name=NAME) as connection:
                await connection.execute(f"LISTEN {_CHANNEL}")
                standing.told_from_now_on()
                while True:
                    asked_at = time.monotonic()
                    async with asyncio.timeout(_ANSWERS_WITHIN_S):
                        await connection.execute("SELECT 1")
                    # What was told before that answer is at hand by now.
                    async for notice in connection.notifies(timeout=0):
                        hear(notice.payload)
                    standing.told_all_until(asked_at)
                    async for notice in connection.notifies(timeout=STILL_THERE_S):
                        hear(notice.payload)
        except (OperationalError, TimeoutError) as error:
            log.warning("what other nodes change is not heard: %s", type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)
