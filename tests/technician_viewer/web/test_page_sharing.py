"""Several people in one session, each in a browser of their own: invited, joining, handing over, leaving, and a guest."""

import asyncio
import re

import aiohttp
import pyotp
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from demo.organisation import PASSWORD
from tests.journeys.stage import COOKIE, Server, Stage
from tests.technician_viewer.web.test_page_returns import keeps
from tests.technician_viewer.web.test_page_session import RIGHT, Keys
from tests.waiting import eventually

LANGUAGE = "en"
COLLEAGUE, FULL_NAME = "noe", "Noé Martin"
WHY = "He knows this television."


async def signed_in(
    server: Server, chromium: Browser, name: str = COLLEAGUE, full_name: str = FULL_NAME
) -> BrowserContext:
    """A colleague's browser."""
    organisation, secret = server.organisation, pyotp.random_base32()
    organisation.command("user", "add", name, "--full-name", full_name, "--role", "technician", "--totp-secret", secret)
    asked = {"name": name, "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{organisation.address}/api/sign-in", json=asked) as answer,
    ):
        assert answer.status == 200, await answer.text()
        cookie = answer.cookies[COOKIE].value
    context = await chromium.new_context(locale=LANGUAGE, viewport={"width": 1280, "height": 860})
    await context.add_cookies([{"name": COOKIE, "value": cookie, "url": organisation.address}])
    return context


async def act(page: Page, label: str) -> None:
    """Press one of the actions in the menu of people."""
    await page.locator("#people summary").click()
    await page.locator("#people-actions button", has_text=label).click()


async def takes_part(page: Page, *people: str) -> None:
    """Wait until the menu of people says so, in this order."""
    await expect(page.locator("#people-list li")).to_have_text(list(people), use_inner_text=False)


async def test_a_colleague_is_invited_joins_takes_over_and_the_first_one_leaves(
    stage: Stage, chromium: Browser
) -> None:
    await stage.reach_control()
    first = stage.page
    colleague = await signed_in(stage.server, chromium)
    await act(first, "Invite somebody")
    # By name, as the demo does; or whoever of a title is free.
    await expect(first.locator("#invite-person option", has_text=FULL_NAME)).to_have_count(1)
    await first.locator("#invite-person").select_option(label="A technician, whoever is free")
    await first.locator("#invite-reason").fill(WHY)
    await first.locator("#invite-now").click()
    await expect(first.locator("#invite-told")).to_contain_text("Whoever comes first finds the invitation")
    await first.locator("#invite-close").click()

    second = await colleague.new_page()
    await second.goto(f"{stage.server.organisation.address}/assist/?ticket={stage.ticket}")
    await expect(second.locator("#invitation-list")).to_contain_text(f"Camille Roy invites you: ticket {stage.ticket}")
    await second.goto(f"{stage.server.organisation.address}/tickets")
    await second.locator("section[aria-labelledby=invitations] a", has_text="Join").click()
    await second.locator("#join-now").click()
    await expect(second.locator("#status")).to_have_text("The customer is asked whether you may join.")
    await stage.customer_reads(FULL_NAME)
    await stage.press("Let them see my screen")
    await second.wait_for_selector("body[data-access=view][data-picture=live]")
    await stage.technician_reads(f"{FULL_NAME} sees the screen now.")
    await takes_part(first, "Agnès Blancshows the screen", "Camille Roy (you)controls, leads", f"{FULL_NAME}sees")
    await takes_part(second, "Agnès Blancshows the screen", "Camille Roycontrols, leads", f"{FULL_NAME} (you)sees")
    await expect(second.locator("#end")).to_have_text("Leave")
    # Pictures come at the pace of whoever controls, and as they prefer.
    await expect(first.get_by_role("radio", name="Smoother", include_hidden=True)).to_be_enabled()
    await expect(second.get_by_role("radio", name="Smoother", include_hidden=True)).to_be_disabled()

    await second.reload()
    await second.wait_for_selector("body[data-access=view][data-picture=live]")
    await expect(first.locator("body")).to_have_attribute("data-picture", "live")

    await second.locator("#ask-control").click()
    await stage.customer_sees("Let them control")
    await stage.press("Let them control")
    await second.wait_for_selector("body[data-access=control]")
    await expect(first.locator("body")).to_have_attribute("data-access", "view")
    await act(first, f"Hand over to {FULL_NAME}")
    await expect(second.locator("#end")).to_have_text("End")
    await expect(second.get_by_role("radio", name="Smoother", include_hidden=True)).to_be_enabled()
    await first.locator("#end").click()
    await stage.technician_reads("You have left the session")
    await eventually(lambda: keeps(first, 0), "the session to be forgotten")

    await expect(second.locator("#notice")).to_have_text("Camille Roy has left.")
    await expect(second.locator("body")).to_have_attribute("data-picture", "live")
    keys = Keys(await stage.listen())
    await second.locator("#keyboard").focus()
    await second.keyboard.press("ArrowRight")
    await eventually(lambda: RIGHT in keys.down(), "the colleague's key at the customer's window")
    await second.locator("#end").click()
    await expect(second.locator("#after-title")).to_have_text("You ended the session")
    await stage.log_is_complete("opened", "joined", "handed_over", "left", "ended")
    await colleague.close()


async def test_what_was_begun_in_the_invitation_stays_when_the_colleagues_are_known(
    stage: Stage, chromium: Browser
) -> None:
    await signed_in(stage.server, chromium, "ada", "Ada Colle")
    await stage.reach_view()
    may_be_told = asyncio.Event()

    async def tell_later(route: Route) -> None:
        await may_be_told.wait()
        await route.continue_()

    await stage.page.route("**/candidates*", tell_later)
    await act(stage.page, "Invite somebody")
    await stage.page.locator("#invite-name").fill("Eva Kern, Téléviseurs SA")
    may_be_told.set()
    await expect(stage.page.locator("#invite-person option")).not_to_have_count(1)
    await expect(stage.page.locator("#invite-name")).to_be_visible()
    await expect(stage.page.locator("#invite-person")).to_have_value("")


async def test_a_guest_comes_once_by_a_link_sees_and_can_do_nothing_else(stage: Stage, chromium: Browser) -> None:
    await stage.reach_view()
    await act(stage.page, "Invite somebody")
    await stage.page.locator("#invite-person").select_option(value="")
    await stage.page.locator("#invite-name").fill("Eva Kern, Téléviseurs SA")
    await stage.page.locator("#invite-reason").fill(WHY)
    await stage.page.locator("#invite-now").click()
    await expect(stage.page.locator("#invite-link")).to_have_value(re.compile("#"))
    link = await stage.page.locator("#invite-link").input_value()
    await stage.page.locator("#invite-close").click()

    outside = await chromium.new_context(locale=LANGUAGE)
    guest = await outside.new_page()
    await guest.goto(link)
    await guest.locator("#join-now").click()
    await expect(guest.locator("#status")).to_have_text("The customer is asked whether you may join.")
    assert link.rpartition("#")[2] not in guest.url
    await stage.customer_reads("Eva Kern")
    await stage.press("Let them see my screen")
    await guest.wait_for_selector("body[data-access=view][data-picture=live]")
    await expect(guest.locator("#ask-control")).to_be_hidden()
    await expect(guest.locator("#type-text")).to_be_disabled()
    await guest.locator("#end").click()
    await expect(guest.locator("#after-title")).to_have_text("You have left the session")
    await guest.goto("about:blank")
    await guest.goto(link)
    await guest.locator("#join-now").click()
    await expect(guest.locator("#status")).to_contain_text("This link was used already")
    await outside.close()
