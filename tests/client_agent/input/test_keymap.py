from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from client_agent.input.keymap import MalformedKeymap, parse


@given(binary(max_size=400), integers(0, 3))
def test_any_bytes_are_a_keymap_or_refused(reply: bytes, group: int) -> None:
    with suppress(MalformedKeymap):
        parse(reply, group)


def test_a_reply_that_is_cut_short_is_refused() -> None:
    with pytest.raises(MalformedKeymap, match="a keyboard map of 12 bytes"):
        parse(bytes(12), 0)
