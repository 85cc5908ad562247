"""Every page of the desk, found by its routes and filled with a case, for whoever looks at all of them: axe, and the pictures in docs/.

`python -m tests.relay.desk.pages.every_page [FOLDER]` takes the pictures, in French and in English.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import aiohttp
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, ViewportSize, async_playwright

from relay.desk.application import add_routes
from tests.conftest import CHROMIUM, CHROMIUM_OPTIONS, ROOT
from tests.organisations import short_folder
from tests.relay.desk.conftest import PASSWORD, Browser, Relay, serving, sign_in
from tests.relay.desk.pages.reading import link, press, send, shown, ticket

# What answers a GET and is no page of its own: a piece of one, a stream, a file, a way to another page, JSON. The page of live
# assistance has tests of its own, in tests/technician_viewer/web/.
NO_PAGES = {
    "/health", "/join", "/join/", "/assist/{path}", "/static/{path}", "/tickets/{number}/changes",
    "/tickets/{number}/events", "/knowledge/changes", "/knowledge/suggestions", "/help/suggestions", "/process/{document}/diagram.{form}",
}  # fmt: skip
STRANGER = ""
WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=390, height=844)
Scheme = Literal["light", "dark"]
Way = tuple[ViewportSize, Scheme]
"""How a page is looked at."""


@dataclass(frozen=True)
class Shown:
    """One page: what it is called, where it is, and who looks at it; a `status` of its own where it is a refusal."""

    name: str
    path: str
    who: str = "adam"
    status: int = 200


async def routes_without_a_page(pages: list[Shown]) -> set[str]:
    """The routes of the desk that give a page and that none of these is."""
    app = web.Application()
    add_routes(app)
    router = app.router
    found = {route.resource.canonical for route in router.routes() if route.method == "GET" and route.resource}
    found = {
        path
        for path in found
        if not path.startswith(("/api/", "/internal/", "/assist", "/static")) and path not in NO_PAGES
    }
    for each in pages:
        resource = (await router.resolve(make_mocked_request("GET", each.path))).route.resource
        if resource is not None:
            found.discard(resource.canonical)
    return found


async def furnish(desk: Browser, adviser: Browser) -> list[Shown]:
    """Let something be on every page; gives all of them."""
    tool = {"name": "line-test", "title_fr": "Test de ligne", "title_en": "Line test"}
    await send(desk, "/tools", address="https://tools.example/line?customer={customer_number}", **tool)
    number = await ticket(
        desk,
        "Image noire depuis l’orage",
        email="zoe.noel@example.org",
        phone="01 99 00 41 27",
        customer_number="C-104 733",
    )
    for event, fields in (
        ("kind", {"name": "no-picture"}),
        ("priority", {"priority": "2", "reason": "Télétravail cette semaine"}),
        ("call-begin", {"channel": "phone"}),
        ("said", {"script": "greeting"}),
        ("identity", {"name": "y", "last_bill": "y", "result": "confirmed"}),
        ("words", {"words": "Depuis l’orage, la télé reste noire, mais j’entends le son."}),
        ("assess", {"key_points": "Son sans image, une seule chaîne", "complexity": "complex"}),
        ("options", {"option_1": "Changer le câble", "option_2": "Regarder ensemble à distance", "option_3": ""}),
        ("consult", {"whom": "sophie", "question": "Un défaut connu après un orage ?"}),
        ("improve", {"title": "Mise à jour 4.2 du décodeur", "known": "0"}),
        ("mail", {"subject": "Votre décodeur", "text": "Bonjour, pouvez-vous relever le numéro de série ?"}),
    ):
        assert (await press(desk, number, event, **fields))[0] == 303, event
    sent_back = await ticket(desk, "Décodeur à échanger", email="marc.petit@example.org")
    for event, fields in (
        ("kind", {"name": "return"}),
        ("call-begin", {"channel": "phone"}),
        ("said", {"script": "greeting"}),
        ("said", {"script": "closing"}),
        ("call-end", {"remark": ""}),
        ("return", {"way": "repair", "reference": "RMA-2041"}),
    ):
        assert (await press(desk, sent_back, event, **fields))[0] == 303, event
    coaching = {"name": "julie", "ticket": sent_back, "text": "Laisser le client finir sa phrase.", "due": "2030-01-31"}
    assert (await send(desk, "/coaching", **coaching))[0] == 303
    told = {"words": "Plus d’image depuis ce matin.", "name": "Zoé Noël", "customer_number": "C-104 733"}
    await adviser.submit("/prepare/no-picture", told | {"phone": "", "email": "", "need-serial": "TV5-9"})
    groups = await shown(desk, "/groups")
    group = re.search(r'href="(/groups/\d+)"', groups)
    assert group
    await send(desk, f"{group[1]}/members", name="julie", belongs="yes")
    await send(desk, f"{group[1]}/hours", do="add", begins="08:00", ends="20:00", day_0="y", day_1="y", day_4="y")
    await send(desk, f"{group[1]}/shifts", do="add", name="julie", begins="08:00", ends="13:00", day_0="y")
    process = await shown(desk, "/process")
    procedure = link(process, "Television: no picture")
    article = link(await shown(desk, "/knowledge?search=wifi"), "Wifi qui coupe")
    customer = link(await shown(desk, f"/tickets/{number}"), "<strong>Zoé Noël")
    improvement = link(await shown(desk, "/improvements"), "Mise à jour 4.2 du décodeur")
    guide = link(await shown(desk, "/help"), "Guide : installer")
    return [
        Shown("sign-in", "/sign-in", STRANGER),
        Shown("help", "/help", STRANGER),
        Shown("help-nothing", "/help?search=xyzzy", STRANGER),
        Shown("help-article", guide, STRANGER),
        Shown("prepare", "/prepare", STRANGER),
        Shown("prepare-form", "/prepare/no-picture", STRANGER),
        Shown("survey", "/survey", STRANGER),
        Shown("survey-thanks", "/survey/thanks", STRANGER),
        Shown("enrol", "/enrol", "enrolling"),
        Shown("desk", "/desk"),
        Shown("tickets", "/tickets"),
        Shown("tickets-none", "/tickets?search=xyzzy"),
        Shown("ticket-new", "/tickets/new"),
        Shown("ticket", f"/tickets/{number}"),
        Shown("ticket-sent-back", f"/tickets/{sent_back}"),
        Shown("review", f"/tickets/{sent_back}/review"),
        Shown("customers", "/customers?search=marc"),
        Shown("customer", customer),
        Shown("knowledge", "/knowledge"),
        Shown("knowledge-new", "/knowledge/new"),
        Shown("article", article),
        Shown("article-form", f"{article}/edit"),
        Shown("process", "/process"),
        Shown("procedure", procedure),
        Shown("procedure-form", f"{procedure}/edit"),
        Shown("questions-form", "/process/new?kind=tree"),
        Shown("script-form", "/process/new?kind=script"),
        Shown("ladder-form", "/process/new?kind=ladder"),
        Shown("people", "/people"),
        Shown("groups", "/groups"),
        Shown("group", group[1]),
        Shown("services", "/services"),
        Shown("tools", "/tools"),
        Shown("improvements", "/improvements"),
        Shown("improvement", improvement),
        Shown("outbox", "/outbox"),
        Shown("coaching", "/coaching"),
        Shown("figures", "/figures"),
        Shown("audit", "/audit"),
        Shown("refusal", "/tickets/999999", status=404),
        Shown("support", "/", STRANGER),
    ]  # fmt: skip


class Looking:
    """A browser of each person who looks, in one language."""

    def __init__(self, chromium: Chromium, relay: Relay, cookies: dict[str, str], language: str) -> None:
        self._chromium, self._relay, self._cookies, self._language = chromium, relay, cookies, language
        self._pages: dict[str, Page] = {}

    async def at(self, each: Shown, way: Way) -> Page:
        """The page, opened as this person sees it."""
        if each.who not in self._pages:
            context = await self._chromium.new_context(locale=self._language)
            if each.who:
                cookie = {"name": "mainforte_sign_in", "value": self._cookies[each.who], "url": self._relay.address}
                await context.add_cookies([cookie])  # type: ignore[list-item]
            self._pages[each.who] = await context.new_page()
        page = self._pages[each.who]
        await look(page, way)
        answer = await page.goto(self._relay.address + each.path)
        assert answer is not None
        assert answer.status == each.status, (each, answer.status)
        assert await page.locator("html").get_attribute("lang") == self._language
        return page


async def look(page: Page, way: Way) -> None:
    """Have what is open, and what is opened next, look like this."""
    viewport, scheme = way
    await page.set_viewport_size(viewport)
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")


async def cookie_of_somebody_who_enrols(relay: Relay, client: aiohttp.ClientSession) -> str:
    """Léa has a password and no second factor yet."""
    headers = {"Origin": relay.address}
    fields = {"name": "lea", "password": PASSWORD, "code": ""}
    async with client.post(f"{relay.address}/sign-in", data=fields, headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.cookies["mainforte_sign_in"].value


@asynccontextmanager
async def _desk(relay: Relay) -> AsyncIterator[tuple[Browser, Browser, dict[str, str]]]:
    jar = aiohttp.DummyCookieJar
    async with aiohttp.ClientSession(cookie_jar=jar()) as one, aiohttp.ClientSession(cookie_jar=jar()) as other:
        desk, adviser = await sign_in(relay, "adam", one), await sign_in(relay, "julie", other)
        cookies = {"adam": one.headers["Cookie"].partition("=")[2]}
        async with aiohttp.ClientSession(cookie_jar=jar()) as third:
            cookies["enrolling"] = await cookie_of_somebody_who_enrols(relay, third)
        yield desk, adviser, cookies


async def _take_pictures(relay: Relay, folder: Path, *, all_ways: bool) -> None:
    ways: list[Way] = [(WIDE, "light")]
    if all_ways:
        ways += [(WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
    async with async_playwright() as playwright, _desk(relay) as (desk, adviser, cookies):
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        pages = await furnish(desk, adviser)
        for language in ("fr", "en"):
            looking = Looking(chromium, relay, cookies, language)
            for each in pages:
                for viewport, scheme in ways:
                    page = await looking.at(each, (viewport, scheme))
                    way = f"-{viewport['width']}-{scheme}" if all_ways else ""
                    await page.screenshot(path=folder / f"desk-{each.name}-{language}{way}.png", full_page=True)
        await chromium.close()


def main() -> int:
    """Take the pictures into `docs/screenshots`, or, each in four ways, into the folder that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    with short_folder() as made, serving(made) as relay:
        asyncio.run(_take_pictures(relay, folder, all_ways=len(sys.argv) > 1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
