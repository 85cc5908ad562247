"""relay/desk/evidence_api.py: what auditors find and hold, what the log says, who else is kept out, and that looking is written down."""

import json

import msgspec
import pytest

from protocol.identity import fingerprint_from_text
from protocol.log_of_sessions import Logged, SessionClosed, SessionOpened, trust_in, verify_logged
from relay.evidence.check import document_of
from tests.relay.desk.conftest import Browser
from tests.relay.desk.played import played_session


async def test_an_auditor_finds_sessions_by_what_happened_in_them(auditor: Browser, technician: Browser) -> None:
    session = await played_session(technician, 2041)
    status, text = await auditor.get(
        "/api/evidence/sessions?ticket=2041&capability=view&outcome=stopped&person=camille"
    )
    assert status == 200
    (found,) = json.loads(text)["sessions"]
    assert (found["session"], found["capabilities"], found["outcome"]) == (session, ["view"], "stopped")
    # Searched without regard to case and accents, and shown as people are called.
    assert (found["people"], found["customer"]) == ("camille", "Marc Lefèvre")
    for nothing in ("ticket=2038", "capability=control", "outcome=declined", "refused=true", "held=1", "level=3"):
        assert json.loads((await auditor.get(f"/api/evidence/sessions?{nothing}"))[1])["sessions"] == [], nothing
    _, trail = await auditor.get("/audit")
    assert "searched: capability=view, outcome=stopped, person=camille, ticket=2041" in trail


@pytest.mark.parametrize(
    "query",
    ["ticket=x", "ticket=-1", "ticket=99999999999", "since=now", "limit=0", "limit=101", "capability=dance",
     "outcome=x", "before=-1", "unknown=1", "refused=maybe", "level=0", f"person={'x' * 201}"],
)  # fmt: skip
async def test_a_search_that_cannot_be_meant_is_refused(auditor: Browser, query: str) -> None:
    assert (await auditor.get(f"/api/evidence/sessions?{query}"))[0] == 400


async def test_nobody_but_auditors_looks_through_evidence(technician: Browser, stranger: Browser) -> None:
    for path in ("/api/evidence/sessions", "/api/evidence/log", f"/api/evidence/sessions/{'0' * 32}/logged"):
        assert (await technician.get(path))[0] == 403
        assert (await stranger.get(path))[0] == 401
    assert (await technician.post(f"/api/evidence/sessions/{'0' * 32}/hold", {"reason": "r"}))[0] == 403


async def test_what_the_log_of_all_sessions_says_is_proven_to_the_auditor(
    auditor: Browser, technician: Browser
) -> None:
    session = await played_session(technician, 2038)
    status, text = await auditor.get(f"/api/evidence/sessions/{session}/logged")
    assert status == 200, text
    answer = json.loads(text)
    document = document_of(json.loads((await auditor.get("/api/organisation"))[1])["document"])
    trust = trust_in(document, fingerprint_from_text(auditor.relay.fingerprint))
    proven = [verify_logged(msgspec.convert(each, Logged), trust) for each in answer["leaves"]]
    assert [type(leaf) for leaf, _ in proven] == [SessionOpened, SessionClosed]
    assert {each["checkpoint"] for each in answer["leaves"]} == {answer["checkpoint"]}
    assert (await auditor.get(f"/api/evidence/sessions/{'0' * 32}/logged"))[0] == 404
    status, grown = await auditor.get("/api/evidence/log?older=1")
    assert (status, json.loads(grown)["checkpoint"]) == (200, answer["checkpoint"])
    for wrong in ("-1", "x", "99999", "1" * 30, "٣"):
        assert (await auditor.get(f"/api/evidence/log?older={wrong}"))[0] == 400


async def test_a_hold_needs_a_reason_and_ends_once(auditor: Browser, technician: Browser) -> None:
    session = await played_session(technician, 2039)
    path = f"/api/evidence/sessions/{session}"
    assert (await auditor.post(f"{path}/hold", {"reason": " "}))[0] == 400
    assert (await auditor.post(f"{path}/hold", {"reason": "A complaint"}, csrf="other"))[0] == 403
    assert (await auditor.post(f"{path}/hold", {"reason": "A complaint"}))[0] == 204
    (held,) = json.loads((await auditor.get("/api/evidence/sessions?held=true"))[1])["sessions"]
    assert (held["session"], held["is_held"]) == (session, True)
    assert (await auditor.post(f"{path}/release", {"reason": "Settled"}))[0] == 204
    assert (await auditor.post(f"{path}/release", {"reason": "Settled"}))[0] == 409
    _, trail = await auditor.get("/audit")
    assert "held: A complaint" in trail
