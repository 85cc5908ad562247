"""Questions to the customer, the same in windows and on a terminal."""

from dataclasses import replace

import pytest

from client_agent.prompts.customer import QuestionKind
from client_agent.prompts.words import Words
from client_agent.prompts.words.marks import Mark
from protocol.vocabulary import Capability, Role
from tests.client_agent.prompts.questions import CONTROL, QUESTION, VIEW

JOINING = replace(QUESTION, kind=QuestionKind.JOIN, technician="Jean Petit", role=Role.SUPERVISOR, asks=Capability.VIEW)
PASSING = replace(QUESTION, kind=QuestionKind.HAND_OVER, technician="Jean Petit", controller="Camille Moreau")


@pytest.mark.parametrize(
    ("language", "request_"),
    [
        (
            "en",
            "Jean Petit (Opérateur Démo, supervisor) wants to join and watch for ticket 2041 “Pas d’image sur la télévision”.",
        ),
        (
            "fr",
            "Jean Petit (Opérateur Démo, superviseur) souhaite se joindre à la session et regarder pour le ticket 2041"
            " « Pas d’image sur la télévision ».",
        ),
    ],
)
def test_who_wants_to_join_is_named_with_organisation_and_role(language: str, request_: str) -> None:
    assert Words(language).consent(JOINING).request.replace("\u00a0", " ") == request_


def test_who_joins_from_elsewhere_is_named_with_their_own_organisation() -> None:
    content = Words("en").consent(replace(JOINING, employer="Antennes Martin"))
    assert "Jean Petit (Antennes Martin, supervisor)" in content.request
    assert content.organisation == "Opérateur Démo"


def test_who_wants_to_join_can_only_be_let_watch_whatever_they_ask_for() -> None:
    content = Words("en").consent(replace(JOINING, asks=Capability.CONTROL))
    assert [choice.allowed for choice in content.choices] == [VIEW, frozenset()]
    assert Mark.HAND not in {effect.mark for effect in content.effects}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_question_that_passes_control_on_names_both_and_allows_control_alone(language: str) -> None:
    content = Words(language).consent(replace(PASSING, asks=Capability.VIEW))
    assert content.request.index("Camille Moreau") < content.request.index("Jean Petit")
    assert [choice.allowed for choice in content.choices] == [CONTROL, frozenset()]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("is_required", [False, True])
def test_a_recording_is_asked_with_its_purpose_its_time_and_who_can_watch_it(language: str, is_required: bool) -> None:
    question = replace(JOINING, kind=QuestionKind.RECORD, asks=Capability.RECORD, recording_days=90)
    content = Words(language).consent(replace(question, is_recording_required=is_required))
    said = "\n".join(content.lines)
    assert {"en": "90 days", "fr": "90 jours"}[language] in said
    assert {"en": "auditors", "fr": "auditeurs"}[language] in said
    requires = {"en": "the organisation requires it", "fr": "l’organisation l’exige"}[language]
    assert (requires in said) is is_required
    assert [choice.allowed for choice in content.choices] == [{Capability.RECORD}, frozenset()]


# A recording is never asked for where nobody vouches for the auditors.
@pytest.mark.parametrize("kind", sorted(set(QuestionKind) - {QuestionKind.RECORD}))
def test_an_organisation_known_by_its_address_alone_makes_every_name_a_claim(kind: QuestionKind) -> None:
    content = Words("en").consent(replace(JOINING, kind=kind, is_verified=False))
    assert "who gives the name Jean Petit" in content.request.replace("Somebody", "somebody")
    assert content.standing.mark is Mark.WARNING
    assert "scam" in content.warning


@pytest.mark.parametrize("name", ["{who}", "{0}", "{technician.__class__}", "%s"])
def test_braces_in_a_name_stay_what_they_are(name: str) -> None:
    question = replace(PASSING, technician=name, controller=name, ticket=name, subject=name)
    assert Words("en").consent(question).request.count(name) == 4


@pytest.mark.parametrize("may_be_recorded", [True, False])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_clipboard_is_asked_for_by_itself_and_what_is_kept_of_it_is_said_where_there_are_auditors(
    language: str, may_be_recorded: bool
) -> None:
    question = replace(QUESTION, asks=Capability.CLIPBOARD, is_first=False, may_be_recorded=may_be_recorded)
    content = Words(language).consent(question)
    assert [choice.allowed for choice in content.choices] == [{Capability.CLIPBOARD}, frozenset()]
    marks = [effect.mark for effect in content.effects]
    assert (Mark.RECORD in marks) is may_be_recorded
    assert {Mark.CLIPBOARD, Mark.EYE, Mark.STOP} <= set(marks)
