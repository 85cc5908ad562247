from protocol.limits import MEASURED_MS_MAX
from protocol.relay_messages import LegsMeasured
from relay.legs import Legs


def test_what_is_measured_first_is_told_in_milliseconds() -> None:
    assert Legs().news(agent_s=0.2101, viewer_s=0.03, relay_s=0) == LegsMeasured(210, 30, 0)


def test_only_what_has_changed_notably_is_told_again() -> None:
    legs = Legs()
    assert legs.news(agent_s=0.2, viewer_s=0.03, relay_s=0)
    assert legs.news(agent_s=0.22, viewer_s=0.032, relay_s=0.005) is None
    assert legs.news(agent_s=0.25, viewer_s=0.03, relay_s=0) == LegsMeasured(250, 30, 0)


def test_what_takes_longer_than_can_be_said_counts_as_that() -> None:
    assert Legs().news(agent_s=1e6, viewer_s=0, relay_s=0) == LegsMeasured(MEASURED_MS_MAX, 0, 0)
