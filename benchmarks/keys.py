"""Keys pressed in the page: until an X client on the customer's display hears them, and until what they type is seen."""

import asyncio
import contextlib
import random

from benchmarks import marker
from benchmarks.playing import Played, prepare
from benchmarks.stage import Stage

PRESSES, PRESSES_QUICK = 30, 10
_WITHIN_S = 3.0
# Keys as the DevTools' Input.dispatchKeyEvent wants them.
_ARROW = {"key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39}


async def play(stage: Stage, *, is_quick: bool = False) -> Played:
    """Press an arrow key again and again; a mark is painted when the X client hears it.

    `latency_ms` of what is given is from the key press in the page to its glyph on the canvas; `heard_ms` until the X client has it.
    """
    await prepare(stage, "typing")
    chance = random.Random(stage.peer.label)
    count = PRESSES_QUICK if is_quick else PRESSES
    before, wire_before = stage.processor_s(), stage.wire_bytes()
    heard_ms: list[float] = []
    seen_ms: list[float] = []
    started = asyncio.get_running_loop().time()
    for number in range(1, count + 1):
        await asyncio.sleep(chance.uniform(0.04, 0.14))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WITHIN_S):
                heard, seen = await _press(stage, number)
                heard_ms.append(heard)
                seen_ms.append(seen)
    lasted_s = asyncio.get_running_loop().time() - started
    after, wire = stage.processor_s(), stage.wire_bytes()
    return Played(
        latency_ms=seen_ms, painted=count, shown=len(seen_ms), missed=count - len(seen_ms), lasted_s=lasted_s,
        down_bytes=wire[0] - wire_before[0], up_bytes=wire[1] - wire_before[1], refined_bytes=0,
        processor_s={role: after[role] - before[role] for role in after}, exact_after_ms=None, heard_ms=heard_ms,
    )  # fmt: skip


async def _press(stage: Stage, number: int) -> tuple[float, float]:
    page, painter, cdp = stage.page, stage.painter, stage.cdp
    x, y = 100 + number * marker.LETTER.width_px, 300
    await page.evaluate("lists => probe.expect(lists)", [[[number, x, y, *marker.LETTER]]])
    await page.evaluate("probe.takeKeys()")
    painter.forget()
    painter.tell("answer", number, x, y)
    seen = asyncio.create_task(page.evaluate("n => probe.until(n)", number))
    # Answered after the two before it have arrived.
    await page.evaluate("0")
    await cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", **_ARROW})
    _, heard_ns = await painter.said("key")
    await cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **_ARROW})
    await seen
    ((_, _, read_ms),) = await page.evaluate("probe.seen()")
    pressed_ms = stage.clock.ours_ms((await page.evaluate("probe.takeKeys()"))[0]["made"])
    return heard_ns / 1e6 - pressed_ms, stage.clock.ours_ms(read_ms) - pressed_ms
