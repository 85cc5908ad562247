"""Mail from customers: to their ticket where it answers to one of theirs, else a new ticket. Whoever writes may be anybody.

A mail server on this machine hands over by SMTP; what we answer tells it whether to keep the mail and try again. An address proves
nothing: a mail may add to a ticket only where it comes from the address that we know of its customer, and identity stays unchecked.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import customer_store, guided_call, letters, mail_texts, outgoing_mail, ticket_store, tickets
from relay.desk.letters import Incoming
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.requests import log
from relay.settings import Settings
from relay.storage import tables
from relay.storage.database import Database, StorageFull

MAIL_BYTES_MAX = 2 * 1024 * 1024
PER_SENDER_AND_HOUR_MAX = 20


class TooMany(Exception):
    """This sender has written too often within the hour."""


@dataclass(frozen=True)
class Gateway:
    """What answers the mail server."""

    database: Database
    settings: Settings
    tenant: Tenant
    """The organisation with its first service."""

    def protocol(self) -> SMTP:
        return SMTP(self, data_size_limit=MAIL_BYTES_MAX, hostname="mainforte", ident="Mainforte", timeout=60)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        try:
            async with self.database.transaction() as connection:
                if await self._served_at(connection, address) is None:
                    return "550 5.1.1 no such address here"
        except Exception:
            log.exception("an address could not be looked up")
            return "451 4.3.0 not taken, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = (envelope.mail_from or "").strip("<>")  # the empty one of bounces comes with its brackets
        try:
            async with self.database.transaction() as connection:
                served = await self._served_at(connection, envelope.rcpt_tos[0])
                if served is None:
                    return "451 4.3.0 not taken, try again later"
                tenant, name = served
                result = await take(connection, tenant, name, raw, sender)
        except TooMany:
            return "451 4.7.1 too many mails, try again later"
        except StorageFull:
            return "452 4.3.1 no room to keep it"
        except Exception:
            log.exception("a mail could not be taken")
            return "451 4.3.0 not taken, try again later"
        log.info("mail: %s", result)
        return "250 2.0.0 taken"

    async def _served_at(self, connection: AsyncConnection, address: str) -> tuple[Tenant, str] | None:
        """The service whose customers write to this address, and its name; the desk's own address is that of the first service."""
        service = tables.service
        where = [service.c.organisation_id == self.tenant.organisation_id]
        if address.lower() == self.settings.mail_from.lower():
            where.append(service.c.id == self.tenant.service_id)
        else:
            where.append(service.c.mail_address == address.lower())
        row = (await connection.execute(select(service).where(*where))).first()
        return None if row is None else (Tenant(row.organisation_id, row.id), row.name)


async def take(connection: AsyncConnection, tenant: Tenant, served: str, raw: bytes, envelope_sender: str) -> str:
    """Take one mail in for a service, in its name.

    Returns:
        What became of it: `added`, `opened`, `again` (known already), `automatic` or `nobody`.

    Raises:
        TooMany: the sender has to wait.
    """
    mail = letters.read(raw, envelope_sender)
    # A mail without an identifier is known by what it says.
    message_id = mail.message_id or f"<{hashlib.sha256(raw).hexdigest()}>"
    known = tables.incoming_mail
    if (await connection.execute(select(known.c.id).where(known.c.message_id == message_id))).first():
        return "again"
    await _check_rate(connection, mail.sender)
    ticket_id: int | None = None
    if mail.is_automatic:
        result = "automatic"
    elif not mail.sender:
        result = "nobody"
    elif (row := await _own_ticket(connection, tenant, mail)) is not None:
        result, ticket_id = "added", row.id
        await _add(connection, tenant, row, mail)
    else:
        result, ticket_id = "opened", await _open(connection, tenant, served, mail)
    await insert_row(
        connection,
        known,
        **tenant.columns,
        message_id=message_id,
        ticket_id=ticket_id,
        sender=mail.sender,
        result=result,
        at=now_utc(),
    )
    return result


async def _check_rate(connection: AsyncConnection, sender: str) -> None:
    known = tables.incoming_mail
    recent = known.c.sender == sender, known.c.at > now_utc() - timedelta(hours=1)
    if (await connection.execute(select(func.count()).where(*recent))).scalar_one() >= PER_SENDER_AND_HOUR_MAX:
        raise TooMany


async def _own_ticket(connection: AsyncConnection, tenant: Tenant, mail: Incoming) -> Any | None:
    """The ticket that the mail answers to, where its customer wrote it."""
    row = await ticket_store.find(connection, tenant, mail.ticket) if mail.ticket else None
    return row if row is not None and row.customer_email.lower() == mail.sender else None


async def _add(connection: AsyncConnection, tenant: Tenant, row: Any, mail: Incoming) -> None:
    """What the customer writes belongs to the ticket; a closed one is taken up again."""
    await _contact(connection, tenant, row.customer_id, row.id, mail)
    events: list[tickets.TicketEvent] = [letters.MailReceived(mail.sender, mail.subject, letters.cut(_told(mail)))]
    if row.state == tickets.CLOSED:
        events.append(tickets.TicketReopened())
    for event in events:
        await ticket_store.append(connection, tenant, row.id, None, event)


async def _open(connection: AsyncConnection, tenant: Tenant, served: str, mail: Incoming) -> int:
    """A new ticket, for the customer of this address or for a new one, who is told its number."""
    customer_id, device_id = await _customer(connection, tenant, mail)
    opened = tickets.TicketOpened(mail.subject or mail.sender, letters.cut(_told(mail)))
    number = await ticket_store.open_for(connection, tenant, None, customer_id, device_id, opened)
    row = await ticket_store.find(connection, tenant, number)
    assert row is not None
    await _contact(connection, tenant, customer_id, row.id, mail)
    await ticket_store.append(connection, tenant, row.id, None, guided_call.CallBegun("email"))
    await ticket_store.append(connection, tenant, row.id, None, guided_call.CallEnded(""))
    language = await customer_store.language_of(connection, customer_id)
    subject, body = mail_texts.received(language, served, row)
    contact_id = await customer_store.add_contact(
        connection, tenant, customer_id, row.id, "email", subject, is_incoming=False, state="ready"
    )
    await outgoing_mail.queue(connection, tenant, row, contact_id, subject, body)
    return int(row.id)


async def _customer(connection: AsyncConnection, tenant: Tenant, mail: Incoming) -> tuple[int, int]:
    """The customer of this address and a device of theirs; new ones where nobody has it, or several do."""
    customer, device = tables.customer, tables.device
    where = customer.c.service_id == tenant.service_id, func.lower(customer.c.email) == mail.sender
    found = (await connection.execute(select(customer.c.id).where(*where).limit(2))).scalars().all()
    if len(found) == 1:
        first = select(device.c.id).where(device.c.customer_id == found[0]).order_by(device.c.id).limit(1)
        if (device_id := (await connection.execute(first)).scalar()) is not None:
            return found[0], device_id
    values = {"name": mail.name or mail.sender, "email": mail.sender, "number": "", "phone": "", "address": ""}
    customer_id = found[0] if len(found) == 1 else await customer_store.add(connection, tenant, **values)
    other = {"customer_id": customer_id, "type": "other", "name": ""}
    return customer_id, await insert_row(connection, device, **tenant.columns, **other)


async def _contact(
    connection: AsyncConnection, tenant: Tenant, customer_id: int, ticket_id: int, mail: Incoming
) -> None:
    text = f"{mail.subject}\n{_told(mail)}"
    await customer_store.add_contact(
        connection, tenant, customer_id, ticket_id, "email", text, is_incoming=True, state="done"
    )


def _told(mail: Incoming) -> str:
    """The text, and what was attached by name: files of strangers are not kept."""
    return "\n".join([mail.text, *(f"[{name}]" for name in mail.attachments)]).strip()
