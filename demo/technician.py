"""The technician, played in headless Chromium: only what a person could click, type and see."""

import base64
import re
from pathlib import Path

from playwright.async_api import Page, expect

from demo.organisation import PASSWORD, TECHNICIAN, TICKET, Organisation
from translations import catalogue

REASON = {
    "fr": "Regarder les réglages de l’image avec vous.",
    "en": "To look at the picture settings together with you.",
}


class Technician:
    """One signed-in browser page."""

    def __init__(
        self, page: Page, organisation: Organisation, screenshots: Path, language: str, *, account: str = TECHNICIAN
    ) -> None:
        self.page, self._account = page, account
        self._organisation = organisation
        self._screenshots = screenshots
        self.language = language

    async def photograph(self, name: str) -> None:
        await self.page.screenshot(path=self._screenshots / f"{name}-{self.language}.png")

    async def sign_in(self) -> None:
        await self.page.goto(f"{self._organisation.address}/sign-in")
        await self.photograph("sign-in")
        await self.page.locator("input[name=name]").fill(self._account)
        await self.page.locator("input[name=password]").fill(PASSWORD)
        await self.page.locator("input[name=code]").fill(self._organisation.code())
        await self.page.locator("form button.main, main form button[type=submit]").first.click()
        await self.page.wait_for_url(re.compile("/tickets"))
        await self.photograph("tickets")

    async def open_ticket(self) -> None:
        await self.page.goto(f"{self._organisation.address}/tickets/{TICKET}")
        await self.page.locator(f"a[href*='/assist/?ticket={TICKET}']").first.click()
        await self.page.wait_for_selector("body[data-state=begin]")

    async def get_code(self) -> str:
        """State reason and wish, and read the code that the page shows."""
        await self.page.locator("#reason").fill(REASON[self.language])
        await self.page.locator("#asks-control").check()
        await self.photograph("start")
        await self.page.locator("#start").click()
        await self.page.wait_for_selector("body[data-state=waiting]")
        await expect(self.page.locator("#code")).to_have_text(re.compile(r"^\d{5} \S+ \S+$"))
        await expect(self.page.locator("#status")).to_be_visible()
        await self.photograph("code")
        return await self.page.locator("#code").inner_text()

    async def wait_for_access(self, access: str) -> None:
        await self.page.wait_for_selector(f"body[data-access='{access}']", timeout=30_000)

    async def wait_for_picture(self) -> None:
        await self.page.wait_for_selector("body[data-picture=live]", timeout=30_000)

    async def colour_at(self, x: int, y: int) -> tuple[int, int, int]:
        """The colour of one pixel of the canvas."""
        script = "([x, y]) => [...document.getElementById('screen').getContext('2d').getImageData(x, y, 1, 1).data]"
        red, green, blue, _ = await self.page.evaluate(script, [x, y])
        return red, green, blue

    async def shows(self, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
        return await self.colour_at(*place) == colour

    async def wait_for_prompt(self) -> None:
        await self.page.wait_for_selector("body[data-prompt=open]", timeout=30_000)

    async def keyboard_is_remote(self) -> None:
        """Wait until what is typed on the page goes to the customer."""
        await expect(self.page.locator("#keyboard")).to_be_focused()
        await expect(self.page.locator("body")).to_have_attribute("data-keyboard", "remote")

    async def click_remote(self, x: int, y: int) -> None:
        """Click on the picture, at a place in the remote screen's pixels."""
        place = await self.page.evaluate(
            """([x, y]) => { const c = document.getElementById('screen'), b = c.getBoundingClientRect();
            return [b.left + (x + 0.5) * b.width / c.width, b.top + (y + 0.5) * b.height / c.height]; }""",
            [x, y],
        )
        await self.page.mouse.click(*place)

    async def type_text(self, text: str) -> None:
        """Use *Type text…*."""
        await self.page.locator("#type-text").click()
        await self.page.locator("#text").fill(text)
        await self.page.locator("#text-dialog button.main").click()

    async def canvas(self) -> bytes:
        """All that the canvas shows, as a PNG."""
        url = await self.page.evaluate("document.getElementById('screen').toDataURL('image/png')")
        return base64.b64decode(url.partition(",")[2])

    async def write_note(self, text: str) -> None:
        """Write a note for the auditors, and wait until it is in the log."""
        await self.page.locator("#notes summary").click()
        await self.page.locator("#note-text").fill(text)
        await self.page.locator("#note-keep").click()
        await expect(self.page.locator("#notes-list")).to_contain_text(text)
        await self.photograph("notes")
        await self.page.keyboard.press("Escape")

    async def say(self, text: str) -> None:
        """Write to everybody who takes part, and wait until it was said."""
        if await self.page.locator("#chat").is_hidden():
            await self.page.locator("#chat-toggle").click()
        await self.page.locator("#chat-text").fill(text)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#chat-log li:not(.waiting)", has_text=text)).to_have_count(1)

    async def reads(self, *texts: str) -> None:
        """Wait until the conversation is this, as far as this person may read it."""
        if await self.page.locator("#chat").is_hidden():
            await expect(self.page.locator("#chat-unread")).not_to_be_empty()
            await self.page.locator("#chat-toggle").click()
        await expect(self.page.locator("#chat-log li p")).to_have_text(list(texts))

    async def close_chat(self) -> None:
        await self.page.locator("#chat-close").click()

    # --- several people ---

    async def invite(self, full_name: str, reason: str) -> None:
        """Invite a colleague to the session."""
        await self.page.locator("#people summary").click()
        await self.page.locator("#people-actions button").first.click()
        await self.page.locator("#invite-person").select_option(label=full_name)
        await self.page.locator("#invite-reason").fill(reason)
        await self.page.locator("#invite-now").click()
        await self.page.locator("#invite-close").click()

    async def follow_invitation(self) -> None:
        """Find the invitation on the list of tickets, and go there; the customer is asked."""
        await self.page.goto(f"{self._organisation.address}/tickets")
        await self.page.locator("section[aria-labelledby=invitations] a").first.click()
        await self.page.locator("#join-now").click()
        await self.page.wait_for_selector("body[data-state=waiting]")

    async def hand_over(self, full_name: str) -> None:
        """Let somebody else lead who is there."""
        await self.page.locator("#people summary").click()
        label = catalogue(self.language).gettext("Hand over to {name}").format(name=full_name)
        await self.page.locator("#people-actions button", has_text=label).click()

    async def leave(self) -> None:
        """Leave the session to the others."""
        await self.page.locator("#end").click()
        await self.page.wait_for_selector("body[data-state=left]")
