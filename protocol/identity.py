"""Who vouches for whom: the root signs the organisation's document, which names the issuing keys, which certify technicians.

PROTOCOL.md, section 4.4. Every signature is Ed25519 (RFC 8032) over a label of its own, a zero byte and the exact bytes signed,
so that nothing signed for one purpose can be shown for another.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.errors import NotAuthentic, NotCertified
from protocol.limits import CERTIFICATE_VALID_S_MAX, CLOCK_SKEW_S_MAX, DOCUMENT_VALID_S_MAX
from protocol.text import Line
from protocol.vocabulary import Role

PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
UtcSeconds = Annotated[int, Meta(ge=0, lt=2**53)]
Hex128 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
Keys = Annotated[list[PublicKey], Meta(max_length=32)]

DOCUMENT_LABEL = b"mainforte-v1 organisation document"
CERTIFICATE_LABEL = b"mainforte-v1 technician certificate"
ARRIVAL_LABEL = b"mainforte-v1 arrival"


class Signed(Message, frozen=True):
    """Exact bytes, as text, and the signature of `key` over label, zero byte and those bytes."""

    body: Annotated[str, Meta(max_length=65536)]
    key: PublicKey
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


class Auditor(Message, frozen=True):
    """Somebody who may open recordings: keys for HPKE (X25519) and for signatures (Ed25519), and the group for four eyes."""

    name: Line
    group: Line
    hpke_key: PublicKey
    signing_key: PublicKey


class Witness(Message, frozen=True):
    """Another organisation that cosigns the log of sessions: its name and key (Ed25519) as C2SP writes them, and where it answers."""

    name: Annotated[str, Meta(max_length=100, pattern=r"\A[^\s+\x00-\x1f]+\Z")]
    key: PublicKey
    address: Annotated[str, Meta(max_length=200, pattern=r"\A(https|http)://[A-Za-z0-9.:\[\]/_-]+\Z")]


class OrganisationDocument(Message, frozen=True):
    """All that an agent believes about an organisation, signed by its root; a higher number replaces a lower one."""

    type: Annotated[str, Meta(pattern=r"\Aorganisation\Z")]
    number: Annotated[int, Meta(ge=1, lt=2**53)]
    name: Line
    origins: Annotated[
        list[Annotated[str, Meta(max_length=200, pattern=r"\A(https|http)://[A-Za-z0-9.:\[\]-]+\Z")]],
        Meta(max_length=16),
    ]
    issuing_keys: Keys
    log_keys: Keys
    witnesses: Annotated[list[Witness], Meta(max_length=16)]
    witness_quorum: Annotated[int, Meta(ge=0, le=16)]
    """How many of them must have cosigned that a session is in the log before anything is allowed in it."""
    auditors: Annotated[list[Auditor], Meta(max_length=64)]
    recording: Annotated[str, Meta(pattern=r"\A(off|asked|required)\Z")]
    recording_days: Annotated[int, Meta(ge=1, le=36500)]
    log_days: Annotated[int, Meta(ge=1, le=36500)]
    """How long recordings and session logs are kept, after the session."""
    oldest_agent: Annotated[str, Meta(pattern=r"\A[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z")]
    valid_from: UtcSeconds
    valid_until: UtcSeconds


class Certificate(Message, frozen=True):
    """A technician for one session: the issuing key vouches for the name, and for how this person signed in."""

    type: Annotated[str, Meta(pattern=r"\Acertificate\Z")]
    serial: Hex128
    key: PublicKey
    name: Line
    organisation: Line
    role: Role
    ticket: Line
    session: Hex128
    signed_in_with: Line
    valid_from: UtcSeconds
    valid_until: UtcSeconds


_signed: Decoder[Signed] = Decoder(Signed, bytes_max=128 * 1024)
_document: Decoder[OrganisationDocument] = Decoder(OrganisationDocument, bytes_max=65536)
_certificate: Decoder[Certificate] = Decoder(Certificate, bytes_max=4096)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public key that belongs to `key`."""
    return key.public_key().public_bytes_raw()


def root_fingerprint(root_key: bytes) -> bytes:
    """SHA-256 of the root's public key; 32 bytes."""
    return hashlib.sha256(root_key).digest()


def fingerprint_text(fingerprint: bytes) -> str:
    """A fingerprint as people and links carry it: base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(fingerprint).rstrip(b"=").decode("ascii")


def with_fingerprints(typed: Sequence[str]) -> list[str]:
    """The words of a command, with each fingerprint joined to its `--root`: one in sixty-four begins with a dash, as an option does."""
    words: list[str] = []
    for word in typed:
        if words and words[-1] == "--root":
            words[-1] = f"--root={word}"
        else:
            words.append(word)
    return words


def fingerprint_from_text(text: str) -> bytes:
    """Undo `fingerprint_text`.

    Raises:
        NotCertified: the text is not the base64url of 32 bytes.
    """
    try:
        fingerprint = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        fingerprint = b""
    if len(fingerprint) != 32 or fingerprint_text(fingerprint) != text:
        raise NotCertified("expected a root fingerprint: 43 characters of base64url")
    return fingerprint


def auditor_fingerprint(auditor: Auditor) -> str:
    """Both keys of an auditor as people compare them."""
    return fingerprint_text(hashlib.sha256(auditor.hpke_key + auditor.signing_key).digest())


def sign(label: bytes, body: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature of `key` over `body` for the purpose that `label` names; 64 bytes."""
    return key.sign(label + b"\0" + body)


def check_signature(label: bytes, body: bytes, signature: bytes, key: bytes) -> None:
    """Pass silently when `signature` is that of the public `key`.

    Raises:
        NotAuthentic: it is not.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, label + b"\0" + body)
    except (InvalidSignature, ValueError):
        raise NotAuthentic(f"the signature for {label.decode('ascii')!r} does not verify") from None


def sign_arrival(session: str, at_ms: int, key: Ed25519PrivateKey) -> bytes:
    """What an end tells the relay to be let in where its session is, after a cut or to join (section 2.5); 64 bytes."""
    return sign(ARRIVAL_LABEL, _arrival(session, at_ms), key)


def check_arrival(session: str, at_ms: int, signature: bytes, key: bytes, *, now_ms: int) -> None:
    """Pass silently when the holder of `key` signed to arrive now.

    Raises:
        NotAuthentic: somebody else signed it, or it is from another time.
    """
    if abs(now_ms - at_ms) > CLOCK_SKEW_S_MAX * 1000:
        raise NotAuthentic("an arrival of another time")
    check_signature(ARRIVAL_LABEL, _arrival(session, at_ms), signature, key)


def _arrival(session: str, at_ms: int) -> bytes:
    return f"{session}\n{at_ms}".encode()


def issue_document(document: OrganisationDocument, root: Ed25519PrivateKey) -> str:
    """Sign the organisation's document with the root key; the text that agents are given."""
    return _issue(DOCUMENT_LABEL, document, root)


def issue_certificate(certificate: Certificate, issuing_key: Ed25519PrivateKey) -> str:
    """Sign a technician's certificate with an issuing key; the text that the technician's page is given."""
    return _issue(CERTIFICATE_LABEL, certificate, issuing_key)


def _issue(label: bytes, content: Message, key: Ed25519PrivateKey) -> str:
    body = encode(content)
    return encode(Signed(body.decode(), public_bytes(key), sign(label, body, key))).decode()


def verify_document(text: str, *, fingerprint: bytes, now: int) -> OrganisationDocument:
    """Read the organisation's document if the root of this fingerprint signed it and it is valid at `now` (UTC seconds).

    Raises:
        NotCertified: another root, a broken signature, or a time outside its validity.
        RemoteProtocolError: not a document at all.
    """
    signed = _signed.decode(text.encode())
    if root_fingerprint(signed.key) != fingerprint:
        raise NotCertified("the organisation's document is signed by another root")
    _check_chain(DOCUMENT_LABEL, signed)
    document = _document.decode(signed.body.encode())
    _check_validity("the organisation's document", document.valid_from, document.valid_until, now, DOCUMENT_VALID_S_MAX)
    return document


def verify_certificate(text: str, document: OrganisationDocument, *, now: int) -> Certificate:
    """Read a technician's certificate if one of the document's issuing keys signed it and it is valid at `now` (UTC seconds).

    Raises:
        NotCertified: another issuer, a broken signature, another organisation, or a time outside its validity.
        RemoteProtocolError: not a certificate at all.
    """
    signed = _signed.decode(text.encode())
    if signed.key not in document.issuing_keys:
        raise NotCertified("the technician's certificate is signed by a key that the organisation does not name")
    _check_chain(CERTIFICATE_LABEL, signed)
    certificate = _certificate.decode(signed.body.encode())
    if certificate.organisation != document.name:
        raise NotCertified("the technician's certificate names another organisation")
    _check_validity(
        "the technician's certificate", certificate.valid_from, certificate.valid_until, now, CERTIFICATE_VALID_S_MAX
    )
    return certificate


def _check_chain(label: bytes, signed: Signed) -> None:
    try:
        check_signature(label, signed.body.encode(), signed.signature, signed.key)
    except NotAuthentic as error:
        raise NotCertified(str(error)) from None


def _check_validity(what: str, valid_from: int, valid_until: int, now: int, longest_s: int) -> None:
    if not valid_from <= valid_until <= valid_from + longest_s:
        raise NotCertified(f"{what} is valid for longer than {longest_s} s")
    if not valid_from - CLOCK_SKEW_S_MAX <= now <= valid_until + CLOCK_SKEW_S_MAX:
        raise NotCertified(f"{what} is not valid now")


def text_hash(text: str) -> bytes:
    """SHA-256 of a signed text; how a log refers to a document or a certificate."""
    return hashlib.sha256(text.encode()).digest()
