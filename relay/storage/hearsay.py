"""What other nodes changed, as PostgreSQL tells it, so that who looks at something here learns of it too."""

import asyncio
import logging
from collections.abc import Iterable

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection as Transaction

from relay.storage.changes import Changes

AGAIN_AFTER_S = 2.0
_CHANNEL = "mainforte_changed"
_NOTIFY = text(f"SELECT pg_notify('{_CHANNEL}', :said)")

log = logging.getLogger("mainforte.desk")


async def tell_others(transaction: Transaction, subjects: Iterable[str], *, teller: str) -> None:
    """Have it told everywhere once the transaction is committed; `teller` says who does."""
    for subject in subjects:
        await transaction.execute(_NOTIFY, {"said": f"{teller} {subject}"})


async def listen(url: URL, changes: Changes, *, teller: str) -> None:
    """Go on for ever; what is told while the database is away is missed. What `teller` tells is known here already."""
    from psycopg import AsyncConnection, OperationalError  # for nothing where there is a file instead

    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            async with await AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {_CHANNEL}")
                async for notice in connection.notifies():
                    by, _, subject = notice.payload.partition(" ")
                    if by != teller:
                        changes.tell({subject})
        except OperationalError as error:
            log.warning("what other nodes change is not heard: %s", type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER_S)
