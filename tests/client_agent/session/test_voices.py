"""client_agent/session/voices.py: who is asked to sign the heads of the log."""

from collections.abc import Iterator

import pytest
from msgspec import structs

from client_agent.screen.abilities import EVERYBODY
from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from client_agent.session.viewers import RemoteViewer, Viewers
from client_agent.session.voices import Voices
from protocol.channel import agent_channel, viewer_channel
from protocol.consent import ConsentGate, Grant
from protocol.envelope import Kind
from protocol.identity import verify_certificate
from protocol.messages import HeadOffered
from protocol.nodes import Nodes
from protocol.session_log import Held, head_size
from protocol.signed_note import parse
from protocol.vocabulary import Capability, Hold, Role
from tests.protocol.logs import TRUST
from tests.protocol.pairs import papers, secrets


class HeardLine(Line):
    """A line that keeps the records for each peer."""

    def __init__(self) -> None:
        super().__init__(Nodes("http://127.0.0.1:9"))
        self.records: list[tuple[int, bytes]] = []

    def send(self, kind: Kind, content: bytes, *, peer: int = 0) -> None:
        assert kind is Kind.CONTROL
        self.records.append((peer, content))


class Company:
    """Three who take part: the first leads."""

    def __init__(self) -> None:
        self.line, self.gate, self.viewers = HeardLine(), ConsentGate(), Viewers()
        self.evidence = Evidence(self.line, TRUST)
        self.voices = Voices(self.line, self.viewers, self.evidence, self.gate, on_deaf=lambda viewer: None)
        self.first, self.colleague, self.observer = (
            self._viewer(peer, role) for peer, role in enumerate((Role.TECHNICIAN, Role.TECHNICIAN, Role.OBSERVER))
        )
        self.evidence.write(Held(Hold.PAUSED))

    def _viewer(self, peer: int, role: Role) -> RemoteViewer:
        paper = papers()
        certificate = verify_certificate(paper.certificate_text, paper.document, now=paper.now)
        mine = structs.replace(certificate, serial=f"{peer:032x}", role=role)
        channel = secrets()
        self._theirs = {**getattr(self, "_theirs", {}), peer: viewer_channel(channel)}
        viewer = RemoteViewer(mine, paper.certificate_text, agent_channel(channel), peer, EVERYBODY, [channel.resume])
        viewer.is_admitted = True
        self.viewers.add(viewer)
        return viewer

    def allow_control(self, viewer: RemoteViewer) -> None:
        number = len(self.evidence.texts)
        self.gate.allow((Grant(viewer.id, Capability.VIEW, 2**52), Grant(viewer.id, Capability.CONTROL, 2**52)), number)
        self.gate.entry_stored(number)
        assert self.gate.controller == viewer.id

    def offered(self) -> Iterator[tuple[int, int]]:
        """To which peer a head of how many entries was offered, since the last call."""
        records, self.line.records = self.line.records, []
        for peer, record in records:
            message = self._theirs[peer].open(record)
            if isinstance(message, HeadOffered):
                yield peer, head_size(parse(message.note))


@pytest.fixture
def company() -> Company:
    return Company()


def test_a_head_is_due_while_there_are_entries_of_which_none_speaks_that_was_signed(company: Company) -> None:
    voices = company.voices
    due = [voices.is_head_due]
    voices.offer_head()
    due.append(voices.is_head_due)
    company.evidence.write(Held(Hold.PROMPT))
    voices.head_signed()
    assert [*due, voices.is_head_due] == [True, True, True], "what was signed was offered before the last entry"
    voices.offer_head()
    voices.head_signed()
    due = [voices.is_head_due]
    company.evidence.write(Held(Hold.PAUSED))
    assert [*due, voices.is_head_due] == [False, True]


def test_where_nobody_controls_whoever_leads_signs(company: Company) -> None:
    assert company.voices.offer_head()
    assert list(company.offered()) == [(0, 1)]


def test_whoever_controls_signs_also_where_somebody_else_leads(company: Company) -> None:
    company.allow_control(company.colleague)
    assert company.voices.offer_head()
    assert list(company.offered()) == [(1, 1)]
    company.gate.take_back(Capability.CONTROL)
    assert company.voices.offer_head()
    assert list(company.offered()) == [(0, 1)]


def test_where_who_should_sign_is_cut_off_somebody_does_who_may_lead_and_an_observer_never(company: Company) -> None:
    company.allow_control(company.colleague)
    company.colleague.peer = None
    assert company.voices.offer_head()
    assert list(company.offered()) == [(0, 1)]
    company.first.peer = None
    assert not company.voices.offer_head()
    company.colleague.peer = 1
    company.gate.take_back(Capability.CONTROL)
    assert company.voices.offer_head()
    assert list(company.offered()) == [(1, 1)]
