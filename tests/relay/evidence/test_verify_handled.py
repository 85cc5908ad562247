"""The verifier, on packs of sessions whose recording was passed on or deleted: by whom, and whether its time was over."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from protocol.handling import RESEALED
from protocol.identity import issue_document
from tests.relay.evidence import packs
from tests.relay.evidence.packs import Case, a_case, add_record, delete_recording, key, pass_on
from tests.relay.evidence.test_verify import ALTERED, COMPLETE, INCOMPLETE, NO_ROOT, verified


def short_kept() -> Case:
    """A session whose recording was to be kept for three days: they are over."""
    case = a_case()
    case.document = issue_document(structs.replace(packs.organisation(), recording_days=3), key("root"))
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)
    return case


def test_a_recording_that_was_deleted_by_the_rule_is_told_and_not_missing(tmp_path: Path) -> None:
    case = short_kept()
    delete_recording(case)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == COMPLETE, said
    assert "by retention, by the rule to keep it for 3 days: The time to keep it is over." in said
    assert "missing" not in said.replace("nothing is missing", "")
    assert verified(tmp_path / "evidence.zip", root="")[0] == NO_ROOT


@pytest.mark.parametrize("after_days", [0, 1.5, 2.9, 5000])
def test_a_recording_that_was_deleted_before_its_time_or_in_the_future_is_missing_with_the_reason(
    tmp_path: Path, after_days: float
) -> None:
    case = short_kept()
    delete_recording(case, after_days=after_days)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == INCOMPLETE, said
    assert "missing: recording deleted on" in said
    assert "NOT by the rule to keep it for 3 days" in said


def test_a_deletion_explains_the_recording_and_nothing_else(tmp_path: Path) -> None:
    case = short_kept()
    delete_recording(case)
    case.certificates.clear()
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == INCOMPLETE
    assert "missing: the certificate of entry 9" in said
    assert "missing: recording" not in said


def test_a_recording_that_is_gone_without_a_record_is_missing_piece_by_piece(tmp_path: Path) -> None:
    case = short_kept()
    delete_recording(case)
    case.records.clear()
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == INCOMPLETE
    assert said.count("missing: recording/") == packs.SEGMENTS


def test_a_recording_may_be_passed_on_by_whoever_it_was_passed_on_to(tmp_path: Path) -> None:
    case = a_case()
    pass_on(case)
    pass_on(case, to="Nadia Roux", by="Marc Weil")
    assert verified(case.write(tmp_path / "evidence.zip"))[0] == COMPLETE


def test_of_a_recording_that_was_passed_on_and_deleted_only_the_deletion_is_left(tmp_path: Path) -> None:
    case = short_kept()
    pass_on(case)
    delete_recording(case)
    del case.records[0]
    assert verified(case.write(tmp_path / "evidence.zip"))[0] == COMPLETE


def in_another_order(case: Case) -> None:
    """Passed on before it was received."""
    pass_on(case, to="Nadia Roux", by="Marc Weil")
    pass_on(case)


def of_another_session(case: Case) -> None:
    other = a_case(session="f" * 32)
    add_record(case, RESEALED, packs.resealing(other, "Marc Weil", "Odile Fabre"))


def not_in_the_log(case: Case) -> None:
    """A record that is there, and of which no leaf speaks."""
    case.records.append(packs.resealing(case, "Marc Weil", "Odile Fabre"))


def reason_changed(case: Case) -> None:
    pass_on(case)
    record = case.records[0].replace("Elle part", "Il part")
    del case.records[0], case.leaves[-1]
    add_record(case, RESEALED, record)


ALTERATIONS: dict[str, Callable[[Case], object]] = {
    "passed on by somebody who is no auditor": lambda case: pass_on(case, by="somebody"),
    "passed on by the server's own key": lambda case: pass_on(case, by="log"),
    "passed on by whom it was passed on to later": in_another_order,
    "the passing on of another session": of_another_session,
    "another reason to pass it on": reason_changed,
    "a record that the log of all sessions does not know": not_in_the_log,
    "a deletion by somebody else": lambda case: delete_recording(case, by="somebody"),
    "a deletion by an auditor": lambda case: delete_recording(case, by="Odile Fabre"),
    "the deletion of another session": lambda case: delete_recording(case, of="f" * 32),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_what_nobody_may_do_who_did_it_is_found_although_the_log_took_it_in(tmp_path: Path, name: str) -> None:
    case = a_case()
    ALTERATIONS[name](case)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == ALTERED, said
    assert "handled/" in said
