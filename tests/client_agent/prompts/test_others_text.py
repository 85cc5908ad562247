"""What others wrote is shown bounded and plain, and cannot pass for ours."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis.strategies import text

from client_agent.prompts.others_text import (
    LINE_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    REASON_LINES_MAX,
    one_line,
    some_lines,
)


@given(text())
def test_a_line_is_one_short_line_without_anything_that_steers_or_hides(written: str) -> None:
    shown = one_line(written)
    assert len(shown) <= LINE_CHARACTERS_MAX
    assert all(character == " " or unicodedata.category(character)[0] not in "CZ" for character in shown)
    assert shown == shown.strip()


@given(text())
def test_a_reason_has_few_lines_none_of_them_empty(written: str) -> None:
    shown = some_lines(written)
    assert len(shown) <= REASON_CHARACTERS_MAX
    lines = shown.split("\n") if shown else []
    assert len(lines) <= REASON_LINES_MAX
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Camille  Moreau\n", "Camille Moreau"),
        ("✅ Verified 🔒 👁", "▫ Verified ▫ ▫"),
        ("\u202eevil\u202c", "evil"),
        ("a\x1b[31mb", "a [31mb"),
        ("\u3164\u2800\u200b", ""),
        ("e\u0301", "é"),
        ("Z\u0301\u0302\u0303\u0304", "Ź\u0302\u0303"),
        ("<b>Jean</b> & {who}", "<b>Jean</b> & {who}"),
        ("שלום 中文", "שלום 中文"),
    ],
)
def test_a_name_is_shown_as(written: str, shown: str) -> None:
    assert one_line(written) == shown
