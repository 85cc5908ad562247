"""Mail in both directions with a real SMTP server, surveys, guides and what customers prepare."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.utils import make_msgid

import pytest

from tests.relay.desk.conftest import Browser
from tests.relay.desk.pages.conftest import DESK_ADDRESS, SENT_TO, TAKEN_AT
from tests.relay.desk.pages.mail_server import MailServer, hand_over, mail_server
from tests.relay.desk.pages.reading import link, press, send, shown, ticket
from tests.waiting import eventually

ZOE = "zoe.noel@example.org"


@pytest.fixture
async def post() -> AsyncIterator[MailServer]:
    async with mail_server(SENT_TO) as server:
        yield server


def mail(sender: str, subject: str, text: str, **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, DESK_ADDRESS, subject
    message["Message-ID"] = headers.pop("Message_ID", make_msgid())
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@pytest.mark.requirement("A47")
@pytest.mark.requirement("A61")
@pytest.mark.requirement("A62")
async def test_the_customer_is_mailed_what_happens_next_and_asked_at_the_end_how_it_was(
    adviser: Browser, stranger: Browser, post: MailServer
) -> None:
    number = await ticket(adviser, "Wifi lent", email=ZOE)
    await press(adviser, number, "call-begin", channel="phone")
    assert (await press(adviser, number, "said", script="expectation"))[0] == 303
    assert "said the text What happens now, version 1" in await shown(adviser, f"/tickets/{number}")
    step = {"next_step": "Un technicien vous rappelle.", "hours": "4", "way": "sent"}
    assert (await press(adviser, number, "inform", **step))[0] == 303
    sent = await post.wait_for(f"[#{number}]")
    assert sent["To"] == ZOE
    assert DESK_ADDRESS in sent["From"]
    assert "Un technicien vous rappelle." in sent.get_content()
    assert f"Votre ticket porte le numéro {number}." in sent.get_content()
    closing = {"text": "Canal changé.", "unconfirmed_because": "Injoignable.", "ask": "y"}
    assert (await press(adviser, number, "close", **closing))[0] == 303
    asked = await post.wait_for("Comment cela s’est-il passé")
    token = re.search(r"/survey#([\w-]{32})", asked.get_content())
    assert token
    # The secret of the link is nowhere at the desk.
    assert token[1] not in await shown(adviser, f"/tickets/{number}")
    answers = {"token": token[1], "exchange": "5", "resolution": "2", "words": "Aimable, mais lent."}
    assert (await stranger.submit("/survey", answers | {"exchange": "6"}))[0] == 400
    assert (await stranger.submit("/survey", answers))[0] == 303
    assert (await stranger.submit("/survey", answers))[0] == 404
    page = await shown(adviser, f"/tickets/{number}")
    assert "the exchange 5 of 5, the resolution 2 of 5" in page
    assert "Aimable, mais lent." in page


@pytest.mark.requirement("A23")
@pytest.mark.requirement("A24")
async def test_a_mail_opens_a_ticket_and_an_answer_to_ours_belongs_to_it(adviser: Browser, post: MailServer) -> None:
    sender = "Samir Noël <samir@example.org>"
    first = mail(sender, "Courriels <b>bloqués</b>", "Rien ne part depuis hier.\n\n> cité")
    assert await hand_over(TAKEN_AT, first, "samir@example.org", DESK_ADDRESS) == "250"
    assert await hand_over(TAKEN_AT, first, "samir@example.org", DESK_ADDRESS) == "250"  # a copy changes nothing
    page = await shown(adviser, "/tickets?search=bloqués")
    assert len(set(re.findall(r'href="/tickets/(\d+)"', page))) == 1
    number = link(page, "Courriels <b>bloqués</b>").rpartition("/")[2]
    page = await shown(adviser, f"/tickets/{number}")
    assert "Rien ne part depuis hier." in page
    assert "cité" not in page
    received = await post.wait_for("Nous avons votre message")
    assert received["To"] == "samir@example.org"
    answer = mail(sender, "Re: chez vous", "Toujours rien.", In_Reply_To=str(received["Message-ID"]))
    assert await hand_over(TAKEN_AT, answer, "samir@example.org", DESK_ADDRESS) == "250"
    assert "Toujours rien." in await shown(adviser, f"/tickets/{number}")
    # What came by mail and by telephone, and what was sent, is one history of the customer.
    assert (await press(adviser, number, "call-begin", channel="phone"))[0] == 303
    history = await shown(adviser, link(await shown(adviser, f"/tickets/{number}"), "<strong>Samir Noël"))
    for contact in ("e-mail ← ", "e-mail → ", "telephone ← "):
        assert contact in history
    # Whoever is not its customer adds nothing to a ticket, whatever number they write.
    other = mail("eve@example.net", f"[#{number}] moi aussi", "Je suis Samir.")
    assert await hand_over(TAKEN_AT, other, "eve@example.net", DESK_ADDRESS) == "250"
    assert "Je suis Samir." not in await shown(adviser, f"/tickets/{number}")
    assert "moi aussi" in await shown(adviser, "/tickets?search=moi+aussi")


@pytest.mark.requirement("A10")
@pytest.mark.requirement("A24")
async def test_customers_of_each_service_write_to_its_own_address_and_hear_from_it(
    administrator: Browser, adviser: Browser, post: MailServer
) -> None:
    assert (await send(administrator, "/services", name="Banque des mails", kind="external"))[0] == 303
    bank = re.search(r'value="(\d+)">Work in Banque des mails', await shown(administrator, "/services"))
    home = re.search(r'<option value="(\d+)" selected', await shown(administrator, "/tickets"))
    assert bank
    assert home
    assert (await send(administrator, "/services/current", service=bank[1]))[0] == 303
    for wrong, said in (("aide", "An address such as"), (DESK_ADDRESS, "goes to another service already")):
        status, page = await send(administrator, "/services/mail", mail_address=wrong)
        assert status == 400
        assert said in page
    assert (await send(administrator, "/services/mail", mail_address="Aide@Banque.example"))[0] == 303
    letter = mail("Léo <leo@example.org>", "Virement refusé", "Depuis lundi.")
    assert await hand_over(TAKEN_AT, letter, "leo@example.org", "aide@banque.example") == "250"
    assert "Virement refusé" in await shown(administrator, "/tickets")
    assert "Virement refusé" not in await shown(adviser, "/tickets?search=Virement")
    received = await post.wait_for("Nous avons votre message")
    assert received["To"] == "leo@example.org"
    assert received["From"] == "Banque des mails <aide@banque.example>"
    assert (await send(administrator, "/services/current", service=home[1]))[0] == 303


async def test_what_a_program_writes_and_what_is_for_others_opens_nothing(adviser: Browser) -> None:
    absence = mail("x@example.org", "Absence xylophone", "Je suis absent.", Auto_Submitted="auto-replied")
    assert await hand_over(TAKEN_AT, absence, "x@example.org", DESK_ADDRESS) == "250"
    assert await hand_over(TAKEN_AT, mail("x@example.org", "Rebond xylophone", "…"), "", DESK_ADDRESS) == "250"
    assert await hand_over(TAKEN_AT, mail("x@example.org", "y", "z"), "x@example.org", "root@localhost") == "550"
    large = mail("x@example.org", "Grand xylophone", "x" * 100 + "\n" + ("y" * 70 + "\n") * 40_000)
    assert await hand_over(TAKEN_AT, large, "x@example.org", DESK_ADDRESS) == "552"
    found = await shown(adviser, "/tickets?search=xylophone")
    # What was searched is there in the field, and in the address of the same page in another language.
    assert "xylophone" not in found.replace('value="xylophone"', "").replace("?search=xylophone", "")


HOSTILE = (
    b"",
    b"\x00\xff\xfe" * 400,
    b"From: a@example.org\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xff\xfe",
    b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x--",
    b"From: =?utf-8?b?//8=?= <a@example.org>\r\nSubject: =?x?q?=00=01?=\r\n\r\nx",
    b"From: a@example.org\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Bonjour",
    b"From: a@example.org\r\nMessage-ID: " + b"<x" * 5000 + b">\r\n\r\nx",
    b"Subject: nobody\r\n\r\nx",
    b"From: a@example.org\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
    b"From: " + b"a@example.org, " * 3000 + b"\r\n\r\nx",
)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
async def test_a_hostile_mail_is_taken_as_text_or_refused_and_nothing_breaks(adviser: Browser, number: int) -> None:
    answer = await hand_over(TAKEN_AT, HOSTILE[number], f"h{number}@example.org", DESK_ADDRESS)
    assert answer in ("250", "500", "552")
    page = await shown(adviser, "/tickets")
    assert "alert(1)" not in page


async def test_a_sender_who_writes_without_end_has_to_wait(adviser: Browser) -> None:
    answers = [
        await hand_over(TAKEN_AT, mail("bot@example.org", f"{n}", "x"), "bot@example.org", DESK_ADDRESS)
        for n in range(21)
    ]
    assert answers == ["250"] * 20 + ["451"]


async def test_mail_that_is_refused_for_good_is_listed_and_holds_up_no_other(
    adviser: Browser, post: MailServer
) -> None:
    post.answers["gone@example.org"] = ["550 5.1.1 no such mailbox"]
    number = await ticket(adviser, "Adresse morte", email="gone@example.org")
    assert (await press(adviser, number, "mail", subject="Première", text="Bonjour"))[0] == 303
    await eventually(lambda: _is_failed(adviser, number), "the contact is marked as not delivered")
    assert (await press(adviser, number, "mail", subject="Deuxième", text="Bonjour"))[0] == 303
    await post.wait_for("Deuxième")
    page = await shown(adviser, "/outbox")
    assert "550 5.1.1 no such mailbox" in page
    again = re.search(r'action="(/outbox/\d+/again)"', page[page.index("Première") :])
    assert again
    assert (await send(adviser, again[1]))[0] == 303
    await post.wait_for("Première")


async def _is_failed(browser: Browser, number: str) -> bool:
    return "not delivered" in await shown(browser, f"/tickets/{number}")


async def test_mails_of_a_ticket_arrive_in_their_order_though_the_server_was_away(
    adviser: Browser, post: MailServer
) -> None:
    post.answers["ordre@example.org"] = ["451 4.3.0 later"]
    number = await ticket(adviser, "En ordre", email="ordre@example.org")
    await press(adviser, number, "mail", subject="Un", text="1")
    await eventually(lambda: _is_tried_again(adviser), "the mail is listed as tried")
    await press(adviser, number, "mail", subject="Deux", text="2")
    page = await shown(adviser, "/outbox")
    assert "451 4.3.0 later" in page
    first = re.search(r'action="(/outbox/\d+/again)"', page[page.index(f"[#{number}] Un") :])
    assert first
    assert (await send(adviser, first[1]))[0] == 303
    await post.wait_for(f"[#{number}] Deux")
    subjects = [str(one["Subject"]) for one in post.received if f"[#{number}]" in str(one["Subject"])]
    assert subjects == [f"[#{number}] Un", f"[#{number}] Deux"]


async def _is_tried_again(browser: Browser) -> bool:
    return "451 4.3.0 later" in await shown(browser, "/outbox")


async def test_what_has_no_address_waits_for_somebody_to_say_it(adviser: Browser) -> None:
    number = await ticket(adviser, "Sans adresse")
    step = {"next_step": "Rappel demain.", "hours": "24", "way": "sent"}
    assert (await press(adviser, number, "inform", **step))[0] == 303
    page = await shown(adviser, "/outbox")
    said = re.search(rf'href="/tickets/{number}".*?action="(/outbox/said/\d+)"', page, re.DOTALL)
    assert said
    assert (await send(adviser, said[1]))[0] == 303
    assert f'href="/tickets/{number}"' not in await shown(adviser, "/outbox")


@pytest.mark.requirement("A50")
@pytest.mark.requirement("A152")
@pytest.mark.requirement("A155")
async def test_guides_are_sent_to_customers_who_find_them_also_by_a_search_of_their_own(
    adviser: Browser, stranger: Browser, post: MailServer
) -> None:
    page = await shown(stranger, "/help?search=installer+box")
    path = link(page, "Guide : installer la Box Fibre 6")
    assert "Attendez le voyant vert" in await shown(stranger, path)
    inside = link(await shown(adviser, "/knowledge?search=orage"), "Écran « aucun signal »")
    assert (await stranger.get(inside.replace("/knowledge/", "/help/")))[0] == 404
    assert "Écran « aucun signal »" not in await shown(stranger, "/help/suggestions?search=orage")
    number = await ticket(adviser, "Installation", email="guide@example.org")
    article = path.rpartition("/")[2]
    assert (await press(adviser, number, "send-guide", article=inside.rpartition("/")[2]))[0] == 409
    assert (await press(adviser, number, "send-guide", article=article))[0] == 303
    sent = await post.wait_for("installer la Box Fibre 6")
    assert f"{adviser.relay.address}{path}" in sent.get_content()


@pytest.mark.requirement("A23")
@pytest.mark.requirement("A68")
@pytest.mark.requirement("A69")
async def test_what_a_customer_tells_before_the_call_is_on_the_ticket_and_in_the_figures(
    adviser: Browser, supervisor: Browser, stranger: Browser
) -> None:
    told = {"words": "Plus d’image depuis ce matin.", "name": "Zoé Noël", "customer_number": "C-777"}
    told |= {"phone": "", "email": "", "need-serial": "TV5-9", "need-restarted": "yes", "need-reachable": ""}
    assert "Number where the customer can be reached" in await shown(stranger, "/prepare/no-picture")
    assert (await stranger.submit("/prepare/no-picture", told | {"words": ""}))[0] == 400
    assert (await stranger.submit("/prepare/no-picture", told | {"need-restarted": "maybe"}))[0] == 400
    status, page = await stranger.submit("/prepare/no-picture", told)
    assert status == 200
    reference = re.search(r'class="code">([A-Z0-9]{6})<', page)
    assert reference
    assert "Plus d’image depuis ce matin." in await shown(adviser, f"/customers?search={reference[1].lower()}")
    assert "Plus d’image depuis ce matin." in await shown(adviser, "/customers?search=C-777")
    path = f"/preparations/{reference[1]}"
    address = adviser.relay.address + path
    async with adviser.client.post(
        address, data={"csrf": adviser.csrf}, headers={"Origin": adviser.relay.address}, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        number = answer.headers["Location"].rpartition("/")[2]
    assert (await send(adviser, path))[0] == 404
    page = await shown(adviser, f"/tickets/{number}")
    assert 'value="TV5-9"' in page
    assert "The customer had prepared the call" in page
    assert "web site ← Plus d’image depuis ce matin." in page
    await press(adviser, number, "call-begin", channel="phone")
    assert (await press(adviser, number, "call-end", remark=""))[0] == 303
    page = await shown(supervisor, "/figures")
    assert re.search(r"prepared by the customer</td><td class=\"number\">[^<]*\([1-9]", page)


@pytest.mark.requirement("A35")
@pytest.mark.requirement("A64")
@pytest.mark.requirement("A70")
@pytest.mark.requirement("A71")
@pytest.mark.requirement("A91")
async def test_a_call_is_reviewed_by_its_criteria_and_coaching_follows(adviser: Browser, supervisor: Browser) -> None:
    number = await ticket(adviser, "À évaluer")
    path = f"/tickets/{number}/review"
    assert (await adviser.get(path))[0] == 403
    assert "No contact of this ticket has ended yet" in await shown(supervisor, path)
    for event, fields in (
        ("call-begin", {"channel": "phone"}),
        ("said", {"script": "greeting"}),
        ("said", {"script": "empathy"}),
        ("said", {"script": "closing"}),
        ("call-end", {"remark": ""}),
    ):
        assert (await press(adviser, number, event, **fields))[0] == 303
    page = await shown(supervisor, path)
    assert "closing phase too short" in page
    marked = dict(re.findall(r'name="([a-z]+)" value="(kept|missed|n/a)" required checked', page))
    assert marked["greeting"] == marked["empathy"] == marked["closing"] == "kept"
    assert marked["identity"] == "missed"
    assert marked["consent"] == "n/a"
    assert (await send(supervisor, path, **(marked | {"empathy": "perhaps"}), remark=""))[0] == 400
    assert (await send(supervisor, path, **marked, remark="Identité oubliée."))[0] == 303
    page = await shown(supervisor, path)
    assert "0 / 100" in page  # a critical criterion that is missed
    assert (await send(supervisor, path, **(marked | {"identity": "kept"}), remark=""))[0] == 303
    assert re.search(r"[1-9][0-9] / 100", await shown(supervisor, path))
    coaching = {"name": "julie", "ticket": number, "text": "Toujours vérifier l’identité.", "due": "2030-01-31"}
    assert (await send(adviser, "/coaching", **coaching))[0] == 403
    assert (await send(supervisor, "/coaching", **coaching))[0] == 303
    page = await shown(adviser, "/coaching")
    assert "Toujours vérifier l’identité." in page
    done = re.search(r'action="(/coaching/\d+/done)"', page)
    assert done
    assert (await send(supervisor, done[1]))[0] == 404
    assert (await send(adviser, done[1]))[0] == 303
    assert (await press(adviser, number, "close", text="Fait.", unconfirmed_because="Injoignable."))[0] == 303
    assert re.search(
        r"Not solved by level 1.*?(within|outside) ?(of)? 20–30", await shown(supervisor, "/figures"), re.DOTALL
    )
