"""Encoders work beside the customer's programs, never before them."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def like_everything_else() -> Iterator[None]:
    """Whatever an encoder makes real-time in here is not so afterwards.

    SVT-AV1 gives its caller and its own threads SCHED_FIFO where it may, that is for root, as it opens. Whatever the process starts from
    then on would inherit it, and nothing else on the machine would get a turn while they compute (sched(7)).
    """
    if not hasattr(os, "sched_getscheduler"):  # Linux alone knows it
        yield
        return
    before = os.sched_getscheduler(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != before:
            for task in Path("/proc/self/task").iterdir():
                with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setscheduler(int(task.name), before, os.sched_param(0))
