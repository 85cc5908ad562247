"""Procedures: what belongs to one kind of request, from what to have at hand to who takes it over with which data. No I/O."""

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from protocol.codec import Message
from relay.desk import question_trees
from relay.desk.question_trees import Question
from relay.desk.rules import Both, BothTexts, MaybeSlug, Slug

LEVELS_MAX = 5
Level = Annotated[int, Meta(ge=1, le=LEVELS_MAX)]
RECORDS = ("incident", "request", "how_to", "set_up", "onboarding", "return")


class Step(Message, frozen=True):
    """One step to tick; its level is who takes it."""

    name: Slug
    level: Level
    text: Both


class Escalation(Message, frozen=True):
    """To whom such a case goes from one level, and what has to be known before."""

    from_level: Level
    to_level: Level
    group: Slug
    needs: tuple[Question, ...]
    steps_required: bool
    """All steps of the level that hands over have to be recorded."""
    search_required: bool
    """The articles have to be searched first."""
    approval_required: bool
    hours: Annotated[int, Meta(ge=1, le=720)]
    """The time frame that the customer is told."""
    next_step: BothTexts


class Procedure(Message, frozen=True, tag="procedure"):
    """One kind of request."""

    title: Both
    record: Literal["incident", "request", "how_to", "set_up", "onboarding", "return"]
    product: Slug
    weight: Annotated[int, Meta(ge=1, le=5)]
    have_ready: tuple[Both, ...]
    """What customers should have at hand when they call."""
    tree: MaybeSlug
    steps: tuple[Step, ...]
    escalations: tuple[Escalation, ...]

    @property
    def is_incident(self) -> bool:
        """Something has to be mended; else it is a contact that is answered."""
        return self.record in ("incident", "return")

    def escalation(self, from_level: int) -> Escalation | None:
        """The row of the table for a case at this level."""
        return next((row for row in self.escalations if row.from_level == from_level), None)

    def asked_before(self) -> tuple[Question, ...]:
        """What a customer can answer before the call: all that goes along with the first handing over."""
        row = self.escalation(1)
        return row.needs if row else ()

    def steps_of(self, level: int) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.level == level)


class Script(Message, frozen=True, tag="script", omit_defaults=True):
    """What an adviser says, word for word; `{name}`, `{customer}` and `{organisation}` are filled in."""

    title: Both
    moment: Literal["greeting", "expectation", "empathy", "closing"]
    text: BothTexts
    group: MaybeSlug = ""
    """Who says it, in place of what everybody says: those of this group, and whoever works at a case of it; empty for everybody."""

    def say(self, language: str, **values: str) -> str:
        text = self.text.into(language)
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text


def said_by(scripts: Mapping[str, Script], groups: Collection[str]) -> dict[str, Script]:
    """Of all texts those that are for somebody of these groups: of each moment the groups' own, where there are any."""
    own = {script.moment for script in scripts.values() if script.group in groups}
    return {
        name: script
        for name, script in scripts.items()
        if (script.group in groups if script.moment in own else not script.group)
    }


def problems(procedure: Procedure) -> list[str]:
    """Why this procedure cannot be used; empty when it can."""
    found: list[str] = []
    names = [step.name for step in procedure.steps]
    found += [f"twice {name}" for name in sorted({name for name in names if names.count(name) > 1})]
    levels = [row.from_level for row in procedure.escalations]
    found += [f"twice level {level}" for level in sorted({level for level in levels if levels.count(level) > 1})]
    for row in procedure.escalations:
        if row.to_level <= row.from_level:
            found.append(f"downwards {row.from_level}-{row.to_level}")
        if row.needs:
            named = [need.name for need in row.needs]
            found += [f"twice {name}" for name in sorted({name for name in named if named.count(name) > 1})]
            # What a need asks is judged as a question is; where it leads has no meaning here.
            found += [
                problem
                for need in row.needs
                for problem in question_trees.problems(question_trees.Tree(need.text, procedure.product, (need,)))
            ]
    return found
