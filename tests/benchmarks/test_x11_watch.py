"""Whoever watches a display hears of all that is painted after they began."""

from collections.abc import Callable

import xcffib

from benchmarks.x11_watch import PaintWatch
from client_agent.screen.source import Box
from tests.client_agent.desktop import Painter
from tests.virtual_display import VirtualDisplay
from tests.waiting import DEADLINE_S


def test_what_somebody_else_paints_right_after_the_beginning_is_told(xvfb: Callable[..., VirtualDisplay]) -> None:
    display = xvfb(320, 240, window_manager=False)
    connection = xcffib.connect(display=display.name)
    painter, watch = Painter(display, Box(40, 30, 100, 50)), PaintWatch(connection)
    for number in range(3):
        painter.fill(Box(0, 0, 100, 50), 0x2B5D8A + number)
        assert watch.is_painted(DEADLINE_S), f"painting {number}"
        watch.begin()
    painter.close()
    watch.close()
    connection.disconnect()
