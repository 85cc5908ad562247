"""The forms of those who look after the desk: services, groups and their hours, tools."""

import re
from typing import Any

from wtforms import BooleanField, Form, StringField
from wtforms.validators import StopValidation

from relay.desk import letters, people, tools
from relay.desk.forms import Filled, choice, line, number, slug

_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
ADDRESS = re.compile(r"https?://[^\s<>\"'\\^`|]{1,390}")


def minute_of(clock: str) -> int | None:
    """The minute of the day of `08:30`; 24:00 is the day's end. None where it is no time."""
    if not _CLOCK.fullmatch(clock):
        return None
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


class Clock:
    """Refuses what is no time of the day."""

    def __call__(self, form: Form, field: Any) -> None:
        if minute_of(field.data or "") is None:
            raise StopValidation("bad_time")


def clock(default: str) -> Any:
    return StringField(
        validators=[Filled(), Clock()], default=default, render_kw={"maxlength": 5, "inputmode": "numeric"}
    )


class MailAddress:
    """Refuses what no mail can be sent to; nothing at all is no address, which may be."""

    def __call__(self, form: Form, field: Any) -> None:
        if field.data and not letters.is_address(field.data):
            raise StopValidation("bad_mail_address")


class Service(Form):  # type: ignore[misc]
    name = line()
    kind = choice(*people.SERVICE_KINDS)


class ServiceMail(Form):  # type: ignore[misc]
    mail_address = StringField(
        validators=[MailAddress()],
        filters=[lambda text: (text or "").strip().lower()],
        default="",
        render_kw={"maxlength": 200, "type": "email", "autocomplete": "off"},
    )


class Group(Form):  # type: ignore[misc]
    name = slug()
    title_fr = line()
    title_en = line()
    level = number(1, 9, default=1)


class Hours(Form):  # type: ignore[misc]
    """One time of the day on several days of the week."""

    day_0 = BooleanField()
    day_1 = BooleanField()
    day_2 = BooleanField()
    day_3 = BooleanField()
    day_4 = BooleanField()
    day_5 = BooleanField()
    day_6 = BooleanField()
    begins = clock("08:00")
    ends = clock("18:00")

    @property
    def days(self) -> list[int]:
        return [day for day in range(7) if self[f"day_{day}"].data]

    @property
    def span(self) -> tuple[int, int]:
        begins, ends = minute_of(self.begins.data), minute_of(self.ends.data)
        assert begins is not None
        assert ends is not None
        return begins, ends

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        if not self.days:
            self.day_0.errors = ["empty"]
        begins, ends = self.span
        if ends <= begins:
            self.ends.errors = ["ends_first"]
        return not self.errors


class Address:
    """Refuses what no browser should follow."""

    def __call__(self, form: Form, field: Any) -> None:
        if not ADDRESS.fullmatch(field.data or "") or tools.unknown_places(field.data):
            raise StopValidation("bad_address")


class Tool(Form):  # type: ignore[misc]
    name = slug()
    title_fr = line()
    title_en = line()
    address = StringField(validators=[Filled(), Address()], default="", render_kw={"maxlength": 400, "type": "url"})


class Skill(Form):  # type: ignore[misc]
    """What somebody can do; the grade 0 takes it away."""

    name = line(characters_max=64)
    domain = slug()
    grade = choice("1", "2", "3", "0")


class Experience(Form):  # type: ignore[misc]
    name = line(characters_max=64)
    seniority = choice(*people.SENIORITIES)
