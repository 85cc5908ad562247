"""client_agent/session/: what a cut leaves to be said, and how long somebody may be away."""

import pytest

from client_agent.screen.abilities import EVERYBODY
from client_agent.session.clock import awake_or_asleep_s
from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from client_agent.session.viewers import RemoteViewer, Viewers
from client_agent.session.voices import Voices
from protocol.channel import ControlChannel, agent_channel, viewer_channel
from protocol.consent import ConsentGate, ViewerId
from protocol.identity import verify_certificate
from protocol.limits import CONTROL_GRACE_S, VIEW_GRACE_S
from protocol.messages import EntryAppended, FromAgent, HeadOffered
from protocol.nodes import Nodes
from protocol.session_log import Cut
from tests.protocol.logs import TRUST
from tests.protocol.pairs import SESSION, papers, secrets

SECRETS, PAPERS = secrets(), papers()


@pytest.fixture
def viewer() -> RemoteViewer:
    certificate = verify_certificate(PAPERS.certificate_text, PAPERS.document, now=PAPERS.now)
    return RemoteViewer(certificate, PAPERS.certificate_text, agent_channel(SECRETS), None, EVERYBODY, [SECRETS.resume])


def test_no_head_is_offered_of_entries_that_the_viewer_hears_only_after_its_cut(viewer: RemoteViewer) -> None:
    line, viewers = Line(Nodes("http://localhost:9")), Viewers()
    evidence = Evidence(line, TRUST)
    evidence.begin(SESSION)
    voices = Voices(line, viewers, evidence, ConsentGate(), on_deaf=lambda viewer: None)
    viewers.add(viewer)
    voices.write(Cut(viewer.id, 0))
    assert not voices.offer_head()
    viewer.peer = 1
    assert voices.offer_head()
    viewer.channel.renew(SECRETS.of_agent, 0)
    theirs: ControlChannel[FromAgent] = viewer_channel(SECRETS)
    heard = [theirs.open(record) for record in viewer.channel.again()]
    assert [type(message) for message in heard] == [EntryAppended, HeadOffered]


@pytest.mark.parametrize(("grace_s", "is_control"), [(CONTROL_GRACE_S, True), (VIEW_GRACE_S, False)])
def test_a_viewer_may_be_away_for_as_long_as_the_protocol_says(
    viewer: RemoteViewer, grace_s: int, is_control: bool
) -> None:
    viewer.is_admitted = True
    heard_at_s = awake_or_asleep_s()
    viewer.last_heard_s = heard_at_s
    controller = ViewerId(viewer.id) if is_control else None
    for after_s, is_over in ((grace_s - 1, False), (grace_s + 1, True)):
        now_s = heard_at_s + after_s
        over = viewer.has_outstayed_control(controller, now_s) if is_control else viewer.has_outstayed(now_s)
        assert over is is_over
    viewer.peer = 1
    assert not viewer.has_outstayed(heard_at_s + 1000)
    assert not viewer.has_outstayed_control(controller, heard_at_s + 1000)
