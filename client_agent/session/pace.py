"""How often something may be written down: a few at once, then one now and then."""


class Pace:
    """A bucket that fills again slowly. Times are seconds of a clock that never goes back."""

    def __init__(self, at_once: int, every_s: float, now_s: float) -> None:
        self._at_once, self._every_s = at_once, every_s
        self._left, self._counted_at = float(at_once), now_s

    def waits_s(self, now_s: float) -> float:
        """How long the next one has to wait; 0 where it may be written now."""
        self._left = min(self._at_once, self._left + (now_s - self._counted_at) / self._every_s)
        self._counted_at = now_s
        return max(0.0, (1 - self._left) * self._every_s)

    def wrote(self) -> None:
        """One was written."""
        self._left -= 1
