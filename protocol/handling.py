"""What is done with evidence afterwards, as records that stand by themselves (PROTOCOL.md, sections 13.3 and 13.4).

A record is a signed text, and a leaf `handled` of the log of all sessions holds its hash: whoever has the record can check that the log
knows of it, and nobody can say later that it was not so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.errors import NotAuthentic
from protocol.identity import Auditor, Hex128, Signed, UtcSeconds, check_signature, public_bytes, sign
from protocol.session_log import Count, Hash
from protocol.text import Line, Text

RECORD_BYTES_MAX = 16 * 1024
RESEALED = "resealed"
"""What the leaf of a `Resealing` says; that of a `Deletion` says what was deleted, and `_deleted`."""

_DELETION_LABEL = b"mainforte-v1 deletion"
_RESEALING_LABEL = b"mainforte-v1 resealing"


class Deletion(Message, frozen=True, tag="deletion"):
    """What was deleted: how much there was of it, why, when, and by whom."""

    session: Hex128
    what: Annotated[str, Meta(pattern=r"\A(recording|log)\Z")]
    entries: Count
    last_hash: Hash
    segments: Count
    reason: Text
    by: Line
    at: UtcSeconds


class Resealing(Message, frozen=True, tag="resealing"):
    """A recording is passed on: its key, sealed by one auditor to another, whom a document of the organisation's (its hash) names."""

    session: Hex128
    auditor: Auditor
    document: Hash
    sealed: Annotated[bytes, Meta(min_length=80, max_length=80)]
    reason: Text
    at: UtcSeconds


@dataclass(frozen=True)
class Resealed:
    """A resealing that holds: who passed it on, and what they said."""

    by: Auditor
    resealing: Resealing


_signed: Decoder[Signed] = Decoder(Signed, bytes_max=RECORD_BYTES_MAX)
_deletions: Decoder[Deletion] = Decoder(Deletion, bytes_max=RECORD_BYTES_MAX)
_resealings: Decoder[Resealing] = Decoder(Resealing, bytes_max=RECORD_BYTES_MAX)


def sign_deletion(deletion: Deletion, log_key: Ed25519PrivateKey) -> str:
    """The certificate of a deletion."""
    return _sign(_DELETION_LABEL, encode(deletion), log_key)


def verify_deletion(certificate: str, log_keys: Sequence[bytes]) -> Deletion:
    """What was deleted, if one of the organisation's log keys says so.

    Raises:
        NotAuthentic: none does.
        RemoteProtocolError: not a certificate of a deletion.
    """
    signed = _signed.decode(certificate.encode())
    if signed.key not in log_keys:
        raise NotAuthentic("a deletion that no log key of the organisation signed")
    check_signature(_DELETION_LABEL, signed.body.encode(), signed.signature, signed.key)
    return _deletions.decode(signed.body.encode())


def deletion_in(record: str) -> Deletion | None:
    """What a record says was deleted, without judging who says so; None where it is of something else.

    Raises:
        RemoteProtocolError: not a record.
    """
    body = _signed.decode(record.encode()).body
    return _deletions.decode(body.encode()) if '"type":"deletion"' in body else None


def sign_resealing(resealing: Resealing, signing_key: Ed25519PrivateKey) -> str:
    """The record that an auditor makes, with the key for signatures, who passes a recording on."""
    return _sign(_RESEALING_LABEL, encode(resealing), signing_key)


def verify_resealings(records: Iterable[str], session: str, auditors: Sequence[Auditor]) -> list[Resealed]:
    """Who passed the recording of a session on to whom, if each of them could open it.

    Args:
        records: in the order in which they were made.
        auditors: to whom the agent sealed it, of the document that its log names.

    Raises:
        NotAuthentic: one was not signed by an auditor whom the recording was sealed to before.
        RemoteProtocolError: not the record of a resealing, or of another session.
    """
    known, found = list(auditors), list[Resealed]()
    for record in records:
        signed = _signed.decode(record.encode())
        by = next((each for each in known if each.signing_key == signed.key), None)
        if by is None:
            raise NotAuthentic("a recording passed on by somebody to whom it was not sealed")
        check_signature(_RESEALING_LABEL, signed.body.encode(), signed.signature, signed.key)
        resealing = _resealings.decode(signed.body.encode())
        if resealing.session != session:
            raise NotAuthentic("the recording of another session was passed on")
        known.append(resealing.auditor)
        found.append(Resealed(by, resealing))
    return found


def _sign(label: bytes, body: bytes, key: Ed25519PrivateKey) -> str:
    return encode(Signed(body.decode(), public_bytes(key), sign(label, body, key))).decode()
