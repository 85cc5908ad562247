"""protocol/signs_of_life.py: who says nothing else pings, more seldom while nothing happens."""

import pytest

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
    InputReleased,
    KeyChanged,
    MediaReached,
    PictureShown,
    Pinged,
    PointerButton,
)
from protocol.signs_of_life import SignsOfLife

A_MINUTE = round(60 / PROOF_OF_LIFE_S)
AWAKE = round(AT_REST_AFTER_S / PROOF_OF_LIFE_S)


def pings(signs: SignsOfLife, ticks: int) -> list[bool]:
    due = []
    for _ in range(ticks):
        due.append(signs.is_due())
        if due[-1]:
            signs.said(Pinged(0))
    return due


def longest_silence_s(due: list[bool]) -> float:
    return max(len(run) + 1 for run in "".join(".p"[each] for each in due).split("p")) * PROOF_OF_LIFE_S


@pytest.mark.parametrize(
    ("signs", "at_rest_s"), [(SignsOfLife.of_agent(), AGENT_AT_REST_S), (SignsOfLife.of_viewer(), VIEWER_AT_REST_S)]
)
def test_whoever_says_nothing_pings_every_time_and_at_rest_more_seldom(signs: SignsOfLife, at_rest_s: float) -> None:
    signs.said(PictureShown(1))
    assert pings(signs, 1 + AWAKE) == [False] + [True] * AWAKE
    due = pings(signs, A_MINUTE)
    assert sum(due) == 60 / at_rest_s
    assert longest_silence_s(due) == at_rest_s


def test_whoever_says_something_else_all_the_time_pings_never() -> None:
    signs = SignsOfLife.of_agent()
    for counter in range(A_MINUTE):
        signs.said(MediaReached(counter, 0))
        assert not signs.is_due()


@pytest.mark.parametrize("ticks", [1, 2, 4])
def test_at_rest_it_may_be_asked_more_seldom(ticks: int) -> None:
    signs = SignsOfLife.of_viewer()
    pings(signs, 1 + AWAKE)
    assert signs.is_at_rest
    assert sum(signs.is_due(ticks) for _ in range(A_MINUTE // ticks)) == 60 / VIEWER_AT_REST_S
    signs.said(PictureShown(1))
    assert not signs.is_at_rest


def test_figures_about_the_way_end_no_rest_and_are_no_sign() -> None:
    signs = SignsOfLife.of_agent()
    pings(signs, 1 + AWAKE)
    for _ in range(A_MINUTE):
        signs.said(DrawingTimed(3))
        assert signs.is_at_rest
        assert signs.is_due(round(AGENT_AT_REST_S / PROOF_OF_LIFE_S))


def test_something_that_happens_ends_the_rest() -> None:
    signs = SignsOfLife.of_viewer()
    pings(signs, A_MINUTE)
    signs.said(PictureShown(1))
    assert pings(signs, 1 + AWAKE) == [False] + [True] * AWAKE


@pytest.mark.parametrize("release", [KeyChanged("KeyA", False), InputReleased()])
def test_whoever_holds_something_down_is_never_at_rest(release: KeyChanged | InputReleased) -> None:
    signs = SignsOfLife.of_viewer()
    signs.said(KeyChanged("KeyA", True))
    assert all(pings(signs, 1 + A_MINUTE)[1:])
    signs.said(PointerButton(0, 0, 0, 2, True, 1))
    signs.said(PointerButton(0, 0, 0, 2, False, 1))
    assert all(pings(signs, 1 + A_MINUTE)[1:]), "the key is still down"
    signs.said(release)
    assert sum(pings(signs, 1 + AWAKE + A_MINUTE)) == AWAKE + 60 / VIEWER_AT_REST_S


def test_whoever_is_gone_is_taken_for_gone_within_the_promised_five_seconds() -> None:
    assert PEER_GONE_S <= 5


def test_two_signs_may_be_lost_before_somebody_is_taken_for_gone_and_one_late_before_a_picture_is() -> None:
    assert 2 * VIEWER_AT_REST_S < PEER_GONE_S
    assert AGENT_AT_REST_S < PICTURE_LIVE_S
