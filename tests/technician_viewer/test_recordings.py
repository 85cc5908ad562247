"""A recording, made with the real agent and relay, and played back from what lies on the server's disk."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from demo.customer import Customer
from demo.organisation import PASSWORD, Organisation, made_organisation, served
from protocol.session_log import EpochBegan, RecordingContinued, RecordingPaused, SegmentClosed
from protocol.vocabulary import Capability, RecordingState
from technician_viewer import auditor_key
from technician_viewer.client import Helping
from technician_viewer.desk import Desk
from technician_viewer.playback import Playback
from tests.recordings import Held, held_of
from tests.technician_viewer.conftest import COLOUR, Desktop, free_port
from tests.technician_viewer.test_client import PLACE, open_session, press, start_agent
from tests.waiting import eventually

RED, GREEN = (0xD0, 0x20, 0x10), (0x10, 0x90, 0x30)


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    with tempfile.TemporaryDirectory(prefix="mf") as name:
        folder = Path(name)
        organisation = made_organisation(folder, free_port(), recording="asked")
        with served(organisation, folder / "relay.log"):
            yield organisation


@pytest.fixture(scope="module")
def auditor(organisation: Organisation) -> auditor_key.AuditorKeys:
    return auditor_key.load(organisation.auditor_key, PASSWORD)


async def paint(desktop: Desktop, session: Helping, colour: tuple[int, int, int]) -> bytes:
    """Have the customer's desktop in another colour, and give the whole picture as the technician sees it."""
    desktop.display.run("xsetroot", "-solid", "#{:02x}{:02x}{:02x}".format(*colour))
    picture = await session.wait_for_picture(lambda picture: picture.colour_at(*PLACE) == colour)
    return bytes(picture.bgrx)


async def until_recording(session: Helping, state: RecordingState) -> None:
    await session.wait_until(lambda: session.viewing is not None and session.viewing.recording is state)


@asynccontextmanager
async def recorded(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> AsyncIterator[Helping]:
    async with Helping(await open_session(desk)) as session:
        start_agent(session, organisation, desktop)
        await press(customer, "Let them see and control")
        await press(customer, "Let it be recorded")
        await until_recording(session, RecordingState.ON)
        await session.wait_for_picture()
        yield session


async def kept(organisation: Organisation, session: Helping) -> Held:
    """What the server has, once it has all of it."""
    assert session.viewing
    name = session.viewing.purpose.session

    def all_of_it() -> Held | None:
        held = held_of(organisation.folder, name)
        said = [entry.event for entry in held.entries if isinstance(entry.event, SegmentClosed)]
        is_over = held.entries and type(held.entries[-1].event).__name__ == "SessionEnded"
        return held if is_over and len(said) == len(held.segments) else None

    held = await eventually(all_of_it, "the whole recording on the server")
    assert held
    return held


def colours(playback: Playback, held: Held) -> list[tuple[int, int, int]]:
    """What can be seen at one place, one after the other, from the first segment to the last."""
    seen: list[tuple[int, int, int]] = []
    for number in range(len(playback.segments)):
        for _ in playback.play(number, held.segments[number]):
            colour = playback.pictures.of(0).colour_at(*PLACE)
            if not seen or seen[-1] != colour:
                seen.append(colour)
    return seen


async def test_a_recording_is_played_back_to_the_exact_last_picture(
    desk: Desk,
    organisation: Organisation,
    desktop: Desktop,
    customer: Customer,
    auditor: auditor_key.AuditorKeys,
) -> None:
    async with recorded(desk, organisation, desktop, customer) as session:
        await paint(desktop, session, RED)
        await paint(desktop, session, GREEN)
    assert session.viewing
    held = await kept(organisation, session)
    playback = held.playback(auditor)
    assert colours(playback, held) == [COLOUR, RED, GREEN]
    assert bytes(playback.pictures.of(0).bgrx) == bytes(session.viewing.pictures.of(0).bgrx)


async def test_what_comes_while_the_recording_is_paused_nobody_can_watch_later(
    desk: Desk,
    organisation: Organisation,
    desktop: Desktop,
    customer: Customer,
    auditor: auditor_key.AuditorKeys,
) -> None:
    async with recorded(desk, organisation, desktop, customer) as session:
        await press(customer, "Pause the recording")
        await until_recording(session, RecordingState.PAUSED)
        await paint(desktop, session, RED)
        await press(customer, "Record again")
        await until_recording(session, RecordingState.ON)
        await paint(desktop, session, GREEN)
        assert session.viewing
        assert Capability.CONTROL in session.viewing.capabilities
    held = await kept(organisation, session)
    playback = held.playback(auditor)
    assert [colour for colour in colours(playback, held) if colour != RED][-1] == GREEN
    events = [entry.event for entry in held.entries]
    paused, continued = (
        next(i for i, e in enumerate(events) if isinstance(e, kind)) for kind in (RecordingPaused, RecordingContinued)
    )
    unsealed = [event for event in events[paused:continued] if isinstance(event, EpochBegan)]
    assert [event.wrapped for event in unsealed] == [b""]
    assert not any(isinstance(event, SegmentClosed) and event.epoch == unsealed[0].epoch for event in events)
