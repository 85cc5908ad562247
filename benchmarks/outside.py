"""Seen from outside: the technician's browser in a real window on a display of its own, whose pixels are read from that X server.

`pixels` reads the canvas where the page draws. What a person sees comes after that: the browser has still to bring the canvas into its
window. So each step is looked for in both places, in the same session, and whoever is ahead on the canvas has to be so here as well.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import numpy
import xcffib
from playwright.async_api import Playwright, async_playwright

from benchmarks import marker
from benchmarks.canvas import Pixels
from benchmarks.exactness import grab
from benchmarks.marker import Place
from benchmarks.peers.ours import Ours
from benchmarks.peers.peer import Peer, install
from benchmarks.peers.vnc import X0vncserver
from benchmarks.peers.xpra import Xpra
from benchmarks.playing import prepare, until_seen
from benchmarks.report import Row, Section, percentile
from benchmarks.series import is_below
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, Stage, session
from benchmarks.x11_watch import MarkWatch
from tests.virtual_display import VirtualDisplay, virtual_display
from tests.waiting import eventually

SCENES = ("typing", "newtext", "switch")
_ROUNDS = 3
# What a browser has around a page.
_AROUND_PX = 400
# The first mark, which tells where in the window the canvas is, in the middle of the picture.
_FIRST = 4000
_ABOUT = """\
The technician's Chromium in a real window on a display of its own (Xvfb), drawn by software; ours with TLS, the others plain. One after the
other plays the same scene, in an order that chance gives anew for each round. *Canvas* is what `probe.js` tells, as in the comparison
above; *window* is when the technician's X server told of the painting after which the mark of that step was there, read back from it. Both
are from just before the painter flushes its requests to the customer's X server. A browser brings a canvas into its window sixty times a
second at most, whatever has been drawn there."""


@dataclass
class Seen:
    """One repetition of a scene: for each step, in milliseconds from its painting."""

    canvas_ms: list[float]
    window_ms: list[float]


class Window:
    """The technician's window, looked at from outside."""

    def __init__(self, display: VirtualDisplay) -> None:
        self._display = display
        self._connection = xcffib.connect(display=display.name)
        self.left_px = self.top_px = 0

    async def find(self, stage: Stage) -> None:
        """Learn where the canvas is: have a mark painted, and look for it everywhere."""
        x, y = stage.display.width_px // 2, stage.display.height_px // 2
        stage.painter.tell("glyph", _FIRST, x, y)

        async def found() -> tuple[int, int] | None:
            return await asyncio.to_thread(lambda: place_of(grab(self._display), _FIRST))

        place = await eventually(found, "the mark in the technician's window")
        assert place
        self.left_px, self.top_px = place[0] - x, place[1] - y

    def until_each(self, marks: Sequence[tuple[int, Place]]) -> dict[int, float]:
        """Wait for these marks, one after the other; gives when each was there, in milliseconds of CLOCK_MONOTONIC."""
        watch = MarkWatch(self._connection)
        try:
            return {
                number: watch.until(number, Place(self.left_px + x, self.top_px + y, size)) / 1e6
                for number, (x, y, size) in marks
            }
        finally:
            watch.close()

    def close(self) -> None:
        self._connection.disconnect()


def place_of(picture: Pixels, number: int, size: marker.Size = marker.LETTER) -> tuple[int, int] | None:
    """Where a picture shows this mark, to within a pixel or two: reading takes the middles of its blocks; None: nowhere."""
    lit = (picture[..., 2] > 128) & (picture[..., 0] < 128)
    height, width = (lit.shape[0] - size.height_px, lit.shape[1] - size.width_px)
    is_here = numpy.ones((height, width), dtype=bool)
    for (row, column), is_lit in numpy.ndenumerate(marker.blocks(number)):
        y = row * size.block_height_px + size.block_height_px // 2
        x = column * size.block_width_px + size.block_width_px // 2
        is_here &= lit[y : y + height, x : x + width] == is_lit
    ys, xs = numpy.nonzero(is_here)
    return (int(numpy.median(xs)), int(numpy.median(ys))) if len(xs) else None


async def measure(*, is_quick: bool = False) -> Section:
    """Ours, TigerVNC and xpra, interleaved."""
    found: dict[str, dict[str, list[Seen]]] = {scene: {} for scene in SCENES}
    facts: dict[str, str] = {}
    peers: Sequence[Peer] = (Ours(), X0vncserver(), Xpra())
    await asyncio.to_thread(install, [package for peer in peers for package in peer.packages])
    chance = random.Random(1)
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        stages: list[tuple[Stage, Window]] = []
        for peer in peers:
            if why := peer.why_not():
                facts[peer.label] = f"left out: {why}"
            else:
                stages.append(await shown(stack, playwright, peer))
        for scene in SCENES:
            for _ in range(1 if is_quick else _ROUNDS):
                for stage, window in chance.sample(stages, len(stages)):
                    seen = await play(stage, window, scene, is_quick=is_quick)
                    found[scene].setdefault(stage.peer.label, []).append(seen)
        facts["Chromium"] = stages[0][0].browser_version
    rows = []
    for scene, of_all in found.items():
        for label, rounds in of_all.items():
            rows.append(Row(f"{scene}, {label}: canvas", [each for seen in rounds for each in seen.canvas_ms]))
            rows.append(Row(f"{scene}, {label}: window", [each for seen in rounds for each in seen.window_ms]))
    facts |= {f"{scene}, window, p50": verdict(of_all) for scene, of_all in found.items()}
    return Section("outside", "From outside a real window", _ABOUT, rows, facts)


def verdict(rounds: dict[str, list[Seen]]) -> str:
    """*ahead* only where every round of ours is below every one of the best of the others, in at least three rounds."""
    middles = {label: [percentile(seen.window_ms, 50) for seen in each] for label, each in rounds.items()}
    ours = middles.pop(Ours.name)
    if not middles:
        return "nobody to be compared with"
    best = min(middles, key=lambda label: percentile(middles[label], 50))
    if min(len(ours), len(middles[best])) < _ROUNDS:
        return f"fewer than {_ROUNDS} rounds tell nothing"
    if is_below(ours, middles[best]):
        return f"**ahead** of {best}"
    return f"behind {best}" if is_below(middles[best], ours) else f"not told apart from {best}"


async def shown(
    stack: AsyncExitStack, playwright: Playwright, peer: Peer, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
) -> tuple[Stage, Window]:
    """A session whose page is in a real window, and that window."""
    width_px, height_px = (each + _AROUND_PX for each in size)
    display = stack.enter_context(virtual_display(width_px, height_px, window_manager=False))
    stage = await stack.enter_async_context(session(peer, playwright, size=size, shown_on=display))
    window = Window(display)
    stack.callback(window.close)
    await window.find(stage)
    return stage, window


async def play(stage: Stage, window: Window, name: str, *, is_quick: bool = False) -> Seen:
    """Play a scene once, and look for each step on the canvas and in the window."""
    work = await prepare(stage, name)
    count = work.steps_quick if is_quick else work.steps
    marks = [(number, work.place(number)) for number in range(1, count + 1)]
    await stage.page.evaluate(
        "lists => probe.expect(lists)", [[[number, x, y, *size] for number, (x, y, size) in marks]]
    )
    in_window = asyncio.create_task(asyncio.to_thread(window.until_each, marks))
    stage.painter.tell("play", count)
    painted_ms = {number: at_ns / 1e6 for number, at_ns in [await stage.painter.said("painted") for _ in range(count)]}
    window_ms = await in_window
    on_canvas = {int(number): stage.clock.ours_ms(at) for number, _, at in await stage.page.evaluate("probe.seen()")}
    canvas_ms, _ = until_seen(painted_ms, on_canvas)
    return Seen(canvas_ms, [at - painted_ms[number] for number, at in window_ms.items()])
