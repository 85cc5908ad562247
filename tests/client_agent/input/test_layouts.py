"""Glyphs × layouts: what any technician's keyboard makes arrives on any customer's, in a program of the old kind and in a GTK one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from client_agent.input.x11 import X11Sink
from client_agent.screen.source import Box
from tests.client_agent.desktop import Ears, Editor, XTerm
from tests.virtual_display import VirtualDisplay
from tests.waiting import wait_until

Start = Callable[..., VirtualDisplay]

# The customer's layouts, as setxkbmap names them. Where no group has Latin letters, no GTK program knows Ctrl+S: people have a second one.
LAYOUTS = {
    "us": ("us", ""),
    "uk": ("gb", ""),
    "fr": ("fr", ""),
    "fr bépo": ("fr", "bepo"),
    "be": ("be", ""),
    "ch-fr": ("ch", "fr"),
    "ca-fr": ("ca", ""),
    "de": ("de", ""),
    "es": ("es", ""),
    "ru": ("ru,us", ""),
}
# What the technicians' layouts make, each line of one: its letters, dead keys' letters, and what AltGr gives.
GLYPHS = {
    "us": "".join(map(chr, range(0x20, 0x7F))),
    "uk": "£¬¦€áéíóú",
    "fr": "²&é\"'(-è_çà)=^ù*!:;,§%µ£¨°+~#{[|`\\^@]}¤€âêîôûäëïöüÂÊÎÔÛÄËÏÖÜãñõ",
    "fr bépo": "«»œŒæÆàÀéÉèÈêÊçÇùÙ…’–—×÷≠±ſ¿¡ß",
    "be": "³§µ´`~ÁÉÍÓÚÀÈÌÒÙ",
    "ch-fr": '§°+"*ç%&¢¬¦éöèüàä$£¨',
    "ca-fr": "#|\\/±@£¢¤¬¦²³¼½¾«»°ÇÉ",
    "de": "äöüßÄÖÜẞ€²³{[]}\\~µ@",
    "es": "ñÑçÇ¿¡ºª·€¬áéíóúüÁÉÍÓÚ",
    "ru": "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ№",
}
ALL = "".join(f"{line}\n" for line in GLYPHS.values())


@pytest.fixture
def display(xvfb: Start) -> VirtualDisplay:
    """Without a window manager, which would read all of the keyboard anew for each key that gets another glyph: most of the time."""
    return xvfb(800, 600, window_manager=False)


def set_layout(display: VirtualDisplay, name: str) -> None:
    layout, variant = LAYOUTS[name]
    display.run("setxkbmap", "-layout", layout, "-variant", variant)


def press(sink: X11Sink, *codes: str) -> None:
    """Press keys together and let them go again."""
    for code in codes:
        assert sink.key(code, is_down=True)
    for code in reversed(codes):
        sink.key(code, is_down=False)


def save(display: VirtualDisplay) -> None:
    """Press Ctrl and the letter, wherever the layout has it."""
    display.run("xdotool", "key", "ctrl+s")


@pytest.mark.parametrize("customer", LAYOUTS)
def test_every_glyph_of_every_technicians_layout_arrives(
    display: VirtualDisplay, tmp_path: Path, customer: str
) -> None:
    set_layout(display, customer)
    sink = X11Sink(display.name)
    xterm, typed = XTerm(display, tmp_path), ""
    for lock, technicians in ((None, list(GLYPHS)), ("Caps_Lock", ["fr"]), ("Num_Lock", ["de"])):
        if lock:
            display.run("xdotool", "key", lock)
        for technician in technicians:
            line = f"{GLYPHS[technician]}\n"
            assert sink.type(line)
            typed += line
            xterm.await_text(typed)
        if lock:
            display.run("xdotool", "key", lock)
    editor = Editor(display, tmp_path)
    assert sink.type(ALL)
    editor.await_text(ALL, lambda: save(display))
    sink.close()


def test_dead_keys_and_altgr_that_are_pressed_as_keys_do_what_they_do_there(
    display: VirtualDisplay, tmp_path: Path
) -> None:
    set_layout(display, "fr")
    sink = X11Sink(display.name)
    editor = Editor(display, tmp_path)
    press(sink, "BracketLeft")
    press(sink, "KeyE")
    press(sink, "AltRight", "KeyE")
    press(sink, "ShiftLeft", "BracketLeft")
    press(sink, "KeyU")
    editor.await_text("ê€ü", lambda: save(display))
    sink.close()


def test_shift_that_is_held_selects_with_arrows_and_home(display: VirtualDisplay, tmp_path: Path) -> None:
    sink = X11Sink(display.name)
    editor = Editor(display, tmp_path)
    assert sink.type("one two three")
    sink.key("ShiftLeft", is_down=True)
    for _ in range(5):
        press(sink, "ArrowLeft")
    sink.key("ShiftLeft", is_down=False)
    assert sink.type("3")
    press(sink, "ShiftRight", "Home")
    press(sink, "Delete")
    assert sink.type("all")
    editor.await_text("all", lambda: save(display))
    sink.close()


def test_a_key_that_is_held_repeats_as_the_customers_machine_repeats_keys(display: VirtualDisplay) -> None:
    display.run("xset", "r", "rate", "200", "40")
    ears, sink = Ears(display, Box(0, 0, 100, 100)), X11Sink(display.name)
    sink.key("ArrowRight", is_down=True)
    heard: list[tuple[str, int]] = []

    def is_repeating() -> bool:
        heard.extend(ears.heard())
        return sum(what == "key down" for what, _ in heard) >= 5

    wait_until(is_repeating, "a key that repeats")
    sink.key("ArrowRight", is_down=False)
    sink.release_all()
    ears.heard()
    # Between a key's down and its up a busy machine may take so long that the server would repeat it.
    display.run("xset", "r", "off")
    assert sink.key("ArrowLeft", is_down=True)
    sink.release_all()
    assert [code for _, code in ears.heard()] == [113, 113]
    sink.close()
    ears.close()
