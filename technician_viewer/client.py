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

Leaving the block ends the session. `viewing.py` holds what is known and decided, this module the tasks and the waiting.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Protocol, TypeVar

from protocol.codec import Message
from protocol.envelope import Envelope, Kind, MediaEnvelope
from protocol.errors import LocalProtocolError, ProtocolError
from protocol.identity import fingerprint_text
from protocol.limits import PEER_GONE_S, PROOF_OF_LIFE_S, TEXT_TYPED_CHARACTERS_MAX
from protocol.messages import (
    AccessAsked,
    ControlGivenBack,
    Ended,
    InputReleased,
    KeyChanged,
    KeyPictureAsked,
    PointerButton,
    PointerMoved,
    ScreenChosen,
    TextTyped,
    WheelTurned,
)
from protocol.relay_messages import PeerLeft, Refused, from_relay
from protocol.support_code import parse
from protocol.vocabulary import Capability, Outcome
from technician_viewer.connection import RelayConnection
from technician_viewer.desk import Desk, OpenedSession
from technician_viewer.errors import (
    AssistanceError,
    CodeUsedUp,
    InputHeld,
    NotAllowed,
    NotReachable,
    RoomRefused,
    SessionOver,
)
from technician_viewer.pairing import Pairing, PairingState, new_secret
from technician_viewer.picture import Picture
from technician_viewer.viewing import Viewing

__all__ = [
    "AssistanceError",
    "Capability",
    "CodeUsedUp",
    "Desk",
    "Helping",
    "InputHeld",
    "NotAllowed",
    "NotReachable",
    "OpenedSession",
    "RoomRefused",
    "SessionOver",
]

NOTCH = 120
"""What one notch of the wheel is."""

log = logging.getLogger("mainforte.client")

T = TypeVar("T")


class Connection(Protocol):
    """What carries envelopes; `RelayConnection` is one."""

    def send(self, data: bytes) -> None: ...
    async def drained(self) -> None: ...
    def envelopes(self) -> AsyncIterator[Envelope | MediaEnvelope]: ...
    async def close(self) -> None: ...


class Helping:
    """One session with one customer, from its code to its end.

    Args:
        opened: the session as the desk opened it.
        secret: the secret part of the code; a fresh one where none is given.

    Entering the block raises `NotReachable` where the relay does not answer, and `RoomRefused` where it does not open the room.
    """

    def __init__(self, opened: OpenedSession, *, secret: str | None = None) -> None:
        self._opened = opened
        self._secret = new_secret() if secret is None else secret
        self._code = parse(f"{opened.room.room} {self._secret}")
        self._pairing = Pairing(opened.room.token, self._code, opened.root_fingerprint)
        self._connection: Connection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._ended_by: Exception | None = None
        self._is_over = False
        self._screen = 0
        self.viewing: Viewing | None = None
        """What is known of the session; None until the customer's agent has proved to know the code."""

    # --- the block -------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> "Helping":
        self._connection = await RelayConnection.open(self._opened.address, tls=self._opened.tls)
        self._tasks = [asyncio.create_task(self._read(self._connection)), asyncio.create_task(self._tick())]
        self._flush()
        try:
            await self.wait_until(lambda: self._pairing.state is not PairingState.CLAIMING)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self.end()
        finally:
            await self._close()

    async def end(self) -> None:
        """End the session for good, and wait until the agent has closed its log, within reason. Once is enough."""
        if self._is_over or self.viewing is None or self.viewing.outcome is not None:
            return
        with contextlib.suppress(SessionOver, TimeoutError, LocalProtocolError):
            self._say(Ended(Outcome.COMPLETED))
            async with asyncio.timeout(PEER_GONE_S):
                await self.wait_until(lambda: self.outcome is not None)

    async def _close(self) -> None:
        self._over()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection:
            await self._connection.close()

    # --- what can be read at any moment ----------------------------------------------------------------------------

    @property
    def code(self) -> str:
        """The support code, as it is read to the customer."""
        digits = f"{self._secret[:3]} {self._secret[3:]}"
        return f"{self._opened.room.room} {digits if self._secret.isdecimal() else self._secret}"

    @property
    def link(self) -> str:
        """The same as a link; what follows # never reaches a server."""
        secret = "-".join(self._secret.split())
        root = fingerprint_text(self._opened.root_fingerprint)
        return f"{self._opened.address}/#code={self._opened.room.room}-{secret}&root={root}"

    @property
    def attempts(self) -> int:
        """How many agents have tried the code."""
        return self._pairing.attempts

    @property
    def outcome(self) -> Outcome | None:
        """How the session ended; None while it goes on. DROPPED where the connection is gone or a rule was broken."""
        if self.viewing and self.viewing.outcome is not None:
            return self.viewing.outcome
        if not self._is_over:
            return None
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
    def is_live(self) -> bool:
        """Whether the picture is what the customer sees now, give or take two seconds."""
        return self.viewing is not None and not self._is_over and not self.viewing.is_late(time.monotonic())

    @property
    def held_by(self) -> tuple[str, ...]:
        """What keeps input from the customer now; empty when nothing does."""
        return self.viewing.held_by(time.monotonic()) if self.viewing else ("not_allowed",)

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

    async def choose_screen(self, number: int) -> None:
        """Look at this screen from now on, and send input there."""
        self._screen = number
        await self._sent(ScreenChosen(number))

    async def ask_key_picture(self) -> None:
        """Have the whole picture sent again."""
        await self._sent(KeyPictureAsked())

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

    def _shown(self) -> int:
        return self._here().picture

    async def _input(self, message: Message) -> None:
        self._check_goes_on()
        self._here().act(message, now_s=time.monotonic())
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
        if self._connection:
            await self._connection.drained()

    def _flush(self) -> None:
        if self._connection is None:
            return
        for source in (self._pairing, self.viewing):
            for envelope in source.outgoing() if source else ():
                self._connection.send(envelope)

    async def _read(self, connection: Connection) -> None:
        try:
            async for envelope in connection.envelopes():
                self._take(envelope)
                self._flush()
                self._notify()
                if self.outcome is not None:
                    break
        except (ProtocolError, AssistanceError) as error:
            log.warning("the session cannot go on: %s: %s", type(error).__name__, error)
            self._ended_by = error
        finally:
            self._over()

    def _take(self, envelope: Envelope | MediaEnvelope) -> None:
        if self.viewing is None:
            self._pairing.receive(envelope)
            if self._pairing.secrets:
                self.viewing = Viewing(self._pairing.secrets, self._opened.purpose, now_s=time.monotonic())
        elif isinstance(envelope, Envelope) and envelope.kind is Kind.RELAY:
            self._on_relay(envelope.content)
        elif isinstance(envelope, MediaEnvelope) or envelope.kind is Kind.CONTROL:
            self.viewing.receive(envelope, now_s=time.monotonic(), utc_s=int(time.time()))

    def _on_relay(self, content: bytes) -> None:
        match from_relay.decode(content):
            case PeerLeft():
                raise SessionOver(Outcome.DROPPED)
            case Refused(reason):
                raise RoomRefused(reason)

    async def _tick(self) -> None:
        while not self._is_over:
            await asyncio.sleep(PROOF_OF_LIFE_S)
            if self.viewing:
                with contextlib.suppress(LocalProtocolError):
                    self.viewing.tick(now_s=time.monotonic(), utc_ms=time.time_ns() // 1_000_000)
                self._flush()
            # A picture becomes late without anything that arrives.
            self._notify()

    def _over(self) -> None:
        self._is_over = True
        self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
