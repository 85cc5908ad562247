"""What a further viewer believes of a session before it joins: the first technician vouches for its agent (PROTOCOL.md, section 12).

The log comes from a desk that may lie. What holds is a chain from the organisation's root: document, first technician's certificate,
and a head of the log that this very technician signed together with the agent that the first entry names.
"""

from collections.abc import Sequence

from protocol import session_log, signed_note
from protocol.errors import LogTampered, NotAuthentic, NotCertified
from protocol.identity import Certificate, text_hash, verify_certificate, verify_document
from protocol.session_log import AGENT, TECHNICIAN, Opened


def verified_opening(
    entries: Sequence[str],
    heads: Sequence[str],
    *,
    first_certificate: str,
    own_certificate: str,
    document: str,
    fingerprint: bytes,
    now: int,
) -> Opened:
    """The first entry of a session's log, which names the agent's keys, once everything about it holds.

    Args:
        entries, heads: of the session's log, as texts, to the letter.
        first_certificate, own_certificate: that of the technician who opened the session, and our own.
        document: the organisation's, as text.
        fingerprint: of its root, 32 bytes, known from elsewhere.
        now: UTC seconds.

    Raises:
        NotCertified: a certificate or the document does not lead to the root, or they are not about one session.
        LogTampered: the log does not hold, or no head of it is signed by that technician and the agent.
        RemoteProtocolError: something is malformed.
    """
    organisation = verify_document(document, fingerprint=fingerprint, now=now)
    first = verify_certificate(first_certificate, organisation, now=now)
    own = verify_certificate(own_certificate, organisation, now=now)
    verdict = session_log.verify(entries, heads, first.key)
    opened = verdict.entries[0].event
    assert isinstance(opened, Opened)
    if not (first.session == own.session == opened.session and first.ticket == own.ticket == opened.ticket):
        raise NotCertified("a log or a certificate of another session")
    if opened.certificate != text_hash(first_certificate) or opened.participant != first.serial:
        raise NotCertified("the session was opened under another certificate")
    if verdict.is_closed:
        raise LogTampered("a session that is over")
    if not any(_vouches(signed_note.parse(head), first, opened) for head in heads):
        raise LogTampered("no head that the first technician and the agent have signed")
    return opened


def _vouches(head: signed_note.Note, first: Certificate, opened: Opened) -> bool:
    """Whether both have signed it. Whoever joined later may sign heads too, but the first entry alone does not name them."""
    try:
        signed_note.cosigned_at(head, AGENT, opened.agent_key)
        signed_note.cosigned_at(head, TECHNICIAN, first.key)
    except NotAuthentic:
        return False
    return True
