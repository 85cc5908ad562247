import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xcffib

from client_agent.input import x11, x11_windows
from client_agent.input.injected import InjectedKeys
from client_agent.input.sink import Held, InputLost, NoInput, OwnWindows
from client_agent.input.x11 import X11Sink
from client_agent.screen.source import Box
from tests.client_agent.desktop import Ears, XTerm, focus, frame_around, what_is_down
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import wait_until

Start = Callable[..., VirtualDisplay]
WINDOW = Box(100, 100, 200, 100)
OWN = Box(400, 100, 100, 100)
NOTHING: tuple[list[int], int] = ([], 0)
INSIDE = (150, 150)
ON_OWN = (450, 150)


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    return xvfb(640, 480, window_manager=False)


@pytest.fixture
def own_ears(display: VirtualDisplay) -> Iterator[Ears]:
    """A window of the agent itself."""
    ears = Ears(display, OWN, takes_focus=False)
    yield ears
    ears.close()


@pytest.fixture
def ears(display: VirtualDisplay) -> Iterator[Ears]:
    """A window of the customer's, which has the focus."""
    ears = Ears(display, WINDOW)
    yield ears
    ears.close()


@pytest.fixture
def sink(display: VirtualDisplay, own_ears: Ears, ears: Ears) -> Iterator[X11Sink]:
    def is_own_at(x: int, y: int) -> bool:
        return OWN.x <= x < OWN.right and OWN.y <= y < OWN.bottom

    sink = X11Sink(display.name, own=OwnWindows(is_own_at, lambda: {own_ears.window}))
    yield sink
    sink.close()


def finish(sink: X11Sink) -> None:
    """Wait until the server has done all that the sink was told: an empty text is done when everything before it is."""
    sink.type("")


def heard_by(ears: Ears, sink: X11Sink) -> list[tuple[str, int]]:
    finish(sink)
    return ears.heard()


def test_keys_arrive_as_the_physical_keys_they_are(sink: X11Sink, ears: Ears) -> None:
    for code in ("KeyA", "Digit1", "Enter", "ArrowUp", "F12", "AltRight", "IntlBackslash"):
        assert sink.key(code, is_down=True)
        assert sink.key(code, is_down=False)
    assert [detail for what, detail in heard_by(ears, sink) if what == "key down"] == [38, 10, 36, 111, 96, 108, 94]


def test_a_key_that_is_not_on_any_keyboard_is_refused(sink: X11Sink, ears: Ears) -> None:
    assert not sink.key("KeyÄ", is_down=True)
    assert not sink.key("Fn", is_down=True)
    assert heard_by(ears, sink) == []


def test_buttons_arrive_with_their_numbers_and_place(display: VirtualDisplay, sink: X11Sink, ears: Ears) -> None:
    for button in range(5):
        assert sink.button(*INSIDE, button, is_down=True)
        assert sink.button(*INSIDE, button, is_down=False)
    assert [detail for what, detail in heard_by(ears, sink) if what == "button down"] == [1, 2, 3, 8, 9]
    assert display.run("xdotool", "getmouselocation").startswith("x:150 y:150 ")


def test_the_wheel_turns_by_notches_and_keeps_what_is_left(sink: X11Sink, ears: Ears) -> None:
    assert sink.wheel(*INSIDE, right=0, down=240)
    assert sink.wheel(*INSIDE, right=0, down=-120)
    assert sink.wheel(*INSIDE, right=120, down=0)
    assert sink.wheel(*INSIDE, right=-120, down=0)
    for _ in range(3):
        assert sink.wheel(*INSIDE, right=0, down=40)
    assert [detail for what, detail in heard_by(ears, sink) if what == "button down"] == [5, 5, 4, 7, 6, 5]


def test_everything_that_is_down_comes_up_keys_then_buttons_then_modifiers(
    display: VirtualDisplay, sink: X11Sink, ears: Ears
) -> None:
    sink.key("ControlLeft", is_down=True)
    sink.key("ShiftLeft", is_down=True)
    sink.key("KeyA", is_down=True)
    sink.key("KeyB", is_down=True)
    sink.button(*INSIDE, 0, is_down=True)
    assert sink.held() == Held(("ControlLeft", "ShiftLeft", "KeyA", "KeyB"), (0,))
    heard_by(ears, sink)
    sink.release_all()
    assert heard_by(ears, sink) == [("key up", 56), ("key up", 38), ("button up", 1), ("key up", 50), ("key up", 37)]
    assert sink.held() == Held((), ())
    assert what_is_down(display) == NOTHING


def test_a_repeated_press_needs_one_release(sink: X11Sink, ears: Ears) -> None:
    for _ in range(3):
        sink.key("KeyA", is_down=True)
    sink.key("KeyA", is_down=False)
    assert heard_by(ears, sink) == [("key down", 38), ("key up", 38)]


def test_closing_lets_go_of_everything(display: VirtualDisplay, ears: Ears) -> None:
    sink = X11Sink(display.name)
    sink.key("AltLeft", is_down=True)
    sink.button(*INSIDE, 2, is_down=True)
    finish(sink)
    assert what_is_down(display) != NOTHING
    sink.close()
    assert what_is_down(display) == NOTHING


def test_the_mouse_does_nothing_on_an_own_window(display: VirtualDisplay, sink: X11Sink, own_ears: Ears) -> None:
    sink.move(*INSIDE)
    assert not sink.move(*ON_OWN)
    assert not sink.button(*ON_OWN, 0, is_down=True)
    assert not sink.wheel(*ON_OWN, right=0, down=120)
    finish(sink)
    assert own_ears.all_heard() == []
    assert display.run("xdotool", "getmouselocation").startswith("x:150 y:150 ")
    assert sink.held() == Held((), ())


def test_a_button_that_is_held_comes_up_even_where_an_own_window_is(
    display: VirtualDisplay, sink: X11Sink, ears: Ears, own_ears: Ears
) -> None:
    sink.button(*INSIDE, 0, is_down=True)
    assert sink.button(*ON_OWN, 0, is_down=False)
    assert heard_by(ears, sink) == [("button down", 1), ("button up", 1)]
    assert heard_by(own_ears, sink) == []
    assert what_is_down(display) == NOTHING


def test_keys_and_text_do_nothing_while_an_own_window_has_the_focus(sink: X11Sink, own_ears: Ears) -> None:
    own_ears.take_focus()
    assert not sink.key("Enter", is_down=True)
    assert not sink.type("yes\n")
    assert heard_by(own_ears, sink) == []


def test_a_key_that_is_held_comes_up_even_when_an_own_window_has_taken_the_focus(
    display: VirtualDisplay, sink: X11Sink, own_ears: Ears
) -> None:
    sink.key("KeyA", is_down=True)
    own_ears.take_focus()
    assert sink.key("KeyA", is_down=False)
    finish(sink)
    assert what_is_down(display) == NOTHING


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a busy machine answers at once, and what was judged holds."""
    monkeypatch.setattr(x11, "_AT_ONCE_S", 30)
    monkeypatch.setattr(x11_windows, "_JUDGED_S", 600)


@pytest.mark.usefixtures("unhurried")
def test_at_once_a_key_does_what_it_does_in_its_turn(sink: X11Sink, ears: Ears) -> None:
    assert sink.key("KeyA", is_down=True)
    assert sink.key_at_once("KeyA", is_down=False)
    assert sink.key_at_once("KeyB", is_down=True)
    assert sink.key_at_once("KeyB", is_down=True)
    assert sink.held().keys == ("KeyB",)
    assert sink.key_at_once("KeyB", is_down=False)
    assert sink.key_at_once("Nonsense", is_down=True) is False
    assert heard_by(ears, sink) == [("key down", 38), ("key up", 38), ("key down", 56), ("key up", 56)]


@pytest.mark.usefixtures("unhurried")
def test_at_once_no_key_reaches_an_own_window(sink: X11Sink, own_ears: Ears, ears: Ears) -> None:
    assert sink.key("KeyA", is_down=True)
    finish(sink)
    own_ears.take_focus()
    # Nothing is known of this focus yet.
    assert sink.key_at_once("Enter", is_down=True) is None
    assert not sink.key("Enter", is_down=True)
    assert sink.key_at_once("Enter", is_down=True) is False
    assert sink.key_at_once("KeyA", is_down=False)
    assert heard_by(own_ears, sink) == [("key up", 38)]


def test_a_judgement_that_is_not_fresh_is_no_ground_to_press_at_once(
    sink: X11Sink, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sink.key("KeyA", is_down=True)
    monkeypatch.setattr(x11, "_AT_ONCE_S", 30)
    monkeypatch.setattr(x11_windows, "_JUDGED_S", -1)
    assert sink.key_at_once("KeyB", is_down=True) is None
    assert sink.held().keys == ("KeyA",)


def test_a_server_that_does_not_answer_holds_nobody_up(
    display: VirtualDisplay, sink: X11Sink, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11_windows, "_JUDGED_S", 600)
    assert sink.key("KeyA", is_down=True)
    other = xcffib.connect(display.name)
    other.core.GrabServer()
    other.core.GetInputFocus().reply()
    assert sink.key_at_once("KeyB", is_down=True) is None
    other.disconnect()
    assert sink.held().keys == ("KeyA",)
    # The answer that came too late is nobody else's.
    assert sink.key("KeyC", is_down=True)
    assert heard_by(ears, sink) == [("key down", 38), ("key down", 54)]


@pytest.mark.usefixtures("unhurried", "ears")
def test_a_key_that_is_watched_for_the_customers_own_takes_its_turn(display: VirtualDisplay) -> None:
    injected = InjectedKeys()
    injected.watch(frozenset({9}))
    sink = X11Sink(display.name, injected=injected)
    assert sink.key_at_once("Escape", is_down=True) is None
    assert sink.key_at_once("KeyA", is_down=True)
    sink.close()


def test_the_frame_around_an_own_window_is_its_own_as_well(xvfb: Start) -> None:
    display = xvfb(640, 480)
    display.start("xterm", "-e", "cat")
    inner = int(focus(display, "xterm"))
    sink = X11Sink(display.name, own=OwnWindows(ids=lambda: {inner}))
    assert not sink.key("KeyA", is_down=True)
    sink.close()
    sink = X11Sink(display.name, own=OwnWindows(ids=lambda: {frame_around(display, inner)}))
    assert not sink.key("KeyA", is_down=True)
    sink.close()


def test_text_stops_when_an_own_window_takes_the_focus_meanwhile(
    display: VirtualDisplay, ears: Ears, own_ears: Ears
) -> None:
    asked = 0

    def own_windows() -> set[int]:
        """The agent's prompt opens while the tenth character is about to be typed."""
        nonlocal asked
        asked += 1
        if asked == 10:
            own_ears.take_focus()
        return {own_ears.window}

    sink = X11Sink(display.name, own=OwnWindows(ids=own_windows))
    assert not sink.type("a" * 100)
    assert heard_by(ears, sink) == [("key down", 38), ("key up", 38)] * 9
    assert heard_by(own_ears, sink) == []
    sink.close()


def test_releasing_ends_a_text_that_is_being_typed(display: VirtualDisplay, ears: Ears) -> None:
    is_typing = threading.Event()

    def own_windows() -> set[int]:
        is_typing.set()
        return set()

    sink = X11Sink(display.name, own=OwnWindows(ids=own_windows))
    results: list[bool] = []
    typist = threading.Thread(target=lambda: results.append(sink.type("a" * 100_000)))
    typist.start()
    assert is_typing.wait(10)
    sink.release_all()
    typist.join(10)
    assert results == [False]
    assert what_is_down(display) == NOTHING
    assert sink.key("KeyA", is_down=True)
    sink.close()


def test_a_server_that_goes_away_is_named_and_letting_go_is_quiet() -> None:
    with virtual_display(320, 240, window_manager=False) as display:
        sink = X11Sink(display.name)
        sink.key("KeyA", is_down=True)
    with pytest.raises(InputLost, match="closed"):
        sink.key("KeyB", is_down=True)
    with pytest.raises(InputLost, match="closed"):
        sink.key_at_once("KeyB", is_down=True)
    sink.release_all()
    sink.close()


def test_without_a_server_there_is_no_input() -> None:
    with pytest.raises(NoInput):
        X11Sink(":4711")


def test_a_drag_arrives_as_press_moves_and_release(sink: X11Sink, ears: Ears) -> None:
    sink.button(*INSIDE, 0, is_down=True)
    sink.move(170, 160)
    sink.button(180, 170, 0, is_down=False)
    finish(sink)
    names = [name for name, _ in ears.all_heard()]
    assert names == ["moved", "button down", "moved", "moved", "button up"]


def test_a_shortcut_reaches_a_real_program(xvfb: Start, tmp_path: Path) -> None:
    display = xvfb(640, 480)
    xterm = XTerm(display, tmp_path)
    sink = X11Sink(display.name)
    sink.type("gone")
    for code, is_down in (("ControlLeft", True), ("KeyU", True), ("KeyU", False), ("ControlLeft", False)):
        sink.key(code, is_down)
    sink.type("kept\n")
    wait_until(xterm.text, "a line")
    assert xterm.text() == "kept\n"
    sink.close()
