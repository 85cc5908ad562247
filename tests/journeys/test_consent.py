"""What the customer did not allow does not happen: a no is a no, and an open question is the customer's alone."""

import asyncio
import re

from playwright.async_api import Route

from tests.client_agent.desktop import XTerm, focus
from tests.journeys.reading import middle_of
from tests.journeys.stage import Stage
from tests.waiting import eventually

CONTROL_QUESTION = "Let them control"


async def test_a_no_is_told_to_the_technician_and_is_on_the_ticket(stage: Stage) -> None:
    await stage.reach_prompt()
    await stage.press("Refuse")
    await stage.technician_reads(re.compile("The customer (refused|said no)"))
    await stage.customer_reads("You refused, and nobody has seen your screen.")
    assert not await stage.page.get_attribute("body", "data-shown")
    log = await stage.log_is_complete("opened", "asked", "answered", "ended")
    assert log.entries[2]["event"]["answer"] == "refused"
    assert log.entries[2]["event"]["capabilities"] == []
    # Which computer it is, nobody is told who may not see it.
    assert "device_described" not in [entry["event"]["type"] for entry in log.entries]


async def test_input_while_a_question_is_open_reaches_nothing_even_from_a_page_that_does_not_hold_it_back(
    stage: Stage,
) -> None:
    sent: list[object] = []
    stage.page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    await stage.page.route("**/assist/**/session_view.js", send_whatever_happens)
    await stage.reach_view()
    terminal = await asyncio.to_thread(XTerm, stage.display, stage.folder)
    await stage.page.locator("#ask-control").click()
    await stage.customer_sees(CONTROL_QUESTION)
    sent_before = len(sent)
    await type_and_click(stage)
    assert len(sent) > sent_before + 50, "the page held its input back"
    assert stage.customer.sees(CONTROL_QUESTION)
    await stage.press("Refuse")
    await stage.technician_reads("The customer said no.")
    assert terminal.text() == ""

    await stage.page.locator("#ask-control").click()
    await stage.press(CONTROL_QUESTION)
    await stage.technician.wait_for_access("control")
    await asyncio.to_thread(focus, stage.display, "xterm")
    await stage.page.locator("#keyboard").focus()
    await stage.page.keyboard.type("after\n")
    await asyncio.to_thread(terminal.await_text, "after\n")
    log = await stage.log()
    assert [entry["event"]["answer"] for entry in log.entries if entry["event"]["type"] == "answered"] == [
        "allowed",
        "refused",
        "allowed",
    ]


async def send_whatever_happens(route: Route) -> None:
    """The page as a hostile technician would change it: it sends input whatever was allowed."""
    answer = await route.fetch()
    text, count = re.subn(r"hasControl\(\) \{[^}]*\}", "hasControl() { return true; }", await answer.text())
    assert count == 1
    await route.fulfill(response=answer, body=text)


async def type_and_click(stage: Stage) -> None:
    """Type, press Return, click on every answer; and wait until the agent has dealt with all that."""
    await stage.page.locator("#keyboard").focus()
    await stage.page.keyboard.type("typed while the customer reads\n")
    for key in ("Tab", "Enter", "Space"):
        await stage.page.keyboard.press(key)
    for label in (CONTROL_QUESTION, "I need more time"):
        # Again and again, since buttons do not react during the first second.
        for _click in range(10):
            await stage.technician.click_remote(*middle_of(stage.display, label))
    shown = await stage.shown_pictures()
    await asyncio.to_thread(stage.display.run, "xsetroot", "-solid", "#713b8a")

    async def is_newer() -> bool:
        return await stage.shown_pictures() > shown

    # Acknowledged after all of the input, which is dealt with in order.
    await eventually(is_newer, "a newer picture")
