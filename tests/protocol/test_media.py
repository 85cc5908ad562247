"""protocol/media.py and envelope.py: every record in its place, every part inside its bounds."""

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers

from protocol.envelope import Audience, MediaEnvelope, unwrap
from protocol.errors import ProtocolError, RemoteProtocolError
from protocol.limits import EPOCHS_AHEAD_MAX, SCREENS_MAX, VIDEO_STREAMS_MAX
from protocol.media import MediaOpener, MediaSealer, padded_bytes
from protocol.media_codec import read_parts, write_part, write_stream_data
from protocol.media_parts import (
    Codec,
    Copy,
    InputApplied,
    Part,
    PictureEnd,
    PointerAt,
    PointerShape,
    Rectangle,
    Screens,
    ScreenShape,
    StreamData,
    Video,
    VideoCodec,
    VideoEnded,
)

PARTS: list[Part] = [
    Screens([ScreenShape(0, 0, 0, 1280, 800, "HDMI-1")]),
    Rectangle(0, Codec.ZSTD, 1, 2, 3, 4, b"data"),
    PointerAt(0, True, 7, 8),
    PointerShape(1, 2, 3, 4, b"data"),
    InputApplied("button", 0, 7, 8, 0),
    PictureEnd(1, True, 1_700_000_000_000),
    PictureEnd(2, False, 1_700_000_000_000, is_exact=False),
    Rectangle(0, Codec.ZSTD_STREAM, 1, 2, 3, 4, write_stream_data(StreamData(True, False, b"data"))),
    Copy(0, 1, 2, 3, 4, 5, 6),
    Video(3, 0, 1, 2, 4, 6, VideoCodec.AV1, True, False, b"data"),
    VideoEnded(3),
]
KEY = bytes(range(32))


def _envelope(data: bytes) -> MediaEnvelope:
    envelope = unwrap(data)
    assert isinstance(envelope, MediaEnvelope)
    return envelope


def test_parts_come_out_as_they_went_in() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    opener.start_epoch(1, KEY, 0)
    sealed = sealer.seal(b"".join(map(write_part, PARTS)))
    assert opener.open(_envelope(sealed)) == PARTS


def test_dropped_repeated_and_strange_records_are_refused() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    records = [_envelope(sealer.seal(write_part(part))) for part in PARTS[:3]]
    store = _envelope(sealer.seal(write_part(PARTS[2]), audience=Audience.STORE))
    opener.start_epoch(1, KEY, 0)
    opener.open(records[0])
    for wrong in (records[0], records[2], store):
        with pytest.raises(RemoteProtocolError):
            opener.open(wrong)
    assert opener.open(records[1]) == [PARTS[1]]


@given(integers(0, 10**6))
def test_a_flipped_bit_is_noticed(position: int) -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    opener.start_epoch(1, KEY, 0)
    data = bytearray(sealer.seal(write_part(PARTS[1])))
    data[position // 8 % len(data)] ^= 1 << position % 8
    with pytest.raises(ProtocolError):
        opener.open(_envelope(bytes(data)) if data[0] == 4 else _refuse(bytes(data)))


def _refuse(data: bytes) -> MediaEnvelope:
    if not isinstance(unwrap(data), MediaEnvelope):
        raise RemoteProtocolError("another kind")
    return _envelope(data)


def test_epochs_never_run_backwards_and_counters_run_on() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    opener.start_epoch(1, KEY, 0)
    opener.open(_envelope(sealer.seal(write_part(PARTS[0]))))
    sealer.start_epoch(bytes(32))
    opener.start_epoch(2, bytes(32), sealer.next_counter)
    assert _envelope(sealer.seal(write_part(PARTS[0]))).counter == 1
    with pytest.raises(RemoteProtocolError):
        opener.start_epoch(2, KEY, 1)


def test_a_key_that_overtakes_what_was_sealed_before_it_counts_from_its_first_record_on() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    opener.start_epoch(1, KEY, 0)
    before = [_envelope(sealer.seal(write_part(part))) for part in PARTS[:2]]
    for_me = _envelope(sealer.seal(write_part(PARTS[2]), audience=Audience.ONE, peer=3))
    sealer.start_epoch(bytes(32))
    after = [_envelope(sealer.seal(write_part(part))) for part in PARTS[:2]]
    for_me_after = _envelope(sealer.seal(write_part(PARTS[2]), audience=Audience.ONE, peer=3))
    opener.start_epoch(2, bytes(32), 2)
    for envelope, part in zip([*before, for_me, *after, for_me_after], [*PARTS[:2], PARTS[2]] * 2, strict=True):
        assert opener.open(envelope) == [part]
    for old in (before[1], for_me):
        with pytest.raises(RemoteProtocolError):
            opener.open(old)


def test_a_record_of_an_epoch_that_has_not_begun_has_to_be_its_first() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    sealer.start_epoch(KEY)
    opener.start_epoch(1, KEY, 0)
    sealer.start_epoch(bytes(32))
    opener.start_epoch(2, bytes(32), 0)
    first, second = (_envelope(sealer.seal(write_part(part))) for part in PARTS[:2])
    with pytest.raises(RemoteProtocolError):
        opener.open(second)
    assert opener.open(first) == [PARTS[0]]


def test_epochs_in_which_nothing_came_are_forgotten_and_the_newest_is_not() -> None:
    sealer, opener = MediaSealer(), MediaOpener()
    for epoch in range(1, EPOCHS_AHEAD_MAX + 3):
        key = epoch.to_bytes(32, "big")
        sealer.start_epoch(key)
        opener.start_epoch(epoch, key, 0)
        if epoch == 1:
            first = _envelope(sealer.seal(write_part(PARTS[0]), audience=Audience.ONE, peer=3))
    with pytest.raises(RemoteProtocolError):
        opener.open(first)
    assert opener.open(_envelope(sealer.seal(write_part(PARTS[1])))) == [PARTS[1]]


@given(binary(max_size=400))
def test_any_bytes_give_parts_or_a_refusal(data: bytes) -> None:
    try:
        read_parts(data)
    except RemoteProtocolError:
        return


@given(integers(0, 70_000))
def test_padding_is_bounded(size: int) -> None:
    assert size <= padded_bytes(size) <= max(256, size * 1.12)


@pytest.mark.parametrize(
    "data",
    [
        b"\x02",
        b"\x0a\0\0\0\0",
        b"\x02\xff\xff\xff\xff",
        write_part(PARTS[1])[:-1],
        b"\0\x01",
        write_part(Rectangle(0, Codec.ZSTD, 0, 0, 1024, 1025, b"")),
        write_part(Rectangle(0, Codec.ZSTD_STREAM, 0, 0, 1, 1, b"")),
        write_part(Rectangle(0, Codec.ZSTD_STREAM, 0, 0, 1, 1, b"\x04data")),
        write_part(Copy(0, 0, 0, 0, 0, 0, 1)),
        write_part(Copy(SCREENS_MAX, 0, 0, 0, 0, 1, 1)),
        write_part(Video(VIDEO_STREAMS_MAX, 0, 0, 0, 2, 2, VideoCodec.H264, True, False, b"")),
        write_part(Video(0, 0, 0, 0, 3, 2, VideoCodec.H264, True, False, b"")),
        write_part(Video(0, 0, 0, 0, 4096, 2050, VideoCodec.H264, True, False, b"")),
        write_part(VideoEnded(VIDEO_STREAMS_MAX)),
        b"\x09\0\0\0\x02\0\0",
    ],
)
def test_malformed_parts_are_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_parts(data)
