"""What the desk works by, written in forms: scripts, questions, procedures, the ladder; read as pictures; and what is new to everybody."""

import re
from xml.etree import ElementTree as Xml

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Page, expect

from tests.relay.desk.conftest import Browser
from tests.relay.desk.pages.reading import link, press, send, shown, ticket


async def made(browser: Browser, path: str, **fields: str) -> str:
    """Where the page of what was just written is."""
    sent = {"Origin": browser.relay.address}
    address = browser.relay.address + path
    async with browser.client.post(
        address, data={"csrf": browser.csrf, **fields}, headers=sent, allow_redirects=False
    ) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def published(writer: Browser, approver: Browser, path: str) -> None:
    assert (await send(writer, f"{path}/state", state="submit"))[0] == 303
    assert (await send(approver, f"{path}/state", state="publish"))[0] == 303


QUESTION = {"text_fr": "Le voyant ?", "text_en": "The light?", "name": "light", "answer": "choice"}
CHOICES = (
    {"value": "green", "text_fr": "Vert", "text_en": "Green"},
    {"value": "red", "text_fr": "Rouge", "text_en": "Red"},
)


def rows(prefix: str, *found: dict[str, str]) -> dict[str, str]:
    return {f"{prefix}-{number}-{name}": value for number, row in enumerate(found) for name, value in row.items()}


def tree(**changed: str) -> dict[str, str]:
    title = {"kind": "tree", "after": "0", "title_fr": "Voyants", "title_en": "Lights", "product": "box"}
    return title | rows("questions", QUESTION) | rows("questions-0-choices", *CHOICES) | changed


async def test_questions_are_written_in_a_form_which_says_what_is_wrong_and_keeps_what_was_typed(
    supervisor: Browser, administrator: Browser, adviser: Browser
) -> None:
    assert (await send(adviser, "/process/new", name="lights", **tree()))[0] == 403
    page = await shown(supervisor, "/process/new?kind=tree")
    assert 'name="questions-0-choices-1-text_fr"' in page
    for changed, told in (
        ({"questions-0-choices-0-next": "sound"}, "It leads to a question that is not there: sound"),
        ({"questions-0-choices-0-next": "light"}, "One could come back to this question without end: light"),
        ({"questions-0-choices-1-value": "green"}, "Two answers have the same short name: light"),
        ({"questions-0-name": "The Light"}, 'id="questions-0-name-problem" role="alert">A short name: letters a-z'),
        (
            {"questions-0-choices-1-text_en": ""},
            'id="questions-0-choices-1-text_en-problem" role="alert">Please fill this in',
        ),
        ({"title_en": ""}, 'id="title_en-problem" role="alert">Please fill this in'),
    ):
        status, page = await send(supervisor, "/process/new", name="lights", **tree(**changed))
        assert status == 400, changed
        assert told in page
        assert 'value="Le voyant ?"' in page
    status, page = await send(supervisor, "/process/new", name="lights", more="rows", **tree())
    assert status == 200
    assert 'name="questions-1-text_fr"' in page
    path = await made(supervisor, "/process/new", name="lights", **tree())
    assert "Le voyant ?" in await shown(supervisor, path) or "The light?" in await shown(supervisor, path)
    await published(supervisor, administrator, path)
    # Two people write the next version: the second sees the difference.
    first = tree(after="1", title_en="All lights")
    assert (await send(supervisor, f"{path}/edit", **first))[0] == 303
    status, page = await send(administrator, f"{path}/edit", **tree(after="1", title_en="Every light"))
    assert status == 409
    assert "en – All lights" in page
    assert "en – Every light" in page


@pytest.mark.requirement("A13")
@pytest.mark.requirement("A49")
async def test_a_question_tree_that_is_changed_disturbs_nobody_who_is_in_it(
    supervisor: Browser, administrator: Browser, router: Browser, adviser: Browser
) -> None:
    path = await made(supervisor, "/process/new", name="in-use", **tree(title_fr="En cours", title_en="In use"))
    await published(supervisor, administrator, path)
    procedure = {
        "kind": "procedure", "after": "0", "title_fr": "Voyant", "title_en": "Light", "record": "incident",
        "product": "box", "weight": "2", "tree": "in-use",
    }  # fmt: skip
    # Who takes which cases is a rule that a routing administrator writes, and somebody else puts in force.
    await published(router, administrator, await made(router, "/process/new", name="light", **procedure))
    number = await ticket(adviser)
    assert (await press(adviser, number, "kind", name="light"))[0] == 303
    assert "Red" in await shown(adviser, f"/tickets/{number}")
    changed = {"questions-0-choices-1-value": "blue", "questions-0-choices-1-text_en": "Blue"}
    assert (await send(supervisor, f"{path}/edit", **tree(after="1", **changed)))[0] == 303
    await published(supervisor, administrator, path)
    assert (await press(adviser, number, "answer", question="light", answer="blue"))[0] == 400
    assert (await press(adviser, number, "answer", question="light", answer="red"))[0] == 303
    # Whoever begins now is asked by the new version.
    other = await ticket(adviser)
    await press(adviser, other, "kind", name="light")
    assert (await press(adviser, other, "answer", question="light", answer="red"))[0] == 400
    assert (await press(adviser, other, "answer", question="light", answer="blue"))[0] == 303


def script(text_fr: str, text_en: str, **changed: str) -> dict[str, str]:
    title = {"kind": "script", "after": "0", "title_fr": "Accueil du soir", "title_en": "Evening greeting"}
    return title | {"moment": "greeting", "text_fr": text_fr, "text_en": text_en} | changed


@pytest.mark.requirement("A58")
async def test_a_greeting_is_said_in_the_customers_language_and_in_the_version_that_somebody_else_approved(
    supervisor: Browser, administrator: Browser, adviser: Browser
) -> None:
    first = script("Bonsoir, {name} de {organisation}.", "Good evening, {name} from {organisation}.")
    path = await made(supervisor, "/process/new", name="evening", **first)
    assert (await send(supervisor, f"{path}/state", state="submit"))[0] == 303
    assert (await send(supervisor, f"{path}/state", state="publish"))[0] == 409  # nobody approves their own
    assert (await send(adviser, f"{path}/state", state="publish"))[0] == 403
    number = await ticket(adviser)
    assert (await press(adviser, number, "call-begin", channel="phone"))[0] == 303
    assert (await press(adviser, number, "said", script="evening"))[0] == 409
    assert "Bonsoir" not in await shown(adviser, f"/tickets/{number}")
    assert (await send(administrator, f"{path}/state", state="publish"))[0] == 303
    assert "Bonsoir, Julie de Télé Test." in await shown(adviser, f"/tickets/{number}")
    # Another version counts once it is approved, and not before.
    second = script("Bonne soirée, {name}.", "Have a good evening, {name}.", after="1")
    assert (await send(supervisor, f"{path}/edit", **second))[0] == 303
    assert (await press(adviser, number, "said", script="evening"))[0] == 303
    assert "said the text Evening greeting, version 1" in await shown(adviser, f"/tickets/{number}")
    await published(supervisor, administrator, path)
    assert (await press(adviser, number, "said", script="evening"))[0] == 303
    assert "said the text Evening greeting, version 2" in await shown(adviser, f"/tickets/{number}")
    customer = link(await shown(adviser, f"/tickets/{number}"), "<strong>Zoé Noël")
    fields = {"name": "Zoé Noël", "number": "", "kind": "external", "language": "en", "seen": "1"}
    assert (await send(adviser, customer, **fields))[0] == 303
    assert "Have a good evening, Julie." in await shown(adviser, f"/tickets/{number}")


@pytest.mark.requirement("A58")
async def test_a_group_says_its_own_greeting_in_place_of_everybodys(
    router: Browser, supervisor: Browser, administrator: Browser, expert: Browser, hotliner: Browser
) -> None:
    own = script("Ici les experts.", "The experts here.", title_en="Experts’ greeting", group="experts")
    path = await made(supervisor, "/process/new", name="experts-greeting", **own)
    await published(supervisor, administrator, path)
    assert "for the group: Experts" in await shown(expert, path)
    group = link(await shown(router, "/groups"), "Experts")
    number = await ticket(expert, "Qui salue ?")
    assert (await press(expert, number, "call-begin", channel="phone"))[0] == 303
    assert "Ici les experts." not in await shown(expert, f"/tickets/{number}")
    assert (await send(router, f"{group}/members", name="hugo", belongs="yes"))[0] == 303
    page = await shown(expert, f"/tickets/{number}")
    assert "Ici les experts." in page
    assert 'name="script" value="greeting"' not in page
    page = await shown(hotliner, f"/tickets/{number}")
    assert "Ici les experts." not in page
    assert 'name="script" value="greeting"' in page


@pytest.mark.requirement("A63")
async def test_one_decides_about_the_version_that_one_reads_and_is_trained_on_the_one_in_force(
    supervisor: Browser, administrator: Browser, adviser: Browser
) -> None:
    path = await made(supervisor, "/process/new", name="bye", **script("Au revoir.", "Goodbye.", moment="closing"))
    await published(supervisor, administrator, path)
    assert (await send(adviser, f"{path}/trained"))[0] == 303
    page = await shown(adviser, path)
    assert "You have read version 1 and can work by it" in page
    assert f'action="{path}/trained"' not in page
    second = script("Bonne journée.", "Have a good day.", moment="closing", after="1")
    preview = await made(supervisor, f"{path}/edit", **second)
    assert "Have a good day." in await shown(supervisor, preview)
    assert (await send(supervisor, f"{path}/state", state="submit"))[0] == 303
    page = await shown(administrator, path)
    assert "Goodbye." in page
    assert 'value="publish"' not in page
    page = await shown(administrator, path + link(page, "Version 2 waits for a second reader: read it"))
    for told in ('value="publish"', '<del><span class="sign">−</span> en – Goodbye.</del>', "Have a good day."):
        assert told in page
    assert (await send(administrator, f"{path}/state", state="send-back", reason="Trop court"))[0] == 303
    assert "sent it back: Trop court" in await shown(supervisor, preview)
    await published(supervisor, administrator, path)
    page = await shown(adviser, path)
    assert "I have read version 2 and can work by it" in page
    assert "julie, version 1" in page.lower()


async def test_the_trail_of_changes_tells_in_words_and_leads_to_what_was_changed(
    supervisor: Browser, auditor: Browser, adviser: Browser
) -> None:
    number = await ticket(adviser, "À suivre")
    assert (await press(adviser, number, "priority", priority="1", reason="Magasin fermé"))[0] == 303
    path = await made(supervisor, "/process/new", name="traced", **script("Salut.", "Hi.", title_en="Traced greeting"))
    fields = {"title": "Traced article", "language": "en", "product": "box", "audience": "desk", "issue": "i"}
    article = await made(adviser, "/knowledge/new", resolution="r", **fields)
    page = await shown(auditor, "/audit")
    for told in ("set the priority 1, at once:", "wrote version 1", "Traced greeting", '"type":"priority_set"'):
        assert told in page
    assert f'href="{path}"' in page
    assert f'href="{article}"' in page
    assert "What helps" in await shown(auditor, article)
    assert (await auditor.get(article.replace("/knowledge/", "/process/")))[0] == 404


ESCALATION = {
    "from_level": "1", "to_level": "2", "group": "internet", "hours": "8", "next_step_fr": "Rappel", "next_step_en": "Call",
    "approval_required": "y", "needs-0-name": "colour", "needs-0-text_fr": "Couleur", "needs-0-text_en": "Colour",
    "needs-0-answer": "text",
}  # fmt: skip


@pytest.mark.requirement("A154")
async def test_a_procedure_is_written_in_a_form_and_drawn_as_bpmn_with_lanes(
    supervisor: Browser, administrator: Browser, adviser: Browser
) -> None:
    fields = {
        "kind": "procedure", "after": "0", "title_fr": "Débit faible", "title_en": "Low rate", "record": "incident",
        "product": "box", "weight": "4", "tree": "",
        **rows("have_ready", {"fr": "Numéro de client", "en": "Customer number"}),
        **rows("steps", {"name": "test", "level": "1", "text_fr": "Mesurer", "text_en": "Measure <b>"},
               {"name": "look", "level": "2", "text_fr": "Regarder", "text_en": "Look"}),
        **rows("escalations", ESCALATION),
    }  # fmt: skip
    assert (await send(supervisor, "/process/new", name="low-rate", **fields | {"escalations-0-to_level": "1"}))[
        0
    ] == 400
    path = await made(supervisor, "/process/new", name="low-rate", **fields)
    page = await shown(adviser, path)
    for told in ("Measure <b>", "Colour", "with approval", "8 h"):
        assert told in page
    await published(supervisor, administrator, path)
    number = await ticket(adviser)
    assert (await press(adviser, number, "kind", name="low-rate"))[0] == 303
    assert "Measure <b>" in await shown(adviser, f"/tickets/{number}")
    page = await shown(supervisor, f"{path}/edit")
    assert 'value="Numéro de client"' in page
    assert re.search(
        r'name="escalations-0-approval_required"[^>]*checked|checked[^>]*name="escalations-0-approval', page
    )
    drawn = Xml.fromstring((await shown_raw(adviser, f"{path}/diagram.bpmn")).encode())  # noqa: S314 - our own
    spaces = {"b": "http://www.omg.org/spec/BPMN/20100524/MODEL", "d": "http://www.omg.org/spec/BPMN/20100524/DI"}
    process = drawn.find("b:process", spaces)
    assert process is not None
    assert [lane.get("name") for lane in process.findall(".//b:lane", spaces)] == [
        "Customer", "Level 1, advice", "Level 2, remote assistance",
    ]  # fmt: skip
    nodes = {one.get("id") for one in process if not one.tag.endswith(("laneSet", "sequenceFlow"))}
    flows = process.findall("b:sequenceFlow", spaces)
    assert {flow.get("sourceRef") for flow in flows} | {flow.get("targetRef") for flow in flows} == nodes
    assert {one.text for one in process.findall(".//b:flowNodeRef", spaces)} == nodes
    places = {one.get("bpmnElement") for one in drawn.findall(".//d:BPMNShape", spaces)}
    assert nodes < places
    assert "Measure &lt;b&gt;" in await shown_raw(adviser, f"{path}/diagram.svg")


async def shown_raw(browser: Browser, path: str) -> str:
    status, text = await browser.get(path)
    assert status == 200
    return text


@pytest.mark.requirement("A103")
async def test_a_service_has_a_ladder_of_its_own_and_all_pages_go_by_it(
    administrator: Browser, supervisor: Browser
) -> None:
    assert (await send(administrator, "/services", name="Mairie", kind="external"))[0] == 303
    page = await shown(administrator, "/services")
    found = re.search(r'name="service" value="(\d+)">Work in Mairie', page)
    home = re.search(r'<option value="(\d+)" selected', await shown(administrator, "/tickets"))
    assert found
    assert home
    assert (await send(administrator, "/services/members", name="sophie", service=found[1]))[0] == 303
    for browser in (administrator, supervisor):
        assert (await send(browser, "/services/current", service=found[1]))[0] == 303
    tiers = (
        {"level": "1", "text_fr": "Accueil", "text_en": "Reception", "complexity": "low"},
        {"level": "2", "text_fr": "Terrain", "text_en": "Field", "complexity": "complex", "only_difficult": "y"},
        {"level": "3", "text_fr": "Atelier", "text_en": "Workshop", "complexity": "very_complex"},
        {"level": "4", "text_fr": "Fabricant", "text_en": "Maker", "complexity": ""},
    )
    fields = {"kind": "ladder", "after": "0", "title_fr": "Quatre", "title_en": "Four", **rows("tiers", *tiers)}
    wrong = fields | {"tiers-3-level": "5"}
    status, page = await send(administrator, "/process/new", name="ladder", **wrong)
    assert status == 400
    assert "follow each other" in page
    path = await made(administrator, "/process/new", name="ladder", **fields)
    await published(administrator, supervisor, path)
    number = await ticket(administrator)
    page = await shown(administrator, f"/tickets/{number}")
    assert "Level 4" in page
    assert "Reception – being worked on" in page.replace("<strong>", "").replace("</strong>", "")
    assert "Maker" in await shown(administrator, "/tickets")
    await press(administrator, number, "kind", name="no-picture")
    await press(administrator, number, "assess", key_points="x", complexity="low")
    assert "for complex cases only" in await shown(administrator, f"/tickets/{number}")
    for browser in (administrator, supervisor):
        assert (await send(browser, "/services/current", service=home[1]))[0] == 303
    assert "Maker" not in await shown(administrator, "/tickets")
    assert "Level 1, advice" in await shown(administrator, "/tickets")


@pytest.mark.requirement("A151")
async def test_what_a_colleague_writes_is_new_to_everybody_at_once_until_they_know_it(
    technician: Browser, adviser: Browser
) -> None:
    number = await ticket(technician)
    fields = {"title": "Nouveauté du jour", "language": "fr", "product": "box", "audience": "desk", "issue": "i"}
    async with adviser.client.get(f"{adviser.relay.address}/knowledge/changes") as stream:
        await stream.content.readuntil(b": here\n\n")
        path = await made(technician, "/knowledge/new", resolution="r", ticket=number, **fields)
        assert b"event: changed" in await stream.content.readuntil(b"\n\n")
    page = await shown(adviser, "/knowledge")
    assert link(page[page.index("New for you") : page.index('role="search"')], "Nouveauté du jour") == path
    assert (await send(adviser, "/knowledge/news"))[0] == 303
    page = await shown(adviser, "/knowledge")
    assert "Nothing since you last looked" in page


async def opened(browser: Browser, chromium: Chromium, path: str) -> Page:
    cookie = browser.client.headers["Cookie"].partition("=")[2]
    context = await chromium.new_context(locale="en", viewport={"width": 1360, "height": 900})
    await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": browser.relay.address}])
    page = await context.new_page()
    await page.goto(browser.relay.address + path)
    return page


async def test_everything_is_reached_by_keys_which_are_shown_and_can_be_turned_off(
    adviser: Browser, chromium: Chromium
) -> None:
    number = await ticket(adviser, "Au clavier")
    page = await opened(adviser, chromium, "/tickets")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_contain_text("go to the customers")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("/")
    await expect(page.locator("#search")).to_be_focused()
    await page.keyboard.type("clavier j")  # in a field keys are letters
    await expect(page.locator("#search")).to_have_value("clavier j")
    await page.fill("#search", "clavier")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("search=clavier"))
    await page.locator("table.list a", has_text="Au clavier").wait_for()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await expect(page.locator("table.list a", has_text="Au clavier")).to_be_focused()
    await page.locator("main input[type=checkbox]").first.focus()  # nothing is typed into what is ticked
    await page.keyboard.press("/")
    await expect(page.locator("#search")).to_be_focused()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(f"/tickets/{number}$"))
    await page.keyboard.press("a")
    await expect(page.locator("#assess-key_points")).to_be_focused()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.wait_for_url(re.compile("/customers$"))
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("n")
    await page.wait_for_url(re.compile("/tickets/new$"))
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    await page.get_by_label("Single keys do something").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.locator("#show-keys").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.context.close()
