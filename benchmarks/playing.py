"""A scene played in a session: when each step was seen, what it cost, how true it was."""

import asyncio
import base64
import contextlib
import math
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy

from benchmarks import fidelity
from benchmarks.canvas import Pixels
from benchmarks.exactness import CORNER_PX, SETTLED_AFTER_S, exact_at_page_ms, grab
from benchmarks.programs import WORK
from benchmarks.scenes import Scene, Work
from benchmarks.stage import Stage

_REST_S = 3.0
_SEEN_WITHIN_S = 8.0
_COPIES = 3
# For the first picture of a scene; nothing is measured meanwhile.
_SETTLED_WITHIN_S = 6.0


@dataclass
class Played:
    """What one repetition of a scene gave."""

    latency_ms: list[float]
    """For each step: from its painting until it, or a later one, had been read back from the canvas."""
    painted: int
    shown: int
    """How many steps were on the canvas themselves."""
    missed: int
    """How many neither they nor a later one came within 8 s."""
    lasted_s: float
    """From the first step's painting until the last was seen."""
    down_bytes: int
    up_bytes: int
    """What the browser received, and sent, until the last step was seen."""
    refined_bytes: int
    """What it received after that, until the picture was exact, or for the time that we waited."""
    processor_s: dict[str, float]
    """By role, until the last step was seen."""
    exact_after_ms: float | None
    """From the last step's painting until the canvas was equal to the screen to the last bit; None: it did not become so."""
    psnr_db: list[float] = field(default_factory=list)
    """In motion, in the region that moves; infinite: exact."""
    ssim: list[float] = field(default_factory=list)
    psnr_at_rest_db: float = math.inf
    heard_ms: list[float] = field(default_factory=list)
    """Of keys: from the press in the page until an X client had it."""


async def prepare(stage: Stage, name: str) -> Work:
    """Show what is seen before the first step, and wait until all is quiet."""
    await stage.page.evaluate("probe.expect([])")
    work = await _begin(stage, name)
    await exact_at_page_ms(stage.page, stage.display, _SETTLED_WITHIN_S, done_after_s=SETTLED_AFTER_S)
    return work


async def _begin(stage: Stage, name: str) -> Work:
    stage.painter.forget()
    stage.painter.tell("scene", name)
    await asyncio.wait_for(stage.painter.said("scene"), 60)
    return WORK[name](stage.display.width_px, stage.display.height_px)


async def play(stage: Stage, name: str, *, is_quick: bool = False, steps: int = 0) -> Played:
    """Play it once."""
    work = await prepare(stage, name)
    count = steps or (work.steps_quick if is_quick else work.steps)
    page, painter = stage.page, stage.painter
    copied = sorted({max(1, count * at // (_COPIES + 1)) for at in range(1, _COPIES + 1)})
    await page.evaluate("lists => probe.expect(lists)", [_marks(work, count)])
    box = work.region
    corners = [box.x, box.y, box.x + box.width, box.y + box.height]
    await page.evaluate("([box, numbers]) => probe.copy(box, numbers)", [corners, copied])
    last_seen = asyncio.create_task(page.evaluate("n => probe.until(n)", count))
    before, wire_before = stage.processor_s(), stage.wire_bytes()
    painter.tell("play", count)
    painted_ms = {}
    for _ in range(count):
        number, at_ns = await painter.said("painted")
        painted_ms[number] = at_ns / 1e6
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(last_seen, _SEEN_WITHIN_S)
    wire_then, after = stage.wire_bytes(), stage.processor_s()
    rest_ms = await exact_at_page_ms(page, stage.display, _REST_S)
    wire_at_rest = stage.wire_bytes()
    seen = {int(number): stage.clock.ours_ms(read_ms) for number, _, read_ms in await page.evaluate("probe.seen()")}
    latency_ms, missed = until_seen(painted_ms, seen)
    played = Played(
        latency_ms=latency_ms, painted=count, shown=len(seen), missed=missed,
        lasted_s=(max(seen.values(), default=painted_ms[count]) - painted_ms[1]) / 1000,
        down_bytes=wire_then[0] - wire_before[0], up_bytes=wire_then[1] - wire_before[1],
        refined_bytes=wire_at_rest[0] - wire_then[0],
        processor_s={role: after[role] - before[role] for role in after},
        exact_after_ms=None if rest_ms is None else stage.clock.ours_ms(rest_ms) - painted_ms[count],
    )  # fmt: skip
    if rest_ms is None:
        played.psnr_at_rest_db = await _psnr_of_all(stage)
    await _compare(stage, played, work)
    return played


def until_seen(painted_ms: dict[int, float], seen_ms: dict[int, float]) -> tuple[list[float], int]:
    """How long after its painting each step, or one after it, was seen; and how many were not."""
    found: list[float] = []
    missed = 0
    newest_first = sorted(seen_ms.items(), reverse=True)
    first_seen = float("inf")
    at = 0
    for number in sorted(painted_ms, reverse=True):
        while at < len(newest_first) and newest_first[at][0] >= number:
            first_seen = min(first_seen, newest_first[at][1])
            at += 1
        if first_seen == float("inf"):
            missed += 1
        else:
            found.append(first_seen - painted_ms[number])
    return found[::-1], missed


async def _compare(stage: Stage, played: Played, work: Work) -> None:
    copies = {number: as_pixels(*copy) for number, *copy in await stage.page.evaluate("probe.copies()")}
    if not copies:
        return
    box = work.region
    wanted_of = work.seen_after(*copies) if isinstance(work, Scene) else await _played_again(stage, work, copies)
    for number, expected in wanted_of.items():
        wanted, seen = expected[box.y : box.y + box.height, box.x : box.x + box.width], copies[number]
        if box.y + box.height == stage.display.height_px:
            seen[-CORNER_PX:, -CORNER_PX:] = wanted[-CORNER_PX:, -CORNER_PX:]
        played.psnr_db.append(fidelity.psnr_db(seen, wanted))
        played.ssim.append(fidelity.ssim(seen, wanted))


async def _played_again(stage: Stage, work: Work, numbers: Collection[int]) -> dict[int, Pixels]:
    """What the customer's screen shows after these steps of a program that does the same again."""
    await _begin(stage, work.name)
    seen = {}
    for number in range(1, max(numbers) + 1):
        stage.painter.tell("step", number)
        await stage.painter.painted(number)
        if number in numbers:
            seen[number] = grab(stage.display)
    return seen


async def _psnr_of_all(stage: Stage) -> float:
    seen, expected = as_pixels(*await stage.page.evaluate("probe.whole()")), grab(stage.display)
    if seen.shape != expected.shape:
        return 0.0
    seen[-CORNER_PX:, -CORNER_PX:] = expected[-CORNER_PX:, -CORNER_PX:]
    return fidelity.psnr_db(seen, expected)


def as_pixels(width: int, height: int, data: str) -> Pixels:
    """What the probe gives (base64 of RGBA) as blue, green, red, unused."""
    rgba = numpy.frombuffer(base64.b64decode(data), numpy.uint8).reshape(height, width, 4)
    return rgba[..., [2, 1, 0, 3]]


def _marks(work: Work, count: int) -> list[list[int]]:
    marks = []
    for number in range(1, count + 1):
        x, y, size = work.place(number)
        marks.append([number, x, y, *size])
    return marks
