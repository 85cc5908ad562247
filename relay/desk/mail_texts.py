"""What mails to customers say, in the customer's language: a subject and a body each."""

from datetime import datetime
from typing import Any

from relay.desk.rendering import Times
from translations import catalogue


def received(language: str, organisation: str, ticket: Any) -> tuple[str, str]:
    """We have it, and what happens next."""
    _ = catalogue(language).gettext
    return _("We have your message"), _letter(
        language,
        organisation,
        ticket,
        _("Thank you for your message. Its number is %(number)s: please keep it in the subject when you answer.")
        % {"number": ticket.number},
        _("An adviser reads it and answers you. We never ask for passwords or payments by mail."),
    )


def next_step(language: str, organisation: str, ticket: Any, step: str, until: datetime, zone: str) -> tuple[str, str]:
    """What happens next, and until when."""
    _ = catalogue(language).gettext
    when = Times(language, zone).moment(until)
    return _("What happens next"), _letter(
        language,
        organisation,
        ticket,
        step,
        _("You hear from us before %(when)s. Your ticket has the number %(number)s.")
        % {"when": when, "number": ticket.number},
    )


def written(language: str, organisation: str, ticket: Any, subject: str, text: str) -> tuple[str, str]:
    """What somebody of the desk wrote."""
    return subject, _letter(language, organisation, ticket, text)


def guide(language: str, organisation: str, ticket: Any, title: str, address: str) -> tuple[str, str]:
    """Where a guide can be read."""
    _ = catalogue(language).gettext
    return title, _letter(language, organisation, ticket, _("You can read here how it is done:"), f"{title}\n{address}")


def survey(language: str, organisation: str, ticket: Any, address: str) -> tuple[str, str]:
    """How was it?"""
    _ = catalogue(language).gettext
    return _("How did we do?"), _letter(
        language,
        organisation,
        ticket,
        _(
            "Your request “%(subject)s” is closed. Two questions, and one minute: how was the exchange, and is it solved?"
        )
        % {"subject": ticket.subject},
        address,
        _("It still does not work? Simply answer this mail."),
    )


def _letter(language: str, organisation: str, ticket: Any, *paragraphs: str) -> str:
    _ = catalogue(language).gettext
    greeting = _("Hello %(name)s,") % {"name": ticket.customer_name}
    return "\n\n".join([greeting, *paragraphs, organisation]) + "\n"
