"""client_agent/session/evidence.py: what is written reaches the relay, and nothing is written behind the end."""

from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from protocol.session_log import Held, SessionEnded
from protocol.vocabulary import Hold, Outcome


def test_behind_the_end_nothing_is_written() -> None:
    evidence = Evidence(Line("http://127.0.0.1:9"))
    evidence.write(Held(Hold.PAUSED))
    evidence.write(SessionEnded(Outcome.STOPPED, "customer", 1, 0))
    assert evidence.write(Held(Hold.PAUSED)) == 1
    assert len(evidence.texts) == 2
