"""Checks a session log as it was downloaded: the chain, both ends' signatures, and the certificates of all who took part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.codec import Decoder
from protocol.errors import LogTampered, RemoteProtocolError
from protocol.identity import (
    Certificate,
    OrganisationDocument,
    Signed,
    fingerprint_from_text,
    text_hash,
    verify_certificate,
    verify_document,
)
from protocol.limits import ENTRIES_MAX, ENTRY_BYTES_MAX
from protocol.session_log import Entry, Joined, Opened, Verdict, verify

FILE_BYTES_MAX = 256 * 1024 * 1024

_signed: Decoder[Signed] = Decoder(Signed, bytes_max=128 * 1024)
_document: Decoder[OrganisationDocument] = Decoder(OrganisationDocument, bytes_max=65536)
_certificate: Decoder[Certificate] = Decoder(Certificate, bytes_max=4096)


class LogFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session log as the ticket's page gives it."""

    entries: Annotated[list[Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]], Meta(max_length=ENTRIES_MAX)]
    heads: Annotated[list[Annotated[str, Meta(max_length=4096)]], Meta(max_length=ENTRIES_MAX)]
    certificate: str
    document: str
    certificates: Annotated[list[str], Meta(max_length=ENTRIES_MAX)] = []
    """Of those who joined after the first technician."""


@dataclass(frozen=True)
class Checked:
    """What was found; `root_is_known` tells whether the signatures lead to a root that the reader named.

    `joined` holds the certificates of those who came later, `missing` the names of those whose certificate is not in the file.
    """

    verdict: Verdict
    opened: Opened
    certificate: Certificate
    joined: tuple[Certificate, ...]
    missing: tuple[str, ...]
    root_is_known: bool


class NotALog(RemoteProtocolError):
    """The bytes are not a session log as the ticket's page gives it."""


class LogIsEmpty(RemoteProtocolError):
    """There is no entry at all: nothing is proven, and nothing contradicted."""


def certificate_of(text: str) -> Certificate:
    """What a certificate says, without judging it.

    Raises:
        RemoteProtocolError: not a certificate.
    """
    return _certificate.decode(_signed.decode(text.encode()).body.encode())


def document_of(text: str) -> OrganisationDocument:
    """What an organisation's document says, without judging it.

    Raises:
        RemoteProtocolError: not a document.
    """
    return _document.decode(_signed.decode(text.encode()).body.encode())


def check_log(data: bytes, *, root: str = "") -> Checked:
    """Check a whole log file; with `root` (a fingerprint as text) also that the organisation's root stands behind it.

    Raises:
        LogTampered: something was altered, or does not belong together.
        NotALog: not a session log file.
        LogIsEmpty: one without entries and heads.
    """
    try:
        log = msgspec.json.decode(data, type=LogFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotALog("not a session log as the ticket's page gives it") from error
    if not log.entries and not log.heads:
        raise LogIsEmpty("a session log without entries")
    certificate = certificate_of(log.certificate)
    verdict = verify(log.entries, log.heads, certificate.key)
    opened = verdict.entries[0].event
    assert isinstance(opened, Opened)
    if opened.certificate != text_hash(log.certificate) or opened.document != text_hash(log.document):
        raise LogTampered("the log speaks of another certificate or organisation document")
    if (opened.session, opened.ticket, opened.technician) != (
        certificate.session,
        certificate.ticket,
        certificate.name,
    ):
        raise LogTampered("the certificate is for another session, ticket or technician than the log")
    document = None
    if root:
        at = verdict.entries[0].at_ms // 1000
        document = verify_document(log.document, fingerprint=fingerprint_from_text(root), now=at)
        verify_certificate(log.certificate, document, now=at)
    joined, missing = _check_joined(log, verdict.entries, opened, document)
    return Checked(verdict, opened, certificate, joined, missing, bool(root))


def _check_joined(
    log: LogFile, entries: Sequence[Entry], opened: Opened, document: OrganisationDocument | None
) -> tuple[tuple[Certificate, ...], tuple[str, ...]]:
    """The certificates of those who joined, each held against its entry; and the names of those whose certificate is missing.

    Raises:
        LogTampered: an entry tells something else than the certificate that it names.
        NotCertified: with `document`, the certificate was not valid when its holder joined.
    """
    texts = {text_hash(text): text for text in log.certificates}
    joined, missing = [], []
    for entry in entries:
        event = entry.event
        if not isinstance(event, Joined):
            continue
        text = texts.get(event.certificate)
        if text is None:
            missing.append(event.name)
            continue
        certificate = certificate_of(text)
        told = event.participant, event.name, event.role, event.key, opened.session, opened.ticket
        if told != (
            certificate.serial,
            certificate.name,
            certificate.role,
            certificate.key,
            certificate.session,
            certificate.ticket,
        ):
            raise LogTampered(f"entry {entry.number} tells something else than the certificate of who joined")
        if document is not None:
            verify_certificate(text, document, now=entry.at_ms // 1000)
        joined.append(certificate)
    return tuple(joined), tuple(missing)
