"""A screen that changes its size in mid-session: the page's canvas follows, with exactly what the customer's screen shows."""

import asyncio
import base64

import mss

from tests.journeys.stage import Stage
from tests.virtual_display import VirtualDisplay
from tests.waiting import eventually

CANVAS = """() => {
  const canvas = document.getElementById("screen");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let text = "";
  for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
  return { width: canvas.width, height: canvas.height, pixels: btoa(text) };
}"""


async def test_a_screen_that_changes_its_size_is_shown_exactly(stage: Stage) -> None:
    size = "1024x768"
    await stage.reach_view()
    stage.display.start("xterm", "-geometry", "40x10+30+120", "-e", "sh", "-c", "seq 100; sleep 100")
    await eventually(lambda: shows_the_screen(stage), "the picture before")
    await asyncio.to_thread(set_size, stage.display, 1024, 768)
    await eventually(lambda: shows_the_screen(stage, size), "the picture of the other size")
    await asyncio.to_thread(stage.display.run, "xsetroot", "-solid", "#713b8a")
    await eventually(lambda: shows_the_screen(stage, size), "what is painted after")
    assert await stage.page.get_attribute("body", "data-access") == "view"


def set_size(display: VirtualDisplay, width_px: int, height_px: int) -> None:
    """Let the display have another size, as a customer who chooses another resolution."""
    timing = (str(width_px), "0", "0", str(width_px), str(height_px), "0", "0", str(height_px))
    display.run("xrandr", "--newmode", "another", "0", *timing)
    display.run("xrandr", "--addmode", "screen", "another")
    display.run("xrandr", "--output", "screen", "--mode", "another")


async def shows_the_screen(stage: Stage, size: str = "1280x800") -> bool:
    """Whether every pixel of the canvas is that of the customer's screen now, and the size is this one."""
    canvas = await stage.page.evaluate(CANVAS)
    if f"{canvas['width']}x{canvas['height']}" != size:
        return False
    with mss.MSS(display=stage.display.name) as camera:
        screen = camera.grab(camera.monitors[0])
    pixels = base64.b64decode(canvas["pixels"])
    seen = bytearray(len(pixels) // 4 * 3)
    for channel in range(3):
        seen[channel::3] = pixels[channel::4]
    return (screen.width, screen.height) == (canvas["width"], canvas["height"]) and screen.rgb == bytes(seen)
