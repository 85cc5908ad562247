"""What is the front's runs in its loop, all else in the desk's (decisions/0016)."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

_FRONTS = ("test_desk_link.py", "test_front.py", "test_outbox.py")


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What pytest-asyncio makes the loop of a test with."""
    if item.path.name in _FRONTS:
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}
