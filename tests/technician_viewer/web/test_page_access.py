"""Nobody is shut out: axe finds nothing on any page and in any state, light and dark, and the keyboard reaches everything."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import ROOT
from tests.journeys.stage import Stage
from tests.technician_viewer.web.seen import desk_pages, session_states

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
RUN = """(rules) => axe
  .run(document, { resultTypes: ["violations"], ...(rules.length && { runOnly: rules }) })
  .then((found) => JSON.stringify(found.violations))"""
# All that a scheme changes: nothing but colours.
OF_COLOURS = ("color-contrast", "link-in-text-block")


async def problems(page: Page, name: str) -> list[str]:
    """What axe has against a page, light and dark; its script comes by the debugger, past the page's own rules."""
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = await problems_now(page, f"{name}, light")
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return found + await problems_now(page, f"{name}, dark", *OF_COLOURS)


async def problems_now(page: Page, name: str, *rules: str) -> list[str]:
    """What axe has against a page as it is shown: by these rules, or by all."""
    found = []
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE)
    for violation in json.loads(await page.evaluate(RUN, rules)):
        nodes = [f"{node['html'][:160]} ({node['failureSummary'][:200]})" for node in violation["nodes"]]
        found.append(f"{name}: {violation['id']}: {nodes[:3]}")
    return found


async def test_axe_finds_a_page_without_names_bad(chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.set_content("<img src='x'><button></button>")
    assert {each.split(": ")[1] for each in await problems(page, "bad")} >= {"image-alt", "button-name"}


async def test_axe_finds_what_cannot_be_read_in_the_dark_alone(chromium: Browser) -> None:
    page = await chromium.new_page()
    pale = "@media (prefers-color-scheme: dark) { body { background: #000; color: #222; } }"
    await page.set_content(f"<html lang='en'><title>t</title><style>{pale}</style><main><h1>Read me</h1></main>")
    assert [each.split(": ")[:2] for each in await problems(page, "pale")] == [["pale, dark", "color-contrast"]]


async def test_axe_finds_nothing_on_the_desks_pages(stage: Stage, chromium: Browser) -> None:
    signed_out = await chromium.new_context(locale="en")
    found = [each async for name, page in desk_pages(stage, signed_out) for each in await problems(page, name)]
    assert found == []


async def test_axe_finds_nothing_in_any_state_of_a_session(stage: Stage) -> None:
    found = [each async for name, page in session_states(stage, "en") for each in await problems(page, name)]
    assert found == []


@pytest.mark.parametrize("path", ["/tickets", "/tickets/new", "/tickets/2041"])
async def test_every_control_of_a_page_is_reached_by_tab_and_shows_it(stage: Stage, path: str) -> None:
    page = stage.page
    await page.goto(stage.server.organisation.address + path)
    await every_control_shows_its_focus(page)


async def test_every_control_of_a_session_is_reached_by_tab_and_shows_it(stage: Stage) -> None:
    await stage.reach_view()
    await expect(stage.page.locator("#keyboard")).to_be_focused()
    await every_control_shows_its_focus(stage.page)


async def every_control_shows_its_focus(page: Page) -> None:
    visible = "a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary"
    controls = await page.locator(visible).filter(visible=True).count()
    seen: set[str] = set()
    for _ in range(controls + 10):
        await page.keyboard.press("Tab")
        focused = page.locator("*:focus")
        if not await focused.count():
            continue
        seen.add(
            await focused.evaluate(
                "e => e.tagName + '#' + e.id + ' ' + (e.innerText || e.name || '').slice(0, 40) + (e.href || '')"
            )
        )
        ring = await focused.evaluate(
            "e => [getComputedStyle(e).outlineStyle, e.id === 'keyboard' && getComputedStyle(e.parentElement, '::after').borderStyle]"
        )
        assert "solid" in ring, await focused.evaluate("e => e.outerHTML.slice(0, 200)")
    assert len(seen) >= controls - 1, (controls, seen)  # of two links alike one counts
