"""The technician's end of one session, without I/O: channel, log, pictures, grants, liveness (PROTOCOL.md, sections 5 to 9).

Envelopes and the time go in; what is to be sent comes out of `outgoing`; what became known can be read at any moment.
Times are seconds of any clock that only runs forward; UTC is given where something is signed or said.
"""

from collections import deque
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.channel import ControlChannel, viewer_channel
from protocol.codec import Message, encode
from protocol.envelope import Envelope, Kind, MediaEnvelope, wrap, wrap_relay
from protocol.errors import LocalProtocolError, LogTampered, RemoteProtocolError
from protocol.identity import text_hash
from protocol.introduction import sign_introduction
from protocol.key_schedule import ChannelSecrets
from protocol.limits import PICTURE_LIVE_S
from protocol.media import InputApplied, MediaOpener, Part, PictureEnd, PointerAt, PointerShape, Rectangle, Screens
from protocol.messages import (
    INPUT,
    AccessAsked,
    AccessChanged,
    AccessNotStored,
    Ended,
    EntryAppended,
    EpochStarted,
    FromAgent,
    HeadOffered,
    HeadSigned,
    InputDropped,
    InputReleased,
    Introduced,
    KeyChanged,
    MediaReached,
    PictureShown,
    Pinged,
    PointerButton,
    PromptClosed,
    PromptOpened,
    Welcomed,
    from_viewer,
)
from protocol.relay_messages import HeadSubmitted
from protocol.session_log import Answered, Asked, Entry, LogReader, Opened, countersign_head
from protocol.vocabulary import Answer, Capability, Hold, Outcome
from technician_viewer.errors import InputHeld
from technician_viewer.picture import Pictures

NOT_ALLOWED = "not_allowed"
NOT_STORED = "not_stored"
LATE_PICTURE = "late_picture"

_KEPT_MAX = 1024


@dataclass(frozen=True)
class Purpose:
    """Who helps, on which ticket and what for: what the customer is told, and the key that vouches for it."""

    session: str
    certificate: str
    """Signed by the organisation's issuing key, as text."""
    key: Ed25519PrivateKey = field(repr=False)
    ticket: str
    subject: str
    reason: str
    asks: Capability


class Viewing:
    """From the sealed channel to the end; introduces the technician at once."""

    def __init__(self, secrets: ChannelSecrets, purpose: Purpose, *, now_s: float) -> None:
        self.secrets = secrets
        """Of these, `resume` outlives the connection (section 11)."""
        self.purpose = purpose
        self._channel: ControlChannel[FromAgent] = viewer_channel(secrets)
        self._media = MediaOpener()
        self._log = LogReader()
        self._outgoing: list[bytes] = []
        self._heard_at_s = now_s
        self._announced: deque[tuple[int, float]] = deque()
        self._is_down: set[KeyChanged | PointerButton] = set()
        self._agent_key = b""
        self.pictures = Pictures()
        self.picture = 0
        """The number of the newest picture that is complete; 0 before the first."""
        self.system = ""
        """What the customer's machine says it is."""
        self.capabilities: frozenset[Capability] = frozenset()
        self.holds: frozenset[Hold] = frozenset()
        self.until_ms = 0
        self.question: Capability | None = None
        """What the customer is reading a question about."""
        self.refusals: dict[Capability, str] = {}
        """What was asked and is not allowed, and why: `refused`, `timed_out` or `not_stored`."""
        self.dropped: deque[Hold] = deque(maxlen=_KEPT_MAX)
        """Each time that input arrived and was not applied, the newest last."""
        self.applied: deque[InputApplied] = deque(maxlen=_KEPT_MAX)
        """What of our input took effect, the newest last."""
        self.heads: list[str] = []
        """The heads that both ends have signed, oldest first."""
        self.entries: list[Entry] = []
        self.outcome: Outcome | None = None
        self._introduce()

    # --- what is asked of it ---------------------------------------------------------------------------------------

    @property
    def entry_texts(self) -> tuple[str, ...]:
        """The session log as received, each entry to the letter."""
        return tuple(self._log.texts)

    def outgoing(self) -> list[bytes]:
        """Hand over the envelopes to send, in order."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def is_late(self, now_s: float) -> bool:
        """Whether the picture is not live: no proof of life, or an announced picture is missing, for two seconds."""
        is_silent = now_s - self._heard_at_s > PICTURE_LIVE_S
        is_missing = bool(self._announced) and now_s - self._announced[0][1] > PICTURE_LIVE_S
        return is_silent or is_missing or self.picture == 0

    def held_by(self, now_s: float) -> tuple[str, ...]:
        """What keeps input from going to the customer; empty when nothing does."""
        reasons = [] if Capability.CONTROL in self.capabilities else [NOT_ALLOWED]
        reasons += sorted(self.holds)
        return (*reasons, LATE_PICTURE) if self.is_late(now_s) else tuple(reasons)

    # --- what the technician does ----------------------------------------------------------------------------------

    def say(self, message: Message) -> None:
        """Send something that is not input.

        Raises:
            LocalProtocolError: the protocol does not allow it, or the session is over.
        """
        if isinstance(message, AccessAsked):
            self.refusals.pop(message.capability, None)
        self._send(message)

    def act(self, message: Message, *, now_s: float) -> None:
        """Send input.

        Raises:
            InputHeld: it would not be applied now; nothing was sent.
            LocalProtocolError: the protocol does not allow it.
        """
        if not isinstance(message, INPUT):
            raise LocalProtocolError(f"{type(message).__name__} is not input")
        if (reasons := self.held_by(now_s)) and not isinstance(message, InputReleased):
            raise InputHeld(reasons)
        self._send(message)
        match message:
            case KeyChanged(code, is_down):
                self._keep_down(KeyChanged(code, is_down=True), is_down)
            case PointerButton(button=button, is_down=is_down):
                self._keep_down(PointerButton(0, 0, 0, button, is_down=True, picture=0), is_down)
            case InputReleased():
                self._is_down.clear()

    def tick(self, *, now_s: float, utc_ms: int) -> None:
        """Twice a second: prove to be alive, and let go of what is held once the picture is late."""
        if self.outcome is not None:
            return
        if self._is_down and self.held_by(now_s):
            self._is_down.clear()
            self._send(InputReleased())
        self._send(Pinged(utc_ms))

    def _keep_down(self, what: KeyChanged | PointerButton, is_down: bool) -> None:
        if is_down:
            self._is_down.add(what)
        else:
            self._is_down.discard(what)

    def _introduce(self) -> None:
        purpose = self.purpose
        introduction = Introduced(
            purpose.certificate, purpose.ticket, purpose.subject, purpose.reason, purpose.asks, "", [], b""
        )
        self._send(sign_introduction(introduction, self.secrets.binding, purpose.key))

    def _send(self, message: Message) -> None:
        if self.outcome is not None:
            raise LocalProtocolError("the session is over")
        try:
            # What the agent would refuse ends the session; better that the caller hears of it.
            from_viewer.decode(encode(message))
        except RemoteProtocolError as error:
            raise LocalProtocolError(f"not to be said: {error}") from None
        self._outgoing.append(wrap(Kind.CONTROL, self._channel.seal(message)))

    # --- what arrives ----------------------------------------------------------------------------------------------

    def receive(self, envelope: Envelope | MediaEnvelope, *, now_s: float, utc_s: int) -> None:
        """Act on a control or media record.

        Raises:
            RemoteProtocolError: altered, out of order, malformed or not allowed; the session cannot go on.
        """
        if self.outcome is not None:
            return
        match envelope:
            case Envelope(Kind.CONTROL, _, record):
                message = self._channel.open(record)
                self._heard_at_s = now_s
                self._on_message(message, now_s, utc_s)
            case MediaEnvelope():
                for part in self._media.open(envelope):
                    self._on_part(part)
            case _:
                raise RemoteProtocolError("an envelope that does not belong into a session")

    def _on_message(self, message: FromAgent, now_s: float, utc_s: int) -> None:
        match message:
            case Welcomed(agent_key, _, system):
                if self._agent_key:
                    raise RemoteProtocolError("a second welcome")
                self._agent_key, self.system = agent_key, system
            case PromptOpened(capability):
                self.question = capability
            case PromptClosed():
                self.question = None
            case AccessChanged(capabilities, holds, until_ms):
                self.capabilities, self.holds, self.until_ms = frozenset(capabilities), frozenset(holds), until_ms
            case AccessNotStored(capability):
                self.refusals[capability] = NOT_STORED
            case EpochStarted(epoch, key, first_counter):
                self._media.start_epoch(epoch, key, first_counter)
            case MediaReached(_, picture):
                newest = self._announced[-1][0] if self._announced else self.picture
                if picture > newest and len(self._announced) < _KEPT_MAX:
                    self._announced.append((picture, now_s))
            case InputDropped(hold):
                self.dropped.append(hold)
            case EntryAppended(text):
                self._on_entry(self._log.add(text))
            case HeadOffered(note):
                self._sign_head(note, utc_s)
            case Ended(outcome):
                self.outcome = outcome
                self.capabilities = frozenset()

    def _on_part(self, part: Part) -> None:
        match part:
            case Screens():
                self.pictures.set_screens(part)
            case Rectangle():
                self.pictures.put(part)
            case PointerAt():
                self.pictures.pointer = part
            case PointerShape():
                self.pictures.set_pointer_shape(part)
            case InputApplied():
                self.applied.append(part)
            case PictureEnd(number):
                self.picture = number
                self.pictures.end_picture()
                while self._announced and self._announced[0][0] <= number:
                    self._announced.popleft()
                self._send(PictureShown(number))

    def _on_entry(self, entry: Entry) -> None:
        self.entries.append(entry)
        match entry.event:
            case Opened() as opened:
                self._check_opened(opened)
            case Answered(question, answer, capabilities):
                self._on_answer(question, answer, capabilities)

    def _check_opened(self, opened: Opened) -> None:
        """The log that we are about to sign is that of this session, and of the agent that we talk to."""
        purpose = self.purpose
        ours = (purpose.session, purpose.ticket, self._agent_key, text_hash(purpose.certificate))
        if (opened.session, opened.ticket, opened.agent_key, opened.certificate) != ours:
            raise LogTampered("the log opens for another session, agent or technician")

    def _on_answer(self, question: int, answer: Answer, allowed: list[Capability]) -> None:
        asked = self.entries[question].event if question < len(self.entries) else None
        if not isinstance(asked, Asked):
            raise LogTampered("an answer without its question")
        if asked.capability in allowed:
            self.refusals.pop(asked.capability, None)
        else:
            # A yes to seeing alone is a no to control.
            self.refusals[asked.capability] = Answer.REFUSED if answer is Answer.ALLOWED else answer

    def _sign_head(self, note: str, utc_s: int) -> None:
        purpose = self.purpose
        signed = countersign_head(note, purpose.session, self._log.texts, self._agent_key, purpose.key, at_s=utc_s)
        self.heads.append(signed)
        self._outgoing.append(wrap_relay(encode(HeadSubmitted(signed))))
        self._send(HeadSigned(signed))
