"""kill -9 at every stage of a session: the other side says what happened, no key stays down, and the log is on the ticket."""

import contextlib
import os
import re
import signal

import pytest
from playwright.async_api import expect

from tests.browsers import processes_of
from tests.client_agent.desktop import Ears
from tests.journeys.gone import customer_is_told, log_is_kept, nothing_is_down, technician_is_told
from tests.journeys.stage import TOLD_WITHIN_S, DeskAway, Stage
from tests.waiting import eventually

# What is on the ticket's log by then.
STAGES = {
    "prompt": ("opened",),
    "viewing": ("opened", "asked", "answered"),
    "controlling": ("opened", "asked", "answered"),
}

# Whoever controls sees as well.
POINTS = ["prompt", pytest.param("viewing", marks=pytest.mark.soak), "controlling"]


async def reach(stage: Stage, point: str) -> Ears | None:
    """Bring a session to where the customer reads, the technician sees, or the technician holds a key down."""
    match point:
        case "prompt":
            await stage.reach_prompt()
        case "viewing":
            await stage.reach_view()
        case "controlling":
            ears = await stage.reach_control()
            await stage.hold_key(ears)
            return ears
    return None


@pytest.mark.parametrize("point", POINTS)
async def test_when_the_agent_is_killed_the_technician_is_told_and_no_key_stays_down(stage: Stage, point: str) -> None:
    await reach(stage, point)
    stage.kill_agent()
    await technician_is_told(stage)
    await nothing_is_down(stage)
    await log_is_kept(stage, *STAGES[point])


@pytest.mark.parametrize("point", POINTS)
async def test_when_the_relay_is_killed_both_sides_are_told_and_the_log_survives(stage: Stage, point: str) -> None:
    await reach(stage, point)
    stage.server.kill()
    await technician_is_told(stage)
    await customer_is_told(stage)
    await nothing_is_down(stage)
    stage.server.start()
    await log_is_kept(stage, *STAGES[point])


async def test_when_the_relay_is_killed_while_a_code_waits_the_technician_is_told(stage: Stage) -> None:
    code = await stage.reach_code()
    stage.server.kill()
    await stage.technician_reads("The server is starting again", deadline_s=TOLD_WITHIN_S)
    stage.start_agent(code)
    await stage.customer_reads("The organisation cannot be reached.")


@pytest.mark.parametrize(
    ("what", "point"),
    [
        ("tab", "prompt"),
        pytest.param("tab", "viewing", marks=pytest.mark.soak),
        ("tab", "controlling"),
        pytest.param("browser", "controlling", marks=pytest.mark.own_browser),
    ],
)
async def test_when_the_page_is_gone_the_customer_is_told_and_no_key_stays_down(
    stage: Stage, what: str, point: str
) -> None:
    await reach(stage, point)
    if what == "tab":
        await stage.page.close()
    else:
        await kill_browser(stage)
    await customer_is_told(stage)
    await nothing_is_down(stage)
    await log_is_kept(stage, *STAGES[point])


@pytest.mark.own_browser
async def test_when_the_page_is_gone_its_code_opens_nothing(stage: Stage) -> None:
    code = await stage.reach_code()
    await kill_browser(stage)
    await eventually(lambda: ticket_is(stage, "open"), "the ticket to be free again")
    stage.start_agent(code)
    await stage.customer_reads("That code has expired. Ask for a new one.")


async def test_when_the_desk_is_killed_while_a_code_waits_the_code_still_works(stage: Stage) -> None:
    code = await stage.reach_code()
    await kill_desk(stage)
    stage.start_agent(code)
    await stage.technician.wait_for_prompt()
    await stage.customer_sees("Refuse")


async def test_when_the_desk_is_killed_while_the_customer_reads_a_yes_counts_or_both_hear_that_it_does_not(
    stage: Stage,
) -> None:
    await stage.reach_prompt()
    stage.server.kill_desk()
    await stage.press("Let them see my screen")
    allowed = stage.page.locator("body[data-access=view]")
    told = stage.page.get_by_text(re.compile("could not be recorded|could not go on")).filter(visible=True)
    await expect(allowed.or_(told).first).to_be_visible()
    if await stage.page.get_attribute("body", "data-access") != "view":
        await stage.customer_reads("could not be written down", "Your answer", "ended for safety")
    await log_is_kept(stage, "opened")


async def test_when_the_desk_is_killed_control_is_taken_back_at_once_all_the_same(stage: Stage) -> None:
    await reach(stage, "controlling")
    stage.server.kill_desk()
    await stage.press("Take back control")
    await stage.technician.wait_for_access("view")
    await nothing_is_down(stage)
    await stage.press("Stop")
    await stage.page.wait_for_selector("body[data-state=ended]")
    await log_is_kept(stage, "opened", "asked", "answered")


async def kill_desk(stage: Stage) -> None:
    """Kill the desk and wait until another one answers."""
    before = stage.server.desk
    stage.server.kill_desk()

    async def is_back() -> bool:
        try:
            await stage.server.get("/health")
        except DeskAway:
            return False
        return stage.server.desk not in (0, before)

    await eventually(is_back, "another desk")


async def ticket_is(stage: Stage, state: str) -> bool:
    return f'"state":"{state}"' in await stage.server.get(f"/api/tickets/{stage.ticket}")


async def kill_browser(stage: Stage) -> None:
    """kill -9 of every process of the browser, which is this test's own."""
    browser = stage.context.browser
    assert browser
    for _, process in await processes_of(browser):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
