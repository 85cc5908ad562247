"""Every page of the desk and every state of the technician's page, one after the other, as a person comes by them."""

from collections.abc import AsyncIterator

from playwright.async_api import BrowserContext, Page, expect

from demo.organisation import TICKET
from tests.journeys.stage import Stage

REASON = {"fr": "Regarder les réglages de l’image avec vous.", "en": "To look at the picture settings together."}


async def desk_pages(stage: Stage, signed_out: BrowserContext) -> AsyncIterator[tuple[str, Page]]:
    """The desk's pages: a name for each, and the page that shows it."""
    address, page = stage.server.organisation.address, await signed_out.new_page()
    await page.goto(f"{address}/sign-in")
    yield "sign-in", page
    await page.locator("#name").fill("camille")
    await page.locator("#password").fill("not the password")
    await page.locator("button.main").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    yield "sign-in-wrong", page
    await page.goto(f"{address}/#code=41703-cerise-violon&root={stage.server.organisation.root_fingerprint}")
    yield "help-page", page
    await page.close()
    for name, path in (
        ("tickets", "/tickets"),
        ("tickets-none", "/tickets?search=nothing-fits-this"),
        ("ticket", f"/tickets/{TICKET}"),
        ("ticket-new", "/tickets/new"),
        ("not-found", "/tickets/999999"),
    ):
        await stage.page.goto(address + path)
        yield name, stage.page


async def session_states(stage: Stage, language: str) -> AsyncIterator[tuple[str, Page]]:
    """A session from its beginning to the ticket that holds it, with the customer played; and what may go wrong."""
    page, address = stage.page, stage.server.organisation.address
    stage.ticket = await stage.server.open_ticket(subject="Pas d’image sur la télévision", customer_name="Agnès Blanc")
    await page.goto(f"{address}/assist/?ticket={stage.ticket}")
    await page.locator("#reason").fill(REASON[language])
    yield "begin", page
    await page.locator("#start").click()
    await stage.read_code()
    yield "code", page
    stage.start_agent(stage.code)
    await stage.technician.wait_for_prompt()
    yield "reading", page
    await stage.press("Let them see my screen")
    await stage.technician.wait_for_access("view")
    await stage.technician.wait_for_picture()
    yield "view", page
    await page.locator("#ask-control").click()
    await stage.technician.wait_for_prompt()
    yield "asked-for-control", page
    await stage.press("Let them control")
    await stage.technician.wait_for_access("control")
    await stage.technician.keyboard_is_remote()
    yield "control", page
    for menu in ("quality", "special", "people"):
        await page.locator(f"#{menu} summary").click()
        yield f"menu-{menu}", page
        await page.keyboard.press("Escape")
    await stage.technician.say("Voyez-vous le voyant ?")
    await page.locator("#chat-text").fill("x" * 1001)
    await expect(page.locator("#chat-problem")).to_be_visible()
    yield "chat", page
    await page.locator("#chat-text").fill("")
    await page.keyboard.press("Escape")
    await page.locator("#type-text").click()
    yield "type-text", page
    await page.locator("#text-dialog button[value=cancel]").click()
    await page.locator("#show-help").click()
    yield "help", page
    await page.locator("#help button.main").click()
    await stage.press("Pause")
    await expect(page.locator("#curtain")).to_be_visible()
    yield "paused", page
    await stage.press("Stop")
    await page.wait_for_selector("body[data-state=ended]")
    yield "ended", page
    await page.goto(f"{address}/tickets/{stage.ticket}")
    for details in await page.locator("details").all():
        await details.locator("summary").click()
    yield "ticket-with-session", page
    await page.goto(f"{address}/assist/?ticket=999999")
    await expect(page.locator("#after-title")).to_be_visible()
    yield "no-such-ticket", page
