"""Opening hours over midnight, on days of 23 and of 25 hours, and without a stop."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.desk.hours import WEEK, Span, after_open_hours, gaps, is_always, is_open, merged, next_change, open_seconds

PARIS = ZoneInfo("Europe/Paris")
WORKDAYS = [Span(day, 8 * 60, 18 * 60) for day in range(5)]
NIGHT = [Span(6, 22 * 60, 1440), Span(0, 0, 6 * 60)]
"""From Sunday evening to Monday morning."""


def at(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27 07:59", False),
        ("2026-11-27 08:00", True),
        ("2026-11-27 17:59", True),
        ("2026-11-27 18:00", False),
        ("2026-11-28 12:00", False),
    ],
)
def test_it_is_open_from_the_first_minute_up_to_the_last(moment: str, expected: bool) -> None:
    assert is_open(WORKDAYS, at(moment), PARIS) is expected


def test_a_night_goes_on_over_midnight_without_a_change() -> None:
    assert is_open(NIGHT, at("2026-11-29 23:59"), PARIS)
    assert is_open(NIGHT, at("2026-11-30 00:00"), PARIS)
    assert next_change(NIGHT, at("2026-11-29 23:00"), PARIS) == at("2026-11-30 06:00")


# Sunday 29 March 2026: 02:00 becomes 03:00. Sunday 25 October 2026: 03:00 becomes 02:00.
@pytest.mark.parametrize(
    ("span", "day", "hours"),
    [
        (Span(6, 0, 1440), "2026-03-29", 23.0),
        (Span(6, 0, 1440), "2026-10-25", 25.0),
        (Span(6, 120, 180), "2026-03-29", 0.0),
        (Span(6, 120, 180), "2026-10-25", 2.0),
        (Span(6, 60, 150), "2026-10-25", 2.5),
        (Span(6, 150, 240), "2026-10-25", 2.5),
    ],
)
def test_a_day_on_which_the_clock_changes_has_the_hours_that_pass(span: Span, day: str, hours: float) -> None:
    since = at(f"{day} 00:00")
    until = at(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00")
    assert open_seconds([span], since, until, PARIS) == hours * 3600


def test_a_time_that_comes_twice_is_open_both_times() -> None:
    night = [Span(6, 150, 240)]
    assert is_open(night, at("2026-10-25 02:30", fold=0), PARIS)
    assert is_open(night, at("2026-10-25 02:30", fold=1), PARIS)
    assert not is_open(night, at("2026-10-25 02:10", fold=0), PARIS)


def test_a_promise_in_opening_hours_goes_on_where_the_desk_opens_again() -> None:
    friday = at("2026-11-27 16:00")
    assert after_open_hours(WORKDAYS, friday, 1, PARIS) == at("2026-11-27 17:00")
    assert after_open_hours(WORKDAYS, friday, 4, PARIS) == at("2026-11-30 10:00")
    assert after_open_hours(WEEK, friday, 4, PARIS) == friday + timedelta(hours=4)
    assert after_open_hours([], friday, 4, PARIS) == friday + timedelta(hours=4)


def test_a_promise_over_the_change_of_the_clock_is_kept_in_hours_that_pass() -> None:
    saturday = [Span(5, 20 * 60, 1440), Span(6, 0, 6 * 60)]
    assert after_open_hours(saturday, at("2026-03-28 22:00"), 5, PARIS) == at("2026-03-29 04:00")
    assert after_open_hours(saturday, at("2026-10-24 22:00"), 5, PARIS) == at("2026-10-25 02:00", fold=1)


def test_without_a_stop_is_known_as_such_and_never_changes() -> None:
    assert is_always(WEEK)
    assert is_always([Span(day, begins, begins + 720) for day in range(7) for begins in (0, 720)])
    assert not is_always(WORKDAYS)
    assert next_change(WEEK, at("2026-11-27 16:00"), PARIS) is None


def test_when_nobody_is_on_duty_is_told() -> None:
    opened = [Span(0, 480, 1080)]
    assert gaps(opened, [Span(0, 480, 720), Span(0, 780, 1080)]) == [Span(0, 720, 780)]
    assert gaps(opened, [Span(0, 400, 800), Span(0, 700, 1200)]) == []
    assert gaps(opened, [Span(1, 480, 1080)]) == opened


SPANS = st.lists(
    st.builds(lambda day, a, b: Span(day, min(a, b), max(a, b) + 1), st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1439)),
    max_size=6,
)  # fmt: skip


@given(SPANS, st.integers(0, 330 * 24 * 60))
def test_until_the_next_change_nothing_changes(spans: list[Span], minutes: int) -> None:
    start = datetime(2026, 1, 20, tzinfo=UTC) + timedelta(minutes=minutes)
    change = next_change(spans, start, PARIS)
    now = is_open(spans, start, PARIS)
    if change is not None:
        assert is_open(spans, change, PARIS) != now
        assert is_open(spans, change - timedelta(seconds=1), PARIS) == now or change - start < timedelta(seconds=1)
    assert is_open(merged(spans), start, PARIS) == now
