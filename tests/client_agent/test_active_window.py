"""client_agent/active_window.py on a real desktop: real programs, a real window manager, titles as they set them."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import xcffib.xproto

from client_agent import x11_connection
from client_agent.active_window import open_active_window
from client_agent.x11_active_window import X11ActiveWindow
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

Start = Callable[..., VirtualDisplay]


class Desk:
    """Terminals on a display, and whoever asks which one is active."""

    def __init__(self, display: VirtualDisplay) -> None:
        self.display, self.own, self.changes = display, set[int](), 0
        self.window = X11ActiveWindow(lambda: frozenset(self.own), display.name)

    def open(self, title: str) -> int:
        """A terminal with this title, which gets the focus."""
        self.display.start("xterm", "-title", title, "-e", "sleep", "600")
        return int(self.display.run("xdotool", "search", "--sync", "--onlyvisible", "--name", f"^{title}$").split()[0])

    def activate(self, window: int) -> None:
        self.display.run("xdotool", "windowactivate", "--sync", str(window))

    def set_title(self, window: int, title: str) -> None:
        """Have a window's program give it another title."""
        self._set(window, "_NET_WM_NAME", "UTF8_STRING", 8, title.encode())

    def claim(self, window: int) -> None:
        """Have a window say that it is of this process."""
        self._set(window, "_NET_WM_PID", "CARDINAL", 32, os.getpid().to_bytes(4, "little"))

    def _set(self, window: int, name: str, kind: str, size: int, data: bytes) -> None:
        connection = x11_connection.connect(self.display.name)
        atoms = [connection.core.InternAtom(False, len(each), each).reply().atom for each in (name, kind)]
        replace = xcffib.xproto.PropMode.Replace
        connection.core.ChangePropertyChecked(replace, window, *atoms, size, len(data) * 8 // size, data).check()
        connection.disconnect()

    def changed(self) -> None:
        self.changes += 1

    async def shows(self, title: str) -> bool:
        return await asyncio.to_thread(self.window.title) == title


@asynccontextmanager
async def desk_on(display: VirtualDisplay) -> AsyncIterator[Desk]:
    desk = Desk(display)
    desk.window.watch(asyncio.get_running_loop(), desk.changed)
    try:
        yield desk
    finally:
        desk.window.close()


async def test_the_active_windows_title_is_told_and_each_change_of_it(xvfb: Start) -> None:
    async with desk_on(xvfb(640, 480)) as desk:
        assert await desk.shows("")
        first = await asyncio.to_thread(desk.open, "Courrier")
        await eventually(lambda: desk.shows("Courrier"), "the first window's title")
        second = await asyncio.to_thread(desk.open, "Banque")
        await eventually(lambda: desk.shows("Banque"), "the second window's title")
        before = desk.changes
        await asyncio.to_thread(desk.activate, first)
        await eventually(lambda: desk.changes > before, "that another window is active")
        await eventually(lambda: desk.shows("Courrier"), "the first window's title again")
        await asyncio.to_thread(desk.activate, second)
        await eventually(lambda: desk.shows("Banque"), "the second window's title again")
        before = desk.changes
        await asyncio.to_thread(desk.set_title, second, "Banque – mes « comptes » 中")
        await eventually(lambda: desk.changes > before, "that the title changed")
        await eventually(lambda: desk.shows("Banque – mes « comptes » 中"), "the whole new title")


@pytest.mark.parametrize("how", ["the agent knows it", "it has just opened"])
async def test_the_agents_own_windows_have_no_title(xvfb: Start, how: str) -> None:
    async with desk_on(xvfb(640, 480)) as desk:
        window = await asyncio.to_thread(desk.open, "Mainforte")
        await eventually(lambda: desk.shows("Mainforte"), "the window's title")
        if how == "the agent knows it":
            desk.own.add(window)
        else:
            desk.claim(window)
        assert await desk.shows("")


async def test_a_title_without_end_is_read_as_far_as_a_line_goes(xvfb: Start) -> None:
    async with desk_on(xvfb(640, 480)) as desk:
        window = await asyncio.to_thread(desk.open, "Courrier")
        await asyncio.to_thread(desk.set_title, window, "é" * 50_000)
        await eventually(lambda: desk.shows("é" * 400), "as much of the title as is read")


async def test_a_window_that_is_gone_and_a_desktop_without_a_window_manager_have_no_title(xvfb: Start) -> None:
    async with desk_on(xvfb(640, 480)) as desk:
        program = desk.display.start("xterm", "-title", "Courrier", "-e", "sleep", "600")
        await eventually(lambda: desk.shows("Courrier"), "the window's title")
        program.kill()
        await eventually(lambda: desk.shows(""), "no title")
    async with desk_on(xvfb(640, 480, window_manager=False)) as desk:
        assert await desk.shows("")


def test_where_no_display_answers_nobody_can_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7777")
    assert open_active_window(frozenset) is None
