from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis.strategies import floats, integers, lists, sampled_from, tuples

from client_agent.losses import Lossy
from client_agent.screen.budget import budget
from client_agent.screen.pacing import Pacer, Urgency
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.limits import PICTURES_IN_FLIGHT_MIN
from protocol.vocabulary import Preference
from tests.client_agent.screen.path_model import PathModel, Scene, percentile


def play(rate: float, round_trip_s: float, size: int, seconds: float) -> tuple[int, int, int]:
    """Send pictures whenever one may leave, over a path of `rate` bytes a second.

    Returns:
        How many were shown, and the most pictures and bytes that were under way in the second half.
    """
    pacer, now, path_free_at = Pacer(), 0.0, 0.0
    on_the_way: deque[tuple[float, int]] = deque()
    pictures_max = bytes_max = 0
    while now < seconds:
        while pacer.may_send(now):
            number = pacer.newest_sent + 1
            pacer.sent(number, size, now)
            path_free_at = max(path_free_at, now) + size / rate
            on_the_way.append((path_free_at + round_trip_s, number))
            if now > seconds / 2:
                pictures_max = max(pictures_max, len(on_the_way))
                bytes_max = max(bytes_max, size * len(on_the_way))
        now, shown = on_the_way.popleft()
        pacer.shown(shown, now)
    return pacer.newest_shown, pictures_max, bytes_max


def test_two_pictures_may_leave_before_anything_is_known() -> None:
    pacer = Pacer()
    for number in range(1, PICTURES_IN_FLIGHT_MIN + 1):
        assert pacer.may_send(0.0)
        pacer.sent(number, 1000, now=0.0)
    assert not pacer.may_send(0.0)


def test_a_quick_path_is_filled() -> None:
    shown, _, _ = play(rate=10e6, round_trip_s=0.1, size=20_000, seconds=20)
    assert shown * 20_000 > 0.8 * 10e6 * 20


def test_a_slow_path_is_not_flooded() -> None:
    _, pictures, _ = play(rate=100e3, round_trip_s=0.05, size=5_000, seconds=60)
    assert pictures <= 4


@given(floats(1e4, 1e8), floats(0.0005, 0.5), integers(50, 2_000_000))
def test_on_any_path_no_more_is_under_way_than_it_carries_in_some_round_trips(
    rate: float, round_trip_s: float, size: int
) -> None:
    _, pictures, sent = play(rate, round_trip_s, size, seconds=200 * (round_trip_s + size / rate))
    # What may be under way counts from sending to showing, in which a picture takes its own time on the path as well.
    carried = 3 * rate * (round_trip_s + size / rate)
    assert pictures <= PICTURES_IN_FLIGHT_MIN or sent <= carried + size


def test_a_picture_that_was_never_sent_cannot_be_shown() -> None:
    pacer = Pacer()
    pacer.sent(1, 100, now=0.0)
    with pytest.raises(RemoteProtocolError, match="picture 2 shown where 1 is the newest"):
        pacer.shown(2, now=0.1)


def test_showing_once_more_or_an_older_one_changes_nothing() -> None:
    pacer = Pacer()
    pacer.sent(1, 100, now=0.0)
    pacer.sent(2, 100, now=0.0)
    pacer.shown(2, now=0.1)
    pacer.shown(1, now=0.2)
    pacer.shown(2, now=0.3)
    assert (pacer.newest_shown, pacer.behind_s(1.0)) == (2, 0.0)


def test_numbers_only_grow() -> None:
    pacer = Pacer()
    pacer.sent(5, 100, now=0.0)
    with pytest.raises(LocalProtocolError, match="picture 5 after 5"):
        pacer.sent(5, 100, now=0.1)


def test_how_far_the_viewer_is_behind_counts_from_the_oldest_picture_under_way() -> None:
    pacer = Pacer()
    pacer.sent(1, 100, now=1.0)
    pacer.sent(2, 100, now=2.0)
    assert pacer.behind_s(3.0) == 2.0
    pacer.shown(1, now=3.0)
    assert pacer.behind_s(3.5) == 1.5


def test_a_new_beginning_forgets_what_was_under_way_but_not_what_was_sent() -> None:
    pacer = Pacer()
    for number in (1, 2):
        pacer.sent(number, 100, now=0.0)
    pacer.restart()
    assert pacer.may_send(0.0)
    assert pacer.behind_s(10.0) == 0.0
    pacer.shown(2, now=10.0)


@given(lists(tuples(integers(1, 1 << 40), floats(0, 1e-9)), min_size=1, max_size=200))
def test_a_viewer_that_claims_to_show_at_once_does_not_open_the_gates(claims: list[tuple[int, float]]) -> None:
    pacer, now = Pacer(), 0.0
    for number, (size, later) in enumerate(claims, start=1):
        pacer.sent(number, size, now)
        now += later
        pacer.shown(number, now)
    pictures = 0
    while pacer.may_send(now):
        pacer.sent(pacer.newest_sent + 1, 1, now)
        pictures += 1
    assert pictures <= 60


# --- beside a film, over a path that is played without a clock (path_model.py) ---


def test_a_letter_typed_beside_a_film_is_not_late_on_a_path_of_1_mbit_and_200_ms() -> None:
    scene = Scene(PathModel(rate=125e3, round_trip_s=0.2))
    scene.play(5)
    seen = scene.play(20)
    assert percentile(seen.glyphs_s, 0.95) <= 0.26
    assert seen.moved_bytes >= 0.8 * 125e3 * 20


def test_nor_is_it_while_something_is_made_exact() -> None:
    scene = Scene(PathModel(rate=125e3, round_trip_s=0.2), is_moving=False, refines=True)
    scene.pacer.expect(0.2)
    scene.play(5)
    seen = scene.play(20)
    assert percentile(seen.glyphs_s, 0.95) <= 0.3
    assert seen.moved_bytes >= 0.75 * 125e3 * 20


def test_with_5_percent_of_loss_a_letter_waits_for_what_was_lost_and_no_longer() -> None:
    scene = Scene(PathModel(rate=125e3, round_trip_s=0.2, loss=0.05))
    scene.play(5)
    assert percentile(scene.play(20).glyphs_s, 0.95) <= 0.6


@settings(max_examples=10, deadline=None)
@given(floats(4e4, 6e5), floats(0.05, 0.4), sampled_from([Preference.AUTOMATIC, Preference.SMOOTHER]))
def test_on_any_path_a_film_uses_it_and_nothing_waits_long(
    rate: float, round_trip_s: float, preference: Preference
) -> None:
    scene = Scene(PathModel(rate, round_trip_s), preference=preference)
    scene.pacer.expect(round_trip_s)
    scene.play(10)
    seen = scene.play(10)
    assert max(seen.queues_s) <= 0.3 + 0.3 * round_trip_s
    assert seen.bytes_in_flight_max <= 1.6 * rate * round_trip_s + 4 * seen.budgets[-1].moving_bytes
    assert seen.moved_bytes >= 0.3 * rate * 10


def test_a_path_that_becomes_quicker_is_used_and_one_that_becomes_slower_is_not_flooded_for_long() -> None:
    scene = Scene(PathModel(rate=1e5, round_trip_s=0.1))
    scene.play(5)
    scene.path.rate = 6e5
    scene.play(8)
    assert scene.play(5).moved_bytes >= 0.6 * 6e5 * 5
    scene.path.rate = 1e5
    scene.play(3)
    assert max(scene.play(5).queues_s) <= 0.15


def test_who_saves_data_gets_less_and_whoever_wants_it_sharper_gets_fewer_pictures() -> None:
    shown = {}
    for preference in Preference:
        scene = Scene(PathModel(rate=125e3, round_trip_s=0.1), preference=preference)
        scene.play(5)
        shown[preference] = scene.play(10)
    assert shown[Preference.SAVE_DATA].moved_bytes < 0.5 * shown[Preference.AUTOMATIC].moved_bytes
    assert shown[Preference.SHARPER].moved < 0.7 * shown[Preference.AUTOMATIC].moved


def test_what_is_less_urgent_stops_first_as_the_path_fills() -> None:
    pacer, now = Pacer(), 0.0
    for number in range(1, 30):
        pacer.sent(number, 5000, now)
        now += 0.1 + 5000 / 125e3
        pacer.shown(number, now)
    stopped: list[Urgency] = []
    for number in range(30, 60):
        stopped += [each for each in Urgency if each not in stopped and not pacer.may_send(now, each)]
        pacer.sent(number, 500, now)
    assert stopped == [Urgency.REFINEMENT, Urgency.MOTION, Urgency.CHANGE]


@pytest.mark.parametrize(
    ("room_bytes", "is_idle", "leaves"),
    [(10_000, False, True), (1448, False, False), (0, False, False), (1448, True, True)],
)
def test_on_a_lossy_path_what_can_wait_leaves_only_while_a_letter_after_it_would_not_wait(
    room_bytes: int, is_idle: bool, leaves: bool
) -> None:
    pacer = Pacer()
    pacer.lose(Lossy(25_000, room_bytes, is_idle))
    assert [pacer.may_send(0.0, each) for each in Urgency] == [leaves, leaves, True]
    assert pacer.is_held_by_losses is not leaves


def test_however_much_room_a_lossy_path_has_no_more_is_under_way_than_is_shown_in_a_round_trip() -> None:
    pacer = Pacer()
    pacer.lose(Lossy(25_000, 1_000_000, is_idle=True))
    for number in range(1, 40):
        pacer.sent(number, 2000, now=number * 0.2)
        pacer.shown(number, now=number * 0.2 + 0.2)
    sent = 0
    while pacer.may_send(8.0, Urgency.MOTION):
        sent += 1
        pacer.sent(39 + sent, 2000, now=8.0)
    assert sent * 2000 <= 1.5 * 25_000 * 0.2


def test_what_a_lossy_path_carries_is_what_tcp_says_however_late_pictures_are_and_half_of_it_may_move() -> None:
    pacer = Pacer()
    for number, took_s in enumerate((0.2, 0.2, 1.7, 0.3, 0.9, 0.2, 2.4, 0.2, 0.2, 0.2) * 3, start=1):
        pacer.sent(number, 3000, now=number * 3.0)
        pacer.shown(number, now=number * 3.0 + took_s)
    pacer.lose(Lossy(25_000, 10_000, is_idle=False))
    path = pacer.path
    assert (path.rate, path.motion_rate, path.is_lossy) == (25_000, 12_500, True)
    pacer.lose(None)
    assert not pacer.path.is_lossy


def test_a_busy_processor_is_not_taken_for_a_narrow_path() -> None:
    pacer, now = Pacer(), 0.0
    pacer.expect(0.002)
    for number in range(1, 200):
        # Few bytes, 30 times a second, each shown 40 ms late.
        pacer.sent(number, 2000, now)
        now += 0.033
        if number > 1:
            pacer.shown(number - 1, now + 0.007)
    assert not pacer.path.is_narrow


def test_a_machine_that_becomes_busy_does_not_make_a_film_coarse() -> None:
    pacer, under_way = Pacer(), deque[tuple[float, int]]()
    sizes = [200_000] + [5500] * 300
    for number, wanted in enumerate(sizes, start=1):
        now = number / 30
        while under_way and under_way[0][0] <= now:
            shown_at, shown = under_way.popleft()
            pacer.shown(shown, shown_at)
        # As much as the film needs, where it may have that; from the second second on each picture is shown late.
        pacer.sent(number, min(wanted, budget(pacer.path, Preference.AUTOMATIC).moving_bytes), now)
        under_way.append((now + (0.006 if number < 30 else 0.07), number))
    assert budget(pacer.path, Preference.AUTOMATIC).moving_bytes >= 5500
    assert not pacer.path.is_narrow


def test_a_film_begins_with_a_share_of_what_the_path_has_been_seen_to_carry() -> None:
    pacer = Pacer()
    # The first picture waits until the page is ready for it.
    for number, (size, took_s) in enumerate(
        [(300, 0.2), (5_000, 0.007), (800_000, 0.08), *[(300, 0.007)] * 20], start=1
    ):
        pacer.sent(number, size, number * 0.5)
        pacer.shown(number, number * 0.5 + took_s)
    assert pacer.path.motion_rate >= 2e6
