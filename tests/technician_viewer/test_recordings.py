"""A recording, made with the real agent and relay, and played back from what lies on the server's disk."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from demo.customer import Customer
from demo.organisation import PASSWORD, TECHNICIAN, Organisation, Relay
from protocol.identity import text_hash
from protocol.recording import read_segment, recording_of, segment_hash
from protocol.recording_keys import SUITE, open_recording_key
from protocol.session_log import (
    AccessEnded,
    ClipboardMoved,
    EpochBegan,
    KeySealed,
    Opened,
    RecordingContinued,
    RecordingPaused,
    SegmentClosed,
    Titled,
)
from protocol.vocabulary import Capability, Hold, RecordingState
from relay.keys import load_key
from relay.settings import read_settings
from technician_viewer import auditor_key
from technician_viewer.client import Helping
from technician_viewer.desk import Desk
from technician_viewer.playback import Playback
from tests.organisations import made_organisation, running_organisation, short_folder
from tests.recordings import Held, held_of
from tests.technician_viewer.conftest import COLOUR, Desktop
from tests.technician_viewer.test_client import PLACE, open_session, press, start_agent
from tests.waiting import eventually

SECRET = "demonstration-only-secret-of-the-keys"
RED, GREEN = (0xD0, 0x20, 0x10), (0x10, 0x90, 0x30)


@pytest.fixture(scope="module")
def organisation() -> Iterator[Organisation]:
    with running_organisation(recording="asked") as organisation:
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


def titles(held: Held, auditor: auditor_key.AuditorKeys) -> list[str]:
    """In which windows the customer worked, as an auditor reads it."""
    key = held.key_for(auditor)
    found = [entry.number for entry in held.entries if isinstance(entry.event, Titled)]
    return [json.loads(key.open_content(held.beside[number]))["title"] for number in found]


async def test_auditors_read_in_which_windows_the_customer_worked_and_nothing_of_a_pause(
    desk: Desk,
    organisation: Organisation,
    desktop: Desktop,
    customer: Customer,
    auditor: auditor_key.AuditorKeys,
) -> None:
    async def work_in(title: str) -> None:
        desktop.display.start("xterm", "-title", title, "-e", "sleep", "600")
        search = ("xdotool", "search", "--sync", "--onlyvisible", "--name", f"^{title}$", "windowactivate", "--sync")
        await asyncio.to_thread(desktop.display.run, *search)

    async def until_titled(count: int) -> None:
        assert session.viewing
        entries = session.viewing.entries
        await session.wait_until(lambda: sum(isinstance(entry.event, Titled) for entry in entries) >= count)

    async with recorded(desk, organisation, desktop, customer) as session:
        await until_titled(1)  # what was active when the recording began
        await work_in("Courrier")
        await until_titled(2)
        await press(customer, "Pause the recording")
        await until_recording(session, RecordingState.PAUSED)
        await work_in("Secret")
        await paint(desktop, session, RED)
        await work_in("Banque")
        await press(customer, "Record again")
        await until_titled(3)
    held = await kept(organisation, session)
    read = titles(held, auditor)
    assert "Courrier" in read
    assert "Banque" in read
    assert not {"Secret", "Mainforte"} & set(read), read
    assert not any(b"Courrier" in beside for beside in held.beside.values())


async def test_auditors_read_how_each_text_of_the_clipboard_began_but_for_what_went_over_it_in_a_pause(
    desk: Desk,
    organisation: Organisation,
    desktop: Desktop,
    customer: Customer,
    auditor: auditor_key.AuditorKeys,
) -> None:
    async with recorded(desk, organisation, desktop, customer) as session:
        await session.ask_access(Capability.CLIPBOARD, "To give you the address")
        await press(customer, "Share the clipboard")
        await session.wait_until_allowed(Capability.CLIPBOARD)
        await session.wait_until_input_goes()
        await session.put_on_clipboard("Zürich\t漢字\n" + "x" * 3000)
        await press(customer, "Pause the recording")
        await until_recording(session, RecordingState.PAUSED)
        await session.put_on_clipboard("Secret")
    held = await kept(organisation, session)
    moves = [(entry.number, entry.event) for entry in held.entries if isinstance(entry.event, ClipboardMoved)]
    (first, recorded_move), (_, paused_move) = moves
    assert (recorded_move.characters, paused_move.characters) == (3010, 6)
    begins = json.loads(held.key_for(auditor).open_content(held.beside[first]))["text"]
    assert begins == "Zürich 漢字\n" + "x" * 1990
    assert paused_move.content == b""


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


async def test_a_relay_that_is_killed_while_it_records_costs_nothing_of_the_recording(
    tmp_path: Path, desktop: Desktop, customer: Customer
) -> None:
    with short_folder() as folder:
        relay = Relay(made_organisation(folder, recording="asked"), tmp_path / "relay.log")
        organisation = relay.organisation
        keys = auditor_key.load(organisation.auditor_key, PASSWORD)
        await asyncio.to_thread(relay.start)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                desk = Desk(http, organisation.address, root_fingerprint=organisation.root_fingerprint)
                await desk.sign_in(TECHNICIAN, PASSWORD, organisation.code())
                async with recorded(desk, organisation, desktop, customer) as session:
                    for colour in (RED, GREEN, COLOUR, RED):
                        await paint(desktop, session, colour)
                        # Some segments are stored by now, one is on its way, one is not even begun.
                        relay.kill()
                        await asyncio.to_thread(relay.start)
                        await session.wait_until_back()
                    await paint(desktop, session, GREEN)
                assert session.viewing
                held = await kept(organisation, session)
            playback = held.playback(keys)
            assert colours(playback, held) == [COLOUR, RED, GREEN, COLOUR, RED, GREEN]
            assert bytes(playback.pictures.of(0).bgrx) == bytes(session.viewing.pictures.of(0).bgrx)
            assert (
                recording_of(held.entries).missing({n: segment_hash(data) for n, data in held.segments.items()}) == []
            )
        finally:
            relay.stop()


async def test_agents_that_were_given_the_document_of_before_go_on_when_the_key_of_the_log_of_all_sessions_changes(
    tmp_path: Path, desktop: Desktop, customer: Customer
) -> None:
    with short_folder() as folder:
        relay = Relay(made_organisation(folder, recording="asked"), tmp_path / "relay.log")
        organisation = relay.organisation
        await asyncio.to_thread(relay.start)
        try:
            async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
                desk = Desk(http, organisation.address, root_fingerprint=organisation.root_fingerprint)
                await desk.sign_in(TECHNICIAN, PASSWORD, organisation.code())
                async with recorded(desk, organisation, desktop, customer) as session:
                    relay.stop()
                    root = (
                        "--root-key",
                        f"{folder}/carried-away.pem",
                        "--passphrase-file",
                        f"{folder}/root-passphrase",
                    )
                    await asyncio.to_thread(organisation.command, "change-log-key", *root)
                    await asyncio.to_thread(relay.start)
                    await session.wait_until_back()
                    await paint(desktop, session, RED)
                # Its end was proven to it under both keys. Another one begins with the package of before.
                async with recorded(desk, organisation, desktop, customer) as later:
                    await paint(desktop, later, GREEN)
                for each in (session, later):
                    held = await kept(organisation, each)
                    log = await desk.session_log(held.session)
                    opened = held.entries[0].event
                    assert isinstance(opened, Opened)
                    assert opened.document == text_hash(log.document), "the one that the agent was given"
                    said = organisation.command("evidence", "check")
                    assert "Everything holds." in said, said
        finally:
            relay.stop()


# --- an operator who has everything -----------------------------------------------------------------------------------------


def key_among(data: bytes, commitments: dict[bytes, bytes]) -> bool:
    """Whether any 32 bytes that lie there one after the other are a key that was committed to: the label, and the commitment."""
    begun = [(hashlib.sha256(label), commitment) for label, commitment in commitments.items()]
    candidates = {data[at : at + 32] for at in range(len(data) - 31)}
    for candidate in candidates:
        for start, commitment in begun:
            digest = start.copy()
            digest.update(candidate)
            if digest.digest() == commitment:
                return True
    return False


def raw_key(held: Held, keys: auditor_key.AuditorKeys) -> bytes:
    sealed = held.key_sealed.event
    assert isinstance(sealed, KeySealed)
    return open_recording_key(held.seals, keys.hpke, sealed.commitment)


def content(path: Path) -> bytes:
    """What is in a file; nothing where it was there only until what it holds had its place."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        assert path.name.endswith((".new", "-journal")), path
        return b""


async def test_nothing_that_lies_on_the_server_opens_what_was_recorded(
    desk: Desk,
    organisation: Organisation,
    desktop: Desktop,
    customer: Customer,
    auditor: auditor_key.AuditorKeys,
) -> None:
    async with recorded(desk, organisation, desktop, customer) as session:
        await paint(desktop, session, RED)
    held = await kept(organisation, session)
    sealed = held.key_sealed.event
    assert isinstance(sealed, KeySealed)
    session_id, epochs = held.session, [e.event for e in held.entries if isinstance(e.event, EpochBegan)]
    commitments = {b"mainforte-v1 recording key commitment\0" + session_id.encode(): sealed.commitment}
    for epoch in epochs:
        label = b"mainforte-v1 epoch key commitment\0" + session_id.encode() + epoch.epoch.to_bytes(4, "big")
        commitments[label] = epoch.commitment
    # The auditor's file lies on the auditor's machine, the root's in a safe: all else is the server's.
    files = [path for path in organisation.folder.rglob("*") if path.is_file()]
    assert {"database.sqlite3", "issuing-key.pem", "log-key.pem"} <= {path.name for path in files}
    everything = b"".join(content(path) for path in files if "recordings" not in path.parts)
    assert not await asyncio.to_thread(key_among, everything, commitments)
    assert key_among(b"before" + raw_key(held, auditor) + b"after", commitments), "the search finds a key that is there"
    # Nor do the keys that its secret opens, should somebody try them as if they were an auditor's.
    for name in ("issuing_key", "log_key"):
        settings = read_settings(organisation.folder / "mainforte.toml", {})
        raw = load_key(getattr(settings, name), SECRET).private_bytes_raw()
        for seal in held.seals.seals:
            with pytest.raises((InvalidTag, ValueError)):
                SUITE.decrypt(seal.sealed, X25519PrivateKey.from_private_bytes(raw), b"")
    # What is kept is what was sealed: no run of the colour that filled the screen is among it.
    pixels = bytes([RED[2], RED[1], RED[0], 0]) * 4
    for data in held.segments.values():
        assert read_segment(data)
        assert pixels not in data


# --- no recording, no control -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict() -> Iterator[Organisation]:
    """An organisation where nobody controls who is not recorded."""
    with running_organisation(recording="required") as organisation:
        yield organisation


@pytest.fixture(scope="module")
def strict_desk_cookies() -> dict[str, str]:
    return {}


@asynccontextmanager
async def strict_session(
    strict: Organisation, cookies: dict[str, str], desktop: Desktop, customer: Customer
) -> AsyncIterator[Helping]:
    """The customer has allowed to see and to control; whether it may be recorded, they are being asked."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        desk = Desk(http, strict.address, root_fingerprint=strict.root_fingerprint)
        if cookies:
            http.cookie_jar.update_cookies(cookies)
            await desk.me()
        else:
            await desk.sign_in(TECHNICIAN, PASSWORD, strict.code())
            cookies.update({cookie.key: cookie.value for cookie in http.cookie_jar})
        async with Helping(await open_session(desk)) as session:
            start_agent(session, strict, desktop)
            await press(customer, "Let them see and control")
            await session.wait_until_allowed(Capability.VIEW)
            yield session


def may(session: Helping, capability: Capability) -> bool:
    return session.viewing is not None and capability in session.viewing.capabilities


async def test_without_a_recording_nobody_controls_and_the_session_goes_on(
    strict: Organisation, strict_desk_cookies: dict[str, str], desktop: Desktop, customer: Customer
) -> None:
    async with strict_session(strict, strict_desk_cookies, desktop, customer) as session:
        await session.wait_for_picture()
        assert not may(session, Capability.CONTROL)
        await press(customer, "Do not record")
        await session.wait_until(
            lambda: any(isinstance(entry.event, AccessEnded) for entry in session.viewing.entries)  # type: ignore[union-attr]
        )
        assert may(session, Capability.VIEW)
        assert not may(session, Capability.CONTROL)
        assert session.viewing
        ended = [entry.event for entry in session.viewing.entries if isinstance(entry.event, AccessEnded)]
        assert [(event.capability, event.by) for event in ended] == [(Capability.CONTROL, "recording")]


async def test_control_comes_with_the_recording_is_held_while_it_is_paused_and_ends_with_it(
    strict: Organisation, strict_desk_cookies: dict[str, str], desktop: Desktop, customer: Customer
) -> None:
    async with strict_session(strict, strict_desk_cookies, desktop, customer) as session:
        await press(customer, "Let it be recorded")
        await session.wait_until_allowed(Capability.CONTROL)
        assert session.viewing
        viewing = session.viewing
        assert viewing.recording is RecordingState.ON
        await press(customer, "Pause the recording")
        await session.wait_until(lambda: Hold.UNRECORDED in viewing.holds)
        await press(customer, "Record again")
        await session.wait_until(lambda: Hold.UNRECORDED not in viewing.holds)
        assert may(session, Capability.CONTROL)
        await press(customer, "End the recording")
        await session.wait_until(lambda: not may(session, Capability.CONTROL))
        assert may(session, Capability.VIEW)
        ended = [entry.event for entry in viewing.entries if isinstance(entry.event, AccessEnded)]
        said = [(event.participant == "", event.capability, event.by) for event in ended]
        assert said == [(True, Capability.RECORD, "customer"), (False, Capability.CONTROL, "recording")]
