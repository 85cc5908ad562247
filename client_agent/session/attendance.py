"""Who comes, who is cut off, who comes back and who leaves: under which key they see, and what the log says of it."""

import time
from collections.abc import Callable

from client_agent.screen.abilities import EVERYBODY
from client_agent.session.arrivals import Arrival, Arrivals, Join, Return
from client_agent.session.case import Case
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.questions import Questions
from client_agent.session.viewers import RemoteViewer
from protocol import session_log
from protocol.consent import ViewerId
from protocol.errors import NotCertified, RemoteProtocolError
from protocol.identity import Certificate, text_hash
from protocol.introduction import verify_introduction, verify_return
from protocol.limits import PEER_GONE_S, PICTURE_LIVE_S
from protocol.messages import Introduced, Pinged, Returned, SentAway, Welcomed
from protocol.relay_messages import PeerAdmitted, PeerDismissed
from protocol.vocabulary import Capability, Preference


class Attendance:
    """Keeps `viewers`. What has to be decided by others they are told through the `on_…` that the session sets."""

    def __init__(self, case: Case, questions: Questions, arrivals: Arrivals, system: str) -> None:
        """`system`: what the customer's machine runs, as viewers are told."""
        self._case, self._questions, self._arrivals, self._system = case, questions, arrivals, system
        self.on_joining: Callable[[RemoteViewer, str], None] = lambda viewer, reason: None
        """Somebody new is there, for this reason: the customer is to be asked."""
        self.on_back: Callable[[RemoteViewer], None] = lambda viewer: None
        """Somebody is back after a cut."""
        self.on_nobody_left: Callable[[str], None] = lambda by: None
        """The last technician has left, by whose doing."""
        self.on_changed: Callable[[], None] = lambda: None
        """Who is there has changed."""

    # --- coming ---

    def verified(self, introduction: Introduced, binding: bytes) -> Certificate:
        """The certificate of somebody who introduces himself.

        Raises:
            NotCertified: it does not hold.
        """
        return verify_introduction(introduction, binding, self._case.organisation.document, now=int(time.time()))

    def arrived(self, arrival: Arrival, record: bytes, opened: session_log.Opened) -> None:
        """Take the first record of a peer at the door: it says who it is.

        Raises:
            ProtocolError: and it is not.
        """
        way = arrival.way
        if way is None or way.channel is None:
            raise RemoteProtocolError("a record before the handshake is over")
        message = way.channel.open(record)
        match way, message:
            case Return(), Returned():
                self._come_back(arrival.peer, way, message)
            case Join(), Introduced():
                self._join(arrival.peer, way, message, opened)
            case _:
                raise RemoteProtocolError(f"{type(message).__name__} as the first message")
        self._arrivals.left(arrival.peer)

    def arrived_too_late(self, arrival: Arrival, record: bytes) -> None:
        """Take the first record of a peer that comes back after the end: it hears what it has missed, which says how it ended.

        Raises:
            ProtocolError: it was not there before, or has lost what it would have to go on from.
        """
        way = arrival.way
        if not isinstance(way, Return) or way.channel is None or way.hello.is_empty:
            raise RemoteProtocolError("somebody who comes after the end")
        message = way.channel.open(record)
        if not isinstance(message, Returned):
            raise RemoteProtocolError(f"{type(message).__name__} as the first message")
        self._take_back(arrival.peer, way, message)
        self._arrivals.left(arrival.peer)

    def _take_back(self, peer: int, way: Return, returned: Returned) -> int:
        """The viewer is who it was, and hears what it has missed; gives for how long it was silent, in milliseconds."""
        viewer = way.viewer
        assert way.channel
        assert way.secrets
        if self._case.viewers.get(viewer.id) is not viewer:
            raise RemoteProtocolError("somebody who has left for good")
        document = self._case.organisation.document
        verify_return(returned, viewer.certificate_text, way.secrets.binding, document, now=int(time.time()))
        after_ms = int(viewer.silent_s * 1000)
        viewer.came_back(peer, way.channel, way.secrets.resume)
        self._case.voices.say_again(viewer)
        return after_ms

    def _come_back(self, peer: int, way: Return, returned: Returned) -> None:
        viewer = way.viewer
        after_ms = self._take_back(peer, way, returned)
        if way.hello.is_empty:
            viewer.next_entry = (
                way.hello.entries if self._case.evidence.holds(way.hello.entries, way.hello.last_hash) else 0
            )
            viewer.next_chat = 0
            self._case.voices.say(viewer, self.welcome(viewer))
        self._case.voices.write(session_log.Resumed(viewer.id, after_ms))
        self._questions.remind(viewer)
        self._case.voices.tell_access(viewer)
        self._case.voices.tell_recording(viewer, self._case.recording.state)
        if viewer.is_admitted:
            self.admit(viewer)
        self._tell()
        self.on_back(viewer)

    def _join(self, peer: int, way: Join, introduction: Introduced, opened: session_log.Opened) -> None:
        assert way.channel
        assert way.secrets
        certificate = self.verified(introduction, way.secrets.binding)
        if certificate.session != opened.session or certificate.ticket != opened.ticket:
            raise NotCertified("a certificate for another session")
        if self._case.viewers.is_known(ViewerId(certificate.serial)) or not self._case.accounts.has_begun:
            raise NotCertified("a certificate that was used before, or a session that has not begun")
        codecs = frozenset(way.join.viewer.codecs if way.join.viewer else ())
        if not codecs >= EVERYBODY:
            raise RemoteProtocolError("a viewer that does not decode what every viewer has to")
        viewer = RemoteViewer(certificate, introduction.certificate, way.channel, peer, codecs, [way.secrets.resume])
        self._case.viewers.add(viewer)
        self._case.voices.say(viewer, self.welcome(viewer))
        self._case.voices.write(
            session_log.Joined(
                certificate.serial,
                certificate.name,
                certificate.role,
                text_hash(introduction.certificate),
                certificate.key,
                introduction.reason,
            )
        )
        self._tell()
        self.on_joining(viewer, introduction.reason)

    def welcome(self, viewer: RemoteViewer) -> Welcomed:
        """What everybody is told first."""
        return Welcomed(self._case.evidence.key, viewer.certificate.serial, self._system)

    # --- seeing ---

    def admit(self, viewer: RemoteViewer) -> None:
        """From now on the viewer sees, under a new key, beginning with a complete picture; also after each cut."""
        viewer.is_admitted = True
        if viewer.peer is None:
            return
        has_others = any(each is not viewer for each in self._case.viewers.present)
        self.set_pace(new_path_of=viewer)
        self.start_epoch()
        if has_others:
            self._case.tasks.start(self._case.pictures.show_from_the_start(viewer.peer))

    def lose_sight(self, viewer: RemoteViewer) -> None:
        """The viewer may stay, and reads nothing of what comes after: it comes back as one that sees nothing."""
        if not viewer.is_admitted:
            return
        viewer.is_admitted, peer = False, viewer.peer
        self.cut(viewer)
        if peer is not None:
            self.dismiss(peer)
        self.start_epoch()

    def start_epoch(self) -> None:
        """A new key for those who may see from now on."""
        started = self._case.pictures.start_epoch()
        for viewer in self._case.viewers.present:
            self._case.voices.say(viewer, started)

    def set_pace(self, new_path_of: RemoteViewer | None = None) -> None:
        """Whoever controls sets the pace, else whoever leads, else the first who is there; the others must keep up."""
        present, controller, lead = self._case.viewers.present, self._case.gate.controller, self._case.viewers.lead
        setter = min(present, key=lambda each: (each.id != controller, each is not lead), default=None)
        for viewer in present:
            if viewer.peer is not None:
                self._case.line.tell_relay(PeerAdmitted(viewer.peer, sets_pace=viewer is setter))
        if present:
            self._case.pictures.agree(frozenset.intersection(*(viewer.codecs for viewer in present)))
        is_new_path = setter is not None and setter is new_path_of
        preference = setter.preference if setter else Preference.AUTOMATIC
        self._case.pictures.show_to(setter.id if setter else None, preference, is_new_path=is_new_path)

    def prefer(self, viewer: RemoteViewer, preference: Preference) -> None:
        """A viewer chose what it would rather have; it counts while this viewer sets the pace."""
        viewer.preference = preference
        self.set_pace()

    # --- being cut off, and leaving ---

    def cut(self, viewer: RemoteViewer) -> None:
        """The connection with a viewer is gone; it may come back."""
        if not viewer.is_present:
            return
        viewer.peer = None
        if viewer.id == self._case.gate.controller:
            self._case.hands.release_all()
        self._case.voices.write(session_log.Cut(viewer.id, int(viewer.silent_s * 1000)))
        self.set_pace()
        self._tell()

    def dismiss(self, peer: int) -> None:
        """Have the relay show a peer out."""
        self._arrivals.left(peer)
        self._case.line.tell_relay(PeerDismissed(peer))

    def send_away(self, viewer: RemoteViewer, by: str) -> None:
        """The customer, or the time that was allowed, ends it for one viewer."""
        self._case.voices.say(viewer, SentAway(by))
        self.remove(viewer, by)

    def remove(self, viewer: RemoteViewer, by: str) -> None:
        """A viewer has left for good: it reads nothing of what comes after."""
        if self._case.viewers.get(viewer.id) is not viewer:
            return
        if viewer.id == self._case.gate.controller:
            self._case.hands.release_all()
            self._case.count_input(viewer.id)
        for grant in self._case.gate.take_back(Capability.VIEW, viewer.id):
            self._case.accounts.ended(grant.viewer, grant.capability)
        led = viewer is self._case.viewers.lead
        self._case.viewers.remove(viewer)
        self._questions.withdraw(viewer)
        self._case.voices.write(session_log.Left(viewer.id, by))
        if viewer.peer is not None:
            self.dismiss(viewer.peer)
        lead = self._case.viewers.lead
        if lead is None:
            self.on_nobody_left(by)
            return
        if led:
            self._case.voices.write(session_log.HandedOver(viewer.id, lead.id))
        if viewer.is_admitted:
            self.start_epoch()
            self.set_pace()
        self._tell()

    def hand_over(self, viewer: RemoteViewer, to: ViewerId) -> None:
        """Whoever leads lets somebody else lead, who is there and may."""
        heir = self._case.viewers.get(to)
        if viewer is not self._case.viewers.lead or heir is None or heir is viewer:
            return
        if heir.may_control and heir.is_admitted and heir.is_present:
            self._case.viewers.lead = heir
            self._case.voices.write(session_log.HandedOver(viewer.id, to))
            self.set_pace()
            self._tell()

    # --- now and then ---

    @property
    def is_at_rest(self) -> bool:
        """Whether all are there, nothing has been said to anybody for a while, and nobody holds anything down."""
        everybody = self._case.viewers
        is_quiet = all(viewer.is_present and viewer.signs_of_life.is_at_rest for viewer in everybody)
        return is_quiet and not self._case.hands.is_holding

    def keep_alive(self, viewer: RemoteViewer) -> None:
        """Prove to be there, and notice who is not."""
        if viewer.peer is None:
            return
        if viewer.is_admitted and self._case.pictures.has_begun:
            reached = self._case.pictures.reached()
            if reached != viewer.told_reached:
                viewer.told_reached = reached
                self._case.voices.say(viewer, reached)
        if viewer.signs_of_life.is_due(awake_or_asleep_s()):
            self._case.voices.say(viewer, Pinged(now_ms()))
        # A viewer that holds nothing may be silent for as long.
        if viewer.silent_s > PICTURE_LIVE_S and viewer.id == self._case.gate.controller and self._case.hands.is_busy:
            self._case.hands.release_all()
        if viewer.silent_s > PEER_GONE_S:
            peer = viewer.peer
            self.cut(viewer)
            self.dismiss(peer)

    def _tell(self) -> None:
        self._case.voices.tell_participants()
        self.on_changed()
