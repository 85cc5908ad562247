"""protocol/joining.py: a further viewer meets the very agent that the first technician vouched for."""

import msgspec
import pytest

from protocol.errors import NotAuthentic, RemoteProtocolError, UnknownVersion
from protocol.handshake import Offer
from protocol.joining import AgentJoin, ViewerJoin, joining_key
from tests.protocol.pairs import SESSION, randomness

SCALAR = randomness("joining").scalar
OFFER = Offer(("view",), ("zstd",), "page")


def _viewer(session: str = SESSION, key: bytes | None = None) -> ViewerJoin:
    return ViewerJoin(session, key or joining_key(SCALAR), OFFER, randomness("v"))


def _agent(session: str = SESSION, scalar: bytes = SCALAR, seed: str = "a") -> AgentJoin:
    return AgentJoin(session, scalar, randomness(seed))


def test_a_viewer_that_knows_the_agents_key_gets_a_channel_with_it() -> None:
    viewer, agent = _viewer(), _agent()
    (confirmation,) = viewer.receive(agent.answer(viewer.hello))
    agent.confirm(confirmation)
    assert viewer.channel is not None
    assert viewer.channel == agent.channel
    assert agent.viewer is not None
    assert agent.viewer.codecs == ["zstd"]


@pytest.mark.parametrize(
    "agent", [_agent(scalar=randomness("relay").scalar), _agent(session="0" * 32)], ids=["key", "session"]
)
def test_nobody_can_stand_in_for_the_agent(agent: AgentJoin) -> None:
    viewer = _viewer()
    answer = agent.answer(viewer.hello)
    with pytest.raises(NotAuthentic):
        viewer.receive(answer)
    assert viewer.channel is None


@pytest.mark.parametrize("field", ["nonce", "share", "capabilities", "codecs", "program"])
def test_an_altered_hello_is_noticed(field: str) -> None:
    other = msgspec.json.decode(ViewerJoin(SESSION, joining_key(SCALAR), Offer((), (), "x"), randomness("w")).hello)
    viewer = _viewer()
    altered = msgspec.json.decode(viewer.hello) | {field: other[field]}
    answer = _agent().answer(msgspec.json.encode(altered, order="sorted"))
    with pytest.raises(NotAuthentic):
        viewer.receive(answer)


def test_a_confirmation_of_another_meeting_is_refused() -> None:
    viewer, first, second = _viewer(), _agent(), _agent(seed="b")
    (confirmation,) = viewer.receive(first.answer(viewer.hello))
    second.answer(viewer.hello)
    with pytest.raises(NotAuthentic):
        second.confirm(confirmation)
    with pytest.raises(RemoteProtocolError):
        viewer.receive(first.answer(_viewer().hello)) if first.channel else first.answer(viewer.hello)


def test_a_share_of_low_order_and_another_version_are_refused() -> None:
    hello = msgspec.json.decode(_viewer().hello)
    with pytest.raises(NotAuthentic):
        _agent().answer(msgspec.json.encode(hello | {"share": "A" * 43 + "="}, order="sorted"))
    with pytest.raises(UnknownVersion):
        _agent().answer(msgspec.json.encode(hello | {"version": 2}, order="sorted"))
