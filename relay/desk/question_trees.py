"""Question trees: which question comes next, what counts as an answer, and how difficult the case looks. No I/O.

A tree is one version and never changes; a case keeps the version that it began with, so that a new one disturbs nobody.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.codec import Message
from relay.desk.rules import Both, MaybeSlug, NotPossible, Slug, SomeLine, Version

Complexity = Literal["low", "complex", "very_complex"]
COMPLEXITIES: tuple[Complexity, ...] = ("low", "complex", "very_complex")


class Choice(Message, frozen=True):
    """One possible answer; `next` is the question it leads to, empty for the end."""

    value: Slug
    text: Both
    next: MaybeSlug = ""
    complexity: Complexity | Literal[""] = ""


class Question(Message, frozen=True):
    """One question. With choices its answer is one of them; else a number within bounds, or a text."""

    name: Slug
    text: Both
    answer: Literal["choice", "number", "text"]
    choices: tuple[Choice, ...] = ()
    least: int = 0
    most: int = 1_000_000
    next: MaybeSlug = ""
    """Where numbers and texts lead."""

    def check(self, answer: str) -> str:
        """The answer as it is kept.

        Raises:
            NotPossible: it is not an answer to this question.
        """
        answer = answer.strip()
        if self.answer == "choice":
            if answer not in {choice.value for choice in self.choices}:
                raise NotPossible(f"not a choice of {self.name}")
        elif self.answer == "number":
            if not re.fullmatch(r"-?[0-9]{1,9}", answer) or not self.least <= int(answer) <= self.most:
                raise NotPossible(f"not a number from {self.least} to {self.most}")
            answer = str(int(answer))
        else:
            try:
                msgspec.convert(answer, SomeLine)
            except msgspec.ValidationError:
                raise NotPossible("empty, long, or with characters that deceive") from None
        return answer

    def say(self, answer: str, language: str) -> str:
        """The answer in words."""
        return next((choice.text.into(language) for choice in self.choices if choice.value == answer), answer)

    def _chosen(self, answer: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == answer), None)

    def leads_to(self, answer: str) -> str:
        chosen = self._chosen(answer)
        return chosen.next if chosen else self.next

    def weighs(self, answer: str) -> str:
        """The complexity that this answer speaks for; empty for none."""
        chosen = self._chosen(answer)
        return chosen.complexity if chosen else ""


class Tree(Message, frozen=True, tag="tree"):
    """The questions about one problem of one product; the first of them begins."""

    title: Both
    product: Slug
    questions: Annotated[tuple[Question, ...], Meta(min_length=1, max_length=100)]

    def question(self, name: str) -> Question:
        """Raises NotPossible where there is none of this name."""
        for question in self.questions:
            if question.name == name:
                return question
        raise NotPossible(f"no question {name}")


class TreeBegun(Message, frozen=True, tag="tree_begun"):
    """From now on these questions are asked, in this version."""

    tree: Slug
    version: Version


class QuestionAnswered(Message, frozen=True, tag="question_answered"):
    """One typed answer; a later one to the same question takes its place."""

    tree: Slug
    question: Slug
    answer: SomeLine


@dataclass(frozen=True)
class Path:
    """How far one got: what was asked and answered in order, what comes next, and what it suggests."""

    answered: tuple[tuple[Question, str], ...]
    next: Question | None
    complexity: str

    @property
    def is_over(self) -> bool:
        return self.next is None


def walk(tree: Tree, answers: Mapping[str, str]) -> Path:
    """Follow the answers from the first question on. Answers beside the path are kept elsewhere and do not count."""
    answered: list[tuple[Question, str]] = []
    complexity = ""
    seen: set[str] = set()
    name = tree.questions[0].name
    while name and name not in seen:
        seen.add(name)
        question = tree.question(name)
        if name not in answers:
            return Path(tuple(answered), question, complexity)
        answer = answers[name]
        answered.append((question, answer))
        complexity = max(complexity, question.weighs(answer), key=_order)
        name = question.leads_to(answer)
    return Path(tuple(answered), None, complexity)


def _order(complexity: str) -> int:
    return COMPLEXITIES.index(complexity) if complexity in COMPLEXITIES else -1


def problems(tree: Tree) -> list[str]:
    """Why this tree cannot be used, a word and a name each; empty when it can."""
    found: list[str] = []
    names = [question.name for question in tree.questions]
    found += [f"twice {name}" for name in sorted({name for name in names if names.count(name) > 1})]
    for question in tree.questions:
        values = [choice.value for choice in question.choices]
        if question.answer == "choice" and len(values) < 2:
            found.append(f"choices {question.name}")
        if len(set(values)) < len(values):
            found.append(f"same-choice {question.name}")
        if question.answer == "number" and question.least > question.most:
            found.append(f"bounds {question.name}")
        found += [f"unknown {target}" for target in _targets(question) if target not in names]
    if not found:
        found += [f"circle {name}" for name in _circles(tree)]
        found += [f"unreachable {name}" for name in names if name not in _reachable(tree)]
    return found


def _targets(question: Question) -> Iterator[str]:
    if question.answer == "choice":
        yield from (choice.next for choice in question.choices if choice.next)
    elif question.next:
        yield question.next


def _reachable(tree: Tree) -> set[str]:
    seen: set[str] = set()
    waiting = [tree.questions[0].name]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _targets(tree.question(name))
    return seen


def _circles(tree: Tree) -> list[str]:
    """Questions from which one can come back to them."""
    return [
        question.name
        for question in tree.questions
        if any(question.name in _reachable_from(tree, target) for target in _targets(question))
    ]


def _reachable_from(tree: Tree, name: str) -> set[str]:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += _targets(tree.question(current))
    return seen
