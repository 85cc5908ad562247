"""Signs of life: whoever says nothing else says that much (PROTOCOL.md, section 8).

Every authentic record proves that its sender is there, so a ping is owed only where nothing else was said; and while nothing happens at
all, or is held, they may be rarer.
"""

from protocol.codec import Message
from protocol.limits import AGENT_AT_REST_S, AT_REST_AFTER_S, PROOF_OF_LIFE_S, VIEWER_AT_REST_S
from protocol.messages import (
    DrawingTimed,
    EntryAppended,
    HeadOffered,
    HeadSigned,
    InputReleased,
    KeyChanged,
    PathMeasured,
    Pinged,
    PointerButton,
)

# Timers are late by that much and look again all the same: what is nearly due is due.
_SLACK_S = 0.05


class SignsOfLife:
    """What one end owes the other. `said` hears every message that it sends, `is_due` every PROOF_OF_LIFE_S, at rest more seldom."""

    def __init__(self, at_rest_s: float) -> None:
        """`at_rest_s`: how long there may be nothing, while nothing happens."""
        self._at_rest_s = at_rest_s
        self._has_spoken = True
        self._said_at_s = self._happened_at_s = self._asked_at_s = 0.0
        self._held: set[str | int] = set()

    @classmethod
    def of_agent(cls) -> "SignsOfLife":
        """The agent's: what it shows counts as live for two seconds after the last one."""
        return cls(AGENT_AT_REST_S)

    @classmethod
    def of_viewer(cls) -> "SignsOfLife":
        """A viewer's: what it holds down is let go two seconds after the last one, so while it holds something it is never at rest."""
        return cls(VIEWER_AT_REST_S)

    def said(self, message: Message) -> None:
        """Something was said; pings, figures about the way, and writing down what has happened are no reason to stay awake."""
        match message:
            case Pinged() | PathMeasured() | DrawingTimed() | EntryAppended() | HeadOffered() | HeadSigned():
                return
            case KeyChanged(code, is_down):
                self._hold(code, is_down)
            case PointerButton(button=button, is_down=is_down):
                self._hold(button, is_down)
            case InputReleased():
                self._held.clear()
        self._has_spoken = True

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing had happened for a while when `is_due` was asked last, nothing has since, and nothing is held."""
        return self._asked_at_s >= self._happened_at_s + AT_REST_AFTER_S and not self._held and not self._has_spoken

    def is_due(self, now_s: float, *, is_woken: bool = False) -> bool:
        """Whether to ping now, by any clock that never goes back; who asks and hears yes does so.

        Args:
            is_woken: by something that was heard, between two regular questions: what will be due soon is said now.
        """
        self._asked_at_s = now_s
        if self._has_spoken:
            self._has_spoken = False
            self._said_at_s = self._happened_at_s = now_s
            return False
        every_s = self._at_rest_s if self.is_at_rest or is_woken else PROOF_OF_LIFE_S
        if now_s < self._said_at_s + every_s - (self._at_rest_s / 4 if is_woken else _SLACK_S):
            return False
        self._said_at_s = now_s
        return True

    def _hold(self, what: str | int, is_down: bool) -> None:
        if is_down:
            self._held.add(what)
        else:
            self._held.discard(what)
