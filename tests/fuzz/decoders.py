"""Every place where bytes from somebody else are read, with good inputs to begin from. Anything else than a refusal is a bug."""

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client_agent.organisation import read_invitation
from protocol import envelope, media, media_codec, messages, relay_messages, session_log, signed_note, support_code
from protocol.errors import LocalProtocolError, ProtocolError
from protocol.identity import fingerprint_from_text, fingerprint_text, verify_document
from protocol.media_parts import Screens, ScreenShape
from relay.evidence.check import check_log
from technician_viewer.picture import Pictures
from technician_viewer.video import VideoBroken
from tests.protocol.pairs import FINGERPRINT, agent, viewer
from tests.technician_viewer.test_picture import apply

PIXELS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "pixels1.json").read_text("utf-8"))
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "version1.json").read_text("utf-8"))


@dataclass(frozen=True)
class Decoder:
    """One reader; `name` is also what its JavaScript twin is asked for, where `has_twin`."""

    name: str
    read: Callable[[bytes], object]
    samples: Sequence[bytes]
    has_twin: bool = False

    def outcome(self, data: bytes) -> str:
        """`read` or `refused`.

        Raises:
            Exception: whatever is not a refusal; a decoder must not raise it.
        """
        try:
            self.read(data)
        except LocalProtocolError:
            raise  # our own mistake, not theirs
        except ProtocolError:
            return "refused"
        return "read"


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    """Only what is UTF-8 at all reaches those who read texts."""

    def decode(data: bytes) -> object:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise ProtocolError("not UTF-8") from None
        return read(text)

    return decode


def _parts() -> bytes:
    opener = media.MediaOpener()
    key = bytes.fromhex(VECTORS["media"]["key"])
    opener.start_epoch(1, key, 0)
    record = envelope.unwrap(bytes.fromhex(VECTORS["media"]["envelope"]))
    assert isinstance(record, envelope.MediaEnvelope)
    return b"".join(map(media_codec.write_part, opener.open(record)))


def _pixels(data: bytes) -> object:
    """What a viewer does with the parts of a record, on a screen that it knows."""
    pictures = Pictures()
    width, height = PIXELS["screen"]
    pictures.set_screens(Screens([ScreenShape(0, 0, 0, width, height, "screen")]))
    with contextlib.suppress(VideoBroken):
        apply(pictures, media_codec.read_parts(data))
    return pictures


def _agent_handshake(data: bytes) -> object:
    return agent().receive(data)


def _viewer_handshake(data: bytes) -> object:
    return viewer().receive(data)


def _messages(name: str) -> list[bytes]:
    return [
        json.dumps(each["message"], ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        for each in VECTORS[name]
    ]


_HANDSHAKE = {name: bytes.fromhex(value) for name, value in VECTORS["handshake"].items() if "_hello" in name}
_CODES = [b"41703 cerise violon", b"41703-830-5926", "41703 Élan forêt".encode()]
_LINK = f"https://help.example.org/assist#root={fingerprint_text(FINGERPRINT)}&code=41703-cerise-violon".encode()
_ENTRIES = [entry.encode() for entry in VECTORS["log"]["entries"]]
_LOG = {"entries": VECTORS["log"]["entries"], "heads": [VECTORS["log"]["head"]], "certificate": "{}", "document": "{}"}
_RELAY = [bytes.fromhex(each)[1:] for each in VECTORS["relay"][:2]]
_FROM_END = [
    b'{"room":"41703","type":"room_entered"}',
    b'{"token":"aaaaaaaaaaaaaaaaaaaaaaaa","type":"room_claimed"}',
    b'{"entry":"{}","number":3,"type":"entry_submitted"}',
    b'{"note":"a\\n\\n","type":"head_submitted"}',
]

DECODERS = [
    Decoder("envelope", envelope.unwrap, [bytes.fromhex(each) for each in VECTORS["relay"]], has_twin=True),
    Decoder("from_relay", relay_messages.from_relay.decode, _RELAY, has_twin=True),
    Decoder("from_end", relay_messages.from_end.decode, _FROM_END),
    Decoder("from_agent", messages.from_agent.decode, _messages("from_agent"), has_twin=True),
    Decoder("from_viewer", messages.from_viewer.decode, _messages("from_viewer")),
    Decoder("agent_handshake", _agent_handshake, [_HANDSHAKE["viewer_hello"]]),
    Decoder("viewer_handshake", _viewer_handshake, [_HANDSHAKE["agent_hello"]], has_twin=True),
    Decoder("parts", media_codec.read_parts, [_parts()], has_twin=True),
    Decoder("pixels", _pixels, [bytes.fromhex("".join(case["parts"][1:])) for case in PIXELS["shown"]]),
    Decoder("support_code", _text(support_code.parse), _CODES, has_twin=True),
    Decoder("invitation", _text(read_invitation), [*_CODES, _LINK]),
    Decoder("fingerprint", _text(fingerprint_from_text), [fingerprint_text(FINGERPRINT).encode()]),
    Decoder(
        "signed_note",
        _text(lambda text: session_log.head_size(signed_note.parse(text))),
        [VECTORS["log"]["head"].encode()],
    ),
    Decoder("first_entry", _text(lambda text: session_log.LogReader().add(text)), _ENTRIES, has_twin=True),
    Decoder("log_file", check_log, [json.dumps(_LOG).encode()]),
    Decoder(
        "organisation_document",
        _text(lambda text: verify_document(text, fingerprint=FINGERPRINT, now=0)),
        [b'{"body":"{}","key":"' + b"A" * 43 + b'=","signature":"' + b"A" * 86 + b'=="}'],
    ),
]
