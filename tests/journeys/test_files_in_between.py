"""Files of the Python client and the text agent: a cut, a withdrawal and a kill in the middle, and what the other side then has."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from protocol.session_log import FileTransferred
from protocol.vocabulary import Capability, FileOutcome
from technician_viewer.client import FileNotMoved
from tests.journeys.scene import DEADLINE_S, Scene
from tests.waiting import eventually

DATA = os.urandom(6_000_000)


async def exchanges_files(scene: Scene) -> Path:
    """The customer has allowed files; gives the folder for downloads."""
    await scene.begin(asks=Capability.VIEW)
    await scene.agent.answer("Let them see my screen")
    async with asyncio.timeout(DEADLINE_S):
        await scene.session.wait_until_allowed(Capability.VIEW)
        await scene.session.ask_access(Capability.FILES, "The manual")
        await scene.agent.answer("Allow files")
        await scene.session.wait_until_allowed(Capability.FILES)
    return scene.folder / "Downloads"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def has_begun(folder: Path, size: int) -> None:
    """Wait until so many bytes of a file are there, under no name of its own yet."""

    def is_there() -> bool:
        return any(path.name.startswith(".mainforte-") and path.stat().st_size >= size for path in folder.iterdir())

    await eventually(is_there, "a part of the file")


def outcomes(scene: Scene) -> list[FileOutcome]:
    assert scene.session.viewing
    return [each.event.outcome for each in scene.session.viewing.entries if isinstance(each.event, FileTransferred)]


async def test_files_go_on_after_a_cut_and_stop_at_once_with_a_withdrawal_or_a_kill(scene: Scene) -> None:
    folder = await exchanges_files(scene)
    await goes_on_after_a_cut(scene, folder)
    await stops_with_a_withdrawal(scene, folder)
    await leaves_nothing_after_a_kill(scene, folder)


async def goes_on_after_a_cut(scene: Scene, folder: Path) -> None:
    """In both directions."""
    sending = asyncio.create_task(scene.session.send_file("notice.bin", DATA))
    await has_begun(folder, 200_000)
    scene.viewers.cut()
    await scene.is_cut()
    scene.viewers.mend()
    async with asyncio.timeout(DEADLINE_S):
        await sending
    assert (folder / "notice.bin").read_bytes() == DATA

    asking = asyncio.create_task(scene.session.ask_file("The same again"))
    await eventually(lambda: "Type where the file is" in scene.agent.said(), "the question to the customer")
    scene.agent.type(str(folder / "no such file"))
    await eventually(lambda: "There is no file of that name" in scene.agent.said(), "the question put again")
    scene.agent.type(str(folder / "notice.bin"))
    assert scene.session.viewing
    await scene.session.wait_until(lambda: scene.session.viewing and scene.session.viewing.files.has_begun)
    scene.agents.cut()
    await scene.is_cut()
    scene.agents.mend()
    async with asyncio.timeout(DEADLINE_S):
        name, data = await asking
    assert (name, hashlib.sha256(data).digest()) == ("notice.bin", hashlib.sha256(DATA).digest())
    await scene.log_says('"direction":"from_customer"')
    assert outcomes(scene) == [FileOutcome.MOVED, FileOutcome.MOVED]


async def stops_with_a_withdrawal(scene: Scene, folder: Path) -> None:
    sending = asyncio.create_task(scene.session.send_file("other.bin", DATA))
    await has_begun(folder, 100_000)
    scene.agent.type("fx")
    with pytest.raises(FileNotMoved) as not_moved:
        async with asyncio.timeout(DEADLINE_S):
            await sending
    assert not_moved.value.outcome is FileOutcome.WITHDRAWN
    await eventually(lambda: names_in(folder) == ["notice.bin"], "nothing of the other file")
    await scene.session.wait_until(lambda: Capability.FILES not in scene.session.capabilities)
    await scene.log_says('"outcome":"withdrawn"')


async def leaves_nothing_after_a_kill(scene: Scene, folder: Path) -> None:
    await scene.session.ask_access(Capability.FILES, "The manual")
    await scene.agent.answer("Allow files")
    await scene.session.wait_until_allowed(Capability.FILES)
    sending = asyncio.create_task(scene.session.send_file("last.bin", DATA))
    await has_begun(folder, 100_000)
    scene.agent.process.kill()
    scene.agent.process.wait()
    assert "last.bin" not in names_in(folder)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
