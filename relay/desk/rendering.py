"""Writes pages: templates with every value escaped, times as the language writes them, forms with their token."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_decimal
from yarl import URL

from relay.desk import sessions, templates
from relay.desk.people import Person
from relay.desk.requests import BODY_BYTES_MAX, DESK, FORM_FIELDS_MAX, check_csrf, language_of, read_form


@lru_cache(maxsize=4000)
def _day(day: date, locale: str) -> str:
    """A list shows the same few days again and again."""
    return format_date(day, "long", locale=locale)


@lru_cache(maxsize=100)
def _city(zone: ZoneInfo, locale: str) -> str:
    return get_timezone_location(zone, locale=locale, return_city=True)


class Times:
    """Writes times, durations and numbers as this language does."""

    def __init__(self, language: str, zone: str) -> None:
        self._locale = language
        self._zone = ZoneInfo(zone)

    @property
    def place(self) -> str:
        """Where clocks show the times that are written here: the city that the zone is known by."""
        return _city(self._zone, self._locale)

    def decimal(self, value: float) -> str:
        return format_decimal(value, locale=self._locale)

    def moment(self, at: datetime) -> str:
        local = at.astimezone(self._zone)
        return f"{_day(local.date(), self._locale)}, {self.minute(local.hour * 60 + local.minute)}"

    def day(self, at: datetime) -> str:
        return _day(at.astimezone(self._zone).date(), self._locale)

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        local = at.astimezone(self._zone)
        if seconds:
            return f"{local:%H:%M:%S}"
        return self.minute(local.hour * 60 + local.minute)

    def moment_ms(self, at_ms: int) -> str:
        return self.moment(sessions.utc(at_ms))

    def minute(self, minute: int) -> str:
        """A minute of the day; 1440 is its end, written as such."""
        hours, minutes = divmod(minute, 60)
        return f"{hours:02}\u00a0h\u00a0{minutes:02}" if self._locale == "fr" else f"{hours:02}:{minutes:02}"

    def clock_ms(self, at_ms: int) -> str:
        return self.clock(sessions.utc(at_ms), seconds=True)

    def duration_ms(self, ms: int) -> str:
        seconds = ms // 1000
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
        return " ".join(f"{count}\u00a0{unit}" for count, unit in parts if count) or "0\u00a0s"


def page(
    request: web.Request, template: str, person: Person | None = None, *, status: int = 200, **values: Any
) -> web.Response:
    desk = request.app[DESK]
    text = written(
        template,
        language_of(request, person),
        desk.settings.time_zone,
        organisation=desk.organisation.document.name,
        person=person,
        here=_here(request),
        now=datetime.now(UTC),
        ladder=desk.ladder_of(person.tenant if person else desk.tenant),
        **values,
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def _here(request: web.Request) -> str:
    """The address of what somebody looks at, with what they looked for; where a form was refused, that of the page they came from."""
    if request.method in ("GET", "HEAD"):
        return request.rel_url.raw_path_qs
    try:
        return URL(request.headers.get("Referer", "/")).raw_path_qs
    except ValueError:
        return "/"


def written(template: str, language: str, zone: str, **values: Any) -> str:
    """A template in this language, with every value escaped and times of this zone."""
    return (
        templates.of(language).get_template(template).render(language=language, times=Times(language, zone), **values)
    )


async def form_of(
    request: web.Request, person: Person, *, fields_max: int = FORM_FIELDS_MAX, bytes_max: int = BODY_BYTES_MAX
) -> dict[str, str]:
    """The form, once its hidden token is that of this sign-in."""
    form = await read_form(request, fields_max=fields_max, bytes_max=bytes_max)
    check_csrf(person, form.get("csrf", ""))
    return form


def see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})
