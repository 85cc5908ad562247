"""protocol/clipboard.py: a text arrives as it was sent, whole or not at all, and never more than may go at once."""

import pytest
from hypothesis import given
from hypothesis.strategies import text

from protocol.clipboard import Arriving, is_too_long, pieces_of, plain
from protocol.codec import encode
from protocol.errors import RemoteProtocolError
from protocol.limits import CLIPBOARD_BYTES_MAX, CLIPBOARD_PIECES_MAX
from protocol.messages import ClipboardPut, ClipboardSent, from_agent, from_viewer


@given(text(max_size=200))
def test_what_was_made_plain_stays_as_it_is_and_can_be_said(anything: str) -> None:
    said = plain(anything)
    assert plain(said) == said
    for piece in pieces_of(said):
        assert from_viewer.decode(encode(ClipboardPut(0, 1, piece))) == ClipboardPut(0, 1, piece)


@pytest.mark.parametrize("character", ["a", "\n", '"', "é", "漢", "😀"])
def test_the_longest_text_arrives_whole_whatever_it_is_made_of(character: str) -> None:
    longest = character * (CLIPBOARD_BYTES_MAX // len(character.encode()))
    pieces, arriving = pieces_of(longest), Arriving()
    assert len(pieces) <= CLIPBOARD_PIECES_MAX
    arrived = []
    for number, piece in enumerate(pieces):
        message = from_agent.decode(encode(ClipboardSent(number, len(pieces), piece)))
        assert isinstance(message, ClipboardSent)
        arrived.append(arriving.add(message.number, message.pieces, message.text))
    assert arrived == [None] * (len(pieces) - 1) + [longest]
    assert not is_too_long(longest)
    assert is_too_long(longest + character)


def test_more_than_may_go_at_once_is_refused_and_leaves_nothing_behind() -> None:
    arriving = Arriving()
    for number in range(8):
        assert arriving.add(number, 20, "x" * 8192) is None
    with pytest.raises(RemoteProtocolError):
        arriving.add(8, 20, "x")
    assert arriving.add(9, 20, "y") is None
    assert arriving.add(0, 1, "z") == "z"


def test_a_text_of_which_something_was_lost_never_arrives() -> None:
    arriving = Arriving()
    assert arriving.add(1, 2, "of another text") is None
    assert arriving.add(0, 3, "a") is None
    assert arriving.add(2, 3, "c") is None
    assert arriving.add(1, 3, "b") is None


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\r", "\x7f", "\x85", "a" * 8193])
def test_what_no_text_holds_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError):
        from_viewer.decode(encode(ClipboardPut(0, 1, text)))
    with pytest.raises(RemoteProtocolError):
        from_agent.decode(encode(ClipboardSent(0, 1, text)))
