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
from protocol.introduction import verify_return
from protocol.key_schedule import ChannelSecrets
from protocol.media import MediaSealer
from protocol.media_codec import write_part
from protocol.media_parts import Codec, Part, PictureEnd, Rectangle, Screens, ScreenShape
from protocol.messages import (
    AccessChanged,
    EntryAppended,
    EpochStarted,
    FromViewer,
    HeadOffered,
    Introduced,
    Returned,
    Welcomed,
)
from protocol.resume import AgentResume, meeting_of
from protocol.vocabulary import Capability
from technician_viewer.purpose import Purpose
from technician_viewer.viewing import Viewing
from tests.protocol.pairs import SESSION, TECHNICIAN, Papers, papers, randomness

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
        self.heard_again: list[FromViewer] = []
        self.channel: ControlChannel[FromViewer] = agent_channel(secrets)
        self.sealer = MediaSealer()
        self.log = session_log.LogWriter()
        self.secrets = secrets
        self.resume_secrets = [secrets.resume]
        self._attempts = 0

    def answers_hello(self, *, is_confirmed: bool = True) -> None:
        """The cut is over: let the technician come back, or fall silent again before it has proved anything."""
        self._attempts += 1
        self.viewing.agent_present(randomness(f"viewer {self._attempts}"))
        (hello,) = (unwrap(data) for data in self.viewing.outgoing())
        assert isinstance(hello, Envelope)
        resume = AgentResume(randomness(f"agent {self._attempts}"))
        known = {meeting_of(secret): secret for secret in self.resume_secrets}
        received = self.channel.received
        said = resume.hello(hello.content)
        self.passes(unwrap(wrap(Kind.HANDSHAKE, resume.answer(hello.content, known, received))))
        self.resume_secrets = resume.secrets
        if not is_confirmed:
            return
        confirmation, *records = (unwrap(data) for data in self.viewing.outgoing())
        assert isinstance(confirmation, Envelope)
        resume.confirm(confirmation.content)
        assert resume.channel
        if said.is_empty:
            self.channel = agent_channel(resume.channel)
        else:
            self.channel.renew(resume.channel.of_agent, said.received)
        returned, *self.heard_again = (
            self.channel.open(record.content) for record in records if isinstance(record, Envelope)
        )
        assert isinstance(returned, Returned)
        verify_return(returned, PURPOSE.certificate, resume.channel.binding, PAPERS.document, now=PAPERS.now)
        self.resume_secrets = self.resume_secrets[:1]
        for record in self.channel.again():
            self.passes(unwrap(wrap(Kind.CONTROL, record)))

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
