import pytest

from benchmarks import marker


def test_every_number_has_a_mark_of_its_own() -> None:
    marks = {tuple(block.is_lit for block in marker.blocks(number)) for number in range(marker.NUMBERS)}
    assert len(marks) == marker.NUMBERS


@pytest.mark.parametrize("is_lit", [True, False])
def test_no_mark_is_of_one_colour_as_an_empty_place_is(is_lit: bool) -> None:
    marks = [[block.is_lit for block in marker.blocks(number)] for number in range(marker.NUMBERS)]
    assert [is_lit] * 16 not in marks


def test_one_block_that_is_wrong_makes_no_other_mark() -> None:
    all_bits = {marker.bits_of(number) for number in range(marker.NUMBERS)}
    assert not any(bits ^ 1 << at in all_bits for bits in all_bits for at in range(16))
