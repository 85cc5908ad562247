"""What may be said in the chat: texts of people, bounded, and without characters that deceive."""

import json

import pytest
from hypothesis import given
from hypothesis.strategies import text as texts

from protocol.codec import encode
from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.limits import CHAT_CHARACTERS_MAX
from protocol.messages import ChatSaid, ChatWritten, from_agent, from_viewer
from protocol.text import tidy_text

HOSTILE = {
    "nothing": "",
    "blanks": " \n ",
    "a control character": "ring\x07",
    "an escape sequence": "\x1b]0;owned\x07",
    "a tab": "a\tb",
    "a direction that is turned": "\u202egnp.exe",
    "a mark of direction": "a\u200f",
    "a separator of lines": "a\u2028b",
    "an isolate": "\u2066a\u2069",
    "a mark of byte order": "\ufeffa",
    "a character too many": "a" * (CHAT_CHARACTERS_MAX + 1),
    "a megabyte": "a" * 2**20,
}


def _forged(text: str, kind: str) -> bytes:
    """The message as an end that keeps no rule would write it."""
    honest = ChatWritten("TEXT") if kind == "viewer" else ChatSaid(3, "", "", 5, "TEXT")
    return encode(honest).replace(b'"TEXT"', _as_json(text))


def _as_json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_neither_end_takes_a_text_that_is_none(text: str) -> None:
    for decoder, kind in ((from_viewer, "viewer"), (from_agent, "agent")):
        decoder.decode(_forged("é 😀\nb", kind))
        with pytest.raises(RemoteProtocolError):
            decoder.decode(_forged(text, kind))


@given(texts(max_size=CHAT_CHARACTERS_MAX))
def test_whatever_somebody_types_can_be_said_once_it_is_tidy(typed: str) -> None:
    tidy = tidy_text(typed)
    try:
        written = encode(ChatWritten(tidy))
    except (LocalProtocolError, UnicodeEncodeError):
        return  # half a character, which no keyboard gives
    if tidy and len(tidy) <= CHAT_CHARACTERS_MAX:
        assert from_viewer.decode(written) == ChatWritten(tidy)
    else:
        with pytest.raises(RemoteProtocolError):
            from_viewer.decode(written)
