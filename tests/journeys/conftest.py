"""Fixtures of the journeys: one relay for all, everything else new for each test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error

from tests.journeys import scene as scenes
from tests.journeys.stage import COOKIE, LANGUAGE, Server, Stage
from tests.organisations import short_folder
from tests.virtual_display import VirtualDisplay


@pytest.fixture(scope="session")
def shared_server() -> Iterator[Server]:
    with short_folder() as folder:
        server = Server(folder)
        yield server
        server.stop()


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The relay of these tests; started again where the last test killed it."""
    if shared_server.front.poll() is not None:
        shared_server.start()
    return shared_server


@pytest_asyncio.fixture(loop_scope="module")
async def stage(
    server: Server, xvfb: Callable[..., VirtualDisplay], chromium: Browser, tmp_path: Path
) -> AsyncIterator[Stage]:
    """A display and a page whose technician has signed in; nothing has begun."""
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    cookie = await server.sign_in()
    await context.add_cookies([{"name": COOKIE, "value": cookie, "url": server.organisation.address}])
    page, heard = await context.new_page(), list[str]()
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(f"{request.url}: {request.failure}"))
    stage = Stage(server, xvfb(), context, page, tmp_path)
    yield stage
    stage.close()
    # Shown where the test has failed. A page may be gone, or hang.
    with contextlib.suppress(Error, TimeoutError):
        said = page.evaluate("`${document.body.dataset.state}: ${document.body.innerText}`")
        heard.append(await asyncio.wait_for(said, timeout=2))
    print("the page, at the end:", *heard, sep="\n")


@pytest.fixture
async def scene(server: Server, xvfb: Callable[..., VirtualDisplay], tmp_path: Path) -> AsyncIterator[scenes.Scene]:
    """A session of the Python client and the text agent that can be cut; nothing has begun."""
    display = xvfb(scenes.WIDTH_PX, scenes.HEIGHT_PX, window_manager=False)
    async with scenes.a_scene(server, display, tmp_path) as scene:
        yield scene
