"""The auditors' page finds in the browser's language whatever the verifier finds: both are tried with the same cases."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from protocol.identity import fingerprint_text, root_fingerprint
from tests.relay.evidence import packs
from tests.relay.evidence import test_verify_handled as handled
from tests.relay.evidence.packs import Case, a_case
from tests.relay.evidence.test_verify import ALTERATIONS, MISSING

# These are of the zip, which the page does not read; a page that is told more than the log speaks of shows none of it.
OF_THE_PACK = {"a member that has no place", "something more beside entries"}


def told(name: str, case: Case) -> dict[str, Any]:
    """A case as the server would tell it to the page."""
    log = {key: getattr(case, key) for key in ("entries", "heads", "certificate", "certificates", "document")}
    beside = {digest.hex(): base64.b64encode(data).decode() for digest, data in case.beside.items()}
    leaves = [
        {
            "leaf": one.leaf,
            "index": one.index,
            "hashes": [base64.b64encode(each).decode() for each in one.hashes],
            "checkpoint": case.checkpoint,
        }
        for one in case.leaves
    ]
    return {
        "name": name,
        "told": {"log": log, "beside": beside, "segments": sorted(case.segments)},
        "logged": {"leaves": leaves, "records": case.records, "documents": case.documents, "hold": None},
        "fingerprint": fingerprint_text(root_fingerprint(packs.public("root"))),
        "segments": {str(number): base64.b64encode(data).decode() for number, data in case.segments.items()},
    }


def worth_of(node: Path, cases: list[dict[str, Any]]) -> dict[str, Any]:
    """What the page makes of each."""
    script = Path(__file__).parent / "audit_cases.mjs"
    done = subprocess.run(
        [str(node), str(script)], input=json.dumps(cases), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_page_finds_a_whole_session_complete_and_shows_what_happened(node: Path) -> None:
    worth = worth_of(node, [told("whole", a_case())])["whole"]
    assert (worth["altered"], worth["missing"]) == ("", [])
    assert worth["lanes"] == ["consent", "clipboard", "recording", "chat", "files", "people", "activity"]


def test_the_page_finds_whatever_the_verifier_finds(node: Path) -> None:
    cases = []
    alterations = {name: alter for name, (alter, _) in ALTERATIONS.items() if name not in OF_THE_PACK}
    for name, alter in (alterations | handled.ALTERATIONS).items():
        case = a_case()
        alter(case)
        cases.append(told(name, case))
    worth = worth_of(node, cases)
    assert [name for name in worth if not worth[name]["altered"]] == []


def test_the_page_names_what_is_missing(node: Path) -> None:
    cases = []
    for name, (remove, _) in MISSING.items():
        case = a_case()
        remove(case)
        cases.append(told(name, case))
    worth = worth_of(node, cases)
    assert [name for name in worth if not worth[name]["missing"] and not worth[name]["altered"]] == []
    assert {name: worth[name]["altered"] for name in worth if worth[name]["altered"]}.keys() <= {"the witness"}


def test_a_deletion_by_the_rule_leaves_nothing_missing_and_one_before_leaves_the_recording(node: Path) -> None:
    cases = []
    for name, after_days in (("by the rule", 4.0), ("before", 1.0), ("in the future", 5000.0)):
        case = handled.short_kept()
        packs.delete_recording(case, after_days=after_days)
        cases.append(told(name, case))
    worth = worth_of(node, cases)
    assert {name: (worth[name]["altered"], worth[name]["missing"]) for name in worth} == {
        "by the rule": ("", []),
        "before": ("", ["recording"]),
        "in the future": ("", ["recording"]),
    }
