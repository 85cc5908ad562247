"""How long a key takes while a file moves beside it: real relay and agent, the Python client, and a narrow path between them."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath

import aiohttp

from benchmarks.report import Row, Section
from client_agent.screen.source import Box
from protocol.vocabulary import Capability
from technician_viewer.client import Desk, Helping
from tests.client_agent.desktop import Ears
from tests.fakes.narrow_path import Path, narrow_path
from tests.journeys.stage import COOKIE, Server
from tests.journeys.text_agent import CONTROL, TextAgent
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually

PATHS = {
    "1 Mbit/s, 200 ms": Path(bits_per_s=1_000_000, round_trip_ms=200),
    "4 Mbit/s, 40 ms": Path(bits_per_s=4_000_000, round_trip_ms=40),
    "20 Mbit/s, 30 ms": Path(bits_per_s=20_000_000, round_trip_ms=30),
}
KEYS, QUICK_KEYS = 40, 5
_BETWEEN_S = 0.15
_DEADLINE_S = 60.0

_ABOUT = """\
*Key*: from pressing it in the Python client until a window of the customer's has heard it, with nothing else going on, while a file
goes to the customer, and while one comes from there. Rate and round trip hold in both directions; a queue of 400 ms stands before the
narrow place. What a file got of the path is its own bytes; a third more go over it, because parts are written as base64."""


async def measure(*, is_quick: bool = False) -> Section:
    """Press keys on each path, alone and beside a file in each direction."""
    rows, facts = list[Row](), dict[str, str]()
    with tempfile.TemporaryDirectory(prefix="mf") as folder:
        server = Server(FilePath(folder))
        try:
            for name, path in PATHS.items():
                await _on_path(server, name, path, QUICK_KEYS if is_quick else KEYS, rows, facts)
        finally:
            server.stop()
    return Section("files", "A key beside a file", _ABOUT, rows, facts)


async def _on_path(server: Server, name: str, path: Path, count: int, rows: list[Row], facts: dict[str, str]) -> None:
    async with aiohttp.ClientSession(cookies={COOKIE: await server.sign_in()}) as http:
        organisation = server.organisation
        desk = Desk(http, organisation.address, root_fingerprint=organisation.root_fingerprint)
        await desk.me()
        ticket = await desk.create_ticket("No picture", "Agnès Blanc")
        opened = await desk.start_session(ticket.number, reason="To look together", asks=Capability.CONTROL)
        async with Helping(opened) as session:
            with _customer(server, path, session.code) as (agent, display, folder):
                await _is_helped(session, agent)
                ears = Ears(display, Box(0, 0, 200, 200))
                await session.wait_until_input_goes()
                rows.append(Row(f"{name}: key alone", await _keys(session, ears, count)))
                # Enough to be on its way for as long as the keys take.
                data = os.urandom(path.bits_per_s // 8 * round(count * (_BETWEEN_S + path.round_trip_ms / 1000) + 2))
                began_s = time.monotonic()
                sending = asyncio.create_task(session.send_file("file.bin", data))
                rows.append(Row(f"{name}: key beside a file to the customer", await _keys(session, ears, count)))
                assert not sending.done()
                await sending
                facts[f"{name}, to the customer"] = _rate(data, began_s)
                asking = asyncio.create_task(session.ask_file("The same again"))
                await eventually(lambda: "Type where the file is" in agent.said(), "the question to the customer")
                began_s = time.monotonic()
                agent.type(str(folder / "Downloads" / "file.bin"))
                await eventually(lambda: session.viewing and session.viewing.files.has_begun, "the first bytes")
                await session.wait_until_input_goes()
                rows.append(Row(f"{name}: key beside a file from the customer", await _keys(session, ears, count)))
                assert not asking.done()
                await asking
                facts[f"{name}, from the customer"] = _rate(data, began_s)
                ears.close()


@contextmanager
def _customer(server: Server, path: Path, code: str) -> Iterator[tuple[TextAgent, VirtualDisplay, FilePath]]:
    """An agent at the far end of the path, with a desktop of its own, and the folder that it keeps things in."""
    organisation = server.organisation
    with (
        tempfile.TemporaryDirectory() as made,
        virtual_display(640, 480, window_manager=False) as display,
        narrow_path(path) as laid,
    ):
        laid.reach(int(organisation.address.rpartition(":")[2]))
        folder = FilePath(made)
        agent = TextAgent(display, organisation.package, code, folder, through=laid.command)
        try:
            yield agent, display, folder
        finally:
            agent.close()


async def _is_helped(session: Helping, agent: TextAgent) -> None:
    await agent.answer(CONTROL, deadline_s=_DEADLINE_S)
    await session.wait_until_allowed(Capability.CONTROL)
    await session.wait_for_picture()
    await session.ask_access(Capability.FILES, "The manual")
    await agent.answer("Allow files", deadline_s=_DEADLINE_S)
    await session.wait_until_allowed(Capability.FILES)


async def _keys(session: Helping, ears: Ears, count: int) -> list[float]:
    """How long each key took, in milliseconds."""
    took = []
    for _ in range(count):
        ears.heard()
        began_s = time.perf_counter()
        await session.press("KeyA")
        while not any(what == "key down" for what, _ in ears.heard()):  # noqa: ASYNC110 # another program's window
            await asyncio.sleep(0.001)
        took.append((time.perf_counter() - began_s) * 1000)
        await asyncio.sleep(_BETWEEN_S)
    return took


def _rate(data: bytes, began_s: float) -> str:
    return f"{len(data) * 8 / (time.monotonic() - began_s) / 1e6:.2f} Mbit/s"
