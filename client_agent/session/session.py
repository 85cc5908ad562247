"""Where the parts of a session meet: what arrives goes to whom it concerns, and the end is seen to.

The consent gate decides every message of a technician; whatever the customer does acts at once and is written down after. A cut
takes nothing away but time: who comes back within the grace goes on with what was allowed.
"""

import asyncio
import contextlib
import logging
import secrets

from client_agent.active_window import ActiveWindow
from client_agent.clipboard.clipboard import Clipboard
from client_agent.eyes import Eyes
from client_agent.hands import Hands
from client_agent.organisation import Organisation
from client_agent.prompts.customer import Customer, CustomerCallbacks, Problem, Progress
from client_agent.prompts.customer import Viewer as ShownViewer
from client_agent.session import shown
from client_agent.session.access import Access
from client_agent.session.accounts import Accounts
from client_agent.session.arrivals import Arrivals, Return
from client_agent.session.attendance import Attendance
from client_agent.session.case import Case, Tasks
from client_agent.session.chat import Chat
from client_agent.session.clipboard import SharedClipboard
from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.device import Device
from client_agent.session.evidence import Evidence
from client_agent.session.files import Files
from client_agent.session.line import Line, LineLost, LineRestored
from client_agent.session.notes import Notes
from client_agent.session.pairing import Paired
from client_agent.session.pictures import Pictures
from client_agent.session.questions import Questions
from client_agent.session.recorder import Recorder
from client_agent.session.recording import Recording
from client_agent.session.titles import Titles
from client_agent.session.viewers import RemoteViewer, Viewers
from client_agent.session.voices import Voices
from protocol import session_log
from protocol.channel import agent_channel
from protocol.consent import ConsentGate, ViewerId
from protocol.envelope import Envelope, Kind
from protocol.errors import NotAuthentic, NotCertified, ProtocolError, RemoteProtocolError
from protocol.identity import text_hash
from protocol.joining import joining_key
from protocol.limits import AGENT_AT_REST_S, HANDSHAKE_TIMEOUT_S, HEAD_EVERY_S, PROOF_OF_LIFE_S
from protocol.log_of_sessions import Logged, trust_in
from protocol.messages import (
    AccessAsked,
    ChatWritten,
    ClipboardAsked,
    ClipboardPut,
    ControlGivenBack,
    DrawingTimed,
    Ended,
    FromViewer,
    HandedOver,
    HeadSigned,
    InputDropped,
    InputReleased,
    Introduced,
    KeyPictureAsked,
    Left,
    NoteWritten,
    PictureShown,
    PreferenceChosen,
    Returned,
    ScreenChosen,
)
from protocol.relay_messages import (
    EntryLogged,
    EntryNotStored,
    EntryStored,
    LegsMeasured,
    PeerJoined,
    PeerLeft,
    PeerShutOut,
    SegmentNotStored,
    SegmentStored,
    from_relay,
)
from protocol.vocabulary import Capability, Hold, Outcome

STOP_KEY_HELD_S = 2
_HEAD_SIGNED_S = 2.0
# At rest everything but who is there can wait for a few seconds: a look around takes as long as a sign of life itself.
_SIGNS_A_LOOK_AT_REST = 4
# After the end: how long the last entries are brought to a relay that is away.
_DELIVER_S = 20.0

log = logging.getLogger("mainforte.agent")


class Session:
    """From the sealed channel to the last entry of the log."""

    def __init__(
        self,
        line: Line,
        paired: Paired,
        organisation: Organisation,
        customer: Customer,
        eyes: Eyes,
        hands: Hands,
        window: ActiveWindow | None,
        clipboard: Clipboard | None,
        *,
        version: str,
        system: str,
    ) -> None:
        self._version, self._system, self._started_ms = version, system, now_ms()
        self._first = (agent_channel(paired.secrets), paired)
        trust = trust_in(organisation.document, organisation.fingerprint)
        viewers, gate, evidence = Viewers(), ConsentGate(), Evidence(line, trust)
        voices = Voices(
            line, viewers, evidence, gate, on_deaf=lambda viewer: self._attendance.remove(viewer, "network")
        )
        self._recorder = Recorder(line, voices.write)
        recording = Recording(organisation, self._recorder, voices.write)
        self._case = Case(
            organisation,
            customer,
            line,
            viewers,
            gate,
            evidence,
            Accounts(),
            voices,
            recording,
            Pictures(line, eyes, recording),
            hands,
            Tasks(on_failure=lambda: self._finish(Outcome.FAILED, "agent")),
        )
        self._joining_scalar = secrets.token_bytes(32)
        self._arrivals = Arrivals(viewers, self._joining_scalar)
        self._questions = Questions(customer, organisation, voices, recording)
        self._notes = Notes(voices, recording)
        self._chat = Chat(customer, viewers, voices, recording)
        self._titles = Titles(window, voices, recording, lambda: self._case.pictures.is_seeing)
        self._device = Device(self._case.pictures, voices, self._case.tasks)
        self._clipboard = SharedClipboard(clipboard, self._case)
        hands.on_applied = eyes.tell
        self._attendance = Attendance(self._case, self._questions, self._arrivals, system)
        self._access = Access(self._case, self._attendance, self._questions, self._finish)
        self._attendance.on_joining = self._access.ask_to_join
        self._attendance.on_back = self._access.ask_again
        self._attendance.on_nobody_left = self._on_nobody_left
        self._files = Files(self._case)
        self._attendance.on_changed = self._access.on_changed = self._on_changed
        self._files.on_changed = self._update_bar
        self._opened: session_log.Opened | None = None
        self._end: asyncio.Future[tuple[Outcome, str]] = asyncio.get_running_loop().create_future()
        self._last_head_signed, self._all_stored = asyncio.Event(), asyncio.Event()

    async def run(self) -> Outcome:
        """Carry the session through; the summary is shown afterwards."""
        case = self._case
        case.customer.attach(
            CustomerCallbacks(
                on_take_back=lambda: self._access.end(Capability.CONTROL, "customer"),
                on_pause=self._access.pause,
                on_go_on=self._access.go_on,
                on_stop=lambda: self._finish(Outcome.STOPPED, "customer"),
                before_question=self._before_question,
                after_question=lambda: self._access.release(Hold.PROMPT),
                on_more_time=self._questions.more_time,
                on_pause_recording=self._access.pause_recording,
                on_continue_recording=self._access.continue_recording,
                on_end_recording=lambda: self._access.end(Capability.RECORD, "customer"),
                on_send_away=self._on_send_away,
                on_chat=self._on_chat,
                before_typing=self._case.hands.release_all,
                on_end_files=lambda: self._access.end(Capability.FILES, "customer"),
                on_stop_file=self._files.stop,
                on_take_back_clipboard=lambda: self._access.end(Capability.CLIPBOARD, "customer"),
                on_display_lost=lambda: self._finish(Outcome.FAILED, "agent"),
            )
        )
        case.hands.watch_stop_key(
            self._on_stop_key_down, lambda: self._finish(Outcome.STOPPED, "customer"), held_s=STOP_KEY_HELD_S
        )
        carrying = [asyncio.create_task(work) for work in (self._read(), self._submit(), self._recorder.send_again())]
        for task in carrying:
            task.add_done_callback(self._on_carrying_ended)
        case.tasks.start(self._tick())
        case.tasks.start(case.pictures.run())
        case.tasks.start(self._titles.run())
        asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, self._expect_introduction)
        outcome, by = await self._end
        await self._close(outcome, by)
        await case.customer.show_summary(
            shown.summary(case, self._opened, outcome, self._started_ms, tuple(self._files.moved))
        )
        await self._deliver(carrying)
        return outcome

    def _on_carrying_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.error("the session cannot go on: %s: %s", type(error).__name__, error)
            self._finish(Outcome.FAILED, "agent")

    # --- the end ---

    def _finish(self, outcome: Outcome, by: str) -> None:
        """End it now: nothing is allowed any more, whatever else still has to be written down."""
        self._case.hands.release_all()
        self._case.pictures.pause()
        if not self._end.done():
            self._questions.withdraw_all()
            self._access.end_all()
            self._files.follow()
            self._clipboard.follow()
            self._end.set_result((outcome, by))

    def _expect_introduction(self) -> None:
        if self._opened is None:
            self._finish(Outcome.FAILED, "technician")

    def _on_nobody_left(self, by: str) -> None:
        outcome = {"technician": Outcome.COMPLETED, "customer": Outcome.STOPPED}.get(by, Outcome.DROPPED)
        self._finish(outcome, by if by in ("technician", "customer") else "network")

    async def _close(self, outcome: Outcome, by: str) -> None:
        case = self._case
        case.customer.hide_bar()
        if self._opened:
            self._recorder.stop()
            view_ms, control_ms = (case.accounts.allowed_ms(each) for each in (Capability.VIEW, Capability.CONTROL))
            case.voices.write(session_log.SessionEnded(outcome, by, view_ms, control_ms))
            # Both may have been set before: only what comes after the last entry counts.
            self._all_stored.clear()
            self._last_head_signed.clear()
            if case.voices.offer_head():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._last_head_signed.wait(), timeout=_HEAD_SIGNED_S)
            for viewer in case.viewers:
                case.voices.say(viewer, Ended(outcome))
        else:
            channel, paired = self._first
            case.line.send(Kind.CONTROL, channel.seal(Ended(outcome)), peer=paired.peer)
        await case.tasks.cancel_all()
        case.hands.release_all()

    async def _deliver(self, carrying: list[asyncio.Task[None]]) -> None:
        """Wait, within reason, until the relay has the last entries."""
        if self._opened and not self._is_stored and not any(task.done() for task in carrying):
            self._case.customer.show_progress(Progress.ENDING)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_stored.wait(), timeout=_DELIVER_S)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    @property
    def _is_stored(self) -> bool:
        """Whether the relay has everything, the recording included."""
        return self._case.evidence.is_stored and self._recorder.is_stored

    async def _submit(self) -> None:
        """Submit again what could not be stored; also after the end, while the customer reads the summary."""
        while True:
            await self._case.evidence.wait_until_unsure()
            await asyncio.sleep(PROOF_OF_LIFE_S)
            self._case.evidence.submit_again()

    # --- what arrives ---

    async def _read(self) -> None:
        case = self._case
        try:
            async for event in case.line.events(case.evidence.arrival):
                match event:
                    case LineLost(is_final):
                        self._on_line_lost(is_final=is_final)
                    case LineRestored():
                        self._recorder.line_restored()
                        case.evidence.submit_again(at_once=True)
                    case Envelope(Kind.RELAY, _, content):
                        self._on_relay(content)
                    case Envelope(Kind.HANDSHAKE, peer, content):
                        self._on_handshake(peer, content)
                    case Envelope(Kind.CONTROL, peer, record):
                        self._on_record(peer, record)
                    case _:
                        raise RemoteProtocolError("an envelope that does not belong into a session")
        except ProtocolError as error:
            log.warning("the other side broke a rule: %s", error)
            self._finish(Outcome.FAILED, "technician")

    def _on_relay(self, content: bytes) -> None:
        match message := from_relay.decode(content):
            case EntryStored(number):
                self._case.evidence.entry_stored(number)
                self._note_stored()
                self._on_confirmed()
            case EntryLogged(number, logged):
                self._on_logged(number, logged)
            case EntryNotStored(number):
                self._case.evidence.entry_not_stored(number)
                if not self._end.done():
                    self._access.not_stored(number)
            case LegsMeasured():
                self._case.pictures.legs_measured(message)
            case SegmentStored(segment):
                self._recorder.stored(segment)
                self._note_stored()
            case SegmentNotStored(segment):
                self._recorder.not_stored(segment)
            case PeerJoined(peer):
                self._arrivals.came(peer)
            case PeerShutOut(peer):
                if (viewer := self._case.viewers.by_peer(peer)) and not self._end.done():
                    self._attendance.remove(viewer, "organisation")
            case PeerLeft(peer):
                self._arrivals.left(peer)
                self._on_peer_gone(peer)

    def _on_logged(self, number: int, logged: Logged) -> None:
        try:
            self._case.evidence.entry_logged(number, logged)
        except NotAuthentic as error:
            log.error("the log of all sessions does not hold: %s", error)
            self._case.tasks.start(self._case.customer.show_problem(Problem.NOT_LOGGED))
            self._finish(Outcome.FAILED, "network")
        self._on_confirmed()

    def _on_confirmed(self) -> None:
        """More entries may be stored, and in the log of all sessions, than before: what waited for them comes into force."""
        if not self._end.done():
            self._access.stored(self._case.evidence.confirmed - 1)

    def _note_stored(self) -> None:
        if self._is_stored:
            self._all_stored.set()

    def _on_peer_gone(self, peer: int) -> None:
        if self._opened is None and peer == self._first[1].peer:
            self._finish(Outcome.DROPPED, "network")
        if viewer := self._case.viewers.by_peer(peer):
            if self._end.done():
                self._last_head_signed.set()
            else:
                self._attendance.cut(viewer)

    def _on_line_lost(self, *, is_final: bool) -> None:
        log.info("the line to the relay was lost")
        self._arrivals.all_left()
        self._recorder.line_lost()
        self._last_head_signed.set()
        if self._opened is None or is_final:
            self._finish(Outcome.DROPPED, "network")
        if not self._end.done():
            for viewer in self._case.viewers:
                self._attendance.cut(viewer)

    def _on_handshake(self, peer: int, data: bytes) -> None:
        arrival = self._arrivals.get(peer)
        if arrival is None or self._opened is None:
            return
        try:
            answer = self._arrivals.receive(peer, data, self._opened.session)
        except ProtocolError as error:
            log.info("a peer was not let in: %s", error)
            self._attendance.dismiss(peer)
            return
        if answer:
            self._case.line.send(Kind.HANDSHAKE, answer, peer=peer)
        if self._end.done() and not isinstance(arrival.way, Return):
            self._attendance.dismiss(peer)
        elif isinstance(arrival.way, Return) and arrival.way.channel and (old := arrival.way.viewer.peer) is not None:
            # Nothing verifies under its old number any more.
            self._attendance.cut(arrival.way.viewer)
            self._attendance.dismiss(old)

    def _on_record(self, peer: int, record: bytes) -> None:
        if self._opened is None:
            self._open(record)
        elif viewer := self._case.viewers.by_peer(peer):
            try:
                message = viewer.channel.open(record)
                viewer.heard()
                self._on_message(viewer, message)
            except ProtocolError as error:
                self._on_broken_rule(viewer, error)
            self._case.voices.feed(viewer)
        elif arrival := self._arrivals.get(peer):
            try:
                if self._end.done():
                    self._attendance.arrived_too_late(arrival, record)
                else:
                    self._attendance.arrived(arrival, record, self._opened)
            except ProtocolError as error:
                log.info("a peer was not let in: %s", error)
                self._attendance.dismiss(peer)

    def _open(self, record: bytes) -> None:
        """The first record of the first technician, who introduces himself."""
        channel, paired = self._first
        introduction = channel.open(record)
        if not isinstance(introduction, Introduced):
            raise RemoteProtocolError("a message before the introduction")
        try:
            certificate = self._attendance.verified(introduction, paired.secrets.binding)
        except NotCertified:
            log.warning("the technician could not be verified")
            raise
        case = self._case
        viewer = RemoteViewer(
            certificate, introduction.certificate, channel, paired.peer, paired.codecs, [paired.secrets.resume]
        )
        case.viewers.add(viewer)
        case.voices.say(viewer, self._attendance.welcome(viewer))
        self._opened = session_log.Opened(
            session=certificate.session,
            ticket=certificate.ticket,
            subject=introduction.subject,
            reason=introduction.reason,
            organisation=case.organisation.document.name,
            document=text_hash(case.organisation.document_text),
            certificate=text_hash(introduction.certificate),
            technician=certificate.name,
            participant=certificate.serial,
            agent_key=case.evidence.key,
            joining_key=joining_key(self._joining_scalar),
            agent_version=self._version,
            system=self._system,
            root_known_by=case.organisation.known_by,
        )
        case.evidence.begin(certificate.session)
        case.recording.begin(certificate.session)
        case.voices.write(self._opened)
        case.voices.offer_head()
        log.info("session=%s opened", certificate.session)
        self._questions.begin(certificate.ticket, introduction.subject)
        # Whatever else may be asked for has a question of its own, later.
        asks = Capability.CONTROL if introduction.asks is Capability.CONTROL else Capability.VIEW
        self._access.ask_first(viewer, asks, introduction.reason)

    def _on_broken_rule(self, viewer: RemoteViewer, error: ProtocolError) -> None:
        log.warning("a viewer broke a rule: %s", error)
        if viewer is self._case.viewers.lead:
            self._finish(Outcome.FAILED, "technician")
        elif not self._end.done():
            self._attendance.remove(viewer, "network")

    def _on_message(self, viewer: RemoteViewer, message: FromViewer) -> None:
        if isinstance(message, HeadSigned):
            self._case.voices.head_signed()
            self._last_head_signed.set()
        if self._end.done():
            return
        if not self._case.gate.admits(viewer.id, message, now_ms()):
            self._refuse(viewer, message)
            return
        match message:
            case AccessAsked(Capability.CLIPBOARD) if not self._clipboard.is_available:
                self._clipboard.answer_unavailable(viewer)
            case AccessAsked(capability, reason):
                self._access.ask(viewer, capability, reason)
            case ControlGivenBack():
                self._access.end(Capability.CONTROL, "technician", viewer)
            case ScreenChosen(screen):
                self._case.pictures.choose_screen(screen)
            case KeyPictureAsked():
                self._case.pictures.ask_key_picture()
            case PictureShown(picture):
                if (captured_ms := self._case.pictures.shown(viewer.id, picture)) is not None:
                    self._case.gate.picture_shown(viewer.id, captured_ms)
            case PreferenceChosen(preference):
                self._attendance.prefer(viewer, preference)
            case DrawingTimed(took_ms):
                self._case.pictures.drawing_timed(viewer.id, took_ms)
            case NoteWritten(revises, text, picture):
                self._notes.write(viewer.id, revises, text, self._case.pictures.captured_ms(picture))
            case ChatWritten(text):
                self._chat.viewer_says(viewer, text)
            case _ if isinstance(message, Files.MESSAGES):
                self._files.receive(viewer, message)
            case ClipboardPut():
                self._clipboard.put(viewer, message)
            case ClipboardAsked():
                self._clipboard.fetch(viewer)
            case HandedOver(participant):
                self._attendance.hand_over(viewer, ViewerId(participant))
            case Left():
                self._attendance.remove(viewer, "technician")
            case Ended():
                if viewer is self._case.viewers.lead:
                    self._finish(Outcome.COMPLETED, "technician")
                else:
                    self._attendance.remove(viewer, "technician")
            case InputReleased():
                if viewer.id == self._case.gate.controller:
                    self._case.hands.release_all()
            case _ if isinstance(message, Hands.INPUT):
                self._on_input(viewer, message)

    def _on_input(self, viewer: RemoteViewer, message: FromViewer) -> None:
        pictures = self._case.pictures
        if self._case.gate.is_picture_recent(viewer.id, pictures.all_captured_ms, now_ms()) and not pictures.is_late:
            viewer.last_drop = None
            self._case.hands.apply(message, pictures.screens)
        else:
            self._drop(viewer, Hold.STALE_PICTURE)

    def _refuse(self, viewer: RemoteViewer, message: FromViewer) -> None:
        if isinstance(message, Introduced | Returned):
            raise RemoteProtocolError("a second introduction")
        if isinstance(message, Hands.INPUT) and self._case.gate.holds:
            self._drop(viewer, sorted(self._case.gate.holds)[0])
        if isinstance(message, ClipboardPut | ClipboardAsked):
            self._clipboard.refuse(viewer)

    def _drop(self, viewer: RemoteViewer, hold: Hold) -> None:
        if viewer.last_drop is not hold:
            viewer.last_drop = hold
            # The release of a key may be among what is dropped.
            self._case.hands.release_all()
            self._case.voices.say(viewer, InputDropped(hold))

    # --- what the customer does ---

    def _on_stop_key_down(self) -> None:
        if self._case.gate.controller:
            self._access.hold(Hold.STOP_KEY)

    async def _before_question(self) -> None:
        self._access.hold(Hold.PROMPT)

    def _on_chat(self, text: str) -> None:
        if self._case.accounts.has_begun and not self._end.done():
            self._chat.customer_says(text)

    def _on_send_away(self, who: ShownViewer) -> None:
        if viewer := self._case.viewers.get(ViewerId(who.id)):
            self._attendance.send_away(viewer, "customer")

    def _on_changed(self) -> None:
        self._files.follow()
        self._clipboard.follow()
        self._update_bar()

    def _update_bar(self) -> None:
        if self._case.accounts.has_begun and not self._end.done():
            self._case.customer.show_bar(shown.bar(self._case, self._started_ms, self._files.shown))

    # --- twice a second, and at rest with each sign of life ---

    async def _tick(self) -> None:
        heads_at_s, signs_at_rest = awake_or_asleep_s() + HEAD_EVERY_S, 0
        while True:
            is_at_rest = self._opened is not None and self._attendance.is_at_rest
            await asyncio.sleep(AGENT_AT_REST_S if is_at_rest else PROOF_OF_LIFE_S)
            self._prove_life()
            signs_at_rest = signs_at_rest + 1 if is_at_rest else 0
            if signs_at_rest % _SIGNS_A_LOOK_AT_REST:
                continue
            self._look_around()
            if self._is_going_on and awake_or_asleep_s() >= heads_at_s:
                heads_at_s += HEAD_EVERY_S
                self._case.count_input()
                if self._case.voices.is_head_due:
                    self._case.voices.offer_head()
                self._update_bar()

    @property
    def _is_going_on(self) -> bool:
        return self._opened is not None and not self._end.done()

    def _prove_life(self) -> None:
        """What cannot wait, also at rest."""
        if self._is_going_on:
            for viewer in self._case.viewers:
                self._attendance.keep_alive(viewer)
            self._access.expire(now_ms())
            self._recorder.close_overdue()

    def _look_around(self) -> None:
        """Notice what comes about by itself, or by nothing being heard of it."""
        case, now_s = self._case, awake_or_asleep_s()
        for peer in self._arrivals.overdue():
            self._attendance.dismiss(peer)
        if self._opened:
            is_alone = not self._arrivals.is_somebody_there and not any(viewer.is_present for viewer in case.viewers)
            case.line.look_around(now_s, is_alone=is_alone)
        if not self._is_going_on:
            return
        if case.pictures.is_late and case.hands.is_holding:
            # Nobody sees what a held key or button does there.
            case.hands.release_all()
        if measured := case.pictures.way_news():
            for viewer in case.viewers.present:
                case.voices.say(viewer, measured)
        if changed := case.pictures.way_for_the_log():
            case.voices.write(changed)
        for viewer in case.viewers:
            if viewer.has_outstayed_control(case.gate.controller, now_s):
                self._access.end(Capability.CONTROL, "grace", viewer)
            if viewer.has_outstayed(now_s):
                self._attendance.remove(viewer, "network")
        self._titles.follow()
        self._device.follow()
        if case.recording.is_key_picture_due:
            case.tasks.start(case.pictures.show_to_store())
