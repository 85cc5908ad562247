import threading
from collections.abc import Callable, Iterator

import pytest

from client_agent import hands as hands_module
from client_agent.hands import Counts, Hands
from client_agent.input.sink import InputLost, OwnWindows
from client_agent.input.x11 import X11Sink
from client_agent.screen.source import Box, Screen
from protocol.messages import KeyChanged, PointerButton, TextTyped
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
