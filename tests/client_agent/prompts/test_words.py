"""The sentences of the customer's prompts, the same in windows and on a terminal."""

from dataclasses import replace

import pytest

from client_agent.prompts.customer import BarState, Interruption, QuestionKind, Viewer
from client_agent.prompts.words import VIEWERS_NAMED_MAX, Mark, Words
from protocol.vocabulary import Capability, Role
from tests.client_agent.prompts.questions import CONTROL, CONTROLLED, QUESTION, SHARED, VIEW

CAMILLE = Viewer("Camille Moreau", VIEW | CONTROL, "camille")
JEAN = Viewer("Jean Petit", VIEW, "jean")
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


def test_several_viewers_can_each_be_sent_away_but_for_one_there_is_stop() -> None:
    words = Words("en")
    assert [viewer.send_away for viewer in words.bar(CONTROLLED).viewers] == [""]
    both = words.bar(replace(CONTROLLED, viewers=(CAMILLE, JEAN))).viewers
    assert [(viewer.name, viewer.send_away) for viewer in both] == [
        ("Camille Moreau", "Send away"),
        ("Jean Petit", "Send away"),
    ]


def test_the_list_names_everybody_however_many_they_are() -> None:
    state = BarState("Opérateur Démo", tuple(Viewer(f"Viewer {n}", VIEW, str(n)) for n in range(30)))
    words = Words("en")
    assert len(words.bar(state).viewers) == VIEWERS_NAMED_MAX
    assert [viewer.name for viewer in words.viewers(state)] == [f"Viewer {n}" for n in range(30)]


def test_an_interruption_says_how_long_this_person_can_come_back_and_the_others_go_on() -> None:
    state = BarState("Opérateur Démo", (CAMILLE, JEAN), interrupted=(Interruption("camille", 288, 48),))
    camille, jean = Words("en").bar(state.after(8)).viewers
    assert [right.text for right in camille.rights] == [
        "The connection is interrupted. Can come back for 4:40 more, and control for 0:40 more."
    ]
    assert [right.text for right in jean.rights] == ["sees your screen", "touches nothing"]


def test_once_the_time_for_control_is_over_only_the_time_for_view_is_left() -> None:
    state = BarState("Opérateur Démo", (CAMILLE,), interrupted=(Interruption("camille", 288, 48),))
    (camille,) = Words("en").bar(state.after(48)).viewers
    assert camille.rights[0].text == "The connection is interrupted. Can come back for 4:00 more."


def test_time_that_runs_down_alone_does_not_change_what_the_bar_says() -> None:
    state = BarState("Opérateur Démo", (CAMILLE,), interrupted=(Interruption("camille", 288, 48),))
    words = Words("en")
    assert words.bar(state.after(8)).without_counts() == words.bar(state).without_counts()
    assert words.bar(replace(state, interrupted=())).without_counts() != words.bar(state).without_counts()


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


def test_several_who_share_the_clipboard_are_counted() -> None:
    state = replace(SHARED, viewers=(*SHARED.viewers, replace(SHARED.viewers[0], name="Jean Petit", id="jean")))
    told = Words("en").bar(state).clipboard
    assert told
    assert told.text == "2 people share your clipboard"
