"""protocol/support_code.py: what people type."""

import pytest
from hypothesis import given
from hypothesis.strategies import text

from protocol.errors import BadSupportCode
from protocol.support_code import parse


@pytest.mark.parametrize(
    "typed",
    [
        "41703 cerise violon",
        "41703-cerise-violon",
        " 41703,  Cérise VIOLON ",
        "417 03 ceri viol",
        "41703 cerisier violons",
    ],
)
def test_ways_to_write_the_same_words(typed: str) -> None:
    assert parse(typed) == parse("41703 cerise violon")


@pytest.mark.parametrize("typed", ["41703 830 5926", "41703-8305926", "417038305926", "41 70 38 30 59 26"])
def test_ways_to_write_the_same_digits(typed: str) -> None:
    assert parse(typed) == parse("41703 830 5926")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "41703",
        "cerise violon",
        "41703 cerise",
        "41703 830 592",
        "41703 830 59266",
        "41703 ce vi",
        "41703 <b> violon",
        "4170३ 830 5926",
    ],
)
def test_what_cannot_be_a_code_is_refused(typed: str) -> None:
    with pytest.raises(BadSupportCode):
        parse(typed)


@given(text(max_size=120))
def test_anything_typed_gives_a_code_or_a_refusal(typed: str) -> None:
    try:
        code = parse(typed)
    except BadSupportCode:
        return
    assert len(code.room) == 5
    assert code.password
    assert code.password not in repr(code)
