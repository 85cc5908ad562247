"""protocol/file_pace.py on a model of a path: it fills the path, and what shares it waits little."""

from dataclasses import dataclass, field

import pytest

from protocol.file_pace import FilePace
from protocol.limits import FILE_IN_FLIGHT_BYTES_MAX, FILE_PART_BYTES_MAX, FILE_PART_BYTES_MIN


@dataclass
class Path:
    """One way of so many bytes a second, with a queue before it, and there and back in so many seconds."""

    bytes_a_second: float
    round_trip_s: float
    free_at_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)

    def carry(self, count: int, now_s: float) -> float:
        """When it is acknowledged."""
        begins_s = max(now_s, self.free_at_s)
        self.waits_s.append(begins_s - now_s)
        self.free_at_s = begins_s + count / self.bytes_a_second
        return self.free_at_s + self.round_trip_s


def send(path: Path, size: int) -> float:
    """Send a file of so many bytes; gives how long it took."""
    pace, now_s = FilePace(), 0.0
    coming: list[tuple[float, int]] = []
    while True:
        while pace.sent < size and (count := min(pace.next_bytes, size - pace.sent)):
            assert 0 < count <= FILE_PART_BYTES_MAX
            pace.send(count, now_s)
            coming.append((path.carry(count, now_s), pace.sent))
            assert pace.sent - (coming[0][1] - count) <= FILE_IN_FLIGHT_BYTES_MAX + count
        if not coming:
            return now_s
        now_s, received = coming.pop(0)
        assert pace.acknowledge(received, now_s)


@pytest.mark.parametrize("kbit", [256, 1000, 4000, 20_000, 1_000_000])
@pytest.mark.parametrize("round_trip_s", [0.002, 0.04, 0.15])
def test_a_path_is_used_well_and_nothing_waits_long_before_it(kbit: int, round_trip_s: float) -> None:
    path = Path(kbit * 125.0, round_trip_s)
    size = 4_000_000
    took_s = send(path, size)
    possible_s = max(size / path.bytes_a_second, size / FILE_IN_FLIGHT_BYTES_MAX * round_trip_s)
    assert took_s < 2.5 * possible_s + 2
    # What a person would notice; where the path is narrower still, what four of the smallest parts take.
    bearable_s = max(0.1, 4 * FILE_PART_BYTES_MIN / path.bytes_a_second)
    assert sorted(path.waits_s)[int(len(path.waits_s) * 0.95)] <= bearable_s


def test_what_cannot_be_acknowledged_is_not() -> None:
    pace = FilePace()
    assert not pace.acknowledge(1, 0)
    pace.send(1000, 0)
    assert not pace.acknowledge(0, 1)
    assert not pace.acknowledge(1001, 1)
    assert pace.acknowledge(1000, 1)
    assert not pace.acknowledge(1000, 1)


def test_after_a_cut_it_begins_carefully_and_goes_on() -> None:
    pace = FilePace()
    while count := pace.next_bytes:
        pace.send(count, 0)
    pace.begin_anew(60)
    assert pace.next_bytes == 0
    assert pace.acknowledge(pace.sent, 60.1)
    assert pace.next_bytes > 0
