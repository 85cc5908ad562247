"""A whole recorded session with all its evidence, made with real keys, so that every part of it can be altered and sealed again."""

import base64
import functools
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from protocol import log_of_sessions, merkle, session_log, signed_note
from protocol.envelope import Audience
from protocol.handling import Deletion, Resealing, sign_deletion, sign_resealing
from protocol.identity import (
    Auditor,
    Certificate,
    OrganisationDocument,
    Witness,
    fingerprint_text,
    issue_certificate,
    issue_document,
    public_bytes,
    root_fingerprint,
    text_hash,
)
from protocol.log_of_sessions import Checkpoint, Handled, Logged, SessionClosed, SessionJoined, SessionOpened, leaf_text
from protocol.media import MediaSealer
from protocol.recording import Segment
from protocol.recording_keys import RecordingKey, epoch_commitment, seal_recording_key
from protocol.session_log import (
    Answered,
    Asked,
    ClipboardMoved,
    DeviceDescribed,
    EpochBegan,
    FileTransferred,
    HandedOver,
    Joined,
    KeySealed,
    LogWriter,
    Noted,
    Opened,
    Said,
    ScreenSize,
    SegmentClosed,
    SessionEnded,
    Titled,
)
from protocol.vocabulary import Answer, Capability, Direction, FileOutcome, Outcome, Role
from relay.evidence.pack import Evidence, write_pack
from technician_viewer.auditor_key import AuditorKeys

SESSION, SERIAL, COLLEAGUE_SERIAL = "0123456789abcdef" * 2, "a" * 32, "b" * 32
AT_S = 1_795_000_000
SEGMENTS = 3
RECORDING_KEY = hashlib.sha256(b"recording").digest()


def key(name: str) -> Ed25519PrivateKey:
    """The same key for the same name."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(name: str) -> bytes:
    return public_bytes(key(name))


ROOT_FINGERPRINT = fingerprint_text(root_fingerprint(public("root")))
ORIGIN = log_of_sessions.origin_of(root_fingerprint(public("root")))


@dataclass
class Case:
    """The parts of a pack, each of which a test may alter before it is sealed."""

    entries: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    certificate: str = ""
    certificates: list[str] = field(default_factory=list)
    document: str = ""
    leaves: list[Logged] = field(default_factory=list)
    checkpoint: str = ""
    beside: dict[bytes, bytes] = field(default_factory=dict)
    segments: dict[int, bytes] = field(default_factory=dict)
    reports: dict[str, str] = field(
        default_factory=lambda: {"en": "<p>What happened</p>", "fr": "<p>Ce qui s’est passé</p>"}
    )
    records: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    session: str = SESSION

    def write(self, path: Path, *, log_key: Ed25519PrivateKey | None = None) -> Path:
        """Seal it as the organisation does."""
        names = ("entries", "heads", "certificate", "certificates", "document")
        log = json.dumps(
            {name: getattr(self, name) for name in names}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        evidence = Evidence(
            self.session,
            log.encode(),
            self.checkpoint,
            tuple(self.leaves),
            self.beside,
            sorted(self.segments.items()),
            self.reports,
            tuple(self.records),
            tuple(self.documents),
        )
        file = io.BytesIO()
        write_pack(file, evidence, log_key or key("log"))
        path.write_bytes(file.getvalue())
        return path


SAID, ANSWERED = "Voyez-vous le voyant ?", "Il clignote <b>en rouge</b>"
FILE = json.dumps({"name": "Notice <b>.pdf", "sha256": "0f" * 32})
TITLE = '{"title":"Banque – comptes"}'
DEVICE = DeviceDescribed(
    make="Dell Inc.",
    model="Latitude <5440>",
    system="Debian GNU/Linux 12 (bookworm)",
    desktop="GNOME",
    windowing="wayland",
    processor="13th Gen Intel(R) Core(TM) i5-1345U",
    cores=12,
    memory_bytes=16_450_000_000,
    disk_bytes=502_000_000_000,
    disk_free_bytes=3_900_000_000,
    screens=[ScreenSize(1920, 1080), ScreenSize(2560, 1440)],
)


def a_case(*, session: str = SESSION, agent: str = "agent", pictures: str = "pictures", title: str = TITLE) -> Case:
    """A session that is whole: recorded, joined, handed over, ended, signed by both ends, in the log of all sessions.

    Args:
        agent, pictures: other words give another agent's key, and other records.
        title: what the agent wrote down of a window.
    """
    case = Case(session=session, document=issue_document(organisation(), key("root")))
    case.certificate = issue_certificate(certificate("technician", "Camille Roy", SERIAL, session), key("issuing"))
    colleague = certificate("colleague", "Paul Martin", COLLEAGUE_SERIAL, session)
    case.certificates = [issue_certificate(colleague, key("issuing"))]
    write_entries(case, agent, pictures, title)
    sign_heads(case, agent)
    log_session(case)
    return case


def organisation() -> OrganisationDocument:
    return OrganisationDocument(
        type="organisation",
        number=1,
        name="Fibre du Lac",
        origins=["https://help.example.org"],
        issuing_keys=[public("issuing")],
        log_keys=[public("log")],
        witnesses=[Witness("witness.example", public("witness"), "https://witness.example")],
        witness_quorum=1,
        auditors=[auditor("Odile Fabre")],
        recording="asked",
        recording_days=90,
        log_days=365,
        oldest_agent="1.0.0",
        valid_from=AT_S - 86400,
        valid_until=AT_S + 80 * 86400,
    )


def auditor(name: str) -> Auditor:
    """An auditor's public part, made of the name; `key(name)` is the one for signatures."""
    private = X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return Auditor(name, "", private.public_key().public_bytes_raw(), public(name))


def auditor_keys(name: str) -> AuditorKeys:
    """An auditor with the private keys."""
    return AuditorKeys(
        auditor(name), X25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest()), key(name)
    )


@functools.cache
def seals_of(session: str) -> bytes:
    """The recording key, sealed to the auditors of the organisation: the same each time, which HPKE by itself is not."""
    return seal_recording_key(session, RECORDING_KEY, organisation().auditors)


def certificate(name: str, full_name: str, serial: str, session: str = SESSION) -> Certificate:
    return Certificate(
        type="certificate",
        serial=serial,
        key=public(name),
        name=full_name,
        organisation="Fibre du Lac",
        role=Role.TECHNICIAN,
        ticket="2041",
        session=session,
        signed_in_with="password and code",
        valid_from=AT_S - 60,
        valid_until=AT_S + 3600,
    )


def write_entries(case: Case, agent: str = "agent", pictures: str = "pictures", title: str = TITLE) -> None:
    """The chain, with what it speaks of."""
    at_ms = AT_S * 1000
    events: list[session_log.Event] = [
        Opened(
            case.session, "2041", "Pas d’image", "Voir les réglages", "Fibre du Lac", text_hash(case.document),
            text_hash(case.certificate), "Camille Roy", SERIAL, public(agent), bytes(range(32)), "1.0.0", "Linux", "built-in",
        ),
        Asked(SERIAL, Capability.VIEW, "Voir les réglages", "Camille Roy, de Fibre du Lac, demande à voir votre écran.", "fr"),
        Answered(1, Answer.ALLOWED, [Capability.VIEW], at_ms + 3_600_000, 4200),
    ]  # fmt: skip
    epoch_key, recording = hashlib.sha256(pictures.encode()).digest(), RecordingKey(case.session, RECORDING_KEY)
    seals, note = seals_of(case.session), recording.seal_content(b'{"text":"Le routeur est \xc3\xa9teint"}', bytes(12))
    sealed_title = recording.seal_content(title.encode(), bytes(11) + b"\1")
    said, answered = (
        recording.seal_content(json.dumps({"text": text}, ensure_ascii=False).encode(), bytes(11) + bytes([2 + number]))
        for number, text in enumerate((SAID, ANSWERED))
    )
    sealed_copy = recording.seal_content(b'{"text":"R\xc3\xa9f. 20 417"}', bytes(11) + b"\x09")
    file = recording.seal_content(FILE.encode(), bytes(11) + b"\x10")
    lying = (seals, note, sealed_title, said, answered, file, sealed_copy)
    case.beside = {hashlib.sha256(data).digest(): data for data in lying}
    events += [
        KeySealed(recording.commitment, hashlib.sha256(seals).digest()),
        EpochBegan(1, 0, epoch_commitment(case.session, 1, epoch_key), recording.wrap(1, epoch_key)),
    ]
    sealer, first = MediaSealer(), 0
    sealer.start_epoch(epoch_key)
    for number in range(SEGMENTS):
        segment = Segment()
        for record in [sealer.seal(b"", audience=Audience.STORE), *(sealer.seal(b"") for _ in range(4))]:
            segment.add(record)
        case.segments[number] = segment.data
        events.append(SegmentClosed(number, 1, True, first, first + 4, 5, segment.bytes, at_ms, at_ms, segment.hash))
        first += 4
    events += [
        Noted(SERIAL, 0, at_ms, hashlib.sha256(note).digest()),
        Joined(
            COLLEAGUE_SERIAL, "Paul Martin", Role.TECHNICIAN, text_hash(case.certificates[0]), public("colleague"), "Suite"
        ),
        HandedOver(SERIAL, COLLEAGUE_SERIAL),
        Titled(at_ms + 10_500, hashlib.sha256(sealed_title).digest()),
        Said(COLLEAGUE_SERIAL, hashlib.sha256(said).digest()),
        Said("", hashlib.sha256(answered).digest()),
        Said("", b""),
        FileTransferred(
            COLLEAGUE_SERIAL, Direction.TO_CUSTOMER, at_ms, 9, 9, FileOutcome.MOVED, hashlib.sha256(file).digest()
        ),
        ClipboardMoved(SERIAL, Direction.FROM_CUSTOMER, 11, hashlib.sha256(sealed_copy).digest()),
        ClipboardMoved(SERIAL, Direction.TO_CUSTOMER, 7, b""),
        DEVICE,
        SessionEnded(Outcome.COMPLETED, "technician", 60_000, 0),
    ]  # fmt: skip
    write_chain(case, events)


def write_chain(case: Case, events: Sequence[session_log.Event]) -> None:
    """The log's entries, one for each event, a second apart."""
    writer = LogWriter()
    for number, event in enumerate(events):
        writer.append(event, AT_S * 1000 + 1000 * number)
    case.entries = writer.texts


def sign_heads(case: Case, agent: str = "agent", *, upto: int | None = None) -> None:
    """A head after the first entry and at the end; the colleague signs the last one."""
    last = len(case.entries) if upto is None else upto
    case.heads = [head(case, 1, agent, "technician"), head(case, last, agent, "colleague")]


def head(case: Case, size: int, agent: str, technician: str, *, at_s: int = AT_S) -> str:
    """One head, signed by both."""
    note = signed_note.Note(session_log.head_text(case.session, case.entries[:size]), ())
    for name, signer in ((session_log.AGENT, agent), (session_log.TECHNICIAN, technician)):
        note = signed_note.cosign(note, name, key(signer), at_s=at_s) if signer else note
    return str(note)


def log_session(case: Case) -> None:
    """The leaves of this session among those of others, and the proofs that lead to one checkpoint."""
    opened = session_log.parse_entry(case.entries[0]).event
    assert isinstance(opened, Opened)
    leaves: list[log_of_sessions.Leaf] = [
        SessionOpened(bytes(16), case.session, opened.certificate, opened.agent_key, opened.document),
        SessionJoined(bytes(16), case.session, text_hash(case.certificates[0])),
        SessionClosed(
            bytes(16), case.session, len(case.entries), session_log.last_hash(case.entries), Outcome.COMPLETED
        ),
    ]  # fmt: skip
    prove(case, leaves)


def prove(case: Case, leaves: list[log_of_sessions.Leaf], *, log_key: str = "log", witness: str = "witness") -> None:
    """Build a log of sessions that holds these leaves, and prove each."""
    others = [leaf_text(structs.replace(leaves[0], session=f"{number:032x}")) for number in range(5)]
    texts = others[:3] + [leaf_text(leaf) for leaf in leaves] + others[3:]
    nodes: dict[merkle.Node, bytes] = {}
    for index, text in enumerate(texts):
        nodes |= merkle.append(nodes, index, merkle.leaf_hash(text.encode()))
    size = len(texts)
    root = merkle.root(nodes, merkle.Range(0, size))
    note = log_of_sessions.sign_checkpoint(Checkpoint(ORIGIN, size, root), key(log_key))
    if witness:
        note = signed_note.cosign(note, "witness.example", key(witness), at_s=AT_S)
    case.checkpoint = str(note)
    case.leaves = []
    for index in range(3, 3 + len(leaves)):
        hashes = merkle.proof(nodes, merkle.inclusion_ranges(index, size))
        case.leaves.append(Logged(texts[index], index, hashes, case.checkpoint))


# --- what is done with the evidence later ---------------------------------------------------------------------------------------


def add_record(case: Case, what: str, record: str) -> None:
    """A record of what was done with the evidence, and the leaf that holds it."""
    case.records.append(record)
    leaves = [log_of_sessions.parse_leaf(each.leaf) for each in case.leaves]
    prove(case, [*leaves, Handled(bytes(16), case.session, what, text_hash(record))])


def resealing(case: Case, to: str, by: str) -> str:
    """The record that one auditor passed the recording on to another."""
    content = Resealing(
        case.session, auditor(to), text_hash(case.document), bytes(80), "Elle part à la retraite.", AT_S + 86400
    )
    return sign_resealing(content, key(by))


def pass_on(case: Case, to: str = "Marc Weil", by: str = "Odile Fabre") -> None:
    """One auditor passes the recording on to another."""
    add_record(case, "resealed", resealing(case, to, by))


def delete_recording(case: Case, *, after_days: float = 4, by: str = "log", of: str = "") -> None:
    """The recording is deleted, and what lay beside entries."""
    case.segments.clear()
    case.beside.clear()
    content = Deletion(
        of or case.session, "recording", len(case.entries), session_log.last_hash(case.entries), SEGMENTS,
        "The time to keep it is over.", "retention", AT_S + int(after_days * 86400),
    )  # fmt: skip
    add_record(case, "recording_deleted", sign_deletion(content, key(by)))


def rewritten(case: Case, number: int, change: Callable[[dict[str, object]], object]) -> None:
    """Alter one entry and let the chain go on from it, as somebody would who holds no key of the two ends."""
    previous = None
    for index in range(number, len(case.entries)):
        entry = json.loads(case.entries[index])
        if index == number:
            change(entry)
        if previous is not None:
            entry["previous"] = previous
        case.entries[index] = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = base64.b64encode(session_log.entry_hash(case.entries[index])).decode()
