"""The technician's graphics device is lost in mid-session: the picture goes on without a reload, and the words beside it stay true."""

import pytest
from playwright.async_api import expect

from client_agent.screen.source import Box
from tests.client_agent.desktop import Painter
from tests.journeys.stage import Stage
from tests.journeys.test_screen import shows_the_screen
from tests.technician_viewer.web.lost_device import HEARS_LOSS, lose_device, wait_until_restored
from tests.technician_viewer.web.test_page_picture import COUNTS_DECODED, Film
from tests.waiting import eventually

pytestmark = pytest.mark.own_browser

# What pictures that were decoded have to be where this browser cannot copy them.
DRAWS = "VideoFrame.prototype.copyTo = () => Promise.reject(new Error('no such format'));"
# A card that does not come back: the browser is asked to leave it at that.
STAYS_LOST = "addEventListener('contextlost', (event) => event.preventDefault(), true);"
POINTER = """() => {
  const pointer = document.getElementById("pointer");
  return [...pointer.getContext("2d").getImageData(0, 0, pointer.width, pointer.height).data];
}"""
GLYPH = 34
"""A cross, in the X server's own font of pointers."""


async def goes_on(stage: Stage, colour: str) -> None:
    """The picture is exact, also of what is painted now, nothing says that it is not, and nothing was told as shown meanwhile."""
    page = stage.page
    await wait_until_restored(page)
    await eventually(lambda: shows_the_screen(stage), "what was there before")
    stage.display.run("xsetroot", "-solid", colour)
    await eventually(lambda: shows_the_screen(stage), "what is painted after")
    await expect(page.locator("#live-state")).to_have_text("Live picture")
    await expect(page.locator("body")).to_have_attribute("data-picture", "live")
    await expect(page.locator("#access")).to_have_text("You see")
    for told in ("#curtain", "#notice", "#no-video"):
        await expect(page.locator(told)).to_be_hidden()
    # Lost once more, it may be on a busy machine: of each loss the same is true.
    losses = await page.evaluate("losses")
    assert losses
    for lost, restored in zip(losses[::2], losses[1::2], strict=True):
        assert (lost["what"], restored["what"]) == ("contextlost", "contextrestored")
        assert lost["shown"] == restored["shown"]


async def test_what_stands_still_is_there_again_after_the_device_was_lost(stage: Stage) -> None:
    await stage.context.add_init_script(HEARS_LOSS)
    await stage.reach_view()
    stage.display.start("xterm", "-geometry", "40x10+30+120", "-e", "sh", "-c", "seq 100; sleep 100")
    await eventually(lambda: shows_the_screen(stage), "the picture before")
    painter = Painter(stage.display, Box(600, 300, 60, 60))
    painter.show_cursor(GLYPH)
    stage.display.run("xdotool", "mousemove", "630", "330")

    async def is_shown() -> bool:
        return any(await stage.page.evaluate(POINTER))

    await eventually(is_shown, "the pointer")
    await lose_device(stage.page)
    await goes_on(stage, "#713b8a")
    await eventually(is_shown, "the pointer again")
    painter.close()


@pytest.mark.parametrize("way", ["copy", pytest.param("draw", marks=pytest.mark.soak)])
async def test_a_film_goes_on_after_the_device_was_lost(stage: Stage, way: str) -> None:
    await stage.context.add_init_script(HEARS_LOSS + COUNTS_DECODED + (DRAWS if way == "draw" else ""))
    await stage.reach_view()
    film = Film(stage)
    await film.play_until_decoded(10)
    await lose_device(stage.page)
    await film.play_until_decoded(20)
    await goes_on(stage, "#713b8a")
    # Once more, when nothing moves: what comes next is the key picture that was asked for, if any.
    await lose_device(stage.page)
    await goes_on(stage, "#3b8a71")


async def test_a_picture_that_stays_lost_is_not_called_live(stage: Stage) -> None:
    await stage.context.add_init_script(HEARS_LOSS + STAYS_LOST)
    await stage.reach_view()
    await eventually(lambda: shows_the_screen(stage), "the picture before")
    await lose_device(stage.page)
    await expect(stage.page.locator("#live-state")).to_have_text("Picture not live")
    await expect(stage.page.locator("#curtain")).to_contain_text("This picture is not live")
