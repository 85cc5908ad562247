"""The verifier inside an evidence pack: whatever is altered is found, even by whoever holds the organisation's own log key."""

import ast
import base64
import hashlib
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from protocol import log_of_sessions, session_log, signed_note
from protocol.identity import Witness, issue_certificate, issue_document, text_hash
from protocol.log_of_sessions import SessionClosed, SessionJoined, SessionOpened
from protocol.vocabulary import Outcome, Role
from relay.evidence.pack import VERIFIER
from relay.evidence.verify import main
from tests.relay.evidence import packs
from tests.relay.evidence.packs import AT_S, ROOT_FINGERPRINT, SESSION, Case, a_case, head, key, prove, rewritten

COMPLETE, ALTERED, INCOMPLETE, NO_ROOT, USAGE, NOT_A_PACK, NO_FILE = 0, 1, 2, 3, 64, 65, 66
ROUNDS = 1000
TITLED = 11
"""The entry with a title in `packs.a_case`."""
SAID, ANSWERED, NOT_KEPT, FILE = 12, 13, 14, 15
"""The entries of the chat: what the colleague wrote, what the customer answered, and what was not recorded."""
COPIED = 16
"""What the customer had copied, and a technician read."""


def verified(path: Path, root: str = ROOT_FINGERPRINT) -> tuple[int, str]:
    """What the verifier ends with, and says."""
    status, said = main([*(["--root", root] if root else []), str(path)])
    return status, "\n".join(said)


# --- what it is -----------------------------------------------------------------------------------------------------------------


def test_the_verifier_is_one_short_file_that_needs_only_cryptography() -> None:
    text = VERIFIER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_the_hash_of_the_verifier_is_published_outside_the_pack() -> None:
    published = Path(__file__).parents[3] / "docs" / "HOW_TO_CHECK.md"
    assert hashlib.sha256(VERIFIER.read_bytes()).hexdigest() in published.read_text(encoding="utf-8")


def test_the_verifier_in_a_pack_verifies_it_alone(tmp_path: Path) -> None:
    pack = a_case().write(tmp_path / "evidence.zip")
    with zipfile.ZipFile(pack) as members:
        members.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "verify.py", "--root", ROOT_FINGERPRINT, "evidence.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (COMPLETE, "")
    assert "COMPLETE" in done.stdout
    without_root = subprocess.run(
        [*command[:3], "evidence.zip"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert without_root.returncode == NO_ROOT


def test_each_way_not_to_check_has_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("photo.jpg", "")
    assert verified(tmp_path / "note.txt")[0] == NOT_A_PACK
    assert verified(tmp_path / "other.zip")[0] == NOT_A_PACK
    assert verified(tmp_path / "nothing.zip")[0] == NO_FILE
    assert main([])[0] == main(["--root"])[0] == main(["--other", "x", "y"])[0] == main(["--root", "x"])[0] == USAGE


def test_another_root_is_not_believed(tmp_path: Path) -> None:
    status, said = verified(a_case().write(tmp_path / "evidence.zip"), "A" * 43)
    assert status == ALTERED
    assert "another root" in said


# --- what is altered, and sealed again with the organisation's own log key -------------------------------------------------------

Alteration = Callable[[Case], object]


def edit(number: int, **fields: object) -> Alteration:
    """Other words in the event of one entry, the chain mended behind it."""
    return lambda case: rewritten(case, number, lambda entry: entry["event"].update(fields))  # type: ignore[attr-defined]


def in_place(number: int, old: str, new: str) -> Alteration:
    """One text changed in an entry, nothing mended."""

    def alter(case: Case) -> None:
        assert old in case.entries[number]
        case.entries[number] = case.entries[number].replace(old, new)

    return alter


def without(number: int) -> Alteration:
    """An entry taken out, the numbers and hashes behind it mended."""

    def alter(case: Case) -> None:
        del case.entries[number]
        for index in range(number, len(case.entries)):
            previous = base64.b64encode(session_log.entry_hash(case.entries[index - 1])).decode()
            entry = json.loads(case.entries[index]) | {"number": index, "previous": previous}
            case.entries[index] = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    return alter


def swapped(case: Case) -> None:
    case.entries[6], case.entries[7] = case.entries[7], case.entries[6]


def inserted(case: Case) -> None:
    case.entries.insert(4, case.entries[4])


def flipped(case: Case) -> None:
    data = bytearray(case.segments[1])
    data[len(data) // 2] ^= 1
    case.segments[1] = bytes(data)


def swap_segments(case: Case) -> None:
    case.segments[0], case.segments[1] = case.segments[1], case.segments[0]


def splice_segment(case: Case) -> None:
    case.segments[1] = a_case(pictures="others").segments[1]


def splice_entries(case: Case) -> None:
    case.entries[6] = a_case(session="f" * 32).entries[6]


def other_segment_and_entry(case: Case) -> None:
    """A segment with pictures of the forger's, and the entry changed to speak of it."""
    case.segments[1] = a_case(pictures="others").segments[1]
    digest = base64.b64encode(hashlib.sha256(case.segments[1]).digest()).decode()
    edit(6, hash=digest)(case)


def sign_again_with_another_key(case: Case) -> None:
    """The agent's signatures made anew by somebody else."""
    packs.sign_heads(case, "somebody")


def technician_signs_as_agent(case: Case) -> None:
    case.heads = [head(case, len(case.entries), "technician", "colleague")]


def colleague_signs_before_joining(case: Case) -> None:
    case.heads.append(head(case, 4, "agent", "colleague"))


def stranger_signs(case: Case) -> None:
    case.heads.append(head(case, 4, "agent", "somebody"))


def head_of_other_entries(case: Case) -> None:
    """A head that both ends signed, of a log that is not this one: the forger dropped what they saw."""
    other = a_case()
    edit(1, words="Autre chose")(other)
    case.heads.append(head(other, 4, "agent", "technician"))


def head_of_more_entries(case: Case) -> None:
    longer = a_case()
    longer.entries.append(longer.entries[-1])
    case.heads.append(head(longer, len(longer.entries), "agent", "colleague"))


def head_of_another_session(case: Case) -> None:
    case.heads.append(a_case(session="f" * 32).heads[0])


def time_of_a_head(case: Case) -> None:
    """A signer's time moved, its signature kept."""
    note = signed_note.parse(case.heads[1])
    line = note.signatures[0]
    moved = (int.from_bytes(line.signature[:8], "big") + 3600).to_bytes(8, "big") + line.signature[8:]
    case.heads[1] = str(signed_note.Note(note.text, (structs_of(line, moved), *note.signatures[1:])))


def structs_of(line: signed_note.SignatureLine, signature: bytes) -> signed_note.SignatureLine:
    return signed_note.SignatureLine(line.name, line.key_id, signature)


def own_certificate(case: Case) -> None:
    """Another technician's name, certified by the forger; entry, heads and log made to agree as far as keys allow."""
    forged = structs.replace(packs.certificate("technician", "Paul Martin", packs.SERIAL))
    case.certificate = issue_certificate(forged, key("somebody"))


def certificate_of_another(case: Case) -> None:
    """A real certificate, of somebody else."""
    other = packs.certificate("colleague", "Paul Martin", packs.COLLEAGUE_SERIAL)
    case.certificate = issue_certificate(other, key("issuing"))


def certificate_says_more(case: Case) -> None:
    """The issuing key certified another role than the entry of who joined tells."""
    other = structs.replace(packs.certificate("colleague", "Paul Martin", packs.COLLEAGUE_SERIAL), role=Role.OBSERVER)
    case.certificates = [issue_certificate(other, key("issuing"))]
    edit(9, certificate=base64.b64encode(text_hash(case.certificates[0])).decode())(case)
    packs.sign_heads(case)


def expired_certificate(case: Case) -> None:
    late = structs.replace(
        packs.certificate("technician", "Camille Roy", packs.SERIAL), valid_from=AT_S - 7200, valid_until=AT_S - 3600
    )
    made_with_certificate(case, issue_certificate(late, key("issuing")))


def lasting_certificate(case: Case) -> None:
    long = structs.replace(packs.certificate("technician", "Camille Roy", packs.SERIAL), valid_until=AT_S + 20 * 86400)
    made_with_certificate(case, issue_certificate(long, key("issuing")))


def self_issued_certificate(case: Case) -> None:
    """All of it made to agree, by somebody without the issuing key."""
    made_with_certificate(
        case, issue_certificate(packs.certificate("technician", "Camille Roy", packs.SERIAL), key("somebody"))
    )


def made_with_certificate(case: Case, text: str) -> None:
    case.certificate = text
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)


def another_root(case: Case) -> None:
    """The whole case made by an organisation of the same name with a root of its own."""
    case.document = issue_document(packs.organisation(), key("somebody"))
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)


def altered_document(case: Case) -> None:
    case.document = case.document.replace("Fibre du Lac", "Fibre du lac")


def document_of_later(case: Case) -> None:
    """A document that the root signed for another time."""
    later = structs.replace(packs.organisation(), valid_from=AT_S + 86400)
    case.document = issue_document(later, key("root"))
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)


def another_document(case: Case) -> None:
    """A document that the root did sign, and another than the agent was given."""
    case.document = issue_document(structs.replace(packs.organisation(), number=2), key("root"))


def other_leaf(case: Case) -> None:
    """The log of all sessions tells of another agent."""
    opened = case_opened(case)
    prove(
        case,
        [
            SessionOpened(bytes(16), SESSION, opened.certificate, bytes(32), opened.document),
            SessionJoined(bytes(16), SESSION, text_hash(case.certificates[0])),
            closed_leaf(case),
        ],
    )


def shorter_leaf(case: Case) -> None:
    """The log of all sessions tells of fewer entries: something was written behind the end."""
    opened = case_opened(case)
    closed = structs.replace(closed_leaf(case), entries=5)
    prove(case, [SessionOpened(bytes(16), SESSION, opened.certificate, opened.agent_key, opened.document), closed])


def wrong_salt(case: Case) -> None:
    case.leaves[0] = structs.replace(
        case.leaves[0], leaf=case.leaves[0].leaf.replace("AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAQ==")
    )


def wrong_index(case: Case) -> None:
    case.leaves[0] = structs.replace(case.leaves[0], index=case.leaves[0].index + 1)


def wrong_hash(case: Case) -> None:
    case.leaves[0] = structs.replace(case.leaves[0], hashes=[bytes(32), *case.leaves[0].hashes[1:]])


def longer_proof(case: Case) -> None:
    case.leaves[0] = structs.replace(case.leaves[0], hashes=[*case.leaves[0].hashes, bytes(32)])


def leaf_of_another_session(case: Case) -> None:
    case.leaves.append(a_case(session="f" * 32).leaves[0])


def checkpoint_of_another_key(case: Case) -> None:
    prove(case, [log_of_sessions.parse_leaf(one.leaf) for one in case.leaves], log_key="somebody")


def checkpoint_root(case: Case) -> None:
    note = signed_note.parse(case.checkpoint)
    lines = note.text.split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    case.checkpoint = str(log_of_sessions.sign_checkpoint(
        log_of_sessions.Checkpoint(lines[0], int(lines[1]), bytes(32)), key("log")
    ))  # fmt: skip


def checkpoint_of_another_log(case: Case) -> None:
    checkpoint = log_of_sessions.read_checkpoint(signed_note.parse(case.checkpoint))
    other = log_of_sessions.Checkpoint("mainforte/sessions/" + "A" * 43, checkpoint.size, checkpoint.root)
    case.checkpoint = str(log_of_sessions.sign_checkpoint(other, key("log")))


def next_document(**changes: object) -> str:
    """The organisation's next document, in which another key signs for the log."""
    fields = {"number": 2, "log_keys": [packs.public("next log")]} | changes
    return issue_document(structs.replace(packs.organisation(), **fields), key("root"))


def under_the_next_key(case: Case, *documents: str, witness: str = "witness") -> None:
    """The log's key was changed, and the checkpoint is signed by the new one."""
    case.documents = list(documents)
    leaves = [log_of_sessions.parse_leaf(one.leaf) for one in case.leaves]
    prove(case, leaves, log_key="next log", witness=witness)


def next_key_of_another_root(case: Case) -> None:
    document = structs.replace(packs.organisation(), number=2, log_keys=[packs.public("next log")])
    under_the_next_key(case, issue_document(document, key("somebody")))


def altered_later_document(case: Case) -> None:
    under_the_next_key(case, next_document().replace("Fibre du Lac", "Fibre du lac"))


def later_documents_swapped(case: Case) -> None:
    under_the_next_key(case, next_document(number=3), next_document())


def key_of_an_earlier_document(case: Case) -> None:
    """A key that was stolen, and taken out of the document before this session: the forger brings the earlier document back."""
    case.document = issue_document(structs.replace(packs.organisation(), number=3), key("root"))
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)
    under_the_next_key(case, next_document())


def altered_beside(case: Case) -> None:
    digest = min(case.beside)
    case.beside[digest] = case.beside[digest] + b" "


def sealed_title(case: Case) -> bytes:
    event = session_log.parse_entry(case.entries[TITLED]).event
    assert isinstance(event, session_log.Titled)
    return event.content


def other_title(case: Case) -> None:
    """The title that lay beside another session's entry, which somebody with that session's key wrote."""
    other = a_case(session="f" * 32)
    case.beside[sealed_title(case)] = other.beside[sealed_title(other)]


def other_title_and_entry(case: Case) -> None:
    """The same, and the entry made to speak of it."""
    other = a_case(session="f" * 32)
    del case.beside[sealed_title(case)]
    case.beside[sealed_title(other)] = other.beside[sealed_title(other)]
    edit(TITLED, content=base64.b64encode(sealed_title(other)).decode())(case)


def other_copy(case: Case) -> None:
    """Something else in the place of what went over the clipboard."""
    event = session_log.parse_entry(case.entries[COPIED]).event
    assert isinstance(event, session_log.ClipboardMoved)
    case.beside[event.content] = case.beside[sealed_title(case)]


def title_for_a_note(case: Case) -> None:
    """What was a title passed off as a note: both open with the session's key."""
    edit(8, content=base64.b64encode(sealed_title(case)).decode())(case)


def other_name(case: Case) -> None:
    """Another text beside the entry of a file, sealed with the session's own key."""
    event = session_log.parse_entry(case.entries[FILE]).event
    assert isinstance(event, session_log.FileTransferred)
    case.beside[event.content] = case.beside[sealed_title(case)]


def sealed_chat(case: Case, number: int) -> bytes:
    event = session_log.parse_entry(case.entries[number]).event
    assert isinstance(event, session_log.Said)
    return event.content


def swapped_chat(case: Case) -> None:
    """What one person said put into the other's mouth, beside entries that stay as they are."""
    said, answered = sealed_chat(case, SAID), sealed_chat(case, ANSWERED)
    case.beside[said], case.beside[answered] = case.beside[answered], case.beside[said]


def swapped_chat_and_entries(case: Case) -> None:
    """The same, and the entries made to speak of it."""
    said, answered = (base64.b64encode(sealed_chat(case, number)).decode() for number in (SAID, ANSWERED))
    edit(SAID, content=answered)(case)
    edit(ANSWERED, content=said)(case)


def words_for_what_was_not_recorded(case: Case) -> None:
    edit(NOT_KEPT, content=base64.b64encode(sealed_chat(case, SAID)).decode())(case)


def stranger_beside(case: Case) -> None:
    case.beside[bytes(32)] = b"something"


def stranger_segment(case: Case) -> None:
    case.segments[9] = case.segments[0]


def stranger_report(case: Case) -> None:
    case.reports["de"] = "<p>Was geschah</p>"


def records_left_out(case: Case) -> None:
    """A segment without its last record, and an entry that agrees with its hash, but not with what it says of the records."""
    data = case.segments[1]
    case.segments[1] = shorter = data[: len(data) // 5 * 4]
    packs_entry = base64.b64encode(hashlib.sha256(shorter).digest()).decode()
    edit(6, hash=packs_entry, bytes=len(shorter))(case)
    packs.sign_heads(case)
    packs.log_session(case)


def second_end(case: Case) -> None:
    writer = session_log.LogWriter()
    writer.texts += case.entries
    writer.append(session_log.parse_entry(case.entries[-1]).event, AT_S * 1000)
    case.entries = writer.texts
    packs.sign_heads(case)
    packs.log_session(case)


def described(*, at: int) -> Alteration:
    """An agent that lies writes of the computer, and both ends sign it, once more or before anybody may see."""

    def alter(case: Case) -> None:
        events = [session_log.parse_entry(text).event for text in case.entries]
        packs.write_chain(case, [*events[:at], packs.DEVICE, *events[at:]])
        packs.sign_heads(case)
        packs.log_session(case)

    return alter


def two_openings(case: Case) -> None:
    rewritten(case, 3, lambda entry: entry.update(event=json.loads(case.entries[0])["event"]))


def case_opened(case: Case) -> session_log.Opened:
    event = session_log.parse_entry(case.entries[0]).event
    assert isinstance(event, session_log.Opened)
    return event


def closed_leaf(case: Case) -> SessionClosed:
    return SessionClosed(
        bytes(16), case.session, len(case.entries), session_log.last_hash(case.entries), Outcome.COMPLETED
    )


ALTERATIONS: dict[str, tuple[Alteration, str]] = {
    "a bit of an entry": (in_place(2, '"took_ms":4200', '"took_ms":4201'), "entry 3 breaks the chain"),
    "the words that were shown, in place": (in_place(1, "voir votre écran", "voir votre salon"), "entry 2 breaks"),
    "the words that were shown, chain mended": (edit(1, words="On voulait voir."), "contradicts"),
    "the answer": (edit(2, answer="refused"), "the head of"),
    "what was allowed": (edit(2, capabilities=[]), "entry 18 cannot stand there"),
    "the reason": (edit(1, reason="Autre chose"), "the head of"),
    "the technician's name": (edit(0, technician="Paul Martin"), "the certificate of entry 0 says something else"),
    "the agent's key": (edit(0, agent_key=base64.b64encode(bytes(32)).decode()), "the head of 1"),
    "the clock of an entry": (lambda case: rewritten(case, 4, lambda e: e.update(at_ms=AT_S * 1000 - 86_400_000)), "the head"),
    "an entry taken out": (without(6), "a head of 20 entries, of which 19 are there"),
    "an entry taken out, nothing mended": (lambda case: case.entries.pop(4), "entry 4 breaks the chain"),
    "an entry put in": (inserted, "entry 5 breaks the chain"),
    "two entries swapped": (swapped, "entry"),
    "the first entry taken out": (lambda case: case.entries.pop(0), "entry 0 breaks the chain"),
    "a second opening": (two_openings, "entry 3 cannot stand there"),
    "entries behind the end": (second_end, "cannot stand there"),
    "a computer before anybody may see": (described(at=2), "entry 2 cannot stand there"),
    "a computer once more": (described(at=-1), "entry 19 cannot stand there"),
    "an entry of another session": (splice_entries, "breaks the chain"),
    "spaces in an entry": (in_place(3, '","', '", "'), "entry 3 is not written as it has to be"),
    "members of an entry in another order": (lambda case: case.entries.__setitem__(3, reversed_json(case.entries[3])), "entry 3"),
    "a head of other entries": (head_of_other_entries, "the head of 4"),
    "a head of more entries": (head_of_more_entries, "a head of"),
    "a head of another session": (head_of_another_session, "the head of 1"),
    "heads signed by another agent": (sign_again_with_another_key, "the head of 1"),
    "a head signed by the technician as the agent": (technician_signs_as_agent, "the head of"),
    "a head signed by a stranger": (stranger_signs, "did not take part"),
    "a head signed before joining": (colleague_signs_before_joining, "did not take part"),
    "the time of a signature": (time_of_a_head, "the head of"),
    "a certificate by somebody else": (own_certificate, "the certificate of entry 0 is another one"),
    "the certificate of somebody else": (certificate_of_another, "the certificate of entry 0 is another one"),
    "a certificate nobody issued": (self_issued_certificate, "not signed by an issuing key"),
    "a certificate that says something else": (certificate_says_more, "says something else than the entry"),
    "a certificate of another time": (expired_certificate, "was not valid then"),
    "a certificate for longer than may be": (lasting_certificate, "was not valid then"),
    "another root": (another_root, "another root"),
    "another document": (another_document, "entry 0 names another"),
    "a document of another time": (document_of_later, "was not valid then"),
    "a word of the document": (altered_document, "the signature of the organisation's document"),
    "another agent in the log of all sessions": (other_leaf, "session_opened"),
    "fewer entries in the log of all sessions": (shorter_leaf, "session_closed"),
    "the salt of a leaf": (wrong_salt, "is not in the log of all sessions"),
    "the place of a leaf": (wrong_index, "is not in the log of all sessions"),
    "a hash of a proof": (wrong_hash, "is not in the log of all sessions"),
    "a proof that is too long": (longer_proof, "is not in the log of all sessions"),
    "a leaf of another session": (leaf_of_another_session, "leaf 3"),
    "a checkpoint by somebody else": (checkpoint_of_another_key, "the checkpoint"),
    "a checkpoint of another log": (checkpoint_of_another_log, "the checkpoint"),
    "the root in a checkpoint": (checkpoint_root, "is not in the log of all sessions"),
    "a key that no document names": (lambda case: under_the_next_key(case), "the checkpoint is not one of"),
    "a key that another root names": (next_key_of_another_root, "a later document is no later one"),
    "a key that an earlier document names": (key_of_an_earlier_document, "a later document is no later one"),
    "a word of a later document": (altered_later_document, "the signature of a later document"),
    "later documents in another order": (later_documents_swapped, "a later document is no later one"),
    "a bit of the recording": (flipped, "recording/000001"),
    "two segments swapped": (swap_segments, "recording/000000"),
    "a segment of another recording": (splice_segment, "recording/000001"),
    "a segment of another recording, with its entry": (other_segment_and_entry, "the head of"),
    "records left out of a segment": (records_left_out, "recording/000001 holds others"),
    "a segment more": (stranger_segment, "nothing in the log speaks of recording/000009"),
    "something else beside an entry": (altered_beside, "is not what entry"),
    "a bit of a title": (lambda case: case.beside.update({sealed_title(case): bytes(284)}), "is not what entry 11 speaks of"),
    "a title of another session": (other_title, "is not what entry 11 speaks of"),
    "a title of another session, with its entry": (other_title_and_entry, "the head of"),
    "a title passed off as a note": (title_for_a_note, "the head of"),
    "what was copied": (other_copy, "is not what entry 16 speaks of"),
    "how much was copied": (edit(COPIED, characters=12), "the head of"),
    "which way it went": (edit(COPIED, direction="to_customer"), "the head of"),
    "that something was kept of what was copied": (edit(COPIED, content=""), "the head of"),
    "when a window was used": (edit(TITLED, since_ms=1), "the head of"),
    "the entry of a title taken out": (without(TITLED), "a head of 20 entries, of which 19 are there"),
    "what was said by one in the other's mouth": (swapped_chat, "is not what entry 12 speaks of"),
    "the same, with its entries": (swapped_chat_and_entries, "the head of"),
    "who said it": (edit(ANSWERED, participant=packs.SERIAL), "the head of"),
    "words for what was not recorded": (words_for_what_was_not_recorded, "the head of"),
    "a message taken out": (without(ANSWERED), "a head of 20 entries, of which 19 are there"),
    "a message as if it had not been recorded": (edit(ANSWERED, content=""), "the head of"),
    "which way a file went": (edit(FILE, direction="from_customer"), "the head of"),
    "that a file arrived": (edit(FILE, outcome="refused"), "the head of"),
    "how much of a file had gone": (edit(FILE, moved=0), "the head of"),
    "a file taken out": (without(FILE), "a head of 20 entries, of which 19 are there"),
    "the name of a file": (other_name, "is not what entry 15 speaks of"),
    "a file as if nobody could read its name": (edit(FILE, content=""), "the head of"),
    "something more beside entries": (stranger_beside, "nothing in the log speaks of beside/"),
    "a member that has no place": (stranger_report, "nothing in the log speaks of report.de.html"),
}  # fmt: skip


def reversed_json(text: str) -> str:
    entry = json.loads(text)
    return json.dumps(dict(reversed(entry.items())), separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("name", ALTERATIONS)
def test_what_was_altered_is_found_although_the_log_key_sealed_the_pack_again(tmp_path: Path, name: str) -> None:
    alter, says = ALTERATIONS[name]
    case = a_case()
    alter(case)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert says in said
    assert status == ALTERED, said


# --- what is missing ------------------------------------------------------------------------------------------------------------


def cut_off(count: int) -> Alteration:
    """The entries from the end, and all that speaks of them, taken away."""

    def alter(case: Case) -> None:
        del case.entries[-count:]
        size = len(case.entries)
        case.heads = [one for one in case.heads if session_log.head_size(signed_note.parse(one)) <= size]
        case.leaves = case.leaves[:2]
        known = [json.loads(text)["event"] for text in case.entries]
        case.segments = {e["segment"]: case.segments[e["segment"]] for e in known if e["type"] == "segment_closed"}
        hashes = {e.get("seals") or e.get("content") for e in known}
        case.beside = {
            digest: data for digest, data in case.beside.items() if base64.b64encode(digest).decode() in hashes
        }

    return alter


def unsigned_end(case: Case) -> None:
    case.heads = case.heads[:1]


def agent_alone(case: Case) -> None:
    case.heads[1] = head(case, len(case.entries), "agent", "")


MISSING: dict[str, tuple[Alteration, str]] = {
    "a segment": (lambda case: case.segments.pop(1), "recording/000001, of entry 6"),
    "a title": (lambda case: case.beside.pop(sealed_title(case)), "of entry 11"),
    "a message": (lambda case: case.beside.pop(sealed_chat(case, ANSWERED)), "of entry 13"),
    "what lies beside an entry": (lambda case: case.beside.pop(min(case.beside)), "beside/"),
    "the colleague's certificate": (lambda case: case.certificates.clear(), "the certificate of entry 9"),
    "the technician's signature at the end": (agent_alone, "both ends signed 1 of 20 entries, the agent alone 20"),
    "every signature at the end": (unsigned_end, "both ends signed 1 of 20 entries, the agent alone 1"),
    "the closing in the log of all sessions": (lambda case: case.leaves.pop(2), "session_closed"),
    "the opening in the log of all sessions": (lambda case: case.leaves.pop(0), "session_opened"),
    "the joining in the log of all sessions": (lambda case: case.leaves.pop(1), "session_joined"),
    "the witness": (lambda case: prove(case, [log_of_sessions.parse_leaf(one.leaf) for one in case.leaves], witness=""), "witness"),
    **{f"the last {count} entries": (cut_off(count), "the end") for count in range(1, 11)},
}  # fmt: skip


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_named(tmp_path: Path, name: str) -> None:
    remove, says = MISSING[name]
    case = a_case()
    remove(case)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == INCOMPLETE, said
    assert says in said
    assert verified(tmp_path / "evidence.zip", root="")[0] == INCOMPLETE


@pytest.mark.parametrize("log_key", ["log", "next log"])
def test_whoever_a_later_document_names_vouches_for_what_was_signed_since(tmp_path: Path, log_key: str) -> None:
    case = a_case()
    under_the_next_key(case, next_document())
    packs.delete_recording(case, after_days=1, by=log_key)
    under_the_next_key(case, next_document())
    status, said = verified(case.write(tmp_path / "evidence.zip", log_key=key(log_key)))
    assert (status, "recording deleted on" in said) == (INCOMPLETE, True), said


def test_a_later_documents_witnesses_count_for_its_key_and_those_of_before_for_none(tmp_path: Path) -> None:
    others = [Witness("other.example", packs.public("other"), "https://other.example")]
    for documents, expected in (([next_document()], COMPLETE), ([next_document(witnesses=others)], INCOMPLETE)):
        case = a_case()
        under_the_next_key(case, *documents)
        status, said = verified(case.write(tmp_path / "evidence.zip"))
        assert status == expected, said


def test_a_quorum_counts_witnesses_and_not_signatures(tmp_path: Path) -> None:
    twice = [Witness("witness.example", packs.public("witness"), "https://witness.example")] * 2
    case = a_case()
    case.document = issue_document(
        structs.replace(packs.organisation(), witnesses=twice, witness_quorum=2), key("root")
    )
    packs.write_entries(case)
    packs.sign_heads(case)
    packs.log_session(case)
    status, said = verified(case.write(tmp_path / "evidence.zip"))
    assert status == INCOMPLETE
    assert "cosignatures of 1 more witnesses" in said


# --- what an outsider alters, who holds no key at all --------------------------------------------------------------------------------


def members_of(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as members:
        return {name: members.read(name) for name in members.namelist()}


def write_members(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as pack:
        for name, data in members.items():
            pack.writestr(name, data)
    return path


MEMBERS = ["beside", "log.json", "pack.json", "pack.note", "recording", "report.en.html", "sessions.json", "verify.py"]


@pytest.mark.parametrize("start", MEMBERS)
def test_every_member_is_covered(tmp_path: Path, start: str) -> None:
    members = members_of(a_case().write(tmp_path / "evidence.zip"))
    name = next(name for name in members if name.startswith(start))
    longer = write_members(tmp_path / "longer.zip", members | {name: members[name] + b"\n"})
    assert verified(longer)[0] == ALTERED
    gone = write_members(tmp_path / "gone.zip", {key: data for key, data in members.items() if key != name})
    assert verified(gone)[0] in (ALTERED, NOT_A_PACK)


def test_a_pack_sealed_by_another_key_is_not_believed(tmp_path: Path) -> None:
    status, said = verified(a_case().write(tmp_path / "evidence.zip", log_key=key("somebody")))
    assert status == ALTERED
    assert "pack.note" in said


def test_a_member_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    pack = a_case().write(tmp_path / "evidence.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(pack, "a") as members:
        members.writestr("log.json", members.read("log.json"))
    status, said = verified(pack)
    assert status == ALTERED
    assert "twice" in said


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    members = members_of(a_case().write(tmp_path / "evidence.zip"))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in members.items():
            pack.writestr(name, bytes(300 * 2**20) if name == "log.json" else data)
    status, said = verified(tmp_path / "bomb.zip")
    assert status == ALTERED
    assert "log.json is too long" in said


def test_no_random_change_of_any_member_goes_unnoticed(tmp_path: Path) -> None:
    chance = random.Random(5)
    members = members_of(a_case().write(tmp_path / "evidence.zip"))
    for round_ in range(ROUNDS):
        name = chance.choice(sorted(members))
        data = bytearray(members[name])
        at = chance.randrange(len(data))
        match chance.choice(["flip", "insert", "delete", "truncate"]):
            case "flip":
                data[at] ^= 1 << chance.randrange(8)
            case "insert":
                data[at:at] = chance.randbytes(chance.randrange(1, 9))
            case "delete":
                del data[at : at + chance.randrange(1, 9)]
            case "truncate":
                del data[at:]
        status, said = verified(write_members(tmp_path / "altered.zip", members | {name: bytes(data)}))
        assert status == ALTERED, f"round {round_}, {name}: {said}"
