"""Services, training, groups with their hours, tools and roles: what those decide who look after the desk."""

import json
import re

import pytest

from tests.relay.desk.conftest import TECHNICIAN_KEY, Browser
from tests.relay.desk.pages.reading import link, press, send, shown, ticket


@pytest.mark.requirement("A6")
@pytest.mark.requirement("A8")
@pytest.mark.requirement("A13")
async def test_a_routing_administrator_says_who_belongs_to_a_group_when_it_is_open_and_who_is_on_duty(
    router: Browser, adviser: Browser
) -> None:
    fields = {"name": "hotline", "title_fr": "Ligne directe", "title_en": "Hotline", "level": "1"}
    assert (await send(adviser, "/groups", **fields))[0] == 403
    assert (await send(router, "/groups", **fields))[0] == 303
    path = link(await shown(router, "/groups"), "Hotline")
    assert (await send(router, f"{path}/members", name="julie", belongs="yes"))[0] == 303
    assert (await send(router, f"{path}/hours", do="always"))[0] == 303
    page = await shown(adviser, path)
    assert "open without a stop" in page
    assert "Julie" in page
    wrong = {"do": "add", "begins": "18:00", "ends": "8h", "day_0": "y"}
    status, page = await send(router, f"{path}/hours", **wrong)
    assert status == 400
    assert "A time of the day" in page
    status, page = await send(router, f"{path}/hours", **(wrong | {"ends": "08:00"}))
    assert status == 400
    assert "ends before it begins" in page
    shift = {
        "do": "add",
        "name": "julie",
        "begins": "00:00",
        "ends": "24:00",
        **{f"day_{day}": "y" for day in range(6)},
    }
    assert (await send(router, f"{path}/shifts", **shift))[0] == 303
    page = await shown(adviser, path)
    assert "Open, but nobody is on duty" in page
    assert re.search(r"<li>Sunday, 00:00 – 24:00", page)
    assert (await send(router, f"{path}/shifts", **(shift | {"day_6": "y"})))[0] == 303
    page = await shown(adviser, path)
    assert "nobody is on duty" not in page
    assert re.search(r"On duty: <strong>Julie", page)


@pytest.mark.requirement("A10")
@pytest.mark.requirement("A14")
async def test_one_desk_serves_several_companies_and_each_keeps_its_own(
    administrator: Browser, adviser: Browser, technician: Browser
) -> None:
    assert (await send(adviser, "/services", name="Banque Test", kind="internal"))[0] == 403
    assert (await send(administrator, "/services", name="Banque Test", kind="internal"))[0] == 303
    page = await shown(administrator, "/services")
    found = re.search(r'name="service" value="(\d+)">Work in Banque Test', page)
    assert found
    assert (await send(administrator, "/services/members", name="julie", service=found[1]))[0] == 303
    assert (await send(technician, "/services/current", service=found[1]))[0] == 404
    of_the_first = await ticket(adviser, "Chez le premier")
    home = re.search(r'<option value="(\d+)" selected', await shown(adviser, "/tickets"))
    assert home
    assert (await send(adviser, "/services/current", service=found[1]))[0] == 303
    of_the_bank = await ticket(adviser, "À la banque")
    page = await shown(adviser, "/tickets")
    assert "À la banque" in page
    assert "Chez le premier" not in page
    assert (await adviser.get(f"/tickets/{of_the_first}"))[0] == 404
    assert (await technician.get(f"/tickets/{of_the_bank}"))[0] == 404
    # The trail of changes tells of both, and leads only to what can be read from here.
    page = await shown(administrator, "/audit")
    assert re.search(rf'href="/tickets/{of_the_first}">.*?Chez le premier', page, re.DOTALL)
    assert f'href="/tickets/{of_the_bank}"' not in page
    assert re.search(rf"Ticket {of_the_bank}\b.*?À la banque.*?Banque Test", page, re.DOTALL)
    # It begins with the procedures of the other one, and they work.
    assert (await press(adviser, of_the_bank, "kind", name="no-picture"))[0] == 303
    assert (await send(adviser, "/services/current", service=home[1]))[0] == 303
    assert (await adviser.get(f"/tickets/{of_the_first}"))[0] == 200


@pytest.mark.requirement("A22")
async def test_training_is_a_desk_of_its_own_with_invented_customers(administrator: Browser, adviser: Browser) -> None:
    assert (await send(administrator, "/services", name="École", kind="training"))[0] == 303
    found = re.search(r'name="service" value="(\d+)">Begin to train', await shown(adviser, "/services"))
    assert found
    home = re.search(r'<option value="(\d+)" selected', await shown(adviser, "/tickets"))
    assert home
    assert (await send(adviser, "/services/current", service=found[1]))[0] == 303
    page = await shown(adviser, "/tickets")
    assert "Everybody here is invented" in page
    assert len(re.findall(r'href="/tickets/\d+"', page)) >= 20
    assert "Marc Lefèvre" not in page
    assert (await send(adviser, "/services/current", service=home[1]))[0] == 303
    assert "Everybody here is invented" not in await shown(adviser, "/tickets")


async def test_an_auditor_finds_the_sessions_of_the_services_that_are_open_to_them(
    administrator: Browser, auditor: Browser, supervisor: Browser
) -> None:
    assert (await send(administrator, "/services", name="Banque à auditer", kind="external"))[0] == 303
    bank = re.search(r'value="(\d+)">Work in Banque à auditer', await shown(administrator, "/services"))
    home = re.search(r'<option value="(\d+)" selected', await shown(administrator, "/tickets"))
    assert bank
    assert home
    assert (await send(administrator, "/services/members", name="camille", service=bank[1]))[0] == 303
    assert (await send(administrator, "/services/current", service=bank[1]))[0] == 303
    number = await ticket(administrator, "Coffre fermé")
    asked = {"reason": "Voir l’erreur", "asks": "view", "key": TECHNICIAN_KEY}
    status, session = await administrator.post(f"/api/tickets/{number}/sessions", asked)
    assert status == 201, session
    path = f"/api/evidence/sessions/{session['session']}"
    search = f"/api/evidence/sessions?ticket={number}"
    assert json.loads(await shown(auditor, search))["sessions"] == []
    assert (await auditor.post(f"{path}/hold", {"reason": "Une plainte"}))[0] == 404
    assert (await send(administrator, "/services/members", name="audrey", service=bank[1]))[0] == 303
    assert [one["session"] for one in json.loads(await shown(auditor, search))["sessions"]] == [session["session"]]
    assert (await auditor.post(f"{path}/hold", {"reason": "Une plainte"}))[0] == 204
    trail = await shown(administrator, "/audit")
    assert "held: Une plainte" in trail
    # What is done in one service is not told in another.
    assert "Coffre fermé" not in await shown(supervisor, "/audit")
    assert (await send(administrator, "/services/current", service=home[1]))[0] == 303
