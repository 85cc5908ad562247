"""How soon a page that is loaded again shows the customer's screen, every pixel of it: the real relay, agent and page."""

import asyncio
import hashlib
import random
import time

import mss
import numpy as np
from playwright.async_api import async_playwright

from benchmarks.peers.ours import Ours
from benchmarks.report import Row, Section
from benchmarks.scenes import Switch
from benchmarks.stage import HEIGHT_PX, WIDTH_PX, Stage, session

RELOADS, QUICK_RELOADS = 60, 5
_EXACT_WITHIN_S = 20.0
# The agent's bar, at the top, says meanwhile that the connection is interrupted, and then that it is not.
_BELOW_BAR_PX = 200
# Answers once the canvas holds exactly these pixels. Each look takes a while, which is included.
_EXACT = """async ([expected, top]) => {
  for (;;) {
    if (Number(document.body.dataset.shown) > 0) {
      const canvas = document.getElementById("screen");
      const { data } = canvas.getContext("2d").getImageData(0, top, canvas.width, canvas.height - top);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
      if ([...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") === expected) return;
    }
    await new Promise(requestAnimationFrame);
  }
}"""


async def measure(*, is_quick: bool = False) -> Section:
    """Load the page again and again, each time with another whole screen of text before the customer."""
    count = QUICK_RELOADS if is_quick else RELOADS
    chance, found, missed = random.Random(6), list[float](), 0
    async with async_playwright() as playwright, session(Ours(), playwright) as stage:
        stage.painter.tell("scene", Switch.name)
        await stage.painter.said("scene")
        for number in range(1, count + 1):
            expected = await _painted(stage, 1 + number % Switch.steps)
            await asyncio.sleep(chance.uniform(0.2, 0.6))
            began = time.monotonic()
            await stage.page.reload(wait_until="commit")
            try:
                async with asyncio.timeout(_EXACT_WITHIN_S):
                    await stage.page.evaluate(_EXACT, [expected, _BELOW_BAR_PX])
            except TimeoutError:
                missed += 1
                continue
            found.append((time.monotonic() - began) * 1000)
        facts = {"Chromium": stage.browser_version, "screen": f"{WIDTH_PX} x {HEIGHT_PX}, full of text"}
    return Section(
        "reload",
        "A page that is loaded again",
        "In mid-session the technician's page is loaded again, as with F5, in headless Chromium drawn by software. It comes back with the "
        "keys that it kept, resumes, and is sent everything anew. *Exact* is the moment at which SHA-256 of the canvas is that of the "
        f"customer's display, below the {_BELOW_BAR_PX} rows in which the agent's bar tells of the interruption; the looks at the canvas, "
        "each of a few frames' time, are included.",
        [Row("from the reload until the picture is exact", found, missed)],
        facts,
        {"exact within 1 s": sum(each <= 1000 for each in found)},
    )


async def _painted(stage: Stage, number: int) -> str:
    """Paint a whole new screen; the hash of its pixels as a canvas holds them."""
    stage.painter.tell("step", number)
    await stage.painter.painted(number)
    with mss.mss(display=stage.display.name) as camera:
        grabbed = camera.grab(camera.monitors[0])
    bgrx = np.frombuffer(bytes(grabbed.raw), np.uint8).reshape(grabbed.height, grabbed.width, 4)[_BELOW_BAR_PX:]
    rgba = np.dstack([bgrx[..., 2], bgrx[..., 1], bgrx[..., 0], np.full(bgrx.shape[:2], 255, np.uint8)])
    return hashlib.sha256(rgba.tobytes()).hexdigest()
