"""A full disk at the relay in mid-session: what the customer takes back is gone at once, what they newly allow does not count."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.gone import log_is_kept, nothing_is_down
from tests.journeys.stage import Server, Stage


@pytest.fixture
def server() -> Iterator[Server]:
    """A relay whose data lies on a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount the small file system of this test")
    with tempfile.TemporaryDirectory(prefix="mf") as folder:
        disk = Path(folder) / "organisation"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=False).returncode:
            pytest.skip("this machine does not let us mount a tmpfs")
        try:
            server = Server(Path(folder))
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


def fill_disk(stage: Stage) -> Path:
    """Take all the room that is left; gives the file that takes it."""
    ballast = stage.server.organisation.folder / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(bytes(16 * 1024 * 1024))
    return ballast
