"""The session log: what was asked, allowed and done, as a chain that nobody can bend (PROTOCOL.md, section 9).

An entry is canonical JSON, kept as the exact text written; each holds the SHA-256 of the one before. A head is a C2SP checkpoint
(origin, number of entries, hash of the last one) with a timestamped cosignature of the agent and one of the technician, who thereby
says: received, in this order.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import signed_note
from protocol.codec import Decoder, Message, encode
from protocol.errors import LogTampered, NotAuthentic, RemoteProtocolError
from protocol.limits import (
    CLOCK_SKEW_S_MAX,
    ENTRIES_MAX,
    ENTRY_BYTES_MAX,
    SCREEN_SIDE_PX_MAX,
    SCREENS_MAX,
    SEGMENT_BYTES_MAX,
)
from protocol.text import Line, Text
from protocol.vocabulary import Answer, Bottleneck, Capability, Direction, FileOutcome, Hold, Outcome, Role

Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
WORDS_MAX = 6000
MaybeHash = Annotated[bytes, Meta(max_length=32)]
"""Empty where there is nothing to hash."""
Words = Annotated[str, Meta(max_length=WORDS_MAX)]

NO_ENTRY = bytes(32)
AGENT = "agent"
TECHNICIAN = "technician"


class Opened(Message, frozen=True, tag="opened"):
    """The session begins: by whom, for what, under which organisation document and certificate (SHA-256 of their texts)."""

    session: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    ticket: Line
    subject: Line
    reason: Text
    organisation: Line
    document: Hash
    certificate: Hash
    technician: Line
    participant: Line
    agent_key: Hash
    joining_key: Hash
    agent_version: Line
    system: Line
    root_known_by: Line


class Joined(Message, frozen=True, tag="joined"):
    """Somebody else proved who they are and asks to watch; `key` signs heads (Ed25519). What is allowed, later entries say."""

    participant: Line
    name: Line
    role: Role
    certificate: Hash
    key: Hash
    reason: Text


class Left(Message, frozen=True, tag="left"):
    """A participant is no longer there: left, was sent away by the customer, was refused, or did not come back after a cut."""

    participant: Line
    by: Annotated[str, Meta(pattern=r"\A(technician|customer|network|time|organisation)\Z")]


class HandedOver(Message, frozen=True, tag="handed_over"):
    """Another participant leads the session from now on."""

    participant: Line
    to: Line


class Cut(Message, frozen=True, tag="cut"):
    """The connection with a participant was lost; its last sign of life was `silent_ms` before."""

    participant: Line
    silent_ms: Count


class Resumed(Message, frozen=True, tag="resumed"):
    """The participant is back under new keys, `after_ms` after its last sign of life. What was allowed still is, and no more."""

    participant: Line
    after_ms: Count


class Asked(Message, frozen=True, tag="asked"):
    """The customer was asked; `words` is what was shown, to the letter."""

    participant: Line
    capability: Capability
    reason: Text
    words: Words
    language: Line


class Answered(Message, frozen=True, tag="answered"):
    """The customer's answer to entry `question`: what is allowed, until when (UTC milliseconds), and how long it took."""

    question: Count
    answer: Answer
    capabilities: Annotated[list[Capability], Meta(max_length=8)]
    until_ms: Count
    took_ms: Count


class AccessEnded(Message, frozen=True, tag="access_ended"):
    """A capability is over.

    By whom or what: the customer took it back, the technician gave it back or left, its time or the grace after a cut ran out, it
    was not stored in time, control passed to another participant, or there is no control without the recording that ended.
    A recording is nobody's: its participant is empty.
    """

    participant: Line
    capability: Capability
    by: Annotated[str, Meta(pattern=r"\A(customer|technician|time|grace|storage|passed|recording)\Z")]


class Held(Message, frozen=True, tag="held"):
    """Input, or everything, is held: the customer paused or pressed the stop key."""

    hold: Hold


class Continued(Message, frozen=True, tag="continued"):
    """The customer let it go on."""

    hold: Hold


class InputCounted(Message, frozen=True, tag="input_counted"):
    """How much of the technician's input took effect since the last such entry; never what."""

    participant: Line
    clicks: Count
    keys: Count
    characters: Count


class KeySealed(Message, frozen=True, tag="key_sealed"):
    """The session's recording key was made and sealed to the auditors of the document that `opened` names.

    `commitment` binds the key, `seals` is SHA-256 of the seals, which lie beside this entry (section 14). It opens nothing by itself:
    only epochs whose key is wrapped with it, and content that was sealed with it.
    """

    commitment: Hash
    seals: Hash


class EpochBegan(Message, frozen=True, tag="epoch_began"):
    """Media records have a new key, from the record to all of counter `first` on; `commitment` binds it.

    `wrapped` is the key under the recording key while the customer allows recording, and empty else: nobody can open it later.
    """

    epoch: Annotated[int, Meta(ge=1, lt=2**32)]
    first: Count
    commitment: Hash
    wrapped: Annotated[bytes, Meta(max_length=48)]


class SegmentClosed(Message, frozen=True, tag="segment_closed"):
    """A piece of the recording: `records` records of one epoch, as they were sent, with SHA-256 of all of it.

    Those to all have the counters from `first` to below `next`. `is_key`: it begins with a key picture, so that it can be shown
    without what went before. Times are the agent's clock at its first and last record.
    """

    segment: Count
    epoch: Annotated[int, Meta(ge=1, lt=2**32)]
    is_key: bool
    first: Count
    next: Count
    records: Count
    bytes: Annotated[int, Meta(ge=1, le=SEGMENT_BYTES_MAX)]
    began_ms: Count
    ended_ms: Count
    hash: Hash


class SegmentLost(Message, frozen=True, tag="segment_lost"):
    """The agent could not keep this segment any longer, and the relay has not confirmed it: its disk was full, or it was away."""

    segment: Count
    why: Annotated[str, Meta(pattern=r"\A(storage|network)\Z")]


class RecordingPaused(Message, frozen=True, tag="recording_paused"):
    """The customer paused the recording: the next epoch's key is not sealed."""


class RecordingContinued(Message, frozen=True, tag="recording_continued"):
    """The customer lets it go on."""


class Noted(Message, frozen=True, tag="noted"):
    """A participant wrote a note, or marked a moment (a note without text); `content` is SHA-256 of what lies beside the entry.

    `revises` is the number of the entry with the first version, 0 for a new note. `shown_ms` is when the picture was captured that
    the participant had before their eyes.
    """

    participant: Line
    revises: Count
    shown_ms: Count
    content: Hash


class Titled(Message, frozen=True, tag="titled"):
    """The customer works in another window, or its title changed; `content` is SHA-256 of the title that lies beside the entry.

    `since_ms` is when the agent noticed. Written only while what is seen is recorded.
    """

    since_ms: Count
    content: Hash


class Said(Message, frozen=True, tag="said"):
    """Somebody said something in the chat; `content` is SHA-256 of the text that lies beside the entry.

    `participant` is empty for the customer. `content` is empty where the session was not recorded just then: nobody reads later
    what was said.
    """

    participant: Line
    content: MaybeHash


class FileTransferred(Message, frozen=True, tag="file_transferred"):
    """A file was moved, or somebody tried to; written when it was over.

    `bytes` is what its sender said that it has, `moved` how many of them came here or left. `content` is SHA-256 of what lies beside
    the entry: its name and its hash, which would tell who knows the file by it; empty where the organisation has nobody to read that.
    """

    participant: Line
    direction: Direction
    began_ms: Count
    bytes: Count
    moved: Count
    outcome: FileOutcome
    content: MaybeHash


class ClipboardMoved(Message, frozen=True, tag="clipboard_moved"):
    """Text of so many characters went onto the customer's clipboard, or from it to a participant.

    While what is seen is recorded, `content` is SHA-256 of the text's beginning, which lies beside the entry; else it is empty.
    """

    participant: Line
    direction: Direction
    characters: Count
    content: MaybeHash


class PathChanged(Message, frozen=True, tag="path_changed"):
    """How good the way to whoever sets the pace has been lately, at worst: what held the picture up most, and for how long.

    Written when that is of another kind than before, at most once in PATH_TOLD_S. `round_trip_ms` is from a picture that is sent until
    it is known to be shown, `rate_kbit` what the way carries, 1000 bits a second; 0 where that is not known.
    """

    bottleneck: Bottleneck
    round_trip_ms: Count
    rate_kbit: Count


class ScreenSize(Message, frozen=True):
    """One of the computer's screens, in device pixels."""

    width_px: Annotated[int, Meta(ge=1, le=SCREEN_SIDE_PX_MAX)]
    height_px: Annotated[int, Meta(ge=1, le=SCREEN_SIDE_PX_MAX)]


class DeviceDescribed(Message, frozen=True, tag="device_described"):
    """Which computer this is, as its own system tells the agent: a kind of computer, never this one among others.

    Written once at most, after somebody was allowed to see. What is not known is empty, or 0. `cores` are logical ones;
    `disk_bytes` and `disk_free_bytes` are of the disk with the customer's home.
    """

    make: Line
    model: Line
    system: Line
    desktop: Line
    windowing: Annotated[str, Meta(pattern=r"\A(x11|wayland|)\Z")]
    processor: Line
    cores: Count
    memory_bytes: Count
    disk_bytes: Count
    disk_free_bytes: Count
    screens: Annotated[list[ScreenSize], Meta(max_length=SCREENS_MAX)]


class SessionEnded(Message, frozen=True, tag="ended"):
    """The last entry."""

    outcome: Outcome
    by: Annotated[str, Meta(pattern=r"\A(customer|technician|network|agent)\Z")]
    view_ms: Count
    control_ms: Count


Event = (
    Opened
    | Joined
    | Left
    | HandedOver
    | Cut
    | Resumed
    | Asked
    | Answered
    | AccessEnded
    | Held
    | Continued
    | InputCounted
    | KeySealed
    | EpochBegan
    | SegmentClosed
    | SegmentLost
    | RecordingPaused
    | RecordingContinued
    | Noted
    | Titled
    | Said
    | FileTransferred
    | ClipboardMoved
    | PathChanged
    | DeviceDescribed
    | SessionEnded
)


class Entry(Message, frozen=True):
    """One link of the chain; `at_ms` is the agent's UTC clock."""

    number: Annotated[int, Meta(ge=0, lt=ENTRIES_MAX)]
    previous: Hash
    at_ms: Count
    event: Event


_entries: Decoder[Entry] = Decoder(Entry, bytes_max=ENTRY_BYTES_MAX)


def parse_entry(text: str) -> Entry:
    """Read one entry.

    Raises:
        RemoteProtocolError: not an entry as we would have written it.
    """
    return _entries.decode(text.encode())


def entry_hash(text: str) -> bytes:
    """What the next entry holds, and a head signs: SHA-256 of the exact text; 32 bytes."""
    return hashlib.sha256(text.encode()).digest()


def beside_hash(event: Event) -> bytes | None:
    """The SHA-256 of what lies beside an entry with this event; None where nothing does."""
    match event:
        case KeySealed(seals=beside):
            return beside
        case (
            Noted(content=beside)
            | Titled(content=beside)
            | Said(content=beside)
            | FileTransferred(content=beside)
            | ClipboardMoved(content=beside)
        ):
            return beside or None
    return None


class LogWriter:
    """Writes the chain at the agent."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def append(self, event: Event, at_ms: int) -> str:
        """The text of the new entry."""
        text = encode(Entry(len(self.texts), last_hash(self.texts), at_ms, event)).decode()
        self.texts.append(text)
        return text


class LogReader:
    """Follows the chain at whoever receives it: each entry must continue the one before, and be one that may stand there."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._may_describe = self._is_described = False

    def add(self, text: str) -> Entry:
        """Take the next entry.

        Raises:
            LogTampered: it does not continue the chain.
            RemoteProtocolError: it is not an entry.
        """
        entry = parse_entry(text)
        if entry.number != len(self.texts) or entry.previous != last_hash(self.texts):
            raise LogTampered(f"entry {entry.number} does not continue entry {len(self.texts) - 1}")
        if isinstance(entry.event, Opened) != (entry.number == 0):
            raise LogTampered("the first entry, and only the first, opens the session")
        self._follow(entry)
        self.texts.append(text)
        return entry

    def _follow(self, entry: Entry) -> None:
        match entry.event:
            case Answered(capabilities=allowed):
                self._may_describe |= Capability.VIEW in allowed
            case DeviceDescribed():
                if not self._may_describe or self._is_described:
                    raise LogTampered(f"entry {entry.number} describes the computer unseen, or once more")
                self._is_described = True


def last_hash(texts: Sequence[str]) -> bytes:
    """The hash of the last entry; of an empty chain, 32 zero bytes."""
    return entry_hash(texts[-1]) if texts else NO_ENTRY


def head_text(session: str, texts: Sequence[str]) -> str:
    """What both ends sign about the entries so far: a C2SP checkpoint body."""
    return f"mainforte/session/{session}\n{len(texts)}\n{base64.b64encode(last_hash(texts)).decode('ascii')}\n"


def make_head(session: str, texts: Sequence[str], agent_key: Ed25519PrivateKey, *, at_s: int) -> str:
    """A head with the agent's cosignature."""
    return str(signed_note.cosign(signed_note.Note(head_text(session, texts), ()), AGENT, agent_key, at_s=at_s))


def countersign_head(
    note: str, session: str, texts: Sequence[str], agent_key: bytes, key: Ed25519PrivateKey, *, at_s: int
) -> str:
    """The agent's head with the technician's cosignature, once it agrees with the entries received.

    Raises:
        LogTampered: the head speaks of other entries, or the agent did not sign it.
    """
    parsed = signed_note.parse(note)
    size = head_size(parsed)
    if size > len(texts) or parsed.text != head_text(session, texts[:size]):
        raise LogTampered("a head of other entries than those received")
    try:
        signed_note.cosigned_at(parsed, AGENT, agent_key)
    except NotAuthentic as error:
        raise LogTampered(str(error)) from None
    return str(signed_note.cosign(parsed, TECHNICIAN, key, at_s=at_s))


def head_size(note: signed_note.Note) -> int:
    """How many entries a head speaks of.

    Raises:
        RemoteProtocolError: not the head of a session log.
    """
    lines = note.text.split("\n")
    try:
        if len(lines) != 4 or not lines[0].startswith("mainforte/session/") or len(base64.b64decode(lines[2])) != 32:
            raise ValueError
        size = int(lines[1])
    except (ValueError, binascii.Error):
        raise RemoteProtocolError("not the head of a session log") from None
    if not 0 < size <= ENTRIES_MAX or lines[1] != str(size):
        raise RemoteProtocolError("a head of an impossible number of entries")
    return size


@dataclass(frozen=True)
class Verdict:
    """What a log and its heads prove: both ends agree up to `both`, the agent alone up to `agent`; the rest nobody signed."""

    entries: tuple[Entry, ...]
    both: int
    agent: int
    is_closed: bool
    clocks_differ: bool

    @property
    def is_complete(self) -> bool:
        """Whether both ends signed the whole log, its last entry included."""
        return self.is_closed and self.both == len(self.entries)


def verify(texts: Sequence[str], heads: Sequence[str], technician_key: bytes) -> Verdict:
    """Check a whole log: the chain, and every head against it. The certificate is checked by its own rules (identity.py).

    Raises:
        LogTampered: an entry does not continue the chain, or a head contradicts it.
        RemoteProtocolError: something is not an entry or not a head.
    """
    reader = LogReader()
    entries = tuple(reader.add(text) for text in texts)
    if not entries or not isinstance(entries[0].event, Opened):
        raise LogTampered("a log without its first entry")
    if any(isinstance(entry.event, SessionEnded) for entry in entries[:-1]):
        raise LogTampered("entries after the session's end")
    opened = entries[0].event
    both = agent = 0
    clocks_differ = False
    for head in heads:
        note = signed_note.parse(head)
        size = head_size(note)
        if size > len(texts):
            raise LogTampered(f"a head of {size} entries where {len(texts)} are left")
        if note.text != head_text(opened.session, texts[:size]):
            raise LogTampered(f"the head of {size} entries contradicts the log")
        agent_at = _signer_time(note, AGENT, opened.agent_key)
        agent = max(agent, size)
        if any(line.name == TECHNICIAN for line in note.signatures):
            technician_at = _technician_time(note, [technician_key, *_joined_keys(entries[:size])])
            both = max(both, size)
            clocks_differ |= abs(agent_at - technician_at) > CLOCK_SKEW_S_MAX
    return Verdict(entries, both, agent, isinstance(entries[-1].event, SessionEnded), clocks_differ)


def _joined_keys(entries: Sequence[Entry]) -> list[bytes]:
    """The keys of those who joined: once a session is handed over, they sign."""
    return [entry.event.key for entry in entries if isinstance(entry.event, Joined)]


def _technician_time(note: signed_note.Note, keys: Sequence[bytes]) -> int:
    for key in keys:
        if signed_note.is_cosigned_with(note, TECHNICIAN, key):
            return _signer_time(note, TECHNICIAN, key)
    raise LogTampered("the head is cosigned by somebody who did not take part")


def _signer_time(note: signed_note.Note, name: str, key: bytes) -> int:
    try:
        return signed_note.cosigned_at(note, name, key)
    except NotAuthentic as error:
        raise LogTampered(str(error)) from None
