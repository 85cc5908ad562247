"""Signs of life: whoever says nothing else says that much (PROTOCOL.md, section 8).

Every authentic record proves that its sender is there, so a ping is owed only where nothing else was said; and while nothing happens at
all, or is held, they may be rarer.
"""

from protocol.codec import Message
from protocol.limits import AGENT_AT_REST_S, AT_REST_AFTER_S, PROOF_OF_LIFE_S, VIEWER_AT_REST_S
from protocol.messages import DrawingTimed, InputReleased, KeyChanged, PathMeasured, Pinged, PointerButton


class SignsOfLife:
    """What one end owes the other. `said` hears every message that it sends, `is_due` every PROOF_OF_LIFE_S, at rest more seldom."""

    def __init__(self, at_rest_s: float) -> None:
        """`at_rest_s`: how long there may be nothing, while nothing happens."""
        self._at_rest_every = round(at_rest_s / PROOF_OF_LIFE_S)
        self._has_spoken = True
        self._quiet = 0
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
        """Something was said; pings and figures about the way are no reason to stay awake."""
        match message:
            case Pinged() | PathMeasured() | DrawingTimed():
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
        """Whether nothing has happened for a while, and nothing is held."""
        return self._quiet >= AT_REST_AFTER_S / PROOF_OF_LIFE_S and not self._held and not self._has_spoken

    def is_due(self, ticks: int = 1) -> bool:
        """Whether to ping now, so many times PROOF_OF_LIFE_S after the last question."""
        if self._has_spoken:
            self._has_spoken, self._quiet = False, 0
            return False
        was_at_rest = self.is_at_rest
        self._quiet += ticks
        return not was_at_rest or self._quiet % self._at_rest_every < ticks

    def _hold(self, what: str | int, is_down: bool) -> None:
        if is_down:
            self._held.add(what)
        else:
            self._held.discard(what)
