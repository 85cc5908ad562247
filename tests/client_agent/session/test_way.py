from hypothesis import given
from hypothesis.strategies import dictionaries, integers, sampled_from

from client_agent.screen.budget import Path
from client_agent.session.way import NOTICED_MS, Way, bottleneck
from protocol.relay_messages import LegsMeasured
from protocol.vocabulary import Bottleneck, Preference

WIDE = Path(rate=10e6, motion_rate=10e6, round_trip_s=0.03)
NARROW = Path(rate=125e3, motion_rate=100e3, round_trip_s=0.2, queue_s=0.05)
PARTS: list[Bottleneck] = [each for each in Bottleneck if each is not Bottleneck.NONE]


def a_way(agent_ms: int = 0, viewer_ms: int = 0, relay_ms: int = 0) -> Way:
    way = Way()
    way.legs_measured(LegsMeasured(agent_ms, viewer_ms, relay_ms))
    return way


def test_all_that_was_measured_is_told() -> None:
    way = a_way(agent_ms=210, viewer_ms=30, relay_ms=2)
    way.drawing_timed(6)
    for _ in range(100):
        way.made(0.004)
    told = way.news(NARROW, Preference.SHARPER, 0.0)
    assert told
    assert (told.preference, told.bottleneck) == (Preference.SHARPER, Bottleneck.AGENT_NETWORK)
    assert (told.round_trip_ms, told.rate_kbit) == (250, 1000)
    assert (told.agent_ms, told.relay_ms, told.viewer_ms, told.making_ms, told.drawing_ms) == (210, 2, 30, 4, 6)


def test_what_has_hardly_changed_is_no_news() -> None:
    way = a_way(agent_ms=100)
    assert way.news(NARROW, Preference.AUTOMATIC, 0.0)
    way.legs_measured(LegsMeasured(104, 1, 0))
    way.made(0.0)
    assert way.news(NARROW, Preference.AUTOMATIC, 5.0) is None
    way.legs_measured(LegsMeasured(140, 1, 0))
    assert way.news(NARROW, Preference.AUTOMATIC, 5.0)


def test_of_a_way_that_no_picture_goes_only_the_preference_is_news() -> None:
    way = a_way(agent_ms=100)
    assert way.news(NARROW, Preference.AUTOMATIC, 0.0)
    way.legs_measured(LegsMeasured(200, 1, 0))
    assert way.news(NARROW, Preference.AUTOMATIC, 5.0) is None
    assert way.news(NARROW, Preference.SHARPER, 5.0)
    way.legs_measured(LegsMeasured(100, 1, 0))
    way.made(0.0)
    assert way.news(NARROW, Preference.SHARPER, 10.0)


def test_there_is_no_news_more_often_than_once_a_second_and_a_new_listener_is_told_all() -> None:
    way = a_way(agent_ms=100)
    assert way.news(NARROW, Preference.AUTOMATIC, 0.0)
    assert way.news(NARROW, Preference.SMOOTHER, 0.9) is None
    assert way.news(NARROW, Preference.SMOOTHER, 1.0)
    way.tell_again()
    assert way.news(NARROW, Preference.SMOOTHER, 2.0)


def test_what_was_measured_of_another_path_is_forgotten() -> None:
    way = a_way(agent_ms=300, viewer_ms=200)
    way.drawing_timed(50)
    way.restart()
    told = way.news(WIDE, Preference.AUTOMATIC, 0.0)
    assert told
    assert (told.agent_ms, told.viewer_ms, told.drawing_ms, told.bottleneck) == (0, 0, 0, Bottleneck.NONE)
    assert way.round_trip_s == 0


@given(dictionaries(sampled_from(PARTS), integers(0, 60_000)))
def test_the_bottleneck_is_what_takes_longest_where_anybody_would_notice(some: dict[Bottleneck, int]) -> None:
    parts = dict.fromkeys(PARTS, 0) | some
    found = bottleneck(parts, is_narrow=False)
    if sum(parts.values()) < NOTICED_MS:
        assert found is Bottleneck.NONE
    else:
        assert parts[found] == max(parts.values())


def test_on_a_narrow_path_it_is_the_network_whose_ping_waits_longer() -> None:
    parts: dict[Bottleneck, int] = dict.fromkeys(PARTS, 0)
    parts |= {Bottleneck.VIEWER_NETWORK: 40, Bottleneck.AGENT_PROCESSOR: 45}
    assert bottleneck(parts, is_narrow=True) is Bottleneck.VIEWER_NETWORK


def test_a_path_that_looks_narrow_because_drawing_takes_long_is_not_the_networks_fault() -> None:
    parts: dict[Bottleneck, int] = dict.fromkeys(PARTS, 0)
    parts |= {Bottleneck.AGENT_NETWORK: 2, Bottleneck.VIEWER_NETWORK: 1, Bottleneck.VIEWER_PROCESSOR: 500}
    assert bottleneck(parts, is_narrow=True) is Bottleneck.VIEWER_PROCESSOR
    parts |= {Bottleneck.AGENT_NETWORK: 900}
    assert bottleneck(parts, is_narrow=True) is Bottleneck.AGENT_NETWORK
