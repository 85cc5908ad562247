"""Who can open a recording: epochs' keys wrapped by one key a session, and that key sealed to the auditors (PROTOCOL.md, section 14).

    recording key    32 random bytes a session, made by the agent       ── HPKE ──►  each auditor that the document names
       ├─ HKDF ─►  wraps the key of each epoch that may be recorded      (EpochBegan.wrapped)
       └─ HKDF ─►  seals what is personal beside entries: notes, titles  (SealedContent)

HPKE is RFC 9180 in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM (docs/decisions). AES-GCM alone does not
bind a ciphertext to one key: the commitment of each key stands in the signed log, so that no other key opens another picture.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.errors import LogTampered, NotAuthentic, NotForThisKey, RemoteProtocolError
from protocol.identity import Auditor, Hex128
from protocol.limits import AUDITORS_MAX, BESIDE_BYTES_MAX, CONTENT_PADDING_BYTES
from protocol.session_log import EpochBegan, Hash

KEY_BYTES = 32
SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_SEALED_BYTES = 32 + KEY_BYTES + 16

_SEAL_LABEL = b"mainforte-v1 recording key\0"
_KEY_COMMITMENT = b"mainforte-v1 recording key commitment\0"
_EPOCH_COMMITMENT = b"mainforte-v1 epoch key commitment\0"
_CONTENT_LABEL = b"mainforte-v1 content"


class Seal(Message, frozen=True):
    """The recording key, or this share of it, for one auditor: HPKE's encapsulated key, then the ciphertext."""

    auditor: Hash
    share: Annotated[int, Meta(ge=0, le=1)]
    sealed: Annotated[bytes, Meta(min_length=_SEALED_BYTES, max_length=_SEALED_BYTES)]


class Seals(Message, frozen=True):
    """Everybody who can open one session's recording; lies beside the entry `key_sealed`.

    With one share each seal holds the key. With two, to be opened by two groups together, the key is their exclusive or: no
    version 1 agent makes such.
    """

    session: Hex128
    shares: Annotated[int, Meta(ge=1, le=2)]
    seals: Annotated[list[Seal], Meta(min_length=1, max_length=AUDITORS_MAX)]


_seals: Decoder[Seals] = Decoder(Seals, bytes_max=BESIDE_BYTES_MAX)


def auditor_id(hpke_key: bytes) -> bytes:
    """How seals name an auditor: SHA-256 of the public key (X25519, 32 bytes); 32 bytes."""
    return hashlib.sha256(hpke_key).digest()


def key_commitment(session: str, key: bytes) -> bytes:
    """What the log says of a recording key; 32 bytes."""
    return hashlib.sha256(_KEY_COMMITMENT + session.encode() + key).digest()


def epoch_commitment(session: str, epoch: int, key: bytes) -> bytes:
    """What the log says of an epoch's key; 32 bytes."""
    return hashlib.sha256(_EPOCH_COMMITMENT + session.encode() + struct.pack(">I", epoch) + key).digest()


# --- to the auditors ---------------------------------------------------------------------------------------------------------


def seal_for(session: str, key: bytes, hpke_key: bytes) -> Seal:
    """The recording key for one auditor: at the agent, and where one auditor passes old recordings on to a new one."""
    sealed = SUITE.encrypt(key, X25519PublicKey.from_public_bytes(hpke_key), _info(session, share=0, shares=1))
    return Seal(auditor_id(hpke_key), 0, sealed)


def seal_recording_key(session: str, key: bytes, auditors: Sequence[Auditor]) -> bytes:
    """The recording key for every auditor of the organisation's document, as it lies beside its entry."""
    return encode(Seals(session, 1, [seal_for(session, key, auditor.hpke_key) for auditor in auditors]))


def read_seals(data: bytes, session: str) -> Seals:
    """The seals of this session.

    Raises:
        RemoteProtocolError: malformed, or those of another session.
    """
    seals = _seals.decode(data)
    if seals.session != session or any(seal.share >= seals.shares for seal in seals.seals):
        raise RemoteProtocolError("the seals of another session")
    return seals


def open_recording_key(seals: Seals, private: X25519PrivateKey, commitment: bytes) -> bytes:
    """The recording key, with an auditor's private key; `commitment` is what the log says of it.

    Raises:
        NotForThisKey: none of the seals is for this auditor.
        NotAuthentic: the seal does not open.
        LogTampered: it opens, to another key than the agent made.
        RemoteProtocolError: two have to open it together.
    """
    if seals.shares != 1:
        raise RemoteProtocolError("a recording that two auditors have to open together")
    mine = auditor_id(private.public_key().public_bytes_raw())
    seal = next((each for each in seals.seals if each.auditor == mine), None)
    if seal is None:
        raise NotForThisKey("the recording was not sealed for this auditor's key")
    try:
        key: bytes = SUITE.decrypt(seal.sealed, private, _info(seals.session, share=seal.share, shares=seals.shares))
    except (InvalidTag, ValueError):
        raise NotAuthentic("the seal for this auditor does not open") from None
    if key_commitment(seals.session, key) != commitment:
        raise LogTampered("the seal opens to another key than the one in the log")
    return key


def _info(session: str, *, share: int, shares: int) -> bytes:
    return _SEAL_LABEL + session.encode() + bytes([share, shares])


# --- below the recording key -------------------------------------------------------------------------------------------------


class RecordingKey:
    """One session's recording key at work; `key` is 32 random bytes."""

    def __init__(self, session: str, key: bytes) -> None:
        self._session = session
        self._wrapping = AESGCM(_expand(key, session, b"mainforte-v1 recording epochs"))
        self._content = AESGCM(_expand(key, session, b"mainforte-v1 recording content"))
        self.commitment = key_commitment(session, key)

    def wrap(self, epoch: int, key: bytes) -> bytes:
        """An epoch's key, for whoever has the recording key; 48 bytes. An epoch is wrapped once."""
        return self._wrapping.encrypt(_epoch_nonce(epoch), key, epoch_commitment(self._session, epoch, key))

    def unwrap(self, epoch: EpochBegan) -> bytes:
        """The key of a recorded epoch, as its entry holds it.

        Raises:
            LogTampered: it does not open, or to another key than the entry commits to.
            RemoteProtocolError: the epoch was not recorded.
        """
        if not epoch.wrapped:
            raise RemoteProtocolError(f"epoch {epoch.epoch} was not recorded")
        try:
            key = self._wrapping.decrypt(_epoch_nonce(epoch.epoch), epoch.wrapped, epoch.commitment)
        except (InvalidTag, ValueError):
            raise LogTampered(f"the key of epoch {epoch.epoch} does not open") from None
        if epoch_commitment(self._session, epoch.epoch, key) != epoch.commitment:
            raise LogTampered(f"epoch {epoch.epoch} opens with another key than the one in the log")
        return key

    def seal_content(self, content: bytes, nonce: bytes) -> bytes:
        """What lies beside an entry: canonical JSON, whose length blanks hide; `nonce` is 12 fresh random bytes."""
        padded = content.ljust(-(-len(content) // CONTENT_PADDING_BYTES) * CONTENT_PADDING_BYTES)
        return nonce + self._content.encrypt(nonce, padded, _CONTENT_LABEL)

    def open_content(self, sealed: bytes) -> bytes:
        """Undo `seal_content`.

        Raises:
            NotAuthentic: altered, or of another session.
        """
        try:
            return self._content.decrypt(sealed[:12], sealed[12:], _CONTENT_LABEL).rstrip(b" ")
        except (InvalidTag, ValueError):
            raise NotAuthentic("the content beside an entry does not verify") from None


def _expand(key: bytes, session: str, info: bytes) -> bytes:
    return HKDF(SHA512(), KEY_BYTES, session.encode(), info).derive(key)


def _epoch_nonce(epoch: int) -> bytes:
    return struct.pack(">8xI", epoch)
