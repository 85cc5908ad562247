"""A whole recorded session, kept as the desk keeps it: real keys and signatures, a database and a store of their own."""

import contextlib
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from protocol.identity import fingerprint_text, root_fingerprint
from protocol.session_log import beside_hash, parse_entry
from relay.desk import recordings, sessions, ticket_store
from relay.desk.people import Tenant, insert_row, now_utc
from relay.evidence import examination
from relay.evidence.check import certificate_of
from relay.evidence.examination import Finding
from relay.storage import tables
from relay.storage.blobs import Blobs
from relay.storage.database import Database
from tests.relay.evidence.packs import Case, a_case, public

ROOT = fingerprint_text(root_fingerprint(public("root")))


@dataclass
class Kept:
    """One session of `packs.a_case` in a database."""

    database: Database
    tenant: Tenant
    blobs: Blobs
    case: Case
    id: int = 0

    async def found(self) -> list[Finding]:
        """What is wrong with it."""
        return await examination.examine_session(self.database, self.case.session, root=ROOT)

    async def execute(self, statement: Any) -> None:
        """Alter something behind the desk's back."""
        async with self.database.transaction() as connection:
            await connection.execute(statement)

    async def row(self) -> Any:
        async with self.database.transaction() as connection:
            return await sessions.find(connection, self.case.session)

    async def store(self, *, upto: int | None = None, with_heads: bool = True) -> "Kept":
        """Have everything kept, entry by entry, in the order in which it comes."""
        async with self.database.transaction() as connection:
            self.id = await self._begin(connection)
        for number, text in enumerate(self.case.entries[:upto]):
            event = parse_entry(text).event
            beside = self.case.beside.get(beside_hash(event) or b"", b"")
            async with self.database.transaction() as connection:
                row = await sessions.find(connection, self.case.session)
                await sessions.append_entry(connection, self.tenant, row, number, text, beside)
        for segment, data in self.case.segments.items():
            its_hash = sha256(data).hexdigest()
            await recordings.keep(
                self.database, self.blobs, self.tenant, await self.row(), segment, data, its_hash=its_hash
            )
        if with_heads:
            await self.store_heads()
        return self

    async def store_heads(self) -> None:
        """The heads come; those of entries that never came are not kept."""
        for note in self.case.heads:
            async with self.database.transaction() as connection:
                row = await sessions.find(connection, self.case.session)
                with contextlib.suppress(sessions.NotNext):
                    await sessions.add_head(connection, self.tenant, row, note)

    async def close(self) -> None:
        """Nobody came back in time."""
        async with self.database.transaction() as connection:
            row = await sessions.find(connection, self.case.session)
            await sessions.set_state(connection, self.tenant, row, sessions.CLOSED)

    async def _begin(self, connection: Any) -> int:
        person_id = await insert_row(
            connection,
            tables.person,
            **self.tenant.columns,
            name=f"camille-{self.case.session[:8]}",
            full_name="Camille Roy",
            password_hash="!",
            is_active=True,
            created_at=now_utc(),
        )
        new = ticket_store.NewTicket("Pas d’image", "", "Anne Petit", "", "", "", "", "computer", "")
        number = await ticket_store.open_ticket(connection, self.tenant, person_id, new)
        ticket = await ticket_store.find(connection, self.tenant, number)
        assert ticket is not None
        session_id = await insert_row(
            connection,
            tables.session,
            **self.tenant.columns,
            session=self.case.session,
            ticket_id=ticket.id,
            person_id=person_id,
            device_type="computer",
            reason="Voir",
            asks="view",
            state=sessions.PAIRED,
            certificate=self.case.certificate,
            document=self.case.document,
            technician_key=public("technician"),
            created_at=now_utc(),
        )
        for text in self.case.certificates:
            certificate = certificate_of(text)
            await insert_row(
                connection,
                tables.certificate,
                **self.tenant.columns,
                session_id=session_id,
                person_id=person_id,
                invited_by=person_id,
                serial=certificate.serial,
                name=certificate.name,
                role=certificate.role.value,
                certificate=text,
                created_at=now_utc(),
            )
        return session_id


def a_kept_session(database: Database, tenant: Tenant, blobs: Blobs, number: int = 0) -> Kept:
    """Not stored yet."""
    return Kept(database, tenant, blobs, a_case(session=f"{number:x}".rjust(32, "c")))
