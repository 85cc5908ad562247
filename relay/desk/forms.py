"""The forms of the desk: what each field may hold, said beside the field when it does not."""

from collections.abc import Mapping
from typing import Any

import msgspec
from wtforms import BooleanField, DateField, Form, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation

from protocol.text import Line, Text
from relay.desk import guided_call, publishing, question_trees, returns
from relay.desk.rules import LongText, Slug


class Typed:
    """The fields of a request as WTForms reads them."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def __iter__(self) -> Any:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def getlist(self, name: str) -> list[str]:
        return [self._fields[name]] if name in self._fields else []


class Bounded:
    """Refuses what is too long or holds characters that deceive."""

    def __init__(self, kind: Any, word: str = "bad_text") -> None:
        self._kind, self._word = kind, word

    def __call__(self, form: Form, field: Any) -> None:
        try:
            msgspec.convert(field.data or "", self._kind)
        except msgspec.ValidationError:
            raise StopValidation(self._word) from None


class Filled:
    """Refuses what is empty."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Any) -> None:
        if not (field.data or "").strip():
            raise StopValidation("empty")


def line(*, required: bool = True, characters_max: int = 200) -> Any:
    rules: list[Any] = [Bounded(Line)]
    return StringField(
        validators=[Filled(), *rules] if required else rules, render_kw={"maxlength": characters_max}, default=""
    )


def paragraph(*, required: bool = True, kind: Any = Text, rows: int = 3, characters_max: int = 2000) -> Any:
    rules: list[Any] = [Bounded(kind)]
    return TextAreaField(
        validators=[Filled(), *rules] if required else rules,
        render_kw={"rows": rows, "maxlength": characters_max},
        default="",
    )


def slug() -> Any:
    return StringField(
        validators=[Filled(), Bounded(Slug, "bad_name")], render_kw={"maxlength": 40, "spellcheck": "false"}, default=""
    )


def choice(*values: str, default: str | None = None) -> Any:
    return SelectField(choices=list(values), default=default, validators=[InputRequired("empty")])


def radio(*values: str) -> Any:
    return RadioField(choices=list(values), validators=[InputRequired("empty")])


def number(low: int, high: int, *, default: int | None = None) -> Any:
    rules: list[Any] = [InputRequired("empty"), NumberRange(low, high, "out_of_bounds")]
    return IntegerField(validators=rules, default=default, render_kw={"min": low, "max": high})


class Nothing(Form):  # type: ignore[misc]
    """A button alone."""


class Note(Form):  # type: ignore[misc]
    text = paragraph()


class CorrectNote(Form):  # type: ignore[misc]
    note = number(0, 10**6)
    after = number(1, 10**6)
    text = paragraph()


class Close(Form):  # type: ignore[misc]
    text = paragraph()
    unconfirmed_because = line(required=False)
    without_article_because = line(required=False)
    ask = BooleanField()
    """Whether the customer is asked how it was."""


class Mail(Form):  # type: ignore[misc]
    subject = line(characters_max=150)
    text = paragraph(rows=5)


class SendGuide(Form):  # type: ignore[misc]
    article = number(1, 2**31 - 1)


class BeginCall(Form):  # type: ignore[misc]
    channel = choice(*guided_call.CHANNELS)


class Said(Form):  # type: ignore[misc]
    script = slug()


class Identity(Form):  # type: ignore[misc]
    result = radio("confirmed", "failed")
    name = BooleanField()
    customer_number = BooleanField()
    address = BooleanField()
    birth_date = BooleanField()
    last_bill = BooleanField()
    call_back = BooleanField()

    @property
    def checks(self) -> tuple[str, ...]:
        return tuple(name for name in guided_call.CHECKS if self[name].data)


class Words(Form):  # type: ignore[misc]
    words = paragraph()


class Chosen(Form):  # type: ignore[misc]
    name = slug()


class Answer(Form):  # type: ignore[misc]
    question = slug()
    answer = line()


class Assess(Form):  # type: ignore[misc]
    key_points = paragraph()
    complexity = choice(*question_trees.COMPLEXITIES)


class Options(Form):  # type: ignore[misc]
    option_1 = line()
    option_2 = line(required=False)
    option_3 = line(required=False)

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field.data.strip() for field in self if field.data.strip()))


class Option(Form):  # type: ignore[misc]
    option = line()


class Step(Form):  # type: ignore[misc]
    step = slug()
    outcome = choice("helped", "no_effect", "not_possible")
    remark = line(required=False)


class Solution(Form):  # type: ignore[misc]
    text = paragraph()
    is_new = BooleanField()
    to = choice("customer", "adviser")


class Remark(Form):  # type: ignore[misc]
    remark = line(required=False)


class Tested(Form):  # type: ignore[misc]
    works = radio("yes", "no")
    words = paragraph(required=False, rows=2)


class Priority(Form):  # type: ignore[misc]
    priority = number(1, 4)
    reason = line()


class Inform(Form):  # type: ignore[misc]
    next_step = paragraph(rows=2)
    hours = number(1, 720)
    way = choice("told", "sent")


class Reason(Form):  # type: ignore[misc]
    reason = paragraph(rows=2)


class Taken(Form):  # type: ignore[misc]
    instead_of = line(required=False)


class Preparation(Form):  # type: ignore[misc]
    """What a customer tells before the call."""

    name = line()
    customer_number = line(required=False, characters_max=40)
    phone = line(required=False, characters_max=40)
    email = line(required=False)
    words = paragraph(rows=4)


class Coaching(Form):  # type: ignore[misc]
    name = line(characters_max=64)
    ticket = line(required=False, characters_max=9)
    text = paragraph()
    due = DateField(validators=[Optional()])


class Survey(Form):  # type: ignore[misc]
    exchange = radio(*"12345")
    resolution = radio(*"12345")
    words = paragraph(required=False)


class Record(Form):  # type: ignore[misc]
    record = choice("contact", "incident")


class Consult(Form):  # type: ignore[misc]
    whom = line(characters_max=64)
    question = paragraph(rows=2)


class ConsultAnswer(Form):  # type: ignore[misc]
    answer = paragraph(rows=2)


class HandTo(Form):  # type: ignore[misc]
    whom = line(characters_max=64)
    instead_of = line(required=False)
    reason = paragraph(rows=2)


class ToolResult(Form):  # type: ignore[misc]
    tool = slug()
    result = paragraph(rows=2)


class Return(Form):  # type: ignore[misc]
    way = choice(*returns.WAYS)
    reference = line(characters_max=40)


class ReturnMoved(Form):  # type: ignore[misc]
    to = choice(*returns.STATES)
    remark = line(required=False)


class Improve(Form):  # type: ignore[misc]
    known = IntegerField(validators=[Optional(), NumberRange(0, 2**31 - 1, "out_of_bounds")])
    title = line(required=False)


class Improvement(Form):  # type: ignore[misc]
    title = line()
    cause = paragraph(required=False)
    state = choice("open", "in_work", "done", "refused")


class FollowUp(Form):  # type: ignore[misc]
    days = number(1, 90, default=3)
    what = line()


class FollowUpDone(Form):  # type: ignore[misc]
    due = number(0, 2**52)
    still_works = radio("yes", "no")
    is_satisfied = radio("yes", "no")
    words = paragraph(required=False, rows=2)


class LinkArticle(Form):  # type: ignore[misc]
    article = number(1, 2**31 - 1)
    how = choice("used", "written")


class NewCase(Form):  # type: ignore[misc]
    """A ticket for a customer whom we know."""

    subject = line()
    description = paragraph(required=False)
    device = IntegerField(validators=[Optional()])


class Customer(Form):  # type: ignore[misc]
    name = line()
    number = line(required=False, characters_max=40)
    phone = line(required=False, characters_max=40)
    email = line(required=False)
    address = line(required=False)
    kind = choice("external", "internal")
    language = choice("fr", "en")


class Article(Form):  # type: ignore[misc]
    title = line()
    language = choice("fr", "en")
    product = slug()
    audience = choice("desk", "customers")
    issue = paragraph(kind=LongText, rows=4, characters_max=8000)
    environment = paragraph(kind=LongText, rows=2, characters_max=8000, required=False)
    resolution = paragraph(kind=LongText, rows=8, characters_max=8000)
    cause = paragraph(kind=LongText, rows=2, characters_max=8000, required=False)
    guide = BooleanField()

    @property
    def content(self) -> publishing.Article:
        return publishing.Article(**{name: field.data for name, field in self._fields.items()})
