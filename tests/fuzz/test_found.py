"""What random inputs once found, each by itself."""

import pytest

from client_agent.organisation import read_invitation
from protocol.errors import BadSupportCode
from tests.fuzz.decoders import DECODERS
from tests.fuzz.test_decoders import Twin, check, twin

__all__ = ["twin"]


@pytest.mark.parametrize(
    "typed",
    ["https://[::/#code=1", "https://help.example.org/#" + "a=1&" * 20, "https://a[b]c/#code=41703-cerise-violon"],
)
def test_a_link_that_is_no_link_is_refused_as_a_code_is(typed: str) -> None:
    with pytest.raises(BadSupportCode):
        read_invitation(typed)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("first_entry", b"null"),
        ("first_entry", b"{"),
        ("first_entry", b'{"at_ms":1,"event":{"type":"opened"},"number":0,"previous":"' + b"A" * 43 + b'="}'),
        ("parts", b"\x01\x00\x00\x00\x04null"),
        ("parts", b'\x01\x00\x00\x00\x0e{"screens":[]}'),
    ],
)
def test_the_page_refuses_what_the_agent_could_not_have_written(name: str, data: bytes, twin: Twin) -> None:
    decoder = next(decoder for decoder in DECODERS if decoder.name == name)
    assert decoder.outcome(data) == "refused"
    check(decoder, data, twin)
