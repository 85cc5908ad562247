"""Mail to customers: an outbox in the database, in order for each ticket, tried again for half a day; what fails is listed."""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import Any

import aiosmtplib
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import letters
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.requests import log
from relay.settings import Settings, SmtpServer
from relay.storage import tables
from relay.storage.changes import changed
from relay.storage.database import Database

OUTBOX = "outgoing_mail"
"""What is told of a mail that waits."""

WAITING, SENT, FAILED = "waiting", "sent", "failed"
AGAIN_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=10),
)
LOOK_EVERY_S = 15
AT_ONCE_MAX = 20
SEND_WITHIN_S = 30


async def queue(
    connection: AsyncConnection, tenant: Tenant, ticket: Any, contact_id: int | None, subject: str, body: str
) -> bool:
    """Let a mail wait to be sent to the ticket's customer. False where it cannot be: no address, or training."""
    kind = select(tables.service.c.kind).where(tables.service.c.id == tenant.service_id)
    if not letters.is_address(ticket.customer_email) or (await connection.execute(kind)).scalar() == "training":
        return False
    now = now_utc()
    await insert_row(
        connection,
        tables.outgoing_mail,
        **tenant.columns,
        contact_id=contact_id,
        ticket_id=ticket.id,
        recipient=ticket.customer_email,
        subject=f"[#{ticket.number}] {subject}"[:200],
        body=body,
        message_id=f"<ticket.{ticket.number}.{secrets.token_hex(12)}@mainforte>",
        state=WAITING,
        attempts=0,
        next_at=now,
        last_error="",
        created_at=now,
    )
    changed(connection, OUTBOX)
    return True


@dataclass(frozen=True)
class Outbox:
    """Sends what waits, for as long as the desk runs."""

    database: Database
    settings: Settings

    async def run(self) -> None:
        """Sends at once what is queued, and looks again for what has to be tried again."""
        if self.settings.smtp is None:
            return
        with self.database.changes.listening(OUTBOX) as event:
            while not self.database.changes.is_closed:
                event.clear()
                try:
                    while await self.send_due(self.settings.smtp):
                        pass
                except Exception:
                    log.exception("mail could not be looked after")
                try:
                    await asyncio.wait_for(event.wait(), LOOK_EVERY_S)
                except TimeoutError:
                    continue

    async def send_due(self, server: SmtpServer) -> int:
        """Send what is due, at most twenty; how many were tried."""
        async with self.database.transaction() as connection:
            due = await _due(connection)
        for row in due:
            if not await self._take(row):
                continue
            error, is_lasting = await self._send(server, row)
            async with self.database.transaction() as connection:
                await _note(connection, row, error, is_lasting=is_lasting)
        return len(due)

    async def _take(self, row: Any) -> bool:
        """Have no other node send it too; should we not come to say what became of it, it is sent again."""
        mail = tables.outgoing_mail
        where = mail.c.id == row.id, mail.c.state == WAITING, mail.c.next_at == row.next_at
        async with self.database.transaction() as connection:
            taken = update(mail).where(*where).values(next_at=now_utc() + AGAIN_AFTER[0])
            return bool((await connection.execute(taken)).rowcount)

    async def _send(self, server: SmtpServer, row: Any) -> tuple[str, bool]:
        """Why it could not be sent, empty when it was; and whether trying again is no use (RFC 5321, section 4.2.1)."""
        message = message_of(row, self.settings.mail_from)
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                use_tls=server.is_tls,
                start_tls=not (server.is_tls or server.is_here),
                username=server.user or None,
                password=server.password or None,
                timeout=SEND_WITHIN_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = max(one.code for one in error.recipients)
            return f"{code} {error.recipients[0].message}"[:400], code >= 500
        except aiosmtplib.SMTPResponseException as error:
            return f"{error.code} {error.message}"[:400], error.code >= 500
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return str(error)[:400] or type(error).__name__, False
        return "", False


def message_of(row: Any, mail_from: str) -> EmailMessage:
    """The mail as it goes out, from its service's address or else the desk's.

    It has the same identifier each time it is tried, so that a second copy is known as such.
    """
    message = EmailMessage()
    message["From"] = formataddr((row.service_name, row.service_address or mail_from))
    message["To"] = row.recipient
    message["Subject"] = row.subject
    message["Date"] = formatdate(row.created_at.timestamp())
    message["Message-ID"] = row.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.body)
    return message


async def _due(connection: AsyncConnection) -> list[Any]:
    """Of each ticket the oldest mail that waits, where its time has come."""
    mail, service = tables.outgoing_mail, tables.service
    oldest = select(func.min(mail.c.id)).where(mail.c.state == WAITING).group_by(mail.c.ticket_id)
    rows = await connection.execute(
        select(mail, service.c.name.label("service_name"), service.c.mail_address.label("service_address"))
        .join(service, service.c.id == mail.c.service_id)
        .where(mail.c.id.in_(oldest), mail.c.next_at <= now_utc())
        .order_by(mail.c.next_at)
        .limit(AT_ONCE_MAX)
    )
    return list(rows.all())


async def _note(connection: AsyncConnection, row: Any, error: str, *, is_lasting: bool) -> None:
    """What became of a mail; the contact with the customer tells the same."""
    mail, now = tables.outgoing_mail, now_utc()
    attempts = row.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "last_error": error}
    if not error:
        values |= {"state": SENT, "sent_at": now}
    elif is_lasting or attempts > len(AGAIN_AFTER):
        values |= {"state": FAILED}
    else:
        values |= {"next_at": now + AGAIN_AFTER[attempts - 1]}
    await connection.execute(update(mail).where(mail.c.id == row.id).values(**values))
    if row.contact_id is not None and "state" in values:
        contact = tables.contact
        state = "done" if not error else "failed"
        await connection.execute(update(contact).where(contact.c.id == row.contact_id).values(state=state))
    changed(connection, f"ticket:{row.ticket_id}")


async def waiting(connection: AsyncConnection, tenant: Tenant) -> list[Any]:
    """What is not sent yet or could not be, the oldest first."""
    mail, ticket = tables.outgoing_mail, tables.ticket
    rows = await connection.execute(
        select(mail, ticket.c.number)
        .join(ticket, mail.c.ticket_id == ticket.c.id)
        .where(mail.c.service_id == tenant.service_id, mail.c.state != SENT)
        .order_by(mail.c.state, mail.c.id)
        .limit(200)
    )
    return list(rows.all())


async def by_hand(connection: AsyncConnection, tenant: Tenant) -> list[Any]:
    """Texts to customers that no mail carries: somebody has to send or say them."""
    contact, ticket, mail = tables.contact, tables.ticket, tables.outgoing_mail
    carried = select(mail.c.contact_id).where(mail.c.contact_id.is_not(None), mail.c.state != FAILED)
    rows = await connection.execute(
        select(contact.c.id, contact.c.text, contact.c.at, ticket.c.number)
        .join(ticket, contact.c.ticket_id == ticket.c.id)
        .where(contact.c.service_id == tenant.service_id, contact.c.state == "ready", contact.c.id.not_in(carried))
        .order_by(contact.c.at)
        .limit(200)
    )
    return list(rows.all())


async def again(connection: AsyncConnection, tenant: Tenant, mail_id: int) -> bool:
    """Try a mail once more from the beginning."""
    mail = tables.outgoing_mail
    where = mail.c.id == mail_id, mail.c.service_id == tenant.service_id, mail.c.state != SENT
    values: dict[str, Any] = {"state": WAITING, "attempts": 0, "next_at": now_utc()}
    done = await connection.execute(update(mail).where(*where).values(**values))
    changed(connection, OUTBOX)
    return bool(done.rowcount)


async def said_by_hand(connection: AsyncConnection, tenant: Tenant, contact_id: int) -> bool:
    """Somebody has told the customer in another way."""
    contact = tables.contact
    where = contact.c.id == contact_id, contact.c.service_id == tenant.service_id, contact.c.state == "ready"
    return bool((await connection.execute(update(contact).where(*where).values(state="done"))).rowcount)
