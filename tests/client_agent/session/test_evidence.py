"""client_agent/session/evidence.py: what is written reaches the relay, nothing counts before it is proven, nothing follows the end."""

import pytest
from msgspec import structs

from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from protocol.codec import Message
from protocol.errors import NotLogged, RemoteProtocolError
from protocol.log_of_sessions import Leaf, leaf_of
from protocol.nodes import Nodes
from protocol.relay_messages import EntrySubmitted
from protocol.session_log import Held, Joined, Opened, SessionEnded, parse_entry
from protocol.vocabulary import Hold, Outcome, Role
from tests.protocol.logs import OTHER, TRUST, log_of
from tests.protocol.pairs import SESSION
from tests.protocol.test_session_log import opened_log

JOINED = Joined("b" * 32, "Noé Martin", Role.OBSERVER, b"n" * 32, b"k" * 32, "Voir aussi")


class KeptLine(Line):
    """A line that keeps what the relay is told."""

    def __init__(self) -> None:
        super().__init__(Nodes("http://127.0.0.1:9"))
        self.told: list[Message] = []

    def tell_relay(self, message: Message) -> None:
        self.told.append(message)

    def submitted(self) -> list[int]:
        """The numbers of the entries submitted since the last call."""
        numbers = [each.number for each in self.told if isinstance(each, EntrySubmitted)]
        self.told.clear()
        return numbers


@pytest.fixture
def line() -> KeptLine:
    return KeptLine()


@pytest.fixture
def evidence(line: KeptLine) -> Evidence:
    """Of a session that has just been opened."""
    evidence = Evidence(line, TRUST)
    evidence.begin(SESSION)
    opened = parse_entry(opened_log()[0]).event
    assert isinstance(opened, Opened)
    evidence.write(opened)
    return evidence


def leaf(evidence: Evidence, number: int) -> Leaf:
    made = leaf_of(evidence.texts[number], SESSION, bytes(16))
    assert made is not None
    return made


def test_behind_the_end_nothing_is_written(evidence: Evidence) -> None:
    evidence.write(SessionEnded(Outcome.STOPPED, "customer", 1, 0))
    assert evidence.write(Held(Hold.PAUSED)) == 1
    assert len(evidence.texts) == 2


def test_nothing_is_confirmed_before_the_log_of_all_sessions_is_proven_to_hold_the_session(evidence: Evidence) -> None:
    evidence.write(Held(Hold.PAUSED))
    evidence.entry_stored(1)
    assert (evidence.stored, evidence.confirmed) == (2, 0)
    evidence.entry_logged(0, log_of([leaf(evidence, 0)], 0))
    assert evidence.confirmed == 2


def test_what_follows_somebody_who_joined_is_confirmed_once_their_certificate_is_proven(evidence: Evidence) -> None:
    evidence.entry_logged(0, log_of([leaf(evidence, 0)], 0))
    for event in (Held(Hold.PAUSED), JOINED, Held(Hold.STOP_KEY)):
        evidence.write(event)
    evidence.entry_stored(3)
    assert evidence.confirmed == 2
    evidence.entry_logged(2, log_of([leaf(evidence, 0), leaf(evidence, 2)], 1))
    assert evidence.confirmed == 4


def test_a_proof_of_another_session_agent_or_log_is_refused_and_confirms_nothing(evidence: Evidence) -> None:
    opened = leaf(evidence, 0)
    evidence.entry_stored(0)
    for wrong in (
        log_of([structs.replace(opened, agent_key=bytes(32))], 0),
        log_of([structs.replace(opened, certificate=b"x" * 32)], 0),
        log_of([structs.replace(opened, session="6" * 32)], 0),
        log_of([opened], 0, key=OTHER),
        log_of([opened], 0, origin="mainforte/sessions/B"),
    ):
        with pytest.raises(NotLogged):
            evidence.entry_logged(0, wrong)
    assert (evidence.confirmed, evidence.logged) == (0, {})


def test_a_proof_of_an_entry_that_makes_no_leaf_or_is_not_there_breaks_a_rule(evidence: Evidence) -> None:
    evidence.write(Held(Hold.PAUSED))
    for number in (1, 7):
        with pytest.raises(RemoteProtocolError):
            evidence.entry_logged(number, log_of([leaf(evidence, 0)], 0))


def test_after_a_cut_what_is_stored_and_not_proven_is_submitted_again_too(evidence: Evidence, line: KeptLine) -> None:
    for event in (Held(Hold.PAUSED), Held(Hold.STOP_KEY)):
        evidence.write(event)
    evidence.entry_stored(1)
    assert line.submitted() == [0, 1, 2]
    evidence.submit_again(at_once=True)
    assert line.submitted() == [0, 2]
    evidence.entry_logged(0, log_of([leaf(evidence, 0)], 0))
    evidence.submit_again(at_once=True)
    assert line.submitted() == [2]
