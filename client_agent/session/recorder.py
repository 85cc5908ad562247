"""The recording's segments at the agent: cut from what is sent, written into the log, kept until the relay has them (section 14)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.line import Line
from protocol.limits import SEGMENT_PART_BYTES_MAX, SEGMENT_S_MAX
from protocol.recording import Segment
from protocol.relay_messages import SegmentCompleted, SegmentOpened, SegmentPart
from protocol.session_log import Event, SegmentClosed, SegmentLost

# What waits for a relay that is away, or whose disk is full; what comes beyond it costs the oldest.
KEPT_BYTES_MAX = 8 * 1024 * 1024
_AGAIN_AFTER_S = 2.0


@dataclass
class _Open:
    """The segment that is being filled."""

    data: Segment
    is_key: bool
    began_ms: int
    closes_at_s: float
    first: int
    next: int


@dataclass
class _Kept:
    """A segment that is closed, and not known to be stored."""

    data: bytes
    hash: bytes
    why: str = "network"


class Recorder:
    """Cuts, tells and keeps. `write` appends to the session's log."""

    def __init__(self, line: Line, write: Callable[[Event], int]) -> None:
        self._line, self._write = line, write
        self._epoch = 0
        self._open: _Open | None = None
        self._count = 0
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._is_due = asyncio.Event()
        self._again_at_s = 0.0
        self._answered = asyncio.Event()

    @property
    def is_recording(self) -> bool:
        """Whether what is sent is recorded."""
        return self._epoch > 0

    @property
    def is_stored(self) -> bool:
        """Whether the relay has all of it."""
        return not self._kept and self._open is None

    # --- cutting ---

    def begin(self, epoch: int) -> None:
        """What is sent from now on, under the key of this epoch, is recorded."""
        self.stop()
        self._epoch = epoch

    def stop(self) -> None:
        """What is sent from now on is not."""
        self.close_segment()
        self._epoch = 0

    def sending(self, envelope: bytes, counters: tuple[int, int], *, is_key: bool) -> None:
        """A media record to all or for the store is about to be handed over, as `Recording.sending` says."""
        first, next_ = counters
        opened = self._open
        if opened and (is_key or not opened.data.has_room_for(envelope) or awake_or_asleep_s() >= opened.closes_at_s):
            self.close_segment()
        if self._open is None:
            now_s = awake_or_asleep_s()
            self._open = _Open(Segment(), is_key, now_ms(), now_s + SEGMENT_S_MAX, first, first)
            self._line.tell_relay(SegmentOpened(self._count))
        self._open.data.add(envelope)
        self._open.next = next_

    def close_segment(self) -> None:
        """The segment that is being filled is at its end."""
        opened, self._open = self._open, None
        if opened is None:
            return
        number, data = self._count, opened.data
        self._count += 1
        self._kept[number] = _Kept(data.data, data.hash)
        self._kept_bytes += data.bytes
        self._line.tell_relay(SegmentCompleted(number, data.hash))
        self._write(
            SegmentClosed(
                number,
                self._epoch,
                opened.is_key,
                opened.first,
                opened.next,
                data.records,
                data.bytes,
                opened.began_ms,
                now_ms(),
                data.hash,
            )
        )
        while self._kept_bytes > KEPT_BYTES_MAX:
            lost, kept = self._kept.popitem(last=False)
            self._kept_bytes -= len(kept.data)
            self._write(SegmentLost(lost, kept.why))

    def close_overdue(self) -> None:
        """Close the segment that has been open for long enough; to be called about twice a second."""
        if self._open and awake_or_asleep_s() >= self._open.closes_at_s:
            self.close_segment()

    # --- keeping ---

    def stored(self, segment: int) -> None:
        """The relay has this one."""
        if kept := self._kept.pop(segment, None):
            self._kept_bytes -= len(kept.data)
        self._answered.set()

    def not_stored(self, segment: int) -> None:
        """The relay could not keep it: it is sent again after a while."""
        if kept := self._kept.get(segment):
            kept.why = "storage"
            self._again_at_s = awake_or_asleep_s() + _AGAIN_AFTER_S
            self._is_due.set()
        self._answered.set()

    def line_lost(self) -> None:
        """What was on its way is not known to have arrived."""
        self.close_segment()

    def line_restored(self) -> None:
        """The relay hears us again, and gets what it has not confirmed."""
        self._again_at_s = 0.0
        self._is_due.set()

    async def send_again(self) -> None:
        """Send what is not known to be stored, one segment after the other, for as long as the session lasts."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            await asyncio.sleep(max(0.0, self._again_at_s - awake_or_asleep_s()))
            for number in list(self._kept):
                if not await self._send_one_again(number):
                    break

    async def _send_one_again(self, number: int) -> bool:
        """Tells whether the next one may follow: not while the line is away, or the relay has no room."""
        kept = self._kept.get(number)
        if kept is None:
            return True
        self._answered.clear()
        for offset in range(0, len(kept.data), SEGMENT_PART_BYTES_MAX):
            if not self._line.is_open:
                return False
            self._line.tell_relay(SegmentPart(number, offset, kept.data[offset : offset + SEGMENT_PART_BYTES_MAX]))
            await self._line.drained()
        self._line.tell_relay(SegmentCompleted(number, kept.hash))
        while self._line.is_open and number in self._kept and not self._is_due.is_set():
            try:
                await asyncio.wait_for(self._answered.wait(), _AGAIN_AFTER_S)
            except TimeoutError:
                continue
            self._answered.clear()
        return number not in self._kept
