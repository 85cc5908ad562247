"""The end of a run that hangs: a process whose test is still there after twice its time says where it stands, and ends.

The time-out of pytest-timeout alone is not enough. It stands still from the moment that a test fails, so that what hangs
while the test is cleaned up would hold up the run for ever; and an event loop may take its exception for one of its tasks'.
"""

import faulthandler
import os
import sys
import threading
from collections.abc import Generator

import pytest

STANDARD_ERROR = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the way to standard error: while a test runs, what is written there is caught."""
    config.stash[STANDARD_ERROR] = os.dup(sys.stderr.fileno())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Watch the test, what it stands on, and its cleaning up."""
    marker, asked_s = item.get_closest_marker("timeout"), item.config.getoption("timeout")
    allowed_s = asked_s if asked_s is not None else float(marker.args[0] if marker else item.config.getini("timeout"))
    if not allowed_s:
        return (yield)
    # A timer of faulthandler would be stopped by pytest itself where a test fails.
    end = threading.Timer(2 * allowed_s, give_up, [item.nodeid, item.config.stash[STANDARD_ERROR]])
    end.daemon = True
    end.start()
    try:
        return (yield)
    finally:
        end.cancel()


def give_up(test: str, standard_error: int) -> None:
    """Say what hangs, and where each thread stands, and end this process."""
    os.write(standard_error, f"\nstill there after twice its time: {test}\n".encode())
    faulthandler.dump_traceback(standard_error)
    os._exit(1)
