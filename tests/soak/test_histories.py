"""Random histories for as long as the soak lasts, each from a seed of its own: what `tests/test_history.py` tries shortly."""

import os
import random
import secrets as system
import time

import pytest

from tests.history import History
from tests.protocol.pairs import secrets
from tests.technician_viewer.agent_end import opened

SECONDS = float(os.environ.get("MAINFORTE_SOAK_SECONDS", "60"))
STEPS = 5000


@pytest.mark.soak
def test_no_history_breaks_what_a_reader_of_the_log_relies_on() -> None:
    until, histories = time.monotonic() + SECONDS, 0
    while not histories or time.monotonic() < until:
        seed = system.randbits(64)
        history = History(random.Random(seed), secrets(), opened())
        try:
            for _ in range(STEPS):
                history.step()
                history.check()
            history.settle()
            history.check_settled()
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
        histories += 1
