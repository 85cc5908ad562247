"""What the pages offer to each role: no link that leads to a refusal, and no button that somebody may not press."""

import re
from collections.abc import Iterator
from html import unescape

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from relay.desk.actions import ACTIONS
from relay.desk.application import add_routes
from tests.relay.desk.conftest import Browser
from tests.relay.desk.pages.every_page import furnish
from tests.relay.desk.pages.reading import link, press, shown, ticket
from tests.relay.desk.test_every_endpoint import NEEDS

ROLES = ("adviser", "hotliner", "technician", "expert", "supervisor", "router", "administrator", "auditor")


def links_of(page: str) -> set[str]:
    """Where the links of a page lead, within the desk."""
    found = {unescape(one).partition("#")[0] for one in re.findall(r'<a [^>]*href="(/[^"]*)"', page)}
    return {one for one in found if one and not one.startswith(("/assist/", "/static/"))}


def buttons_of(page: str) -> Iterator[tuple[str, str]]:
    """Where each form with a button sends what was typed, and which action of a ticket it is."""
    for place, inside in re.findall(r'<form [^>]*method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL):
        events = re.findall(r'<button[^>]*name="event" value="([a-z-]+)"', inside)
        for event in events or ([""] if "<button" in inside else []):
            yield place, event


async def canonical(router: web.UrlDispatcher, method: str, path: str) -> str:
    """Which route of the desk it is."""
    resource = (await router.resolve(make_mocked_request(method, path.partition("?")[0]))).route.resource
    assert resource is not None, (method, path)
    return resource.canonical


async def test_whatever_a_page_offers_to_somebody_is_theirs_to_open_and_to_press(
    adviser: Browser,
    hotliner: Browser,
    technician: Browser,
    expert: Browser,
    supervisor: Browser,
    router: Browser,
    administrator: Browser,
    auditor: Browser,
) -> None:
    app = web.Application()
    add_routes(app)
    pages = {each.path for each in await furnish(administrator, adviser) if each.who and each.status == 200}
    browsers = (adviser, hotliner, technician, expert, supervisor, router, administrator, auditor)
    wrong = [
        f"{role}: {one}"
        for role, browser in zip(ROLES, browsers, strict=True)
        for one in await wrongly_offered(role, browser, pages, app.router)
    ]
    assert wrong == []


async def wrongly_offered(role: str, browser: Browser, pages: set[str], router: web.UrlDispatcher) -> list[str]:
    """What these pages, and one more of each kind that they lead to, offer to somebody who is refused it."""
    waiting = {"/tickets", *pages}
    kinds, linked, refused, wrong = set[str](), dict[str, str](), set[str](), list[str]()
    while waiting:
        path = waiting.pop()
        status, page = await browser.get(path)
        kind = await canonical(router, "GET", path)
        kinds.add(kind)
        if status == 403:
            refused.add(kind)
        if status != 200:
            continue
        for place in links_of(page):
            leads_to = linked[place] = await canonical(router, "GET", place)
            if leads_to not in kinds:
                kinds.add(leads_to)
                waiting.add(place)
        for place, event in buttons_of(page):
            needed = set(NEEDS.get(("POST", await canonical(router, "POST", place)), ROLES))
            if role not in (needed & set(ACTIONS[event].roles) if event else needed):
                wrong.append(f"{path} shows a button: {place} {event}")
    return wrong + [f"a link leads to {place}" for place, leads_to in linked.items() if leads_to in refused]


# What every button that a closed ticket may show is given.
AFTER_CLOSING = {
    "follow-up": {"days": "3", "what": "Tout va bien ?"},
    "mail": {"subject": "Merci", "text": "Bonne journée."},
    "improve": {"title": "Décodeurs trop anciens", "known": "0"},
    "reopen": {},
}


async def test_every_button_that_a_closed_ticket_shows_still_does_something(technician: Browser) -> None:
    number = await ticket(technician, "Close", email="close@example.org")
    assert (await press(technician, number, "kind", name="no-picture"))[0] == 303
    assert (await press(technician, number, "close", text="Fait.", unconfirmed_because="Injoignable."))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    offered = {event: place for place, event in buttons_of(page) if event}
    assert set(offered) - {"send-guide"} == set(AFTER_CLOSING)
    assert "/knowledge/searches" not in page
    guide = link(await shown(technician, "/help"), "Guide : installer").rpartition("/")[2]
    for event, fields in {"send-guide": {"article": guide}, **AFTER_CLOSING}.items():
        assert (await press(technician, number, event, **fields))[0] == 303, event


async def test_nobody_is_asked_who_could_not_answer(adviser: Browser) -> None:
    number = await ticket(adviser)
    for reader in ("audrey", "rita"):
        status, page = await press(adviser, number, "consult", whom=reader, question="Pourquoi ?")
        assert status == 400
        assert "a colleague of this service" in page


async def test_keys_that_work_on_cases_are_told_to_those_who_do(adviser: Browser, auditor: Browser) -> None:
    for browser, told in ((adviser, True), (auditor, False)):
        page = await shown(browser, "/tickets")
        assert "next and previous in a list" in page
        for key in ('data-new="/tickets/new"', "open a ticket</dd>", "on a ticket: hand over"):
            assert (key in page) is told, key
