"""What a second viewer costs the customer's machine: the agent's processor time, and what it sends.

A text is typed on the customer's display at the same pace all the time. Windows of time in which one viewer watches take turns with
windows in which two do; each second viewer is invited, joins, watches for one window and leaves.
"""

import asyncio
import dataclasses
import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pyotp

from benchmarks.ports import free_port
from benchmarks.report import Row, Section, percentile
from benchmarks.stage import HEIGHT_PX, WIDTH_PX
from client_agent.screen.source import Box
from demo.organisation import COLLEAGUE, PASSWORD, TECHNICIAN, Organisation, made_organisation, served
from protocol.envelope import Audience, Envelope, MediaEnvelope
from protocol.vocabulary import Capability, Role
from technician_viewer.client import Desk, Helping
from tests.client_agent.desktop import Painter
from tests.fakes.tcp_cable import Direction, TcpCable
from tests.journeys.text_agent import SEE, TextAgent, package_through
from tests.virtual_display import virtual_display

WINDOWS, QUICK_WINDOWS = 8, 2
WINDOW_S = 8.0
TYPED_EVERY_S = 0.1
_GLYPH_PX = (8, 14)
_SETTLED_S = 1.5
_TICKS_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """What the agent took in windows of one kind, each per second of time."""

    processor_ms: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    """Bytes on the agent's cable, of all kinds."""
    media: list[float] = field(default_factory=list)
    """Bytes of media records for all viewers."""
    media_for_one: int = 0
    """Bytes of media records for one viewer alone."""


@dataclass
class Stage:
    """One session that is going on."""

    desk: Desk
    colleague: Desk
    agent: TextAgent
    cable: TcpCable
    first: Helping
    painter: Painter
    arrived: dict[Audience, int]
    """Bytes of media records that came, for all as the first viewer has them, for one alone at both."""


async def measure(*, is_quick: bool = False) -> Section:
    """Let the windows take turns."""
    alone, shared = Spent(), Spent()
    async with _stage() as stage:
        typing = asyncio.create_task(_type(stage.painter))
        for _ in range(QUICK_WINDOWS if is_quick else WINDOWS):
            await _window(stage, alone)
            async with _second(stage):
                await _window(stage, shared)
        typing.cancel()

    def median(samples: list[float]) -> float:
        return percentile(samples, 50)

    def both(one: list[float], two: list[float]) -> str:
        return f"{median(one):.0f} with one viewer, {median(two):.0f} with two"

    more_ms = median(shared.processor_ms) - median(alone.processor_ms)
    return Section(
        "sharing",
        "A second viewer",
        f"One agent on a display of {WIDTH_PX} x {HEIGHT_PX} on which a letter is typed ten times a second, one Python client that leads, "
        f"and a second one that is invited, joins, watches for {WINDOW_S:.0f} s and leaves, {len(shared.sent)} times. Windows with one "
        "viewer and with two take turns; a window with two begins once the second one has its key picture.",
        [
            Row("the agent's processor time in a second, one viewer", alone.processor_ms),
            Row("the agent's processor time in a second, two viewers", shared.processor_ms),
        ],
        {
            "more processor by the second viewer, by the medians": f"{more_ms / 10:.2f} % of one core",
            "media records for all, bytes a second, median": both(alone.media, shared.media),
            "media records for the second one alone, after its key picture": f"{shared.media_for_one} bytes",
            "the agent's whole connection, bytes a second, median": f"{both(alone.sent, shared.sent)}: twice a second the second one's "
            "control channel proves that both are there",
        },
    )


async def _window(stage: Stage, spent: Spent) -> None:
    await asyncio.sleep(_SETTLED_S)
    pid = stage.agent.process.pid
    before = (processor_ms(pid), stage.cable.carried_bytes[Direction.OUT], dict(stage.arrived), time.monotonic())
    await asyncio.sleep(WINDOW_S)
    seconds = time.monotonic() - before[3]
    spent.processor_ms.append((processor_ms(pid) - before[0]) / seconds)
    spent.sent.append((stage.cable.carried_bytes[Direction.OUT] - before[1]) / seconds)
    spent.media.append((stage.arrived[Audience.ALL] - before[2][Audience.ALL]) / seconds)
    spent.media_for_one += stage.arrived[Audience.ONE] - before[2][Audience.ONE]


def processor_ms(pid: int) -> float:
    """What a process has used of the processors (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / _TICKS_S


async def _type(painter: Painter) -> None:
    """Paint something as large as a letter, line after line."""
    width, height = _GLYPH_PX
    columns, number = (WIDTH_PX - width) // width, 0
    while True:
        x, y = number % columns * width, number // columns * height % (HEIGHT_PX - height)
        painter.fill(Box(x, y, width, height), 0x10 + number * 0x050709 & 0xFFFFFF)
        number += 1
        await asyncio.sleep(TYPED_EVERY_S)


def _count(helping: Helping, arrived: dict[Audience, int], *audiences: Audience) -> None:
    viewing = helping.viewing
    assert viewing
    receive = viewing.receive

    def counted(envelope: Envelope | MediaEnvelope, *, now_s: float, utc_s: int) -> None:
        if isinstance(envelope, MediaEnvelope) and envelope.audience in audiences:
            arrived[envelope.audience] += len(envelope.data)
        receive(envelope, now_s=now_s, utc_s=utc_s)

    viewing.receive = counted  # type: ignore[method-assign]


@asynccontextmanager
async def _second(stage: Stage) -> AsyncIterator[None]:
    """Somebody who is invited, allowed to see, has a complete picture, and leaves at the end."""
    assert stage.first.viewing
    session = stage.first.viewing.purpose.session
    await stage.desk.invite(session, COLLEAGUE, reason="To look too", role=Role.OBSERVER)
    async with Helping.join(await stage.colleague.join(session)) as second:
        await stage.agent.answer(SEE)
        await second.wait_until_allowed(Capability.VIEW)
        await second.wait_for_picture()
        _count(second, stage.arrived, Audience.ONE)
        yield


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mf")))
        organisation = made_organisation(folder, free_port())
        organisation.add_colleague()
        stack.enter_context(served(organisation, folder / "relay.log"))
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX, window_manager=False))
        painter = Painter(display, Box(0, 0, WIDTH_PX, HEIGHT_PX))
        stack.callback(painter.close)
        cable = await stack.enter_async_context(TcpCable(int(organisation.address.rpartition(":")[2])))
        desk = await signed_in(stack, organisation, TECHNICIAN)
        ticket = await desk.create_ticket("Watched by two", "Agnès Blanc")
        opened = await desk.start_session(ticket.number, reason="To be watched", asks=Capability.VIEW)
        first = await stack.enter_async_context(Helping(dataclasses.replace(opened)))
        agent = TextAgent(display, package_through(organisation.package, folder, cable.port), first.code, folder)
        stack.callback(agent.close)
        await agent.answer(SEE, deadline_s=60)
        await first.wait_until_allowed(Capability.VIEW)
        await first.wait_for_picture()
        # A head that both have signed is what a colleague believes.
        await first.wait_until(lambda: first.viewing and first.viewing.heads)
        arrived = dict.fromkeys(Audience, 0)
        _count(first, arrived, Audience.ALL, Audience.ONE)
        colleague = await signed_in(stack, organisation, COLLEAGUE)
        yield Stage(desk, colleague, agent, cable, first, painter, arrived)


async def signed_in(stack: AsyncExitStack, organisation: Organisation, account: str) -> Desk:
    client = await stack.enter_async_context(aiohttp.ClientSession())
    desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
    await desk.sign_in(account, PASSWORD, pyotp.TOTP(organisation.totp_secret).now())
    return desk
