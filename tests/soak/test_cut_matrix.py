"""The cut matrix in its long form: 1, 5, 30, 60, 299 and 301 seconds, a quarter of an hour, whatever --seconds says."""

import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.journeys.cut_matrix import HEIGHT_PX, SECONDS, WIDTH_PX, matrix, signed_in
from tests.journeys.stage import COOKIE, Server
from tests.virtual_display import VirtualDisplay


@pytest.mark.soak
async def test_cuts_of_every_length_and_kind_are_come_back_from_or_end_the_session_as_the_graces_say(
    xvfb: Callable[..., VirtualDisplay], tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        # A short path: the name of a Unix socket has room for 107 bytes.
        server = Server(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mf"))))
        stack.callback(server.stop)
        desk = await signed_in(stack, server.organisation, {COOKIE: await server.sign_in()})
        display = xvfb(WIDTH_PX, HEIGHT_PX, window_manager=False)
        sessions = await stack.enter_async_context(matrix(server.organisation, desk, display, tmp_path))
        for seconds in SECONDS:
            await sessions.cut(seconds)
