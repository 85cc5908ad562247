import pytest

from benchmarks.pacing import BESIDE_A_FILM, BESIDE_WHAT_BECOMES_EXACT, OF_LOSSES, Threshold
from client_agent.screen import pacing

ALL = (*BESIDE_A_FILM, *BESIDE_WHAT_BECOMES_EXACT, *OF_LOSSES)


@pytest.mark.parametrize("threshold", ALL, ids=lambda threshold: threshold.names[0])
def test_what_the_product_has_is_measured_beside_other_values_and_told_apart(threshold: Threshold) -> None:
    told = [threshold.told(values) for values in threshold.values]
    assert sum(each.startswith("**") for each in told) == 1
    assert len(told) > 2


def test_a_value_that_was_tried_is_gone_afterwards() -> None:
    threshold = Threshold(pacing, ("_EVIDENCE_BYTES", "_EVIDENCE_S"), ())
    before = threshold.chosen
    with threshold.at((1.0, 2.0)):
        assert threshold.chosen == (1.0, 2.0)
    assert threshold.chosen == before
