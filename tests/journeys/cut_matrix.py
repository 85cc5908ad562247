"""Cuts of every length and kind, under sessions of every kind at once: real relay, real agents in text mode, the Python client.

How long a cut lasts is counted as the two ends count it, from the last sign of life to the first one after it: each comes up to half a
second before the cable is cut, and after it is mended.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import aiohttp

from client_agent.screen.source import Box
from demo.organisation import Organisation
from protocol.limits import CONTROL_GRACE_S, PEER_GONE_S, PROOF_OF_LIFE_S, VIEW_GRACE_S, VIEWER_AT_REST_S
from protocol.vocabulary import Capability
from technician_viewer.client import Desk, Helping, RoomRefused, SessionOver
from technician_viewer.viewing import NOT_STORED
from tests.client_agent.desktop import Ears, Painter
from tests.fakes.tcp_cable import Direction, TcpCable
from tests.journeys.text_agent import CONTROL, SEE, TextAgent, package_through
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

SECONDS = (1, 5, 30, 60, 299, 301)
CONTROL_AGAIN = "Let them control"
WIDTH_PX, HEIGHT_PX = 640, 480
KEY_A = 38
"""The X keycode of the key that `KeyA` names."""
DEADLINE_S = 60.0


class Kind(NamedTuple):
    """What the session was allowed, whose cable is cut, and how: for both (None), or without a word in one direction only."""

    allowed: Capability
    end: str
    dead: Direction | None

    def __str__(self) -> str:
        return f"{self.allowed.value}, {self.end}'s cable, {self.dead.name.lower() + ' only' if self.dead else 'both ways'}"


KINDS = tuple(
    Kind(allowed, end, dead)
    for allowed in (Capability.VIEW, Capability.CONTROL)
    for end in ("technician", "customer")
    for dead in (None, *Direction)
)


@dataclass
class Case:
    """One session, and its two cables."""

    kind: Kind
    helping: Helping
    agent: TextAgent
    cables: dict[str, TcpCable]
    back_after_s: list[float] = field(default_factory=list)
    """How long it took, each time, from the mending until what is painted is seen and what is allowed is there."""

    def cut(self) -> None:
        cable = self.cables[self.kind.end]
        if self.kind.dead:
            cable.stall(self.kind.dead)
        else:
            cable.cut()

    def mend(self) -> None:
        cable = self.cables[self.kind.end]
        cable.go_on()
        cable.mend()

    async def goes_on(self, colour: int) -> None:
        """What the customer's screen shows now is seen, and control is there again: by itself, or by one click of the customer."""
        session = self.helping
        async with asyncio.timeout(DEADLINE_S):
            await session.wait_until_back()
            await session.wait_for_picture(lambda picture: _colour_of(picture.colour_at(50, 50)) == colour)
            while self.kind.allowed is Capability.CONTROL and Capability.CONTROL not in session.capabilities:
                await self._get_control_back()
        assert session.capabilities >= {Capability.VIEW}

    async def _get_control_back(self) -> None:
        """The customer answers what the agent asks by itself; what a busy machine could not store in time is asked for again."""
        session, viewing = self.helping, self.helping.viewing
        assert viewing

        def is_settled() -> bool:
            return Capability.CONTROL in viewing.capabilities or Capability.CONTROL in viewing.refusals

        await session.wait_until(lambda: is_settled() or viewing.question is Capability.CONTROL)
        if viewing.question is Capability.CONTROL:
            await self.agent.answer(CONTROL_AGAIN)
            await session.wait_until(is_settled)
        if viewing.refusals.get(Capability.CONTROL) == NOT_STORED:
            await session.ask_access(Capability.CONTROL, "It could not be stored")

    async def is_over(self) -> None:
        """Nobody can go on with it."""
        with contextlib.suppress(SessionOver, RoomRefused):
            async with asyncio.timeout(DEADLINE_S):
                await self.helping.wait_until(lambda: False)
        assert self.helping.capabilities == frozenset()
        await eventually(
            lambda: "summary" in self.agent.said().lower(), "the customer's summary", deadline_s=DEADLINE_S
        )


def _colour_of(rgb: tuple[int, int, int]) -> int:
    red, green, blue = rgb
    return red << 16 | green << 8 | blue


@dataclass
class Matrix:
    """A session of every kind, on one desktop."""

    cases: list[Case]
    painter: Painter
    ears: Ears
    _colours: "itertools.count[int]" = field(default_factory=lambda: itertools.count(0x203040, 0x010203))

    async def cut(self, seconds: float) -> None:
        """Cut every session for so long, and see that it goes on or is over, as the graces say."""
        is_survived = seconds <= VIEW_GRACE_S
        held = [case for case in self.cases if case.kind.allowed is Capability.CONTROL]
        before = {id(case): case.agent.said().count(CONTROL_AGAIN) for case in held}
        for case in self.cases:
            case.cut()
        # The graces count from the last that was heard.
        await asyncio.sleep(seconds - (min(seconds / 2, VIEWER_AT_REST_S + PROOF_OF_LIFE_S) if is_survived else 0))
        colour = next(self._colours)
        self.painter.fill(Box(0, 0, 100, 100), colour)
        mended_at = time.monotonic()
        for case in self.cases:
            case.mend()

        async def outcome(case: Case) -> None:
            if not is_survived:
                await case.is_over()
                return
            await case.goes_on(colour)
            case.back_after_s.append(time.monotonic() - mended_at)

        await asyncio.gather(*map(outcome, self.cases))
        for case in held if is_survived else []:
            was_asked = case.agent.said().count(CONTROL_AGAIN) > before[id(case)]
            # With one direction dead, the agent hears its technician for as long as the connection is not given up.
            if seconds < CONTROL_GRACE_S:
                assert not was_asked, f"asked again after {seconds} s: {case.kind}"
            elif seconds > CONTROL_GRACE_S + PEER_GONE_S:
                assert was_asked, f"not asked again after {seconds} s: {case.kind}"
            await self._is_heard_once(case.helping)

    async def _is_heard_once(self, session: Helping) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await session.wait_until_input_goes()
        self.ears.heard()
        await session.press("KeyA")
        heard: list[tuple[str, int]] = []

        def both_came() -> bool:
            heard.extend(self.ears.heard())
            return len(heard) >= 2

        await eventually(both_came, "a key")
        assert heard == [("key down", KEY_A), ("key up", KEY_A)]


@asynccontextmanager
async def matrix(
    organisation: Organisation, desk: Desk, display: VirtualDisplay, folder: Path
) -> AsyncIterator[Matrix]:
    """Bring a session of every kind to where it can be cut; `desk` belongs to a technician who has signed in."""
    async with AsyncExitStack() as stack:
        display.run("xsetroot", "-solid", "#2b5d8a")
        # Between a key's down and its up a busy machine may take so long that the server would repeat it.
        display.run("xset", "r", "off")
        painter, ears = Painter(display, Box(0, 0, 100, 100)), Ears(display, Box(200, 200, 200, 200))
        stack.callback(painter.close)
        stack.callback(ears.close)
        cases = []
        for number, kind in enumerate(KINDS):
            # One after the other: a dozen agents that start at once keep a small machine busy for longer than an answer may wait.
            cases.append(await _case(stack, organisation, desk, display, folder / str(number), kind))
            await _is_allowed(cases[-1])
        yield Matrix(cases, painter, ears)
        # A technician who is away has nobody to say goodbye to.
        for case in cases:
            case.mend()


async def _case(
    stack: AsyncExitStack, organisation: Organisation, desk: Desk, display: VirtualDisplay, folder: Path, kind: Kind
) -> Case:
    folder.mkdir()
    port = int(organisation.address.rpartition(":")[2])
    cables = {end: await stack.enter_async_context(TcpCable(port)) for end in ("technician", "customer")}
    ticket = await desk.create_ticket(f"Cut: {kind}", "Agnès Blanc")
    opened = await desk.start_session(ticket.number, reason="To be cut off", asks=kind.allowed)
    opened = dataclasses.replace(opened, address=f"http://localhost:{cables['technician'].port}")
    helping = await stack.enter_async_context(Helping(opened))
    package = package_through(organisation.package, folder, cables["customer"].port)
    agent = TextAgent(display, package, helping.code, folder)
    stack.callback(agent.close)
    return Case(kind, helping, agent, cables)


async def _is_allowed(case: Case) -> None:
    await case.agent.answer(CONTROL if case.kind.allowed is Capability.CONTROL else SEE, deadline_s=DEADLINE_S)
    await case.helping.wait_until_allowed(case.kind.allowed)
    await case.helping.wait_for_picture()


async def signed_in(stack: AsyncExitStack, organisation: Organisation, cookie: dict[str, str]) -> Desk:
    """The desk as a technician with this cookie has it."""
    client = await stack.enter_async_context(aiohttp.ClientSession(cookies=cookie))
    desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
    await desk.me()
    return desk
