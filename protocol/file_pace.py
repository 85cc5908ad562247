"""How much of a file may be on its way, so that it fills the path and yet delays nothing that shares it (PROTOCOL.md, section 16).

Time is an argument, in seconds. What waits before a bottleneck is seen in how much later acknowledgements come than the earliest did
(after LEDBAT, RFC 6817): little of that lets more out, much of it less.
"""

from collections import deque

from protocol.limits import FILE_IN_FLIGHT_BYTES_MAX, FILE_PART_BYTES_MAX, FILE_PART_BYTES_MIN

# A person notices a key that shows later than this.
_QUEUE_S_MAX = 0.03
_BEGINS_WITH_BYTES = 4 * FILE_PART_BYTES_MIN


class FilePace:
    """One file that is being sent."""

    def __init__(self) -> None:
        self._sent = self._received = 0
        self._window = _BEGINS_WITH_BYTES
        self._quickest_s: float | None = None
        self._on_the_way: deque[tuple[int, float]] = deque()
        """For each part its end and when it was sent."""

    @property
    def sent(self) -> int:
        """How many bytes were sent."""
        return self._sent

    @property
    def next_bytes(self) -> int:
        """How large the next part may be; 0 while acknowledgements have to be waited for."""
        # Several parts to a window, so that they are acknowledged before it is full.
        part = max(FILE_PART_BYTES_MIN, min(FILE_PART_BYTES_MAX, self._window // 4))
        return part if self._sent - self._received + part <= self._window else 0

    def send(self, count: int, now_s: float) -> None:
        """A part of so many bytes is sent."""
        self._sent += count
        self._on_the_way.append((self._sent, now_s))

    def acknowledge(self, received: int, now_s: float) -> bool:
        """So many bytes are received in all; False: that cannot be, because they were not sent, or were acknowledged before."""
        if not self._received < received <= self._sent:
            return False
        sent_s = now_s
        while self._on_the_way and self._on_the_way[0][0] <= received:
            _, sent_s = self._on_the_way.popleft()
        took_s = now_s - sent_s
        self._quickest_s = took_s if self._quickest_s is None else min(took_s, self._quickest_s)
        if took_s - self._quickest_s <= _QUEUE_S_MAX:
            self._window = min(FILE_IN_FLIGHT_BYTES_MAX, self._window + received - self._received)
        else:
            self._window = max(_BEGINS_WITH_BYTES // 2, self._window - (received - self._received) // 2)
        self._received = received
        return True

    def begin_anew(self, now_s: float) -> None:
        """The path is another one after a cut; what is on its way is sent again there, by the channel."""
        self._window, self._quickest_s = _BEGINS_WITH_BYTES, None
        self._on_the_way = deque((end, now_s) for end, _ in self._on_the_way)
