"""Which presses of the stop key were ours, so that the technician's Esc never passes for the customer's."""

import threading
from collections import deque

# An event that has not come by then never will: the server dropped it.
_EXPECTED_S = 1.0


class InjectedKeys:
    """Key events of some keycodes that we sent and the server has not told of yet. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: deque[tuple[int, bool, float]] = deque()
        self._keycodes: frozenset[int] = frozenset()

    def watch(self, keycodes: frozenset[int]) -> None:
        """From now on these keycodes are of interest."""
        with self._lock:
            self._keycodes = keycodes

    def is_watched(self, keycode: int) -> bool:
        with self._lock:
            return keycode in self._keycodes

    def expect(self, keycode: int, is_down: bool, now: float) -> None:
        """Note an event just before it is sent; `now` is seconds of a clock that never goes back."""
        with self._lock:
            if keycode in self._keycodes:
                self._expected.append((keycode, is_down, now))

    def take(self, keycode: int, is_down: bool, now: float) -> bool:
        """Tell whether an event that has come is one of ours; it then counts as come."""
        with self._lock:
            while self._expected and self._expected[0][2] < now - _EXPECTED_S:
                self._expected.popleft()
            for expected in self._expected:
                if expected[:2] == (keycode, is_down):
                    self._expected.remove(expected)
                    return True
        return False
