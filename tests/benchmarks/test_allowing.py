"""What the measurement of the first exact picture sees at both ends."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

from playwright.async_api import Browser

import benchmarks
from benchmarks import allowing, fidelity
from client_agent.screen.source import Box
from tests.client_agent.desktop import Ears, Painter
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually, wait_until

PROBE = Path(benchmarks.__file__).with_name("probe.js")
WIDTH, HEIGHT = 320, 240
DRAW = """([rgba, width, height]) => {
  const pixels = new Uint8ClampedArray(atob(rgba).split("").map((each) => each.charCodeAt(0)));
  document.querySelector("canvas").getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}"""


async def test_what_was_painted_and_what_was_drawn_are_kept_and_have_the_same_sum(
    xvfb: Callable[..., VirtualDisplay], chromium: Browser
) -> None:
    display = xvfb(WIDTH, HEIGHT, window_manager=False)
    page = await chromium.new_page()
    await page.add_init_script(path=PROBE)
    await page.goto(f"data:text/html,<canvas width={WIDTH} height={HEIGHT}></canvas>")
    await page.evaluate("probe.keepWhole()")
    assert await page.evaluate("probe.stillMs()") is None
    with allowing.copies(display) as shown:
        wait_until(lambda: shown, "a copy of what was there")
        painter = Painter(display, Box(40, 30, 100, 50))
        painter.fill(Box(0, 0, 100, 50), 0x2B5D8A)
        wait_until(lambda: (shown[-1][50, 60, :3] == (0x8A, 0x5D, 0x2B)).all(), "a copy of what was painted")
    painter.close()
    before, painted = shown[0], shown[-1]
    rgba = painted[..., [2, 1, 0, 3]].copy()
    rgba[..., 3] = 255
    await page.evaluate(DRAW, [base64.b64encode(rgba.tobytes()).decode(), WIDTH, HEIGHT])
    drawn_at = await page.evaluate("performance.now()")
    await eventually(lambda: page.evaluate("probe.stillMs() > 50"), "a page that is not drawn on")
    ((at, seen),) = await page.evaluate("probe.wholeSums(8)")
    assert at <= drawn_at
    assert seen == fidelity.place_sum(painted, 8)
    assert seen != fidelity.place_sum(before, 8)


def test_a_click_is_heard_after_the_time_that_is_told(xvfb: Callable[..., VirtualDisplay]) -> None:
    display = xvfb(WIDTH, HEIGHT, window_manager=False)
    ears = Ears(display, Box(0, 0, WIDTH, HEIGHT))
    asked_ns = time.monotonic_ns()
    clicked_ns = allowing.click(display)
    assert ears.heard() == [("button down", 1), ("button up", 1)]
    assert asked_ns < clicked_ns < time.monotonic_ns()
    ears.close()
