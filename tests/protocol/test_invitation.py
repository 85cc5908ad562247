"""protocol/invitation.py: a further viewer believes in an agent only where the first technician vouches for it."""

from dataclasses import dataclass, replace

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.errors import LogTampered, NotCertified, RemoteProtocolError
from protocol.identity import Certificate, issue_certificate, public_bytes, text_hash, verify_certificate
from protocol.invitation import verified_opening
from protocol.session_log import Event, Joined, LogWriter, Opened, SessionEnded, countersign_head, make_head
from protocol.vocabulary import Outcome, Role
from tests.protocol.pairs import FINGERPRINT, ISSUING, SESSION, TECHNICIAN, papers

PAPERS = papers()
FIRST = verify_certificate(PAPERS.certificate_text, PAPERS.document, now=PAPERS.now)
AGENT, COLLEAGUE, RELAY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
OPENED = Opened(
    SESSION, "2041", "No picture", "To look", "Fibre du Lac", text_hash(PAPERS.document_text),
    text_hash(PAPERS.certificate_text), "Camille Roy", "a" * 32, public_bytes(AGENT), bytes(range(32)), "1.0.0", "Linux", "link",
)  # fmt: skip


def _certificate(**changed: object) -> str:
    certificate = msgspec.structs.replace(FIRST, serial="b" * 32, key=public_bytes(COLLEAGUE), **changed)
    assert isinstance(certificate, Certificate)
    return issue_certificate(certificate, ISSUING)


@dataclass(frozen=True)
class Told:
    """What the desk says."""

    events: tuple[Event, ...] = (OPENED,)
    agent: Ed25519PrivateKey = AGENT
    signer: Ed25519PrivateKey | None = TECHNICIAN
    first: str = PAPERS.certificate_text
    own: str = _certificate()
    fingerprint: bytes = FINGERPRINT

    def believed(self) -> Opened:
        log = LogWriter()
        for event in self.events:
            log.append(event, PAPERS.now * 1000)
        head = make_head(SESSION, log.texts, self.agent, at_s=PAPERS.now)
        if self.signer:
            public = public_bytes(self.agent)
            head = countersign_head(head, SESSION, log.texts, public, self.signer, at_s=PAPERS.now)
        return verified_opening(
            log.texts,
            [head],
            first_certificate=self.first,
            own_certificate=self.own,
            document=PAPERS.document_text,
            fingerprint=self.fingerprint,
            now=PAPERS.now,
        )


def _joined(key: Ed25519PrivateKey) -> Joined:
    return Joined("c" * 32, "Somebody", Role.TECHNICIAN, bytes(32), public_bytes(key), "to help")


def test_the_agent_that_the_first_technician_vouches_for_is_believed() -> None:
    assert Told().believed() == OPENED


OTHER_AGENT = msgspec.structs.replace(OPENED, agent_key=public_bytes(RELAY), joining_key=bytes(32))
UNTRUE = {
    "nobody of ours signed": Told(signer=None),
    "the relay signed": Told(signer=RELAY),
    "an agent of the relay's, signed by somebody it lets join": Told(
        (OTHER_AGENT, _joined(RELAY)), agent=RELAY, signer=RELAY
    ),
    "another agent signed": Told(agent=RELAY),
    "another session": Told((msgspec.structs.replace(OPENED, session="f" * 32),)),
    "another ticket": Told((msgspec.structs.replace(OPENED, ticket="7"),)),
    "another certificate opened it": Told((msgspec.structs.replace(OPENED, certificate=bytes(32)),)),
    "our certificate is for another session": Told(own=_certificate(session="f" * 32)),
    "our certificate is over": Told(own=_certificate(valid_from=PAPERS.now - 4000, valid_until=PAPERS.now - 2000)),
    "another root": Told(fingerprint=bytes(32)),
    "a session that is over": Told((OPENED, SessionEnded(Outcome.STOPPED, "customer", 0, 0))),
    "an empty log": Told(()),
}


@pytest.mark.parametrize("told", UNTRUE.values(), ids=UNTRUE)
def test_nobody_else_can_stand_in_for_it(told: Told) -> None:
    with pytest.raises((NotCertified, LogTampered, RemoteProtocolError)):
        told.believed()


def test_a_first_certificate_that_nobody_issued_is_not_believed() -> None:
    forged = issue_certificate(FIRST, RELAY)
    opened = msgspec.structs.replace(OPENED, certificate=text_hash(forged))
    with pytest.raises(NotCertified):
        replace(Told(), first=forged, events=(opened,)).believed()
