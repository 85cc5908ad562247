"""Signed notes and timestamped cosignatures, as C2SP writes them (signed-note.md and tlog-cosignature.md, both v1).

A note is a text that ends with a newline, an empty line, and signature lines. A cosignature carries its signer's own time.
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.errors import LocalProtocolError, NotAuthentic, RemoteProtocolError

NOTE_BYTES_MAX = 4096
SIGNATURES_MAX = 20

ED25519 = 1
COSIGNATURE = 4
_KEY_ID_BYTES = 4
_NAME = re.compile(r"\A[^\s+\x00-\x1f]{1,200}\Z")


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One line below a note: who says to have signed, the id of the key, and the bytes of that kind of signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its last newline included, and the lines below it."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __str__(self) -> str:
        lines = [
            f"— {line.name} {base64.b64encode(line.key_id + line.signature).decode('ascii')}\n"
            for line in self.signatures
        ]
        return f"{self.text}\n{''.join(lines)}"


def key_id(name: str, public_key: bytes, kind: int = ED25519) -> bytes:
    """The first four bytes of SHA-256 over name, newline, kind and key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:_KEY_ID_BYTES]


def verifier_text(name: str, public_key: bytes, kind: int) -> str:
    """A key as people pass it on: `NAME+ID+KEY` (a verifier key of signed-note.md; `ED25519` for notes, `COSIGNATURE` for witnesses)."""
    encoded = base64.b64encode(bytes([kind]) + public_key).decode("ascii")
    return f"{name}+{key_id(name, public_key, kind).hex()}+{encoded}"


def parse_verifier(text: str, kind: int) -> tuple[str, bytes]:
    """Undo `verifier_text`: the name and the public key (32 bytes).

    Raises:
        RemoteProtocolError: not a key of this kind, or mistyped.
    """
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not _NAME.match(name) or len(data) != 33 or data[0] != kind or key_id(name, data[1:], kind).hex() != identity:
        raise RemoteProtocolError("not a verifier key such as NAME+ID+KEY, or one of another kind")
    return name, data[1:]


def parse(text: str) -> Note:
    """Read a note and its signature lines, without judging them.

    Raises:
        RemoteProtocolError: not a note.
    """
    if len(text.encode()) > NOTE_BYTES_MAX:
        raise RemoteProtocolError("a note that is too long")
    body, separator, below = text.rpartition("\n\n")
    if not separator or not below.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise RemoteProtocolError("a note without signatures, or with control characters")
    lines = tuple(_parse_line(line) for line in below[:-1].split("\n"))
    if len(lines) > SIGNATURES_MAX:
        raise RemoteProtocolError(f"a note with {len(lines)} signatures")
    return Note(body + "\n", lines)


def _parse_line(line: str) -> SignatureLine:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if dash != "—" or not _NAME.match(name) or len(data) <= _KEY_ID_BYTES:
        raise RemoteProtocolError("a malformed signature line")
    return SignatureLine(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Note:
    """A note with one plain Ed25519 signature (signed-note.md, signature type 0x01)."""
    _check_text(text)
    return Note(
        text, (SignatureLine(name, key_id(name, key.public_key().public_bytes_raw()), key.sign(text.encode())),)
    )


def verify(note: Note, name: str, public_key: bytes) -> None:
    """Pass silently when the note carries a plain signature of this name and key.

    Raises:
        NotAuthentic: it does not.
    """
    _verify_line(_line_of(note, name, key_id(name, public_key)).signature, note.text.encode(), public_key)


def cosign(note: Note, name: str, key: Ed25519PrivateKey, *, at_s: int) -> Note:
    """The note with a timestamped cosignature of `key` added (tlog-cosignature.md, signature type 0x04); `at_s` is UTC seconds."""
    _check_text(note.text)
    public_key = key.public_key().public_bytes_raw()
    signature = struct.pack(">Q", at_s) + key.sign(_cosigned(note.text, at_s))
    return Note(note.text, (*note.signatures, SignatureLine(name, key_id(name, public_key, COSIGNATURE), signature)))


def cosigned_at(note: Note, name: str, public_key: bytes) -> int:
    """When the holder of this key says to have cosigned the note, in UTC seconds.

    Raises:
        NotAuthentic: the note carries no valid cosignature of this name and key.
    """
    signature = _line_of(note, name, key_id(name, public_key, COSIGNATURE)).signature
    if len(signature) != 8 + 64:
        raise NotAuthentic(f"the cosignature of {name} has a wrong length")
    (at_s,) = struct.unpack_from(">Q", signature)
    _verify_line(signature[8:], _cosigned(note.text, at_s), public_key)
    return int(at_s)


def is_cosigned_with(note: Note, name: str, public_key: bytes) -> bool:
    """Tell whether the note carries a cosignature that names this key; `cosigned_at` tells whether it holds."""
    wanted = key_id(name, public_key, COSIGNATURE)
    return any(line.name == name and line.key_id == wanted for line in note.signatures)


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def _line_of(note: Note, name: str, wanted: bytes) -> SignatureLine:
    for line in note.signatures:
        if line.name == name and line.key_id == wanted:
            return line
    raise NotAuthentic(f"the note is not signed by {name}")


def _verify_line(signature: bytes, data: bytes, public_key: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        raise NotAuthentic("a signature of the note does not verify") from None


def _check_text(text: str) -> None:
    if not text.endswith("\n") or "\n\n" in text:
        raise LocalProtocolError("a note ends with a newline and has no empty line")
