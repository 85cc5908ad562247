import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers, lists, tuples

from client_agent.losses import Losses, Lossy
from client_agent.tcp_info import TcpInfo

START = TcpInfo(
    segment_bytes=1448,
    window=10,
    under_way=0,
    unsent_bytes=0,
    round_trip_s=0.2,
    shortest_round_trip_s=0.2,
    sent=0,
    sent_again=0,
)


def lose(losses: Losses, share: float, start: TcpInfo = START) -> Lossy | None:
    """A minute of fifteen segments a second, of which so many have to be sent again; gives what is made of it in the end."""
    chance, info, lossy = random.Random(7), start, None
    for step in range(60 * 15):
        again = chance.random() < share
        info = replace(info, window=5, sent=info.sent + 1 + again, sent_again=info.sent_again + again)
        lossy = losses.learn(info, step / 15)
    return lossy


@pytest.mark.parametrize("share", [0.04, 0.05, 0.1, 0.3])
def test_a_path_that_loses_every_twentieth_packet_carries_what_the_window_lets_through(share: float) -> None:
    lossy = lose(Losses(), share)
    assert lossy
    assert lossy.rate == pytest.approx(5 * 1448 / 0.2, rel=0.01)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.005])
def test_a_loss_now_and_then_changes_nothing(share: float) -> None:
    assert lose(Losses(), share) is None


def test_on_a_short_way_nothing_is_taken_for_lost_however_late_a_busy_machine_answers() -> None:
    near = replace(START, shortest_round_trip_s=0.0002)
    assert lose(Losses(), 0.1, near) is None
    assert Losses().learn(replace(near, sent=22, sent_again=2), 0.0) is None


def test_what_a_full_queue_loses_at_once_is_one_loss() -> None:
    losses, info = Losses(), START
    for step in range(600):
        # Every seventh second ten segments are lost and sent again within a round trip, as at the end of slow start.
        again = step % 105 < 3
        info = replace(info, sent=info.sent + 1 + 3 * again, sent_again=info.sent_again + 3 * again)
        assert losses.learn(info, step / 15) is None


def test_one_loss_at_the_beginning_says_nothing_yet() -> None:
    losses = Losses()
    assert losses.learn(replace(START, sent=5, sent_again=1), 0.0) is None
    assert losses.learn(replace(START, sent=40, sent_again=2), 2.0)


def test_a_path_that_has_become_better_is_believed_by_and_by() -> None:
    losses = Losses()
    assert lose(losses, 0.05)
    info = replace(START, sent=10_000, sent_again=500)
    for step in range(1, 400):
        losses.learn(replace(info, sent=info.sent + 10 * step), 60 + step / 15)
    assert not losses.are_many


@pytest.mark.parametrize(
    ("window", "under_way", "unsent_bytes", "room_bytes", "is_idle"),
    [
        (5, 0, 0, 5 * 1448, True),
        (5, 3, 0, 2 * 1448, False),
        (5, 5, 0, 0, False),
        (5, 3, 1000, 2 * 1448 - 1000, False),
        (2, 4, 5000, 0, False),
        (1, 0, 300, 1448 - 300, False),
    ],
)
def test_what_leaves_at_once_is_what_the_window_has_left(
    window: int, under_way: int, unsent_bytes: int, room_bytes: int, is_idle: bool
) -> None:
    losses = Losses()
    losses.learn(replace(START, sent=40, sent_again=1), 0.0)
    again = replace(START, sent=50, sent_again=2)
    lossy = losses.learn(replace(again, window=window, under_way=under_way, unsent_bytes=unsent_bytes), 1.0)
    assert lossy
    assert (lossy.room_bytes, lossy.is_idle) == (room_bytes, is_idle)


@settings(max_examples=50)
@given(lists(tuples(integers(0, 2**32 - 1), integers(0, 2**32 - 1), floats(0, 10)), max_size=50))
def test_whatever_a_system_counts_nothing_breaks(counts: list[tuple[int, int, float]]) -> None:
    losses, now = Losses(), 0.0
    for sent, sent_again, later in counts:
        now += later
        lossy = losses.learn(replace(START, sent=sent, sent_again=sent_again, round_trip_s=0.0), now)
        assert lossy is None or (lossy.rate >= 0 and lossy.room_bytes >= 0)
