"""The Python client with the real relay, and the real agent on a display of its own."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from client_agent.screen.source import Box
from demo.customer import Customer
from demo.organisation import FULL_NAME, Organisation
from protocol import session_log
from protocol.codec import encode
from protocol.envelope import Envelope, Kind, wrap, wrap_relay
from protocol.errors import NotCertified, WrongSupportCode
from protocol.handshake import AgentHandshake, Offer
from protocol.identity import fingerprint_from_text, public_bytes
from protocol.relay_messages import RoomEntered
from protocol.support_code import parse
from protocol.vocabulary import Capability, Hold, Outcome
from technician_viewer.client import (
    CodeUsedUp,
    Desk,
    Helping,
    InputHeld,
    NotAllowed,
    NotReachable,
    OpenedSession,
    RoomRefused,
    SessionOver,
)
from technician_viewer.connection import RelayConnection, open_room_socket
from technician_viewer.errors import DeskRefused
from technician_viewer.pairing import draw_randomness
from tests.client_agent.desktop import Ears, XTerm
from tests.fakes.tcp_cable import TcpCable
from tests.technician_viewer.conftest import COLOUR, Desktop
from tests.waiting import eventually

REASON = "To look at the picture settings together"
TEXT = "L’œuvre est à 12 €, « naïve » : ß ñ Ж 中 😀 ê ë ù\n"
PLACE = (1270, 790)
"""Where no window is."""


async def open_session(desk: Desk, asks: Capability = Capability.CONTROL) -> OpenedSession:
    ticket = await desk.create_ticket("No picture on the television", "Agnès Blanc")
    return await desk.start_session(ticket.number, reason=REASON, asks=asks)


def start_agent(session: Helping, organisation: Organisation, desktop: Desktop) -> None:
    desktop.start_agent(organisation.package, session.code)


def press(customer: Customer, label: str) -> Awaitable[None]:
    return asyncio.to_thread(customer.press, label)


@asynccontextmanager
async def controlling(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> AsyncIterator[Helping]:
    """A session in which the customer has allowed everything and the picture is there."""
    async with Helping(await open_session(desk)) as session:
        start_agent(session, organisation, desktop)
        await press(customer, "Let them see and control")
        await session.wait_until_allowed(Capability.CONTROL)
        await session.wait_for_picture()
        await session.wait_until_input_goes()
        # No other window of the agent's is about to come, which would take the keyboard.
        await asyncio.to_thread(customer.find, "Stop")
        yield session


# --- helping -------------------------------------------------------------------------------------------------------------


async def test_a_customer_is_seen_and_helped_and_the_ticket_holds_a_log_that_both_signed(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer, tmp_path: Path
) -> None:
    async with controlling(desk, organisation, desktop, customer) as session:
        picture = await session.wait_for_picture(lambda picture: picture.colour_at(*PLACE) == COLOUR)
        assert (picture.width, picture.height) == (1280, 800)
        assert picture.image().getpixel(PLACE) == COLOUR
        terminal = XTerm(desktop.display, tmp_path)
        await session.type_text(TEXT)
        await asyncio.to_thread(terminal.await_text, TEXT)
    assert session.outcome is Outcome.COMPLETED
    assert session.viewing
    purpose = session.viewing.purpose

    async def is_complete() -> session_log.Verdict | None:
        log = await desk.session_log(purpose.session)
        verdict = session_log.verify(log.entries, log.heads, public_bytes(purpose.key))
        return verdict if verdict.is_complete and tuple(log.entries) == texts else None

    texts = session.viewing.entry_texts
    verdict = await eventually(is_complete, "the whole log, signed by both, on the ticket")
    assert verdict
    # How good the path was, and which computer it is, is told a moment after the first picture, wherever the session is then.
    later = session_log.PathChanged | session_log.DeviceDescribed
    events = [type(entry.event).__name__ for entry in verdict.entries if not isinstance(entry.event, later)]
    assert events == ["Opened", "Asked", "Answered", "EpochBegan", "InputCounted", "SessionEnded"]


async def test_clicks_and_keys_arrive_as_what_they_are_and_come_up_again(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with controlling(desk, organisation, desktop, customer) as session:
        ears = Ears(desktop.display, Box(0, 300, 300, 300))
        # Between a key's down and its up a busy machine may take so long that the server would repeat it.
        desktop.display.run("xset", "r", "off")
        await session.click(100, 400, button=2)
        await session.press("ControlLeft", "KeyS")
        await session.turn_wheel(100, 400, down=1)
        heard: list[tuple[str, int]] = []

        def all_came() -> bool:
            heard.extend(ears.heard())
            return len(heard) >= 8

        await eventually(all_came, "eight events")
        ears.close()
    buttons = [("button down", 3), ("button up", 3)]
    keys = [("key down", 37), ("key down", 39), ("key up", 39), ("key up", 37)]
    assert heard == [*buttons, *keys, ("button down", 5), ("button up", 5)]


async def test_a_window_that_appears_is_seen_and_the_pointer_is_known(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with controlling(desk, organisation, desktop, customer) as session:
        desktop.display.run("xsetroot", "-solid", "#d02010")
        await session.wait_for_picture(lambda picture: picture.colour_at(*PLACE) == (0xD0, 0x20, 0x10))
        await session.move(*PLACE)
        assert session.viewing
        pictures = session.viewing.pictures
        await session.wait_until(
            lambda: pictures.pointer and (pictures.pointer.x, pictures.pointer.y) == PLACE and pictures.pointer_shape
        )


async def test_control_is_asked_for_given_back_and_asked_for_again(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with Helping(await open_session(desk, Capability.VIEW)) as session:
        start_agent(session, organisation, desktop)
        await press(customer, "Let them see my screen")
        await session.wait_until_allowed(Capability.VIEW)
        await session.wait_for_picture()
        with pytest.raises(InputHeld) as held:
            await session.type_text("too early")
        assert "not_allowed" in held.value.reasons
        await session.ask_access(Capability.CONTROL, "To press the button for you")
        await press(customer, "Let them control")
        await session.wait_until_allowed(Capability.CONTROL)
        await session.give_back_control()
        await session.wait_until(lambda: Capability.CONTROL not in session.capabilities)
        assert Capability.VIEW in session.capabilities


async def test_a_yes_to_seeing_alone_is_a_no_to_control(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with Helping(await open_session(desk)) as session:
        start_agent(session, organisation, desktop)
        await press(customer, "Let them see my screen")
        with pytest.raises(NotAllowed) as no:
            await session.wait_until_allowed(Capability.CONTROL)
        assert (no.value.capability, no.value.why) == (Capability.CONTROL, "refused")
        await session.wait_until_allowed(Capability.VIEW)


async def test_a_no_ends_the_session_and_says_so(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with Helping(await open_session(desk)) as session:
        start_agent(session, organisation, desktop)
        await press(customer, "Refuse")
        with pytest.raises((NotAllowed, SessionOver)):
            await session.wait_until_allowed(Capability.VIEW)
        with pytest.raises(SessionOver) as over:
            await session.wait_until(lambda: False)
    assert over.value.outcome is session.outcome is Outcome.DECLINED


async def test_what_the_customer_holds_holds_the_program(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with controlling(desk, organisation, desktop, customer) as session:
        await press(customer, "Pause")
        await session.wait_until(lambda: Hold.PAUSED in session.held_by)
        with pytest.raises(InputHeld, match="paused"):
            await session.type_text("a")
        await press(customer, "Stop")
        with pytest.raises(SessionOver) as over:
            await session.wait_until(lambda: False)
    assert over.value.outcome is Outcome.STOPPED


async def test_a_killed_agent_is_noticed_and_waited_for(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    async with Helping(await open_session(desk)) as session:
        agent = desktop.start_agent(organisation.package, session.code)
        await press(customer, "Let them see and control")
        await session.wait_until_allowed(Capability.CONTROL)
        agent.kill()
        async with asyncio.timeout(15):
            await session.wait_until(lambda: not session.is_connected)
        with pytest.raises(InputHeld, match="away"):
            await session.type_text("a")
        assert session.outcome is None
        assert session.kept.secrets
    assert session.outcome is Outcome.DROPPED


async def test_a_connection_that_goes_silent_is_late_within_two_seconds_and_holds_input(
    desk: Desk, organisation: Organisation, desktop: Desktop, customer: Customer
) -> None:
    port = int(organisation.address.rpartition(":")[2])
    async with TcpCable(port) as cable:
        opened = dataclasses.replace(await open_session(desk), address=f"http://localhost:{cable.port}")
        async with Helping(opened) as session:
            start_agent(session, organisation, desktop)
            await press(customer, "Let them see and control")
            await session.wait_until_allowed(Capability.CONTROL)
            await session.wait_for_picture()
            await session.wait_until(lambda: session.is_live)
            cable.stall()
            await session.wait_until(lambda: not session.is_live)
            with pytest.raises(InputHeld, match="late_picture"):
                await session.type_text("a")
            await session.wait_until(lambda: not session.is_connected)
            cable.go_on()
            await session.wait_until_back()
            await session.wait_until_input_goes()


# --- codes and rooms -----------------------------------------------------------------------------------------------------


async def try_code(organisation: Organisation, code: str) -> bool:
    """Somebody who types this code into an agent of theirs; whether the two ends agreed."""
    root = fingerprint_from_text(organisation.root_fingerprint)
    handshake = AgentHandshake(parse(code), root, Offer(("view",), ("zstd",), "agent"), draw_randomness())
    connection = RelayConnection(await open_room_socket(organisation.address))
    try:
        connection.send(wrap_relay(encode(RoomEntered(parse(code).room))))
        connection.send(wrap(Kind.HANDSHAKE, handshake.hello))
        async for envelope in connection.envelopes():
            if isinstance(envelope, Envelope) and envelope.kind is Kind.HANDSHAKE:
                for answer in handshake.receive(envelope.content):
                    connection.send(wrap(Kind.HANDSHAKE, answer))
            if handshake.channel:
                return True
    except WrongSupportCode:
        pass
    finally:
        await connection.close()
    return False


async def test_three_wrong_codes_use_it_up_and_a_fresh_one_works(desk: Desk, organisation: Organisation) -> None:
    opened = await open_session(desk)
    async with Helping(opened, secret="1234567") as session:
        wrong = f"{opened.room.room} 123 4568"
        assert [await try_code(organisation, wrong) for _ in range(3)] == [False] * 3
        with pytest.raises(CodeUsedUp):
            await session.wait_until_paired()
        assert session.attempts == 3
    assert session.outcome is Outcome.WRONG_CODE
    async with Helping(await desk.new_room(opened)) as again:
        assert again.code != session.code
        assert await try_code(organisation, again.code)
        await again.wait_until_paired()


async def test_a_wrong_code_leaves_the_room_open_for_the_right_one(desk: Desk, organisation: Organisation) -> None:
    async with Helping(await open_session(desk), secret="cerise violon") as session:
        assert session.code.endswith("cerise violon")
        assert not await try_code(organisation, f"{session.code[:5]} cerise tambour")
        assert await try_code(organisation, session.code)
        await session.wait_until_paired()


async def test_the_link_says_code_and_root_after_the_hash(desk: Desk, organisation: Organisation) -> None:
    opened = await open_session(desk)
    session = Helping(opened, secret="1234567")
    expected = f"#code={opened.room.room}-1234567&root={organisation.root_fingerprint}"
    assert session.link == f"{organisation.address}/{expected}"


async def test_a_room_is_claimed_once(desk: Desk) -> None:
    opened = await open_session(desk)
    async with Helping(opened) as session:
        with pytest.raises(RoomRefused, match="bad_token"):
            await Helping(opened).__aenter__()
        assert session.outcome is None
    assert session.outcome is Outcome.ALONE


async def test_secrets_differ_and_have_seven_digits(desk: Desk) -> None:
    opened = await open_session(desk)
    codes = {Helping(opened).code for _ in range(50)}
    assert len(codes) == 50
    assert {len("".join(code.split())) for code in codes} == {12}


# --- the desk ------------------------------------------------------------------------------------------------------------


async def test_the_desk_knows_who_is_signed_in_and_finds_tickets(desk: Desk) -> None:
    assert desk.person
    assert desk.person.full_name == FULL_NAME
    made = await desk.create_ticket("A most unusual subject", "Agnès Blanc", phone="0612345678")
    (found,) = await desk.tickets("unusual")
    assert found == made == await desk.ticket(made.number)
    assert found.customer.phone == "0612345678"


async def test_a_code_that_is_extended_stays_good_for_longer(desk: Desk) -> None:
    opened = await open_session(desk)
    async with Helping(opened):
        assert await desk.extend(opened) >= opened.room.expires_at


async def test_what_the_desk_refuses_has_a_status_and_a_word(organisation: Organisation) -> None:
    async with aiohttp.ClientSession() as client:
        desk = Desk(client, organisation.address)
        with pytest.raises(DeskRefused) as refused:
            await desk.tickets()
        assert (refused.value.status, refused.value.reason) == (401, "not_signed_in")
        with pytest.raises(DeskRefused, match="401 wrong_name"):
            await desk.sign_in("camille", "not the password", "000000")


async def test_a_server_that_shows_another_root_is_not_believed(desk: Desk, organisation: Organisation) -> None:
    stranger = Desk(desk._client, organisation.address, root_fingerprint="A" * 43)
    with pytest.raises(NotCertified):
        await stranger.me()


@pytest.mark.parametrize("address", ["http://help.example.org", "https://help.example.org/path", "ftp://localhost", ""])
async def test_an_address_that_is_none_or_not_encrypted_is_refused(address: str) -> None:
    async with aiohttp.ClientSession() as client:
        with pytest.raises(ValueError, match="expected an address"):
            Desk(client, address)
    with pytest.raises(NotReachable):
        await RelayConnection.open(address)


@asynccontextmanager
async def serving(answer: Callable[[], web.StreamResponse]) -> AsyncIterator[str]:
    """A server that answers everything alike."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer()

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


ANSWERS: dict[str, Callable[[], web.StreamResponse]] = {
    "html": lambda: web.Response(text="<script>alert(1)</script>", content_type="text/html"),
    "html called json": lambda: web.Response(text="<html>", content_type="application/json"),
    "too much": lambda: web.Response(body=b" " * (17 * 1024 * 1024), content_type="application/json"),
    "a redirect": lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}),
    "other json": lambda: web.json_response({"person": 1}),
    "deep json": lambda: web.Response(text="[" * 100_000, content_type="application/json"),
    "no json in an error": lambda: web.Response(status=500, text="oops"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_a_server_that_does_not_answer_as_a_relay_is_not_reachable(
    answer: Callable[[], web.StreamResponse],
) -> None:
    async with serving(answer) as address, aiohttp.ClientSession() as client:
        with pytest.raises(NotReachable):
            await Desk(client, address).me()
        with pytest.raises(NotReachable):
            await RelayConnection.open(address)


async def test_an_error_with_a_word_that_is_none_has_none() -> None:
    def answer() -> web.StreamResponse:
        return web.Response(status=409, text=json.dumps({"error": "\x1b[2J"}), content_type="application/json")

    async with serving(answer) as address, aiohttp.ClientSession() as client:
        with pytest.raises(DeskRefused) as refused:
            await Desk(client, address).me()
    assert (refused.value.status, refused.value.reason) == (409, "")


async def test_nobody_listening_is_not_reachable() -> None:
    async with aiohttp.ClientSession() as client:
        with pytest.raises(NotReachable):
            await Desk(client, "http://127.0.0.1:9").me()
    with pytest.raises(NotReachable):
        await RelayConnection.open("http://127.0.0.1:9")
