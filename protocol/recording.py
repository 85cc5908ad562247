"""Recordings as they are kept, without a key: segments of media records exactly as they were sent (PROTOCOL.md, section 14).

    segment       a run of records, in the order in which the agent sent them, at most SEGMENT_BYTES_MAX long
    record        length u32   one media envelope, its clear header included

The hash of each segment stands in the agent's signed log. Whoever holds segments and log can tell what is missing or was altered,
and nothing else; what it shows, `recording_keys` opens.
"""

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol.envelope import Audience, MediaEnvelope, unwrap
from protocol.errors import LocalProtocolError, LogTampered, RemoteProtocolError
from protocol.limits import ENVELOPE_BYTES_MAX, SEGMENT_BYTES_MAX
from protocol.session_log import Entry, EpochBegan, SegmentClosed, SegmentLost

_LENGTH = struct.Struct(">I")


class Segment:
    """One segment while it is being written; `data` is what is kept."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._hash = hashlib.sha256()
        self.bytes = self.records = 0

    def has_room_for(self, envelope: bytes) -> bool:
        """Whether the record still fits."""
        return self.bytes + _LENGTH.size + len(envelope) <= SEGMENT_BYTES_MAX

    def add(self, envelope: bytes) -> None:
        """Append a media record, header included.

        Raises:
            LocalProtocolError: there is no room for it.
        """
        if not self.has_room_for(envelope):
            raise LocalProtocolError(f"a segment of {self.bytes + len(envelope)} bytes")
        for part in (_LENGTH.pack(len(envelope)), envelope):
            self._parts.append(part)
            self._hash.update(part)
            self.bytes += len(part)
        self.records += 1

    @property
    def hash(self) -> bytes:
        """SHA-256 of `data`; 32 bytes."""
        return self._hash.digest()

    @property
    def data(self) -> bytes:
        return b"".join(self._parts)


def segment_hash(data: bytes) -> bytes:
    """What the agent's log says of a segment: SHA-256 of all of it; 32 bytes."""
    return hashlib.sha256(data).digest()


def read_segment(data: bytes) -> list[MediaEnvelope]:
    """The records of a segment, in order.

    Raises:
        RemoteProtocolError: cut short, too long, or something else than media records for all and for the store.
    """
    if len(data) > SEGMENT_BYTES_MAX:
        raise RemoteProtocolError(f"a segment of {len(data)} bytes")
    records, at = [], 0
    while at < len(data):
        if len(data) - at < _LENGTH.size:
            raise RemoteProtocolError("a segment that is cut short")
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if not 0 < length <= min(ENVELOPE_BYTES_MAX, len(data) - at):
            raise RemoteProtocolError(f"a record of {length} bytes where {len(data) - at} are left")
        envelope = unwrap(data[at : at + length])
        if not isinstance(envelope, MediaEnvelope) or envelope.audience is Audience.ONE:
            raise RemoteProtocolError("a segment holds media records for all, and for the store")
        records.append(envelope)
        at += length
    return records


@dataclass(frozen=True)
class Missing:
    """A segment that the log speaks of and nobody has kept, and why: `storage`, `network`, or `unknown`."""

    segment: SegmentClosed
    why: str


@dataclass(frozen=True)
class Recording:
    """What a log says of its recording: every segment and every epoch, sealed or not, in order."""

    segments: tuple[SegmentClosed, ...]
    epochs: tuple[EpochBegan, ...]
    lost: Mapping[int, str]

    def missing(self, kept: Mapping[int, bytes]) -> list[Missing]:
        """Which segments are not among those kept.

        Args:
            kept: the hash of what is kept, by the number of its segment.

        Raises:
            LogTampered: something else is kept than the agent signed.
        """
        missing = []
        for segment in self.segments:
            hash_kept = kept.get(segment.segment)
            if hash_kept is None:
                missing.append(Missing(segment, self.lost.get(segment.segment, "unknown")))
            elif hash_kept != segment.hash:
                raise LogTampered(f"segment {segment.segment} is not the one that the agent signed")
        return missing


def recording_of(entries: Sequence[Entry]) -> Recording:
    """What a checked log says of its recording.

    Raises:
        LogTampered: segments or epochs that do not follow each other, or a segment of an epoch that was not recorded.
    """
    segments: list[SegmentClosed] = []
    epochs: list[EpochBegan] = []
    lost: dict[int, str] = {}
    for entry in entries:
        match entry.event:
            case EpochBegan() as epoch:
                if epoch.epoch != len(epochs) + 1 or (epochs and epoch.first < epochs[-1].first):
                    raise LogTampered(f"entry {entry.number}: epoch {epoch.epoch} after {len(epochs)}")
                epochs.append(epoch)
            case SegmentClosed() as segment:
                _check_segment(entry.number, segment, segments, epochs)
                segments.append(segment)
            case SegmentLost(segment=number, why=why):
                lost[number] = why
    return Recording(tuple(segments), tuple(epochs), lost)


def _check_segment(
    number: int, segment: SegmentClosed, before: Sequence[SegmentClosed], epochs: Sequence[EpochBegan]
) -> None:
    if segment.segment != len(before):
        raise LogTampered(f"entry {number}: segment {segment.segment} after {len(before)} others")
    if not 0 < segment.epoch <= len(epochs) or not epochs[segment.epoch - 1].wrapped:
        raise LogTampered(f"entry {number}: a segment of an epoch that was not recorded")
    if segment.first < epochs[segment.epoch - 1].first or segment.next < segment.first:
        raise LogTampered(f"entry {number}: a segment that begins before its epoch")
    if before and (segment.epoch < before[-1].epoch or segment.first < before[-1].next):
        raise LogTampered(f"entry {number}: a segment that begins before the one before it has ended")


def check_records(segment: SegmentClosed, data: bytes) -> list[MediaEnvelope]:
    """The records of a segment that was kept, held against what the agent signed about it.

    Raises:
        LogTampered: it is another one, or its records are not those that the entry speaks of.
    """
    if len(data) != segment.bytes or segment_hash(data) != segment.hash:
        raise LogTampered(f"segment {segment.segment} is not the one that the agent signed")
    try:
        records = read_segment(data)
    except RemoteProtocolError as error:
        raise LogTampered(f"segment {segment.segment}: {error}") from None
    to_all = [record.counter for record in records if record.audience is Audience.ALL]
    if to_all != list(range(segment.first, segment.next)) or any(each.epoch != segment.epoch for each in records):
        raise LogTampered(f"segment {segment.segment} holds other records than its entry says")
    return records
