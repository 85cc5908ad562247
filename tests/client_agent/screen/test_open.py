import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from client_agent.screen.open import open_source
from client_agent.screen.source import Box, NoDisplay
from client_agent.screen.stream import PictureStream
from protocol.media_codec import read_parts
from protocol.media_parts import PictureEnd, Rectangle, Screens
from tests.client_agent.desktop import Painter
from tests.client_agent.screen.array_desktop import Viewer
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]


def test_without_a_display_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(NoDisplay, match="Start this program on the desktop itself"):
        open_source()


async def test_a_real_desktop_becomes_records_in_a_worker_thread(xvfb: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    display = xvfb(640, 480)
    monkeypatch.setenv("DISPLAY", display.name)
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    source = open_source()
    stream = PictureStream(source)
    threads: set[int] = set()

    def pump() -> list[bytes]:
        threads.add(threading.get_ident())
        return list(stream.pump(loop.time()))

    source.watch(loop, changed.set)
    first = [part for record in await asyncio.to_thread(pump) for part in read_parts(record)]
    assert isinstance(first[0], Screens)
    assert isinstance(first[-1], PictureEnd)
    assert sum(part.width * part.height for part in first if isinstance(part, Rectangle)) == 640 * 480
    stream.shown(1, loop.time())

    changed.clear()
    painter = Painter(display, Box(100, 100, 50, 50))
    painter.fill(Box(0, 0, 50, 50), 0xFFFFFF)
    await asyncio.wait_for(changed.wait(), 10)
    second = [part for record in await asyncio.to_thread(pump) for part in read_parts(record)]
    assert any(isinstance(part, Rectangle) and part.x <= 100 and part.y <= 100 for part in second)
    assert threading.get_ident() not in threads
    painter.close()
    source.close()


async def test_a_desktop_that_does_not_tell_what_changes_is_looked_at_again_and_again(
    xvfb: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with_all = xvfb(640, 480, window_manager=False)
    screen = ("-screen", "0", "640x480x24")
    server = with_all.start(
        *("Xvfb", "-displayfd", "1", "-noreset", "-nolisten", "tcp", *screen, "-extension", "DAMAGE"),
        output=subprocess.PIPE,
    )
    assert server.stdout
    number = next(line for line in server.stdout if line.strip().isdigit())
    display = replace(with_all, name=f":{number.strip()}")
    monkeypatch.setenv("DISPLAY", display.name)
    with caplog.at_level(logging.INFO):
        source = open_source()
    assert "does not tell what changes" in caplog.text
    changed, viewer, painter = asyncio.Event(), Viewer(), Painter(display, Box(100, 100, 50, 50))
    stream = PictureStream(source)
    loop = asyncio.get_running_loop()
    source.watch(loop, changed.set)

    async def sees(colour: int, at: tuple[int, int]) -> bool:
        await asyncio.wait_for(changed.wait(), 10)
        changed.clear()
        viewer.show(await asyncio.to_thread(lambda: list(stream.pump(loop.time()))))
        stream.shown(stream.newest_picture, loop.time())
        x, y = at
        return bool(viewer.pixels[y, x, 0] == colour)

    for colour in (0x11, 0x77):
        painter.fill(Box(0, 0, 50, 50), colour)
        await eventually(partial(sees, colour, (120, 120)), "what was painted")
    display.run("xdotool", "mousemove", "130", "140")
    await eventually(
        lambda: asyncio.to_thread(lambda: (source.pointer().x, source.pointer().y) == (130, 140)), "the pointer"
    )
    assert source.pointer().is_visible
    painter.close()
    source.close()


_WITHOUT = """
import sys
for name in ("numpy", "av", "PIL"):
    sys.modules[name] = None
import client_agent.agent
from client_agent.screen import abilities
from client_agent.screen.source import Box, Screen
from client_agent.screen.stream import PictureStream
from tests.client_agent.screen.memory_desktop import Canvas, MemoryDesktop
screen = Screen(0, 0, 0, 40, 30, "all")
desktop, canvas = MemoryDesktop(screen), Canvas()
stream = PictureStream(desktop)
canvas.show(list(stream.pump(1.0)))
desktop.paint(Box(3, 4, 5, 6), 200)
canvas.show(list(stream.pump(1.1)))
assert canvas.sees(desktop, screen)
print(*abilities.offered())
"""


def test_a_small_build_without_numpy_pyav_and_pillow_shows_everything_exactly() -> None:
    said = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert said.stdout == "zstd zstd-stream\n"
