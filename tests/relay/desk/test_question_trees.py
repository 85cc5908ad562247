"""relay/desk/question_trees.py: typed answers, one question after the other, and trees that cannot be used."""

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import characters, dictionaries, sampled_from, text

from relay.desk import procedures, question_trees
from relay.desk.question_trees import Choice, Question, Tree, walk
from relay.desk.rules import NotPossible
from tests.relay.desk.examples import DISTANCE, LIGHT, LINK, PROCEDURE, REMARK, TREE, both


@pytest.mark.requirement("A49")
@pytest.mark.requirement("A36")
@pytest.mark.requirement("A104")
def test_each_answer_leads_to_the_next_question() -> None:
    assert walk(TREE, {}).next == LINK
    assert walk(TREE, {"link": "cable"}).next == LIGHT
    assert walk(TREE, {"link": "wifi"}).next == DISTANCE
    done = walk(TREE, {"link": "wifi", "distance": "12", "remark": "le soir"})
    assert done.is_over
    assert [question.name for question, _ in done.answered] == ["link", "distance", "remark"]


@pytest.mark.requirement("A37")
def test_the_answers_suggest_a_complexity_and_so_a_level() -> None:
    assert walk(TREE, {"link": "cable", "light": "yes"}).complexity == "low"
    path = walk(TREE, {"link": "cable", "light": "no"})
    assert path.complexity == "complex"


def test_another_answer_to_an_earlier_question_takes_another_way_and_the_old_answers_do_not_count() -> None:
    answers = {"link": "cable", "light": "no"}
    path = walk(TREE, {**answers, "link": "wifi"})
    assert path.next == DISTANCE
    assert path.complexity == ""


@pytest.mark.requirement("A45")
@pytest.mark.parametrize(
    ("question", "answer", "kept"),
    [(LINK, " wifi ", "wifi"), (DISTANCE, "007", "7"), (DISTANCE, "0", "0"), (REMARK, " le soir ", "le soir")],
)
def test_an_answer_of_the_right_type_is_kept(question: Question, answer: str, kept: str) -> None:
    assert question.check(answer) == kept


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (LINK, "fibre"),
        (LINK, ""),
        (DISTANCE, "far"),
        (DISTANCE, "201"),
        (DISTANCE, "-1"),
        (DISTANCE, "١٢"),
        (REMARK, " "),
        (REMARK, "a\u202eb"),
        (REMARK, "x" * 201),
    ],
)
def test_an_answer_of_the_wrong_type_is_refused(question: Question, answer: str) -> None:
    with pytest.raises(NotPossible):
        question.check(answer)


@given(text(characters(codec="utf-8"), max_size=250))
def test_whatever_is_typed_is_either_kept_unchanged_from_then_on_or_refused(answer: str) -> None:
    for question in TREE.questions:
        try:
            kept = question.check(answer)
        except NotPossible:
            continue
        assert question.check(kept) == kept


@given(
    dictionaries(
        sampled_from(["link", "light", "distance", "remark", "gone"]), sampled_from(["cable", "wifi", "no", "5"])
    )
)
def test_a_walk_always_ends(answers: dict[str, str]) -> None:
    path = walk(TREE, answers)
    assert len(path.answered) <= len(TREE.questions)


def _tree(*questions: Question) -> Tree:
    return Tree(both("x"), "box", questions)


def _choice(name: str, *targets: str) -> Question:
    return Question(name, both(name), "choice", tuple(Choice(f"c{n}", both("x"), to) for n, to in enumerate(targets)))


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (_tree(_choice("a", "b", "")), "unknown b"),
        (_tree(_choice("a", "")), "choices a"),
        (_tree(_choice("a", "b", ""), _choice("b", "a", "")), "circle a"),
        (_tree(_choice("a", "", ""), _choice("b", "", "")), "unreachable b"),
        (_tree(_choice("a", "", ""), _choice("a", "", "")), "twice a"),
        (_tree(Question("a", both("a"), "number", (), 5, 4)), "bounds a"),
        (_tree(Question("a", both("a"), "choice", (Choice("x", both("x")), Choice("x", both("y"))))), "same-choice a"),
    ],
)
def test_a_tree_that_cannot_be_used_says_why(tree: Tree, problem: str) -> None:
    assert problem in question_trees.problems(tree)


def test_a_tree_and_a_procedure_that_can_be_used_have_no_problem() -> None:
    assert question_trees.problems(TREE) == []
    assert procedures.problems(PROCEDURE) == []


def test_a_procedure_that_leads_downwards_or_twice_says_why() -> None:
    first, second = PROCEDURE.escalations
    wrong = msgspec.structs.replace(
        PROCEDURE, escalations=(msgspec.structs.replace(first, from_level=2, to_level=2), second)
    )
    assert procedures.problems(wrong) == ["twice level 2", "downwards 2-2"]
