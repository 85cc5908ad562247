"""Two ends that have met, for tests: everything real, only the random bytes are chosen."""

import hashlib
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.handshake import AgentHandshake, Offer, ViewerHandshake
from protocol.identity import (
    Certificate,
    OrganisationDocument,
    issue_certificate,
    issue_document,
    public_bytes,
    root_fingerprint,
)
from protocol.key_schedule import ChannelSecrets, Randomness
from protocol.support_code import parse
from protocol.vocabulary import Role

ROOT = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ISSUING = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
TECHNICIAN = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
FINGERPRINT = root_fingerprint(public_bytes(ROOT))
CODE = "41703 cerise violon"
SESSION = "0123456789abcdef" * 2


def randomness(seed: str) -> Randomness:
    """Fixed bytes that look random."""
    return Randomness(
        hashlib.sha256(f"nonce {seed}".encode()).digest(), hashlib.sha256(f"scalar {seed}".encode()).digest()
    )


def agent(code: str = CODE, fingerprint: bytes = FINGERPRINT) -> AgentHandshake:
    return AgentHandshake(parse(code), fingerprint, Offer(("view", "control"), ("zstd",), "agent"), randomness("a"))


def viewer(code: str = CODE, fingerprint: bytes = FINGERPRINT) -> ViewerHandshake:
    return ViewerHandshake(parse(code), fingerprint, Offer(("view", "control"), ("zstd",), "page"), randomness("v"))


def exchange(one: AgentHandshake, other: ViewerHandshake) -> None:
    """Carry every message across, unaltered, until nobody has anything to say."""
    to_viewer, to_agent = [one.hello], list[bytes]()
    while to_viewer or to_agent:
        for message in to_viewer:
            to_agent += other.receive(message)
        to_viewer = []
        for message in to_agent:
            to_viewer += one.receive(message)
        to_agent = []


def secrets() -> ChannelSecrets:
    one, other = agent(), viewer()
    exchange(one, other)
    assert one.channel is not None
    return one.channel


@dataclass(frozen=True)
class Papers:
    """An organisation's document and a technician's certificate, valid now."""

    document: OrganisationDocument
    document_text: str
    certificate_text: str
    now: int


def papers(*, issuer: Ed25519PrivateKey = ISSUING, valid_s: int = 3600, organisation: str = "Fibre du Lac") -> Papers:
    now = int(time.time())
    document = OrganisationDocument(
        "organisation",
        1,
        "Fibre du Lac",
        ["https://help.example"],
        [public_bytes(ISSUING)],
        [],
        [],
        0,
        [],
        "off",
        90,
        365,
        "1.0.0",
        now - 60,
        now + 86400,
    )
    certificate = Certificate(
        "certificate",
        "a" * 32,
        public_bytes(TECHNICIAN),
        "Camille Roy",
        organisation,
        Role.TECHNICIAN,
        "2041",
        SESSION,
        "password and code",
        now - 60,
        now - 60 + valid_s,
    )
    return Papers(document, issue_document(document, ROOT), issue_certificate(certificate, issuer), now)
