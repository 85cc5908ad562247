"""How quickly sessions are back after the relay was killed or upgraded: ten at a time, the real relay, real agents, the Python client.

The agents run in text mode and share one display of 640 x 480, which keeps ten of them light; each captures and encodes for itself.
The technicians are ten Python clients in one process. Nothing else is spared: SIGKILL of the relay's first process, or SIGTERM and its
end, and a new one on the same port with the same database. While the relay is away, something new is painted.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import mss

from benchmarks.ports import free_port
from benchmarks.report import Row, Section
from client_agent.screen.source import Box
from demo.organisation import PASSWORD, TECHNICIAN, Organisation, Relay, made_organisation
from protocol import session_log
from protocol.errors import ProtocolError
from protocol.identity import public_bytes
from protocol.vocabulary import Capability
from technician_viewer.client import Desk, Helping
from technician_viewer.desk import SessionLog
from tests.client_agent.desktop import Painter
from tests.journeys.text_agent import SEE, TextAgent
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually

AT_A_TIME = 10
# A run of some minutes; what `--more` adds to it is another, and four of them are a thousand kills.
KILLS, QUICK_KILLS = 250, 20
UPGRADES, QUICK_UPGRADES = 50, 10
WIDTH_PX, HEIGHT_PX = 640, 480
_BACK_WITHIN_S = 60.0
_EQUAL_WITHIN_S = 20.0


@dataclass
class Found:
    """What came of all cuts of one kind; milliseconds."""

    until_back: list[float] = field(default_factory=list)
    until_equal: list[float] = field(default_factory=list)
    restarts: list[float] = field(default_factory=list)
    not_back: int = 0
    not_equal: int = 0


@dataclass
class Logs:
    """What came of all logs."""

    entries_lost: int = 0
    unsound: int = 0


@dataclass
class Stage:
    """Ten sessions in full swing."""

    relay: Relay
    display: VirtualDisplay
    desk: Desk
    painter: Painter
    sessions: list[Helping]


async def measure(*, is_quick: bool, kills: int = 0) -> Section:
    """End the relay under ten sessions, again and again; a cut counts once for each session that it hits."""
    kills = kills or (QUICK_KILLS if is_quick else KILLS)
    upgrades = QUICK_UPGRADES if is_quick else UPGRADES
    killed, upgraded, logs = Found(), Found(), Logs()
    async with _stage() as stage:
        for number in range(kills // AT_A_TIME):
            await _cut(stage, number, stage.relay.kill, killed)
        for number in range(upgrades // AT_A_TIME):
            await _cut(stage, number, stage.relay.stop, upgraded)
        await _check_logs(stage, logs)
    until_equal = killed.until_equal + upgraded.until_equal
    return Section(
        "resume",
        "Back after a cut",
        "The relay is killed (SIGKILL) in mid-session and started again at once, under ten sessions at a time; then it is upgraded: "
        "ended by SIGTERM, waited for, and started again. A session is back when the technician's side has verified a record under new "
        "keys; its picture, when every pixel is what the customer's display shows. Ten real agents in text mode on one display of "
        "640 x 480, ten Python clients in one process, one relay, all on this machine: they share its processors with the relay that "
        "starts.",
        [
            Row("from SIGKILL until a session is back", killed.until_back, killed.not_back),
            Row("from SIGTERM until a session is back", upgraded.until_back, upgraded.not_back),
            Row("from being back to a picture that is equal", until_equal, killed.not_equal + upgraded.not_equal),
            Row("the relay itself, from SIGKILL until everything of it answers", killed.restarts),
            Row("the relay itself, from SIGTERM until everything of the next one answers", upgraded.restarts),
        ],
        {"records repeated": "none: either end refuses a number that does not follow, and ends the session"},
        {
            "pictures equal within 1 s": sum(each <= 1000 for each in until_equal),
            "entries lost": logs.entries_lost,
            "logs that do not verify, or that the two sides hold differently": logs.unsound,
        },
    )


async def _cut(stage: Stage, number: int, end_relay: Callable[[], None], found: Found) -> None:
    before = [len(session.resumes_s) for session in stage.sessions]
    cut_at = time.monotonic()
    # What waits for a process to end, or to begin, waits in a thread: the technicians' side goes on meanwhile.
    await asyncio.to_thread(end_relay)
    stage.relay.begin()
    restarting = asyncio.create_task(asyncio.to_thread(stage.relay.wait_until_ready))
    restarting.add_done_callback(lambda _: found.restarts.append((time.monotonic() - cut_at) * 1000))
    colour = (number * 0x050B11 + 0x112233) & 0xFFFFFF
    stage.painter.fill(Box(0, 0, 200, 200), colour)
    stage.painter.fill(Box(20 + number % 150, 30, 40, 60), ~colour & 0xFFFFFF)
    with mss.mss(display=stage.display.name) as camera:
        seen = bytes(camera.grab(camera.monitors[0]).raw)

    async def back(session: Helping, resumes: int) -> None:
        try:
            async with asyncio.timeout(_BACK_WITHIN_S):
                await session.wait_until(lambda: len(session.resumes_s) > resumes and session.is_connected)
        except TimeoutError:
            found.not_back += 1
            return
        back_at = time.monotonic()
        found.until_back.append((back_at - cut_at) * 1000)
        try:
            async with asyncio.timeout(_EQUAL_WITHIN_S):
                await session.wait_until(
                    lambda: session.is_live and _pixels(bytes(session.picture().bgrx)) == _pixels(seen)
                )
        except TimeoutError:
            found.not_equal += 1
            return
        found.until_equal.append((time.monotonic() - back_at) * 1000)

    await asyncio.gather(*(back(*each) for each in zip(stage.sessions, before, strict=True)))
    await restarting


def _pixels(bgrx: bytes) -> tuple[bytes, bytes, bytes]:
    """Without the bytes that mean nothing."""
    return bgrx[0::4], bgrx[1::4], bgrx[2::4]


async def _check_logs(stage: Stage, found: Logs) -> None:
    """Every entry that the ticket has is at the technician's too, in order, and the other way round."""
    for session in stage.sessions:
        await session.end()
    for session in stage.sessions:
        await _check_log(stage.desk, session, found)


async def _check_log(desk: Desk, session: Helping, found: Logs) -> None:
    assert session.viewing
    purpose, ours = session.viewing.purpose, list(session.viewing.entry_texts)

    async def whole() -> SessionLog | None:
        log = await desk.session_log(purpose.session)
        verdict = session_log.verify(log.entries, log.heads, public_bytes(purpose.key))
        return log if verdict.is_complete else None

    try:
        log = await eventually(whole, "the whole log on the ticket, signed by both")
        assert log
        found.unsound += ours != log.entries
    except (AssertionError, ProtocolError):
        found.unsound += 1
        log = await desk.session_log(purpose.session)
    found.entries_lost += len(set(ours) ^ set(log.entries))


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mf")))
        organisation = made_organisation(folder, free_port())
        relay = Relay(organisation, folder / "relay.log")
        stack.callback(relay.stop)
        await asyncio.to_thread(relay.start)
        display = stack.enter_context(virtual_display(WIDTH_PX, HEIGHT_PX, window_manager=False))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
        await desk.sign_in(TECHNICIAN, PASSWORD, organisation.code())
        painter = Painter(display, Box(100, 100, 200, 200))
        stack.callback(painter.close)
        sessions = [await _session(stack, desk, organisation, display, folder, n) for n in range(AT_A_TIME)]
        yield Stage(relay, display, desk, painter, sessions)


async def _session(
    stack: AsyncExitStack, desk: Desk, organisation: Organisation, display: VirtualDisplay, folder: Path, number: int
) -> Helping:
    ticket = await desk.create_ticket(f"Session {number}", "Agnès Blanc")
    opened = await desk.start_session(ticket.number, reason="To be cut off", asks=Capability.VIEW)
    session = await stack.enter_async_context(Helping(opened))
    agent = TextAgent(display, organisation.package, session.code, folder, f"agent-{number}")
    stack.callback(agent.close)
    await agent.answer(SEE, deadline_s=60)
    await session.wait_until_allowed(Capability.VIEW)
    await session.wait_for_picture()
    return session
