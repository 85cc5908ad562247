"""What goes to the customer of a case, in their language: noted among the contacts, and mailed where it can be."""

from datetime import datetime

from relay.desk import customer_store, letters, mail_texts, outgoing_mail, surveys
from relay.desk.asked import Asked


async def send(asked: Asked, subject: str, body: str, contact: str) -> None:
    """Note the text among the contacts and let it be mailed; where it cannot be, it waits for somebody to say it."""
    row = asked.row
    contact_id = await customer_store.add_contact(
        asked.connection, asked.tenant, row.customer_id, row.id, "email", contact, is_incoming=False, state="ready"
    )
    await outgoing_mail.queue(asked.connection, asked.tenant, row, contact_id, subject, body)


async def language_of(asked: Asked) -> str:
    return await customer_store.language_of(asked.connection, asked.row.customer_id)


async def send_next_step(asked: Asked, step: str, until: datetime) -> None:
    """What happens next, until when."""
    subject, body = mail_texts.next_step(
        await language_of(asked), asked.organisation, asked.row, step, until, asked.time_zone
    )
    await send(asked, subject, body, f"{asked.row.number} – {step}")


async def ask_how_it_was(asked: Asked) -> None:
    """The survey, where there is an address to send it to."""
    if not letters.is_address(asked.row.customer_email) or asked.person.service.is_training:
        return
    address = await surveys.ask(asked.connection, asked.tenant, asked.row.id, asked.origin)
    subject, body = mail_texts.survey(await language_of(asked), asked.organisation, asked.row, address)
    # The link is the customer's alone: among the contacts stands only that it was sent.
    await send(asked, subject, body, subject)
