"""protocol/handshake.py: who knows the code gets one channel, who does not, or alters anything, gets none."""

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from protocol.errors import ProtocolError, RemoteProtocolError, UnknownVersion, WrongSupportCode
from tests.protocol.pairs import FINGERPRINT, agent, exchange, viewer


def test_two_who_share_the_code_share_a_channel() -> None:
    one, other = agent(), viewer("41703, CÉRI  viol")
    exchange(one, other)
    assert one.channel is not None
    assert one.channel == other.channel


@pytest.mark.parametrize(
    ("code", "fingerprint"),
    [
        ("41703 cerise violet", FINGERPRINT),
        ("41703 violon cerise", FINGERPRINT),
        ("41704 cerise violon", FINGERPRINT),
        ("41703 830 5926", FINGERPRINT),
        ("41703 cerise violon", bytes(32)),
    ],
)
def test_another_code_room_or_root_gives_nobody_a_channel(code: str, fingerprint: bytes) -> None:
    # "violet" and "violon" begin with the same four letters and are the same code.
    one, other = agent(), viewer(code, fingerprint)
    if code == "41703 cerise violet":
        exchange(one, other)
        assert one.channel == other.channel
        return
    with pytest.raises(WrongSupportCode):
        exchange(one, other)
    assert one.channel is None
    assert other.channel is None


def _altered(data: bytes, field: str) -> bytes:
    """The same message with another, still well-formed value in `field`."""
    message = msgspec.json.decode(data)
    value = message[field]
    if isinstance(value, list):
        message[field] = [1, 2] if field == "versions" else [*value, "x"]
    elif isinstance(value, int):
        message[field] = value + 1
    elif field == "program":
        message[field] = value + "x"
    else:
        raw = bytearray(msgspec.json.decode(f'"{value}"'.encode(), type=bytes))
        raw[0] ^= 1
        message[field] = bytes(raw)
    return msgspec.json.encode(message, order="sorted")


HELLO_FIELDS = ["nonce", "capabilities", "codecs", "program"]


@pytest.mark.parametrize("field", ["versions", *HELLO_FIELDS])
def test_an_altered_agent_hello_is_noticed(field: str) -> None:
    one, other = agent(), viewer()
    hello, share = other.receive(_altered(one.hello, field))
    one.receive(hello)
    (agent_share,) = one.receive(share)
    (confirmation,) = other.receive(agent_share)
    with pytest.raises(WrongSupportCode):
        one.receive(confirmation)
    assert one.channel is None


@pytest.mark.parametrize("field", HELLO_FIELDS)
def test_an_altered_viewer_hello_is_noticed(field: str) -> None:
    one, other = agent(), viewer()
    hello, share = other.receive(one.hello)
    one.receive(_altered(hello, field))
    (agent_share,) = one.receive(share)
    (confirmation,) = other.receive(agent_share)
    with pytest.raises(WrongSupportCode):
        one.receive(confirmation)


def test_altered_shares_and_confirmations_are_noticed() -> None:
    one, other = agent(), viewer()
    hello, share = other.receive(one.hello)
    one.receive(hello)
    (agent_share,) = one.receive(share)
    (confirmation,) = other.receive(_altered(agent_share, "share"))
    with pytest.raises(WrongSupportCode):
        one.receive(confirmation)

    one, other = agent(), viewer()
    hello, share = other.receive(one.hello)
    one.receive(hello)
    (agent_share,) = one.receive(share)
    (confirmation,) = other.receive(agent_share)
    with pytest.raises(WrongSupportCode):
        one.receive(_altered(confirmation, "tag"))

    (answer,) = one.receive(confirmation)
    with pytest.raises(WrongSupportCode):
        other.receive(_altered(answer, "tag"))
    assert other.channel is None


def test_unknown_versions_are_refused_by_both() -> None:
    with pytest.raises(UnknownVersion):
        viewer().receive(_altered(agent().hello, "versions").replace(b"[1,2]", b"[2]"))
    one, other = agent(), viewer()
    hello, _ = other.receive(one.hello)
    with pytest.raises(UnknownVersion):
        one.receive(_altered(hello, "version"))


def test_messages_out_of_order_are_refused() -> None:
    one, other = agent(), viewer()
    hello, share = other.receive(one.hello)
    with pytest.raises(RemoteProtocolError):
        one.receive(share)
    one.receive(hello)
    with pytest.raises(RemoteProtocolError):
        one.receive(hello)


@given(binary(max_size=300))
def test_any_bytes_at_all_give_a_refusal(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        agent().receive(data)
    with pytest.raises(ProtocolError):
        viewer().receive(data)


@given(integers(min_value=0, max_value=10_000))
def test_a_flipped_bit_anywhere_in_the_hello_gives_no_channel(position: int) -> None:
    one, other = agent(), viewer()
    altered = bytearray(one.hello)
    altered[position // 8 % len(altered)] ^= 1 << position % 8
    one.hello = bytes(altered)
    with pytest.raises(ProtocolError):
        exchange(one, other)
    assert one.channel is None
