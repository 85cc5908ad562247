"""Every page of the desk and for customers, looked at by axe: nothing is found."""

import re

import pytest
from playwright.async_api import Browser as Chromium

from tests.relay.desk.conftest import TECHNICIAN_KEY, Browser
from tests.relay.desk.pages.reading import link, press, send, shown, ticket
from tests.technician_viewer.web.test_page_access import problems

PAGES = (
    "/desk", "/tickets", "/groups", "/services", "/tools", "/improvements", "/outbox", "/coaching", "/figures", "/people",
    "/knowledge", "/process", "/process/new", "/process/new?kind=tree", "/process/new?kind=procedure",
    "/process/new?kind=script", "/process/new?kind=ladder", "/customers/1", "/help", "/help?search=xyzzy", "/prepare",
    "/prepare/no-picture", "/survey", "/survey/thanks", "/audit",
)  # fmt: skip


async def test_axe_finds_nothing_on_any_page(administrator: Browser, chromium: Chromium) -> None:
    number = await ticket(administrator, "Accessible", email="axe@example.org")
    tool = {"name": "axe", "title_fr": "Axe", "title_en": "Axe", "address": "https://tools.example/{serial}"}
    await send(administrator, "/tools", **tool)
    for event, fields in (
        ("kind", {"name": "return"}),
        ("call-begin", {"channel": "phone"}),
        ("said", {"script": "greeting"}),
        ("consult", {"whom": "sophie", "question": "Pourquoi ?"}),
        ("return", {"way": "refund", "reference": "RMA-1"}),
        ("improve", {"title": "Emballages", "known": "0"}),
        ("mail", {"subject": "Bonjour", "text": "Bonjour"}),
        ("call-end", {"remark": ""}),
    ):
        assert (await press(administrator, number, event, **fields))[0] == 303, event
    group = re.search(r'href="(/groups/\d+)"', await shown(administrator, "/groups"))
    procedure = link(await shown(administrator, "/process"), "Télévision : pas d’image")
    improvement = link(await shown(administrator, "/improvements"), "Emballages")
    guide = link(await shown(administrator, "/help"), "Guide : installer")
    assert group
    assert (await send(administrator, f"{group[1]}/members", name="julie", belongs="yes"))[0] == 303
    more = (
        f"/tickets/{number}", f"/tickets/{number}/review", group[1], procedure, f"{procedure}/edit", improvement, guide,
    )  # fmt: skip
    cookie = administrator.client.headers["Cookie"].partition("=")[2]
    context = await chromium.new_context(locale="en", viewport={"width": 1360, "height": 900})
    await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": administrator.relay.address}])
    page = await context.new_page()
    found = []
    for path in (*PAGES, *more):
        answer = await page.goto(administrator.relay.address + path)
        assert answer is not None
        assert answer.status == 200, path
        await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found += await problems(page, path)
    await page.goto(f"{administrator.relay.address}/tickets")
    await page.keyboard.press("?")
    await page.get_by_role("dialog").wait_for()
    found += await problems(page, "the keys")
    await context.close()
    assert found == []


@pytest.mark.requirement("A86")
async def test_a_session_on_the_ticket_names_its_device(technician: Browser) -> None:
    number = await ticket(technician, "Portable", device_name="Portable, Windows 11")
    asked = {"reason": "Voir l’erreur", "asks": "view", "key": TECHNICIAN_KEY}
    assert (await technician.post(f"/api/tickets/{number}/sessions", asked))[0] == 201
    page = await shown(technician, f"/tickets/{number}")
    session = page[page.index('class="card session"') :]
    assert re.search(r"<dt>Device</dt><dd>Computer, Portable, Windows 11</dd>", session)
