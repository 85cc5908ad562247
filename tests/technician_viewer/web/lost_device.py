"""A graphics device that the technician's browser loses, as after a fault of the card or its driver: the process that has it is killed."""

import os
import signal

from playwright.async_api import Page

from tests.browsers import processes_of
from tests.waiting import eventually

HEARS_LOSS = """
globalThis.losses = [];
for (const what of ["contextlost", "contextrestored"]) {
  addEventListener(what, ({ target }) => {
    if (target === document.querySelector("canvas")) losses.push({ what, shown: document.body.dataset.shown });
  }, true);
}
"""
"""For pages to begin with: what happened to their first canvas, heard before they hear it, and which picture was told as shown by then."""


async def lose_device(page: Page) -> None:
    """Kill the process of this page's browser that has the graphics device, and wait until the page lacks its canvas."""
    await page.evaluate("losses.length = 0")
    browser = page.context.browser
    assert browser
    (process,) = [number for kind, number in await processes_of(browser) if kind == "GPU"]
    os.kill(process, signal.SIGKILL)
    await eventually(lambda: page.evaluate("losses.length"), "a canvas that is lost")


async def wait_until_restored(page: Page) -> None:
    """Wait until the browser has given the page its canvas back."""
    await eventually(lambda: page.evaluate("losses.at(-1)?.what === 'contextrestored'"), "a canvas that is back")
