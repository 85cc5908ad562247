"""What viewers are told: each over its own channel, also what it missed while it was cut off."""

import asyncio
import logging
from collections.abc import Callable

from client_agent.session.evidence import Evidence
from client_agent.session.line import Line
from client_agent.session.viewers import RemoteViewer, Viewers
from protocol.codec import Message
from protocol.consent import ConsentGate
from protocol.envelope import Kind
from protocol.errors import LocalProtocolError
from protocol.messages import (
    AccessChanged,
    EntryAppended,
    HeadOffered,
    ParticipantsChanged,
    ParticipantShown,
    RecordingChanged,
)
from protocol.session_log import Event
from protocol.vocabulary import RecordingState

log = logging.getLogger("mainforte.agent")


class Voices:
    """Says things to viewers. `on_deaf` hears of one that cannot be told any more."""

    def __init__(
        self,
        line: Line,
        viewers: Viewers,
        evidence: Evidence,
        gate: ConsentGate,
        on_deaf: Callable[[RemoteViewer], None],
    ) -> None:
        self._line, self._viewers, self._evidence, self._gate, self._on_deaf = line, viewers, evidence, gate, on_deaf
        self._offered = self._signed = 0

    def say(self, viewer: RemoteViewer, message: Message) -> None:
        """Say something to one viewer; what it misses while it is cut off it hears when it is back."""
        viewer.signs_of_life.said(message)
        try:
            if viewer.peer is None:
                viewer.channel.say_later(message)
            else:
                self._line.send(Kind.CONTROL, viewer.channel.seal(message), peer=viewer.peer)
        except LocalProtocolError as error:
            log.warning("a viewer cannot be told any more: %s", error)
            asyncio.get_running_loop().call_soon(self._on_deaf, viewer)

    def say_again(self, viewer: RemoteViewer) -> None:
        """Say what the viewer missed, first of all under its new keys."""
        for record in viewer.channel.again():
            self._line.send(Kind.CONTROL, record, peer=viewer.peer or 0)

    def write(self, event: Event, beside: bytes = b"") -> int:
        """Append an entry to the log, have it stored with what lies beside it, and let everybody follow it; gives its number."""
        number = self._evidence.write(event, beside)
        for viewer in self._viewers:
            self.feed(viewer)
        return number

    def feed(self, viewer: RemoteViewer) -> None:
        """Send what of the log and the chat the viewer has not been sent, as much as it takes at once."""
        while viewer.is_present and viewer.next_entry < len(self._evidence.texts) and viewer.channel.has_room:
            viewer.next_entry += 1
            self.say(viewer, EntryAppended(self._evidence.texts[viewer.next_entry - 1]))
        while viewer.is_present and viewer.next_chat < len(viewer.chat) and viewer.channel.has_room:
            viewer.next_chat += 1
            self.say(viewer, viewer.chat[viewer.next_chat - 1])

    def offer_head(self) -> bool:
        """Make a head of all entries, and offer it to whoever controls, or else leads, for a signature; tells whether it was.

        Whoever has not been sent all of them yet cannot sign that they have.
        """
        head = self._evidence.make_head()
        if (viewer := self._signatory()) is None:
            return False
        self.feed(viewer)
        if not viewer.is_present or viewer.next_entry < len(self._evidence.texts):
            return False
        self.say(viewer, HeadOffered(head))
        self._offered = len(self._evidence.texts)
        return True

    def head_signed(self) -> None:
        """Whoever was offered a head has signed it."""
        self._signed = self._offered

    @property
    def is_head_due(self) -> bool:
        """Whether there are entries of which no head that both ends signed speaks."""
        return self._signed < len(self._evidence.texts)

    def _signatory(self) -> RemoteViewer | None:
        """Whoever controls, else whoever leads, else the first who may, of those who are there."""
        controller = self._gate.controller
        others = (each for each in self._viewers if each.may_control and each.is_admitted)
        order = (self._viewers.get(controller) if controller else None, self._viewers.lead, *others)
        return next((each for each in order if each and each.is_present), None)

    def tell_access(self, viewer: RemoteViewer) -> None:
        """Tell a viewer what it may do now, and what holds input back."""
        capabilities = sorted(self._gate.capabilities_of(viewer.id))
        self.say(viewer, AccessChanged(capabilities, sorted(self._gate.holds), self._gate.until_ms(viewer.id)))

    def tell_recording(self, viewer: RemoteViewer, state: RecordingState) -> None:
        """Tell a viewer how it stands with the recording."""
        self.say(viewer, RecordingChanged(state))

    def tell_participants(self) -> None:
        """Tell everybody who is there."""
        shown = [
            ParticipantShown(
                each.id,
                each.certificate.name,
                each.certificate.role,
                sorted(self._gate.capabilities_of(each.id)),
                each is self._viewers.lead,
                each.is_present,
            )
            for each in self._viewers
        ]
        for viewer in self._viewers:
            if viewer.is_present:
                self.say(viewer, ParticipantsChanged(shown))
