"""The log of all sessions: what its leaves say, its checkpoints, and the proof that something is in it (PROTOCOL.md, section 13).

A leaf is canonical JSON with a random salt: its hash, which is all that stays when the leaf is deleted, tells nothing. A checkpoint is
a C2SP signed note (tlog-checkpoint.md) by a log key that the organisation's document names, with cosignatures of its witnesses.
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import merkle, signed_note
from protocol.codec import Decoder, Message, encode
from protocol.errors import NotAuthentic, NotLogged, RemoteProtocolError
from protocol.identity import Hex128, OrganisationDocument, fingerprint_text
from protocol.limits import LEAF_BYTES_MAX, LOG_SIZE_MAX
from protocol.session_log import Count, Hash, Joined, Opened, SessionEnded, entry_hash, parse_entry

Salt = Annotated[bytes, Meta(min_length=16, max_length=16)]
Index = Annotated[int, Meta(ge=0, lt=LOG_SIZE_MAX)]
Hashes = Annotated[list[Hash], Meta(max_length=merkle.PROOF_HASHES_MAX)]


class SessionOpened(Message, frozen=True, tag="session_opened"):
    """A session began: SHA-256 of the technician's certificate and of the organisation's document, and the key of its agent."""

    salt: Salt
    session: Hex128
    certificate: Hash
    agent_key: Hash
    document: Hash


class SessionJoined(Message, frozen=True, tag="session_joined"):
    """Somebody more came to a session, with the certificate of this hash."""

    salt: Salt
    session: Hex128
    certificate: Hash


class SessionClosed(Message, frozen=True, tag="session_closed"):
    """A session is over: the end of its log's chain. `outcome` is empty where nobody said how it ended."""

    salt: Salt
    session: Hex128
    entries: Count
    last_hash: Hash
    outcome: Annotated[str, Meta(pattern=r"\A[a-z_]{0,20}\Z")]


class Handled(Message, frozen=True, tag="handled"):
    """Something was done with the evidence of a session: watched, exported, deleted, held …; `content` is the hash of its record."""

    salt: Salt
    session: Hex128
    what: Annotated[str, Meta(pattern=r"\A[a-z_]{1,40}\Z")]
    content: Hash


class LogRewound(Message, frozen=True, tag="log_rewound"):
    """Leaves that had been published are lost: the log ended here when an older state was restored, and was `size` long before."""

    salt: Salt
    size: Index
    root: Hash


Leaf = SessionOpened | SessionJoined | SessionClosed | Handled | LogRewound


def leaf_of(entry: str, session: str, salt: bytes) -> Leaf | None:
    """What the log of sessions has to say of an entry of a session's log (its exact text); None of most.

    Raises:
        RemoteProtocolError: not an entry.
    """
    parsed = parse_entry(entry)
    match parsed.event:
        case Opened() as opened:
            return SessionOpened(salt, session, opened.certificate, opened.agent_key, opened.document)
        case Joined(certificate=certificate):
            return SessionJoined(salt, session, certificate)
        case SessionEnded(outcome=outcome):
            return SessionClosed(salt, session, parsed.number + 1, entry_hash(entry), outcome)
    return None


class Logged(Message, frozen=True):
    """That a leaf, as its exact text, is in the log: where, the hashes of the proof, and the checkpoint that it leads to."""

    leaf: Annotated[str, Meta(max_length=LEAF_BYTES_MAX)]
    index: Index
    hashes: Hashes
    checkpoint: Annotated[str, Meta(max_length=signed_note.NOTE_BYTES_MAX)]


_leaves: Decoder[Leaf] = Decoder(Leaf, bytes_max=LEAF_BYTES_MAX)


def leaf_text(leaf: Leaf) -> str:
    """A leaf as it is kept."""
    return encode(leaf).decode()


def parse_leaf(text: str) -> Leaf:
    """Undo `leaf_text`.

    Raises:
        RemoteProtocolError: not a leaf as we would have written it.
    """
    return _leaves.decode(text.encode())


# --- checkpoints ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """How long a log is, and the root over all its leaves (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def origin_of(fingerprint: bytes) -> str:
    """The name of an organisation's log: by the fingerprint of its root, so that no log can be shown for another's."""
    return f"mainforte/sessions/{fingerprint_text(fingerprint)}"


def read_checkpoint(note: signed_note.Note) -> Checkpoint:
    """What a note says, without judging who signed it.

    Raises:
        RemoteProtocolError: not a checkpoint.
    """
    lines = note.text.split("\n")
    try:
        if len(lines) != 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise ValueError
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error):
        raise RemoteProtocolError("not a checkpoint") from None
    checkpoint = Checkpoint(lines[0], size, root)
    if not 0 <= size < LOG_SIZE_MAX or len(root) != merkle.HASH_BYTES or checkpoint.text != note.text:
        raise RemoteProtocolError("a malformed checkpoint")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, *log_keys: Ed25519PrivateKey) -> signed_note.Note:
    """The checkpoint as the log publishes it, before anybody cosigned it; by its key, and for a while by the one before as well."""
    signed = [signed_note.sign(checkpoint.text, checkpoint.origin, key) for key in log_keys]
    return signed_note.Note(checkpoint.text, tuple(line for note in signed for line in note.signatures))


@dataclass(frozen=True)
class Trust:
    """Whose word about a log counts: its keys, its witnesses (name and key), and how many of these must agree."""

    origin: str
    log_keys: tuple[bytes, ...]
    witnesses: tuple[tuple[str, bytes], ...]
    quorum: int


def trust_in(document: OrganisationDocument, fingerprint: bytes) -> Trust:
    """What an organisation's document says about its log."""
    return Trust(
        origin_of(fingerprint),
        tuple(document.log_keys),
        tuple((each.name, each.key) for each in document.witnesses),
        document.witness_quorum,
    )


def verify_checkpoint(text: str, trust: Trust) -> Checkpoint:
    """Give the checkpoint that the log signed, and enough of its witnesses cosigned.

    Raises:
        NotLogged: it is another log's, not signed by it, or by too few witnesses.
        RemoteProtocolError: not a checkpoint at all.
    """
    note = signed_note.parse(text)
    checkpoint = read_checkpoint(note)
    if checkpoint.origin != trust.origin:
        raise NotLogged("the checkpoint of another log")
    if not any(_holds(signed_note.verify, note, trust.origin, key) for key in trust.log_keys):
        raise NotLogged("a checkpoint that the log did not sign")
    if (count := len(witnesses_of(note, trust.witnesses))) < trust.quorum:
        raise NotLogged(f"a checkpoint with {count} of {trust.quorum} cosignatures")
    return checkpoint


def witnesses_of(note: signed_note.Note, witnesses: Iterable[tuple[str, bytes]]) -> list[str]:
    """The names of the witnesses who have cosigned a note."""
    return [name for name, key in witnesses if _holds(signed_note.cosigned_at, note, name, key)]


def verify_logged(logged: Logged, trust: Trust) -> tuple[Leaf, Checkpoint]:
    """Give the leaf that is proven to be in the log, and the checkpoint that it leads to.

    Raises:
        NotLogged: the proof or the checkpoint does not hold.
        RemoteProtocolError: something is not what it has to be at all.
    """
    leaf, checkpoint = parse_leaf(logged.leaf), verify_checkpoint(logged.checkpoint, trust)
    merkle.verify_inclusion(
        merkle.leaf_hash(logged.leaf.encode()), logged.index, logged.hashes, checkpoint.size, checkpoint.root
    )
    return leaf, checkpoint


def check_logged(logged: Logged, trust: Trust, session: str, entry: str) -> Checkpoint:
    """Pass only when the log says what it has to of this entry (its exact text) of the session's log.

    Raises:
        NotLogged: it does not.
        RemoteProtocolError: something is not what it has to be at all.
    """
    leaf, checkpoint = verify_logged(logged, trust)
    if leaf != leaf_of(entry, session, leaf.salt):
        raise NotLogged("the log tells something else than the session's own log")
    return checkpoint


def _holds(
    verify: Callable[[signed_note.Note, str, bytes], object], note: signed_note.Note, name: str, key: bytes
) -> bool:
    try:
        verify(note, name, key)
    except NotAuthentic:
        return False
    return True


def check_growth(old: Checkpoint, new: Checkpoint, hashes: Sequence[bytes]) -> None:
    """Pass silently when nothing of what `old` spoke of is gone or changed in `new`.

    Raises:
        LogTampered: the proof does not show it, or the log is shorter.
    """
    if old.size == 0:
        return
    merkle.verify_consistency(old.size, old.root, new.size, new.root, hashes)
