"""Helping a customer from a program, with the same abilities as the page.

    async with aiohttp.ClientSession() as http:
        desk = Desk(http, "https://help.example.org")
        await desk.sign_in("camille", password, totp_code)
        opened = await desk.start_session(2041, reason="To look at the picture settings", asks=Capability.CONTROL)
        async with Helping(opened) as session:
            print(session.code)                                    # for the customer
            await session.wait_until_allowed(Capability.CONTROL)
            await session.wait_for_picture()
            await session.click(400, 300)
            await session.type_text("Bonjour !")
            session.picture().image().save("screen.png")

Leaving the block ends the session. A cut does not: the session comes back by itself, for as long as the customer's side waits for it;
`Helping.recalled` comes back even where everything but `kept` was lost, and `Helping.join` takes part in somebody else's session.

`viewing.py` holds what is known and decided, this module the tasks and the waiting.
"""

import asyncio
import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TypeVar

from protocol.codec import Message
from protocol.envelope import Envelope, Kind, MediaEnvelope
from protocol.errors import LocalProtocolError, ProtocolError
from protocol.identity import fingerprint_text, sign_arrival
from protocol.limits import (
    FILE_BYTES_MAX,
    FILE_NAME_CHARACTERS_MAX,
    HANDSHAKE_TIMEOUT_S,
    PEER_GONE_S,
    PROOF_OF_LIFE_S,
    TEXT_TYPED_CHARACTERS_MAX,
)
from protocol.messages import (
    AccessAsked,
    ChatSaid,
    ChatWritten,
    ControlGivenBack,
    Ended,
    HandedOver,
    InputReleased,
    KeyChanged,
    KeyPictureAsked,
    Left,
    ParticipantShown,
    PointerButton,
    PointerMoved,
    ScreenChosen,
    TextTyped,
    WheelTurned,
)
from protocol.nodes import Nodes
from protocol.relay_messages import AgentPresent, PeerLeft, Refused, ViewerCame, from_relay
from protocol.support_code import parse
from protocol.text import tidy_text
from protocol.vocabulary import Capability, ClipboardAnswer, FileOutcome, Outcome
from technician_viewer.clock import awake_or_asleep_s
from technician_viewer.connection import LineLost, RelayLine
from technician_viewer.desk import Desk, InvitedSession, KeptSession, OpenedSession
from technician_viewer.errors import (
    AssistanceError,
    CodeUsedUp,
    FileNotMoved,
    InputHeld,
    NotAllowed,
    NotReachable,
    NotShared,
    RoomRefused,
    SessionOver,
)
from technician_viewer.file_transfers import Transfer
from technician_viewer.pairing import Joining, Pairing, PairingState, draw_randomness, new_secret
from technician_viewer.picture import Picture
from technician_viewer.purpose import Purpose
from technician_viewer.viewing import Viewing

__all__ = [
    "AssistanceError",
    "Capability",
    "CodeUsedUp",
    "Desk",
    "FileNotMoved",
    "Helping",
    "InputHeld",
    "InvitedSession",
    "KeptSession",
    "NotAllowed",
    "NotReachable",
    "NotShared",
    "OpenedSession",
    "RoomRefused",
    "SessionOver",
]

NOTCH = 120
"""What one notch of the wheel is."""

log = logging.getLogger("mainforte.client")

T = TypeVar("T")


class Helping:
    """One session with one customer, from its code to its end.

    Args:
        opened: the session as the desk opened it.
        secret: the secret part of the code; a fresh one where none is given.

    Entering the block raises `NotReachable` where the relay does not answer, and `RoomRefused` where it does not open the room.
    """

    _opened: OpenedSession | None
    _pairing: Pairing | None
    _way: Pairing | Joining | None
    """How the first channel comes about; None where there was one."""

    def __init__(self, opened: OpenedSession, *, secret: str | None = None) -> None:
        self._begin(opened.address, opened.origins, opened.purpose, opened.tls)
        self._opened = opened
        self._secret = new_secret() if secret is None else secret
        code = parse(f"{opened.room.room} {self._secret}")
        self._way = self._pairing = Pairing(opened.room.token, code, opened.root_fingerprint)

    @classmethod
    def join(cls, invited: InvitedSession) -> "Helping":
        """Take part in a session that is running; the customer is asked. Leaving the block leaves it to the others."""
        helping = cls.__new__(cls)
        helping._begin(invited.address, invited.origins, invited.purpose, invited.tls)
        helping._way = Joining(invited.purpose.session, invited.joining_key)
        return helping

    @classmethod
    def recalled(cls, kept: KeptSession) -> "Helping":
        """Come back to a session of which everything else was lost."""
        helping = cls.__new__(cls)
        helping._begin(kept.address, kept.origins, kept.purpose, kept.tls)
        helping.viewing = Viewing.recalled(kept.secrets, kept.purpose, now_s=awake_or_asleep_s())
        return helping

    def _begin(self, address: str, origins: tuple[str, ...], purpose: Purpose, tls: ssl.SSLContext | None) -> None:
        self._origins, self._purpose, self._tls = origins, purpose, tls
        self._opened = self._pairing = self._way = None
        self._secret = ""
        self._line = RelayLine(Nodes(address, origins), tls=tls)
        self._is_agent_here = False
        """At the node that we are connected with."""
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._ended_by: Exception | None = None
        self._is_over = self._has_left = False
        self._screen = 0
        self._begun_s = awake_or_asleep_s()
        self.viewing: Viewing | None = None
        """What is known of the session; None until its agent has proved to be the right one."""

    # --- the block -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> "Helping":
        await self._line.open()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._tick())]
        try:
            if self._pairing:
                pairing = self._pairing
                await self.wait_until(lambda: pairing.state is not PairingState.CLAIMING)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await (self.leave() if isinstance(self._way, Joining) else self.end())
        finally:
            await self._close()

    async def end(self) -> None:
        """End the session for good, and wait until the agent has closed its log, within reason. Once is enough."""
        if self._is_over or self.viewing is None or self.viewing.outcome is not None:
            return
        with contextlib.suppress(AssistanceError, ProtocolError, TimeoutError):
            async with asyncio.timeout(PEER_GONE_S):
                await self.wait_until_back()
                self._say(Ended(Outcome.COMPLETED))
                await self.wait_until(lambda: self.outcome is not None)

    async def leave(self) -> None:
        """Leave the session to the others; where nobody else may lead it, it ends."""
        if self._is_over or self.viewing is None or self.viewing.outcome is not None:
            return
        with contextlib.suppress(AssistanceError, ProtocolError, TimeoutError):
            async with asyncio.timeout(PEER_GONE_S):
                await self.wait_until_back()
                await self._sent(Left())
        self._has_left = True
        self._over()

    async def _close(self) -> None:
        self._over()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.close()

    # --- what can be read at any moment ----------------------------------------------------------------------------

    @property
    def code(self) -> str:
        """The support code, as it is read to the customer.

        Raises:
            LocalProtocolError: this session was not opened here.
        """
        digits = f"{self._secret[:3]} {self._secret[3:]}"
        return f"{self._opened_here().room.room} {digits if self._secret.isdecimal() else self._secret}"

    @property
    def link(self) -> str:
        """The same as a link; what follows # never reaches a server."""
        opened = self._opened_here()
        secret = "-".join(self._secret.split())
        root = fingerprint_text(opened.root_fingerprint)
        return f"{opened.address}/#code={opened.room.room}-{secret}&root={root}"

    @property
    def attempts(self) -> int:
        """How many agents have tried the code."""
        return self._pairing.attempts if self._pairing else 0

    @property
    def outcome(self) -> Outcome | None:
        """How the session ended for us; None while it goes on, also through cuts.

        DROPPED where there was nothing left to come back to, or a rule was broken.
        """
        if self.viewing and self.viewing.outcome is not None:
            return self.viewing.outcome
        if not self._is_over:
            return None
        if self._has_left:
            return Outcome.COMPLETED
        if isinstance(self._ended_by, CodeUsedUp):
            return Outcome.WRONG_CODE
        return Outcome.DROPPED if self.viewing else Outcome.ALONE

    @property
    def cause(self) -> Exception | None:
        """What made the session stop, where it was not one of the two who ended it."""
        return self._ended_by

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the customer allows now."""
        return self.viewing.capabilities if self.viewing and not self._is_over else frozenset()

    @property
    def is_connected(self) -> bool:
        """Whether the agent can be heard, as far as is known."""
        return self.viewing is not None and self.viewing.is_connected and not self.viewing.is_coming_back

    @property
    def resumes_s(self) -> Sequence[float]:
        """How long each cut lasted that is over, in seconds, from the last sign of life to the first one after."""
        return tuple(self.viewing.resumes_s) if self.viewing else ()

    @property
    def kept(self) -> KeptSession:
        """What is enough to come back with; a later resume makes it worthless.

        Raises:
            LocalProtocolError: there is nothing to come back to yet.
        """
        return KeptSession(self._line.nodes.here, self._purpose, tuple(self._here().secrets), self._tls, self._origins)

    @property
    def participants(self) -> tuple[ParticipantShown, ...]:
        """Who is there, in the order in which they came."""
        return self.viewing.participants if self.viewing else ()

    @property
    def chat(self) -> tuple[ChatSaid, ...]:
        """What was said since we were admitted."""
        return tuple(self.viewing.chat) if self.viewing else ()

    @property
    def is_live(self) -> bool:
        """Whether the picture is what the customer sees now, give or take two seconds."""
        return self.viewing is not None and not self._is_over and not self.viewing.is_late(awake_or_asleep_s())

    @property
    def held_by(self) -> tuple[str, ...]:
        """What keeps input from the customer now; empty when nothing does."""
        return self.viewing.held_by(awake_or_asleep_s()) if self.viewing else ("not_allowed",)

    @property
    def screen(self) -> int:
        """The number of the screen that input goes to."""
        screens = self._here().pictures.screens
        numbers = [shape.number for shape in screens]
        return self._screen if self._screen in numbers or not numbers else numbers[0]

    def picture(self, screen: int | None = None) -> Picture:
        """What is seen of one screen, or of the chosen one; drawn on while the session goes on.

        Raises:
            KeyError: there is no such screen.
        """
        return self._here().pictures.of(self.screen if screen is None else screen)

    # --- waiting ---------------------------------------------------------------------------------------------------

    async def wait_until(self, condition: Callable[[], T]) -> T:
        """Wait until something that arrives makes `condition` true; gives its value.

        Raises:
            SessionOver: it has ended instead; RoomRefused, CodeUsedUp, ProtocolError: and why.
        """
        while True:
            changed = self._changed
            if value := condition():
                return value
            if self._ended_by:
                raise self._ended_by
            if self.outcome is not None:
                raise SessionOver(self.outcome)
            await changed.wait()

    async def wait_until_paired(self) -> Viewing:
        """Wait until the customer's agent has proved to know the code."""
        viewing = await self.wait_until(lambda: self.viewing)
        assert viewing
        return viewing

    async def wait_until_back(self) -> None:
        """Wait until the agent can be heard, as it can at once where nothing was cut."""
        await self.wait_until(lambda: self.is_connected)

    async def wait_until_allowed(self, capability: Capability) -> None:
        """Wait until the customer's yes to what was asked is in force.

        Raises:
            NotAllowed: it is a no.
            SessionOver: the session ended, as it does when the first question is a no.
        """

        def is_settled() -> bool:
            return capability in self.capabilities or (self.viewing is not None and capability in self.viewing.refusals)

        await self.wait_until(is_settled)
        if capability not in self.capabilities:
            raise NotAllowed(capability, self._here().refusals[capability])

    async def wait_for_picture(self, is_it: Callable[[Picture], bool] = lambda _: True) -> Picture:
        """Wait for a complete picture of the chosen screen that `is_it` says yes to."""

        def found() -> Picture | None:
            if not self.viewing or self.screen not in self.viewing.pictures.complete:
                return None
            picture = self.picture()
            return picture if is_it(picture) else None

        picture = await self.wait_until(found)
        assert picture
        return picture

    async def wait_until_input_goes(self) -> None:
        """Wait until nothing holds input back: control is in force, the picture live, no question open."""
        await self.wait_until(lambda: self.viewing and not self.held_by)

    # --- asking ----------------------------------------------------------------------------------------------------

    async def ask_access(self, capability: Capability, reason: str) -> None:
        """Ask the customer for one more capability; `wait_until_allowed` tells the answer."""
        await self._sent(AccessAsked(capability, reason))

    async def give_back_control(self) -> None:
        """Control is needed no longer."""
        await self._sent(ControlGivenBack())

    async def hand_over(self, participant: str) -> None:
        """Let another participant lead the session; the log tells whether it does."""
        await self._sent(HandedOver(participant))

    async def say(self, text: str) -> None:
        """Say something to everybody who takes part, at most 1000 characters; `chat` tells once it was, `viewing.chat_refusals` why not."""
        await self._sent(ChatWritten(tidy_text(text)))

    async def choose_screen(self, number: int) -> None:
        """Look at this screen from now on, and send input there."""
        self._screen = number
        await self._sent(ScreenChosen(number))

    async def ask_key_picture(self) -> None:
        """Have the whole picture sent again."""
        await self._sent(KeyPictureAsked())

    # --- files; both raise FileNotMoved where it does not arrive ---------------------------------------------------

    async def send_file(self, name: str, data: bytes) -> None:
        """Put a file into the customer's folder for downloads, once files are allowed."""
        if len(data) > FILE_BYTES_MAX:
            raise FileNotMoved(FileOutcome.TOO_LARGE)
        await self._moved(self._here().files.offer(name[:FILE_NAME_CHARACTERS_MAX] or "file", data))

    async def ask_file(self, what: str) -> tuple[str, bytes]:
        """Ask the customer for a file, in these words; gives the name it has there, which is to be trusted in nothing, and its bytes."""
        transfer = await self._moved(self._here().files.ask(tidy_text(what)))
        return transfer.name, bytes(transfer.data)

    async def _moved(self, transfer: Transfer) -> Transfer:
        try:
            await self._drain()
            await self.wait_until(lambda: transfer.outcome)
        except asyncio.CancelledError:
            self._here().files.cancel(transfer)
            self._flush()
            raise
        if transfer.outcome is not FileOutcome.MOVED:
            assert transfer.outcome
            raise FileNotMoved(transfer.outcome)
        return transfer

    # --- the clipboard; both raise NotShared where that is the answer ---------------------------------------------------

    async def put_on_clipboard(self, text: str) -> None:
        """Put text on the customer's clipboard, at most 64 KB; they are told, and can paste it."""
        self._check_goes_on()
        self._here().put_on_clipboard(text)
        await self._drain()
        answer = await self._clipboard_answer()
        if answer != ClipboardAnswer.PUT:
            raise NotShared(ClipboardAnswer(answer))

    async def fetch_clipboard(self) -> str:
        """The text that the customer copied last, since they share the clipboard; they are told."""
        self._check_goes_on()
        self._here().ask_clipboard()
        await self._drain()
        answer = await self._clipboard_answer()
        if isinstance(answer, ClipboardAnswer):
            raise NotShared(answer)
        return answer

    async def _clipboard_answer(self) -> str | ClipboardAnswer:
        # An empty text never comes, so that what has come is true.
        answer = await self.wait_until(lambda: self._here().clipboard)
        assert answer
        return answer

    # --- input; all raise InputHeld where it would not be applied --------------------------------------------------

    async def type_text(self, text: str) -> None:
        """Have these characters appear as they are, whatever the customer's keyboard is. Newline is Enter, tab is Tab."""
        text = text.replace("\r\n", "\n")
        for start in range(0, len(text), TEXT_TYPED_CHARACTERS_MAX):
            await self._input(TextTyped(text[start : start + TEXT_TYPED_CHARACTERS_MAX]))

    async def press(self, *codes: str) -> None:
        """Press physical keys together and let go of them, e.g. `press("ControlLeft", "KeyS")` (UI Events codes)."""
        for code in codes:
            await self._input(KeyChanged(code, is_down=True))
        for code in reversed(codes):
            await self._input(KeyChanged(code, is_down=False))

    async def change_key(self, code: str, *, is_down: bool) -> None:
        """Press a physical key, or let go of it."""
        await self._input(KeyChanged(code, is_down))

    async def move(self, x: int, y: int) -> None:
        """Move the pointer to a place on the chosen screen, in device pixels."""
        await self._input(PointerMoved(self.screen, x, y, self._shown()))

    async def change_button(self, x: int, y: int, *, button: int = 0, is_down: bool) -> None:
        """Press a button of the mouse, or let go of it: 0 left, 1 middle, 2 right, 3 back, 4 forward."""
        await self._input(PointerButton(self.screen, x, y, button, is_down, self._shown()))

    async def click(self, x: int, y: int, *, button: int = 0) -> None:
        """Click there."""
        await self.change_button(x, y, button=button, is_down=True)
        await self.change_button(x, y, button=button, is_down=False)

    async def turn_wheel(self, x: int, y: int, *, right: int = 0, down: int = 0) -> None:
        """Turn the wheel there, by whole notches."""
        await self._input(WheelTurned(self.screen, x, y, right * NOTCH, down * NOTCH, self._shown()))

    async def release_input(self) -> None:
        """Let go of every key and button."""
        await self._input(InputReleased())

    # --- inside ----------------------------------------------------------------------------------------------------

    def _here(self) -> Viewing:
        if self.viewing is None:
            raise LocalProtocolError("the customer has not come yet")
        return self.viewing

    def _opened_here(self) -> OpenedSession:
        if self._opened is None:
            raise LocalProtocolError("a session that was not opened here has no code")
        return self._opened

    def _shown(self) -> int:
        return self._here().picture

    async def _input(self, message: Message) -> None:
        self._check_goes_on()
        self._here().act(message, now_s=awake_or_asleep_s())
        await self._drain()

    async def _sent(self, message: Message) -> None:
        self._say(message)
        await self._drain()

    def _say(self, message: Message) -> None:
        self._check_goes_on()
        self._here().say(message)
        self._flush()

    def _check_goes_on(self) -> None:
        if (outcome := self.outcome) is not None:
            raise SessionOver(outcome)

    async def _drain(self) -> None:
        self._flush()
        await self._line.drained()

    def _flush(self) -> None:
        for source in (self._way, self.viewing):
            for envelope in source.outgoing() if source else ():
                self._line.send(envelope)

    async def _read(self) -> None:
        try:
            async for event in self._line.events(self._first):
                if isinstance(event, LineLost):
                    self._on_lost()
                else:
                    self._take(event)
                self._flush()
                self._notify()
                if self.outcome is not None:
                    break
        except (ProtocolError, AssistanceError) as error:
            log.warning("the session cannot go on: %s: %s", type(error).__name__, error)
            self._ended_by = error
        finally:
            self._over()

    def _first(self) -> Message:
        """What the relay is told first: the token of a new room, or who comes to which session."""
        self._begun_s = awake_or_asleep_s()
        if self.viewing is None and self._pairing:
            return self._pairing.first
        at_ms = _utc_ms()
        purpose = self._purpose
        return ViewerCame(purpose.certificate, at_ms, sign_arrival(purpose.session, at_ms, purpose.key))

    def _take(self, envelope: Envelope | MediaEnvelope) -> None:
        now_s = awake_or_asleep_s()
        if isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
            self._note_agent(envelope.content)
        if self.viewing is None:
            assert self._way
            self._way.receive(envelope)
            if self._way.secrets:
                self._flush()
                self.viewing = Viewing(self._way.secrets, self._purpose, now_s=now_s)
        elif isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
            self._on_relay(self.viewing, envelope.content)
        elif isinstance(envelope, Envelope) and envelope.kind is Kind.HANDSHAKE:
            self._on_handshake(self.viewing, envelope)
        else:
            self.viewing.receive(envelope, now_s=now_s, utc_s=int(time.time()))
            if self.is_connected:
                self._line.settled()

    def _on_handshake(self, viewing: Viewing, envelope: Envelope) -> None:
        try:
            viewing.receive(envelope, now_s=awake_or_asleep_s(), utc_s=int(time.time()))
        except ProtocolError as error:
            # Whoever stands in for the agent cannot end the session by it.
            log.info("a resume failed: %s", error)
            viewing.cut()
            self._line.renew()

    def _note_agent(self, content: bytes) -> None:
        match from_relay.decode(content):
            case AgentPresent():
                self._is_agent_here = True
            case PeerLeft():
                self._is_agent_here = False

    def _on_relay(self, viewing: Viewing, content: bytes) -> None:
        match from_relay.decode(content):
            case AgentPresent():
                viewing.agent_present(draw_randomness())
            case PeerLeft():
                self._check_can_come_back(viewing)
                viewing.cut()
            case Refused("no_room" as reason):
                raise RoomRefused(reason)
            case Refused("dismissed" as reason) if not (viewing.is_connected and viewing.is_welcome):
                raise RoomRefused(reason)
            case Refused("shutting_down" | "desk_unreachable"):
                self._line.nodes.go_on()
            # All else passes: a relay that restarts, a program that was too slow for a while.

    def _on_lost(self) -> None:
        """The connection to the relay is gone. A code is worth nothing without it; all else comes back."""
        self._is_agent_here = False
        if self.viewing:
            self._check_can_come_back(self.viewing)
            self.viewing.cut()
        elif isinstance(self._way, Joining):
            self._way.cut()
        else:
            raise SessionOver(Outcome.ALONE)

    def _check_can_come_back(self, viewing: Viewing) -> None:
        if not viewing.is_welcome:
            raise SessionOver(Outcome.DROPPED)

    async def _tick(self) -> None:
        while not self._is_over:
            await asyncio.sleep(PROOF_OF_LIFE_S)
            now_s = awake_or_asleep_s()
            if self.viewing and self.viewing.has_outstayed(now_s):
                self._ended_by = SessionOver(Outcome.DROPPED)
                self._over()
            elif self.viewing and self.viewing.is_gone(now_s):
                self._line.renew()
            elif self.viewing and self.viewing.is_connected:
                self._line.nodes.met()
                with contextlib.suppress(LocalProtocolError):
                    self.viewing.tick(now_s=now_s, utc_ms=_utc_ms())
                self._flush()
            elif (self.viewing or not self._pairing) and self._is_alone_too_long(now_s):
                self._line.nodes.go_on()
                self._line.renew()
            elif not self._pairing and now_s - self._begun_s > HANDSHAKE_TIMEOUT_S:
                # Nothing tells that a connection leads nowhere any more.
                self._begun_s = now_s
                self._line.nodes.go_on()
                self._line.renew()
            # A picture becomes late without anything that arrives.
            self._notify()

    def _is_alone_too_long(self, now_s: float) -> bool:
        """Whether the agent should be looked for at another node."""
        return self._line.is_open and not self._is_agent_here and self._line.nodes.is_time_to_go_on(now_s)

    def _over(self) -> None:
        self._is_over = True
        self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000
