"""Two nodes of the relay on one PostgreSQL: real relay processes, the real agent, the Python client and the page."""

import asyncio
import dataclasses
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser
from sqlalchemy import create_engine, text
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from client_agent.organisation import read_package
from demo.organisation import Organisation, made_organisation
from protocol.envelope import SUBPROTOCOL
from protocol.vocabulary import Capability
from relay.storage.database import url_of
from technician_viewer.client import Desk, Helping
from tests.journeys.scene import DEADLINE_S, HEIGHT_PX, WIDTH_PX, Scene, a_scene
from tests.journeys.stage import COOKIE, LANGUAGE, Server, Stage
from tests.journeys.text_agent import CONTROL, SEE, TextAgent
from tests.organisations import free_port, short_folder
from tests.relay.databases import emptied, postgresql_url
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

__all__ = ["postgresql_url"]


class Node(Server):
    """One node of an organisation that has several."""

    def __init__(self, folder: Path, organisation: Organisation) -> None:
        self._begin(folder, organisation)

    @property
    def origin(self) -> str:
        return self.organisation.address


@dataclass(frozen=True)
class TwoNodes:
    """Both serve the same organisation; people sign in at the first."""

    first: Node
    second: Node
    database: str

    def state_of(self, session: str) -> tuple[str, str]:
        """How the desk says that a session stands, and where it lives."""
        engine = create_engine(url_of(self.database))
        with engine.connect() as connection:
            asked = text("SELECT state, node FROM session WHERE session = :session")
            state, node = connection.execute(asked, {"session": session}).one()
        engine.dispose()
        return state, node


@pytest.fixture(scope="module")
def both(postgresql_url: str) -> Iterator[TwoNodes]:
    with short_folder() as folder:
        ports = free_port(), free_port()
        origins = [f"http://localhost:{port}" for port in ports]
        shared = f'database_url = "{emptied(postgresql_url)}"\n'
        settings = f'{shared}node = "{origins[0]}"\n'
        made = made_organisation(folder, ports[0], others=origins[1:], settings=settings)
        copy = folder / "second" / "organisation"
        shutil.copytree(made.folder, copy)
        config = copy / "mainforte.toml"
        written = config.read_text().replace(f"port = {ports[0]}", f"port = {ports[1]}")
        config.write_text(written.replace(f'node = "{origins[0]}"', f'node = "{origins[1]}"'))
        first = Node(folder, made)
        second = Node(folder / "second", dataclasses.replace(made, address=origins[1], folder=copy))
        yield TwoNodes(first, second, postgresql_url)
        first.stop()
        second.stop()


@pytest.fixture
def nodes(both: TwoNodes) -> TwoNodes:
    """Both are there, also where the last test killed one."""
    for node in (both.first, both.second):
        if node.front.poll() is not None:
            node.start()
    return both


class SceneAtNodes(Scene):
    """Nothing but what the document says leads to the nodes; the technician's way to the first is a cable."""

    second: Node
    home_of: Callable[[str], tuple[str, str]]

    async def begin(self, asks: Capability = Capability.CONTROL) -> None:
        ticket = await self.desk.create_ticket("No picture", "Agnès Blanc")
        opened = await self.desk.start_session(ticket.number, reason="To look together", asks=asks)
        assert opened.origins == (self.server.organisation.address, self.second.origin)
        assert self.home_of(opened.purpose.session) == ("waiting", self.server.organisation.address)
        cable = f"http://localhost:{self.viewers.port}"
        opened = dataclasses.replace(opened, address=cable, origins=(cable, self.second.origin))
        self.session = await self.stack.enter_async_context(Helping(opened))
        package = self.server.organisation.package
        self.agent = TextAgent(self.display, package, self.session.code, self.folder)
        self.stack.callback(self.agent.close)
        await self.session.wait_until_paired()

    async def desk_of_second(self) -> Desk:
        """The same technician at the second node: its sign-ins are in the database."""
        cookies = {COOKIE: await self.server.sign_in()}
        client = await self.stack.enter_async_context(aiohttp.ClientSession(cookies=cookies))
        desk = Desk(client, self.second.origin, root_fingerprint=self.server.organisation.root_fingerprint)
        await desk.me()
        return desk


@pytest.fixture
async def scene(nodes: TwoNodes, xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> AsyncIterator[SceneAtNodes]:
    display = xvfb(WIDTH_PX, HEIGHT_PX, window_manager=False)
    async with a_scene(nodes.first, display, tmp_path) as plain:
        fields = {each.name: getattr(plain, each.name) for each in dataclasses.fields(plain) if each.init}
        scene = SceneAtNodes(**fields)
        scene.second, scene.home_of = nodes.second, nodes.state_of
        yield scene


async def test_a_node_that_is_killed_for_good_is_left_for_the_other_with_the_same_grants_and_no_new_question(
    scene: SceneAtNodes, nodes: TwoNodes
) -> None:
    await scene.is_helped()
    questions = scene.agent.said().count(CONTROL)
    elsewhere = await scene.desk_of_second()
    assert scene.session.viewing
    secret, session = scene.session.kept.secrets[0], scene.session.viewing.purpose.session
    scene.server.kill()
    await scene.is_cut()
    await scene.goes_on(0x203040)
    assert scene.session.kept.address == nodes.second.origin
    assert secret not in scene.session.kept.secrets
    assert scene.agent.said().count(CONTROL) == questions

    async def log_is_whole() -> bool:
        entries = (await elsewhere.session_log(session)).entries
        return "resumed" in str(entries) and entries == list(scene.session.viewing.entry_texts)  # type: ignore[union-attr]

    await eventually(log_is_whole, "the log, with the cut, at the second node")
    assert scene.events().count("Cut") == scene.events().count("Resumed") == 1

    # The first is back, and closes nothing of what lives at the second now; then that one goes, and all come back.
    await asyncio.to_thread(scene.server.start)
    await scene.goes_on(0x304050)
    nodes.second.kill()
    await scene.is_cut()
    await scene.goes_on(0x405060)
    assert scene.agent.said().count(CONTROL) == questions


async def test_a_node_that_starts_while_sessions_live_at_the_other_closes_none_of_them(
    scene: SceneAtNodes, nodes: TwoNodes
) -> None:
    await scene.is_helped()
    nodes.second.kill()
    await asyncio.to_thread(nodes.second.start)
    await scene.goes_on(0x506070)
    assert len(scene.session.resumes_s) == 0
    assert scene.session.viewing
    assert nodes.state_of(scene.session.viewing.purpose.session) == ("paired", nodes.first.origin)


async def test_ends_that_first_look_at_different_nodes_meet(scene: SceneAtNodes, nodes: TwoNodes) -> None:
    await scene.is_helped()
    kept = scene.session.kept
    scene.viewers.cut()
    await scene.is_cut()
    # The agent stays where it is well; whoever comes back with nothing looks at the other node first.
    origins = (nodes.first.origin, nodes.second.origin)
    astray = dataclasses.replace(kept, address=nodes.second.origin, origins=origins)
    again = await scene.stack.enter_async_context(Helping.recalled(astray))
    async with asyncio.timeout(DEADLINE_S):
        await again.wait_until_back()
        await again.wait_for_picture()
    assert again.capabilities == {Capability.VIEW, Capability.CONTROL}


async def test_a_colleague_finds_the_session_at_whichever_node_it_lives(scene: SceneAtNodes, nodes: TwoNodes) -> None:
    await scene.is_helped()
    invited = await scene.invited(await scene.colleague())
    assert invited.origins == (nodes.first.origin, nodes.second.origin)
    astray = dataclasses.replace(invited, address=nodes.second.origin)
    joined = await scene.stack.enter_async_context(Helping.join(astray))
    await scene.agent.answer(SEE)
    async with asyncio.timeout(DEADLINE_S):
        await joined.wait_until_allowed(Capability.VIEW)
        await joined.wait_for_picture()
    assert joined.kept.address == nodes.first.origin


async def test_an_agent_that_nobody_can_reach_where_it_is_comes_to_where_they_can(
    scene: SceneAtNodes, nodes: TwoNodes
) -> None:
    await scene.is_helped()
    # The technician's way to the first node is gone, and only that: the agent notices nothing of it but that it is alone.
    scene.viewers.cut()
    await scene.is_cut()
    await scene.goes_on(0x607080)
    assert scene.session.kept.address == nodes.second.origin


async def test_a_code_leads_to_the_node_where_its_technician_is(scene: SceneAtNodes, nodes: TwoNodes) -> None:
    assert read_package(scene.server.organisation.package).address == nodes.first.origin
    desk = await scene.desk_of_second()
    ticket = await desk.create_ticket("No picture", "Agnès Blanc")
    opened = await desk.start_session(ticket.number, reason="To look together", asks=Capability.CONTROL)
    async with asyncio.timeout(2 * DEADLINE_S), Helping(opened) as session:
        agent = TextAgent(scene.display, scene.server.organisation.package, session.code, scene.folder)
        scene.stack.callback(agent.close)
        await session.wait_until_paired()
        await agent.answer(CONTROL)
        await session.wait_until_allowed(Capability.CONTROL)
        assert session.kept.address == nodes.second.origin


async def test_the_nodes_believe_each_others_pages_and_nobody_elses(nodes: TwoNodes) -> None:
    async def status(origin: str) -> int:
        room = nodes.second.origin.replace("http", "ws") + "/room"
        try:
            async with connect(room, origin=Origin(origin), subprotocols=[Subprotocol(SUBPROTOCOL)]):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    assert await status(nodes.first.origin) == 101
    assert await status("https://evil.example") == 403
    # What is changed at a node is changed by its own pages.
    async with aiohttp.ClientSession(headers={"Origin": nodes.first.origin}) as client:
        async with client.post(f"{nodes.second.origin}/api/sign-in", json={}) as answer:
            assert (answer.status, await answer.json()) == (403, {"error": "wrong_origin"})
        async with client.get(f"{nodes.first.origin}/assist/") as answer:
            policy = answer.headers["Content-Security-Policy"]
    assert f"connect-src 'self' {nodes.second.origin.replace('http', 'ws')};" in policy


async def test_the_page_goes_on_at_the_other_node_when_its_own_is_killed_for_good(
    nodes: TwoNodes, xvfb: Callable[..., VirtualDisplay], chromium: Browser, tmp_path: Path
) -> None:
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    cookie = await nodes.first.sign_in()
    await context.add_cookies([{"name": COOKIE, "value": cookie, "url": nodes.first.origin}])
    stage = Stage(nodes.first, xvfb(), context, await context.new_page(), tmp_path)
    try:
        ears = await stage.reach_control()
        nodes.first.kill()
        await stage.technician_reads(re.compile("Connected again after"))
        await stage.technician.keyboard_is_remote()
        ears.heard()
        await stage.hold_key(ears)
        await stage.page.keyboard.up("ArrowLeft")
    finally:
        stage.close()
