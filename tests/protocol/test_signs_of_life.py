"""protocol/signs_of_life.py: who says nothing else pings, more seldom while nothing happens."""

from collections.abc import Callable

import pytest

from protocol.codec import Message
from protocol.limits import (
    AGENT_AT_REST_S,
    AT_REST_AFTER_S,
    PEER_GONE_S,
    PICTURE_LIVE_S,
    PROOF_OF_LIFE_S,
    VIEWER_AT_REST_S,
)
from protocol.messages import (
    DrawingTimed,
    EntryAppended,
    HeadOffered,
    HeadSigned,
    InputReleased,
    KeyChanged,
    MediaReached,
    PictureShown,
    Pinged,
    PointerButton,
)
from protocol.signs_of_life import SignsOfLife

# After the last of these it is at rest.
AWAKE = round(AT_REST_AFTER_S / PROOF_OF_LIFE_S) - 1


class Asked:
    """Asks every so often, by a clock that is late now and then, and says what is due."""

    def __init__(self, signs: SignsOfLife) -> None:
        self.signs = signs
        self.now_s = 1000.0

    def pings(self, seconds: float, every_s: float = PROOF_OF_LIFE_S) -> list[float]:
        """When it pinged, in seconds from now on."""
        began_s, said = self.now_s, []
        for number in range(1, round(seconds / every_s) + 1):
            self.now_s = began_s + number * every_s + number % 3 / 100
            if self.signs.is_due(self.now_s):
                self.signs.said(Pinged(0))
                said.append(self.now_s - began_s)
        return said


AGENT, VIEWER = SignsOfLife.of_agent, SignsOfLife.of_viewer


@pytest.mark.parametrize(("made", "at_rest_s"), [(AGENT, AGENT_AT_REST_S), (VIEWER, VIEWER_AT_REST_S)])
def test_whoever_says_nothing_pings_every_time_and_at_rest_more_seldom(
    made: Callable[[], SignsOfLife], at_rest_s: float
) -> None:
    asked = Asked(made())
    asked.signs.said(PictureShown(1))
    assert not asked.pings(PROOF_OF_LIFE_S)
    assert len(asked.pings(AT_REST_AFTER_S)) == AWAKE
    # Who is asked just as often as it has to ping never leaves a question out, however late clocks are.
    assert len(asked.pings(50 * at_rest_s, at_rest_s)) == 50
    assert asked.signs.is_at_rest


def test_whoever_says_something_else_all_the_time_pings_never() -> None:
    asked = Asked(AGENT())
    for counter in range(100):
        asked.signs.said(MediaReached(counter, 0))
        assert not asked.pings(PROOF_OF_LIFE_S)


def test_whoever_is_woken_at_rest_says_it_then_and_no_more_often() -> None:
    """A viewer that hears the agent's pings answers every second one, so that both wake up less often."""
    asked = Asked(VIEWER())
    asked.pings(PROOF_OF_LIFE_S + AT_REST_AFTER_S)
    answered = [asked.signs.is_due(asked.now_s + number * AGENT_AT_REST_S, is_woken=True) for number in range(1, 41)]
    assert answered == [False, True] * 20


def test_whoever_is_woken_while_something_happens_leaves_it_to_the_clock_as_long_as_there_is_one() -> None:
    asked = Asked(VIEWER())
    asked.signs.said(PictureShown(1))
    asked.pings(PROOF_OF_LIFE_S)
    assert not asked.signs.is_due(asked.now_s + AGENT_AT_REST_S, is_woken=True)
    assert asked.signs.is_due(asked.now_s + VIEWER_AT_REST_S, is_woken=True)


@pytest.mark.parametrize("quiet", [DrawingTimed(3), HeadSigned(""), HeadOffered(""), EntryAppended("")])
def test_figures_about_the_way_and_writing_down_end_no_rest_and_are_no_sign(quiet: Message) -> None:
    asked = Asked(AGENT())
    asked.pings(PROOF_OF_LIFE_S + AT_REST_AFTER_S)
    for _ in range(100):
        asked.signs.said(quiet)
        assert asked.signs.is_at_rest
        assert asked.pings(AGENT_AT_REST_S, AGENT_AT_REST_S)


def test_something_that_happens_ends_the_rest() -> None:
    asked = Asked(VIEWER())
    asked.pings(60)
    asked.signs.said(PictureShown(1))
    assert not asked.signs.is_at_rest
    assert len(asked.pings(PROOF_OF_LIFE_S + AT_REST_AFTER_S)) == AWAKE


@pytest.mark.parametrize("release", [KeyChanged("KeyA", False), InputReleased()])
def test_whoever_holds_something_down_is_never_at_rest(release: KeyChanged | InputReleased) -> None:
    asked = Asked(VIEWER())
    asked.signs.said(KeyChanged("KeyA", True))
    assert len(asked.pings(60)) == 60 / PROOF_OF_LIFE_S - 1
    asked.signs.said(PointerButton(0, 0, 0, 2, True, 1))
    asked.signs.said(PointerButton(0, 0, 0, 2, False, 1))
    assert len(asked.pings(60)) == 60 / PROOF_OF_LIFE_S - 1, "the key is still down"
    asked.signs.said(release)
    asked.pings(PROOF_OF_LIFE_S + AT_REST_AFTER_S)
    assert asked.signs.is_at_rest


def test_whoever_is_gone_is_taken_for_gone_within_the_promised_five_seconds() -> None:
    assert PEER_GONE_S <= 5


def test_two_signs_may_be_lost_before_somebody_is_taken_for_gone_and_one_late_before_a_picture_is() -> None:
    assert 2 * VIEWER_AT_REST_S < PEER_GONE_S
    assert AGENT_AT_REST_S < PICTURE_LIVE_S
