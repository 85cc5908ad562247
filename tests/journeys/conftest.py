"""Fixtures of the journeys: one relay for all, everything else new for each test."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.journeys import scene as scenes
from tests.journeys.stage import COOKIE, LANGUAGE, Server, Stage
from tests.virtual_display import VirtualDisplay


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    # A short path: the name of a Unix socket has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="mf") as folder:
        server = Server(Path(folder))
        yield server
        server.stop()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The relay of these tests; started again where the last test killed it."""
    if shared_server.front.poll() is not None:
        shared_server.start()
    return shared_server


@pytest.fixture
async def stage(
    server: Server, xvfb: Callable[..., VirtualDisplay], chromium: Browser, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A display and a page whose technician has signed in; nothing has begun."""
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    cookie = await server.sign_in()
    await context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.organisation.address}])
    stage = Stage(server, xvfb(), context, await context.new_page(), tmp_path)
    yield stage
    stage.close()


@pytest.fixture
async def scene(server: Server, xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> AsyncIterator[scenes.Scene]:
    """A session of the Python client and the text agent that can be cut; nothing has begun."""
    display = xvfb(scenes.WIDTH_PX, scenes.HEIGHT_PX, window_manager=False)
    async with scenes.a_scene(server, display, tmp_path) as scene:
        yield scene
