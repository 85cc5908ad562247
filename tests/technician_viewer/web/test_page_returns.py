"""The technician's page after a cut: loaded again, with a relay that was killed, with an agent that stood still."""

import re
import signal

from playwright.async_api import Page, expect

from tests.journeys.stage import Stage
from tests.technician_viewer.web.test_page_session import LEFT, RIGHT, Keys
from tests.waiting import eventually

KEPT = """async () => {
  const names = await indexedDB.databases();
  if (!names.some((each) => each.name === "mainforte")) return [];
  const opening = indexedDB.open("mainforte");
  const database = await new Promise((resolve) => { opening.onsuccess = () => resolve(opening.result); });
  const all = database.transaction("sessions").objectStore("sessions").getAll();
  return new Promise((resolve) => { all.onsuccess = () => resolve(all.result.map((each) => each.session)); });
}"""


async def keeps(page: Page, count: int) -> bool:
    """Whether the browser keeps so many sessions for this page."""
    return len(await page.evaluate(KEPT)) == count


async def test_a_page_that_is_loaded_again_goes_on_and_a_copy_of_its_tab_takes_nothing(stage: Stage) -> None:
    keys = Keys(await stage.reach_control())
    page = stage.page
    await eventually(lambda: keeps(page, 1), "the session to be kept")
    await page.reload()
    await stage.technician.wait_for_access("control")
    await stage.technician.wait_for_picture()
    await stage.technician_reads("Connected again")
    await stage.technician.keyboard_is_remote()
    await page.keyboard.press("ArrowLeft")
    await eventually(lambda: LEFT in keys.down(), "the key at the customer's window")
    assert not stage.customer.sees("Refuse")

    async with page.expect_popup() as opened:
        await page.evaluate("void window.open(location.href)")
    copy = await opened.value
    await copy.wait_for_selector("body[data-state=begin]")
    await copy.close()
    await expect(page.locator("body")).to_have_attribute("data-picture", "live")

    await page.locator("#end").click()
    await stage.technician_reads("You ended the session")
    await eventually(lambda: keeps(page, 0), "the session to be forgotten")
    await stage.log_has("opened", "cut", "resumed", "ended")
    await page.reload()
    await page.wait_for_selector("body[data-state=begin]")


async def test_a_relay_that_is_killed_is_waited_for_and_a_code_it_forgot_is_replaced_by_one_press(stage: Stage) -> None:
    await stage.reach_code()
    stage.server.kill()
    await stage.technician_reads("This code was not opened")
    stage.server.start()
    await stage.page.locator("#new-code").click()
    await stage.read_code()
    stage.start_agent(stage.code)
    await stage.technician.wait_for_prompt()
    await stage.press("Let them see and control")
    await stage.technician.wait_for_access("control")
    await stage.technician.wait_for_picture()
    keys = Keys(await stage.listen())
    await stage.technician.keyboard_is_remote()

    stage.server.kill()
    page = stage.page
    await page.wait_for_selector("body[data-link=away]")
    await stage.technician_reads(
        re.compile(r"Connection interrupted.*To see: 4:\d\d left.*To control: 0:\d\d left", re.DOTALL)
    )
    await page.keyboard.press("ArrowLeft")
    stage.server.start()
    await stage.technician.wait_for_picture()
    await expect(page.locator("body")).to_have_attribute("data-access", "control")
    await page.keyboard.press("ArrowRight")
    await eventually(lambda: RIGHT in keys.down(), "the key that was pressed afterwards")
    assert keys.down() == [RIGHT]


async def test_an_agent_that_stood_still_for_longer_than_a_connection_lives_comes_back(stage: Stage) -> None:
    keys = Keys(await stage.reach_control())
    page = stage.page
    assert stage.agent
    stage.agent.send_signal(signal.SIGSTOP)
    try:
        await page.wait_for_selector("body[data-picture=late]")
        await page.wait_for_selector("body[data-link=away]")
        await page.keyboard.press("ArrowLeft")
    finally:
        stage.agent.send_signal(signal.SIGCONT)
    await stage.technician.wait_for_picture()
    await page.keyboard.press("ArrowRight")
    await eventually(lambda: RIGHT in keys.down(), "the key that was pressed afterwards")
    assert keys.down() == [RIGHT]
