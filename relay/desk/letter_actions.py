"""Buttons of the ticket's page that write to the customer."""

from typing import Any

from relay.desk import correspondence, document_store, forms, letters, mail_texts
from relay.desk.actions import action
from relay.desk.asked import Asked
from relay.desk.publishing import Article
from relay.desk.rules import NotPossible
from relay.desk.tickets import TicketEvent


@action("mail", forms.Mail)
async def _mail(asked: Asked, form: Any) -> list[TicketEvent]:
    subject, text = form.subject.data.strip(), form.text.data
    _, body = mail_texts.written(await correspondence.language_of(asked), asked.organisation, asked.row, subject, text)
    await correspondence.send(asked, subject, body, f"{subject}\n{text}")
    return [letters.MailWritten(subject, text)]


@action("send-guide", forms.SendGuide)
async def _send_guide(asked: Asked, form: Any) -> list[TicketEvent]:
    """Only what is published for customers."""
    row = await document_store.find(asked.connection, asked.tenant, form.article.data, "article")
    published = (await document_store.load(asked.connection, row.id)).published if row is not None else None
    if row is None or not isinstance(published, Article) or published.audience != "customers":
        raise NotPossible("not for customers")
    address = f"{asked.origin}/help/{row.id}"
    subject, body = mail_texts.guide(
        await correspondence.language_of(asked), asked.organisation, asked.row, published.title, address
    )
    await correspondence.send(asked, subject, body, f"{published.title}\n{address}")
    return [letters.GuideSent(row.id)]
