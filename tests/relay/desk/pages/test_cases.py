"""Cases through the levels in the running product: what each role may do, what each step keeps, who is asked, what is sent back."""

import re

import pytest

from tests.relay.desk.conftest import TECHNICIAN_KEY, Browser
from tests.relay.desk.pages.reading import link, press, send, shown, ticket

SESSION = {"reason": "Image noire", "asks": "view", "key": TECHNICIAN_KEY}


async def ready_for_level_2(browser: Browser, *, complexity: str = "complex") -> str:
    """A ticket with everything that its procedure asks for before level 2."""
    number = await ticket(browser, "Écran noir")
    for event, fields in (
        ("kind", {"name": "no-picture"}),
        ("assess", {"key_points": "Son sans image", "complexity": complexity}),
        ("step", {"step": "restart", "outcome": "no_effect", "remark": "deux minutes"}),
        ("step", {"step": "cables", "outcome": "no_effect", "remark": ""}),
    ):
        assert (await press(browser, number, event, **fields))[0] == 303, event
    assert (await send(browser, "/knowledge/searches", ticket=number, search="4K noir"))[0] == 303
    informed = {"next_step": "Un technicien rappelle.", "hours": "4", "way": "told"}
    assert (await press(browser, number, "inform", **informed))[0] == 303
    return number


ALONG = {"need-serial": "TV5-1", "need-restarted": "yes", "need-reachable": "01 99 00 00 00"}


@pytest.mark.requirement("A1")
@pytest.mark.requirement("A2")
@pytest.mark.requirement("A3")
@pytest.mark.requirement("A72")
@pytest.mark.requirement("A79")
@pytest.mark.requirement("A100")
@pytest.mark.requirement("A145")
@pytest.mark.requirement("A146")
async def test_level_1_advises_level_2_sees_the_device_and_level_3_takes_what_is_handed_over(
    adviser: Browser, technician: Browser, expert: Browser
) -> None:
    number = await ready_for_level_2(adviser)
    status, answer = await adviser.post(f"/api/tickets/{number}/sessions", SESSION)
    assert (status, answer["error"]) == (403, "not_allowed")
    page = await shown(adviser, f"/tickets/{number}")
    assert "searched the knowledge base for “4K noir”: 0 found" in page
    assert "Hand over to Level 2" in page
    # Where no article fits, the way on is there.
    found = await shown(adviser, f"/knowledge?search=4K+noir&ticket={number}")
    assert f'<a href="/tickets/{number}#way">Hand the case over' in found
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    assert "television" in page
    assert (await press(adviser, number, "take", instead_of=""))[0] == 403
    assert (await press(technician, number, "take", instead_of=""))[0] == 303
    status, _ = await technician.post(f"/api/tickets/{number}/sessions", SESSION)
    assert status == 201
    assert "Start remote assistance" in await shown(technician, f"/tickets/{number}")
    assert (await press(expert, number, "take", instead_of="camille"))[0] == 303


@pytest.mark.requirement("A4")
async def test_a_skill_opens_the_work_of_a_level_to_somebody_of_another_title(
    adviser: Browser, technician: Browser, supervisor: Browser
) -> None:
    number = await ready_for_level_2(adviser)
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    assert (await press(adviser, number, "take", instead_of=""))[0] == 403
    assert "Start remote assistance" not in await shown(adviser, f"/tickets/{number}")
    skill = {"name": "julie", "domain": "level-2"}
    assert (await send(supervisor, "/people/skills", grade="2", **skill))[0] == 303
    assert (await press(adviser, number, "take", instead_of=""))[0] == 303
    assert "Start remote assistance" in await shown(adviser, f"/tickets/{number}")
    status, session = await adviser.post(f"/api/tickets/{number}/sessions", SESSION)
    assert status == 201, session
    # A colleague can invite them too, and finds them by name.
    candidates = f"/api/sessions/{session['session']}/candidates"
    assert '"julie"' in await shown(technician, candidates)
    assert (await send(supervisor, "/people/skills", grade="0", **skill))[0] == 303
    assert '"julie"' not in await shown(technician, candidates)
    assert (await adviser.post(f"/api/tickets/{number}/sessions", SESSION))[0] == 403
    assert (await adviser.get(candidates))[0] == 403


@pytest.mark.requirement("A8")
async def test_a_group_sees_what_was_handed_over_to_it_until_it_is_handed_on(
    adviser: Browser, technician: Browser
) -> None:
    number = await ready_for_level_2(adviser)
    path = link(await shown(adviser, "/groups"), "Television technicians")
    assert f'href="/tickets/{number}"' not in await shown(adviser, path)
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    page = await shown(technician, path)
    assert f'href="/tickets/{number}"' in page[page.index("Cases handed over") : page.index("Members")]
    assert "(Television technicians)" in await shown(technician, f"/tickets/{number}")
    assert (await press(technician, number, "solve", text="Sortie 1080p", to="adviser"))[0] == 303
    assert f'href="/tickets/{number}"' not in await shown(technician, path)


@pytest.mark.requirement("A25")
async def test_what_people_of_every_level_note_stays_on_the_ticket_in_its_order(
    adviser: Browser, technician: Browser, expert: Browser
) -> None:
    number = await ticket(adviser)
    notes = ("Rappelle après 18 h.", "Câble <HDMI> essayé.", "Carte mère soupçonnée.")
    for browser, text in zip((adviser, technician, expert), notes, strict=True):
        assert (await press(browser, number, "note", text=text))[0] == 303
    assert (await press(expert, number, "note", text="  "))[0] == 400
    page = await shown(adviser, f"/tickets/{number}")
    places = [page.rindex(text) for text in notes]
    assert places == sorted(places)
    for name, text in zip(("Julie", "camille", "Hugo"), notes, strict=True):
        assert re.search(rf"<strong>{name}</strong>\s*wrote:\s*<p class=\"text\">{re.escape(text)}", page), name


@pytest.mark.requirement("A9")
@pytest.mark.requirement("A17")
@pytest.mark.requirement("A18")
@pytest.mark.requirement("A26")
@pytest.mark.requirement("A27")
@pytest.mark.requirement("A52")
@pytest.mark.requirement("A90")
@pytest.mark.requirement("A102")
async def test_the_next_person_reads_on_the_ticket_what_was_tried_and_where_it_is(
    adviser: Browser, technician: Browser
) -> None:
    number = await ready_for_level_2(adviser)
    await press(adviser, number, "take", instead_of="")
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    assert (await press(technician, number, "take", instead_of=""))[0] == 303
    page = await shown(technician, f"/tickets/{number}")
    assert f'class="number">{number}</span>' in page
    assert "this one is here: level 2" in page
    # Why it came, and what came along: each once, and in words.
    told = page[page.index("Why handed over") : page.index("The customer was told")]
    assert "Rien n’aide." in told
    assert "Was the device restarted? <strong>Yes</strong>" in told
    assert told.count("Number where") == 1
    # The history is in the reader's words too.
    assert "tried the step Restart the decoder: no effect" in page
    for known in ("Zoé Noël", "Son sans image", "no effect", "TV5-1", "2 people so far", "deux minutes"):
        assert known in page


@pytest.mark.requirement("A36")
@pytest.mark.requirement("A38")
@pytest.mark.requirement("A39")
@pytest.mark.requirement("A46")
@pytest.mark.requirement("A55")
@pytest.mark.requirement("A56")
@pytest.mark.requirement("A65")
@pytest.mark.requirement("A104")
async def test_several_options_are_proposed_the_customer_chooses_and_it_is_done_as_agreed(adviser: Browser) -> None:
    number = await ticket(adviser)
    await press(adviser, number, "call-begin", channel="phone")
    status, page = await press(adviser, number, "identity", name="y", address="y", result="confirmed")
    assert status == 409
    assert re.search(r"This comes first:</p>\s*<ul><li>\s*the greeting", page)
    await press(adviser, number, "said", script="greeting")
    assert (await press(adviser, number, "options", option_1="x"))[0] == 409
    await press(adviser, number, "kind", name="slow-wifi")
    page = await shown(adviser, f"/tickets/{number}")
    assert re.search(r"<legend>[^<]+\?</legend>", page)
    assessed = {"key_points": "Chambre à l’étage", "complexity": "low"}
    # First what the customer says, as they say it.
    status, page = await press(adviser, number, "assess", **assessed)
    assert status == 400
    assert re.search(r"<li>\s*what the customer says", page)
    assert "Chambre à l’étage" in page
    assert (await press(adviser, number, "words", words="Ça rame là-haut."))[0] == 303
    assert (await press(adviser, number, "assess", **assessed))[0] == 303
    options = {"option_1": "Déplacer la box", "option_2": "Poser un répéteur", "option_3": ""}
    assert (await press(adviser, number, "options", **options))[0] == 303
    assert (await press(adviser, number, "option", option="Changer de maison"))[0] == 409
    assert (await press(adviser, number, "option", option="Poser un répéteur"))[0] == 303
    assert (await press(adviser, number, "done", text="Répéteur posé à mi-chemin."))[0] == 303
    page = await shown(adviser, f"/tickets/{number}")
    # Nobody asked who it is: a later step does not tick that off.
    assert re.search(r'class="skipped">– Identity <span class="small">\(skipped\)', page)
    assert re.search(r'class="done">✓ Action', page)
    # The customer's language: another question, and thanks.
    assert "Y a-t-il autre chose que je puisse faire pour vous ? Merci de votre appel, Zoé Noël" in page.replace(
        "\xa0", " "
    )
    assert (await press(adviser, number, "said", script="closing"))[0] == 303
    assert (await press(adviser, number, "call-end", remark=""))[0] == 303
    page = await shown(adviser, f"/tickets/{number}")
    for told in ("Chambre à l’étage", "Déplacer la box\nPoser un répéteur", "choice: Poser un répéteur", "à mi-chemin"):
        assert told in page
    assert "said the text Closing, version 1" in page
    await press(adviser, number, "call-end", remark="")
    await press(adviser, number, "call-begin", channel="phone")
    page = await shown(adviser, f"/tickets/{number}")
    assert re.search(r'class="done">✓ Listening <span class="small">\(done earlier\)', page)
    assert "not checked yet" in page


@pytest.mark.requirement("A41")
@pytest.mark.requirement("A48")
@pytest.mark.requirement("A96")
@pytest.mark.requirement("A94")
async def test_a_solution_of_level_2_is_checked_for_fit_and_tried_before_anything_is_closed(
    adviser: Browser, technician: Browser
) -> None:
    number = await ready_for_level_2(adviser)
    status, page = await press(adviser, number, "priority", priority="1", reason="")
    assert status == 400
    assert "Please fill this in" in page
    assert (await press(adviser, number, "priority", priority="1", reason="Match ce soir"))[0] == 303
    await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG)
    assert (await send(technician, "/knowledge/searches", ticket=number, search="HDMI"))[0] == 303
    assert (await press(technician, number, "note", text="Vu en laboratoire."))[0] == 303
    assert (await press(technician, number, "solve", text="Sortie 1080p", to="adviser"))[0] == 303
    assert "Does it fit this customer" in await shown(adviser, f"/tickets/{number}")
    assert (await press(adviser, number, "apply", remark=""))[0] == 303
    assert (await press(adviser, number, "close", text="Fait."))[0] == 409
    assert (await press(adviser, number, "tested", works="yes", words="Merci"))[0] == 303
    assert (await press(adviser, number, "close", text="Fait."))[0] == 303
    page = await shown(adviser, f"/tickets/{number}")
    assert "Match ce soir" in page
    assert "Vu en laboratoire." in page


@pytest.mark.requirement("A87")
@pytest.mark.requirement("A88")
@pytest.mark.requirement("A75")
async def test_level_3_is_for_difficult_cases_with_an_approval(
    adviser: Browser, technician: Browser, expert: Browser
) -> None:
    number = await ready_for_level_2(adviser, complexity="low")
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    along = {"reason": "Toujours rien.", "need-reachable": "01 99 00 00 00"}
    status, page = await press(technician, number, "escalate", **along)
    assert status == 400
    for lacking in ("level 3 is for complex cases only", "the approval of an expert", "what the customer was told"):
        assert lacking in page
    assert (await press(technician, number, "approve", reason="x"))[0] == 403
    assert (await press(expert, number, "approve", reason="Carte mère."))[0] == 303
    await press(technician, number, "assess", key_points="Carte mère", complexity="very_complex")
    for step in re.findall(r'name="step" value="([a-z-]+)"', await shown(technician, f"/tickets/{number}")):
        assert (await press(technician, number, "step", step=step, outcome="no_effect", remark=""))[0] == 303
    await press(technician, number, "inform", next_step="Un expert prend rendez-vous.", hours="48", way="told")
    assert (await press(technician, number, "escalate", **along))[0] == 303
    assert "this one is here: level 3" in await shown(expert, f"/tickets/{number}")


@pytest.mark.requirement("A3")
@pytest.mark.requirement("A11")
@pytest.mark.requirement("A89")
async def test_an_expert_is_found_by_domain_and_asked_and_a_case_goes_to_a_colleague_by_name(
    adviser: Browser, expert: Browser, supervisor: Browser
) -> None:
    for wrong, told in (
        ({"name": "hugues", "domain": "television"}, "Nobody signs in with this name."),
        ({"name": "hugo", "domain": "Télévision"}, "letters a-z"),
    ):
        status, page = await send(supervisor, "/people/skills", grade="3", **wrong)
        assert status == 400
        assert told in page
        assert f'value="{wrong["name"]}"' in page
    assert (await send(supervisor, "/people/skills", name="hugo", domain="television", grade="3"))[0] == 303
    assert "Hugo" in await shown(adviser, "/people?domain=television")
    number = await ticket(adviser, "Question rare")
    status, page = await press(adviser, number, "consult", whom="nobody", question="Pourquoi ?")
    assert status == 400
    assert "a colleague of this service" in page
    assert (await press(adviser, number, "consult", whom="hugo", question="Pourquoi ?"))[0] == 303
    assert (await press(adviser, number, "consult", whom="hugo", question="Alors ?"))[0] == 409
    assert "Question rare</a> – Julie: Pourquoi ?" in await shown(expert, "/tickets")
    assert (await press(supervisor, number, "consult-answer", answer="Non"))[0] == 409
    assert (await press(expert, number, "consult-answer", answer="À cause du pilote."))[0] == 303
    assert "Question rare</a> – Julie" not in await shown(expert, "/tickets")
    assert "À cause du pilote." in await shown(adviser, f"/tickets/{number}")
    status, page = await press(adviser, number, "hand-to", whom="audrey", reason="Au secours", instead_of="")
    assert status == 400
    assert "does the work of this level" in page
    assert (await press(adviser, number, "hand-to", whom="sophie", reason="Client mécontent", instead_of=""))[0] == 303
    assert "Question rare" in await shown(supervisor, "/tickets?mine=1")
    status, _ = await press(adviser, number, "hand-to", whom="hugo", reason="Trop tard", instead_of="")
    assert status == 409


@pytest.mark.requirement("A16")
@pytest.mark.requirement("A53")
@pytest.mark.requirement("A105")
async def test_a_contact_sheet_and_an_incident_are_told_apart_and_what_matters_more_comes_first(
    adviser: Browser,
) -> None:
    sheet, incident = await ticket(adviser, "Comment installer ?"), await ticket(adviser, "En panne")
    assert (await press(adviser, sheet, "kind", name="set-up"))[0] == 303
    assert (await press(adviser, incident, "kind", name="no-picture"))[0] == 303
    page = await shown(adviser, "/tickets?record=incident&level=1")
    assert "En panne" in page
    assert "Comment installer ?" not in page
    page = await shown(adviser, "/tickets?order=urgent&state=open")
    assert page.index("En panne") < page.index("Comment installer ?")
    assert (await press(adviser, sheet, "record", record="incident"))[0] == 303
    assert "Comment installer ?" in await shown(adviser, "/tickets?record=incident")


@pytest.mark.requirement("A7")
@pytest.mark.requirement("A12")
async def test_a_hotliner_answers_the_telephone_and_a_junior_begins_with_what_is_simple(
    hotliner: Browser, supervisor: Browser
) -> None:
    number = await ticket(hotliner, "Panne au téléphone")
    assert (await press(hotliner, number, "call-begin", channel="email"))[0] == 403
    assert (await press(hotliner, number, "call-begin", channel="phone"))[0] == 303
    await press(hotliner, number, "words", words="Rien ne marche.")
    assert (await press(hotliner, number, "assess", key_points="x", complexity="very_complex"))[0] == 303
    assert "Panne au téléphone" in await shown(hotliner, "/tickets")
    assert (await send(supervisor, "/people/seniority", name="nina", seniority="junior"))[0] == 303
    assert "Panne au téléphone" not in await shown(hotliner, "/tickets")
    assert "Panne au téléphone" in await shown(hotliner, "/tickets?level=1")
    assert (await send(supervisor, "/people/seniority", name="nina", seniority="experienced"))[0] == 303


@pytest.mark.requirement("A85")
async def test_what_is_sent_back_goes_its_way_and_closes_nothing_before_it_has_arrived(adviser: Browser) -> None:
    number = await ticket(adviser, "Box en panne")
    await press(adviser, number, "kind", name="return")
    assert (await press(adviser, number, "return", way="repair", reference="RMA-77"))[0] == 303
    status, page = await press(adviser, number, "close", text="x", unconfirmed_because="y")
    assert status == 400
    assert "has not arrived yet" in page
    assert (await press(adviser, number, "return-moved", to="repaired", remark=""))[0] == 409
    assert (await press(adviser, number, "return-moved", to="received", remark="emballage ouvert"))[0] == 303
    assert (await press(adviser, number, "return-moved", to="refunded", remark=""))[0] == 409
    assert (await press(adviser, number, "return-moved", to="repaired", remark=""))[0] == 303
    page = await shown(adviser, f"/tickets/{number}")
    assert "repaired and sent" in page
    assert "emballage ouvert" in page
    assert (await press(adviser, number, "close", text="x", unconfirmed_because="y"))[0] == 303


@pytest.mark.requirement("A51")
async def test_tools_open_for_the_case_and_what_they_said_is_on_the_ticket(adviser: Browser, router: Browser) -> None:
    tool = {"name": "line-check", "title_fr": "Test de ligne", "title_en": "Line test"}
    for wrong in ("javascript:alert(1)", "https://tools.example/{password}", "https://tools.example/{"):
        status, page = await send(router, "/tools", address=wrong, **tool)
        assert status == 400
        assert "An address that begins with https://" in page
    address = "https://tools.example/line?customer={customer_number}&t={ticket}"
    assert (await send(adviser, "/tools", address=address, **tool))[0] == 403
    assert (await send(router, "/tools", address=address, **tool))[0] == 303
    number = await ticket(adviser, customer_number="C 1&x=2")
    page = await shown(adviser, f"/tickets/{number}")
    assert f"https://tools.example/line?customer=C%201%26x%3D2&t={number}" in page
    assert (await press(adviser, number, "tool", tool="other", result="x"))[0] == 409
    assert (await press(adviser, number, "tool", tool="line-check", result="58 Mbit/s"))[0] == 303
    assert "58 Mbit/s" in await shown(adviser, f"/tickets/{number}")


@pytest.mark.requirement("A54")
async def test_what_helps_most_often_stands_first(adviser: Browser) -> None:
    page = await shown(adviser, "/knowledge?search=wifi")
    article = link(page, "Wifi qui coupe")
    for _ in range(2):
        number = await ticket(adviser, "Autre chose", device_type="phone")
        await press(adviser, number, "kind", name="slow-wifi")
        used = {"article": article.rpartition("/")[2], "how": "used"}
        assert (await press(adviser, number, "link", **used))[0] == 303
    # The other kinds of device are counted apart; a first look at one counts it.
    number = await ticket(adviser, "Encore", device_type="phone")
    page = await shown(adviser, f"/tickets/{number}")
    assert re.search(r"Wifi qui coupe[^<]*</a> <span class=\"quiet number\">2 times", page)
    kinds = re.search(r'<select id="kind-name".*?</select>', page, re.DOTALL)
    assert kinds
    assert re.findall(r'value="([a-z-]+)"', kinds[0])[0] == "slow-wifi"


@pytest.mark.requirement("A66")
async def test_a_cause_that_tickets_show_is_put_on_the_list_of_what_should_become_better(
    adviser: Browser, supervisor: Browser
) -> None:
    first, second = await ticket(adviser, "Un"), await ticket(adviser, "Deux")
    assert (await press(adviser, first, "improve", title="", known="0"))[0] == 400
    assert (await press(adviser, first, "improve", title="Mise à jour 4.2 défectueuse", known="0"))[0] == 303
    path = link(await shown(adviser, "/improvements"), "Mise à jour 4.2 défectueuse")
    known = path.rpartition("/")[2]
    assert (await press(adviser, second, "improve", title="", known=known))[0] == 303
    page = await shown(supervisor, path)
    assert f"{first}</span> Un" in page
    assert f"{second}</span> Deux" in page
    fields = {"title": "Mise à jour 4.2 défectueuse", "cause": "Pilote HDMI", "state": "in_work", "seen": "1"}
    assert (await send(adviser, path, **fields))[0] == 403
    assert (await send(supervisor, path, **fields))[0] == 303
    status, page = await send(supervisor, path, **(fields | {"cause": "Autre"}))
    assert status == 409
    assert "<del>Pilote HDMI</del>" in page


@pytest.mark.requirement("A33")
@pytest.mark.requirement("A23")
async def test_each_stage_of_a_customers_cases_is_in_the_customers_history(adviser: Browser) -> None:
    number = await ready_for_level_2(adviser)
    await press(adviser, number, "call-begin", channel="counter")
    assert (await press(adviser, number, "escalate", reason="Rien n’aide.", **ALONG))[0] == 303
    customer = link(await shown(adviser, f"/tickets/{number}"), "<strong>Zoé Noël")
    page = await shown(adviser, customer)
    for stage in ("opened the ticket", "began a contact by shop", "handed over to Level 2"):
        assert stage in page
    assert "shop ←" in page


@pytest.mark.requirement("A5")
@pytest.mark.requirement("A30")
@pytest.mark.requirement("A31")
async def test_somebody_of_our_own_is_helped_as_such_and_what_is_needed_is_asked_for(adviser: Browser) -> None:
    number = await ticket(adviser, customer_number="E-12")
    customer = link(await shown(adviser, f"/tickets/{number}"), "<strong>Zoé Noël")
    fields = {"name": "Zoé Noël", "number": "E-12", "kind": "internal", "language": "fr", "seen": "1"}
    assert (await send(adviser, customer, **fields))[0] == 303
    await press(adviser, number, "kind", name="no-picture")
    page = await shown(adviser, f"/tickets/{number}")
    assert "somebody of our own" in page
    assert "E-12" in page
    assert "The customer should have at hand:" in page
    assert "Serial number of the device" in page
