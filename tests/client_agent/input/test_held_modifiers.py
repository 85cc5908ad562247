"""Keys and clicks with Shift or Ctrl held, in a real GTK editor."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client_agent.input.x11 import X11Sink
from tests.client_agent.desktop import Editor, what_is_down
from tests.virtual_display import VirtualDisplay

CONTROL, BUTTON_1 = 0x004, 0x100
Start = Callable[..., VirtualDisplay]


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    return xvfb(800, 600)


@pytest.fixture
def sink(display: VirtualDisplay) -> Iterator[X11Sink]:
    sink = X11Sink(display.name)
    yield sink
    sink.close()


@pytest.fixture
def editor(display: VirtualDisplay, tmp_path: Path) -> Editor:
    return Editor(display, tmp_path)


def press(sink: X11Sink, *codes: str) -> None:
    for code in codes:
        sink.key(code, is_down=True)
        sink.key(code, is_down=False)


def save(sink: X11Sink) -> None:
    sink.key("ControlLeft", is_down=True)
    press(sink, "KeyS")
    sink.key("ControlLeft", is_down=False)


def last_line(display: VirtualDisplay) -> tuple[int, int]:
    """A place far to the right in the editor's text, below its last line."""
    window = display.run("xdotool", "search", "--onlyvisible", "--class", "mousepad").split()[-1]
    told = dict(line.split("=") for line in display.run("xdotool", "getwindowgeometry", "--shell", window).split())
    return int(told["X"]) + int(told["WIDTH"]) - 80, int(told["Y"]) + int(told["HEIGHT"]) - 80


def test_a_selection_made_with_shift_held_over_several_arrows_is_replaced_by_what_is_typed(
    sink: X11Sink, editor: Editor
) -> None:
    sink.type("one two three")
    sink.key("ShiftLeft", is_down=True)
    press(sink, *["ArrowLeft"] * 5)
    sink.key("ControlLeft", is_down=True)
    press(sink, "ArrowLeft")
    sink.key("ControlLeft", is_down=False)
    # The text comes while Shift is still held, as it does from a hand that is quick.
    sink.type("four")
    sink.key("ShiftLeft", is_down=False)
    editor.await_text("one four", lambda: save(sink))


def test_a_click_with_shift_held_selects_up_to_it(display: VirtualDisplay, sink: X11Sink, editor: Editor) -> None:
    sink.type("keep\nall of this\ngoes\n")
    press(sink, "ArrowUp", "ArrowUp", "ArrowUp", "End")
    place = last_line(display)
    sink.key("ShiftLeft", is_down=True)
    sink.button(*place, 0, is_down=True)
    sink.button(*place, 0, is_down=False)
    sink.key("ShiftLeft", is_down=False)
    sink.type(".")
    editor.await_text("keep.", lambda: save(sink))


def test_ctrl_stays_held_from_the_selection_to_the_shortcut(sink: X11Sink, editor: Editor) -> None:
    sink.type("abc")
    press(sink, "Home")
    sink.key("ControlLeft", is_down=True)
    sink.key("ShiftLeft", is_down=True)
    press(sink, "ArrowRight")
    sink.key("ShiftLeft", is_down=False)
    press(sink, "KeyX")
    sink.key("ControlLeft", is_down=False)
    sink.type("d")
    editor.await_text("d", lambda: save(sink))


def test_a_click_with_ctrl_held_is_one(display: VirtualDisplay, sink: X11Sink) -> None:
    sink.key("ControlLeft", is_down=True)
    sink.button(10, 10, 0, is_down=True)
    sink.type("")
    assert what_is_down(display)[1] == CONTROL | BUTTON_1
    sink.button(10, 10, 0, is_down=False)
    sink.key("ControlLeft", is_down=False)
    sink.type("")
    assert what_is_down(display) == ([], 0)
