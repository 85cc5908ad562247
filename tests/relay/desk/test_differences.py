"""relay/desk/differences.py: what two versions differ in, as whoever works by them reads it."""

from msgspec.structs import replace

from relay.desk.differences import LEFT_OUT, difference
from relay.desk.ladders import USUAL
from relay.desk.procedures import Script, Step
from relay.desk.publishing import Content
from relay.desk.rules import Both, BothTexts
from tests.relay.desk.examples import ARTICLE, PROCEDURE, TREE, both

SCRIPT = Script(both("Accueil"), "greeting", BothTexts("Bonjour.\nJe vous écoute.", "Hello."))


def test_two_that_say_the_same_differ_in_nothing() -> None:
    contents: tuple[Content, ...] = (ARTICLE, PROCEDURE, TREE, SCRIPT, USUAL)
    for content in contents:
        assert difference(content, replace(content), "fr") == []


def test_a_step_that_was_changed_is_told_in_words_beside_its_neighbours_alone() -> None:
    steps = tuple(Step(f"step-{n}", 1, Both(f"Étape {n}", f"Step {n}")) for n in range(9))
    changed = (*steps[:4], Step("step-4", 2, Both("Étape 4", "Step 4, twice")), *steps[5:])
    ((name, lines),) = difference(replace(PROCEDURE, steps=steps), replace(PROCEDURE, steps=changed), "fr")
    assert name == "steps"
    assert lines[0] == lines[-1] == LEFT_OUT
    assert ("-", "Niveau 1 · step-4 · en – Step 4") in lines
    assert ("+", "Niveau 2 · step-4 · en – Step 4, twice") in lines
    assert not [text for _, text in lines if "Step 0" in text or '"' in text]


def test_whatever_is_changed_is_told() -> None:
    row = PROCEDURE.escalations[0]
    tier = USUAL.tiers[0]
    choice = TREE.questions[0].choices[0]
    pairs: tuple[tuple[Content, Content, str], ...] = (
        (ARTICLE, replace(ARTICLE, audience="customers"), "about"),
        (SCRIPT, replace(SCRIPT, moment="closing"), "about"),
        (SCRIPT, replace(SCRIPT, group="experts"), "about"),
        (SCRIPT, replace(SCRIPT, text=BothTexts("Bonjour.", "Hello.")), "text"),
        (
            TREE,
            replace(TREE, questions=(replace(TREE.questions[0], choices=(choice,)), *TREE.questions[1:])),
            "questions",
        ),
        (PROCEDURE, replace(PROCEDURE, weight=1), "about"),
        (PROCEDURE, replace(PROCEDURE, have_ready=()), "have_ready"),
        (PROCEDURE, replace(PROCEDURE, escalations=(replace(row, approval_required=True),)), "escalations"),
        (USUAL, replace(USUAL, tiers=(replace(tier, only_difficult=True), *USUAL.tiers[1:])), "tiers"),
    )
    for before, after, part in pairs:
        assert [name for name, _ in difference(before, after, "en")] == [part]
