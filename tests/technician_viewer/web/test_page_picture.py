"""The picture during a session: what goes wrong is mended without a reload, what is missing is said, and what is preferred is chosen."""

import numpy as np
from playwright.async_api import expect

from client_agent.screen.source import Box
from tests.client_agent.desktop import Painter
from tests.client_agent.screen.array_desktop import photo
from tests.journeys.stage import Stage
from tests.journeys.test_screen import shows_the_screen
from tests.technician_viewer.web.test_remote_screen import WITHOUT_VIDEO
from tests.waiting import eventually

# Once: what should have come to the canvas is lost on the way.
FAILS_ONCE = """
const { putImageData } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.putImageData = function (...what) {
  if (window.isToFail) {
    window.isToFail = false;
    throw new Error("lost");
  }
  putImageData.apply(this, what);
};
"""


async def test_a_picture_that_could_not_be_shown_is_mended_without_a_reload(stage: Stage) -> None:
    await stage.context.add_init_script(FAILS_ONCE)
    await stage.reach_view()
    await eventually(lambda: shows_the_screen(stage), "the picture before")
    await stage.page.evaluate("isToFail = true")
    stage.display.start("xterm", "-geometry", "40x10+30+120", "-e", "sh", "-c", "seq 100; sleep 100")
    await eventually(lambda: stage.page.evaluate("!isToFail"), "a picture that was lost")
    await eventually(lambda: shows_the_screen(stage), "the same as on the customer's screen")
    await expect(stage.page.locator("body")).to_have_attribute("data-picture", "live")
    assert await stage.page.get_attribute("body", "data-access") == "view"


# Counts what is decoded, and fails when it is told to, once.
COUNTS_DECODED = """
window.decoded = 0;
const { decode } = VideoDecoder.prototype;
VideoDecoder.prototype.decode = function (chunk) {
  decoded += 1;
  if (window.isDecoderToFail) {
    window.isDecoderToFail = false;
    throw new DOMException("lost", "OperationError");
  }
  decode.call(this, chunk);
};
"""


class Film:
    """What a customer watches, in a window of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self._box = Box(100, 250, 320, 240)
        self._painter = Painter(stage.display, self._box)
        self._picture = photo(self._box.width, self._box.height)

    async def play_until_decoded(self, count: int) -> None:
        """Until the page has decoded so many more pictures of a video."""
        await self.stage.page.evaluate("decoded = 0")
        await eventually(lambda: self._play(count), "video", deadline_s=60)

    async def _play(self, count: int) -> bool:
        self._picture = np.roll(self._picture, (3, 5), (0, 1))
        self._painter.put(Box(0, 0, self._box.width, self._box.height), self._picture.tobytes())
        return bool(await self.stage.page.evaluate("(count) => decoded >= count", count))


async def test_what_moves_comes_as_video_and_is_exact_when_it_stands_still(stage: Stage) -> None:
    await stage.context.add_init_script(COUNTS_DECODED)
    await stage.reach_view()
    film = Film(stage)
    await film.play_until_decoded(20)
    await eventually(lambda: shows_the_screen(stage), "the last picture, exactly")
    await expect(stage.page.locator("body")).to_have_attribute("data-picture", "live")


async def test_a_decoder_that_fails_while_a_film_is_played_is_replaced(stage: Stage) -> None:
    await stage.context.add_init_script(COUNTS_DECODED)
    await stage.reach_view()
    film = Film(stage)
    await film.play_until_decoded(5)
    await stage.page.evaluate("isDecoderToFail = true")
    await film.play_until_decoded(20)
    assert not await stage.page.evaluate("isDecoderToFail")
    await eventually(lambda: shows_the_screen(stage), "the last picture, exactly")
    await expect(stage.page.locator("body")).to_have_attribute("data-picture", "live")


async def test_a_browser_without_video_says_so_and_shows_the_screen_all_the_same(stage: Stage) -> None:
    await stage.context.add_init_script(WITHOUT_VIDEO)
    await stage.reach_view()
    await expect(stage.page.locator("#no-video")).to_contain_text("cannot decode video")
    await eventually(lambda: shows_the_screen(stage), "the customer's screen")


# A computer that takes its time for whatever it draws.
DRAWS_SLOWLY = """
const { putImageData } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.putImageData = function (...what) {
  putImageData.apply(this, what);
  for (const began = performance.now(); performance.now() - began < 500;);
};
"""


async def test_a_technician_whose_own_computer_is_slow_reads_that_it_is(stage: Stage) -> None:
    await stage.context.add_init_script(DRAWS_SLOWLY)
    await stage.reach_view()
    painter, number = Painter(stage.display, Box(100, 250, 60, 60)), 0

    async def is_told() -> bool:
        nonlocal number
        number += 1
        painter.fill(Box(0, 0, 60, 60), 0x010203 * (number % 80))
        return await stage.page.locator("#slowed").inner_text() == "This computer slows the picture down."

    await eventually(is_told, "what slows the picture down")
    painter.close()


async def test_what_the_picture_should_be_is_chosen_by_keyboard(stage: Stage) -> None:
    await stage.reach_view()
    page = stage.page
    await expect(page.locator("#no-video")).to_be_hidden()
    await page.locator("#quality summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("radio", name="Automatic")).to_be_focused()
    await expect(page.get_by_role("radio", name="Automatic")).to_be_checked()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("radio", name="Smoother")).to_be_checked()
    await expect(page.locator("#quality-now")).to_have_text("Smoother")
    await page.keyboard.press("Escape")
    await expect(page.locator("#quality-choices")).to_be_hidden()
    await expect(page.locator("#quality summary")).to_be_focused()
    # The agent has heard it, and tells whoever asks: also a page that is loaded again, and knows nothing.
    await expect(page.locator("#path-figures")).to_contain_text("There and back")
    await page.reload()
    await stage.technician.wait_for_picture()
    await expect(page.locator("#quality-now")).to_have_text("Smoother")
    await eventually(lambda: shows_the_screen(stage), "the customer's screen")
