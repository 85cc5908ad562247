"""protocol/identity.py and introduction.py: the name shown is the one that the root vouches for, in this very channel."""

import msgspec
import pytest

from protocol.errors import NotAuthentic, NotCertified
from protocol.identity import check_arrival, public_bytes, sign_arrival, verify_document
from protocol.introduction import sign_introduction, sign_return, verify_introduction, verify_return
from protocol.messages import Introduced
from protocol.vocabulary import Capability
from tests.protocol.pairs import FINGERPRINT, ISSUING, ROOT, SESSION, TECHNICIAN, Papers, papers

BINDING = bytes(range(32))


def _introduction(given: Papers, ticket: str = "2041") -> Introduced:
    unsigned = Introduced(given.certificate_text, ticket, "Pas d’image", "Voir", Capability.VIEW, [], b"")
    return sign_introduction(unsigned, BINDING, TECHNICIAN)


def test_a_certified_technician_is_known_by_name() -> None:
    given = papers()
    assert verify_introduction(_introduction(given), BINDING, given.document, now=given.now).name == "Camille Roy"


def test_an_introduction_for_another_channel_is_refused() -> None:
    given = papers()
    with pytest.raises(NotCertified):
        verify_introduction(_introduction(given), bytes(32), given.document, now=given.now)


@pytest.mark.parametrize("field", ["reason", "subject"])
def test_an_altered_introduction_is_refused(field: str) -> None:
    given = papers()
    altered = msgspec.structs.replace(_introduction(given), **{field: "something else"})
    with pytest.raises(NotCertified):
        verify_introduction(altered, BINDING, given.document, now=given.now)


def test_other_issuers_tickets_organisations_and_times_are_refused() -> None:
    given = papers()
    for bad in (papers(issuer=ROOT), papers(organisation="Somebody Else"), papers(valid_s=9 * 3600)):
        with pytest.raises(NotCertified):
            verify_introduction(_introduction(bad), BINDING, given.document, now=given.now)
    with pytest.raises(NotCertified):
        verify_introduction(_introduction(given, ticket="2042"), BINDING, given.document, now=given.now)
    for now in (given.now + 2 * 3600, given.now - 3600):
        with pytest.raises(NotCertified):
            verify_introduction(_introduction(given), BINDING, given.document, now=now)


def test_a_document_of_another_root_is_refused() -> None:
    given = papers()
    assert verify_document(given.document_text, fingerprint=FINGERPRINT, now=given.now) == given.document
    with pytest.raises(NotCertified):
        verify_document(given.document_text, fingerprint=bytes(32), now=given.now)
    altered = given.document_text.replace("Fibre du Lac", "Fibre du Las")
    with pytest.raises(NotCertified):
        verify_document(altered, fingerprint=FINGERPRINT, now=given.now)
    assert ISSUING is not ROOT


def test_whoever_comes_back_is_checked_again() -> None:
    given = papers()
    returned = sign_return(BINDING, TECHNICIAN)
    assert verify_return(returned, given.certificate_text, BINDING, given.document, now=given.now).name == "Camille Roy"
    with pytest.raises(NotCertified):
        verify_return(returned, given.certificate_text, bytes(32), given.document, now=given.now)
    with pytest.raises(NotCertified):
        verify_return(sign_return(BINDING, ISSUING), given.certificate_text, BINDING, given.document, now=given.now)
    with pytest.raises(NotCertified, match="not valid now"):
        verify_return(returned, given.certificate_text, BINDING, given.document, now=given.now + 9 * 3600)


def test_an_arrival_is_the_key_holders_and_of_now() -> None:
    signature = sign_arrival(SESSION, 1_000_000, TECHNICIAN)
    key = public_bytes(TECHNICIAN)
    check_arrival(SESSION, 1_000_000, signature, key, now_ms=1_000_000 + 120_000)
    for session, at_ms, now_ms in (
        (SESSION, 1_000_000, 1_120_001),
        (SESSION, 1_000_001, 1_000_000),
        ("0" * 32, 1_000_000, 1_000_000),
    ):
        with pytest.raises(NotAuthentic):
            check_arrival(session, at_ms, signature, key, now_ms=now_ms)
