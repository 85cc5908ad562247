"""Writes pages: templates with every value escaped, times as the language writes them, forms with their token."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from aiohttp import web
from babel.dates import format_date, format_time

from relay.desk import sessions
from relay.desk.people import Person
from relay.desk.requests import BODY_BYTES_MAX, DESK, FORM_FIELDS_MAX, check_csrf, language_of, read_form
from translations import catalogue

_environments: dict[str, jinja2.Environment] = {}


def _environment(language: str) -> jinja2.Environment:
    if language not in _environments:
        environment = jinja2.Environment(
            loader=jinja2.PackageLoader("relay.pages", "templates"),
            autoescape=True,
            extensions=["jinja2.ext.i18n"],
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_translations(catalogue(language), newstyle=True)  # type: ignore[attr-defined]
        _environments[language] = environment
    return _environments[language]


class Times:
    """Writes times and durations as this language does."""

    def __init__(self, language: str, zone: str) -> None:
        self._locale = language
        self._zone = ZoneInfo(zone)

    def moment(self, at: datetime) -> str:
        return f"{self.day(at)}, {self.clock(at)}"

    def day(self, at: datetime) -> str:
        return format_date(at.astimezone(self._zone), "long", locale=self._locale)

    def clock(self, at: datetime, *, seconds: bool = False) -> str:
        pattern = ("HH'\u00a0h\u00a0'mm" if self._locale == "fr" else "HH:mm") if not seconds else "HH:mm:ss"
        return format_time(at, pattern, tzinfo=self._zone, locale=self._locale)

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
        here=request.path,
        now=datetime.now(UTC),
        ladder=desk.ladder_of(person.tenant if person else desk.tenant),
        **values,
    )
    return web.Response(text=text, content_type="text/html", charset="utf-8", status=status)


def written(template: str, language: str, zone: str, **values: Any) -> str:
    """A template in this language, with every value escaped and times of this zone."""
    return (
        _environment(language).get_template(template).render(language=language, times=Times(language, zone), **values)
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
