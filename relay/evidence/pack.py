"""The evidence pack: everything about one session in a zip that a stranger can check (PROTOCOL.md, section 15).

    log.json        the session's log: entries, heads, certificates, the organisation's document
    sessions.json   where the session stands in the log of all sessions, with the proofs, and who vouches for them
    recording/      the segments of the recording, sealed from everybody but the auditors
    beside/         what lies beside entries, by its hash; what has been deleted is not there
    handled/        what was done with the evidence, by its hash: the certificates of deletions, and of recordings passed on
    report.*.html   the session as people read it, in each language
    verify.py       checks all of this, apart from the product
    pack.json       the name, size and hash of every other member
    pack.note       the hash of pack.json, signed by the organisation's log key

The clock of the zip is always the same, and members come in the order of their names: the same session gives the same pack.
"""

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signed_note
from protocol.codec import Message, encode
from protocol.log_of_sessions import Logged
from protocol.session_log import Count, Hash
from protocol.text import Line

VERIFIER = Path(__file__).with_name("verify.py")
_NO_CLOCK = (1980, 1, 1, 0, 0, 0)


class LoggedLeaf(Message, frozen=True):
    """A leaf of the log of all sessions, and the hashes that lead from it to the pack's checkpoint."""

    leaf: str
    index: Count
    hashes: list[Hash]


class SessionsFile(Message, frozen=True):
    """What the log of all sessions says about a session, proven by one checkpoint.

    `documents` are the organisation's, as its root signed them, the earliest first: later ones than the log's, by which others vouch.
    """

    checkpoint: str
    leaves: list[LoggedLeaf]
    documents: list[str]


class Member(Message, frozen=True):
    """One file of the pack; `hash` is SHA-256."""

    name: Line
    bytes: Count
    hash: Hash


class PackFile(Message, frozen=True):
    """All that is in a pack, but for this list and its signature."""

    session: Line
    members: list[Member]


@dataclass(frozen=True)
class Evidence:
    """What goes into a pack.

    Attributes:
        log: the session's log as a ticket gives it, as canonical JSON.
        checkpoint: of the log of all sessions, to which the proofs of `leaves` lead.
        beside: what lies beside entries, by its hash.
        segments: the recording's segments by number, read one at a time.
        reports: HTML by language.
        records: of what was done with the evidence; leaves hold their hashes.
        documents: of the organisation, later than the one in `log`, which let others vouch for the log of all sessions.
    """

    session: str
    log: bytes
    checkpoint: str
    leaves: tuple[Logged, ...]
    beside: Mapping[bytes, bytes]
    segments: Iterable[tuple[int, bytes]]
    reports: Mapping[str, str]
    records: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


def write_pack(file: IO[bytes], evidence: Evidence, log_key: Ed25519PrivateKey) -> None:
    """Write the pack of one session into an empty file that can be read and sought.

    Raises:
        OSError: there is no room for it.
    """
    members: list[Member] = []
    with zipfile.ZipFile(file, "w") as pack:
        for name, data in _members(evidence):
            _add(pack, name, data)
            members.append(Member(name, len(data), hashlib.sha256(data).digest()))
        listed = encode(PackFile(evidence.session, members))
        _add(pack, "pack.json", listed)
        _add(pack, "pack.note", str(_note(evidence.session, len(members), listed, log_key)).encode())


def _members(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    leaves = [LoggedLeaf(one.leaf, one.index, one.hashes) for one in evidence.leaves]
    for digest in sorted(evidence.beside):
        yield f"beside/{digest.hex()}", evidence.beside[digest]
    for record in sorted(evidence.records):
        yield f"handled/{hashlib.sha256(record.encode()).hexdigest()}", record.encode()
    yield "log.json", evidence.log
    for number, data in evidence.segments:
        yield f"recording/{number:06}", data
    for language in sorted(evidence.reports):
        yield f"report.{language}.html", evidence.reports[language].encode()
    yield "sessions.json", encode(SessionsFile(evidence.checkpoint, leaves, list(evidence.documents)))
    yield "verify.py", VERIFIER.read_bytes()


def _note(session: str, count: int, listed: bytes, log_key: Ed25519PrivateKey) -> signed_note.Note:
    name, digest = f"mainforte/pack/{session}", base64.b64encode(hashlib.sha256(listed).digest()).decode("ascii")
    return signed_note.sign(f"{name}\n{count}\n{digest}\n", name, log_key)


def _add(pack: zipfile.ZipFile, name: str, data: bytes) -> None:
    member = zipfile.ZipInfo(name, _NO_CLOCK)
    # What is sealed cannot be made smaller.
    is_sealed = name.startswith(("recording/", "beside/"))
    member.compress_type = zipfile.ZIP_STORED if is_sealed else zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    pack.writestr(member, data)
