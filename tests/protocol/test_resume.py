"""protocol/resume.py: those who have met meet again under new keys; nobody else does, and nothing is lost or said twice."""

import contextlib
from enum import Enum, auto

import msgspec
import pytest
from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, sampled_from, tuples

from protocol.channel import ControlChannel, agent_channel, viewer_channel
from protocol.codec import Message
from protocol.errors import NotAuthentic, ProtocolError, RemoteProtocolError
from protocol.key_schedule import ChannelSecrets
from protocol.messages import AccessAsked, FromAgent, FromViewer, HeadOffered, ScreenChosen, TextTyped
from protocol.resume import AgentResume, Position, ResumeHello, ViewerResume, meeting_of
from protocol.vocabulary import Capability
from tests.protocol.pairs import randomness, secrets

SECRETS = secrets()
POSITION = Position(received=0, is_empty=False, entries=3, last_hash=bytes(32))


def _viewer(*held: bytes, position: Position = POSITION, seed: str = "v2") -> ViewerResume:
    return ViewerResume(held or (SECRETS.resume,), position, randomness(seed))


def _known(*held: bytes) -> dict[bytes, bytes]:
    return {meeting_of(secret): secret for secret in held or (SECRETS.resume,)}


def _meet(viewer: ViewerResume, agent: AgentResume, known: dict[bytes, bytes], received: int = 0) -> ChannelSecrets:
    (confirmation,) = viewer.receive(agent.answer(viewer.hello, known, received))
    agent.confirm(confirmation)
    assert agent.channel is not None
    assert agent.channel == viewer.channel
    return agent.channel


def test_those_who_share_a_secret_meet_again_under_new_keys() -> None:
    met = _meet(_viewer(), AgentResume(randomness("a2")), _known())
    assert len({met.viewer_to_agent, met.agent_to_viewer, met.resume, met.binding, *_all(SECRETS)}) == 8


def _all(of: ChannelSecrets) -> set[bytes]:
    return {of.viewer_to_agent, of.agent_to_viewer, of.resume, of.binding}


def test_the_agent_learns_what_the_viewer_holds() -> None:
    viewer = _viewer(position=Position(0, True, 7, bytes(range(32))))
    hello = AgentResume(randomness("a2")).hello(viewer.hello)
    assert (hello.is_empty, hello.entries, hello.last_hash) == (True, 7, bytes(range(32)))


def test_an_end_that_was_cut_off_during_a_resume_still_has_the_old_secret() -> None:
    agent = AgentResume(randomness("a2"))
    viewer = _viewer()
    viewer.receive(agent.answer(viewer.hello, _known(), 0))  # the confirmation never arrives
    assert viewer.channel
    assert agent.secrets == viewer.secrets == [viewer.channel.resume, SECRETS.resume]
    both = (viewer.channel.resume, SECRETS.resume)
    _meet(_viewer(*both, seed="v3"), AgentResume(randomness("a3")), _known(SECRETS.resume))
    _meet(_viewer(*both, seed="v3"), AgentResume(randomness("a3")), _known(*both))


def test_whoever_has_only_what_the_relay_saw_is_refused() -> None:
    agent = AgentResume(randomness("a2"))
    with pytest.raises(NotAuthentic):
        agent.answer(_viewer(bytes(32)).hello, _known(), 0)
    # Even with the name of the meeting, which the relay has seen.
    stranger = _viewer(bytes(32))
    hello = msgspec.structs.replace(agent.hello(stranger.hello), meetings=[meeting_of(SECRETS.resume)])
    forged = msgspec.json.encode(hello, order="sorted")
    answer = agent.answer(forged, _known(), 0)
    with pytest.raises(ProtocolError):
        stranger.receive(answer)
    assert agent.channel is None


def test_an_old_secret_is_refused() -> None:
    newer = _meet(_viewer(), AgentResume(randomness("a2")), _known())
    with pytest.raises(NotAuthentic):
        AgentResume(randomness("a3")).answer(_viewer().hello, _known(newer.resume), 0)


def test_a_repeated_hello_opens_nothing() -> None:
    first = AgentResume(randomness("a2"))
    viewer = _viewer()
    (confirmation,) = viewer.receive(first.answer(viewer.hello, _known(), 0))
    again = AgentResume(randomness("a3"))
    again.answer(viewer.hello, _known(), 0)
    with pytest.raises(NotAuthentic):
        again.confirm(confirmation)
    assert again.channel is None


@pytest.mark.parametrize("field", ["meetings", "nonce", "share", "received", "entries", "last_hash"])
def test_an_altered_hello_is_noticed(field: str) -> None:
    other = msgspec.json.decode(
        _viewer(SECRETS.resume, bytes(32), position=Position(1, False, 4, bytes([1]) * 32), seed="v3").hello
    )
    viewer, agent = _viewer(), AgentResume(randomness("a2"))
    altered = msgspec.json.decode(viewer.hello) | {field: other[field]}
    answer = agent.answer(msgspec.json.encode(altered, order="sorted"), _known(), 0)
    with pytest.raises(NotAuthentic):
        viewer.receive(answer)


@pytest.mark.parametrize("field", ["nonce", "share", "received", "tag"])
def test_an_altered_answer_is_noticed(field: str) -> None:
    viewer, agent = _viewer(), AgentResume(randomness("a2"))
    answer = msgspec.json.decode(agent.answer(viewer.hello, _known(), 0))
    other = msgspec.json.decode(AgentResume(randomness("a3")).answer(viewer.hello, _known(), 9))
    with pytest.raises(NotAuthentic):
        viewer.receive(msgspec.json.encode(answer | {field: other[field]}, order="sorted"))


def test_what_does_not_belong_here_is_refused() -> None:
    agent = AgentResume(randomness("a2"))
    with pytest.raises(RemoteProtocolError):
        agent.confirm(_viewer().hello)
    with pytest.raises(RemoteProtocolError):
        agent.hello(msgspec.json.encode({"tag": "A" * 43 + "=", "type": "resume_confirmation"}, order="sorted"))
    hello = msgspec.json.decode(_viewer().hello, type=dict) | {"is_empty": True, "received": 1}
    with pytest.raises(RemoteProtocolError):
        agent.hello(msgspec.json.encode(hello, order="sorted"))
    assert isinstance(agent.hello(_viewer().hello), ResumeHello)


FROM_VIEWER = [TextTyped("é"), ScreenChosen(1), AccessAsked(Capability.CONTROL, "why")]
FROM_AGENT = [HeadOffered("one"), HeadOffered("two")]
# (who speaks, what, how many of its records on the way still arrive before the next cut)
STEPS = lists(tuples(booleans(), integers(0, 2), booleans()), max_size=40)


@given(lists(tuples(STEPS, integers(0, 5), integers(0, 5)), min_size=1, max_size=5))
def test_over_any_number_of_cuts_reliable_messages_arrive_once_and_in_order(runs: list[tuple[list, int, int]]) -> None:  # type: ignore[type-arg]
    agent: ControlChannel[FromViewer] = agent_channel(SECRETS)
    viewer: ControlChannel[FromAgent] = viewer_channel(SECRETS)
    said: dict[bool, list[Message]] = {True: [], False: []}
    heard: dict[bool, list[Message]] = {True: [], False: []}
    secret = SECRETS.resume
    to_agent: list[bytes] = []
    to_viewer: list[bytes] = []
    said_meanwhile = [(True, FROM_VIEWER[1]), (False, FROM_AGENT[0])]
    for number, (steps, lost_to_agent, lost_to_viewer) in enumerate(runs):
        for is_viewer, which, _ in steps:
            message: Message = FROM_VIEWER[which] if is_viewer else FROM_AGENT[which % 2]
            said[is_viewer].append(message)
            (to_agent if is_viewer else to_viewer).append((viewer if is_viewer else agent).seal(message))
        heard[True] += [agent.open(record) for record in to_agent[: max(0, len(to_agent) - lost_to_agent)]]
        heard[False] += [viewer.open(record) for record in to_viewer[: max(0, len(to_viewer) - lost_to_viewer)]]
        resuming = _viewer(secret, position=Position(viewer.received, False, 0, bytes(32)), seed=f"v{number}")
        met = _meet(resuming, AgentResume(randomness(f"a{number}")), _known(secret), agent.received)
        secret = met.resume
        agent.renew(met.of_agent, viewer.received)
        viewer.renew(met.of_viewer, resuming.agent_received)
        for is_viewer, message in said_meanwhile:
            said[is_viewer].append(message)
            (viewer if is_viewer else agent).say_later(message)
        to_viewer, to_agent = agent.again(), viewer.again()
    heard[True] += [agent.open(record) for record in to_agent]
    heard[False] += [viewer.open(record) for record in to_viewer]
    for is_viewer in (True, False):
        assert [m for m in heard[is_viewer] if not isinstance(m, TextTyped)] == [
            m for m in said[is_viewer] if not isinstance(m, TextTyped)
        ]
    typed = [m for m in heard[True] if isinstance(m, TextTyped)]
    assert len(typed) <= len([m for m in said[True] if isinstance(m, TextTyped)])


class Reaches(Enum):
    """How far an attempt to come back gets before the next cut; the last one is what the relay can do by itself."""

    AGENT = auto()
    VIEWER = auto()
    AGENT_AGAIN = auto()
    EVERYBODY = auto()
    OLD_HELLO = auto()


@given(lists(sampled_from(Reaches), max_size=30))
def test_wherever_the_cuts_fall_both_still_hold_a_secret_in_common(attempts: list[Reaches]) -> None:
    at_viewer, at_agent = [SECRETS.resume], [SECRETS.resume]
    hellos: list[bytes] = []
    for number, reaches in enumerate([*attempts, Reaches.EVERYBODY]):
        agent = AgentResume(randomness(f"a{number}"))
        if reaches is Reaches.OLD_HELLO:
            if not hellos:
                continue
            with contextlib.suppress(NotAuthentic):
                agent.answer(hellos[0], _known(*at_agent), 0)
                at_agent = agent.secrets
            continue
        viewer = _viewer(*at_viewer, seed=f"v{number}")
        hellos.append(viewer.hello)
        answer = agent.answer(viewer.hello, _known(*at_agent), 0)
        at_agent = agent.secrets
        if reaches is Reaches.AGENT:
            continue
        (confirmation,) = viewer.receive(answer)
        at_viewer = viewer.secrets
        if reaches is Reaches.VIEWER:
            continue
        agent.confirm(confirmation)
        at_agent = at_agent[:1]
        if reaches is Reaches.EVERYBODY:
            at_viewer = at_viewer[:1]
    assert at_viewer == at_agent


@given(sampled_from([0, 1, 4, 99]))
def test_counters_that_do_not_fit_are_refused(claimed: int) -> None:
    agent, viewer = agent_channel(SECRETS), viewer_channel(SECRETS)
    for _ in range(3):
        viewer.open(agent.seal(HeadOffered("one")))
    agent.open(viewer.seal(ScreenChosen(1)))  # acknowledges all three
    with pytest.raises(RemoteProtocolError):
        agent.renew(SECRETS.of_agent, claimed)
