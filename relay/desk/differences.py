"""What changed between two versions of a document: part by part, in lines that whoever works by it reads. No I/O."""

import difflib
from collections.abc import Iterator
from functools import partial

from relay.desk import content_words
from relay.desk.content_words import Gettext
from relay.desk.ladders import Ladder, Tier
from relay.desk.procedures import Escalation, Procedure, Script
from relay.desk.publishing import Article, Content
from relay.desk.question_trees import Question, Tree
from relay.desk.rules import Both, BothTexts
from translations import catalogue

CONTEXT_LINES = 2
"""So many lines that stayed are shown around what changed."""

LEFT_OUT = ("…", "")

Part = tuple[str, list[tuple[str, str]]]
"""The name of a part, and its lines: gone (-), come (+), stayed (space), or some that are left out (…)."""


def difference(before: Content, after: Content, language: str) -> list[Part]:
    """What changed, in the order in which one reads a document; nothing of what stayed but the lines beside it."""
    gettext = catalogue(language).gettext
    old, new = dict(_parts(before, gettext)), dict(_parts(after, gettext))
    return [
        (name, list(_changed(old.get(name, []), new.get(name, []))))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]


def _changed(old: list[str], new: list[str]) -> Iterator[tuple[str, str]]:
    lines = [(line[0], line[2:]) for line in difflib.ndiff(old, new) if line[0] in "+- "]
    told = [at for at, (sign, _) in enumerate(lines) if sign != " "]
    near = {near for at in told for near in range(at - CONTEXT_LINES, at + CONTEXT_LINES + 1)}
    for at, line in enumerate(lines):
        if at in near:
            yield line
        elif at == 0 or at - 1 in near:
            yield LEFT_OUT


def _parts(content: Content, gettext: Gettext) -> Iterator[tuple[str, list[str]]]:
    match content:
        case Article():
            for name in ("title", "issue", "environment", "resolution", "cause"):
                yield name, getattr(content, name).splitlines()
            readers = gettext("customers too") if content.audience == "customers" else gettext("people of the desk")
            guide = [gettext("A guide to follow step by step")] if content.guide else []
            yield "about", [content.product, {"fr": "Français", "en": "English"}[content.language], readers, *guide]
        case Script():
            yield "title", _both(content.title)
            moment = content_words.moments(gettext)[content.moment]
            yield "about", [moment, *([content.group] if content.group else [])]
            yield "text", _both(content.text)
        case Tree():
            yield "title", _both(content.title)
            yield "about", [content.product]
            yield "questions", [line for question in content.questions for line in _question(question, gettext)]
        case Procedure():
            yield "title", _both(content.title)
            record = content_words.records(gettext)[content.record]
            weight = f"{gettext('How much it matters, 1 to 5')} – {content.weight}"
            yield "about", [content.product, record, weight, *([content.tree] if content.tree else [])]
            yield "have_ready", [line for one in content.have_ready for line in _both(one)]
            level = partial(_level, gettext)
            yield (
                "steps",
                [f"{level(step.level)} · {step.name} · {line}" for step in content.steps for line in _both(step.text)],
            )
            yield "escalations", [line for row in content.escalations for line in _escalation(row, gettext)]
        case Ladder():
            yield "title", _both(content.title)
            yield "tiers", [line for tier in content.tiers for line in _tier(tier, gettext)]


def _both(text: Both | BothTexts) -> list[str]:
    return [f"{language} – {line}" for language in ("fr", "en") for line in text.into(language).splitlines()]


def _level(gettext: Gettext, level: int) -> str:
    return gettext("Level %(level)s") % {"level": level}


def _complexity(value: str, gettext: Gettext) -> str:
    return {"low": gettext("simple"), "complex": gettext("complex"), "very_complex": gettext("very complex")}.get(
        value, value
    )


def _question(question: Question, gettext: Gettext) -> Iterator[str]:
    bounds = f" ({question.least}–{question.most})" if question.answer == "number" else ""
    leads = f" → {question.next}" if question.next and question.answer != "choice" else ""
    for line in _both(question.text):
        yield f"{question.name} · {line}{bounds}{leads}"
    for choice in question.choices:
        speaks = f" · {_complexity(choice.complexity, gettext)}" if choice.complexity else ""
        for line in _both(choice.text):
            yield f"    {choice.value} · {line}{f' → {choice.next}' if choice.next else ''}{speaks}"


def _escalation(row: Escalation, gettext: Gettext) -> Iterator[str]:
    yield f"{_level(gettext, row.from_level)} → {_level(gettext, row.to_level)} · {row.group} · {row.hours} h"
    yield from (f"    {told}" for name, told in content_words.demands(gettext).items() if getattr(row, name))
    yield from (f"    {line}" for line in _both(row.next_step))
    yield from (f"    {line}" for need in row.needs for line in _question(need, gettext))


def _tier(tier: Tier, gettext: Gettext) -> Iterator[str]:
    suggested = f" · {_complexity(tier.complexity, gettext)}" if tier.complexity else ""
    only = f" · {gettext('only for complex cases')}" if tier.only_difficult else ""
    for line in _both(tier.title):
        yield f"{tier.level} · {line}{suggested}{only}"
