"""How immediate it is: paint to canvas, key to X client, key to its glyph on the canvas.

Every program is the real one: relay, agent on Xvfb, page in headless Chromium, all on this machine, over loopback without TLS.
The kinds of repetition are interleaved, with pauses of random length between them, so that no clockwork inside hides or shows.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks import marker
from benchmarks.report import Row, Section, percentile
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, Stage, session

REPETITIONS, REPETITIONS_QUICK = 300, 40
_WARM_UP = 10
_MISSED_AFTER_S = 5.0
_PAUSE_S = (0.04, 0.14)
# Keys as the DevTools' Input.dispatchKeyEvent wants them.
_ARROW = {"key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39}
_LETTER = {"key": "a", "code": "KeyA", "windowsVirtualKeyCode": 65, "text": "a", "unmodifiedText": "a"}


@dataclass
class Kind:
    """One kind of repetition and what it gave, in milliseconds; `missed` were not seen within 5 s."""

    name: str
    once: Callable[[], Awaitable[float]]
    found_ms: list[float] = field(default_factory=list)
    missed: int = 0

    async def repeat(self, *, counts: bool) -> None:
        try:
            async with asyncio.timeout(_MISSED_AFTER_S):
                found_ms = await self.once()
        except TimeoutError:
            self.missed += 1
            return
        if counts:
            self.found_ms.append(found_ms)

    @property
    def row(self) -> Row:
        return Row(self.name, self.found_ms, self.missed)


async def measure(*, is_quick: bool = False, repetitions: int = 0) -> Section:
    """Measure everything in one session."""
    count = repetitions or (REPETITIONS_QUICK if is_quick else REPETITIONS)
    chance = random.Random(4)
    async with session() as stage:
        latency = Latency(stage)
        kinds = [
            Kind("typed glyph: paint → canvas", latency.glyph),
            Kind("whole 1080p screen of new text: paint → canvas", latency.screen),
            Kind("arrow key: keydown in the page → KeyPress in an X client", latency.arrow),
            Kind("letter: keydown in the page → KeyPress in an X client", latency.letter),
            Kind("arrow key: keydown in the page → its glyph on the canvas", latency.arrow_to_glyph),
        ]
        for repetition in range(min(_WARM_UP, count) + count):
            for kind in chance.sample(kinds, len(kinds)):
                await asyncio.sleep(chance.uniform(*_PAUSE_S))
                await kind.repeat(counts=repetition >= min(_WARM_UP, count))
        facts = {
            "Chromium": stage.browser_version,
            "screen": f"{WIDTH_PX} x {HEIGHT_PX}",
            "offset of the page's clock checked within": f"{stage.clock.checked_within_ms:.2f} ms",
            "reading a mark back from the canvas, median, included in each": in_median(latency.reading_ms),
            "a key press from its entering the browser to the page's listener, median, included in each": in_median(
                latency.coming_ms
            ),
        }
    return Section("latency", "Latency", _ABOUT, [kind.row for kind in kinds], facts)


def in_median(samples_ms: list[float]) -> str:
    return f"{percentile(samples_ms, 50):.2f} ms"


_ABOUT = """\
One session on one machine: the relay, the agent on Xvfb, the page in headless Chromium drawn by software, loopback, no TLS.
*Paint* is the moment just before the painter (`painter.py`) flushes its requests to the X server; *canvas* the moment at which the
mark has been read back from the page's canvas after `putImageData`; *keydown* the event's own time stamp, made where the DevTools'
`Input.dispatchKeyEvent` enters the browser; *KeyPress* the moment at which an X client has the event in hand. The page's times have a
resolution of 0.1 ms; how its clock is related to ours stands in `clock.py`. An arrow goes as a physical key, a letter as text.
Kinds are interleaved in random order with random pauses of 40 to 140 ms."""


class Latency:
    """One repetition of each kind."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._number = 0
        self.reading_ms: list[float] = []
        """What it took to read each mark back."""
        self.coming_ms: list[float] = []
        """What it took each key press, in the browser, from where it entered to the page's first listener."""

    async def glyph(self) -> float:
        place = self._next_place()
        seen = await self._want(*place)
        self._stage.painter.tell("glyph", self._number, *place)
        return await self._seen_ms(seen) - await self._painted_ms()

    async def screen(self) -> float:
        self._number = (self._number + 1) % marker.NUMBERS
        seen = await self._want(*self._stage.painter.screen_mark)
        self._stage.painter.tell("screen", self._number)
        return await self._seen_ms(seen) - await self._painted_ms()

    async def arrow(self) -> float:
        return await self._key(_ARROW)

    async def letter(self) -> float:
        return await self._key(_LETTER)

    async def arrow_to_glyph(self) -> float:
        place = self._next_place()
        seen = await self._want(*place)
        self._stage.painter.tell("answer", self._number, *place)
        pressed_ms, _ = await self._press(_ARROW)
        return await self._seen_ms(seen) - pressed_ms

    def _next_place(self) -> tuple[int, int]:
        """Where the next letter would be typed: along a line, then on the next one."""
        self._number = (self._number + 1) % marker.NUMBERS
        columns = (WIDTH_PX - 200) // marker.WIDTH_PX
        column, line = self._number % columns, self._number // columns
        return 100 + column * marker.WIDTH_PX, HEIGHT_PX // 2 + line * (marker.HEIGHT_PX + 4)

    async def _want(self, x: int, y: int) -> "asyncio.Task[dict[str, float]]":
        """Let the page wait for the mark; what is awaited later is on its way before anything is painted."""
        page = self._stage.page
        await page.evaluate("([number, x, y]) => probe.want(number, x, y)", [self._number, x, y])
        seen = asyncio.create_task(page.evaluate("probe.seen()"))
        # Answered after the question before it has arrived, so that no question arrives while the picture is under way.
        await page.evaluate("0")
        return seen

    async def _seen_ms(self, seen: "asyncio.Task[dict[str, float]]") -> float:
        times = await seen
        self.reading_ms.append(times["read"] - times["drawn"])
        return self._stage.clock.ours_ms(times["read"])

    async def _painted_ms(self) -> float:
        return await self._stage.painter.painted(self._number) / 1e6

    async def _key(self, key: dict[str, object]) -> float:
        pressed_ms, heard_ns = await self._press(key)
        return heard_ns / 1e6 - pressed_ms

    async def _press(self, key: dict[str, object]) -> tuple[float, int]:
        """Press and release; when the page's event was made, in our milliseconds, and when the X client had it."""
        cdp, painter, page = self._stage.cdp, self._stage.painter, self._stage.page
        await page.evaluate("probe.takeKeys()")
        painter.forget_keys()
        await cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", **key})
        _, heard_ns = await painter.key()
        await cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})
        (press,) = await page.evaluate("probe.takeKeys()")
        self.coming_ms.append(press["came"] - press["made"])
        return self._stage.clock.ours_ms(press["made"]), heard_ns
