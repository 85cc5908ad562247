"""A mail server for tests: takes what the desk sends, refuses when told to, and hands mail over to the desk's gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP


@dataclass
class MailServer:
    """What has arrived; `answers`, by recipient, are given to the next mails instead of taking them."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        async with self.arrived:
            self.arrived.notify_all()
            if refusals := self.answers.get(envelope.rcpt_tos[0]):
                return refusals.pop(0)
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.received.append(message)
        return "250 ok"

    async def wait_for(self, words: str) -> EmailMessage:
        """The first mail whose subject holds these words."""

        def found() -> EmailMessage | None:
            return next((one for one in self.received if words in str(one["Subject"])), None)

        async with asyncio.timeout(60), self.arrived:
            await self.arrived.wait_for(found)
        message = found()
        assert message is not None
        return message


@asynccontextmanager
async def mail_server(port: int) -> AsyncIterator[MailServer]:
    server = MailServer(port)
    listener = await asyncio.get_running_loop().create_server(lambda: SMTP(server), "127.0.0.1", port)
    try:
        yield server
    finally:
        listener.close()


async def hand_over(port: int, raw: bytes, sender: str, *recipients: str) -> str:
    """What the gateway answers to a mail: `250`, or its refusal."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        try:
            await client.sendmail(sender, list(recipients), raw)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return str(error.recipients[0].code)
        except aiosmtplib.SMTPResponseException as error:
            return str(error.code)
    return "250"
