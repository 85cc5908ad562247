from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from, tuples

from client_agent.session.way_log import WayLog
from protocol.limits import PATH_TOLD_S
from protocol.messages import PathMeasured
from protocol.session_log import PathChanged
from protocol.vocabulary import Bottleneck, Preference

NONE, NETWORK = Bottleneck.NONE, Bottleneck.VIEWER_NETWORK


def measured(bottleneck: Bottleneck, round_trip_ms: int, rate_kbit: int = 9000) -> PathMeasured:
    return PathMeasured(Preference.AUTOMATIC, bottleneck, round_trip_ms, rate_kbit, 0, 0, 0, 0, 0)


def written(*steps: tuple[float, Bottleneck, int]) -> list[tuple[float, PathChanged]]:
    log, found = WayLog(), []
    for at, bottleneck, ms in steps:
        if changed := log.take(measured(bottleneck, ms), at):
            found.append((at, changed))
    return found


def test_the_first_is_told_soon_and_only_another_kind_after() -> None:
    steps = [(at / 2, NONE, 20 + at % 7) for at in range(80)]
    assert written(*steps) == [(2.0, PathChanged(NONE, 24, 9000))]


def test_the_worst_moment_of_ten_seconds_is_told_and_that_it_is_over() -> None:
    steps = [(at / 2, NETWORK, 1400) if at == 11 else (at / 2, NONE, 30) for at in range(60)]
    assert written(*steps) == [
        (2.0, PathChanged(NONE, 30, 9000)),
        (12.0, PathChanged(NETWORK, 1400, 9000)),
        (22.0, PathChanged(NONE, 30, 9000)),
    ]


def test_a_delay_that_starts_to_disturb_is_another_kind_and_some_milliseconds_more_are_not() -> None:
    steps = [(at / 2, NETWORK, 300 if at < 10 else 450 if at < 50 else 1000) for at in range(90)]
    assert [changed.round_trip_ms for _, changed in written(*steps)] == [300, 1000]


def test_while_nobody_looks_nothing_is_measured() -> None:
    log = WayLog()
    assert [log.take(None, at / 2) for at in range(100)] == [None] * 100
    assert log.take(measured(NONE, 1), 50.0) is None
    assert log.take(measured(NONE, 1), 52.0) == PathChanged(NONE, 1, 9000)


@given(lists(tuples(sampled_from(Bottleneck), integers(0, 60_000)), max_size=400))
def test_however_much_it_changes_entries_are_few(told: list[tuple[Bottleneck, int]]) -> None:
    steps = [(0.5 * number, bottleneck, ms) for number, (bottleneck, ms) in enumerate(told)]
    assert len(written(*steps)) <= 1 + 0.5 * len(told) / PATH_TOLD_S
