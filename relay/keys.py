"""The organisation's keys as files: the root, to be carried away, and those the server works with."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signed_note
from protocol.codec import Decoder, encode
from protocol.errors import RemoteProtocolError
from protocol.identity import (
    Auditor,
    OrganisationDocument,
    Signed,
    Witness,
    fingerprint_text,
    issue_document,
    public_bytes,
    root_fingerprint,
    verify_document,
)
from protocol.limits import DOCUMENT_VALID_S_MAX
from protocol.log_of_sessions import Trust, trust_in
from relay.settings import SECRET_VARIABLE, Settings
from relay.storage.files import replace_file, write_new

_signed: Decoder[Signed] = Decoder(Signed, bytes_max=128 * 1024)
_document: Decoder[OrganisationDocument] = Decoder(OrganisationDocument, bytes_max=65536)

# How long things are kept where nobody decided otherwise.


class KeyUnusable(Exception):
    """A key or the document cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Organisation:
    """The signed document as agents get it, read, and the keys that certify technicians and sign the log of sessions."""

    document_text: str
    document: OrganisationDocument
    fingerprint: bytes
    issuing_key: Ed25519PrivateKey
    log_keys: tuple[Ed25519PrivateKey, ...]
    """The log's key, and after a change the one before: agents and witnesses may not have heard of the new one yet."""

    @property
    def log_key(self) -> Ed25519PrivateKey:
        """What the log signs with from now on."""
        return self.log_keys[0]

    @property
    def fingerprint_text(self) -> str:
        return fingerprint_text(self.fingerprint)

    @property
    def trust(self) -> Trust:
        """Whose word about the log of sessions counts."""
        return trust_in(self.document, self.fingerprint)


def new_secret() -> str:
    """A secret or passphrase with 160 bits, in groups that a person can copy."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(8))


def save_key(path: Path, key: Ed25519PrivateKey, passphrase: str) -> None:
    """Write a private key as PKCS8 PEM, encrypted."""
    encryption = serialization.BestAvailableEncryption(passphrase.encode())
    write_new(path, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


def load_key(path: Path, passphrase: str) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        KeyUnusable: no such file, not an Ed25519 key, or another passphrase.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode())
    except OSError as error:
        raise KeyUnusable(f"{path.name} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise KeyUnusable(f"{path.name} does not open: the secret is not the one it was made with") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path.name} is not an Ed25519 key")
    return key


def key_secret(settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    """The secret that opens the server's keys, from the environment or the file that the settings name.

    Raises:
        KeyUnusable: there is none.
    """
    secret = environment.get(SECRET_VARIABLE, "")
    if not secret and settings.secret_file is not None:
        try:
            secret = settings.secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KeyUnusable(f"secret_file cannot be read: {error.strerror}") from None
    if not secret:
        raise KeyUnusable(f"the secret of the keys is missing: set {SECRET_VARIABLE}, or secret_file in the settings")
    return secret


def make_organisation(settings: Settings, name: str, *, root_key: Path, root_passphrase: str, secret: str) -> str:
    """Make all keys and the signed document; give the root's fingerprint as text.

    Raises:
        FileExistsError: one of the files is already there.
    """
    root, issuing, log = (Ed25519PrivateKey.generate() for _ in range(3))
    now = int(time.time())
    document = OrganisationDocument(
        type="organisation",
        number=1,
        name=name,
        origins=list(settings.origins),
        issuing_keys=[public_bytes(issuing)],
        log_keys=[public_bytes(log)],
        auditors=[],
        witnesses=[read_witness(text) for text in settings.witnesses],
        witness_quorum=settings.witness_quorum,
        recording=settings.recording,
        recording_days=settings.recording_days,
        log_days=settings.log_days,
        oldest_agent="0.1.0",
        valid_from=now,
        valid_until=now + DOCUMENT_VALID_S_MAX,
    )
    save_key(root_key, root, root_passphrase)
    save_key(settings.issuing_key, issuing, secret)
    save_key(settings.log_key, log, secret)
    write_new(settings.organisation_document, issue_document(document, root).encode())
    return fingerprint_text(root_fingerprint(public_bytes(root)))


def read_witness(text: str) -> Witness:
    """A witness as the settings name it, `NAME+ID+KEY@ADDRESS`.

    Raises:
        KeyUnusable: not one.
    """
    verifier, _at, address = text.rpartition("@")
    try:
        name, key = signed_note.parse_verifier(verifier, signed_note.COSIGNATURE)
    except RemoteProtocolError:
        raise KeyUnusable(
            f"witnesses: expected NAME+ID+KEY@ADDRESS as `mainforte-witness init` says, not {text}"
        ) from None
    return Witness(name, key, address)


def change_log_key(
    settings: Settings, root: Ed25519PrivateKey, secret: str, *, auditors: Sequence[Auditor], is_stolen: bool, now: int
) -> OrganisationDocument:
    """Make a new key for the log of sessions and sign the next document, which names it: and the key before, unless that was stolen.

    The document comes first. A server that starts in between still has the key before; where that was stolen it does not start.

    Raises:
        KeyUnusable: as `renew_document`; or the key before last is still named, and would be forgotten.
    """
    old, new = load_key(settings.log_key, secret), Ed25519PrivateKey.generate()
    named = [public_bytes(new)] if is_stolen else [public_bytes(new), public_bytes(old)]
    if not is_stolen and settings.log_key_before.exists():
        raise KeyUnusable(
            "the log's key was changed before, and the key of then still signs: first sign a document with --retire-log-key"
        )
    document = renew_document(
        settings, root, auditors=auditors, valid_s=DOCUMENT_VALID_S_MAX, number=None, now=now, log_keys=named
    )
    if is_stolen:
        settings.log_key_before.unlink(missing_ok=True)
    else:
        replace_file(settings.log_key_before, settings.log_key.read_bytes())
    next_key = settings.log_key.with_suffix(".next")
    next_key.unlink(missing_ok=True)
    save_key(next_key, new, secret)
    next_key.replace(settings.log_key)
    return document


def renew_document(
    settings: Settings,
    root: Ed25519PrivateKey,
    *,
    auditors: Sequence[Auditor],
    valid_s: int,
    number: int | None,
    now: int,
    log_keys: Sequence[bytes] = (),
) -> OrganisationDocument:
    """Sign the next document and put it in the place of the one there, which may have run out.

    It names the settings' addresses and what they say about recordings, these auditors, and these keys of the log: else the same as before.

    Raises:
        KeyUnusable: the one there cannot be read, another root signed it, its number is as high, or nobody could read the new one.
    """
    try:
        old_text = settings.organisation_document.read_text(encoding="utf-8")
        signed = _signed.decode(old_text.encode())
        valid_from = _document.decode(signed.body.encode()).valid_from
        old = verify_document(old_text, fingerprint=root_fingerprint(signed.key), now=valid_from)
    except OSError as error:
        raise KeyUnusable(f"the organisation document cannot be read: {error.strerror}") from None
    except (RemoteProtocolError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"the organisation document does not hold: {error}") from None
    if signed.key != public_bytes(root):
        raise KeyUnusable("this is another root than the one that signed the document in use: no agent would accept it")
    number = old.number + 1 if number is None else number
    if number <= old.number:
        raise KeyUnusable(f"document {old.number} is in use: expected a higher number than that, not {number}")
    document = msgspec.structs.replace(
        old,
        number=number,
        origins=list(settings.origins),
        log_keys=list(log_keys) or old.log_keys,
        auditors=list(auditors),
        witnesses=[read_witness(text) for text in settings.witnesses],
        witness_quorum=settings.witness_quorum,
        recording=settings.recording,
        recording_days=settings.recording_days,
        log_days=settings.log_days,
        valid_from=now,
        valid_until=now + valid_s,
    )
    try:
        _document.decode(encode(document))
    except RemoteProtocolError as error:
        raise KeyUnusable(f"nobody could read such a document: {error}") from None
    if document.witness_quorum > len(document.witnesses):
        raise KeyUnusable(f"{document.witness_quorum} of {len(document.witnesses)} witnesses can never cosign")
    replace_file(settings.organisation_document, issue_document(document, root).encode())
    return document


def read_document(settings: Settings, *, now: int) -> tuple[str, OrganisationDocument, bytes]:
    """The signed document, read and verified against the root that signed it; text, content, fingerprint.

    Raises:
        KeyUnusable: missing, altered, or not valid now.
    """
    try:
        text = settings.organisation_document.read_text(encoding="utf-8")
        fingerprint = root_fingerprint(_signed.decode(text.encode()).key)
        return text, verify_document(text, fingerprint=fingerprint, now=now), fingerprint
    except OSError as error:
        raise KeyUnusable(f"the organisation document cannot be read: {error.strerror}") from None
    except (RemoteProtocolError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"the organisation document does not hold: {error}") from None


def load_organisation(settings: Settings, secret: str, *, now: int) -> Organisation:
    """Everything the desk needs to vouch for technicians.

    Raises:
        KeyUnusable: the root key lies here, a key does not open, or the document does not hold or does not name our key.
    """
    if settings.root_key.exists():
        raise KeyUnusable(
            f"the root key still lies beside the data ({settings.root_key}): carry it away to a safe, offline place"
        )
    text, document, fingerprint = read_document(settings, now=now)
    issuing = load_key(settings.issuing_key, secret)
    log = load_key(settings.log_key, secret)
    if public_bytes(log) not in document.log_keys:
        raise KeyUnusable("the organisation document does not name our log key")
    before = [load_key(settings.log_key_before, secret)] if settings.log_key_before.exists() else []
    if public_bytes(issuing) not in document.issuing_keys:
        raise KeyUnusable("the organisation document does not name our issuing key")
    log_keys = (log, *(each for each in before if public_bytes(each) in document.log_keys))
    return Organisation(text, document, fingerprint, issuing, log_keys)
