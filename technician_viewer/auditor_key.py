"""An auditor's keys: made on the auditor's own machine, kept there in a file under a passphrase, never shown to a server.

The file is JSON, so that the auditor's page can open it with WebCrypto as well:

    {type, name, group, hpke_key, signing_key, iterations, salt, nonce, sealed}

`sealed` is AES-256-GCM of both private keys (X25519, then Ed25519, 32 bytes each) under PBKDF2-HMAC-SHA-512 of the passphrase, with
the public part, written as the operator gets it, as associated data. Bytes are base64.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.errors import RemoteProtocolError
from protocol.identity import Auditor, PublicKey
from protocol.text import Line

PASSPHRASE_CHARACTERS_MIN = 12
# OWASP, Password Storage Cheat Sheet, 2023, asks for 210 000 with SHA-512; a key is opened once a day.
_ITERATIONS = 600_000
_FILE_BYTES_MAX = 8192


class KeyFileUnusable(Exception):
    """A file of keys cannot be used; the text says why."""


class KeyFile(Message, frozen=True):
    """An auditor's keys as they lie on the auditor's machine."""

    type: Annotated[str, Meta(pattern=r"\Aauditor_key\Z")]
    name: Line
    group: Line
    hpke_key: PublicKey
    signing_key: PublicKey
    iterations: Annotated[int, Meta(ge=100_000, le=10_000_000)]
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)]
    nonce: Annotated[bytes, Meta(min_length=12, max_length=12)]
    sealed: Annotated[bytes, Meta(min_length=80, max_length=80)]


@dataclass(frozen=True)
class AuditorKeys:
    """An auditor with the private keys in hand."""

    auditor: Auditor
    hpke: X25519PrivateKey = field(repr=False)
    signing: Ed25519PrivateKey = field(repr=False)


_key_file: Decoder[KeyFile] = Decoder(KeyFile, bytes_max=_FILE_BYTES_MAX)


def make(name: str, group: str = "") -> AuditorKeys:
    """Fresh keys for an auditor of this name."""
    hpke, signing = X25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = hpke.public_key().public_bytes_raw(), signing.public_key().public_bytes_raw()
    return AuditorKeys(Auditor(name, group, *public), hpke, signing)


def public_text(auditor: Auditor) -> bytes:
    """What the operator is given: name, group and both public keys, as canonical JSON."""
    return encode(auditor)


def save(path: Path, keys: AuditorKeys, passphrase: str) -> None:
    """Write a new file, readable by its owner only.

    Raises:
        FileExistsError: there is one already.
    """
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    private = keys.hpke.private_bytes_raw() + keys.signing.private_bytes_raw()
    sealed = AESGCM(_derive(passphrase, salt, _ITERATIONS)).encrypt(nonce, private, public_text(keys.auditor))
    auditor = keys.auditor
    public = auditor.name, auditor.group, auditor.hpke_key, auditor.signing_key
    content = encode(KeyFile("auditor_key", *public, _ITERATIONS, salt, nonce, sealed))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def load(path: Path, passphrase: str) -> AuditorKeys:
    """Open a file of keys.

    Raises:
        KeyFileUnusable: no such file, not one of keys, another passphrase, or one that was altered.
    """
    try:
        file = _key_file.decode(path.read_bytes()[: _FILE_BYTES_MAX + 1])
    except OSError as error:
        raise KeyFileUnusable(f"{path.name} cannot be read: {error.strerror}") from None
    except RemoteProtocolError:
        raise KeyFileUnusable(f"{path.name} is not a file of an auditor's keys") from None
    auditor = Auditor(file.name, file.group, file.hpke_key, file.signing_key)
    try:
        aead = AESGCM(_derive(passphrase, file.salt, file.iterations))
        private = aead.decrypt(file.nonce, file.sealed, public_text(auditor))
    except InvalidTag:
        raise KeyFileUnusable(f"{path.name} does not open: another passphrase, or it was altered") from None
    return AuditorKeys(
        auditor, X25519PrivateKey.from_private_bytes(private[:32]), Ed25519PrivateKey.from_private_bytes(private[32:])
    )


def _derive(passphrase: str, salt: bytes, iterations: int) -> bytes:
    return PBKDF2HMAC(SHA512(), 32, salt, iterations).derive(passphrase.encode())
