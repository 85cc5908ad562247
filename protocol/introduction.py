"""The technician introduces himself inside the channel: certificate, ticket, reason, signed for this very channel (section 4.5)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from protocol.codec import encode
from protocol.errors import NotAuthentic, NotCertified
from protocol.identity import Certificate, OrganisationDocument, check_signature, sign, verify_certificate
from protocol.messages import Introduced, Returned

LABEL = b"mainforte-v1 introduction"
RETURN_LABEL = b"mainforte-v1 return"


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


def sign_return(binding: bytes, key: Ed25519PrivateKey) -> Returned:
    """What a viewer says first after a resume: it still holds the certificate's key (section 11)."""
    return Returned(sign(RETURN_LABEL, binding, key))


def verify_return(
    returned: Returned, certificate: str, binding: bytes, document: OrganisationDocument, *, now: int
) -> Certificate:
    """Check again who came back: the certificate's text up to the root at `now` (UTC seconds), and its key over this channel.

    Raises:
        NotCertified: the certificate has expired or its issuer is no longer named, or somebody else signed.
    """
    verified = verify_certificate(certificate, document, now=now)
    try:
        check_signature(RETURN_LABEL, binding, returned.signature, verified.key)
    except NotAuthentic as error:
        raise NotCertified(str(error)) from None
    return verified


def _signed_bytes(introduction: Introduced, binding: bytes) -> bytes:
    return binding + encode(structs.replace(introduction, signature=b""))
