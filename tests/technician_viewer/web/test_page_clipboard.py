"""The customer's clipboard on the technician's page: asked for, filled and fetched by a press each, with the real agent and its windows."""

import asyncio

from playwright.async_api import expect

from tests.copying import copies, pastes
from tests.journeys.stage import Stage
from tests.waiting import eventually

TEXT = "Grüße aus Zürich\n漢字 – 😀"
READ_MINE, KEPT = "navigator.clipboard.writeText('from my own')", "navigator.clipboard.readText()"


async def shared(stage: Stage) -> None:
    """The customer's answer to the question, with the real windows."""
    await stage.page.locator("#clipboard summary").click()
    await expect(stage.page.locator("#clipboard-put")).to_be_hidden()
    await stage.page.locator("#ask-clipboard").click()
    await stage.customer_reads("Share your clipboard?")
    await stage.press("Share the clipboard")
    await expect(stage.page.locator("#clipboard-text")).to_be_visible()
    await expect(stage.page.locator("#clipboard-fetch")).to_be_enabled()


async def test_text_goes_both_ways_by_a_press_each_and_the_bar_tells_the_customer(stage: Stage) -> None:
    page, said = stage.page, stage.page.locator("#clipboard-said")
    await stage.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await stage.reach_view()
    await shared(stage)
    await page.locator("#clipboard-text").fill(TEXT)
    await page.locator("#clipboard-put").click()
    await expect(said).to_contain_text("It is on the customer's clipboard")
    assert await asyncio.to_thread(pastes, stage.display) == TEXT
    await stage.customer_reads("Camille Roy put text on your clipboard")

    await page.locator("#clipboard-fetch").click()
    await expect(said).to_contain_text("The customer has copied nothing since")
    copies(stage.display, "Réf. 20 417")
    await eventually(lambda: pastes(stage.display) == "Réf. 20 417", "what the customer copied")
    await page.locator("#clipboard-fetch").click()
    await expect(page.locator("#clipboard-fetched")).to_have_text("Réf. 20 417")
    await stage.customer_reads("Camille Roy read what you copied")
    # What was fetched reaches the technician's own clipboard by a press, and not before.
    await page.evaluate(READ_MINE)
    assert await page.evaluate(KEPT) == "from my own"
    await page.locator("#clipboard-mine").click()
    await expect(page.locator("#clipboard-text")).to_have_value("from my own")
    await page.locator("#clipboard-keep").click()
    await expect(said).to_have_text("It is on your clipboard.")
    assert await page.evaluate(KEPT) == "Réf. 20 417"

    await stage.press("Take back the clipboard")
    await expect(page.locator("#ask-clipboard")).to_be_visible()
    await expect(page.locator("#clipboard-text")).to_be_hidden()
    await stage.press("Stop")
    await stage.customer_reads("text put on your clipboard: 1, text read from it: 1")
    log = await stage.log_has("clipboard_moved", "clipboard_moved", "ended")
    moves = [entry["event"] for entry in log.entries if entry["event"]["type"] == "clipboard_moved"]
    assert [(move["direction"], move["characters"]) for move in moves] == [
        ("to_customer", len(TEXT)),
        ("from_customer", 11),
    ]


async def test_the_page_says_what_to_do_where_it_cannot_be(stage: Stage) -> None:
    page, said = stage.page, stage.page.locator("#clipboard-said")
    await stage.reach_view()
    await page.locator("#clipboard summary").click()
    await page.locator("#ask-clipboard").click()
    await stage.press("Refuse")
    await stage.technician_reads("The customer said no.")
    await expect(page.locator("#ask-clipboard")).to_be_enabled()
    await page.locator("#clipboard summary").click()
    await shared(stage)
    await page.locator("#clipboard-text").evaluate("(field) => { field.value = 'é'.repeat(32769); field.oninput(); }")
    await page.locator("#clipboard-put").click()
    await expect(said).to_have_text("That is more than 64 KB. Take a part of it.")
    # The browser was not asked for leave: it says no.
    await page.locator("#clipboard-mine").click()
    await expect(said).to_contain_text("Press in the field and paste")
    await stage.press("Pause")
    await expect(page.locator("#clipboard-put")).to_be_disabled()
    await expect(page.locator("#clipboard-fetch")).to_be_disabled()
