"""protocol/channel.py: a true prefix, or nothing."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, sampled_from

from protocol.channel import agent_channel, viewer_channel
from protocol.errors import ProtocolError
from protocol.messages import ControlGivenBack, Pinged, ScreenChosen, TextTyped
from tests.protocol.pairs import secrets

SECRETS = secrets()
MESSAGES = [TextTyped("é € 😀"), ScreenChosen(1), Pinged(5), ControlGivenBack()]


@given(lists(sampled_from(MESSAGES), max_size=20))
def test_what_is_said_arrives_once_and_in_order(messages: list[TextTyped]) -> None:
    agent, viewer = agent_channel(SECRETS), viewer_channel(SECRETS)
    assert [agent.open(viewer.seal(message)) for message in messages] == messages


@given(
    lists(sampled_from(MESSAGES), min_size=1, max_size=8),
    integers(0, 10**6),
    sampled_from(["flip", "drop", "repeat", "swap", "cut"]),
)
def test_whatever_the_path_does_a_true_prefix_arrives(messages: list[TextTyped], where: int, fault: str) -> None:
    agent, viewer = agent_channel(SECRETS), viewer_channel(SECRETS)
    records = [viewer.seal(message) for message in messages]
    at = where % len(records)
    if fault == "flip":
        altered = bytearray(records[at])
        altered[where // 7 % len(altered)] ^= 1
        records[at] = bytes(altered)
    elif fault == "drop":
        del records[at]
    elif fault == "repeat":
        records.insert(at, records[at])
    elif fault == "swap":
        records[at], records[0] = records[0], records[at]
    else:
        records[at] = records[at][: where % len(records[at])]
    arrived = []
    try:
        for record in records:
            arrived.append(agent.open(record))
    except ProtocolError:
        pass
    assert arrived == messages[: len(arrived)]


def test_a_record_does_not_open_at_its_own_sender() -> None:
    viewer = viewer_channel(SECRETS)
    with pytest.raises(ProtocolError):
        viewer.open(viewer.seal(ControlGivenBack()))


def test_a_record_says_nothing_about_the_length_of_short_texts() -> None:
    viewer = viewer_channel(SECRETS)
    assert len(viewer.seal(TextTyped("a"))) == len(viewer.seal(TextTyped("abcdefgh")))


def test_a_record_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(ProtocolError, match="bytes"):
        agent_channel(SECRETS).open(bytes(60_000))
