"""client_agent/files/names.py: whatever a file is called elsewhere, here it has a plain and visible name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis.strategies import integers, text

from client_agent.files.names import NAME_BYTES_MAX, numbered, safe_name


@pytest.mark.parametrize(
    ("called", "kept"),
    [
        ("manual.pdf", "manual.pdf"),
        ("Notice de la box (été).pdf", "Notice de la box (été).pdf"),
        ("/etc/passwd", "passwd"),
        ("../../.bashrc", "bashrc"),
        ("..\\..\\Windows\\system.ini", "system.ini"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("C:evil.txt", "C_evil.txt"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("a/", "file"),
        (" ", "file"),
        ("...hidden", "hidden"),
        (".config", "config"),
        ("ends with dots. . .", "ends with dots"),
        ("nul\0byte.txt", "nul byte.txt"),
        ("two\r\nlines.txt", "two lines.txt"),
        ("\x1b[31mred.txt", "[31mred.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u2066left\u2069 \u200fright\u200e.txt", "left right.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("half\ud800.txt", "half.txt"),
        ("line\u2028separator.txt", "line separator.txt"),
        ('<>:"|?*.txt', "_______.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Aux .c", "_Aux.c"),
        ("COM¹.log", "_COM¹.log"),
        ("lpt9", "_lpt9"),
        ("conference.txt", "conference.txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
    ],
)
def test_a_hostile_name_becomes_a_plain_one(called: str, kept: str) -> None:
    assert safe_name(called) == kept


@given(text())
def test_any_name_becomes_one_that_every_system_takes(called: str) -> None:
    kept = safe_name(called)
    assert 0 < len(kept.encode()) <= NAME_BYTES_MAX
    assert not set(kept) & set('/\\<>:"|?*')
    assert kept == kept.strip(" ").rstrip(".")
    assert not kept.startswith(".")
    assert not any(unicodedata.category(character).startswith("C") for character in kept)
    assert safe_name(kept) == kept


@given(text(), integers(2, 9999))
def test_another_name_for_the_same_file_is_another_one_and_as_safe(called: str, number: int) -> None:
    kept = safe_name(called)
    other = numbered(kept, number)
    assert other != kept
    assert len(other.encode()) <= NAME_BYTES_MAX


def test_a_name_that_is_too_long_keeps_its_extension_and_whole_characters() -> None:
    kept = safe_name("é" * 300 + ".pdf")
    assert kept == "é" * 125 + ".pdf"
    assert numbered(kept, 2) == "é" * 123 + " (2).pdf"
    assert len(safe_name("x" * 300)) == NAME_BYTES_MAX
    assert safe_name("a." + "b" * 300) == ("a." + "b" * 300)[:NAME_BYTES_MAX]
