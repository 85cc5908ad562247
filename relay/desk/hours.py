"""Opening hours and shifts: by the clock on the wall in the organisation's time zone, over midnight and changes of the clock. No I/O.

Where the clock is put back, a time that comes twice counts from the first to the last; a time that is jumped over counts by the clock
of before (RFC 5545, section 3.3.5).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
LOOKED_AHEAD_DAYS = 8


@dataclass(frozen=True, order=True)
class Span:
    """One time of the week: day 0 is Monday; minutes of the day, 1440 is its end."""

    day: int
    from_minute: int
    to_minute: int


WEEK = tuple(Span(day, 0, DAY_MINUTES) for day in range(7))
"""Always."""


def is_always(spans: Iterable[Span]) -> bool:
    """Whether there is no minute of the week without."""
    return gaps(WEEK, spans) == []


def is_open(spans: Iterable[Span], at: datetime, zone: ZoneInfo) -> bool:
    """Whether this moment is within one of the spans."""
    return any(begins <= at < ends for begins, ends in _intervals(spans, at, at, zone))


def next_change(spans: Sequence[Span], at: datetime, zone: ZoneInfo) -> datetime | None:
    """When it next opens or closes; None where it never does. A span's end that touches another's beginning is no change."""
    now = is_open(spans, at, zone)
    ahead = at + timedelta(days=LOOKED_AHEAD_DAYS)
    for moment in sorted(edge for interval in _intervals(spans, at, ahead, zone) for edge in interval):
        if moment > at and is_open(spans, moment, zone) != now:
            return moment
    return None


def open_seconds(spans: Sequence[Span], since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """How long it was open between two moments, in seconds that really passed."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    intervals = _intervals(merged(spans), since, until, zone)
    return round(sum(max(0.0, (min(ends, until) - max(begins, since)).total_seconds()) for begins, ends in intervals))


def after_open_hours(spans: Sequence[Span], since: datetime, hours: int, zone: ZoneInfo) -> datetime:
    """The moment when so many hours of opening have passed; without opening hours, by the clock."""
    moment = since.astimezone(UTC)  # between two times of one zone Python counts by the wall, not by what passes
    if not spans or is_always(spans):
        return moment + timedelta(hours=hours)
    left = hours * 3600.0
    while True:
        change = next_change(spans, moment, zone)
        if change is None:
            return moment + timedelta(seconds=left)
        if is_open(spans, moment, zone):
            passed = (change - moment).total_seconds()
            if passed >= left:
                return moment + timedelta(seconds=left)
            left -= passed
        moment = change


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same times, each minute once."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and found[-1].day == span.day and span.from_minute <= found[-1].to_minute:
            found[-1] = Span(span.day, found[-1].from_minute, max(found[-1].to_minute, span.to_minute))
        else:
            found.append(span)
    return found


def gaps(opened: Iterable[Span], covered: Iterable[Span]) -> list[Span]:
    """When it is open and nobody is on duty."""
    duty = merged(covered)
    found = []
    for span in merged(opened):
        begins = span.from_minute
        for there in duty:
            if there.day != span.day or there.to_minute <= begins or there.from_minute >= span.to_minute:
                continue
            if there.from_minute > begins:
                found.append(Span(span.day, begins, there.from_minute))
            begins = max(begins, there.to_minute)
        if begins < span.to_minute:
            found.append(Span(span.day, begins, span.to_minute))
    return found


def _intervals(
    spans: Iterable[Span], since: datetime, until: datetime, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """What the spans are in real time, from the day before `since` to the day of `until`."""
    spans, day = list(spans), since.astimezone(zone).date() - timedelta(days=1)
    while day <= until.astimezone(zone).date():
        for span in spans:
            if span.day == day.weekday():
                yield _moment(day, span.from_minute, zone, fold=0), _moment(day, span.to_minute, zone, fold=1)
        day += timedelta(days=1)


def _moment(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> datetime:
    if minute >= DAY_MINUTES:
        day, minute = day + timedelta(days=1), 0
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    moment = wall.astimezone(UTC)
    # A time that comes twice lies later with fold 1; of one that never comes both lie the other way round.
    return max(moment, wall.replace(fold=1).astimezone(UTC)) if fold else moment
