"""Every page of the desk and for customers, looked at by axe: nothing is found, and nothing sticks out of a narrow screen."""

import re

import pytest
from playwright.async_api import Browser as Chromium

from tests.relay.desk.conftest import TECHNICIAN_KEY, Browser
from tests.relay.desk.pages.every_page import (
    NARROW,
    WIDE,
    Looking,
    Way,
    cookie_of_somebody_who_enrols,
    furnish,
    look,
    routes_without_a_page,
)
from tests.relay.desk.pages.reading import send, shown, ticket
from tests.technician_viewer.web.test_page_access import problems_now

# Each two of language, scheme and width meet once. A page is opened in the first way, and has to bear the second while it is open.
WAYS: dict[str, tuple[Way, Way]] = {
    "fr": ((WIDE, "light"), (NARROW, "dark")),
    "en": ((NARROW, "light"), (WIDE, "dark")),
}


@pytest.mark.parametrize("language", WAYS)
async def test_axe_finds_nothing_on_any_page_and_nothing_sticks_out(
    administrator: Browser, adviser: Browser, stranger: Browser, chromium: Chromium, language: str
) -> None:
    pages = await furnish(administrator, adviser)
    assert await routes_without_a_page(pages) == set()
    cookies = {
        "adam": administrator.client.headers["Cookie"].partition("=")[2],
        "enrolling": await cookie_of_somebody_who_enrols(administrator.relay, stranger.client),
    }
    looking = Looking(chromium, administrator.relay, cookies, language)
    first, second = WAYS[language]
    found = []
    for each in pages:
        page = await looking.at(each, first)
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        for viewport, scheme in (first, second):
            await look(page, (viewport, scheme))
            found += await problems_now(page, f"{each.name}, {scheme}")
            width = await page.evaluate("document.documentElement.scrollWidth")
            if width > viewport["width"]:
                found.append(f"{each.name}: {width} pixels wide")
        if each.name == "tickets":
            await page.keyboard.press("?")
            await page.get_by_role("dialog").wait_for()
            found += await problems_now(page, "the keys")
    assert found == []


async def test_the_header_of_somebody_with_several_services_is_one_line(
    administrator: Browser, chromium: Chromium
) -> None:
    for name in ("Une banque au nom plutôt long", "Une autre banque"):
        assert (await send(administrator, "/services", name=name, kind="external"))[0] == 303
    cookie = administrator.client.headers["Cookie"].partition("=")[2]
    for language in ("fr", "en"):
        context = await chromium.new_context(locale=language, viewport=WIDE)
        await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": administrator.relay.address}])
        page = await context.new_page()
        await page.goto(administrator.relay.address + "/tickets")
        assert await page.locator("#current-service option").count() >= 3
        brand, leave = page.locator(".brand"), page.locator("form[action='/sign-out'] button")
        first, last = await brand.bounding_box(), await leave.bounding_box()
        assert first
        assert last
        assert abs(first["y"] + first["height"] / 2 - last["y"] - last["height"] / 2) < 8, (language, first, last)
        await context.close()


@pytest.mark.requirement("A86")
async def test_a_session_on_the_ticket_names_its_device(technician: Browser) -> None:
    number = await ticket(technician, "Portable", device_name="Portable, Windows 11")
    asked = {"reason": "Voir l’erreur", "asks": "view", "key": TECHNICIAN_KEY}
    assert (await technician.post(f"/api/tickets/{number}/sessions", asked))[0] == 201
    page = await shown(technician, f"/tickets/{number}")
    session = page[page.index('class="card session"') :]
    assert re.search(r"<dt>Device</dt><dd>Computer, Portable, Windows 11</dd>", session)
