"""A whole recorded session with all its evidence, made with real keys, so that every part of it can be altered and sealed again."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from protocol import log_of_sessions, merkle, session_log, signed_note
from protocol.envelope import Audience
from protocol.identity import (
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
from protocol.log_of_sessions import Checkpoint, Logged, SessionClosed, SessionJoined, SessionOpened, leaf_text
from protocol.media import MediaSealer
from protocol.recording import Segment
from protocol.session_log import (
    Answered,
    Asked,
    EpochBegan,
    HandedOver,
    Joined,
    KeySealed,
    LogWriter,
    Noted,
    Opened,
    SegmentClosed,
    SessionEnded,
)
from protocol.vocabulary import Answer, Capability, Outcome, Role
from relay.evidence.pack import Evidence, write_pack

SESSION, SERIAL, COLLEAGUE_SERIAL = "0123456789abcdef" * 2, "a" * 32, "b" * 32
AT_S = 1_795_000_000
SEGMENTS = 3


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
        )
        file = io.BytesIO()
        write_pack(file, evidence, log_key or key("log"))
        path.write_bytes(file.getvalue())
        return path


def a_case(*, session: str = SESSION, agent: str = "agent", pictures: str = "pictures") -> Case:
    """A session that is whole: recorded, joined, handed over, ended, signed by both ends, in the log of all sessions.

    Args:
        agent, pictures: other words give another agent's key, and other records.
    """
    case = Case(session=session, document=issue_document(organisation(), key("root")))
    case.certificate = issue_certificate(certificate("technician", "Camille Roy", SERIAL, session), key("issuing"))
    colleague = certificate("colleague", "Paul Martin", COLLEAGUE_SERIAL, session)
    case.certificates = [issue_certificate(colleague, key("issuing"))]
    write_entries(case, agent, pictures)
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
        auditors=[],
        recording="asked",
        recording_days=90,
        log_days=365,
        oldest_agent="1.0.0",
        valid_from=AT_S - 86400,
        valid_until=AT_S + 80 * 86400,
    )


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


def write_entries(case: Case, agent: str = "agent", pictures: str = "pictures") -> None:
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
    seals, note = f"seals {pictures}".encode(), f"note {pictures}".encode()
    case.beside = {hashlib.sha256(data).digest(): data for data in (seals, note)}
    events += [
        KeySealed(bytes(32), hashlib.sha256(seals).digest()),
        EpochBegan(1, 0, bytes(32), bytes(48)),
    ]
    sealer, first = MediaSealer(), 0
    sealer.start_epoch(hashlib.sha256(pictures.encode()).digest())
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
