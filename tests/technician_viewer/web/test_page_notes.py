"""Notes on the technician's page: what they say is only sealed in the log, and still there after the page was loaded again."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.journeys.stage import Server, Stage
from tests.organisations import short_folder
from tests.waiting import eventually

NOTE = "Le câble était desserré."

# What the tab keeps of its session, as one text.
KEPT = """async () => {
  const open = indexedDB.open("mainforte");
  await new Promise((resolve) => { open.onsuccess = resolve; });
  const all = open.result.transaction("sessions").objectStore("sessions").getAll();
  await new Promise((resolve) => { all.onsuccess = resolve; });
  open.result.close();
  return JSON.stringify(all.result);
}"""


@pytest.fixture(scope="module")
def recording_server() -> Iterator[Server]:
    with short_folder() as folder:
        server = Server(folder, recording="asked")
        yield server
        server.stop()


@pytest.fixture
def server(recording_server: Server) -> Server:
    return recording_server


async def test_a_note_says_the_same_after_the_page_was_loaded_again_and_nothing_of_it_stays_after_the_session(
    stage: Stage,
) -> None:
    await stage.reach_recorded_control()
    await stage.technician.write_note(NOTE)

    async def is_kept() -> bool:
        return NOTE in await stage.page.evaluate(KEPT)

    await eventually(is_kept, "the note in what the tab keeps")
    await stage.page.reload()
    await stage.page.wait_for_selector("body[data-state=live]")
    await stage.page.locator("#notes summary").click()
    await expect(stage.page.locator("#notes-list li")).to_contain_text([NOTE])
    await stage.press("Stop")
    await stage.page.wait_for_selector("body[data-state=ended]")

    async def is_gone() -> bool:
        return not await is_kept()

    await eventually(is_gone, "nothing of the session in the browser")
