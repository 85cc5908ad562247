"""client_agent/session/recorder.py and recording.py: what is cut, told and kept; whom a recording may be sealed to, and when."""

import asyncio
import base64
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from client_agent.organisation import Organisation, RootKnownBy
from client_agent.session import recorder as recorder_module
from client_agent.session.line import Line
from client_agent.session.recorder import KEPT_BYTES_MAX, Recorder
from client_agent.session.recording import Recording
from protocol.codec import Message
from protocol.envelope import Audience
from protocol.errors import NotCertified
from protocol.identity import Auditor, issue_document, verify_document
from protocol.limits import SEGMENT_S_MAX
from protocol.media import MediaSealer
from protocol.nodes import Nodes
from protocol.recording import check_records
from protocol.recording_keys import RecordingKey, open_recording_key, read_seals
from protocol.relay_messages import SegmentCompleted, SegmentOpened, SegmentPart
from protocol.session_log import EpochBegan, Event, KeySealed, Noted, SegmentClosed, SegmentLost
from protocol.vocabulary import RecordingState
from relay.segments import Arriving
from tests.protocol.pairs import FINGERPRINT, ROOT, SESSION, papers
from tests.waiting import eventually

AUDITOR = X25519PrivateKey.from_private_bytes(bytes([7]) * 32)
NAMED = Auditor("Odile Fabre", "", AUDITOR.public_key().public_bytes_raw(), bytes(32))


class Ears:
    """A line whose other end is the relay's collector of segments."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.is_open = True
        self.arriving = Arriving()
        self.arrived: dict[int, bytes] = {}

    def tell_relay(self, message: Message) -> None:
        if not self.is_open:
            return
        self.said.append(message)
        match message:
            case SegmentOpened(segment):
                self.arriving.open(segment)
            case SegmentPart(segment, offset, data):
                self.arriving.part(segment, offset, data)
            case SegmentCompleted(segment, _):
                if chunks := self.arriving.complete(segment):
                    self.arrived[segment] = b"".join(chunks)

    async def drained(self) -> None:
        """Nothing waits."""


class Scene:
    """A recorder, its clock, and what it said to the relay and to the log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s, self.ears, self.events = 100.0, Ears(), list[Event]()
        monkeypatch.setattr(recorder_module, "awake_or_asleep_s", lambda: self.now_s)
        self.recorder = Recorder(cast(Line, self.ears), self._write)
        self.sealer = MediaSealer()
        self.sealer.start_epoch(bytes(32))
        self.recorder.begin(1)

    def _write(self, event: Event) -> int:
        self.events.append(event)
        return len(self.events) - 1

    def send(self, size: int = 100, *, is_key: bool = False, audience: Audience = Audience.ALL) -> None:
        first = self.sealer.next_counter
        sealed = self.sealer.seal(bytes(size), audience=audience)
        self.recorder.sending(sealed, (first, self.sealer.next_counter), is_key=is_key)
        if self.ears.is_open:
            self.ears.arriving.record(sealed)

    @property
    def closed(self) -> list[SegmentClosed]:
        return [event for event in self.events if isinstance(event, SegmentClosed)]


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_what_arrives_is_what_the_log_tells(scene: Scene) -> None:
    scene.send(is_key=True, audience=Audience.STORE)
    for _ in range(5):
        scene.send()
    scene.recorder.close_segment()
    (said,) = scene.closed
    assert (said.segment, said.is_key, said.first, said.next, said.records) == (0, True, 0, 5, 6)
    assert len(check_records(said, scene.ears.arrived[0])) == 6


def test_a_segment_ends_after_ten_seconds_at_a_mebibyte_and_before_a_key_picture(scene: Scene) -> None:
    scene.send()
    scene.now_s += SEGMENT_S_MAX - 0.1
    scene.recorder.close_overdue()
    assert not scene.closed
    scene.now_s += 0.1
    scene.recorder.close_overdue()
    for _ in range(30):
        scene.send(60_000)
    scene.send(is_key=True)
    scene.recorder.stop()
    assert [said.is_key for said in scene.closed] == [False, False, False, True]
    for said in scene.closed:
        check_records(said, scene.ears.arrived[said.segment])
    assert [said.next for said in scene.closed[:-1]] == [said.first for said in scene.closed[1:]]


def test_what_is_sent_while_nothing_may_be_recorded_is_in_no_segment(scene: Scene) -> None:
    scene.recorder.stop()
    assert not scene.recorder.is_recording
    assert scene.ears.said == []
    scene.recorder.begin(2)
    scene.send()
    scene.recorder.stop()
    assert [(said.epoch, said.records) for said in scene.closed] == [(2, 1)]


async def test_what_is_not_known_to_be_stored_is_sent_again_after_a_cut(scene: Scene) -> None:
    sending = asyncio.create_task(scene.recorder.send_again())
    scene.send(is_key=True)
    scene.recorder.close_segment()
    scene.recorder.stored(0)
    scene.send()
    scene.ears.is_open = False  # what goes out now is lost
    for _ in range(3):
        scene.send(60_000)
    scene.recorder.line_lost()
    scene.ears.is_open, scene.ears.arriving, before = True, Arriving(), len(scene.ears.said)
    scene.recorder.line_restored()
    await eventually(lambda: 1 in scene.ears.arrived, "the segment once more")
    check_records(scene.closed[1], scene.ears.arrived[1])
    parts = [each for each in scene.ears.said[before:] if isinstance(each, SegmentPart)]
    assert {part.segment for part in parts} == {1}
    scene.recorder.stored(1)
    assert scene.recorder.is_stored
    sending.cancel()


async def test_what_a_full_disk_refused_is_sent_again_when_there_may_be_room(scene: Scene) -> None:
    sending = asyncio.create_task(scene.recorder.send_again())
    scene.send(is_key=True)
    scene.recorder.close_segment()
    scene.ears.arrived.clear()
    scene.recorder.not_stored(0)
    scene.now_s += 2.0
    await eventually(lambda: 0 in scene.ears.arrived, "the segment once more", deadline_s=10)
    sending.cancel()


def test_what_cannot_be_kept_any_longer_is_named_with_its_reason(scene: Scene) -> None:
    scene.send(is_key=True)
    scene.recorder.close_segment()
    scene.recorder.not_stored(0)
    while not any(isinstance(event, SegmentLost) for event in scene.events):
        scene.send(60_000)
    assert SegmentLost(0, "storage") in scene.events
    assert sum(said.bytes for said in scene.closed) > KEPT_BYTES_MAX


# --- whom it may be sealed to --------------------------------------------------------------------------------------------


class Made:
    """A recording under some organisation's document, and what it wrote."""

    def __init__(self, *, policy: str = "asked", auditors: tuple[Auditor, ...] = (NAMED,), **organisation: Any) -> None:
        paper = papers()
        document = structs.replace(paper.document, recording=policy, auditors=list(auditors), recording_days=30)
        known_by = organisation.get("known_by", RootKnownBy.BUILT_IN)
        believed = Organisation(document, paper.document_text, FINGERPRINT, "https://help.example", known_by)
        self.written: list[tuple[Event, bytes]] = []
        self.recorder = Recorder(Line(Nodes("http://127.0.0.1:9")), lambda event: self._write(event, b""))
        self.recording = Recording(believed, self.recorder, self._write)
        self.recording.begin(SESSION)

    def _write(self, event: Event, beside: bytes) -> int:
        self.written.append((event, beside))
        return len(self.written) - 1

    def key(self) -> RecordingKey:
        """As the auditor opens it."""
        sealed, beside = next((event, beside) for event, beside in self.written if isinstance(event, KeySealed))
        return RecordingKey(SESSION, open_recording_key(read_seals(beside, SESSION), AUDITOR, sealed.commitment))


@pytest.mark.parametrize(
    ("why", "made"),
    [
        ("nobody vouches for the auditors", Made(known_by=RootKnownBy.ADDRESS)),
        ("there are no auditors", Made(auditors=())),
        ("the organisation records nothing", Made(policy="off")),
    ],
)
def test_the_customer_is_not_asked_for_a_recording_where(why: str, made: Made) -> None:
    assert not made.recording.is_available, why
    assert not made.recording.is_required
    assert made.recording.state is RecordingState.UNAVAILABLE
    made.recording.is_allowed = True  # whatever went wrong elsewhere
    made.recording.epoch_began(1, bytes(32), 0)
    (epoch,) = (event for event, _ in made.written)
    assert isinstance(epoch, EpochBegan)
    assert epoch.wrapped == b""


def test_a_relay_that_names_an_auditor_of_its_own_is_not_believed() -> None:
    """The agent takes auditors from the document that the root signed, and from nowhere else."""
    paper, relay = papers(), Ed25519PrivateKey.generate()
    its_own = Auditor("Odile Fabre", "", X25519PrivateKey.generate().public_key().public_bytes_raw(), bytes(32))
    honest = structs.replace(paper.document, recording="asked", auditors=[NAMED])
    text = issue_document(honest, ROOT)
    now = honest.valid_from
    assert verify_document(text, fingerprint=FINGERPRINT, now=now).auditors == [NAMED]
    key, other = (base64.b64encode(each.hpke_key).decode() for each in (NAMED, its_own))
    assert key in text
    for forged in (text.replace(key, other), issue_document(structs.replace(honest, auditors=[its_own]), relay)):
        with pytest.raises(NotCertified):
            verify_document(forged, fingerprint=FINGERPRINT, now=now)


@pytest.mark.parametrize("known_by", [RootKnownBy.BUILT_IN, RootKnownBy.LINK])
def test_an_epoch_can_be_opened_later_only_while_the_customer_allows_it(known_by: RootKnownBy) -> None:
    made, keys = Made(known_by=known_by), [bytes([n]) * 32 for n in range(5)]
    recording = made.recording
    for epoch, (is_allowed, is_paused) in enumerate(
        [(False, False), (True, False), (True, True), (True, False), (False, False)]
    ):
        recording.is_allowed, recording.is_paused = is_allowed, is_paused
        recording.epoch_began(epoch + 1, keys[epoch], 10 * epoch)
    epochs = [event for event, _ in made.written if isinstance(event, EpochBegan)]
    assert [bool(event.wrapped) for event in epochs] == [False, True, False, True, False]
    key = made.key()
    assert [key.unwrap(epochs[number]) for number in (1, 3)] == [keys[1], keys[3]]
    assert sum(isinstance(event, KeySealed) for event, _ in made.written) == 1


def test_a_note_is_read_by_the_auditor_and_by_nobody_else() -> None:
    made = Made()
    sealed, its_hash = made.recording.seal({"text": "Le contraste était à zéro."})
    assert b"contraste" not in sealed
    assert b"contraste" in made.key().open_content(sealed)
    assert len(its_hash) == 32
    assert not any(isinstance(event, Noted) for event, _ in made.written)
