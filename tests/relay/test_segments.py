"""relay/segments.py: a recording is collected exactly as it passes, bounded, and no half of a segment is ever handed on."""

import pytest

from protocol.errors import RemoteProtocolError
from protocol.limits import SEGMENT_BYTES_MAX
from protocol.recording import Segment
from relay.segments import Arriving

RECORDS = [bytes([4, 0]) + bytes([n]) * (100 + n) for n in range(20)]


def segment_of(records: list[bytes]) -> Segment:
    segment = Segment()
    for record in records:
        segment.add(record)
    return segment


def test_what_passed_is_what_the_agent_hashed() -> None:
    arriving = Arriving()
    arriving.open(3)
    for record in RECORDS:
        arriving.record(record)
    chunks = arriving.complete(3)
    assert chunks
    assert b"".join(chunks) == segment_of(RECORDS).data


def test_what_passes_while_nothing_is_recorded_is_not_kept() -> None:
    arriving = Arriving()
    arriving.record(RECORDS[0])
    assert arriving.complete(0) is None
    arriving.open(0)
    arriving.record(RECORDS[1])
    assert arriving.complete(0)
    arriving.record(RECORDS[2])
    assert arriving.complete(0) is None


def test_a_segment_that_is_completed_twice_or_under_another_number_is_not_there() -> None:
    arriving = Arriving()
    arriving.open(7)
    arriving.record(RECORDS[0])
    assert arriving.complete(8) is None
    assert arriving.complete(7)
    assert arriving.complete(7) is None


def test_a_segment_that_is_sent_again_goes_beside_the_one_that_passes() -> None:
    arriving, data = Arriving(), segment_of(RECORDS).data
    arriving.open(5)
    arriving.record(RECORDS[0])
    for offset in range(0, len(data), 500):
        arriving.part(4, offset, data[offset : offset + 500])
        arriving.record(RECORDS[1])
    assert arriving.complete(4) == [data]
    assert b"".join(arriving.complete(5) or []) == segment_of([RECORDS[0], *[RECORDS[1]] * -(-len(data) // 500)]).data


def test_a_segment_that_is_begun_again_from_its_beginning_is_whole() -> None:
    arriving, data = Arriving(), segment_of(RECORDS).data
    arriving.part(4, 0, data[:500])
    arriving.part(4, 0, data[:700])
    arriving.part(4, 700, data[700:])
    assert arriving.complete(4) == [data]


@pytest.mark.parametrize(("segment", "offset"), [(4, 600), (4, 400), (5, 500)])
def test_a_part_that_does_not_continue_what_came_is_refused(segment: int, offset: int) -> None:
    arriving = Arriving()
    arriving.part(4, 0, bytes(500))
    with pytest.raises(RemoteProtocolError):
        arriving.part(segment, offset, bytes(10))


def test_a_segment_never_grows_beyond_what_one_may_hold() -> None:
    arriving, record = Arriving(), bytes(200_000)
    arriving.open(0)
    for _ in range(SEGMENT_BYTES_MAX // 200_004):
        arriving.record(record)
    with pytest.raises(RemoteProtocolError):
        arriving.record(record)
    arriving.part(1, 0, bytes(SEGMENT_BYTES_MAX - 1))
    with pytest.raises(RemoteProtocolError):
        arriving.part(1, SEGMENT_BYTES_MAX - 1, bytes(2))
