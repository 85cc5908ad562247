"""Those who take part: each with a certificate, a channel of its own, and a secret to come back with."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from client_agent.session.clock import awake_or_asleep_s
from protocol.channel import ControlChannel
from protocol.consent import ViewerId
from protocol.identity import Certificate
from protocol.limits import CONTROL_GRACE_S, VIEW_GRACE_S
from protocol.messages import ChatSaid, FromViewer, MediaReached
from protocol.resume import meeting_of
from protocol.signs_of_life import SignsOfLife
from protocol.vocabulary import Hold, Preference, Role

# Before the customer has allowed anything there is little to come back to: enough for a page that is loaded again.
NOTHING_ALLOWED_GRACE_S = 3.0

# Who may be asked for more than looking on, and may lead a session.
_MAY_CONTROL = {Role.TECHNICIAN, Role.SUPERVISOR}


@dataclass(eq=False)
class RemoteViewer:
    """One participant, from the introduction until it has left for good."""

    certificate: Certificate
    certificate_text: str
    channel: ControlChannel[FromViewer]
    peer: int | None
    """Its number at the relay; None while it is cut off."""
    codecs: frozenset[str]
    """The forms of pixels that it decodes, by their names in the handshake."""
    secrets: list[bytes] = field(repr=False)
    """To come back with, newest first: that of a resume that was answered and not confirmed, and the one it was made from."""
    next_entry: int = 0
    """The first entry of the log that it has not been sent."""
    chat: list[ChatSaid] = field(default_factory=list)
    """What was said since it has been admitted."""
    next_chat: int = 0
    """The first line of that which it has not been sent."""
    last_heard_s: float = field(default_factory=awake_or_asleep_s)
    signs_of_life: SignsOfLife = field(default_factory=SignsOfLife.of_agent)
    """What we owe it."""
    told_reached: MediaReached | None = None
    """How far the stream had come when it was told last."""
    last_drop: Hold | None = None
    preference: Preference = Preference.AUTOMATIC
    """What it would rather have where the path is narrow."""
    is_admitted: bool = False
    """It gets pictures."""
    control_reason: str = ""
    """What for it controls, as the customer read it; after the grace of a cut has ended that, what for it did."""

    @property
    def id(self) -> ViewerId:
        return ViewerId(self.certificate.serial)

    @property
    def is_present(self) -> bool:
        return self.peer is not None

    @property
    def may_control(self) -> bool:
        return self.certificate.role in _MAY_CONTROL

    @property
    def silent_s(self) -> float:
        """Since its last authentic record."""
        return awake_or_asleep_s() - self.last_heard_s

    def has_outstayed_control(self, controller: ViewerId | None, now_s: float) -> bool:
        """Whether control has to be asked for again: it outlives a cut for a minute."""
        return not self.is_present and self.id == controller and now_s - self.last_heard_s > CONTROL_GRACE_S

    def has_outstayed(self, now_s: float) -> bool:
        """Whether it has been away for too long to come back."""
        grace_s = VIEW_GRACE_S if self.is_admitted else NOTHING_ALLOWED_GRACE_S
        return not self.is_present and now_s - self.last_heard_s > grace_s

    def came_back(self, peer: int, channel: ControlChannel[FromViewer], secret: bytes) -> None:
        """It has proved who it is, under the keys of a resume that leaves this secret; older ones are of no use any more."""
        self.peer, self.channel = peer, channel
        self.secrets = [secret]
        self.told_reached = None
        self.heard()

    def heard(self) -> None:
        """A record of it has verified now."""
        self.last_heard_s = awake_or_asleep_s()


class Viewers:
    """Everybody who takes part, in the order in which they came; one of them leads."""

    def __init__(self) -> None:
        self._all: dict[ViewerId, RemoteViewer] = {}
        self.everybody: dict[ViewerId, str] = {}
        """The names of all who ever took part, also of those who have left."""
        self.lead: RemoteViewer | None = None

    def __iter__(self) -> Iterator[RemoteViewer]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def add(self, viewer: RemoteViewer) -> None:
        """Somebody takes part from now on; the first one leads."""
        self._all[viewer.id] = viewer
        self.everybody[viewer.id] = viewer.certificate.name
        self.lead = self.lead or viewer

    def remove(self, viewer: RemoteViewer) -> None:
        """Somebody has left for good, and cannot return with the same certificate; the first of those who are there leads."""
        self._all.pop(viewer.id, None)
        if self.lead is viewer:
            heirs = [each for each in self if each.may_control and each.is_admitted]
            self.lead = next((each for each in heirs if each.is_present), heirs[0] if heirs else None)

    def get(self, viewer: ViewerId) -> RemoteViewer | None:
        return self._all.get(viewer)

    def is_known(self, viewer: ViewerId) -> bool:
        """Whether this certificate has been used here, also by somebody who has left."""
        return viewer in self.everybody

    def by_peer(self, peer: int) -> RemoteViewer | None:
        """Who the relay means by this number."""
        return next((each for each in self if each.peer == peer), None)

    def secrets(self) -> dict[bytes, bytes]:
        """Every secret with which somebody can come back, by its meeting."""
        return {meeting_of(secret): secret for each in self for secret in each.secrets}

    def by_meeting(self, meeting: bytes) -> RemoteViewer | None:
        """Whose secret this is."""
        return next((each for each in self if any(meeting_of(secret) == meeting for secret in each.secrets)), None)

    @property
    def present(self) -> list[RemoteViewer]:
        """Those who are connected and see pictures."""
        return [each for each in self if each.is_present and each.is_admitted]
