"""Waiting for what a test expects: a condition and a deadline, never a sleep that hopes."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

DEADLINE_S = 30.0
EVERY_S = 0.02

T = TypeVar("T")


class NeverCame(AssertionError):
    """The condition was still false at the deadline."""


def wait_until(condition: Callable[[], T], what: str, *, deadline_s: float = DEADLINE_S) -> T:
    """Give the first true value of `condition`, asked every 20 ms; `what` names it where it never came.

    Raises:
        NeverCame: the deadline passed.
    """
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > end:
            raise NeverCame(f"after {deadline_s:g} s still waiting for: {what}; last seen: {value!r}")
        time.sleep(EVERY_S)
    return value


@overload
async def eventually(condition: Callable[[], Awaitable[T]], what: str, *, deadline_s: float = DEADLINE_S) -> T: ...
@overload
async def eventually(condition: Callable[[], T], what: str, *, deadline_s: float = DEADLINE_S) -> T: ...
async def eventually(condition: Callable[[], Any], what: str, *, deadline_s: float = DEADLINE_S) -> Any:
    """The same inside an event loop, which goes on meanwhile; `condition` may be a coroutine function.

    Raises:
        NeverCame: the deadline passed.
    """
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > end:
            raise NeverCame(f"after {deadline_s:g} s still waiting for: {what}; last seen: {value!r}")
        await asyncio.sleep(EVERY_S)
