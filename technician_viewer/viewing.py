"""The technician's end of one session, without I/O: channel, log, pictures, grants, liveness, coming back (PROTOCOL.md, 5 to 12).

Envelopes and the time go in; what is to be sent comes out of `outgoing`; what became known can be read at any moment. It outlives its
connection: `cut` says that the agent cannot be heard, `agent_present` that it is on the line again. What is said meanwhile, it hears
then; input is not said at all. Times are seconds of a clock that never goes back; UTC is given where something is signed or said.
"""

from collections import deque
from collections.abc import Sequence

from protocol import clipboard
from protocol.channel import ControlChannel, viewer_channel
from protocol.codec import Message, encode
from protocol.envelope import Envelope, Kind, MediaEnvelope, wrap, wrap_relay
from protocol.errors import LocalProtocolError, LogTampered, RemoteProtocolError
from protocol.identity import text_hash
from protocol.introduction import sign_introduction, sign_return
from protocol.key_schedule import ChannelSecrets, Randomness
from protocol.limits import PEER_GONE_S, PICTURE_LIVE_S, VIEW_GRACE_S
from protocol.media import MediaOpener
from protocol.media_parts import (
    InputApplied,
    Part,
    PictureEnd,
)
from protocol.messages import (
    INPUT,
    AccessAsked,
    AccessChanged,
    AccessNotStored,
    ChatRefused,
    ChatSaid,
    ClipboardAnswered,
    ClipboardAsked,
    ClipboardPut,
    ClipboardSent,
    Ended,
    EntryAppended,
    EpochStarted,
    FileChosen,
    FileClosed,
    FileCompleted,
    FilePart,
    FileReceived,
    FromAgent,
    HeadOffered,
    HeadSigned,
    InputDropped,
    InputReleased,
    Introduced,
    KeyChanged,
    KeyPictureAsked,
    MediaReached,
    ParticipantsChanged,
    ParticipantShown,
    PathMeasured,
    PictureShown,
    Pinged,
    PointerButton,
    PromptClosed,
    PromptOpened,
    RecordingChanged,
    SentAway,
    Welcomed,
    from_viewer,
)
from protocol.relay_messages import HeadSubmitted
from protocol.resume import Position, ViewerResume
from protocol.session_log import (
    Answered,
    Asked,
    DeviceDescribed,
    Entry,
    LogReader,
    Opened,
    countersign_head,
    last_hash,
)
from protocol.signs_of_life import SignsOfLife
from protocol.vocabulary import Answer, Capability, ClipboardAnswer, Hold, Outcome, RecordingState
from technician_viewer.errors import InputHeld
from technician_viewer.file_transfers import Transfers
from technician_viewer.picture import Pictures
from technician_viewer.purpose import Purpose
from technician_viewer.video import VideoBroken

AWAY = "away"
NOT_ALLOWED = "not_allowed"
NOT_STORED = "not_stored"
LATE_PICTURE = "late_picture"

_KEPT_MAX = 1024


class Viewing:
    """From the first sealed channel to the end, over any number of connections."""

    secrets: list[bytes]
    _channel: ControlChannel[FromAgent] | None

    def __init__(self, secrets: ChannelSecrets, purpose: Purpose, *, now_s: float) -> None:
        """Begin with a channel that was just agreed on; introduces the technician at once."""
        self._begin(purpose, now_s)
        self._channel = viewer_channel(secrets)
        self.secrets = [secrets.resume]
        self.is_connected = True
        self._introduce(secrets)

    @classmethod
    def recalled(cls, secrets: Sequence[bytes], purpose: Purpose, *, now_s: float) -> "Viewing":
        """Begin where all was lost but what a page keeps: the secrets to come back with, certificate and key."""
        viewing = cls.__new__(cls)
        viewing._begin(purpose, now_s)
        viewing.secrets, viewing._is_empty = list(secrets), True
        return viewing

    def _begin(self, purpose: Purpose, now_s: float) -> None:
        self.purpose = purpose
        self.secrets = []
        """To come back with, newest first; the second goes once a record under the new keys has verified (section 11)."""
        self.is_connected = False
        """Whether the agent can be heard, as far as is known."""
        self.resumes_s: list[float] = []
        """How long each cut lasted, from the last sign of life to the first one after."""
        self._channel = None
        self._resume: ViewerResume | None = None
        self._is_empty = False
        """What was received is lost: the agent begins to count anew, and to tell."""
        self._may_be_welcomed = True
        self.is_coming_back = False
        """It has said who it is, and waits for the agent's first word."""
        self._media = MediaOpener()
        self._log = LogReader()
        self._outgoing: list[bytes] = []
        self._heard_at_s = now_s
        self._is_picture_old = False
        self._announced: deque[tuple[int, float]] = deque()
        self._is_down: set[KeyChanged | PointerButton] = set()
        self._signs_of_life = SignsOfLife.of_viewer()
        self._agent_key = b""
        self.pictures = Pictures()
        self.picture = 0
        """The number of the newest picture that is complete; 0 before the first."""
        self.is_exact = False
        """Whether every pixel of it is the customer's; else better ones follow by themselves."""
        self.system = ""
        """What the customer's machine says it is."""
        self.device: DeviceDescribed | None = None
        """Which computer it is, once somebody was allowed to see; older agents do not tell."""
        self.capabilities: frozenset[Capability] = frozenset()
        self.holds: frozenset[Hold] = frozenset()
        self.until_ms = 0
        self.question: Capability | None = None
        """What the customer is reading a question about."""
        self.refusals: dict[Capability, str] = {}
        """What was asked and is not allowed, and why: `refused`, `timed_out` or `not_stored`."""
        self.way: PathMeasured | None = None
        """How the way to whoever sets the pace is, as the agent said last."""
        self.chat: list[ChatSaid] = []
        """What was said since we were admitted."""
        self.chat_refusals: deque[str] = deque(maxlen=_KEPT_MAX)
        """Why what we wrote was not said, the newest last."""
        self.files = Transfers(self.say)
        self.clipboard: str | ClipboardAnswer | None = None
        """What became of the last wish about the customer's clipboard: the text that was copied there, or the answer; None before."""
        self._arriving = clipboard.Arriving()
        self.dropped: deque[Hold] = deque(maxlen=_KEPT_MAX)
        """Each time that input arrived and was not applied, the newest last."""
        self.applied: deque[InputApplied] = deque(maxlen=_KEPT_MAX)
        """What of our input took effect, the newest last."""
        self.heads: list[str] = []
        """The heads that both ends have signed, oldest first."""
        self.entries: list[Entry] = []
        self.recording = RecordingState.UNAVAILABLE
        """How it stands with the recording."""
        self.participants: tuple[ParticipantShown, ...] = ()
        """Who is there, in the order in which they came."""
        self.is_sent_away = False
        """The customer, or the time that was allowed, ended it for this viewer alone."""
        self.outcome: Outcome | None = None

    # --- what is asked of it ---------------------------------------------------------------------------------------

    @property
    def is_welcome(self) -> bool:
        """Whether the agent has a session with us, so that there is something to come back to."""
        return bool(self._agent_key) or self._is_empty

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
        return is_silent or is_missing or self._is_picture_old or self.picture == 0

    def silent_s(self, now_s: float) -> float:
        """For how long nothing authentic was heard of the agent."""
        return now_s - self._heard_at_s

    def is_gone(self, now_s: float) -> bool:
        """Whether a connection that seems to be there is not: time for a new one."""
        return self.is_connected and self.silent_s(now_s) > PEER_GONE_S

    def has_outstayed(self, now_s: float) -> bool:
        """Whether there is nothing left to come back to."""
        return self.silent_s(now_s) > VIEW_GRACE_S

    def held_by(self, now_s: float) -> tuple[str, ...]:
        """What keeps input from going to the customer; empty when nothing does."""
        reasons = [] if self.is_connected else [AWAY]
        reasons += [] if Capability.CONTROL in self.capabilities else [NOT_ALLOWED]
        reasons += sorted(self.holds)
        return (*reasons, LATE_PICTURE) if self.is_late(now_s) else tuple(reasons)

    # --- what the technician does ----------------------------------------------------------------------------------

    def say(self, message: Message) -> None:
        """Say something that is not input; what the agent misses during a cut, it hears after it.

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

    def put_on_clipboard(self, text: str) -> None:
        """Put text on the customer's clipboard, with newlines as line ends and without control characters but tabs.

        Raises:
            LocalProtocolError: more than 64 KB as UTF-8, or nothing at all.
        """
        plain = clipboard.plain(text)
        if not plain or clipboard.is_too_long(plain):
            raise LocalProtocolError("too much text for a clipboard, or none")
        self.clipboard = None
        pieces = clipboard.pieces_of(plain)
        for number, piece in enumerate(pieces):
            self._send(ClipboardPut(number, len(pieces), piece))

    def ask_clipboard(self) -> None:
        """Ask for what the customer has copied."""
        self.clipboard = None
        self._send(ClipboardAsked())

    def tick(self, *, now_s: float, utc_ms: int) -> None:
        """Every PROOF_OF_LIFE_S: prove to be alive, and let go of what is held once the picture is late."""
        if self.outcome is not None or not self.is_connected:
            return
        if self._is_down and self.held_by(now_s):
            self._is_down.clear()
            self._send(InputReleased())
        if self._signs_of_life.is_due(now_s):
            self._send(Pinged(utc_ms))

    # --- cuts --------------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """The agent cannot be heard for the moment. What is held at the customer's comes up there by itself."""
        self.is_connected = self.is_coming_back = False
        self._resume = None
        self._outgoing.clear()
        self._is_down.clear()
        self._signs_of_life = SignsOfLife.of_viewer()
        self._announced.clear()
        self._is_picture_old = True
        self.question = None

    def agent_present(self, randomness: Randomness) -> None:
        """The agent is on the line again: say who comes back, and what is here of what it said."""
        self.cut()
        received = 0 if self._is_empty or self._channel is None else self._channel.received
        texts = self._log.texts
        position = Position(received, self._is_empty, len(texts), last_hash(texts))
        self._resume = ViewerResume(self.secrets, position, randomness)
        self._outgoing.append(wrap(Kind.HANDSHAKE, self._resume.hello))

    def _come_back(self, resume: ViewerResume) -> None:
        secrets = resume.channel
        assert secrets
        if self._is_empty or self._channel is None:
            # An empty return that got no answer was none: whatever was said under its keys is lost, as it would be on the way.
            self._channel, self._may_be_welcomed = viewer_channel(secrets), True
        else:
            self._channel.renew(secrets.of_viewer, resume.agent_received)
        self.secrets = resume.secrets
        self.is_connected = self.is_coming_back = True
        # First who we are, then what the agent has missed, then whatever is said from now on.
        self._send(sign_return(secrets.binding, self.purpose.key))
        self._outgoing += [wrap(Kind.CONTROL, record) for record in self._channel.again()]

    def _heard(self, now_s: float) -> None:
        """A record has verified under the keys of now."""
        self._is_empty = False
        del self.secrets[1:]
        if self.is_coming_back:
            self.is_coming_back = False
            self.files.back(now_s)
            self.resumes_s.append(self.silent_s(now_s))
        self._heard_at_s = now_s

    def _keep_down(self, what: KeyChanged | PointerButton, is_down: bool) -> None:
        if is_down:
            self._is_down.add(what)
        else:
            self._is_down.discard(what)

    def _introduce(self, secrets: ChannelSecrets) -> None:
        purpose = self.purpose
        introduction = Introduced(
            purpose.certificate, purpose.ticket, purpose.subject, purpose.reason, purpose.asks, [], b""
        )
        self._send(sign_introduction(introduction, secrets.binding, purpose.key))

    def _send(self, message: Message) -> None:
        if self.outcome is not None:
            raise LocalProtocolError("the session is over")
        try:
            # What the agent would refuse ends the session; better that the caller hears of it.
            from_viewer.decode(encode(message))
        except RemoteProtocolError as error:
            raise LocalProtocolError(f"not to be said: {error}") from None
        if self._channel is None:
            raise LocalProtocolError("the session is not there again yet")
        if self.is_connected:
            self._signs_of_life.said(message)
            self._outgoing.append(wrap(Kind.CONTROL, self._channel.seal(message)))
        else:
            self._channel.say_later(message)

    # --- what arrives ----------------------------------------------------------------------------------------------

    def receive(self, envelope: Envelope | MediaEnvelope, *, now_s: float, utc_s: int) -> None:
        """Act on a control or media record, or on the agent's part of a resume. During a cut nothing that comes late counts.

        Raises:
            RemoteProtocolError: altered, out of order, malformed or not allowed; the session cannot go on.
        """
        if self.outcome is not None:
            return
        match envelope:
            case Envelope(Kind.HANDSHAKE, _, content) if not self.is_connected:
                self._on_answer_to_hello(content)
            case Envelope(Kind.CONTROL, _, record):
                if self.is_connected and self._channel:
                    message = self._channel.open(record)
                    self._heard(now_s)
                    self._on_message(message, now_s, utc_s)
            case MediaEnvelope():
                if self.is_connected:
                    for part in self._media.open(envelope):
                        self._on_part(part)
            case _:
                raise RemoteProtocolError("an envelope that does not belong into a session")

    def _on_answer_to_hello(self, content: bytes) -> None:
        resume = self._resume
        if resume is None:
            return  # of an attempt that was given up already
        for answer in resume.receive(content):
            self._outgoing.append(wrap(Kind.HANDSHAKE, answer))
        self._resume = None
        self._come_back(resume)

    def _on_message(self, message: FromAgent, now_s: float, utc_s: int) -> None:
        match message:
            case Welcomed(agent_key, _, system):
                if not self._may_be_welcomed or self._agent_key not in (b"", agent_key):
                    raise RemoteProtocolError("a second welcome")
                self._agent_key, self.system, self._may_be_welcomed = agent_key, system, False
            case Pinged() if self._signs_of_life.is_due(now_s, is_woken=True):
                self._send(Pinged(utc_s * 1000))
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
            case PathMeasured():
                self.way = message
            case RecordingChanged(state):
                self.recording = state
            case ChatSaid():
                self.chat.append(message)
            case ChatRefused(why):
                self.chat_refusals.append(why)
            case FileChosen() | FileReceived() | FilePart() | FileCompleted() | FileClosed():
                self.files.take(message, now_s)
            case ClipboardSent(number, pieces, piece):
                if (copied := self._arriving.add(number, pieces, piece)) is not None:
                    self.clipboard = copied
            case ClipboardAnswered(answer):
                self.clipboard = answer
            case InputDropped(hold):
                self.dropped.append(hold)
            case EntryAppended(text):
                self._on_entry(self._log.add(text))
            case HeadOffered(note):
                self._sign_head(note, utc_s)
            case ParticipantsChanged(participants):
                self.participants = tuple(participants)
            case SentAway(by):
                self.is_sent_away = True
                never_saw = Capability.VIEW not in self.capabilities and self.picture == 0
                refused = Outcome.DECLINED if by == "customer" else Outcome.UNANSWERED
                self._end(refused if never_saw else Outcome.STOPPED)
            case Ended(outcome):
                self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.capabilities = frozenset()

    def _on_part(self, part: Part) -> None:
        try:
            self.pictures.take(part)
        except VideoBroken:
            self._send(KeyPictureAsked())
        match part:
            case InputApplied():
                self.applied.append(part)
            case PictureEnd(number, is_exact=is_exact):
                self.picture, self.is_exact = number, is_exact
                self._is_picture_old = False
                while self._announced and self._announced[0][0] <= number:
                    self._announced.popleft()
                self._send(PictureShown(number))

    def _on_entry(self, entry: Entry) -> None:
        self.entries.append(entry)
        match entry.event:
            case Opened() as opened:
                self._check_opened(opened, self._log.texts[0])
            case Answered(question, answer, capabilities):
                self._on_answer(question, answer, capabilities)
            case DeviceDescribed() as device:
                self.device = device

    def _check_opened(self, opened: Opened, text: str) -> None:
        """The log that we are about to sign is that of this session, and of the agent that we talk to."""
        purpose = self.purpose
        if purpose.opening:
            if text != purpose.opening or opened.agent_key != self._agent_key:
                raise LogTampered("the log opens otherwise than that of the session we were invited to")
            return
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
