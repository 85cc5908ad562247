"""Over randomized histories of sessions nothing is applied that was not allowed, nothing twice, and nothing acknowledged is lost."""

import random

import pytest

from protocol.vocabulary import Capability
from tests.history import History
from tests.protocol.pairs import secrets
from tests.technician_viewer.agent_end import opened

SEEDS, STEPS = 60, 600


@pytest.mark.parametrize("first", range(0, SEEDS, 20))
def test_every_history_keeps_what_a_reader_of_the_log_relies_on(first: int) -> None:
    cuts = applied = 0
    for seed in range(first, first + 20):
        history = History(random.Random(seed), secrets(), opened())
        for _ in range(STEPS):
            history.step()
            history.check()
        history.settle()
        history.check_settled()
        cuts, applied = cuts + history.cuts, applied + len(history.applied)
    assert cuts > 50
    assert applied > 100


def test_the_checker_notices_what_is_wrong() -> None:
    history = History(random.Random(1), secrets(), opened())
    history.settle()
    history.allow()
    history.settle()
    history.type()
    history.may_apply = False  # as if the customer had taken it back, and the gate had not noticed
    history.settle()
    with pytest.raises(AssertionError, match="without a grant"):
        history.check()
    assert Capability.CONTROL in history.allows
    history.without_grant.clear()
    history.applied *= 2
    with pytest.raises(AssertionError, match="twice"):
        history.check()
    history.applied.clear()
    history.stored.append("an entry that nobody wrote")
    with pytest.raises(AssertionError, match="lost"):
        history.check()
