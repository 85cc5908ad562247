import base64
from pathlib import Path

from playwright.async_api import Browser

import benchmarks
from benchmarks import marker

PROBE = Path(benchmarks.__file__).with_name("probe.js")
DRAW = """rgba => {
  const mark = new ImageData(new Uint8ClampedArray(atob(rgba).split("").map((each) => each.charCodeAt(0))), 32, 32);
  document.querySelector("canvas").getContext("2d").putImageData(mark, 8, 8);
  return probe.seen().length > 0;
}"""


async def test_a_page_that_leaves_out_many_steps_is_seen_again_afterwards(chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.add_init_script(path=PROBE)
    await page.goto("data:text/html,<canvas width=64 height=64></canvas>")
    await page.evaluate("lists => probe.expect(lists)", [[[number, 8, 8, 8, 8] for number in range(1, 91)]])
    # Drawn again and again, as the next pictures of a film are.
    await page.wait_for_function(DRAW, arg=rgba_of(80), timeout=10_000)
    assert [number for number, _, _ in await page.evaluate("probe.seen()")] == [80]


def rgba_of(number: int) -> str:
    """The mark as the page draws it, in base64."""
    pixels = marker.pixels(number, marker.LARGE)[..., [2, 1, 0, 3]].copy()
    pixels[..., 3] = 255
    return base64.b64encode(pixels.tobytes()).decode()
