"""Who was allowed what for how long, and how much they did: what the summary says and the log's last entry adds up."""

from collections import Counter, defaultdict

from client_agent.hands import Counts
from client_agent.session.clock import now_ms
from protocol.consent import ViewerId
from protocol.vocabulary import Capability, Direction


class Accounts:
    """Times in milliseconds. A capability counts for everybody together while anybody has it."""

    def __init__(self) -> None:
        self._since: dict[tuple[ViewerId, Capability], int] = {}
        self._anybody_since: dict[Capability, int] = {}
        self._ms: defaultdict[tuple[ViewerId, Capability], int] = defaultdict(int)
        self._anybody_ms: defaultdict[Capability, int] = defaultdict(int)
        self.counts: defaultdict[ViewerId, Counts] = defaultdict(Counts)
        self.clipboard: Counter[tuple[ViewerId, Direction]] = Counter()
        """How often text went onto the clipboard, or from it."""

    def began(self, viewer: ViewerId, capability: Capability) -> None:
        """The capability is in force from now on."""
        self._since.setdefault((viewer, capability), now_ms())
        self._anybody_since.setdefault(capability, now_ms())

    def ended(self, viewer: ViewerId, capability: Capability) -> None:
        """It no longer is."""
        if (since := self._since.pop((viewer, capability), None)) is None:
            return
        self._ms[viewer, capability] += now_ms() - since
        if not any(each is capability for _, each in self._since):
            self._anybody_ms[capability] += now_ms() - self._anybody_since.pop(capability)

    def allowed_ms(self, capability: Capability, viewer: ViewerId | None = None) -> int:
        """For how long it was allowed to `viewer`, or to anybody."""
        if viewer is None:
            since = self._anybody_since.get(capability)
            return self._anybody_ms[capability] + (now_ms() - since if since else 0)
        since = self._since.get((viewer, capability))
        return self._ms[viewer, capability] + (now_ms() - since if since else 0)

    @property
    def has_begun(self) -> bool:
        """Whether anything was ever allowed."""
        return bool(self._anybody_since or self._anybody_ms)
