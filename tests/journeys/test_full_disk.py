"""A full disk at the relay in mid-session: what the customer takes back is gone at once, what they newly allow does not count."""

import os
import random
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from client_agent.screen.source import Box
from tests.client_agent.desktop import Painter
from tests.journeys.gone import log_is_kept, nothing_is_down
from tests.journeys.stage import Server, Stage
from tests.organisations import short_folder
from tests.waiting import eventually


@pytest.fixture
def recording() -> str:
    """The organisation's rule; a test with another one names it as a parameter."""
    return "off"


@pytest.fixture
def server(recording: str) -> Iterator[Server]:
    """A relay whose data lies on a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small file system of this test")
    with short_folder() as folder:
        disk = folder / "organisation"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(disk)], check=False).returncode:
            pytest.skip("this machine does not let us mount a tmpfs")
        try:
            server = Server(folder, recording=recording)
            yield server
            server.stop()
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_with_a_full_disk_control_is_taken_back_at_once_and_a_new_yes_does_not_count(stage: Stage) -> None:
    ears = await stage.reach_control()
    await stage.hold_key(ears)
    fill_disk(stage)
    await stage.press("Take back control")
    await stage.technician.wait_for_access("view")
    await nothing_is_down(stage)
    await stage.page.locator("#ask-control").click()
    await stage.press("Let them control")
    await stage.technician_reads(re.compile("could not be recorded"))
    await stage.customer_reads("Your yes could not be written down, so nothing has been allowed.")
    assert await stage.page.get_attribute("body", "data-access") == "view"


async def test_what_a_full_disk_could_not_store_is_on_the_ticket_once_there_is_room_again(stage: Stage) -> None:
    await stage.reach_control()
    ballast = fill_disk(stage)
    await stage.press("Take back control")
    await stage.technician.wait_for_access("view")
    ballast.unlink()
    await stage.press("Stop")
    await stage.page.wait_for_selector("body[data-state=ended]")
    await log_is_kept(stage, "opened", "asked", "answered", "access_ended", "ended")


# More than the 8 MiB that an agent keeps for a server without room: each of these pictures, once it is exact, is 1 MB.
NOISE = Box(40, 200, 800, 450)
PICTURES = 11
# Corners of fields, in the picture's pixels: what is coarse becomes exact in boxes, one after the other.
PLACES = [(x, y) for x in (*range(0, 800, 100), 799) for y in (*range(0, 450, 50), 449)]


@pytest.mark.parametrize("recording", ["asked"])
async def test_a_recorded_session_goes_on_with_a_full_disk_and_the_ticket_names_what_could_not_be_kept(
    stage: Stage,
) -> None:
    ears = await stage.reach_recorded_control()
    ballast = fill_disk(stage)
    # What was allowed goes on: input arrives, and pictures come, exact to the pixel.
    await stage.hold_key(ears)
    await stage.page.keyboard.up("ArrowLeft")
    await show_more_than_is_kept(stage)
    # What is newly allowed does not count, and taking back always does.
    await stage.press("Take back control")
    await stage.technician.wait_for_access("view")
    await nothing_is_down(stage)
    await stage.page.locator("#ask-control").click()
    await stage.press("Let them control")
    await stage.technician_reads(re.compile("could not be recorded"))
    # The entries waited at the agent. What of the recording was too much for it, log and ticket name.
    ballast.unlink()
    await stage.press("Stop")
    await stage.page.wait_for_selector("body[data-state=ended]")
    log = await log_is_kept(stage, "opened", "key_sealed", "ended")
    lost = [entry["event"] for entry in log.entries if entry["event"]["type"] == "segment_lost"]
    assert {event["why"] for event in lost} == {"storage"}
    # The yes that was not stored in time is there, and so is that it did not count.
    assert log.events.count("access_ended") == 2

    told = re.compile(
        r"Recording incomplete: \d+ of \d+ pieces (is|are) missing.*the server had no room for it", re.DOTALL
    )

    async def is_told() -> bool:
        return told.search(await stage.server.get(f"/tickets/{stage.ticket}")) is not None

    await eventually(is_told, "what is missing, on the ticket")


async def show_more_than_is_kept(stage: Stage) -> None:
    """Pictures that cannot be made small, each seen by the technician to the last bit."""
    painter, chance = Painter(stage.display, NOISE), random.Random(4)
    for _ in range(PICTURES):
        pixels = chance.randbytes(NOISE.width * NOISE.height * 4)
        painter.put(Box(0, 0, NOISE.width, NOISE.height), pixels)
        await eventually(partial(is_exact, stage, pixels), "the exact picture on the technician's page")
    painter.close()


async def is_exact(stage: Stage, pixels: bytes) -> bool:
    """Whether the technician sees these pixels at each of the places."""
    for x, y in PLACES:
        at = (y * NOISE.width + x) * 4
        blue, green, red = pixels[at : at + 3]
        if not await stage.technician.shows((NOISE.x + x, NOISE.y + y), (red, green, blue)):
            return False
    return True


def fill_disk(stage: Stage) -> Path:
    """Take all the room that is left; gives the file that takes it."""
    ballast = stage.server.organisation.folder / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(bytes(64 * 1024 * 1024))
    return ballast
