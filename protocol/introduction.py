"""The technician introduces himself inside the channel: certificate, ticket, reason, signed for this very channel (section 4.5)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from protocol.codec import encode
from protocol.errors import NotAuthentic, NotCertified
from protocol.identity import Certificate, OrganisationDocument, check_signature, sign, verify_certificate
from protocol.messages import Introduced

LABEL = b"mainforte-v1 introduction"


def sign_introduction(introduction: Introduced, binding: bytes, key: Ed25519PrivateKey) -> Introduced:
    """The introduction with the technician's signature over it and over the channel's binding (32 bytes)."""
    return structs.replace(introduction, signature=sign(LABEL, _signed_bytes(introduction, binding), key))


def verify_introduction(
    introduction: Introduced, binding: bytes, document: OrganisationDocument, *, now: int
) -> Certificate:
    """Give the certificate of the technician who introduces himself, once everything about him holds at `now` (UTC seconds).

    Raises:
        NotCertified: the chain up to the root, the ticket, or the signature over this channel does not hold.
    """
    certificate = verify_certificate(introduction.certificate, document, now=now)
    if introduction.ticket != certificate.ticket:
        raise NotCertified("the introduction names another ticket than the certificate")
    try:
        check_signature(LABEL, _signed_bytes(introduction, binding), introduction.signature, certificate.key)
    except NotAuthentic as error:
        raise NotCertified(str(error)) from None
    return certificate


def _signed_bytes(introduction: Introduced, binding: bytes) -> bytes:
    return binding + encode(structs.replace(introduction, signature=b""))
