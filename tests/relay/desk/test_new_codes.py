"""A new code for a session whose last one was used up or ran out: as long as nobody came, the session goes on."""

from protocol.session_log import LogWriter, Opened
from tests.relay.desk.conftest import TECHNICIAN_KEY, Browser

NEW_SESSION = {"reason": "To look at the settings.", "asks": "view", "key": TECHNICIAN_KEY}


async def test_a_session_whose_code_was_used_up_gets_a_new_one_and_occupies_its_ticket_again(
    technician: Browser,
) -> None:
    ticket = await new_ticket(technician)
    _, opened = await technician.post(f"/api/tickets/{ticket}/sessions", NEW_SESSION)
    await technician.inside("/internal/rooms/claim", {"token": opened["token"]})
    await technician.inside(f"/internal/sessions/{opened['session']}/states", {"state": "closed"})
    assert '"state":"open"' in (await technician.get(f"/api/tickets/{ticket}"))[1].replace(" ", "")
    status, fresh = await technician.post(f"/api/sessions/{opened['session']}/rooms", {})
    assert status == 201
    assert (await technician.inside("/internal/rooms/claim", {"token": fresh["token"]}))[0] == 200
    assert '"state":"in_session"' in (await technician.get(f"/api/tickets/{ticket}"))[1].replace(" ", "")


async def test_the_end_of_a_code_that_is_told_late_leaves_the_next_code_alone(technician: Browser) -> None:
    ticket = await new_ticket(technician)
    _, opened = await technician.post(f"/api/tickets/{ticket}/sessions", NEW_SESSION)
    await technician.inside("/internal/rooms/claim", {"token": opened["token"]})
    status, fresh = await technician.post(f"/api/sessions/{opened['session']}/rooms", {})
    assert status == 201
    path = f"/internal/sessions/{opened['session']}/states"
    assert (await technician.inside(path, {"state": "closed"}))[0] == 204
    assert (await technician.inside("/internal/rooms/claim", {"token": fresh["token"]}))[0] == 200
    assert '"state":"in_session"' in (await technician.get(f"/api/tickets/{ticket}"))[1].replace(" ", "")
    await technician.inside(path, {"state": "closed"})
    assert '"state":"open"' in (await technician.get(f"/api/tickets/{ticket}"))[1].replace(" ", "")


async def test_a_session_that_somebody_came_to_gets_no_new_code_once_it_is_over(technician: Browser) -> None:
    ticket = await new_ticket(technician)
    _, opened = await technician.post(f"/api/tickets/{ticket}/sessions", NEW_SESSION)
    session = opened["session"]
    entry = LogWriter().append(
        Opened(
            session, ticket, "x", "y", "z", bytes(32), bytes(32), "a", "b", bytes(32), bytes(32), "1", "Linux", "link"
        ),
        1,
    )
    stored = await technician.inside(f"/internal/sessions/{session}/entries", {"number": 0, "entry": entry})
    assert stored[0] == 204
    await technician.inside(f"/internal/sessions/{session}/states", {"state": "closed"})
    assert (await technician.post(f"/api/sessions/{session}/rooms", {}))[0] == 409
    assert (await technician.post(f"/api/sessions/{session}/extend", {}))[0] == 409


async def new_ticket(technician: Browser) -> str:
    _, ticket = await technician.post("/api/tickets", {"subject": "No picture", "customer_name": "Agnès Blanc"})
    return str(ticket["number"])
