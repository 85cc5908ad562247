"""Writes `version1.json`: one session's bytes with chosen randomness. Both languages must produce and accept exactly these.

`python -m tests.vectors.make` writes it anew; `tests/protocol/test_vectors.py` holds it to the code.
"""

import json
from pathlib import Path
from typing import Any

from protocol import limits, session_log
from protocol.channel import agent_channel, viewer_channel
from protocol.codec import encode
from protocol.envelope import Kind, wrap, wrap_relay
from protocol.media import Codec, MediaSealer, Part, PictureEnd, PointerAt, Rectangle, Screens, ScreenShape, write_part
from protocol.messages import AccessChanged, EpochStarted, Pinged, PointerMoved, TextTyped
from protocol.relay_messages import CandidateArrived, RoomOpened
from protocol.vocabulary import Capability, Hold
from tests.protocol.pairs import CODE, FINGERPRINT, ISSUING, SESSION, agent, randomness, viewer
from tests.protocol.test_session_log import opened_log

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
        PointerAt(0, True, 7, 8),
        PictureEnd(1, True, 1_700_000_000_000),
    ]
    texts = opened_log()
    return {
        "note": "version 1; bytes as hex; why: a change of any byte here is a change of the protocol",
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
            for message in (TextTyped("é\n😀"), PointerMoved(0, 1, 2, 3), Pinged(4))
        ],
        "from_agent": [
            {"message": json.loads(encode(message)), "record": to_viewer.seal(message).hex()}
            for message in (
                AccessChanged([Capability.VIEW], [Hold.PROMPT], 5),
                EpochStarted(1, bytes(range(32)), 0),
                Pinged(6),
            )
        ],
        "media": {
            "key": bytes(range(32)).hex(),
            "envelope": sealer.seal(b"".join(map(write_part, parts))).hex(),
        },
        "relay": [
            wrap_relay(encode(RoomOpened("41703", 9))).hex(),
            wrap_relay(encode(CandidateArrived(1))).hex(),
            wrap(Kind.CONTROL, b"abc").hex(),
        ],
        "log": {"entries": texts, "head": session_log.make_head(SESSION, texts, ISSUING, at_s=1000)},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
