"""A page whose program does not arrive whole: the browser drops what is on its way when the network changes."""

import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.journeys.stage import COOKIE, Stage
from tests.waiting import eventually

PART = "**/views/code_view.js"


class Loss:
    """Takes one part of the page's program away on its way, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def __call__(self, route: Route) -> None:
        if self.left:
            self.left -= 1
            await route.abort("connectionaborted")
        else:
            await route.continue_()


async def test_a_page_that_did_not_arrive_whole_is_loaded_again_by_itself(stage: Stage) -> None:
    loss = Loss(times=2)
    await stage.context.route(PART, loss)
    await stage.reach_code()
    assert not loss.left
    await expect(stage.page.locator("#not-started")).to_be_hidden()
    assert await stage.page.evaluate("history.state") is None


@pytest.mark.parametrize(
    ("language", "said"),
    [pytest.param("en-GB", "could not start", marks=pytest.mark.soak), ("fr-FR", "n’a pas pu démarrer")],
)
async def test_a_page_that_never_arrives_whole_says_what_to_do(
    stage: Stage, chromium: Browser, language: str, said: str
) -> None:
    context = await chromium.new_context(locale=language)
    address = stage.server.organisation.address
    await context.add_cookies([{"name": COOKIE, "value": await stage.server.sign_in(), "url": address}])
    page = await context.new_page()
    loss = Loss(times=4)
    await context.route(PART, loss)
    await page.goto(f"{address}/assist/")
    await eventually(lambda: not loss.left, "the last time that it is loaded again by itself")
    await expect(page.locator("#not-started")).to_have_text(re.compile(said))
    await page.reload()
    await expect(page.locator("#tickets")).to_be_visible(timeout=30_000)


async def test_a_page_is_loaded_again_once_the_server_answers(stage: Stage) -> None:
    async def away(route: Route) -> None:
        stage.server.kill()
        await route.abort("connectionaborted")

    await stage.server.sign_in()
    await stage.context.route(PART, away, times=1)
    await stage.page.goto(f"{stage.server.organisation.address}/assist/")
    await expect(stage.page.locator("#not-started")).to_be_visible()
    stage.server.start()
    await expect(stage.page.locator("#tickets")).to_be_visible(timeout=30_000)
