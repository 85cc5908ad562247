"""What a witness says to a log that asks for its cosignature (C2SP tlog-witness.md). No I/O: what it has seen is an argument."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from protocol import merkle, signed_note
from protocol.errors import LogTampered, NotAuthentic, RemoteProtocolError
from protocol.log_of_sessions import Checkpoint, check_growth, read_checkpoint
from protocol.signed_note import Note

REQUEST_BYTES_MAX = 16 * 1024


@dataclass(frozen=True)
class Asked:
    """A request: from which size on, the proof of growth, and the signed checkpoint."""

    older: int
    hashes: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Refused(Exception):
    """No cosignature; the HTTP status, and for 409 the size that was cosigned last."""

    status: int
    why: str
    size: int = 0


def read_request(body: bytes) -> Asked:
    """Read what a log sent.

    Raises:
        Refused: 400, not a request.
    """
    head, _, note = body.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    word, _, digits = first.partition(b" ")
    try:
        if word != b"old" or not digits.isdigit() or len(digits) > 15 or len(lines) > merkle.PROOF_HASHES_MAX:
            raise ValueError
        hashes = tuple(base64.b64decode(line, validate=True) for line in lines)
        if any(len(each) != merkle.HASH_BYTES for each in hashes):
            raise ValueError
        parsed = signed_note.parse(note.decode())
        return Asked(int(digits), hashes, parsed, read_checkpoint(parsed))
    except (ValueError, binascii.Error, RemoteProtocolError):
        raise Refused(400, "not a request to cosign") from None


def judge(asked: Asked, logs: Mapping[str, bytes], seen: Checkpoint | None) -> None:
    """Pass silently when this checkpoint may be cosigned.

    Args:
        logs: the keys of the logs that this witness follows, by their origins.
        seen: what it cosigned last of this log.

    Raises:
        Refused: it may not.
    """
    checkpoint = asked.checkpoint
    key = logs.get(checkpoint.origin)
    if key is None:
        raise Refused(404, "a log that is not followed here")
    try:
        signed_note.verify(asked.note, checkpoint.origin, key)
    except NotAuthentic:
        raise Refused(403, "the log did not sign this") from None
    if asked.older > checkpoint.size:
        raise Refused(400, "older than what it grew from")
    if asked.older != (seen.size if seen else 0):
        raise Refused(409, "grown from another size", seen.size if seen else 0)
    if seen is None:
        return
    if seen.size == checkpoint.size and seen.root != checkpoint.root:
        raise Refused(409, "another log of the same size: somebody shows two", seen.size)
    try:
        check_growth(seen, checkpoint, asked.hashes)
    except LogTampered as error:
        raise Refused(422, str(error)) from None
