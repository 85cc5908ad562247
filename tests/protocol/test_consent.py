"""protocol/consent.py: the customer alone decides, every message has its row, taking back waits for nothing."""

from typing import get_args

import pytest

from protocol.consent import ALWAYS, NEEDED, NOBODY, ConsentGate, Grant, ViewerId
from protocol.messages import (
    AccessAsked,
    ChatWritten,
    ClipboardAsked,
    ClipboardPut,
    ControlGivenBack,
    DrawingTimed,
    Ended,
    FileAsked,
    FileClosed,
    FileCompleted,
    FileOffered,
    FilePart,
    FileReceived,
    FromViewer,
    HandedOver,
    HeadSigned,
    InputReleased,
    Introduced,
    KeyChanged,
    KeyPictureAsked,
    Left,
    NoteWritten,
    PictureShown,
    Pinged,
    PointerButton,
    PointerMoved,
    PreferenceChosen,
    Returned,
    ScreenChosen,
    TextTyped,
    WheelTurned,
)
from protocol.vocabulary import Capability, FileOutcome, Hold, Outcome, Preference

FIRST, SECOND = ViewerId("a" * 32), ViewerId("b" * 32)
NOON, LATER = 1_000_000, 2_000_000

EVERY_MESSAGE = [
    AccessAsked(Capability.CONTROL, "why"),
    ControlGivenBack(),
    HandedOver("b" * 32),
    Left(),
    ScreenChosen(0),
    KeyPictureAsked(),
    PictureShown(1),
    PreferenceChosen(Preference.SMOOTHER),
    DrawingTimed(5),
    PointerMoved(0, 1, 1, 1),
    PointerButton(0, 1, 1, 0, True, 1),
    WheelTurned(0, 1, 1, 0, 120, 1),
    KeyChanged("KeyA", True),
    TextTyped("a"),
    InputReleased(),
    NoteWritten(0, "Écran noir", 1),
    ChatWritten("Bonjour"),
    FileOffered(1, "a.txt", 4),
    FileAsked(2, "The log"),
    FileReceived(2, 0),
    FilePart(1, 0, b"data"),
    FileCompleted(1, bytes(32)),
    FileClosed(1, FileOutcome.CANCELLED),
    ClipboardPut(0, 1, "text"),
    ClipboardAsked(),
    HeadSigned("note"),
    Pinged(1),
    Ended(Outcome.COMPLETED),
]


def _granted(*capabilities: Capability, hold: Hold | None = None) -> ConsentGate:
    gate = ConsentGate()
    if hold:
        gate.hold(hold)
    gate.allow(tuple(Grant(FIRST, capability, LATER) for capability in capabilities), entry=4)
    gate.entry_stored(4)
    return gate


def test_every_message_of_a_technician_has_its_row_in_the_table() -> None:
    assert set(get_args(FromViewer)) == set(NEEDED) | ALWAYS | {Introduced, Returned}
    assert {type(message) for message in EVERY_MESSAGE} == set(NEEDED) | ALWAYS


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize(
    "allowed",
    [(), (Capability.VIEW,), (Capability.VIEW, Capability.CONTROL), (Capability.FILES,), (Capability.CLIPBOARD,)],
)
def test_a_message_takes_effect_only_with_its_grant(message: Pinged, allowed: tuple[Capability, ...]) -> None:
    needed = NEEDED.get(type(message))
    assert _granted(*allowed).admits(FIRST, message, NOON) is (needed is None or needed in allowed)


def test_what_is_in_no_table_is_refused() -> None:
    introduction = Introduced("", "2041", "s", "r", Capability.VIEW, [], b"")
    assert not _granted(Capability.VIEW, Capability.CONTROL).admits(FIRST, introduction, NOON)
    assert not _granted(Capability.VIEW, Capability.CONTROL).admits(FIRST, Returned(bytes(64)), NOON)


def test_a_grant_is_nobody_elses() -> None:
    assert not _granted(Capability.VIEW, Capability.CONTROL).admits(SECOND, KeyChanged("KeyA", True), NOON)


def test_a_grant_waits_for_its_entry_and_ends_with_its_time() -> None:
    gate = ConsentGate()
    gate.allow((Grant(FIRST, Capability.VIEW, LATER),), entry=4)
    assert not gate.admits(FIRST, ScreenChosen(0), NOON)
    gate.entry_stored(4)
    assert gate.admits(FIRST, ScreenChosen(0), NOON)
    assert not gate.admits(FIRST, ScreenChosen(0), LATER)


def test_a_grant_taken_back_before_it_was_stored_never_comes_into_force() -> None:
    gate = ConsentGate()
    gate.allow((Grant(FIRST, Capability.VIEW, LATER), Grant(FIRST, Capability.CONTROL, LATER)), entry=4)
    gate.take_back(Capability.CONTROL)
    gate.entry_stored(4)
    assert gate.capabilities_of(FIRST) == {Capability.VIEW}


def test_one_person_controls_at_a_time() -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.allow((Grant(SECOND, Capability.VIEW, LATER),), entry=5)
    gate.entry_stored(5)
    assert gate.controller == FIRST
    gate.allow((Grant(SECOND, Capability.CONTROL, LATER),), entry=6)
    passed = gate.entry_stored(6)
    assert passed
    assert passed.displaced == {Grant(FIRST, Capability.CONTROL, LATER)}
    assert gate.controller == SECOND
    assert gate.capabilities_of(FIRST) == {Capability.VIEW}


def test_what_is_allowed_again_lasts_until_its_own_time() -> None:
    gate = _granted(Capability.VIEW)
    gate.allow((Grant(FIRST, Capability.VIEW, 2 * LATER),), entry=5)
    gate.entry_stored(5)
    assert gate.expire(LATER) == frozenset()
    assert gate.capabilities_of(FIRST) == {Capability.VIEW}


def test_what_is_taken_back_from_one_stays_with_the_other() -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.allow((Grant(SECOND, Capability.VIEW, LATER),), entry=5)
    gate.entry_stored(5)
    ended = gate.take_back(Capability.VIEW, FIRST)
    assert {grant.capability for grant in ended} == {Capability.VIEW, Capability.CONTROL}
    assert gate.capabilities_of(FIRST) == frozenset()
    assert gate.capabilities_of(SECOND) == {Capability.VIEW}


def test_without_sight_there_is_no_control() -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.take_back(Capability.VIEW)
    assert gate.capabilities_of(FIRST) == frozenset()


def _recorded() -> ConsentGate:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.allow((Grant(NOBODY, Capability.RECORD, LATER),), entry=5)
    return gate


def test_a_recording_waits_for_its_entry_like_everything_else() -> None:
    gate = _recorded()
    before = gate.is_recorded
    gate.entry_stored(5)
    assert (before, gate.is_recorded) == (False, True)
    assert gate.capabilities_of(FIRST) == {Capability.VIEW, Capability.CONTROL}


def test_a_recording_outlasts_whoever_leaves_and_ends_with_everything() -> None:
    gate = _recorded()
    gate.entry_stored(5)
    gate.take_back(Capability.VIEW, FIRST)
    after_one_left = gate.is_recorded
    gate.take_back(Capability.VIEW)
    assert (after_one_left, gate.is_recorded) == (True, False)


def test_withdrawing_the_recording_ends_nothing_else_and_also_one_that_waits() -> None:
    gate = _recorded()
    gate.take_back(Capability.RECORD)
    gate.entry_stored(5)
    assert not gate.is_recorded
    assert gate.capabilities_of(FIRST) == {Capability.VIEW, Capability.CONTROL}


@pytest.mark.parametrize("hold", Hold)
def test_a_hold_keeps_input_back_and_nothing_else(hold: Hold) -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.hold(hold)
    assert not gate.admits(FIRST, TextTyped("a"), NOON)
    assert gate.admits(FIRST, PictureShown(1), NOON)
    assert not _granted(Capability.CLIPBOARD, hold=hold).admits(FIRST, ClipboardAsked(), NOON)
    gate.release(hold)
    assert gate.admits(FIRST, TextTyped("a"), NOON)


def test_who_has_seen_nothing_recent_is_known() -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    assert not gate.is_picture_recent(FIRST, [NOON], now_ms=NOON)
    gate.picture_shown(FIRST, NOON)
    captured = [NOON - 1, NOON, NOON + 500, NOON + 2000]
    assert gate.is_picture_recent(FIRST, captured, now_ms=NOON + 2500)
    assert not gate.is_picture_recent(FIRST, captured, now_ms=NOON + 2501)
    gate.picture_shown(FIRST, NOON + 500)
    assert gate.is_picture_recent(FIRST, captured, now_ms=NOON + 2501)


def test_after_a_rest_a_picture_that_is_on_its_way_holds_no_key() -> None:
    gate = _granted(Capability.VIEW, Capability.CONTROL)
    gate.picture_shown(FIRST, NOON)
    minute_ms = 60_000
    assert gate.is_picture_recent(FIRST, [NOON], now_ms=NOON + minute_ms)
    assert gate.is_picture_recent(FIRST, [NOON, NOON + minute_ms], now_ms=NOON + minute_ms + 20)
