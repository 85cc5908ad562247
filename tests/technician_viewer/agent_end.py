"""The agent's end of a session, spoken with the real protocol and without a desktop: for tests of the technician's end."""

import hashlib
import time

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import session_log
from protocol.channel import ControlChannel, agent_channel
from protocol.codec import Message
from protocol.envelope import Envelope, Kind, MediaEnvelope, unwrap, wrap
from protocol.identity import public_bytes, text_hash
from protocol.key_schedule import ChannelSecrets
from protocol.media import (
    Codec,
    MediaSealer,
    Part,
    PictureEnd,
    Rectangle,
    Screens,
    ScreenShape,
    write_part,
)
from protocol.messages import AccessChanged, EntryAppended, EpochStarted, FromViewer, HeadOffered, Introduced, Welcomed
from protocol.vocabulary import Capability
from technician_viewer.viewing import Purpose, Viewing
from tests.protocol.pairs import SESSION, TECHNICIAN, Papers, papers

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(96, 128)))
PUBLIC_KEY = public_bytes(KEY)
PAPERS: Papers = papers()
PURPOSE = Purpose(
    SESSION, PAPERS.certificate_text, TECHNICIAN, "2041", "No picture", "To look together", Capability.CONTROL
)
NOON_S = 1000.0
UTC_S = int(time.time())
WIDTH_PX, HEIGHT_PX = 8, 4
SCREEN = ScreenShape(0, 0, 0, WIDTH_PX, HEIGHT_PX, "one")


class AgentEnd:
    """What an agent says to one `Viewing`, and what it hears back."""

    def __init__(self, secrets: ChannelSecrets) -> None:
        self.viewing = Viewing(secrets, PURPOSE, now_s=NOON_S)
        self.channel: ControlChannel[FromViewer] = agent_channel(secrets)
        self.sealer = MediaSealer()
        self.log = session_log.LogWriter()
        self.secrets = secrets

    def hears(self) -> list[FromViewer]:
        """What the technician has said since the last time."""
        heard = []
        for data in self.viewing.outgoing():
            envelope = unwrap(data)
            assert isinstance(envelope, Envelope)
            if envelope.kind is Kind.CONTROL:
                heard.append(self.channel.open(envelope.content))
        return heard

    def says(self, *messages: Message, at_s: float = NOON_S) -> None:
        for message in messages:
            self.passes(unwrap(wrap(Kind.CONTROL, self.channel.seal(message))), at_s=at_s)

    def passes(self, envelope: Envelope | MediaEnvelope, *, at_s: float = NOON_S) -> None:
        self.viewing.receive(envelope, now_s=at_s, utc_s=UTC_S)

    def shows(self, *parts: Part, at_s: float = NOON_S) -> None:
        """One media record with these parts."""
        self.passes(unwrap(self.sealer.seal(b"".join(map(write_part, parts)))), at_s=at_s)

    def writes(self, event: session_log.Event) -> None:
        self.says(EntryAppended(self.log.append(event, UTC_S * 1000)))

    def welcomes(self) -> None:
        """Answer the introduction and open the log."""
        (introduced,) = self.hears()
        assert isinstance(introduced, Introduced)
        self.says(Welcomed(PUBLIC_KEY, "a" * 32, "Linux"))
        self.writes(opened())

    def starts_epoch(self) -> None:
        key = hashlib.sha256(f"epoch {self.sealer.epoch}".encode()).digest()
        self.sealer.start_epoch(key)
        self.says(EpochStarted(self.sealer.epoch, key, self.sealer.next_counter))

    def allows(self, *capabilities: Capability) -> None:
        self.says(AccessChanged(sorted(capabilities), [], 2**50))

    def offers_head(self) -> str:
        note = session_log.make_head(SESSION, self.log.texts, KEY, at_s=UTC_S)
        self.says(HeadOffered(note))
        return note

    def is_helped(self) -> None:
        """Everything up to the first picture, with control."""
        self.welcomes()
        self.starts_epoch()
        self.allows(Capability.VIEW, Capability.CONTROL)
        self.shows(Screens([SCREEN]), box(0, 0, WIDTH_PX, HEIGHT_PX), PictureEnd(1, is_key=True, at_ms=0))
        self.hears()


def opened(**changed: object) -> session_log.Opened:
    values: dict[str, object] = {
        "session": SESSION,
        "ticket": "2041",
        "subject": "No picture",
        "reason": "To look together",
        "organisation": "Fibre du Lac",
        "document": text_hash(PAPERS.document_text),
        "certificate": text_hash(PAPERS.certificate_text),
        "technician": "Camille Roy",
        "participant": "a" * 32,
        "agent_key": PUBLIC_KEY,
        "joining_key": bytes(32),
        "agent_version": "1.0.0",
        "system": "Linux",
        "root_known_by": "package",
    }
    return session_log.Opened(**(values | changed))  # type: ignore[arg-type]


def box(x: int, y: int, width: int, height: int, bgrx: bytes = b"\x01\x02\x03\x00", *, screen: int = 0) -> Rectangle:
    """A box of one colour."""
    data = zstandard.ZstdCompressor().compress(bgrx * (width * height))
    return Rectangle(screen, Codec.ZSTD, x, y, width, height, data)
