"""What is written to and by customers, as events of their ticket; and what an incoming mail says, read without trusting it. No I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.limits import TEXT_CHARACTERS_MAX
from protocol.text import Line, Text, tidy_line, tidy_text
from relay.desk.rules import Slug, SomeLine, SomeText

ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
"""What we write to: the common form of RFC 5321, section 4.1.2, without quoted names and literal addresses."""
_OURS = re.compile(r"<ticket\.([0-9]{1,9})\.[0-9a-f]+@")
_TAG = re.compile(r"\[#([0-9]{1,9})\]")
_AUTOMATIC_PRECEDENCE = ("bulk", "junk", "list", "auto_reply")


class MailReceived(Message, frozen=True, tag="mail_received"):
    """The customer wrote; a long text is cut here and whole among the contacts."""

    sender: SomeLine
    subject: Line
    text: Text


class MailWritten(Message, frozen=True, tag="mail_written"):
    """Somebody of the desk wrote to the customer."""

    subject: SomeLine
    text: SomeText


class GuideSent(Message, frozen=True, tag="guide_sent"):
    """The customer was sent where to read a published guide."""

    article: Annotated[int, Meta(ge=1, lt=2**53)]


class Prepared(Message, frozen=True, tag="prepared"):
    """What the customer told before the call; the answers wait where they are asked for."""

    reference: SomeLine
    answers: dict[Slug, SomeLine]


class SurveyAnswered(Message, frozen=True, tag="survey_answered"):
    """How content the customer is, from 1 to 5: with the exchange, and with the resolution."""

    exchange: Annotated[int, Meta(ge=1, le=5)]
    resolution: Annotated[int, Meta(ge=1, le=5)]
    words: Text


LetterEvent = MailReceived | MailWritten | GuideSent | Prepared | SurveyAnswered


def is_address(text: str) -> bool:
    """Whether mail can be sent there."""
    return bool(ADDRESS.fullmatch(text)) and ".." not in text


@dataclass(frozen=True)
class Incoming:
    """A mail as far as it matters."""

    message_id: str
    sender: str
    """An address, in lower case; empty where there is none that could be answered."""
    name: str
    subject: str
    text: str
    ticket: int | None
    """The ticket that it answers to; whether the sender may is for others to say."""
    is_automatic: bool
    """Answering it could go on for ever (RFC 3834, section 2)."""
    attachments: tuple[str, ...]


def read(raw: bytes, envelope_sender: str) -> Incoming:
    """What a mail says. Whatever is in it, something comes out: nothing of it is trusted, and nothing raises."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    senders = [(name, address.lower()) for name, address in getaddresses([_header(message, "From")])]
    name, sender = next(((name, address) for name, address in senders if is_address(address)), ("", ""))
    subject = tidy_line(_header(message, "Subject"))
    answers_to = f"{_header(message, 'In-Reply-To')} {_header(message, 'References')}"
    found = _OURS.search(answers_to) or _TAG.search(subject)
    return Incoming(
        message_id=tidy_line(_header(message, "Message-ID"))[:200],
        sender=sender,
        name=tidy_line(name) or sender,
        subject=subject,
        text=tidy_text(_without_quotes(_text_of(message))),
        ticket=int(found[1]) if found else None,
        is_automatic=_is_automatic(message, envelope_sender),
        attachments=tuple(_attachments(message)),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except Exception:  # headers that the standard library cannot make sense of
        return ""


def _is_automatic(message: EmailMessage, envelope_sender: str) -> bool:
    submitted = _header(message, "Auto-Submitted").strip().lower()
    if submitted not in ("", "no") or not envelope_sender:
        return True
    return _header(message, "Precedence").strip().lower() in _AUTOMATIC_PRECEDENCE or "List-Id" in message


def _text_of(message: EmailMessage) -> str:
    try:
        body = message.get_body(preferencelist=("plain", "html"))
        content = str(body.get_content()) if body is not None else ""
        is_html = body is not None and body.get_content_type() == "text/html"
    except Exception:  # unknown encodings, parts that are not what they say
        return ""
    return text_of_html(content) if is_html else content


def _attachments(message: EmailMessage) -> Sequence[str]:
    try:
        return [tidy_line(part.get_filename() or part.get_content_type()) for part in message.iter_attachments()][:20]
    except Exception:
        return []


def _without_quotes(text: str) -> str:
    """Without what the mail repeats of ours at its end."""
    lines = text.replace("\r\n", "\n").split("\n")
    while lines and (lines[-1].startswith(">") or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "title")
        if tag in ("p", "br", "div", "li", "tr"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "title") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def text_of_html(html: str) -> str:
    """The words of a page, without its mark-up."""
    parser = _Words()
    parser.feed(html)
    return re.sub(r"\n\s*\n+", "\n\n", "".join(parser.words)).strip()


def cut(text: str) -> str:
    """As much as an event holds."""
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "…"
