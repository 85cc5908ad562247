from collections.abc import Iterator

import pytest

from tests.virtual_display import VirtualDisplay, virtual_display


@pytest.fixture(scope="session")
def desktop() -> Iterator[VirtualDisplay]:
    """One display for all windows of these tests: Tk holds on to the first one for as long as the program lives."""
    with virtual_display(1280, 1024) as display:
        yield display
