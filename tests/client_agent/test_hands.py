import threading
from collections.abc import Callable, Iterator

import pytest

from client_agent import hands as hands_module
from client_agent.hands import Counts, Hands
from client_agent.input import x11
from client_agent.input.sink import InputLost, OwnWindows
from client_agent.input.x11 import X11Sink
from client_agent.screen.source import Box, Screen
from protocol.messages import KeyChanged, PointerButton, PointerMoved, TextTyped, WheelTurned
from tests.client_agent.desktop import Ears, what_is_down
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]
SCREENS = (Screen(0, 0, 0, 640, 480, "all"),)
SHIFT_AND_BUTTON = 0x101


@pytest.fixture
def display(xvfb: Start, monkeypatch: pytest.MonkeyPatch) -> VirtualDisplay:
    display = xvfb(640, 480, window_manager=False)
    monkeypatch.setenv("DISPLAY", display.name)
    return display


@pytest.fixture
def ears(display: VirtualDisplay) -> Iterator[Ears]:
    ears = Ears(display, Box(0, 0, 640, 480))
    yield ears
    ears.close()


async def test_input_that_could_not_be_applied_makes_room_for_what_follows(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands_module, "WAITING_MAX", 3)
    monkeypatch.setattr(X11Sink, "key_at_once", lambda *key: None)
    hands, key, failures = Hands(OwnWindows()), X11Sink.key, iter((InputLost(), RuntimeError(), InputLost()))

    def fail_three_times(sink: X11Sink, code: str, is_down: bool) -> bool:
        for failure in failures:
            raise failure
        return key(sink, code, is_down)

    monkeypatch.setattr(X11Sink, "key", fail_three_times)
    for _ in range(3):
        hands.apply(KeyChanged("KeyA", True), SCREENS)

    def is_heard() -> bool:
        hands.apply(KeyChanged("KeyB", True), SCREENS)
        return ("key down", 56) in ears.heard()

    await eventually(is_heard, "a key after three that failed")
    hands.close()


async def test_everything_that_is_held_comes_up_at_once_and_was_counted(display: VirtualDisplay, ears: Ears) -> None:
    hands = Hands(OwnWindows())
    hands.apply(KeyChanged("ShiftLeft", True), SCREENS)
    hands.apply(PointerButton(0, 9, 9, 0, True, 1), SCREENS)
    await eventually(lambda: what_is_down(display)[1] == SHIFT_AND_BUTTON, "Shift and a button that are down")
    hands.release_all()
    assert what_is_down(display) == ([], 0)
    counts = Counts()

    def is_counted() -> bool:
        nonlocal counts
        counts = counts + hands.take_counts()
        return counts == Counts(clicks=1, keys=1)

    await eventually(is_counted, "one click and one key")
    hands.close()


@pytest.mark.usefixtures("display")
async def test_a_key_waits_for_a_text_before_it_and_else_for_nobody(
    ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11, "_AT_ONCE_S", 30)
    hands, typed = Hands(OwnWindows()), X11Sink.type
    is_typing, may_type = threading.Event(), threading.Event()

    def type_when_told(sink: X11Sink, text: str) -> bool:
        is_typing.set()
        assert may_type.wait(30)
        return typed(sink, text)

    monkeypatch.setattr(X11Sink, "type", type_when_told)
    hands.apply(KeyChanged("KeyB", True), SCREENS)
    hands.apply(KeyChanged("KeyB", False), SCREENS)
    assert not hands.is_busy
    hands.apply(TextTyped("a"), SCREENS)
    await eventually(is_typing.is_set, "the text")
    hands.apply(KeyChanged("KeyC", True), SCREENS)
    may_type.set()
    heard: list[tuple[str, int]] = []

    def are_heard() -> bool:
        heard.extend(ears.heard())
        return len(heard) == 5

    await eventually(are_heard, "both keys and the text between them")
    assert heard == [("key down", 56), ("key up", 56), ("key down", 38), ("key up", 38), ("key down", 54)]
    counts = Counts()

    def are_counted() -> bool:
        nonlocal counts
        counts = counts + hands.take_counts()
        return counts == Counts(keys=2, characters=1)

    await eventually(are_counted, "two keys and a character")
    hands.close()


class BusySink:
    """Takes note of what is applied, once a first key has been let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.applied: list[tuple[object, ...]] = []
        self.is_at_a_key, self.may_go_on = threading.Event(), threading.Event()
        for name in ("move", "button", "wheel"):
            monkeypatch.setattr(X11Sink, name, self._noting(name))
        monkeypatch.setattr(X11Sink, "key", self._key)
        monkeypatch.setattr(X11Sink, "key_at_once", lambda *key: None)

    def _noting(self, name: str) -> Callable[..., bool]:
        def note(sink: X11Sink, *what: object) -> bool:
            self.applied.append((name, *what))
            return True

        return note

    def _key(self, code: str, is_down: bool) -> bool:
        self.is_at_a_key.set()
        assert self.may_go_on.wait(30)
        self.applied.append(("key", code, is_down))
        return True


@pytest.mark.usefixtures("display")
async def test_of_places_that_come_faster_than_they_are_applied_the_newest_counts_and_nothing_else_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sink, hands = BusySink(monkeypatch), Hands(OwnWindows())
    hands.apply(KeyChanged("KeyA", True), SCREENS)
    await eventually(sink.is_at_a_key.is_set, "the first key")
    for message in (
        *(PointerMoved(0, x, 5, 1) for x in range(1, 400)),
        PointerButton(0, 400, 5, 0, True, 1),
        *(PointerMoved(0, x, 6, 1) for x in range(1, 40)),
        WheelTurned(0, 9, 9, 0, 120, 1),
        WheelTurned(0, 9, 9, 0, 120, 1),
        PointerMoved(0, 7, 7, 1),
        KeyChanged("KeyA", False),
        PointerMoved(0, 8, 8, 1),
    ):
        hands.apply(message, SCREENS)
    sink.may_go_on.set()
    await eventually(lambda: ("move", 8, 8) in sink.applied, "the last place")
    assert sink.applied == [
        ("key", "KeyA", True),
        ("move", 399, 5),
        ("button", 400, 5, 0, True),
        ("move", 39, 6),
        ("wheel", 9, 9, 0, 120),
        ("wheel", 9, 9, 0, 120),
        ("move", 7, 7),
        ("key", "KeyA", False),
        ("move", 8, 8),
    ]
    hands.close()


@pytest.mark.usefixtures("display")
async def test_a_place_from_after_a_withdrawal_does_not_take_the_turn_of_one_from_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(X11Sink, "release_all", lambda sink: None)
    sink, hands = BusySink(monkeypatch), Hands(OwnWindows())
    hands.apply(KeyChanged("KeyA", True), SCREENS)
    await eventually(sink.is_at_a_key.is_set, "the first key")
    for message in (PointerMoved(0, 1, 1, 1), PointerButton(0, 2, 2, 0, True, 1), PointerMoved(0, 3, 3, 1)):
        hands.apply(message, SCREENS)
    hands.release_all()
    hands.apply(PointerMoved(0, 4, 4, 1), SCREENS)
    hands.apply(KeyChanged("KeyB", True), SCREENS)
    sink.may_go_on.set()
    await eventually(lambda: ("key", "KeyB", True) in sink.applied, "the key after it")
    assert sink.applied == [("key", "KeyA", True), ("move", 4, 4), ("key", "KeyB", True)]
    hands.close()


async def test_closing_waits_for_no_text_that_is_being_typed(ears: Ears) -> None:
    is_typing = threading.Event()

    def own_windows() -> set[int]:
        is_typing.set()
        return set()

    hands = Hands(OwnWindows(ids=own_windows))
    for _ in range(50):
        hands.apply(TextTyped("a" * 4096), SCREENS)
    await eventually(is_typing.is_set, "the first letter")
    hands.close()
    assert len(ears.heard()) < 2 * 4096
