"""The short form of the cut matrix: the longer cuts are in tests/soak/, the graces by themselves in tests/client_agent/session/."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.journeys.cut_matrix import HEIGHT_PX, WIDTH_PX, matrix, signed_in
from tests.journeys.stage import COOKIE, Server
from tests.virtual_display import VirtualDisplay


async def test_cuts_of_one_and_five_seconds_of_every_kind_are_come_back_from(
    server: Server, xvfb: Callable[..., VirtualDisplay], tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        desk = await signed_in(stack, server.organisation, {COOKIE: await server.sign_in()})
        display = xvfb(WIDTH_PX, HEIGHT_PX, window_manager=False)
        sessions = await stack.enter_async_context(matrix(server.organisation, desk, display, tmp_path))
        for seconds in (1, 5):
            await sessions.cut(seconds)
