"""protocol/recording.py: segments hold records exactly as they were sent, and what is missing or altered is named."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis.strategies import binary
from msgspec import structs

from protocol.envelope import Audience
from protocol.errors import LocalProtocolError, LogTampered, RemoteProtocolError
from protocol.limits import SEGMENT_BYTES_MAX
from protocol.media import MediaSealer
from protocol.recording import Segment, check_records, read_segment, recording_of, segment_hash
from protocol.session_log import Entry, EpochBegan, Event, SegmentClosed, SegmentLost

WRAPPED = bytes(48)


def entries_of(*events: Event) -> list[Entry]:
    return [Entry(number, bytes(32), 1000 + number, event) for number, event in enumerate(events)]


def sealed(count: int = 3, *, for_store: int = 1) -> tuple[Segment, list[bytes]]:
    """A segment of so many records for the store and, after them, to all; and its records."""
    sealer, segment = MediaSealer(), Segment()
    sealer.start_epoch(bytes(32))
    records = [sealer.seal(b"", audience=Audience.STORE) for _ in range(for_store)]
    records += [sealer.seal(b"") for _ in range(count)]
    for record in records:
        segment.add(record)
    return segment, records


def closed(segment: Segment, number: int = 0, *, first: int = 0, epoch: int = 1) -> SegmentClosed:
    to_all = sum(record.audience is Audience.ALL for record in read_segment(segment.data))
    return SegmentClosed(number, epoch, True, first, first + to_all, segment.records, segment.bytes, 1, 2, segment.hash)


def test_records_are_kept_exactly_as_they_were_sent() -> None:
    segment, records = sealed()
    assert [record.data for record in read_segment(segment.data)] == records
    assert [record.data for record in check_records(closed(segment), segment.data)] == records
    assert segment.hash == segment_hash(segment.data)
    assert (segment.bytes, segment.records) == (len(segment.data), 4)


def test_a_segment_grows_to_a_mebibyte_and_no_further() -> None:
    segment, record = Segment(), bytes(200_000)
    while segment.has_room_for(record):
        segment.add(record)
    assert SEGMENT_BYTES_MAX - 201_000 < segment.bytes <= SEGMENT_BYTES_MAX
    with pytest.raises(LocalProtocolError):
        segment.add(record)


@given(binary(max_size=300))
def test_any_bytes_are_a_segment_or_refused(data: bytes) -> None:
    try:
        read_segment(data)
    except RemoteProtocolError:
        return
    assert not data or data[4] == 4


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_segment_that_is_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(RemoteProtocolError):
        read_segment(sealed()[0].data[:-cut])


def test_a_record_for_one_viewer_belongs_into_no_recording() -> None:
    sealer, segment = MediaSealer(), Segment()
    sealer.start_epoch(bytes(32))
    segment.add(sealer.seal(b"", audience=Audience.ONE, peer=1))
    with pytest.raises(RemoteProtocolError):
        read_segment(segment.data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:-1] + bytes([data[-1] ^ 0x80]),
        lambda data: data + data,
        lambda data: b"",
        lambda data: sealed(2)[0].data,
    ],
    ids=["cut short", "its first bit", "its last bit", "doubled", "emptied", "another one"],
)
def test_a_segment_that_was_altered_is_found(change: Callable[[bytes], bytes]) -> None:
    segment, _ = sealed()
    with pytest.raises(LogTampered):
        check_records(closed(segment), change(segment.data))


def test_an_entry_that_speaks_of_other_records_is_found() -> None:
    segment, _ = sealed()
    for wrong in ({"first": 1, "next": 4}, {"next": 2}, {"epoch": 2}):
        with pytest.raises(LogTampered):
            check_records(structs.replace(closed(segment), **wrong), segment.data)


def test_what_is_missing_is_named_with_its_reason() -> None:
    segment, _ = sealed()
    said = [closed(segment, number, first=3 * number) for number in range(3)]
    recording = recording_of(
        entries_of(EpochBegan(1, 0, bytes(32), WRAPPED), *said[:2], SegmentLost(1, "storage"), said[2])
    )
    assert recording.missing({0: segment.hash, 1: segment.hash, 2: segment.hash}) == []
    missing = recording.missing({0: segment.hash})
    assert [(each.segment.segment, each.why) for each in missing] == [(1, "storage"), (2, "unknown")]
    with pytest.raises(LogTampered):
        recording.missing({0: bytes(32)})


SEGMENT = closed(sealed()[0])
BEGAN = EpochBegan(1, 0, bytes(32), WRAPPED)


@pytest.mark.parametrize(
    "events",
    [
        [BEGAN, structs.replace(SEGMENT, segment=1)],
        [BEGAN, SEGMENT, SEGMENT],
        [BEGAN, SEGMENT, structs.replace(SEGMENT, segment=1, first=2, next=5)],
        [SEGMENT],
        [structs.replace(BEGAN, wrapped=b""), SEGMENT],
        [structs.replace(BEGAN, first=1), SEGMENT],
        [structs.replace(BEGAN, epoch=2)],
        [BEGAN, structs.replace(BEGAN, epoch=1)],
        [structs.replace(BEGAN, first=5), structs.replace(BEGAN, epoch=2, first=4)],
        [BEGAN, structs.replace(BEGAN, epoch=2, first=9), structs.replace(SEGMENT, epoch=2, first=9, next=8)],
    ],
    ids=[
        "one left out",
        "one twice",
        "two that overlap",
        "without its epoch",
        "of an epoch that nobody can open",
        "before its epoch",
        "an epoch left out",
        "an epoch twice",
        "epochs that run backwards",
        "a segment that runs backwards",
    ],
)
def test_a_log_whose_recording_does_not_hold_together_is_found(events: list[Event]) -> None:
    with pytest.raises(LogTampered):
        recording_of(entries_of(*events))
