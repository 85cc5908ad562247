"""The X clients that other tests are played with."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import xcffib

from client_agent.screen.source import Box
from tests.client_agent.desktop import Ears, find_window, focus
from tests.virtual_display import VirtualDisplay, wait_for_window_manager
from tests.waiting import DEADLINE_S, wait_until


def focus_of(display: VirtualDisplay) -> int:
    """The window that has the focus, once the window manager has done all that it was told of."""
    display.settle()
    connection = xcffib.connect(display.name)
    found = connection.core.GetInputFocus().reply().focus
    connection.disconnect()
    return int(found)


def test_a_window_that_hears_keeps_the_focus_though_the_window_manager_is_late(
    xvfb: Callable[..., VirtualDisplay],
) -> None:
    """It still has to give away the focus of a window that has closed: to another window, or to nobody."""
    display = xvfb(640, 480, window_manager=False)
    manager = display.start("openbox", "--sm-disable")
    wait_for_window_manager(display)
    terminal = display.start("xterm", "-e", "cat")
    focus(display, "xterm")
    manager.send_signal(signal.SIGSTOP)
    terminal.kill()
    wait_until(lambda: not find_window(display, "--class", "xterm"), "the end of its window")
    with ThreadPoolExecutor(1) as another:
        listening = another.submit(Ears, display, Box(40, 40, 300, 200))
        assert not wait([listening], timeout=0.5).done
        manager.send_signal(signal.SIGCONT)
        ears = listening.result(DEADLINE_S)
    assert focus_of(display) == ears.window
    ears.close()
    manager.kill()
