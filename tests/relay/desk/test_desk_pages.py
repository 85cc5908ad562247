"""The desk's pages over real sockets: who may do what, what is refused and how it is said, and what others see of it."""

import asyncio
import contextlib
import re
from html import unescape

import aiohttp
import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import Route, expect

from tests.relay.desk.conftest import Browser

ARTICLE = {
    "title": "Décodeur bloqué au démarrage",
    "language": "fr",
    "product": "television",
    "audience": "desk",
    "issue": "« Il reste sur le logo. »",
    "environment": "TV5",
    "resolution": "Débrancher dix secondes.\nRebrancher.",
    "cause": "",
}


async def ticket(browser: Browser, subject: str = "Image noire") -> str:
    status, made = await browser.post("/api/tickets", {"subject": subject, "customer_name": "Zoé Noël"})
    assert status == 201
    return str(made["number"])


async def press(browser: Browser, number: str, event: str, **fields: str) -> tuple[int, str]:
    status, page = await browser.submit(f"/tickets/{number}/events", {"csrf": browser.csrf, "event": event, **fields})
    return status, unescape(page)


async def shown(browser: Browser, path: str) -> str:
    status, page = await browser.get(path)
    assert status == 200, path
    return unescape(page)


async def written(browser: Browser, **changed: str) -> str:
    """A new article's path."""
    sent = {"Origin": browser.relay.address}
    fields = {"csrf": browser.csrf, **ARTICLE, **changed}
    address = browser.relay.address + "/knowledge/new"
    async with browser.client.post(address, data=fields, headers=sent, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


@pytest.mark.requirement("A15")
@pytest.mark.requirement("A25")
@pytest.mark.requirement("A34")
@pytest.mark.requirement("A42")
@pytest.mark.requirement("A43")
@pytest.mark.requirement("A44")
@pytest.mark.requirement("A55")
@pytest.mark.requirement("A59")
async def test_a_call_is_guided_from_its_greeting_to_its_end_and_each_step_stands_on_the_ticket(
    technician: Browser,
) -> None:
    number = await ticket(technician)
    assert (await press(technician, number, "words", words="x"))[0] == 409
    assert (await press(technician, number, "call-begin", channel="phone"))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    # What is said has the names filled in; how long it has lasted is told quietly; the phases have their times.
    assert "Télé Test bonjour, camille à votre écoute." in page
    assert re.search(r'in contact since \d\d:\d\d · <span class="number" role="timer" data-since="\d+">0 min<', page)
    assert phases_of(page) == {"Contact": True, "Listening": False, "Response": False, "Conclusion": False}
    for event, fields in (
        ("said", {"script": "greeting"}),
        ("identity", {"name": "y", "last_bill": "y", "result": "confirmed"}),
        ("words", {"words": "Je ne vois plus rien."}),
        ("said", {"script": "closing"}),
    ):
        assert (await press(technician, number, event, **fields))[0] == 303, event
    page = await shown(technician, f"/tickets/{number}")
    assert all(phases_of(page).values())
    assert page.count("✓ said") == 2
    assert (await press(technician, number, "call-end", remark=""))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    assert "data-since" not in page
    for told in ("Je ne vois plus rien.", "amount of the last bill", "said the text Greeting, version 1", "ended the"):
        assert told in page


def phases_of(page: str) -> dict[str, bool]:
    """The phases that the guide shows, in their order, and whether each has a time."""
    shown_there = page[page.index("Phases, with the time") :].partition("</ol>")[0]
    return {
        name: bool(time)
        for name, time in re.findall(r"<li>(\w+) (?:<span class=\"number\">(\d\d:\d\d)</span>|–)", shown_there)
    }


@pytest.mark.requirement("A44")
async def test_identity_is_not_confirmed_by_one_agreement_alone(technician: Browser) -> None:
    number = await ticket(technician)
    await press(technician, number, "call-begin", channel="phone")
    await press(technician, number, "said", script="greeting")
    status, page = await press(technician, number, "identity", name="y", result="confirmed")
    assert status == 400
    assert "at least two checks" in page


@pytest.mark.requirement("A37")
@pytest.mark.requirement("A45")
@pytest.mark.requirement("A49")
@pytest.mark.requirement("A67")
async def test_typed_answers_lead_to_a_level_and_a_wrong_one_is_refused_beside_the_question(
    technician: Browser,
) -> None:
    number = await ticket(technician)
    await press(technician, number, "kind", name="no-picture")
    assert (await press(technician, number, "answer", question="link", answer="wifi"))[0] == 303
    status, page = await press(technician, number, "answer", question="distance", answer="far")
    assert status == 400
    assert "an answer that fits the question" in page
    for question, answer in (("distance", "12"), ("light", "no")):
        assert (await press(technician, number, "answer", question=question, answer=answer))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    assert "complex, Level 2" in page
    assert "noted the answer to “How many metres from the box?”: 12" in page
    assert "chose the procedure Television: no picture, version 1" in page
    assert re.search(r"<dt>Kind of request</dt><dd>Television: no picture", page)


@pytest.mark.requirement("A61")
@pytest.mark.requirement("A76")
@pytest.mark.requirement("A99")
@pytest.mark.requirement("A101")
async def test_an_escalation_that_lacks_something_is_refused_with_what_is_missing_and_keeps_what_was_typed(
    technician: Browser,
) -> None:
    number = await ticket(technician)
    await press(technician, number, "kind", name="no-picture")
    status, page = await press(
        technician, number, "escalate", reason="Rien n’aide.", **{"need-serial": "TV5-0091", "need-restarted": "maybe"}
    )
    assert status == 400
    for lacking in ("the assessment", "a search in the knowledge base", "what the customer was told", "Was the device"):
        assert lacking in page
    assert 'value="TV5-0091"' in page
    assert "Rien n’aide." in page
    status, page = await press(technician, number, "escalate", reason=" ", **{"need-serial": "TV5-0091"})
    assert status == 400
    assert re.search(r"Why level 1 is not enough.*?Please fill this in", page, re.DOTALL)


@pytest.mark.requirement("A60")
async def test_a_ticket_is_not_closed_without_the_customers_yes_or_a_reason(technician: Browser) -> None:
    number = await ticket(technician)
    status, page = await press(technician, number, "close", text="Fait.")
    assert status == 400
    assert "the customer's yes" in page
    assert (await press(technician, number, "close", text="Fait.", unconfirmed_because="Injoignable."))[0] == 303
    assert "Injoignable." in await shown(technician, f"/tickets/{number}")


@pytest.mark.requirement("A98")
async def test_a_solution_that_did_not_help_brings_the_ticket_back_to_level_1_and_is_counted(
    technician: Browser,
) -> None:
    number = await ticket(technician)
    for _ in range(2):
        assert (await press(technician, number, "solve", text="Redémarrer", to="customer"))[0] == 303
        assert (await press(technician, number, "close", text="x", unconfirmed_because="y"))[0] == 409
        assert (await press(technician, number, "tested", works="no", words="Rien."))[0] == 303
    assert "2 times the solution did not help" in await shown(technician, f"/tickets/{number}")


@pytest.mark.requirement("A40")
@pytest.mark.requirement("A41")
async def test_asking_again_later_is_planned_and_a_no_takes_a_closed_ticket_up_again(technician: Browser) -> None:
    number = await ticket(technician)
    await press(technician, number, "close", text="Fait.", unconfirmed_because="Injoignable.")
    assert f'href="/tickets/{number}"' not in await shown(technician, "/tickets?order=follow-up")
    assert (await press(technician, number, "follow-up", days="3", what="Tout va bien ?"))[0] == 303
    sooner = await ticket(technician, "Plus tôt")
    assert (await press(technician, sooner, "follow-up", days="2", what="Et maintenant ?"))[0] == 303
    listed = re.findall(r'href="/tickets/(\d+)"', await shown(technician, "/tickets?order=follow-up"))
    assert listed.index(sooner) < listed.index(number)
    assert number in re.findall(
        r'href="/tickets/(\d+)"', await shown(technician, f"/tickets?order=follow-up&search={number}")
    )
    page = await shown(technician, f"/tickets/{number}")
    found = re.search(r'name="due" value="(\d+)"', page)
    assert found
    done = {"due": found[1], "still_works": "no", "is_satisfied": "no"}
    assert (await press(technician, number, "follow-up-done", **done))[0] == 303
    assert f'href="/tickets/{number}"' not in await shown(technician, "/tickets?order=follow-up")
    page = await shown(technician, f"/tickets/{number}")
    assert "asked again: it does not work any more, and the customer is not content" in page
    assert "took the ticket up again" in page


async def test_of_two_who_take_the_same_case_the_second_is_told_and_nothing_is_lost(technician: Browser) -> None:
    number = await ticket(technician)
    first, second = await asyncio.gather(
        press(technician, number, "take", instead_of=""), press(technician, number, "take", instead_of="")
    )
    assert sorted((first[0], second[0])) == [303, 409]


@pytest.mark.requirement("A19")
@pytest.mark.requirement("A20")
@pytest.mark.requirement("A21")
@pytest.mark.requirement("A22")
@pytest.mark.requirement("A28")
@pytest.mark.requirement("A29")
@pytest.mark.parametrize(
    "asked", ["C-107855", "C107855", "c 107 855", "107 855", "01 99 00 23 50", "0199002350", "marc lefevre", "lefvre"]
)
async def test_whoever_calls_is_found_by_what_they_know_with_contracts_orders_and_equipment(
    technician: Browser, asked: str
) -> None:
    page = await shown(technician, f"/customers?search={asked}")
    found = re.search(r'href="(/customers/\d+)">Marc Lefèvre', page)
    assert found
    customer = await shown(technician, found[1])
    for known in ("C-107855", "01 99 00 23 50", "marc.lefevre@example.org", "2041"):
        assert known in customer
    # Contract with its terms, order with its lines, equipment with its serial number: here and beside the ticket.
    for page in (customer, await shown(technician, "/tickets/2041")):
        assert re.search(
            r'Fibre[^<]*<span class="quiet number">[\w-]+</span>[^<]*<br><span class="quiet small">[^<]+<', page
        )
        assert re.search(r'<span class="number">B-[\w-]+</span>, [^<]+<br><span class="quiet small text">[^<]+<', page)
        assert re.search(r'<span class="quiet number">TV5-[\w-]+</span>', page)


async def test_a_stale_edit_of_a_customer_is_shown_as_a_difference_and_overwrites_nothing(technician: Browser) -> None:
    page = await shown(technician, "/customers?search=C-104418")
    found = re.search(r'href="(/customers/\d+)"', page)
    assert found
    seen = re.search(r'name="seen" value="(\d+)"', await shown(technician, found[1]))
    assert seen
    fields = {"csrf": technician.csrf, "name": "Samuel Roussel", "number": "C-104418", "kind": "external"}
    fields |= {"language": "fr", "seen": seen[1]}
    assert (await technician.submit(found[1], fields | {"phone": "01 99 00 00 01"}))[0] == 303
    status, answer = await technician.submit(found[1], fields | {"phone": "01 99 00 00 02"})
    assert status == 409
    assert "<del>01 99 00 00 01</del>" in answer
    assert "<ins>01 99 00 00 02</ins>" in answer
    assert "01 99 00 00 01" in await shown(technician, found[1])


@pytest.mark.requirement("A150")
@pytest.mark.requirement("A153")
@pytest.mark.requirement("A156")
async def test_an_article_about_a_ticket_is_found_by_everybody_at_once(technician: Browser, auditor: Browser) -> None:
    number = await ticket(technician)
    path = await written(technician, title="Télécommande qui ne répond plus", ticket=number)
    assert path in await shown(auditor, "/knowledge/suggestions?search=telecommandes")
    assert path in await shown(technician, f"/tickets/{number}")


async def test_a_stale_edit_of_an_article_is_shown_as_a_difference_and_overwrites_nothing(technician: Browser) -> None:
    path = await written(technician)
    fields = {"csrf": technician.csrf, **ARTICLE, "after": "1"}
    assert (await technician.submit(f"{path}/edit", fields | {"cause": "Mémoire pleine."}))[0] == 303
    status, answer = await technician.submit(f"{path}/edit", fields | {"cause": "Courant trop faible."})
    assert status == 409
    assert "Mémoire pleine." in answer
    assert "Courant trop faible." in answer
    assert "Courant trop faible." not in await shown(technician, path)


async def test_nobody_puts_their_own_article_in_force(technician: Browser) -> None:
    path = await written(technician)
    submit = {"csrf": technician.csrf, "state": "submit"}
    assert (await technician.submit(f"{path}/state", submit))[0] == 303
    assert (await technician.submit(f"{path}/state", submit | {"state": "publish"}))[0] == 403


@pytest.mark.requirement("A57")
@pytest.mark.requirement("A63")
async def test_procedures_are_shown_with_their_version_and_who_was_trained_on_it(technician: Browser) -> None:
    path = re.search(r'href="(/process/\d+)">Television: no picture', await shown(technician, "/process"))
    assert path
    assert (await technician.submit(f"{path[1]}/trained", {"csrf": technician.csrf}))[0] == 303
    page = await shown(technician, path[1])
    assert "Level 2, remote assistance" in page
    assert "camille, version 1" in page
    assert "camille" in await shown(technician, "/people")


@pytest.mark.requirement("A32")
async def test_everybody_can_read_what_to_have_at_hand(stranger: Browser) -> None:
    assert "Your customer number, at the top of every bill" in await shown(stranger, "/prepare")


async def test_who_looks_at_a_ticket_is_told_of_a_change(technician: Browser) -> None:
    number = await ticket(technician)
    address = f"{technician.relay.address}/tickets/{number}/changes"
    async with technician.client.get(address, timeout=aiohttp.ClientTimeout(total=30)) as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readuntil(b": here\n\n")
        assert (await press(technician, number, "note", text="vu"))[0] == 303
        assert b"event: changed" in await stream.content.readuntil(b"\n\n")


async def test_three_hundred_open_pages_that_follow_a_ticket_take_nobodys_place(technician: Browser) -> None:
    number = await ticket(technician)
    address, headers = f"{technician.relay.address}/tickets/{number}/changes", technician.client.headers
    async with contextlib.AsyncExitStack() as stack:
        many = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers)
        )
        for _ in range(300):
            stream = await stack.enter_async_context(many.get(address))
            assert await stream.content.readuntil(b": here\n\n")
        async with asyncio.timeout(20):
            assert "Notes" in await shown(technician, f"/tickets/{number}")


async def test_the_list_shows_one_level_or_only_what_one_has_taken(technician: Browser) -> None:
    number = await ticket(technician, "Pour la liste")
    assert "Pour la liste" in await shown(technician, "/tickets?level=1")
    assert "Pour la liste" not in await shown(technician, "/tickets?level=2")
    assert "Pour la liste" not in await shown(technician, "/tickets?mine=1")
    assert (await press(technician, number, "take", instead_of=""))[0] == 303
    assert "Pour la liste" in await shown(technician, "/tickets?mine=1")


@pytest.mark.requirement("A25")
async def test_a_note_is_corrected_with_its_versions_and_never_over_what_somebody_else_wrote(
    technician: Browser, adviser: Browser
) -> None:
    number = await ticket(technician, "À noter")
    assert (await press(technician, number, "note", text="Le voyant est rogue."))[0] == 303
    found = re.search(
        r'name="note" value="(\d+)"><input type="hidden" name="after" value="1"',
        await shown(adviser, f"/tickets/{number}"),
    )
    assert found
    seen = {"note": found[1], "after": "1"}
    assert (await press(technician, number, "note-correct", text="Le voyant est rouge.", **seen))[0] == 303
    page = await shown(adviser, f"/tickets/{number}")
    assert "Corrected by camille: 1 earlier version" in page
    assert page.index("Le voyant est rouge.") < page.index("Le voyant est rogue.")
    status, page = await press(adviser, number, "note-correct", text="Le voyant est vert.", **seen)
    assert status == 409
    assert "Le voyant est vert." in page  # what was typed is not lost
    assert (await press(adviser, number, "note-correct", text=" ", note=found[1], after="2"))[0] == 400
    assert f'href="/tickets/{number}"' in await shown(adviser, "/tickets?search=rouge")


async def test_the_list_says_where_closed_tickets_begin_and_how_to_see_only_those(technician: Browser) -> None:
    done, left = await ticket(technician, "Déjà fini"), await ticket(technician, "Encore à faire")
    assert (await press(technician, done, "close", text="Fait.", unconfirmed_because="Parti"))[0] == 303
    page = await shown(technician, "/tickets")
    assert page.index(f"/tickets/{left}") < page.index('scope="rowgroup"') < page.index(f"/tickets/{done}")
    assert '<a href="/tickets?state=closed">Only closed tickets</a>' in page
    only = await shown(technician, "/tickets?state=closed")
    assert "Déjà fini" in only
    assert "Encore à faire" not in only
    assert 'scope="rowgroup"' not in only


async def test_what_somebody_is_typing_is_never_taken_away_by_anothers_change(
    technician: Browser, chromium: Chromium
) -> None:
    number = await ticket(technician)
    cookie = technician.client.headers["Cookie"].partition("=")[2]
    context = await chromium.new_context(locale="en")
    await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": technician.relay.address}])
    page = await context.new_page()
    async with page.expect_response(re.compile("/changes")):
        await page.goto(f"{technician.relay.address}/tickets/{number}")
    await page.locator("#way summary", has_text="Priority").click()
    await page.fill("#priority-reason", "Télétravail")
    assert (await press(technician, number, "priority", priority="2", reason="Bébé"))[0] == 303
    await expect(page.locator("#changed-elsewhere")).to_be_visible()
    await expect(page.locator("#priority-reason")).to_have_value("Télétravail")
    # What nobody types in is renewed all the same.
    await expect(page.locator("[data-live=file]")).to_contain_text("Bébé")


# Says that the page was told of something, once its own listener has heard it.
_SAYING = """
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, heard) {
  listen.call(this, kind, (event) => { heard(event); wasTold(kind); });
};
"""


async def test_who_writes_is_given_the_new_page_once(technician: Browser, chromium: Chromium) -> None:
    number = await ticket(technician)
    cookie = technician.client.headers["Cookie"].partition("=")[2]
    context = await chromium.new_context(locale="en")
    await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": technician.relay.address}])
    page = await context.new_page()
    changed = asyncio.Event()
    await page.expose_function("wasTold", lambda kind: changed.set() if kind == "changed" else None)
    await page.add_init_script(_SAYING)
    address = f"{technician.relay.address}/tickets/{number}"
    async with page.expect_response(re.compile("/changes")):
        await page.goto(address)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.resource_type) if request.url == address else None)
    stored, answered = asyncio.Event(), asyncio.Event()

    async def keep_waiting(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        stored.set()
        await answered.wait()
        await route.fulfill(response=answer)

    await page.route("**/events", keep_waiting)
    note = page.locator("form[data-action=note]")
    await note.locator("[name=text]").fill("Bébé")
    sending = asyncio.create_task(note.locator("button[value=note]").click())
    await asyncio.wait_for(stored.wait(), 30)
    await asyncio.wait_for(changed.wait(), 30)
    answered.set()
    await sending
    await expect(page.locator("[data-live=steps]")).to_contain_text("Bébé")
    assert asked == ["document"]


async def test_what_was_refused_is_what_one_sees_first_and_the_page_goes_on_from_there(
    technician: Browser, chromium: Chromium
) -> None:
    number = await ticket(technician)
    await press(technician, number, "kind", name="no-picture")
    context = await chromium.new_context(locale="en")
    cookie = technician.client.headers["Cookie"].partition("=")[2]
    await context.add_cookies([{"name": "mainforte_sign_in", "value": cookie, "url": technician.relay.address}])
    page = await context.new_page()
    await page.goto(f"{technician.relay.address}/tickets/{number}")
    await page.locator("summary", has_text="Hand over to").click()
    form = page.locator("form[data-action=escalate]")
    await form.locator("[name=reason]").fill("Rien n’aide.")
    async with page.expect_response(re.compile("/changes")):
        await form.locator("button[value=escalate]").click()
    lacks = form.locator("[role=alert]")
    await expect(lacks).to_be_focused()
    await expect(lacks).to_be_in_viewport()
    await expect(form.locator("[name=reason]")).to_have_value("Rien n’aide.")
    # What others change is seen on this page too, though it is the answer to a form.
    assert page.url.endswith("/events")
    await press(technician, number, "priority", priority="1", reason="Bébé")
    await expect(page.locator("[data-live=file]")).to_contain_text("Bébé")
    await page.locator("header button[name=language]").click()
    await page.wait_for_url(f"**/tickets/{number}")
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
    # Whoever signs in next reads English again.
    await page.locator("header button[name=language]").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_another_language_keeps_what_one_searched_for(technician: Browser) -> None:
    page = await shown(technician, "/knowledge?search=wifi&ticket=2036")
    assert 'name="back" value="/knowledge?search=wifi&ticket=2036"' in page


async def test_somebody_who_comes_too_late_reads_what_they_had_typed_beside_how_it_stands_now(
    technician: Browser,
) -> None:
    number = await ticket(technician)
    assert (await press(technician, number, "close", text="Fait.", unconfirmed_because="Injoignable."))[0] == 303
    status, page = await press(technician, number, "solve", text="Un long texte, tapé avec soin.", to="customer")
    assert status == 409
    assert "this can no longer be done" in page
    assert "Un long texte, tapé avec soin." in page
    assert "Take it up again" in page


async def test_a_whole_sentence_is_answered_by_what_comes_closest_and_says_so(technician: Browser) -> None:
    said = "mon%20wifi%20coupe%20tout%20le%20temps%20dans%20la%20cuisine"
    for path in (f"/knowledge/suggestions?search={said}&ticket=2036", f"/knowledge?search={said}"):
        page = await shown(technician, path)
        assert re.search(r"The closest:.*Wifi qui coupe", page, re.DOTALL), path
    number = await ticket(technician, "Mon wifi coupe tout le temps dans la cuisine")
    assert "Wifi qui coupe" in await shown(technician, f"/tickets/{number}")


async def test_nobody_is_in_contact_about_a_closed_ticket(technician: Browser) -> None:
    number = await ticket(technician)
    assert (await press(technician, number, "call-begin", channel="phone"))[0] == 303
    assert "in contact since" in await shown(technician, f"/tickets/{number}")
    assert (await press(technician, number, "close", text="Fait.", unconfirmed_because="Injoignable."))[0] == 303
    assert "in contact since" not in await shown(technician, f"/tickets/{number}")


async def test_what_a_ticket_was_closed_with_stands_on_it_and_nothing_speaks_of_handing_it_over(
    technician: Browser,
) -> None:
    number = await ticket(technician, "Zigouigoui clignotant")
    way_on = f'<a href="/tickets/{number}#way">Hand the case over'
    for page in (f"/tickets/{number}", f"/knowledge/suggestions?search=xyzzy&ticket={number}"):
        assert way_on in await shown(technician, page)
    await written(technician, title="Zigouigoui clignotant", ticket=number)
    closed = {"text": "Fait.", "unconfirmed_because": "Parti", "without_article_because": ""}
    assert (await press(technician, number, "close", **closed))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    assert "On this ticket" in page
    assert "No article fits" not in page
    for search in (f"/knowledge/suggestions?search=xyzzy&ticket={number}", f"/knowledge?search=xyzzy&ticket={number}"):
        page = await shown(technician, search)
        assert "No article fits" in page
        assert way_on not in page


@pytest.mark.parametrize(
    ("typed", "field"),
    [("Odile Perrin", "customer_name"), ("06 99 00 77 77", "phone"), ("C-999 999", "customer_number"),
     ("odile@example.org", "email")],
)  # fmt: skip
async def test_what_somebody_was_searched_by_in_vain_is_not_typed_again(
    technician: Browser, typed: str, field: str
) -> None:
    page = await shown(technician, f"/customers?search={typed}")
    found = re.search(r'href="(/tickets/new\?[^"]+)"', page)
    assert found
    assert re.search(rf'name="{field}"[^>]* value="{typed}"', await shown(technician, found[1]))


async def test_who_wrote_an_article_is_named_and_where_clocks_show_these_times(technician: Browser) -> None:
    page = await shown(technician, await written(technician))
    author = re.search(r'class="quiet person" title="([^"]+)"', page)
    assert author
    assert f"by {author[1]}<" in page
    assert "Times on this page: Paris" in page
