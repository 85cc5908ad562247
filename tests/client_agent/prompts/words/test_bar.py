"""What the session bar says, the same in a window and on a terminal."""

from dataclasses import replace

from client_agent.prompts.customer import BarState, Interruption, Viewer
from client_agent.prompts.words import Words
from client_agent.prompts.words.bar import VIEWERS_NAMED_MAX
from tests.client_agent.prompts.questions import CONTROL, CONTROLLED, SHARED, VIEW

CAMILLE = Viewer("Camille Moreau", VIEW | CONTROL, "camille")
JEAN = Viewer("Jean Petit", VIEW, "jean")


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


def test_several_who_share_the_clipboard_are_counted() -> None:
    state = replace(SHARED, viewers=(*SHARED.viewers, replace(SHARED.viewers[0], name="Jean Petit", id="jean")))
    told = Words("en").bar(state).clipboard
    assert told
    assert told.text == "2 people share your clipboard"
