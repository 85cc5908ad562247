"""A session as the rooms process tells the desk of it: opened, asked, allowed, ended, signed by both ends."""

import base64
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.identity import text_hash
from protocol.session_log import (
    Answered,
    Asked,
    Event,
    LogWriter,
    Opened,
    SessionEnded,
    countersign_head,
    make_head,
)
from protocol.vocabulary import Answer, Capability, Outcome
from relay.evidence.check import certificate_of
from tests.relay.desk.conftest import Browser

REASON = "Voir les réglages"


async def played_session(technician: Browser, ticket: int, *, is_ended: bool = True, document: str = "") -> str:
    """Play one session of a ticket; gives its id.

    Args:
        document: what the agent was given of the organisation; the one of now where it is empty.
    """
    key, agent = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    asked = {"reason": REASON, "asks": "view", "key": base64.b64encode(key.public_key().public_bytes_raw()).decode()}
    status, opened = await technician.post(f"/api/tickets/{ticket}/sessions", asked)
    assert status == 201, opened
    session, serial = str(opened["session"]), certificate_of(opened["certificate"]).serial
    log, at, agent_key = LogWriter(), int(time.time()) * 1000, agent.public_key().public_bytes_raw()
    events: list[Event] = [
        Opened(
            session, str(ticket), opened["subject"], REASON, "Télé Test", text_hash(document or opened["document"]),
            text_hash(opened["certificate"]), "camille", serial, agent_key, bytes(32), "0.1.0", "Linux", "built-in",
        ),
        Asked(serial, Capability.VIEW, REASON, "camille demande à voir votre écran.", "fr"),
        Answered(1, Answer.ALLOWED, [Capability.VIEW], at + 3_600_000, 4000),
    ]  # fmt: skip
    if is_ended:
        events.append(SessionEnded(Outcome.STOPPED, "customer", 61_000, 0))
    path = f"/internal/sessions/{session}"
    for number, event in enumerate(events):
        text = log.append(event, at + 1000 * number)
        status, answer = await technician.inside(f"{path}/entries", {"number": number, "entry": text})
        assert status == 204, answer
    head = make_head(session, log.texts, agent, at_s=at // 1000)
    head = countersign_head(head, session, log.texts, agent_key, key, at_s=at // 1000)
    assert (await technician.inside(f"{path}/heads", {"note": head}))[0] == 204
    return session
