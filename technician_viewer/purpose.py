"""What a session is for, as the desk hands it out and the customer is told."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.vocabulary import Capability


@dataclass(frozen=True)
class Purpose:
    """Who helps, on which ticket and what for: what the customer is told, and the key that vouches for it."""

    session: str
    certificate: str
    """Signed by the organisation's issuing key, as text."""
    key: Ed25519PrivateKey = field(repr=False)
    ticket: str
    subject: str
    reason: str
    asks: Capability
    opening: str = ""
    """The first entry of the session's log, for who joins: it is known from an invitation, and the agent's has to be the same."""
