"""technician_viewer/playback.py: what the agent signed is shown, whatever somebody made of the rest is named, and nothing else is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import structs

from protocol.envelope import Audience
from protocol.errors import LogTampered, NotAuthentic, NotForThisKey
from protocol.identity import Auditor
from protocol.media import MediaSealer
from protocol.media_codec import write_part
from protocol.media_parts import Codec, InputApplied, Part, PictureEnd, Rectangle, Screens, ScreenShape
from protocol.recording import Segment
from protocol.recording_keys import (
    RecordingKey,
    Seals,
    epoch_commitment,
    key_commitment,
    open_recording_key,
    read_seals,
    seal_recording_key,
)
from protocol.session_log import Entry, EpochBegan, Event, SegmentClosed
from technician_viewer import auditor_key
from technician_viewer.auditor_key import KeyFileUnusable
from technician_viewer.playback import Moment, Playback

SESSION, OTHER = "a" * 32, "b" * 32
RAW = bytes(range(32))
SECOND_MS = 1000


class Recorded:
    """A recording of a screen of one pixel, which has another colour with each picture."""

    def __init__(self, session: str = SESSION, raw: bytes = RAW) -> None:
        self.session, self.raw = session, raw
        self.key = RecordingKey(session, raw)
        self.events: list[Event] = []
        self.segments: dict[int, bytes] = {}
        self._sealer = MediaSealer()
        self._number = 0

    def epoch(self, key: bytes = b"", *, is_recorded: bool = True) -> None:
        key = key or os.urandom(32)
        self._sealer.start_epoch(key)
        number = self._sealer.epoch
        wrapped = self.key.wrap(number, key) if is_recorded else b""
        first = self._sealer.next_counter
        self.events.append(EpochBegan(number, first, epoch_commitment(self.session, number, key), wrapped))

    def segment(self, *colours: int, is_key: bool = False, for_store: bool = False) -> None:
        """One picture of each colour, the first one complete where `is_key`."""
        first, segment, began_ms = self._sealer.next_counter, Segment(), self._now_ms + SECOND_MS
        for place, colour in enumerate(colours):
            self._number += 1
            begins = is_key and place == 0
            parts: list[Part] = [Screens([ScreenShape(0, 0, 0, 1, 1, "")])] if begins else []
            pixel = zstandard.ZstdCompressor(write_content_size=True).compress(bytes([colour] * 4))
            said: list[Part] = [InputApplied("button", 0, 0, 0, 0), Rectangle(0, Codec.ZSTD, 0, 0, 1, 1, pixel)]
            end = PictureEnd(self._number, begins, self._now_ms)
            audience = Audience.STORE if begins and for_store else Audience.ALL
            segment.add(self._sealer.seal(b"".join(map(write_part, [*parts, *said, end])), audience=audience))
        number = len(self.segments)
        self.segments[number] = segment.data
        self.events.append(
            SegmentClosed(
                number,
                self._sealer.epoch,
                is_key,
                first,
                self._sealer.next_counter,
                segment.records,
                segment.bytes,
                began_ms,
                self._now_ms,
                segment.hash,
            )
        )

    @property
    def _now_ms(self) -> int:
        return self._number * SECOND_MS

    @property
    def entries(self) -> list[Entry]:
        return [Entry(number, bytes(32), number, event) for number, event in enumerate(self.events)]

    def playback(self) -> Playback:
        return Playback(self.entries, self.key)


def colour_of(playback: Playback) -> int:
    return playback.pictures.of(0).bgrx[0]


def seen(playback: Playback, segments: dict[int, bytes], *numbers: int) -> list[int]:
    """What is shown, moment by moment."""
    return [colour_of(playback) for number in numbers for _ in playback.play(number, segments[number])]


@pytest.fixture
def recorded() -> Recorded:
    """Three epochs, the second of which the customer did not let be recorded; six segments."""
    made = Recorded()
    made.epoch()
    made.segment(1, 2, is_key=True)
    made.segment(3)
    made.epoch(is_recorded=False)
    made.epoch()
    made.segment(4, is_key=True)
    made.segment(5, 6)
    made.segment(7, is_key=True, for_store=True)
    made.segment(8)
    return made


def test_everything_is_shown_in_order_with_its_time_and_what_was_done(recorded: Recorded) -> None:
    playback = recorded.playback()
    moments: list[Moment] = [
        moment for number in range(6) for moment in playback.play(number, recorded.segments[number])
    ]
    assert [moment.number for moment in moments] == list(range(1, 9))
    assert [moment.at_ms for moment in moments] == [SECOND_MS * number for number in range(1, 9)]
    assert all(len(moment.applied) == 1 for moment in moments)
    assert colour_of(playback) == 8


@pytest.mark.parametrize(("at", "first"), [(0, 0), (2, 0), (3, 0), (4, 2), (6, 2), (7, 4), (99, 4)])
def test_a_seek_begins_with_the_last_key_picture_before_it(recorded: Recorded, at: int, first: int) -> None:
    assert recorded.playback().first_for(at * SECOND_MS) == first


def test_a_seek_forward_and_back_shows_the_same(recorded: Recorded) -> None:
    playback = recorded.playback()
    assert seen(playback, recorded.segments, 4, 5) == [7, 8]
    assert seen(playback, recorded.segments, 0, 1) == [1, 2, 3]
    assert seen(playback, recorded.segments, 2, 3, 4) == [4, 5, 6, 7]


def test_nothing_is_shown_from_where_a_segment_is_missing_to_the_next_key_picture(recorded: Recorded) -> None:
    playback = recorded.playback()
    assert seen(playback, recorded.segments, 2) == [4]
    with pytest.raises(ValueError, match="segment 5"):
        seen(playback, recorded.segments, 5)
    assert seen(playback, recorded.segments, 4, 5) == [7, 8]


def test_a_log_without_a_picture_to_begin_with_shows_nothing() -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        Recorded().playback().first_for(0)


SPLICES: dict[str, Callable[[Recorded, Recorded], bytes]] = {
    "another segment of the same recording": lambda mine, other: mine.segments[3],
    "the same place in another session": lambda mine, other: other.segments[2],
    "cut short": lambda mine, other: mine.segments[2][:-1],
    "emptied": lambda mine, other: b"",
    "doubled": lambda mine, other: 2 * mine.segments[2],
    "one bit": lambda mine, other: mine.segments[2][:-1] + bytes([mine.segments[2][-1] ^ 1]),
}


@pytest.mark.parametrize("splice", SPLICES.values(), ids=SPLICES)
def test_a_segment_that_was_exchanged_is_found_and_not_shown(
    recorded: Recorded, splice: Callable[[Recorded, Recorded], bytes]
) -> None:
    other = Recorded(OTHER, bytes(32))
    for _ in range(3):
        other.epoch()
        other.segment(9, is_key=True)
    playback = recorded.playback()
    with pytest.raises(LogTampered, match="segment 2"):
        list(playback.play(2, splice(recorded, other)))
    assert playback.pictures.screens == ()


def test_a_key_that_would_open_another_picture_is_found(recorded: Recorded) -> None:
    """Whoever may write an entry of their own still cannot make one ciphertext two pictures: the commitment names the key."""
    liar = Recorded()
    liar.epoch(bytes(32))
    epoch = recorded.events[0]
    assert isinstance(epoch, EpochBegan)
    recorded.events[0] = structs.replace(epoch, wrapped=recorded.key.wrap(1, bytes(32)))
    with pytest.raises(LogTampered, match="epoch 1"):
        list(recorded.playback().play(0, recorded.segments[0]))
    recorded.events[0] = liar.events[0]
    with pytest.raises(LogTampered, match="segment 0"):
        list(recorded.playback().play(0, recorded.segments[0]))


def test_the_recording_key_of_another_session_opens_nothing(recorded: Recorded) -> None:
    playback = Playback(recorded.entries, RecordingKey(OTHER, RAW))
    with pytest.raises(LogTampered, match="epoch 1"):
        list(playback.play(0, recorded.segments[0]))


# --- auditors and their keys ---------------------------------------------------------------------------------------------


def test_an_auditors_file_opens_with_its_passphrase_and_no_other(tmp_path: Path) -> None:
    path, keys = tmp_path / "odile.json", auditor_key.make("Odile Fabre", "révision")
    auditor_key.save(path, keys, "correct horse battery")
    opened = auditor_key.load(path, "correct horse battery")
    assert (opened.auditor, opened.hpke.private_bytes_raw()) == (keys.auditor, keys.hpke.private_bytes_raw())
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        auditor_key.save(path, keys, "another passphrase")
    with pytest.raises(KeyFileUnusable, match="does not open"):
        auditor_key.load(path, "correct horse batterx")
    content = path.read_bytes()
    for altered in (content.replace(b"Odile", b"Odiln"), content.replace(b"600000", b"600001")):
        path.write_bytes(altered)
        with pytest.raises(KeyFileUnusable, match="does not open"):
            auditor_key.load(path, "correct horse battery")
    for broken in (b"", b"{}", content[:-1], b"x" * 10_000):
        path.write_bytes(broken)
        with pytest.raises(KeyFileUnusable, match="not a file"):
            auditor_key.load(path, "correct horse battery")
    with pytest.raises(KeyFileUnusable, match="cannot be read"):
        auditor_key.load(tmp_path / "nowhere", "correct horse battery")


def test_an_auditor_without_a_key_with_a_wrong_one_or_with_one_that_was_revoked_opens_nothing() -> None:
    odile, former, stranger = (auditor_key.make(name) for name in ("Odile", "Former", "Stranger"))
    commitment = key_commitment(SESSION, RAW)
    named = [odile.auditor]  # the document in force: the former auditor is not in it any more
    seals = read_seals(seal_recording_key(SESSION, RAW, named), SESSION)
    assert open_recording_key(seals, odile.hpke, commitment) == RAW
    for keys in (former, stranger):
        with pytest.raises(NotForThisKey):
            open_recording_key(seals, keys.hpke, commitment)
    impostor = Auditor("Odile", "", stranger.auditor.hpke_key, stranger.auditor.signing_key)
    with pytest.raises(NotForThisKey):
        open_recording_key(seals, X25519PrivateKey.generate(), commitment)
    swapped = structs.replace(seals.seals[0], auditor=seals_of(impostor).seals[0].auditor)
    with pytest.raises(NotAuthentic):
        open_recording_key(structs.replace(seals, seals=[swapped]), stranger.hpke, commitment)


def seals_of(auditor: Auditor) -> Seals:
    return read_seals(seal_recording_key(SESSION, RAW, [auditor]), SESSION)
