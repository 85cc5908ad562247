"""Playing a recording back with an auditor's key: segments and log go in, the pictures that the technician saw come out (section 14).

    playback = Playback(entries, key)                   # of a log that was checked, with the recording key opened
    for moment in playback.play(segment, data):         # from a segment that `is_key`, on and on
        playback.pictures.of(0).image(), moment.at_ms

Nothing is shown that the agent did not sign: each segment is held against its entry before it is opened.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from protocol.errors import LogTampered, NotAuthentic, RemoteProtocolError
from protocol.media import EpochOpener
from protocol.media_parts import InputApplied, Part, PictureEnd, Screens
from protocol.recording import check_records, recording_of
from protocol.recording_keys import RecordingKey
from protocol.session_log import Entry, SegmentClosed
from technician_viewer.picture import Pictures
from technician_viewer.video import VideoBroken


@dataclass(frozen=True)
class Moment:
    """A picture that is whole, when it was captured (UTC milliseconds), and what the technician did on the one before."""

    at_ms: int
    number: int
    applied: tuple[InputApplied, ...]


class Playback:
    """One recording. `pictures` shows the moment that `play` gave last."""

    def __init__(self, entries: Sequence[Entry], key: RecordingKey) -> None:
        """Take a checked log and its recording key.

        Raises:
            LogTampered: the log's recording does not hold together.
        """
        recording = recording_of(entries)
        self.segments = recording.segments
        self.pictures = Pictures()
        self._epochs = {epoch.epoch: epoch for epoch in recording.epochs}
        self._key = key
        self._opener: tuple[int, EpochOpener] | None = None
        self._next: int | None = None
        self._applied: list[InputApplied] = []
        self._is_begun = False

    def first_for(self, at_ms: int) -> int:
        """The segment to begin with so that what was seen at this time comes: the last that begins with a key picture before it.

        Raises:
            ValueError: nothing was recorded that can be shown.
        """
        keys = [segment for segment in self.segments if segment.is_key]
        if not keys:
            raise ValueError("nothing was recorded that can be shown")
        before = bisect.bisect_right([segment.began_ms for segment in keys], at_ms)
        return keys[max(0, before - 1)].segment

    def play(self, number: int, data: bytes) -> Iterator[Moment]:
        """The moments of the next segment, or of one that begins with a key picture.

        Raises:
            LogTampered: the segment, or the key of its epoch, is not what the agent signed.
            ValueError: it does not follow the one before, and cannot be begun with.
        """
        segment = self.segments[number]
        records = check_records(segment, data)
        if segment.is_key and number != self._next:
            self._is_begun = False
        elif number != self._next:
            raise ValueError(f"segment {number} cannot be begun with")
        self._next = None
        opener = self._opener_of(segment)
        for record in records:
            try:
                parts = opener.parts_of(record)
                for part in parts:
                    self._is_begun |= isinstance(part, Screens)
                    if isinstance(part, InputApplied):
                        self._applied.append(part)
                    if self._is_begun:
                        self._draw(part)
                    if isinstance(part, PictureEnd) and self._is_begun:
                        yield Moment(part.at_ms, part.number, tuple(self._applied))
                        self._applied.clear()
            except (NotAuthentic, RemoteProtocolError) as error:
                raise LogTampered(f"segment {number} cannot be shown: {error}") from None
        self._next = number + 1

    def _draw(self, part: Part) -> None:
        try:
            self.pictures.take(part)
        except VideoBroken:
            # As it was live: the box stays as it is until the next key picture.
            return

    def _opener_of(self, segment: SegmentClosed) -> EpochOpener:
        if self._opener is None or self._opener[0] != segment.epoch:
            key = self._key.unwrap(self._epochs[segment.epoch])
            self._opener = segment.epoch, EpochOpener(key)
        return self._opener[1]
