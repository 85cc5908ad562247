"""Text arrives exactly, in an X program of the old kind and in a GTK one, whatever the customer's keyboard."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from client_agent.input import x11_settling
from client_agent.input.x11 import X11Sink
from tests.client_agent.desktop import Editor, XTerm
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until

Start = Callable[..., VirtualDisplay]

TEXT = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "\n\tL’été, « où » çà : œuf, Noël — 12 €, Àâêîôûëïü\n"
    + "Straße ñandú, Жук и ёж, 中文, 😀👍, 日本語\n"
)
# More different characters than the spare keys of any keyboard can hold at once.
MANY = "".join(chr(0x4E00 + 7 * at) for at in range(150)) + "\n"


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    return xvfb(800, 600)


@pytest.fixture
def sink(display: VirtualDisplay) -> Iterator[X11Sink]:
    sink = X11Sink(display.name)
    yield sink
    sink.close()


def press_save(sink: X11Sink) -> None:
    for code, is_down in (("ControlLeft", True), ("KeyS", True), ("KeyS", False), ("ControlLeft", False)):
        sink.key(code, is_down)


@pytest.mark.parametrize("layout", ["us", "fr", "de", "ru", "us,ru", "ru,us"])
def test_text_arrives_exactly_in_xterm(display: VirtualDisplay, sink: X11Sink, tmp_path: Path, layout: str) -> None:
    display.run("setxkbmap", "-layout", layout)
    xterm = XTerm(display, tmp_path)
    assert sink.type(TEXT)
    xterm.await_text(TEXT)


# Where no group of the layout has Latin letters, no GTK program knows Ctrl+S: people have a second one.
@pytest.mark.parametrize("layout", ["us", "fr", "de", "ru,us"])
def test_text_arrives_exactly_in_a_gtk_editor(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path, layout: str
) -> None:
    display.run("setxkbmap", "-layout", layout)
    editor = Editor(display, tmp_path)
    assert sink.type(TEXT)
    editor.await_text(TEXT, lambda: press_save(sink))


def test_more_characters_than_spare_keys_arrive_exactly_in_xterm(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    xterm = XTerm(display, tmp_path)
    assert sink.type(MANY)
    xterm.await_text(MANY)


def test_more_characters_than_spare_keys_arrive_exactly_in_a_gtk_editor(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    editor = Editor(display, tmp_path)
    assert sink.type(MANY)
    editor.await_text(MANY, lambda: press_save(sink))


def test_to_a_program_that_hangs_nothing_wrong_is_typed(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11_settling, "HANGS_AFTER_S", 0.5)
    editor = Editor(display, tmp_path)
    pid = int(display.run("xdotool", "search", "--onlyvisible", "--class", "mousepad", "getwindowpid"))
    os.kill(pid, signal.SIGSTOP)
    assert not sink.type(MANY)
    os.kill(pid, signal.SIGCONT)
    press_save(sink)
    typed = wait_until(editor.text, "a saved file")
    assert MANY.startswith(typed.rstrip("\n"))


def test_one_character_at_a_time_arrives_like_the_whole(display: VirtualDisplay, sink: X11Sink, tmp_path: Path) -> None:
    display.run("setxkbmap", "-layout", "ru")
    text = "Bonjour à tous, où êtes-vous ?\n"
    xterm = XTerm(display, tmp_path)
    for character in text:
        assert sink.type(character)
    xterm.await_text(text)


@pytest.mark.parametrize("lock", ["Caps_Lock", "Num_Lock"])
def test_a_lock_that_is_on_distorts_nothing_and_stays_on(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path, lock: str
) -> None:
    display.run("xdotool", "key", lock)
    xterm = XTerm(display, tmp_path)
    assert sink.type("aZ1é你\n")
    xterm.await_text("aZ1é你\n")
    display.run("xdotool", "key", lock)
    assert sink.type("aZ1é你\n")
    xterm.await_text("aZ1é你\n" * 2)


def test_capslock_still_works_for_the_customer_after_text(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    display.run("xdotool", "key", "Caps_Lock")
    xterm = XTerm(display, tmp_path)
    assert sink.type("a")
    display.run("xdotool", "key", "a", "Return")
    xterm.await_text("aA\n")


def test_held_modifiers_distort_nothing_and_are_held_again(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    xterm = XTerm(display, tmp_path)
    sink.key("ShiftLeft", is_down=True)
    assert sink.type("a1é你\n")
    sink.key("KeyB", is_down=True)
    sink.key("KeyB", is_down=False)
    sink.key("ShiftLeft", is_down=False)
    assert sink.type("c\n")
    xterm.await_text("a1é你\nBc\n")


def test_the_second_group_of_a_layout_is_typed_on_when_it_is_in_force(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    display.run("setxkbmap", "-layout", "us,ru", "-option", "grp:caps_toggle")
    xterm = XTerm(display, tmp_path)
    for code in ("CapsLock", "KeyA"):
        sink.key(code, is_down=True)
        sink.key(code, is_down=False)
    assert sink.type("Жук and ёж\n")
    xterm.await_text("фЖук and ёж\n")


def test_a_layout_that_changes_between_two_texts_is_noticed(
    display: VirtualDisplay, sink: X11Sink, tmp_path: Path
) -> None:
    xterm = XTerm(display, tmp_path)
    for count, layout in enumerate(("us", "fr", "ru", "de"), start=1):
        display.run("setxkbmap", "-layout", layout)
        assert sink.type("zyaq é 你 Ж\n")
        xterm.await_text("zyaq é 你 Ж\n" * count)


def test_the_keyboard_is_left_as_it_was(display: VirtualDisplay) -> None:
    before = display.run("xmodmap", "-pke")
    sink = X11Sink(display.name)
    sink.type("中文😀")
    assert display.run("xmodmap", "-pke") != before
    sink.close()
    assert display.run("xmodmap", "-pke") == before


def test_a_text_that_was_stopped_while_it_waited_leaves_a_keyboard_that_still_types_and_is_restored(
    display: VirtualDisplay, tmp_path: Path
) -> None:
    before = display.run("xmodmap", "-pke")
    Editor(display, tmp_path)
    program = int(display.run("xdotool", "getwindowfocus", "getwindowpid"))
    sink = X11Sink(display.name)
    os.kill(program, signal.SIGSTOP)
    try:
        assert not sink.type(MANY)
    finally:
        os.kill(program, signal.SIGCONT)
    assert sink.type("你好")
    assert sink.type(MANY)
    sink.close()
    assert display.run("xmodmap", "-pke") == before
