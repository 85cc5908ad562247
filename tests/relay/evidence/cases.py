"""Sessions as the desk stores them: a ticket, its session's row, and a log whose entries come one by one."""

from dataclasses import dataclass
from typing import Any

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.session_log import Event, LogWriter, Opened, SessionEnded, parse_entry
from protocol.vocabulary import Outcome
from relay.desk import sessions, ticket_store
from relay.desk.people import Tenant, insert_row, now_utc
from relay.storage import tables
from relay.storage.database import Database
from tests.protocol.test_session_log import opened_log


@dataclass
class StoredSession:
    """One session on a ticket of its own."""

    database: Database
    tenant: Tenant
    session: str
    id: int
    log: LogWriter

    @property
    def texts(self) -> list[str]:
        return self.log.texts

    async def row(self, connection: AsyncConnection) -> Any:
        return await sessions.find(connection, self.session)

    async def store(self, number: int) -> None:
        """Have the desk keep an entry."""
        async with self.database.transaction() as connection:
            row = await self.row(connection)
            await sessions.append_entry(connection, self.tenant, row, number, self.texts[number])

    async def happens(self, event: Event) -> None:
        """One more entry, stored."""
        self.log.append(event, len(self.texts) + 1)
        await self.store(len(self.texts) - 1)

    def write_opened(self) -> None:
        """The first entry, not stored yet."""
        opened = parse_entry(opened_log()[0]).event
        assert isinstance(opened, Opened)
        self.log.append(structs.replace(opened, session=self.session), 1)

    async def open(self) -> None:
        self.write_opened()
        await self.store(0)

    def write_end(self) -> None:
        """The last entry, not stored yet."""
        self.log.append(SessionEnded(Outcome.COMPLETED, "technician", 1, 0), len(self.texts) + 1)

    async def end(self) -> None:
        self.write_end()
        await self.store(len(self.texts) - 1)


async def stored_session(database: Database, tenant: Tenant, number: int = 1) -> StoredSession:
    """A session that nobody has come to yet."""
    session = f"{number:032x}"
    async with database.transaction() as connection:
        person_id = await insert_row(
            connection,
            tables.person,
            **tenant.columns,
            name=f"camille{number}",
            full_name="Camille Roy",
            password_hash="!",
            is_active=True,
            created_at=now_utc(),
        )
        new = ticket_store.NewTicket("Pas d’image", "", "Anne Petit", "", "", "", "", "computer", "")
        ticket = await ticket_store.open_ticket(connection, tenant, person_id, new)
        row = await ticket_store.find(connection, tenant, ticket)
        assert row is not None
        session_id = await insert_row(
            connection,
            tables.session,
            **tenant.columns,
            session=session,
            ticket_id=row.id,
            person_id=person_id,
            device_type="computer",
            reason="Voir",
            asks="view",
            state=sessions.WAITING,
            certificate="",
            document="",
            technician_key=bytes(32),
            created_at=now_utc(),
        )
    return StoredSession(database, tenant, session, session_id, LogWriter())
