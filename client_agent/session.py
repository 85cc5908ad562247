"""One session at the agent: where the channel, the customer, the screen, the input and the log meet (PROTOCOL.md, section 5).

The technician's messages come in through `_on_*`; the consent gate decides each of them; whatever the customer does acts at once and
is written down after.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client_agent.eyes import Eyes
from client_agent.hands import Counts, Hands
from client_agent.organisation import Organisation, RootKnownBy
from client_agent.prompts.customer import (
    BarState,
    ConsentQuestion,
    Customer,
    CustomerCallbacks,
    Participation,
    Problem,
    Progress,
    Summary,
    Viewer,
)
from client_agent.relay_link import RelayLink
from protocol import session_log
from protocol.channel import ControlChannel, agent_channel
from protocol.codec import Message
from protocol.consent import ConsentGate, Grant, ViewerId
from protocol.envelope import Envelope, Kind
from protocol.errors import NotCertified, ProtocolError, RemoteProtocolError, WrongSupportCode
from protocol.handshake import AgentHandshake, ChannelSecrets, Offer, Randomness
from protocol.identity import Certificate, text_hash
from protocol.introduction import verify_introduction
from protocol.limits import (
    ENTRY_STORED_TIMEOUT_S,
    GRANT_S_MAX,
    HANDSHAKE_TIMEOUT_S,
    HEAD_EVERY_S,
    PROMPT_S,
    PROMPT_S_MAX,
    PROOF_OF_LIFE_S,
)
from protocol.media import MediaSealer
from protocol.messages import (
    AccessAsked,
    AccessChanged,
    AccessNotStored,
    ControlGivenBack,
    Ended,
    EntryAppended,
    EpochStarted,
    FromViewer,
    HeadOffered,
    HeadSigned,
    InputDropped,
    InputReleased,
    Introduced,
    KeyPictureAsked,
    MediaReached,
    PictureShown,
    Pinged,
    PromptClosed,
    PromptOpened,
    ScreenChosen,
    Welcomed,
)
from protocol.relay_messages import (
    EntryNotStored,
    EntryStored,
    EntrySubmitted,
    HeadSubmitted,
    PeerJoined,
    PeerLeft,
    RoomEntered,
    from_relay,
)
from protocol.relay_messages import Refused as RelayRefused
from protocol.session_log import LogWriter
from protocol.support_code import SupportCode
from protocol.vocabulary import Answer, Capability, Hold, Outcome

VERSION = "1.0.0"
OFFER = Offer((Capability.VIEW, Capability.CONTROL), ("zstd",), f"mainforte-agent-{VERSION}")
STOP_KEY_HELD_S = 2

log = logging.getLogger("mainforte.agent")


class RoomRefused(Exception):
    """The relay did not let us into the room, for `reason` (see `Refused`)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Over(Exception):
    """The session has ended."""

    def __init__(self, outcome: Outcome, by: str) -> None:
        super().__init__(outcome)
        self.outcome, self.by = outcome, by


@dataclass(frozen=True)
class Technician:
    """Who was verified, and what for."""

    certificate: Certificate
    introduction: Introduced

    @property
    def viewer(self) -> ViewerId:
        return ViewerId(self.certificate.serial)


async def shake_hands(link: RelayLink, code: SupportCode, organisation: Organisation) -> tuple[ChannelSecrets, int]:
    """Enter the room and agree on a channel; gives its secrets and the viewer's number.

    Raises:
        RoomRefused: the relay let nobody in, or nobody answered.
        WrongSupportCode: whoever is in the room does not share the code.
    """
    randomness = Randomness(secrets.token_bytes(32), secrets.token_bytes(32))
    handshake = AgentHandshake(code, organisation.fingerprint, OFFER, randomness)
    link.tell_relay(RoomEntered(code.room))
    link.send(Kind.HANDSHAKE, handshake.hello)
    async for envelope in link.envelopes():
        match envelope:
            case Envelope(Kind.RELAY, _, content):
                match from_relay.decode(content):
                    case RelayRefused(reason):
                        raise RoomRefused(reason)
                    case PeerJoined(peer) if handshake.channel:
                        return handshake.channel, peer
                    case PeerLeft():
                        raise RoomRefused("alone")
            case Envelope(Kind.HANDSHAKE, _, content):
                for answer in handshake.receive(content):
                    link.send(Kind.HANDSHAKE, answer)
    raise WrongSupportCode("the connection ended before the codes were compared")


class Session:
    """From the sealed channel to the last entry of the log."""

    def __init__(
        self,
        link: RelayLink,
        secrets_: ChannelSecrets,
        peer: int,
        organisation: Organisation,
        customer: Customer,
        eyes: Eyes,
        hands: Hands,
        system: str,
    ) -> None:
        self._link, self._peer, self._binding = link, peer, secrets_.binding
        self._channel: ControlChannel[FromViewer] = agent_channel(secrets_)
        self._organisation, self._customer, self._eyes, self._hands = organisation, customer, eyes, hands
        self._system = system
        self._gate = ConsentGate()
        self._log = LogWriter()
        self._sealer = MediaSealer()
        self._key = Ed25519PrivateKey.generate()
        self._technician: Technician | None = None
        self._captured_ms: dict[int, int] = {}
        self._newest_picture = self._newest_ms = 0
        self._waiting_for: dict[int, Capability] = {}
        self._asked: Capability | None = None
        self._question: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._end: asyncio.Future[Over] = asyncio.get_running_loop().create_future()
        self._last_head_signed = asyncio.Event()
        self._allowed_since: dict[Capability, int] = {}
        self._allowed_ms = dict.fromkeys(Capability, 0)
        self._started_ms = _now_ms()
        self._is_over = False
        self._last_drop: Hold | None = None
        self._total = Counts()

    async def run(self) -> Outcome:
        """Carry the session through; the summary is shown afterwards."""
        self._customer.attach(
            CustomerCallbacks(
                on_take_back=self._on_take_back,
                on_pause=self._on_pause,
                on_go_on=self._on_go_on,
                on_stop=lambda: self._finish(Outcome.STOPPED, "customer"),
                before_question=self._before_question,
                after_question=self._after_question,
                on_more_time=self._on_more_time,
            )
        )
        self._hands.watch_stop_key(self._on_stop_key_down, self._on_stop_key_held, held_s=STOP_KEY_HELD_S)
        self._start(self._read())
        self._start(self._tick())
        self._start(self._show())
        asyncio.get_running_loop().call_later(HANDSHAKE_TIMEOUT_S, self._expect_introduction)
        over = await self._end
        await self._close(over)
        await self._customer.show_summary(self._summary(over.outcome))
        return over.outcome

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("the session cannot go on: %s: %s", type(error).__name__, error)
            self._finish(Outcome.FAILED, "agent")

    def _finish(self, outcome: Outcome, by: str) -> None:
        """End it now: nothing is allowed any more, whatever else still has to be written down."""
        self._hands.release_all()
        self._eyes.pause()
        if not self._end.done():
            for capability in Capability:
                self._gate.take_back(capability)
                self._count_allowed(capability)
            self._end.set_result(Over(outcome, by))

    def _expect_introduction(self) -> None:
        if self._technician is None:
            self._finish(Outcome.FAILED, "technician")

    async def _close(self, over: Over) -> None:
        self._customer.close_question()
        self._customer.hide_bar()
        if self._technician:
            self._count_input()
            view_ms, control_ms = (self._allowed_ms[c] for c in (Capability.VIEW, Capability.CONTROL))
            self._write(session_log.SessionEnded(over.outcome, over.by, view_ms, control_ms))
            self._is_over = True
            self._last_head_signed.clear()
            self._offer_head()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._last_head_signed.wait(), timeout=2)
        self._send(Ended(over.outcome))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._hands.release_all()

    # --- what arrives ----------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        try:
            async for envelope in self._link.envelopes():
                match envelope:
                    case Envelope(Kind.CONTROL, _, record):
                        self._on_message(self._channel.open(record))
                    case Envelope(Kind.RELAY, _, content):
                        self._on_relay(content)
                    case _:
                        raise RemoteProtocolError("an envelope that does not belong into a session")
        except ProtocolError as error:
            log.warning("the other side broke a rule: %s", error)
            self._finish(Outcome.FAILED, "technician")
            return
        self._last_head_signed.set()
        self._finish(Outcome.DROPPED, "network")

    def _on_relay(self, content: bytes) -> None:
        match from_relay.decode(content):
            case EntryStored(number):
                self._on_stored(number)
            case EntryNotStored(number):
                self._on_not_stored(number)
            case PeerLeft() | RelayRefused():
                self._last_head_signed.set()
                self._finish(Outcome.DROPPED, "network")

    def _on_message(self, message: FromViewer) -> None:
        if self._technician is None:
            if not isinstance(message, Introduced):
                raise RemoteProtocolError("a message before the introduction")
            self._on_introduced(message)
            return
        viewer, now_ms = self._technician.viewer, _now_ms()
        if not self._gate.admits(viewer, message, now_ms):
            self._refuse(message)
            return
        match message:
            case AccessAsked(capability, reason):
                self._ask(capability, reason, is_first=False)
            case ControlGivenBack():
                self._end_access(Capability.CONTROL, "technician")
            case ScreenChosen(screen):
                self._eyes.choose_screen(screen)
            case KeyPictureAsked():
                self._eyes.ask_key_picture()
            case PictureShown(picture):
                self._eyes.shown(picture)
                for number in [n for n in self._captured_ms if n <= picture]:
                    self._gate.picture_shown(viewer, self._captured_ms.pop(number))
            case HeadSigned():
                self._last_head_signed.set()
            case Ended():
                self._finish(Outcome.COMPLETED, "technician")
            case InputReleased():
                self._hands.release_all()
            case _ if isinstance(message, Hands.INPUT):
                if self._gate.is_picture_recent(viewer, self._newest_ms) and not self._eyes.is_late:
                    self._last_drop = None
                    self._hands.apply(message, self._eyes.screens)
                else:
                    self._drop(Hold.STALE_PICTURE)

    def _refuse(self, message: FromViewer) -> None:
        if isinstance(message, Introduced):
            raise RemoteProtocolError("a second introduction")
        if isinstance(message, Hands.INPUT) and self._gate.holds:
            self._drop(sorted(self._gate.holds)[0])

    def _drop(self, hold: Hold) -> None:
        if self._last_drop is not hold:
            self._last_drop = hold
            # The release of a key may be among what is dropped.
            self._hands.release_all()
            self._send(InputDropped(hold))

    def _on_introduced(self, introduction: Introduced) -> None:
        now = int(time.time())
        try:
            certificate = verify_introduction(introduction, self._binding, self._organisation.document, now=now)
        except NotCertified:
            log.warning("the technician could not be verified")
            raise
        self._technician = Technician(certificate, introduction)
        self._send(Welcomed(self._key.public_key().public_bytes_raw(), certificate.serial, self._system))
        self._write(
            session_log.Opened(
                session=certificate.session,
                ticket=certificate.ticket,
                subject=introduction.subject,
                reason=introduction.reason,
                organisation=self._organisation.document.name,
                document=text_hash(self._organisation.document_text),
                certificate=text_hash(introduction.certificate),
                technician=certificate.name,
                participant=certificate.serial,
                agent_key=self._key.public_key().public_bytes_raw(),
                agent_version=VERSION,
                system=self._system,
                root_known_by=self._organisation.known_by,
            )
        )
        log.info("session %s opened", certificate.session)
        self._ask(introduction.asks, introduction.reason, is_first=True)

    # --- questions and grants --------------------------------------------------------------------------------------

    def _ask(self, capability: Capability, reason: str, *, is_first: bool) -> None:
        assert self._technician
        already = self._gate.capabilities_of(self._technician.viewer)
        if (self._question and not self._question.done()) or capability in already:
            return
        self._question = self._start(self._put_question(self._technician, capability, reason, is_first))

    async def _put_question(self, technician: Technician, capability: Capability, reason: str, is_first: bool) -> None:
        introduction, organisation = technician.introduction, self._organisation
        question = ConsentQuestion(
            organisation=organisation.document.name,
            is_verified=organisation.known_by is not RootKnownBy.ADDRESS,
            address=organisation.address,
            technician=technician.certificate.name,
            ticket=introduction.ticket,
            subject=introduction.subject,
            reason=reason,
            asks=capability,
            is_first=is_first,
            seconds=PROMPT_S,
        )
        self._asked = capability
        self._send(PromptOpened(capability, PROMPT_S))
        answer = await self._customer.ask_consent(question)
        self._asked = None
        if self._end.done() or answer.answer is None:
            return
        viewer = technician.viewer
        until_ms = min(_now_ms() + GRANT_S_MAX * 1000, technician.certificate.valid_until * 1000)
        asked = session_log.Asked(viewer, capability, reason, answer.words[:6000], answer.language)
        question_number = self._write(asked)
        allowed = sorted(answer.allowed)
        number = self._write(
            session_log.Answered(question_number, answer.answer, allowed, until_ms if allowed else 0, answer.took_ms)
        )
        self._send(PromptClosed(capability, answer.answer))
        if allowed:
            self._gate.allow(tuple(Grant(viewer, each, until_ms) for each in allowed), number)
            self._waiting_for[number] = capability
            self._customer.show_progress(Progress.STORING_ANSWER)
            asyncio.get_running_loop().call_later(ENTRY_STORED_TIMEOUT_S, self._on_not_stored, number)
        elif is_first:
            declined = answer.answer is Answer.REFUSED
            self._finish(Outcome.DECLINED if declined else Outcome.UNANSWERED, "customer")

    def _on_stored(self, number: int) -> None:
        for waiting in sorted(n for n in self._waiting_for if n <= number):
            self._waiting_for.pop(waiting)
            if self._gate.entry_stored(waiting):
                self._on_granted()

    def _on_granted(self) -> None:
        assert self._technician
        now_ms = _now_ms()
        for capability in self._gate.capabilities_of(self._technician.viewer):
            self._allowed_since.setdefault(capability, now_ms)
        if self._sealer.epoch == 0:
            self._start_epoch()
            self._eyes.resume()
        self._tell_access()

    def _on_not_stored(self, number: int) -> None:
        capability = self._waiting_for.pop(number, None)
        if capability is None or self._end.done():
            return
        for grant in self._gate.entry_not_stored(number):
            self._write(session_log.AccessEnded(grant.viewer, grant.capability, "storage"))
        self._send(AccessNotStored(capability))
        self._start(self._customer.show_problem(Problem.NOT_STORED))
        if self._technician and not self._gate.capabilities_of(self._technician.viewer):
            self._finish(Outcome.FAILED, "network")

    def _end_access(self, capability: Capability, by: str) -> None:
        self._hands.release_all()
        for viewer in self._gate.take_back(capability):
            self._count_input()
            self._count_allowed(capability)
            self._write(session_log.AccessEnded(viewer, capability, by))
        self._tell_access()

    # --- what the customer does: at once, and without asking anybody -----------------------------------------------

    def _on_take_back(self) -> None:
        self._end_access(Capability.CONTROL, "customer")

    def _on_pause(self) -> None:
        self._hold(Hold.PAUSED)
        self._eyes.pause()

    def _on_go_on(self) -> None:
        """Let go of whatever the customer held: a pause, the stop key, or both."""
        was_paused = Hold.PAUSED in self._gate.holds
        for hold in (Hold.PAUSED, Hold.STOP_KEY):
            if self._gate.release(hold):
                self._write(session_log.Continued(hold))
        if was_paused:
            self._start_epoch()
            self._eyes.resume()
        self._tell_access()

    def _on_stop_key_down(self) -> None:
        if self._technician and Capability.CONTROL in self._gate.capabilities_of(self._technician.viewer):
            self._hold(Hold.STOP_KEY)

    def _on_stop_key_held(self) -> None:
        self._finish(Outcome.STOPPED, "customer")

    def _hold(self, hold: Hold) -> None:
        is_new = self._gate.hold(hold)
        self._hands.release_all()
        if is_new:
            if hold is not Hold.PROMPT:
                self._write(session_log.Held(hold))
            self._tell_access()

    async def _before_question(self) -> None:
        self._hold(Hold.PROMPT)

    def _after_question(self) -> None:
        if self._gate.release(Hold.PROMPT):
            self._tell_access()

    def _on_more_time(self, seconds: int) -> None:
        if self._asked:
            self._send(PromptOpened(self._asked, max(1, min(seconds, PROMPT_S_MAX))))

    def _tell_access(self) -> None:
        if not self._technician or self._end.done():
            return
        viewer = self._technician.viewer
        capabilities = sorted(self._gate.capabilities_of(viewer))
        self._send(AccessChanged(capabilities, sorted(self._gate.holds), self._gate.until_ms(viewer)))
        self._update_bar()

    def _update_bar(self) -> None:
        assert self._technician
        viewer = self._technician.viewer
        if not self._allowed_since and not self._allowed_ms[Capability.VIEW]:
            return
        name, capabilities = self._technician.certificate.name, self._gate.capabilities_of(viewer)
        elapsed_s = (_now_ms() - self._started_ms) // 1000
        self._customer.show_bar(
            BarState(self._organisation.document.name, (Viewer(name, capabilities),), self._gate.holds, elapsed_s)
        )

    # --- pictures --------------------------------------------------------------------------------------------------

    def _start_epoch(self) -> None:
        key = secrets.token_bytes(32)
        self._sealer.start_epoch(key)
        self._send(EpochStarted(self._sealer.epoch, key, self._sealer.next_counter))
        self._eyes.ask_key_picture()

    async def _show(self) -> None:
        while True:
            await self._eyes.wait()
            await self._link.drained()
            await self._eyes.look(self._send_record)

    async def _send_record(self, record: bytes) -> None:
        if self._eyes.newest_picture != self._newest_picture:
            self._newest_picture, self._newest_ms = self._eyes.newest_picture, self._eyes.looked_ms
            self._captured_ms[self._newest_picture] = self._newest_ms
        self._link.send_media(self._sealer.seal(record))
        # What matters more, like an answer or an entry, waits for one record at most.
        await self._link.drained()

    # --- the log, the heads, the clock -----------------------------------------------------------------------------

    def _write(self, event: session_log.Event) -> int:
        """Append an entry, send it to be stored, and to the technician; gives its number."""
        text = self._log.append(event, _now_ms())
        number = len(self._log.texts) - 1
        self._link.tell_relay(EntrySubmitted(number, text))
        self._send(EntryAppended(text))
        return number

    def _offer_head(self) -> None:
        assert self._technician
        note = session_log.make_head(
            self._technician.certificate.session, self._log.texts, self._key, at_s=int(time.time())
        )
        self._link.tell_relay(HeadSubmitted(note))
        self._send(HeadOffered(note))

    def _count_input(self) -> None:
        counts = self._hands.take_counts()
        self._total = self._total + counts
        if self._technician and any((counts.clicks, counts.keys, counts.characters)):
            viewer = self._technician.viewer
            self._write(session_log.InputCounted(viewer, counts.clicks, counts.keys, counts.characters))

    def _count_allowed(self, capability: Capability) -> None:
        if since := self._allowed_since.pop(capability, None):
            self._allowed_ms[capability] += _now_ms() - since

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(PROOF_OF_LIFE_S)
            ticks += 1
            self._send(Pinged(_now_ms()))
            if not self._technician or self._end.done():
                continue
            if self._sealer.epoch:
                self._send(MediaReached(self._sealer.next_counter, self._eyes.newest_picture))
            if self._eyes.is_late and self._hands.is_holding:
                # Nobody sees what a held key or button does there.
                self._hands.release_all()
            for grant in self._gate.expire(_now_ms()):
                self._count_allowed(grant.capability)
                self._write(session_log.AccessEnded(grant.viewer, grant.capability, "time"))
                self._tell_access()
            if ticks % int(HEAD_EVERY_S / PROOF_OF_LIFE_S) == 0:
                self._count_input()
                self._offer_head()
                self._update_bar()

    def _send(self, message: Message) -> None:
        self._link.send(Kind.CONTROL, self._channel.seal(message), peer=self._peer)

    def _summary(self, outcome: Outcome) -> Summary:
        technician = self._technician
        # Rounded up: what was allowed for a moment was allowed.
        view_s, control_s = (-(-self._allowed_ms[each] // 1000) for each in (Capability.VIEW, Capability.CONTROL))
        total = self._total
        participation = Participation(
            technician.certificate.name if technician else "",
            view_s,
            control_s,
            total.clicks,
            total.keys + total.characters,
        )
        return Summary(
            outcome=outcome,
            organisation=self._organisation.document.name,
            ticket=technician.certificate.ticket if technician else "",
            subject=technician.introduction.subject if technician else "",
            participations=(participation,) if technician else (),
            began_at=self._started_ms // 1000,
            ended_at=_now_ms() // 1000,
            fingerprint=session_log.last_hash(self._log.texts).hex(),
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
