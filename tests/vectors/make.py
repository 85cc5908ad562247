"""Writes `version1.json`: one session's bytes with chosen randomness. Both languages must produce and accept exactly these.

`python -m tests.vectors.make` writes it anew; `tests/protocol/test_vectors.py` holds it to the code.
"""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from protocol import clipboard, limits, log_of_sessions, merkle, session_log, signed_note
from protocol.channel import ControlChannel, agent_channel, viewer_channel
from protocol.codec import encode
from protocol.envelope import Audience, Kind, wrap, wrap_relay
from protocol.file_pace import FilePace
from protocol.handshake import Offer
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
from protocol.joining import AgentJoin, ViewerJoin, joining_key
from protocol.media import MediaSealer
from protocol.media_codec import write_part, write_stream_data
from protocol.media_parts import (
    Codec,
    Copy,
    Part,
    PictureEnd,
    PointerAt,
    Rectangle,
    Screens,
    ScreenShape,
    StreamData,
    Video,
    VideoCodec,
    VideoEnded,
)
from protocol.messages import (
    AccessChanged,
    ChatRefused,
    ChatSaid,
    ChatWritten,
    ClipboardAnswered,
    ClipboardAsked,
    ClipboardPut,
    ClipboardSent,
    DrawingTimed,
    EpochStarted,
    FileAsked,
    FileChosen,
    FileClosed,
    FileCompleted,
    FileOffered,
    FilePart,
    FileReceived,
    FromViewer,
    PathMeasured,
    Pinged,
    PointerMoved,
    PreferenceChosen,
    TextTyped,
)
from protocol.nodes import Nodes
from protocol.recording import Segment
from protocol.recording_keys import RecordingKey, epoch_commitment, key_commitment
from protocol.relay_messages import AgentPresent, CandidateArrived, RoomOpened
from protocol.resume import AgentResume, Position, ViewerResume, meeting_of
from protocol.vocabulary import Bottleneck, Capability, ClipboardAnswer, FileOutcome, Hold, Preference, Role
from tests.protocol.pairs import CODE, FINGERPRINT, ISSUING, ROOT, SESSION, TECHNICIAN, agent, randomness, viewer
from tests.protocol.test_session_log import described_log, misplaced, opened_log

COLLEAGUE = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
LOG, WITNESS = (Ed25519PrivateKey.from_private_bytes(bytes([each]) * 32) for each in (1, 2))
FILE = Path(__file__).parent / "version1.json"


def vectors() -> dict[str, Any]:
    """All vectors; bytes as hex."""
    one, other = agent(), viewer()
    viewer_hello, viewer_share = other.receive(one.hello)
    one.receive(viewer_hello)
    (agent_share,) = one.receive(viewer_share)
    (viewer_confirmation,) = other.receive(agent_share)
    (agent_confirmation,) = one.receive(viewer_confirmation)
    other.receive(agent_confirmation)
    assert one.channel
    assert other.channel
    to_viewer, to_agent = agent_channel(one.channel), viewer_channel(other.channel)
    sealer = MediaSealer()
    sealer.start_epoch(bytes(range(32)))
    parts: list[Part] = [
        Screens([ScreenShape(0, 0, 0, 640, 480, "Écran")]),
        Rectangle(0, Codec.ZSTD, 1, 2, 3, 4, b"data"),
        Rectangle(0, Codec.ZSTD_STREAM, 1, 2, 3, 4, write_stream_data(StreamData(True, False, b"data"))),
        PointerAt(0, True, 7, 8),
        Copy(0, 1, 2, 3, 4, 5, 6),
        Video(3, 0, 1, 2, 4, 6, VideoCodec.H264_444, True, True, b"data"),
        VideoEnded(3),
        PictureEnd(1, True, 1_700_000_000_000, is_exact=False),
    ]
    texts = opened_log()
    to_viewer_records = [
        {"message": json.loads(encode(message)), "record": to_viewer.seal(message).hex()}
        for message in (
            AccessChanged([Capability.VIEW], [Hold.PROMPT], 5),
            EpochStarted(1, bytes(range(32)), 0),
            Pinged(6),
            PathMeasured(Preference.SHARPER, Bottleneck.AGENT_NETWORK, 250, 1000, 210, 0, 30, 4, 6),
            ChatSaid(12, "", "", 1_700_000_000_000, "Il clignote 😀"),
            ChatRefused("too_fast"),
            ClipboardSent(0, 2, "é\n\t😀"),
            ClipboardAnswered(ClipboardAnswer.NOTHING_COPIED),
        )
    ]
    return {
        "note": "version 1; bytes as hex; why: a change of any byte here is a change of the protocol",
        "nodes": _nodes(),
        "files": _files(),
        "limits": {name: value for name, value in sorted(vars(limits).items()) if name.isupper()},
        "handshake": {
            "code": CODE,
            "root_fingerprint": FINGERPRINT.hex(),
            "viewer_nonce": randomness("v").nonce.hex(),
            "viewer_scalar": randomness("v").scalar.hex(),
            "agent_hello": one.hello.hex(),
            "viewer_hello": viewer_hello.hex(),
            "viewer_share": viewer_share.hex(),
            "agent_share": agent_share.hex(),
            "viewer_confirmation": viewer_confirmation.hex(),
            "agent_confirmation": agent_confirmation.hex(),
            "binding": one.channel.binding.hex(),
            "resume": one.channel.resume.hex(),
        },
        "from_viewer": [
            {"message": json.loads(encode(message)), "record": to_agent.seal(message).hex()}
            for message in (
                TextTyped("é\n😀"),
                PointerMoved(0, 1, 2, 3),
                Pinged(4),
                PreferenceChosen(Preference.SAVE_DATA),
                DrawingTimed(6),
                ChatWritten("Voyez-vous\nle voyant ?"),
                ClipboardPut(1, 2, "é\n\t😀"),
                ClipboardAsked(),
            )
        ],
        "from_agent": to_viewer_records,
        "clipboard": [
            {"text": text, "plain": clipboard.plain(text), "pieces": clipboard.pieces_of(clipboard.plain(text))}
            for text in ("a\r\nb\rc\n", "\t\x00\x1b[31m\x7f\x85é", "😀" * 8193)
        ],
        "resume": _resume(one.channel.resume, to_viewer),
        "join": _join(),
        "media": {
            "key": bytes(range(32)).hex(),
            "envelope": sealer.seal(b"".join(map(write_part, parts))).hex(),
        },
        "relay": [
            wrap_relay(encode(RoomOpened("41703", 9))).hex(),
            wrap_relay(encode(CandidateArrived(1))).hex(),
            wrap_relay(encode(AgentPresent())).hex(),
            wrap(Kind.CONTROL, b"abc").hex(),
        ],
        "invitation": _invitation(),
        "log_of_sessions": _log_of_sessions(),
        "recording": _recording(),
        "log": {
            "entries": texts,
            "head": session_log.make_head(SESSION, texts, ISSUING, at_s=1000),
            "described": described_log(),
            "misplaced": misplaced(),
        },
    }


def _nodes() -> list[dict[str, Any]]:
    """Where a viewer looks, step by step: `wait` is for so many milliseconds alone, the rest are calls."""
    steps: list[list[Any]] = [
        ["go_on", 0],
        ["wait", 0],
        ["wait", 1499],
        ["wait", 1],
        ["met", 0],
        ["go_on", 0],
        ["wait", 9000],
    ]
    steps += [["wait", 1000], ["cut", 0], ["wait", 1000], ["wait", 1000], ["wait", 1000]]
    made = []
    for first in ("https://b.example", "https://tunnel.example"):
        origins = ["https://a.example", "https://b.example", "https://c.example"]
        nodes, now_ms, seen = Nodes(first, origins), 0, []
        for step, wait_ms in steps:
            now_ms += wait_ms
            if step != "wait":
                getattr(nodes, step)()
            elif nodes.is_time_to_go_on(now_ms / 1000):
                nodes.go_on()
            seen.append(nodes.here)
        made.append({"first": first, "origins": origins, "steps": steps, "here": seen})
    return made


def _files() -> dict[str, Any]:
    """What is said of two files, one each way; and how much of one may be on its way, step by step."""
    either = [FileReceived(7, 0), FilePart(7, 5, b"data"), FileCompleted(7, bytes(32))]
    from_viewer = [FileOffered(7, "a\u202eb/../ü.txt", 9), FileAsked(8, "The log\nof the box"), *either]
    from_agent = [FileChosen(8, "ü.txt", 0), *either, FileClosed(7, FileOutcome.MOVED)]
    pace, now_ms, steps = FilePace(), 0, list[dict[str, int]]()
    # A path that is quick, then slow, then cut.
    for wait_ms in (10, 10, 12, 10, 45, 200, 10, 500):
        while count := pace.next_bytes:
            pace.send(count, now_ms / 1000)
            steps.append({"at_ms": now_ms, "sent": count})
        if wait_ms == 500:
            pace.begin_anew(now_ms / 1000)
            steps.append({"at_ms": now_ms, "begins_anew": 1})
        now_ms += wait_ms
        pace.acknowledge(pace.sent, now_ms / 1000)
        steps.append({"at_ms": now_ms, "acknowledged": pace.sent})
    said = {"from_viewer": from_viewer, "from_agent": from_agent}
    return {name: [encode(each).decode() for each in messages] for name, messages in said.items()} | {"pace": steps}


def _resume(secret: bytes, channel: ControlChannel[FromViewer]) -> dict[str, Any]:
    """A viewer that has received the first message from the agent, and not the second, comes back."""
    position = Position(1, False, 2, bytes(range(32)))
    viewer, agent = ViewerResume([bytes(32), secret], position, randomness("v2")), AgentResume(randomness("a2"))
    answer = agent.answer(viewer.hello, {meeting_of(secret): secret}, 0)
    (confirmation,) = viewer.receive(answer)
    agent.confirm(confirmation)
    assert agent.channel
    channel.renew(agent.channel.of_agent, 1)
    return {
        "secrets": [bytes(32).hex(), secret.hex()],
        "meeting": meeting_of(secret).hex(),
        "received": 1,
        "entries": 2,
        "last_hash": position.last_hash.hex(),
        "nonce": randomness("v2").nonce.hex(),
        "scalar": randomness("v2").scalar.hex(),
        "hello": viewer.hello.hex(),
        "answer": answer.hex(),
        "confirmation": confirmation.hex(),
        "next_secret": agent.channel.resume.hex(),
        "binding": agent.channel.binding.hex(),
        "sent_again": [record.hex() for record in channel.again()],
    }


def _join() -> dict[str, str]:
    scalar = randomness("joining").scalar
    viewer = ViewerJoin(SESSION, joining_key(scalar), Offer(("view",), ("zstd",), "page"), randomness("v3"))
    agent = AgentJoin(SESSION, scalar, randomness("a3"))
    answer = agent.answer(viewer.hello)
    (confirmation,) = viewer.receive(answer)
    agent.confirm(confirmation)
    assert agent.channel
    return {
        "session": SESSION,
        "joining_key": joining_key(scalar).hex(),
        "nonce": randomness("v3").nonce.hex(),
        "scalar": randomness("v3").scalar.hex(),
        "hello": viewer.hello.hex(),
        "answer": answer.hex(),
        "confirmation": confirmation.hex(),
        "binding": agent.channel.binding.hex(),
        "resume": agent.channel.resume.hex(),
    }


# Sealed by protocol.recording_keys.seal_for to the X25519 key of 32 bytes 0x11, which is random each time.
SEAL = (
    '{"seals":[{"auditor":"0Zvz8IJ4LIe3g/5xNGmK7/bmbZ+Gr698+em4v0C6s/8=","sealed":"fK6tScrdvor7diSwVkAQs/'
    'lQrq0itc18huimJEXm3CSmbPSr3y2l+id1secCp+qx6hrDAdueWO//y5wvEQLXVBJlMiDFmYVmQl5rHYsy72Y=","share":0}],'
    '"session":"0123456789abcdef0123456789abcdef","shares":1}'
)


def _recording() -> dict[str, Any]:
    """One epoch, recorded, with a segment of one record, and a note; and the recording key sealed to one auditor."""
    raw, epoch_key = bytes(range(64, 96)), bytes(range(32))
    key, sealer, segment = RecordingKey(SESSION, raw), MediaSealer(), Segment()
    sealer.start_epoch(epoch_key)
    segment.add(sealer.seal(write_part(Screens([ScreenShape(0, 0, 0, 2, 2, "Écran")])), audience=Audience.STORE))
    segment.add(sealer.seal(write_part(PictureEnd(1, True, 1_700_000_000_000))))
    return {
        "session": SESSION,
        "auditor_scalar": (b"\x11" * 32).hex(),
        "seals": SEAL,
        "recording_key": raw.hex(),
        "key_commitment": key_commitment(SESSION, raw).hex(),
        "epoch": {
            "epoch": 1,
            "key": epoch_key.hex(),
            "commitment": epoch_commitment(SESSION, 1, epoch_key).hex(),
            "wrapped": key.wrap(1, epoch_key).hex(),
        },
        "content": {"plain": "Écran noir", "sealed": key.seal_content("Écran noir".encode(), bytes(range(12))).hex()},
        "segment": {"data": segment.data.hex(), "hash": segment.hash.hex()},
    }


def _invitation() -> dict[str, Any]:
    """What a further viewer is given, and who has to have signed it; the document and both certificates are valid at `now`."""
    now, root, own = 1_700_000_000, ROOT, COLLEAGUE
    document = OrganisationDocument(
        "organisation",
        1,
        "Fibre du Lac",
        ["https://help.example"],
        [public_bytes(ISSUING)],
        [public_bytes(LOG)],
        [Witness("witness.example/mainforte", public_bytes(WITNESS), "https://witness.example")],
        1,
        [Auditor("Révision", "", bytes(32), bytes(32))],
        "off",
        90,
        365,
        "1.0.0",
        now,
        now + 86400,
    )
    texts = {}
    for serial, key, name in (("a" * 32, TECHNICIAN, "Camille Roy"), ("b" * 32, own, "Noé Martin")):
        texts[name] = issue_certificate(
            Certificate(
                "certificate",
                serial,
                public_bytes(key),
                name,
                "Fibre du Lac",
                Role.TECHNICIAN,
                "2041",
                SESSION,
                "password and code",
                now,
                now + 3600,
            ),
            ISSUING,
        )
    first = texts["Camille Roy"]
    document_text, agent_key = (
        issue_document(document, root),
        Ed25519PrivateKey.from_private_bytes(randomness("agent key").scalar),
    )
    log = session_log.LogWriter()
    opened = session_log.parse_entry(opened_log()[0]).event
    assert isinstance(opened, session_log.Opened)
    log.append(
        structs.replace(
            opened,
            document=text_hash(document_text),
            certificate=text_hash(first),
            agent_key=public_bytes(agent_key),
        ),
        1,
    )
    head = session_log.make_head(SESSION, log.texts, agent_key, at_s=now)
    signed = session_log.countersign_head(head, SESSION, log.texts, public_bytes(agent_key), TECHNICIAN, at_s=now + 1)
    return {
        "now": now,
        "fingerprint": root_fingerprint(public_bytes(root)).hex(),
        "session": SESSION,
        "key": public_bytes(own).hex(),
        "document": document_text,
        "certificate": texts["Noé Martin"],
        "first_certificate": first,
        "entries": log.texts,
        "head_of_agent": head,
        "head_of_both": signed,
        "joining_key": opened.joining_key.hex(),
    }


def _log_of_sessions() -> dict[str, Any]:
    """A log of five leaves as it was with three, and as it is: each leaf proven, the growth proven, two of three witnesses cosigning."""
    origin, names = (
        log_of_sessions.origin_of(FINGERPRINT),
        ("witness.example/first", "witness.example/second", "witness.example/third"),
    )
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([each]) * 32) for each in (11, 12, 13)]
    salts = [bytes([each]) * 16 for each in range(5)]
    leaves: list[log_of_sessions.Leaf] = [
        log_of_sessions.SessionOpened(salts[0], SESSION, bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32),
        log_of_sessions.SessionJoined(salts[1], SESSION, bytes([4]) * 32),
        log_of_sessions.SessionClosed(salts[2], SESSION, 7, bytes([5]) * 32, "completed"),
        log_of_sessions.Handled(salts[3], SESSION, "watched", bytes([6]) * 32),
        log_of_sessions.LogRewound(salts[4], 9, bytes([7]) * 32),
    ]
    texts = [log_of_sessions.leaf_text(leaf) for leaf in leaves]
    nodes: dict[merkle.Node, bytes] = {}
    for size, text in enumerate(texts):
        nodes |= merkle.append(nodes, size, merkle.leaf_hash(text.encode()))

    def checkpoint(size: int) -> signed_note.Note:
        root = merkle.root(nodes, merkle.Range(0, size))
        return log_of_sessions.sign_checkpoint(log_of_sessions.Checkpoint(origin, size, root), LOG)

    note = checkpoint(5)
    for name, key in list(zip(names, keys, strict=True))[:2]:
        note = signed_note.cosign(note, name, key, at_s=1000)
    return {
        "fingerprint": fingerprint_text(FINGERPRINT),
        "log_keys": [base64.b64encode(public_bytes(LOG)).decode()],
        "witnesses": [
            {"name": name, "key": base64.b64encode(public_bytes(key)).decode()}
            for name, key in zip(names, keys, strict=True)
        ],
        "logged": [
            json.loads(
                encode(
                    log_of_sessions.Logged(
                        text, index, merkle.proof(nodes, merkle.inclusion_ranges(index, 5)), str(note)
                    )
                )
            )
            for index, text in enumerate(texts)
        ],
        "older": str(checkpoint(3)),
        "growth": json.loads(encode(merkle.proof(nodes, merkle.consistency_ranges(3, 5)))),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
