"""One session of the Python client and the text agent, whose two cables a test may cut."""

import asyncio
import dataclasses
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pyotp

from client_agent.screen.source import Box
from demo.organisation import PASSWORD
from protocol.vocabulary import Capability, Role
from technician_viewer.client import Desk, Helping, InvitedSession
from technician_viewer.picture import Picture
from tests.client_agent.desktop import Ears, Painter
from tests.fakes.tcp_cable import TcpCable
from tests.journeys.stage import COOKIE, Server
from tests.journeys.text_agent import CONTROL, SEE, TextAgent, package_through
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

WIDTH_PX, HEIGHT_PX = 640, 480
_colleagues = itertools.count(1)
KEY_A = 38
"""The X keycode of the key that `KeyA` names."""
DEADLINE_S = 30.0
BACKGROUND = 0x2B5D8A


@dataclass(frozen=True)
class Colleague:
    """Somebody of the desk: the account's name, and the desk as this person has it."""

    name: str
    desk: Desk


@dataclass
class Scene:
    """One session in full swing, whose two cables a test may cut."""

    server: Server
    display: VirtualDisplay
    desk: Desk
    viewers: TcpCable
    agents: TcpCable
    folder: Path
    stack: AsyncExitStack
    session: Helping = field(init=False)
    agent: TextAgent = field(init=False)
    ears: Ears = field(init=False)
    painter: Painter = field(init=False)

    async def begin(self, asks: Capability = Capability.CONTROL) -> None:
        """The technician is asked in; the customer reads the question."""
        ticket = await self.desk.create_ticket("No picture", "Agnès Blanc")
        opened = await self.desk.start_session(ticket.number, reason="To look together", asks=asks)
        opened = dataclasses.replace(opened, address=f"http://localhost:{self.viewers.port}")
        self.session = await self.stack.enter_async_context(Helping(opened))
        package = package_through(self.server.organisation.package, self.folder, self.agents.port)
        self.agent = TextAgent(self.display, package, self.session.code, self.folder)
        self.stack.callback(self.agent.close)
        await self.session.wait_until_paired()

    async def is_helped(self) -> None:
        """The customer allows control, and has a window with the keyboard."""
        await self.begin()
        await self.agent.answer(CONTROL)
        await self.session.wait_until_allowed(Capability.CONTROL)
        self.ears = Ears(self.display, Box(0, 0, 200, 200))
        self.stack.callback(self.ears.close)
        self.painter = Painter(self.display, Box(300, 100, 100, 100))
        self.stack.callback(self.painter.close)
        await self.goes_on(0x102030)

    async def goes_on(self, colour: int) -> None:
        """What is painted now is seen, and a key that is pressed now is heard, once."""
        async with asyncio.timeout(DEADLINE_S):
            await self.session.wait_until_back()
            self.painter.fill(Box(0, 0, 100, 100), colour)
            await self.session.wait_for_picture(lambda picture: colour_of(picture, 350, 150) == colour)
            await self.session.wait_until_input_goes()
        self.ears.heard()
        await self.session.press("KeyA")
        heard: list[tuple[str, int]] = []

        def both_came() -> bool:
            heard.extend(self.ears.heard())
            return len(heard) >= 2

        await eventually(both_came, "a key")
        assert heard == [("key down", KEY_A), ("key up", KEY_A)]

    async def is_cut(self) -> None:
        """Wait until the technician's side has noticed."""
        async with asyncio.timeout(DEADLINE_S):
            await self.session.wait_until(lambda: not self.session.is_connected)

    async def colleague(self, role: str = "technician") -> Colleague:
        """Somebody else of the desk, who has signed in."""
        organisation, secret = self.server.organisation, pyotp.random_base32()
        name = f"dominique{next(_colleagues)}"
        user = ("user", "add", name, "--full-name", "Dominique Blanc", "--role", role, "--totp-secret", secret)
        await asyncio.to_thread(organisation.command, *user)
        client = await self.stack.enter_async_context(aiohttp.ClientSession())
        desk = Desk(client, organisation.address, root_fingerprint=organisation.root_fingerprint)
        await desk.sign_in(name, PASSWORD, pyotp.TOTP(secret).now())
        return Colleague(name, desk)

    async def joined(self, colleague: Colleague, *, role: Role = Role.TECHNICIAN, through: int = 0) -> Helping:
        """The colleague is invited, comes, perhaps through another cable's port, and is allowed to see."""
        invited = await self.invited(colleague, role=role)
        if through:
            invited = dataclasses.replace(invited, address=f"http://localhost:{through}")
        helping = await self.stack.enter_async_context(Helping.join(invited))
        await self.agent.answer(SEE)
        async with asyncio.timeout(DEADLINE_S):
            await helping.wait_until_allowed(Capability.VIEW)
            await helping.wait_for_picture()
        return helping

    async def invited(self, colleague: Colleague, *, role: Role = Role.TECHNICIAN) -> InvitedSession:
        """The colleague is invited, and holds what lets them in."""
        viewing = self.session.viewing
        assert viewing
        # A head that both have signed is what a colleague believes.
        await self.session.wait_until(lambda: viewing.heads)
        await self.desk.invite(viewing.purpose.session, colleague.name, reason="To look too", role=role)
        return await colleague.desk.join(viewing.purpose.session)

    async def last_entry_is(self, part: str) -> bool:
        """Wait until the ticket holds a log whose last entry says this."""
        return await self._log_is(lambda entries: part in entries[-1], f"{part} at the log's end")

    async def log_says(self, part: str) -> bool:
        """Wait until the ticket holds an entry that says this."""
        return await self._log_is(lambda entries: any(part in entry for entry in entries), f"{part} in the log")

    async def _log_is(self, is_it: Callable[[list[str]], bool], what: str) -> bool:
        assert self.session.viewing
        session = self.session.viewing.purpose.session

        async def says() -> bool:
            return is_it((await self.desk.session_log(session)).entries)

        return bool(await eventually(says, what))

    def events(self) -> list[str]:
        """The session log as the technician holds it."""
        assert self.session.viewing
        return [type(entry.event).__name__ for entry in self.session.viewing.entries]


def colour_of(picture: Picture, x: int, y: int) -> int:
    red, green, blue = picture.colour_at(x, y)
    return red << 16 | green << 8 | blue


@asynccontextmanager
async def a_scene(server: Server, display: VirtualDisplay, folder: Path) -> AsyncIterator[Scene]:
    """Everything but the session itself, which a test begins."""
    async with AsyncExitStack() as stack:
        port = int(server.organisation.address.rpartition(":")[2])
        viewers = await stack.enter_async_context(TcpCable(port))
        agents = await stack.enter_async_context(TcpCable(port))
        cookies = {COOKIE: await server.sign_in()}
        client = await stack.enter_async_context(aiohttp.ClientSession(cookies=cookies))
        desk = Desk(client, server.organisation.address, root_fingerprint=server.organisation.root_fingerprint)
        await desk.me()
        display.run("xsetroot", "-solid", f"#{BACKGROUND:06x}")
        # Between a key's down and its up a busy machine may take so long that the server would repeat it.
        display.run("xset", "r", "off")
        yield Scene(server, display, desk, viewers, agents, folder, await stack.enter_async_context(AsyncExitStack()))
        # A technician who is away has nobody to say goodbye to.
        viewers.go_on()
        viewers.mend()
