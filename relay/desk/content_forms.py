"""Forms for scripts, question trees, procedures and the ladder: rows are added as they are needed, empty ones do not count.

A form is made of a content, and a content of a form; what a content may hold is said once, by its types and `publishing.problems`.
"""

import re
from typing import Any, ClassVar

import msgspec
from wtforms import BooleanField, FieldList, Form, FormField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from relay.desk import publishing, question_trees
from relay.desk.forms import Bounded
from relay.desk.ladders import NAME, USUAL, Ladder
from relay.desk.procedures import RECORDS, Escalation, Procedure, Script, Step
from relay.desk.publishing import Content
from relay.desk.question_trees import Question, Tree
from relay.desk.rules import Line, Slug
from relay.desk.rules import LongText as Long

SPARE = 1
"""Empty rows after those that are filled in."""
CHOICES_SPARE = 2


def _line(characters_max: int = 200) -> Any:
    return StringField(validators=[Bounded(Line)], default="", render_kw={"maxlength": characters_max})


def _name() -> Any:
    return StringField(default="", render_kw={"maxlength": 40, "spellcheck": "false"})


def _text(rows: int = 2) -> Any:
    return TextAreaField(validators=[Bounded(Long)], default="", render_kw={"rows": rows, "maxlength": 2000})


def _number(low: int, high: int, default: int) -> Any:
    rules: list[Any] = [Optional(), NumberRange(low, high, "out_of_bounds")]
    return IntegerField(validators=rules, default=default, render_kw={"min": low, "max": high})


def _choice(*values: str) -> Any:
    return SelectField(choices=list(values), default=values[0])


def _is_empty(data: Any) -> bool:
    """Whether nobody has written anything into a row: its texts count, its numbers and choices do not."""
    texts = (
        "name",
        "value",
        "fr",
        "en",
        "text_fr",
        "text_en",
        "next_step_fr",
        "next_step_en",
        "group",
        "title_fr",
        "title_en",
    )
    return not any((data.get(name) or "").strip() for name in texts)


def _filled(rows: Any) -> list[Any]:
    return [row for row in rows if not _is_empty(row)]


class ChoiceRow(Form):  # type: ignore[misc]
    value = _name()
    text_fr = _line()
    text_en = _line()
    next = _name()
    complexity = _choice("", *question_trees.COMPLEXITIES)


class QuestionRow(Form):  # type: ignore[misc]
    name = _name()
    text_fr = _line()
    text_en = _line()
    answer = _choice("choice", "number", "text")
    least = _number(-(10**6), 10**6, 0)
    most = _number(-(10**6), 10**9, 1_000_000)
    next = _name()
    choices = FieldList(FormField(ChoiceRow))

    @staticmethod
    def data_of(question: Question) -> dict[str, Any]:
        choices = [
            {"value": c.value, "text_fr": c.text.fr, "text_en": c.text.en, "next": c.next, "complexity": c.complexity}
            for c in question.choices
        ]
        named = {name: getattr(question, name) for name in ("name", "answer", "least", "most", "next")}
        return named | {"text_fr": question.text.fr, "text_en": question.text.en, "choices": choices}


def _question(data: Any) -> dict[str, Any]:
    choices = [
        {
            "value": one["value"],
            "text": {"fr": one["text_fr"], "en": one["text_en"]},
            "next": one["next"],
            "complexity": one["complexity"],
        }
        for one in _filled(data["choices"])
    ]
    return {
        "name": data["name"],
        "text": {"fr": data["text_fr"], "en": data["text_en"]},
        "answer": data["answer"],
        "choices": choices if data["answer"] == "choice" else [],
        "least": data["least"] or 0,
        "most": 1_000_000 if data["most"] is None else data["most"],
        "next": data["next"],
    }


class BothRow(Form):  # type: ignore[misc]
    fr = _line()
    en = _line()


class StepRow(Form):  # type: ignore[misc]
    name = _name()
    level = _number(1, 5, 1)
    text_fr = _line()
    text_en = _line()


class EscalationRow(Form):  # type: ignore[misc]
    from_level = _number(1, 5, 1)
    to_level = _number(1, 5, 2)
    group = _name()
    hours = _number(1, 720, 4)
    next_step_fr = _text()
    next_step_en = _text()
    steps_required = BooleanField()
    search_required = BooleanField()
    approval_required = BooleanField()
    needs = FieldList(FormField(QuestionRow))


class ContentForm(Form):  # type: ignore[misc]
    """What all of them share."""

    kind: ClassVar[str] = ""
    lists: ClassVar[tuple[str, ...]] = ()

    title_fr = _line()
    title_en = _line()

    @classmethod
    def empty(cls) -> Any:
        form = cls()
        form.add_rows()
        return form

    @classmethod
    def of(cls, content: Any) -> Any:
        form = cls(data=cls.data_of(content))
        form.add_rows()
        return form

    @classmethod
    def data_of(cls, content: Any) -> dict[str, Any]:
        raise NotImplementedError

    def members(self) -> dict[str, Any]:
        """What the content is made of; its types judge it."""
        raise NotImplementedError

    def add_rows(self) -> None:
        """One empty row more wherever something can be added."""
        for name in self.lists:
            _add_spare(self[name])


def _add_spare(rows: Any) -> None:
    for row in rows:
        for inner in row.form:
            if isinstance(inner, FieldList):
                _add_choices(inner) if inner.name.endswith("choices") else _add_spare(inner)
    for _ in range(SPARE):
        rows.append_entry()
        for inner in rows[-1].form:
            if isinstance(inner, FieldList) and inner.name.endswith("choices"):
                _add_choices(inner)


def _add_choices(choices: Any) -> None:
    for _ in range(CHOICES_SPARE):
        choices.append_entry()


class ScriptForm(ContentForm):
    kind = "script"

    moment = _choice("greeting", "expectation", "empathy", "closing")
    group = _name()
    text_fr = _text(3)
    text_en = _text(3)

    @classmethod
    def data_of(cls, content: Script) -> dict[str, Any]:
        title, text = content.title, content.text
        said = {"moment": content.moment, "group": content.group, "text_fr": text.fr, "text_en": text.en}
        return {"title_fr": title.fr, "title_en": title.en} | said

    def members(self) -> dict[str, Any]:
        said = {"fr": self.text_fr.data, "en": self.text_en.data}
        return {"moment": self.moment.data, "group": self.group.data, "text": said}


class TreeForm(ContentForm):
    kind = "tree"
    lists = ("questions",)

    product = _name()
    questions = FieldList(FormField(QuestionRow))

    @classmethod
    def data_of(cls, content: Tree) -> dict[str, Any]:
        questions = [QuestionRow.data_of(question) for question in content.questions]
        title = {"title_fr": content.title.fr, "title_en": content.title.en}
        return title | {"product": content.product, "questions": questions}

    def members(self) -> dict[str, Any]:
        return {"product": self.product.data, "questions": [_question(row) for row in _filled(self.questions.data)]}


class ProcedureForm(ContentForm):
    kind = "procedure"
    lists = ("have_ready", "steps", "escalations")

    record = _choice(*RECORDS)
    product = _name()
    weight = _number(1, 5, 1)
    tree = _name()
    have_ready = FieldList(FormField(BothRow))
    steps = FieldList(FormField(StepRow))
    escalations = FieldList(FormField(EscalationRow))

    @classmethod
    def data_of(cls, content: Procedure) -> dict[str, Any]:
        named = {name: getattr(content, name) for name in ("record", "product", "weight", "tree")}
        return named | {
            "title_fr": content.title.fr,
            "title_en": content.title.en,
            "have_ready": [{"fr": one.fr, "en": one.en} for one in content.have_ready],
            "steps": [_step_data(step) for step in content.steps],
            "escalations": [_escalation_data(row) for row in content.escalations],
        }

    def members(self) -> dict[str, Any]:
        return {
            "record": self.record.data,
            "product": self.product.data,
            "weight": self.weight.data or 1,
            "tree": self.tree.data,
            "have_ready": _filled(self.have_ready.data),
            "steps": [
                {"name": row["name"], "level": row["level"], "text": {"fr": row["text_fr"], "en": row["text_en"]}}
                for row in _filled(self.steps.data)
            ],
            "escalations": [_escalation(row) for row in _filled(self.escalations.data)],
        }


def _step_data(step: Step) -> dict[str, Any]:
    return {"name": step.name, "level": step.level, "text_fr": step.text.fr, "text_en": step.text.en}


_RULES = ("steps_required", "search_required", "approval_required")


def _escalation_data(row: Escalation) -> dict[str, Any]:
    named = {name: getattr(row, name) for name in ("from_level", "to_level", "group", "hours", *_RULES)}
    texts = {"next_step_fr": row.next_step.fr, "next_step_en": row.next_step.en}
    return named | texts | {"needs": [QuestionRow.data_of(need) for need in row.needs]}


def _escalation(row: Any) -> dict[str, Any]:
    named = {name: row[name] for name in ("from_level", "to_level", "group", "hours", *_RULES)}
    return named | {
        "next_step": {"fr": row["next_step_fr"], "en": row["next_step_en"]},
        "needs": [_question(need) for need in _filled(row["needs"])],
    }


class TierRow(Form):  # type: ignore[misc]
    level = _number(1, 5, 1)
    text_fr = _line()
    text_en = _line()
    complexity = _choice("", *question_trees.COMPLEXITIES)
    only_difficult = BooleanField()


class LadderForm(ContentForm):
    kind = "ladder"
    lists = ("tiers",)

    tiers = FieldList(FormField(TierRow))

    @classmethod
    def data_of(cls, content: Ladder) -> dict[str, Any]:
        tiers = [
            {name: getattr(tier, name) for name in ("level", "complexity", "only_difficult")}
            | {"text_fr": tier.title.fr, "text_en": tier.title.en}
            for tier in content.tiers
        ]
        return {"title_fr": content.title.fr, "title_en": content.title.en, "tiers": tiers}

    @classmethod
    def empty(cls) -> Any:
        """A ladder of one's own begins with the usual one."""
        return cls.of(USUAL)

    def members(self) -> dict[str, Any]:
        tiers = [
            {name: row[name] for name in ("level", "complexity", "only_difficult")}
            | {"title": {"fr": row["text_fr"], "en": row["text_en"]}}
            for row in _filled(self.tiers.data)
        ]
        return {"tiers": tiers}


FORMS: dict[str, type[ContentForm]] = {form.kind: form for form in (ScriptForm, TreeForm, ProcedureForm, LadderForm)}

_content: msgspec.json.Decoder[Content] = msgspec.json.Decoder(Content, strict=True)


def content_of(form: ContentForm, name: str) -> tuple[Content | None, list[str]]:
    """The content that the form describes, or what is wrong with it: a word and a place each."""
    if not form.validate():
        return None, ["fields"]
    if form.kind == "ladder" and name != NAME:
        return None, ["ladder"]
    try:
        msgspec.convert(name, Slug)
    except msgspec.ValidationError:
        return None, ["name"]
    title = {"title": {"fr": form.title_fr.data, "en": form.title_en.data}}
    try:
        # By way of JSON, as it is stored: what cannot be read again is not written.
        content = _content.decode(msgspec.json.encode({"type": form.kind, **title, **form.members()}))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeEncodeError) as error:
        place = str(error).rpartition("$.")[2].rstrip("`")
        return None, ["fields" if _marked(form, re.findall(r"[a-z_]+|[0-9]+", place)) else f"place {place}"[:200]]
    problems = publishing.problems(content)
    return (None, problems) if problems else (content, [])


_NAMES = {"name", "value", "next", "group", "product", "tree"}


def _marked(form: Any, place: list[str]) -> bool:
    """Say at its field what the types refuse there; False where there is no such field."""
    while place:
        step, *rest = place
        if step.isdigit():
            form = [row for row in form if not _is_empty(row.data)][int(step)].form
        elif field := next(
            (form[one] for one in (step, "_".join(place[:2]), f"text_{place[-1]}") if one in form), None
        ):
            if not isinstance(field, FieldList):
                is_empty = not str(field.data or "").strip()
                field.errors = ["empty" if is_empty else "bad_name" if step in _NAMES else "bad_text"]
                return True
            form = field
        else:
            return False
        place = rest
    return False
