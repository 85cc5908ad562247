"""Checks a session log as it was downloaded: the chain, both ends' signatures, and the technician's certificate."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.codec import Decoder
from protocol.errors import LogTampered, RemoteProtocolError
from protocol.identity import Certificate, Signed, fingerprint_from_text, text_hash, verify_certificate, verify_document
from protocol.limits import ENTRIES_MAX, ENTRY_BYTES_MAX
from protocol.session_log import Opened, Verdict, verify

FILE_BYTES_MAX = 256 * 1024 * 1024

_signed: Decoder[Signed] = Decoder(Signed, bytes_max=128 * 1024)
_certificate: Decoder[Certificate] = Decoder(Certificate, bytes_max=4096)


class LogFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session log as the ticket's page gives it."""

    entries: Annotated[list[Annotated[str, Meta(max_length=ENTRY_BYTES_MAX)]], Meta(max_length=ENTRIES_MAX)]
    heads: Annotated[list[Annotated[str, Meta(max_length=4096)]], Meta(max_length=ENTRIES_MAX)]
    certificate: str
    document: str


@dataclass(frozen=True)
class Checked:
    """What was found; `root_is_known` tells whether the signatures lead to a root that the reader named."""

    verdict: Verdict
    opened: Opened
    certificate: Certificate
    root_is_known: bool


class NotALog(RemoteProtocolError):
    """The bytes are not a session log as the ticket's page gives it."""


class LogIsEmpty(RemoteProtocolError):
    """There is no entry at all: nothing is proven, and nothing contradicted."""


def technician_key_of(certificate: str) -> bytes:
    """The key that a certificate names, without judging the certificate; 32 bytes.

    Raises:
        RemoteProtocolError: not a certificate.
    """
    return _certificate.decode(_signed.decode(certificate.encode()).body.encode()).key


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
    certificate = _certificate.decode(_signed.decode(log.certificate.encode()).body.encode())
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
    if root:
        at = verdict.entries[0].at_ms // 1000
        document = verify_document(log.document, fingerprint=fingerprint_from_text(root), now=at)
        verify_certificate(log.certificate, document, now=at)
    return Checked(verdict, opened, certificate, bool(root))
