"""A technician's page that stops in the middle: what it holds at the customer's comes up, though nobody lets it go."""

import asyncio

from playwright.async_api import Route, async_playwright

from benchmarks.peers.ours import Ours
from benchmarks.stage import session
from tests.client_agent.desktop import what_is_down
from tests.waiting import eventually

ARROW = {"key": "ArrowRight", "code": "ArrowRight", "windowsVirtualKeyCode": 39}
HANGS = """() => {
  const request = new XMLHttpRequest();
  request.open("GET", "/hangs", false);
  request.send();
}"""
"""Nothing of the page goes on until there is an answer."""


async def test_a_key_that_a_hanging_page_holds_comes_up() -> None:
    async with async_playwright() as playwright, session(Ours(), playwright) as stage:
        stage.painter.forget()
        await stage.cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", **ARROW})
        keycode, _ = await stage.painter.said("key")
        assert keycode in what_is_down(stage.display)[0]
        may_go_on = asyncio.Event()

        async def answer(route: Route) -> None:
            await may_go_on.wait()
            await route.fulfill(body="")

        await stage.page.route("**/hangs", answer)
        hanging = asyncio.create_task(stage.page.evaluate(HANGS))
        number = 0

        def is_up() -> bool:
            """The screen goes on changing, so there are pictures that nobody sees."""
            nonlocal number
            number += 1
            stage.painter.tell("glyph", number, 100 + number, 600)
            return keycode not in what_is_down(stage.display)[0]

        await eventually(is_up, "the release of the key")
        assert not hanging.done()
        may_go_on.set()
        await hanging
