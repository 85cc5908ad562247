"""The chat on the technician's page, with a real customer at the other end: everybody reads the same, and it stays a conversation."""

import asyncio

from playwright.async_api import Browser, Page, expect

from demo.customer import Customer
from tests.journeys.reading import middle_of
from tests.journeys.stage import Stage
from tests.technician_viewer.web.test_page_sharing import WHY, act, signed_in

FIELD = "Your message"
# Faster than the customer's machine can answer.
FLOOD = """(count) => {
  for (let number = 0; number < count; number++) {
    document.getElementById("chat-text").value = `line ${number}`;
    document.getElementById("chat-form").requestSubmit();
  }
}"""


async def write(page: Page, text: str) -> None:
    """Write it into the open panel and send it, whether or not it is said."""
    await page.locator("#chat-text").fill(text)
    await page.locator("#chat-text").press("Enter")


async def shows(page: Page, *lines: str) -> None:
    """Wait until the conversation on the page is this: who, and what."""
    said = page.locator("#chat-log li:not(.waiting)")
    await expect(said.locator("strong")).to_have_text([line.split(": ")[0] for line in lines])
    await expect(said.locator("p")).to_have_text([line.split(": ")[1] for line in lines])


async def answer(stage: Stage, text: str) -> None:
    """The customer answers in their window."""
    await asyncio.to_thread(Customer(stage.display, stage.folder, "en").say, text)


async def observer(stage: Stage, chromium: Browser) -> Page:
    """A colleague who joins to look on."""
    colleague = await signed_in(stage.server, chromium, "lou", "Lou Observe")
    await act(stage.page, "Invite somebody")
    await stage.page.locator("#invite-person").select_option(label="Lou Observe")
    await stage.page.locator("#invite-observe").check()
    await stage.page.locator("#invite-reason").fill(WHY)
    await stage.page.locator("#invite-now").click()
    await stage.page.locator("#invite-close").click()
    page = await colleague.new_page()
    await page.goto(f"{stage.server.organisation.address}/assist/?ticket={stage.ticket}")
    await page.locator("#invitation-list a").click()
    await page.locator("#join-now").click()
    await stage.press("Let them see my screen")
    await page.wait_for_selector("body[data-access=view][data-picture=live]")
    return page


async def test_everybody_reads_the_same_also_after_a_reload_and_who_comes_later_nothing_of_before(
    stage: Stage, chromium: Browser
) -> None:
    await stage.reach_view()
    first = stage.page
    await first.locator("#chat-toggle").click()
    await write(first, "Quel voyant clignote ?")
    await answer(stage, "The red one")
    await shows(first, "You: Quel voyant clignote ?", "Agnès Blanc: The red one")
    looks_on = await observer(stage, chromium)
    await first.locator("#chat-close").click()
    await answer(stage, "and now the green one")
    await expect(first.locator("#chat-unread")).to_have_text("1")
    await expect(first.locator("#notice")).to_have_text("Agnès Blanc writes: and now the green one")
    await looks_on.locator("#chat-toggle").click()
    await write(looks_on, "<b>Merci</b>")
    await shows(looks_on, "Agnès Blanc: and now the green one", "You: <b>Merci</b>")
    await stage.customer_reads("Lou Observe: <b>Merci</b>")
    await expect(first.locator("#chat-unread")).to_have_text("2")
    await first.locator("#chat-toggle").click()
    conversation = (
        "You: Quel voyant clignote ?",
        "Agnès Blanc: The red one",
        "Agnès Blanc: and now the green one",
        "Lou Observe: <b>Merci</b>",
    )
    await shows(first, *conversation)
    await expect(first.locator("#chat-unread")).to_be_empty()
    await first.reload()
    await first.wait_for_selector("body[data-access=view][data-picture=live]")
    await first.locator("#chat-toggle").click()
    await shows(first, *conversation)
    await expect(first.locator("#chat-unread")).to_be_empty()
    await stage.press("Stop")
    log = await stage.log_is_complete("opened", "said", "said", "joined", "said", "said", "ended")
    said = [entry["event"] for entry in log.entries if entry["event"]["type"] == "said"]
    assert [bool(event["participant"]) for event in said] == [True, False, False, True]
    assert {event["content"] for event in said} == {""}, "nothing is kept where nothing is recorded"


async def test_what_the_technician_does_never_reaches_the_customers_window_and_what_is_typed_here_stays_in_the_chat(
    stage: Stage,
) -> None:
    ears = await stage.reach_control()
    page = stage.page
    await page.locator("#chat-toggle").click()
    await page.locator("#chat-text").press_sequentially("Bonjour")
    await page.locator("#chat-text").press("Enter")
    await shows(page, "You: Bonjour")
    await stage.customer_sees(FIELD)
    assert not [each for each in ears.heard() if each[0] == "key down"]
    # Into the customer's field, by mouse and by keys; it has the keyboard because the customer turned to it.
    place = await asyncio.to_thread(middle_of, stage.display, FIELD)
    await answer(stage, "Oui")
    await shows(page, "You: Bonjour", "Agnès Blanc: Oui")
    await stage.technician.click_remote(*place)
    await stage.technician.keyboard_is_remote()
    await page.keyboard.type("I give you my account number")
    await page.keyboard.press("Enter")
    await stage.technician.type_text("in a paste as well\n")
    await page.locator("#chat-text").fill("Merci")
    await page.locator("#chat-text").press("Enter")
    await shows(page, "You: Bonjour", "Agnès Blanc: Oui", "You: Merci")
    await answer(stage, "De rien")
    await shows(page, "You: Bonjour", "Agnès Blanc: Oui", "You: Merci", "Agnès Blanc: De rien")

    # Too fast, and too long: nothing of it is lost.
    await page.evaluate(FLOOD, 12)
    problem, field = page.locator("#chat-problem"), page.locator("#chat-text")
    await expect(problem).to_contain_text("too fast")
    await expect(page.locator("#chat-log .waiting")).to_have_count(0)
    said = await page.locator("#chat-log li p", has_text="line").all_inner_texts()
    refused = (await field.input_value()).splitlines()
    assert [*said, *refused] == [f"line {number}" for number in range(12)]
    await field.fill("é" * 1002)
    await expect(problem).to_contain_text("Characters too many: 2")
    await field.press("Enter")
    await expect(field).to_have_value("é" * 1002)
