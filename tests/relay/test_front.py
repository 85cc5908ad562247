"""The front with real sockets on both sides: `websockets` as the ends, a desk on a Unix socket behind it."""

import asyncio
import contextlib
import datetime
import ipaddress
import json
import socket as sockets
import ssl
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from protocol.codec import Message, encode
from protocol.envelope import SUBPROTOCOL, Audience, Kind, media_header, wrap, wrap_relay
from protocol.limits import ATTEMPTS_PER_CODE, ENVELOPE_BYTES_MAX
from protocol.log_of_sessions import Logged
from protocol.relay_messages import (
    AgentPresent,
    CandidateAccepted,
    CandidateArrived,
    CandidateLeft,
    CandidateRejected,
    EntryLogged,
    EntryNotStored,
    EntryStored,
    EntrySubmitted,
    HeadSubmitted,
    LegsMeasured,
    PeerAdmitted,
    PeerJoined,
    PeerLeft,
    Refused,
    RoomClaimed,
    RoomEntered,
    RoomOpened,
    ViewerCame,
    from_relay,
)
from protocol.session_log import NO_ENTRY, Entry, Held
from protocol.vocabulary import Hold
from relay.desk_proxy import ADDRESS_HEADER, BODY_BYTES_MAX
from relay.front import UNSENT_BYTES, Front, FrontSettings
from relay.logs import JsonLines
from tests.fakes.tcp_cable import Direction, TcpCable
from tests.protocol.test_session_log import opened_log
from tests.relay.desk_double import LARGE_BYTES, Desk
from tests.waiting import eventually

ROOM = "41703"
SESSION = f"session-{ROOM}"
HELLO = wrap(Kind.HANDSHAKE, b"hello")
ORIGIN = "https://help.example.org"
LAST = 2**40


def entry(number: int) -> EntrySubmitted:
    """An entry of a session's log, one of those a session has many of."""
    return EntrySubmitted(number, encode(Entry(number, NO_ENTRY, 0, Held(Hold.PAUSED))).decode(), b"")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
async def front(desk: Desk) -> AsyncIterator[Front]:
    async with Front(FrontSettings("127.0.0.1", 0, desk.socket, origins=(ORIGIN,))) as front:
        yield front


@pytest.fixture
async def http(front: Front) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{front.port}") as http:
        yield http


class End:
    """One end's socket, speaking envelopes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, what: Message | bytes | str) -> None:
        await self.socket.send(wrap_relay(encode(what)) if isinstance(what, Message) else what)

    async def hear(self) -> Message | bytes:
        """The next envelope, a relay message decoded."""
        data = await self.socket.recv()
        assert isinstance(data, bytes)
        return from_relay.decode(data[1:]) if data[0] == Kind.RELAY else data

    async def last_word(self) -> Message | bytes:
        """The last that was heard before the relay closed."""
        last: Message | bytes = b""
        with contextlib.suppress(ConnectionClosed):
            while True:
                last = await self.hear()
        return last


@contextlib.asynccontextmanager
async def an_end(port: int, **options: Any) -> AsyncIterator[End]:
    options = {"subprotocols": [Subprotocol(SUBPROTOCOL)], "compression": None, "close_timeout": 1} | options
    async with connect(f"ws://127.0.0.1:{port}/room", **options) as socket:
        yield End(socket)


@contextlib.asynccontextmanager
async def a_viewer(desk: Desk, port: int, **options: Any) -> AsyncIterator[End]:
    """A viewer whose room is open."""
    async with an_end(port, **options) as viewer:
        await viewer.say(RoomClaimed(desk.token_for(ROOM)))
        assert isinstance(await viewer.hear(), RoomOpened)
        yield viewer


@contextlib.asynccontextmanager
async def an_agent(port: int, room: str = ROOM, **options: Any) -> AsyncIterator[End]:
    """An agent that has said hello."""
    async with an_end(port, **options) as agent:
        await agent.say(RoomEntered(room))
        await agent.say(HELLO)
        yield agent


@contextlib.asynccontextmanager
async def a_pair(desk: Desk, viewer_port: int, agent_port: int) -> AsyncIterator[tuple[End, End]]:
    """A viewer and its agent, paired."""
    async with a_viewer(desk, viewer_port) as viewer, an_agent(agent_port) as agent:
        assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(1), HELLO]
        await viewer.say(CandidateAccepted(1))
        assert await agent.hear() == PeerJoined(0)
        yield viewer, agent


def media(counter: int, size: int) -> bytes:
    return media_header(Audience.ALL, 0, 1, counter) + bytes(size)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"


# --- pairing ---


async def test_two_ends_find_each_other_and_exchange_sealed_records(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        await viewer.say(wrap(Kind.CONTROL, b"to the agent"))
        assert await agent.hear() == wrap(Kind.CONTROL, b"to the agent")
        await agent.say(media(0, 64 * 1024))
        assert await viewer.hear() == media(0, 64 * 1024)
        await eventually(lambda: desk.states_of(SESSION)[-1:] == ["paired"], "the desk has heard of the pair")
    # That the agent was gone a moment before the viewer is no news.
    await eventually(
        lambda: desk.states_of(SESSION) == ["waiting", "connecting", "paired", "closed"],
        "the desk has heard of every state that lasted",
    )


async def test_a_squatter_who_says_nothing_blocks_nobody(desk: Desk, front: Front) -> None:
    async with a_viewer(desk, front.port) as viewer, an_end(front.port) as squatter:
        await squatter.say(RoomEntered(ROOM))
        async with an_agent(front.port):
            assert await viewer.hear() == CandidateArrived(1)
        assert await squatter.last_word() == Refused("no_room")


async def test_three_wrong_candidates_burn_the_code(desk: Desk, front: Front) -> None:
    async with a_viewer(desk, front.port) as viewer:
        for attempt in range(1, ATTEMPTS_PER_CODE + 1):
            async with an_agent(front.port) as stranger:
                assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(attempt), HELLO]
                await viewer.say(CandidateRejected(attempt))
                await stranger.last_word()
        assert await viewer.last_word() == Refused("too_many_attempts")
    async with an_agent(front.port) as customer:
        assert await customer.last_word() == Refused("no_room")


async def test_a_second_agent_and_a_second_viewer_are_refused(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        async with an_agent(front.port) as second:
            assert await second.last_word() == Refused("no_room")
        async with an_end(front.port) as second:
            await second.say(RoomClaimed("a-token-that-opens-nothing"))
            assert await second.last_word() == Refused("bad_token")
        await agent.say(wrap(Kind.CONTROL, b"still here"))
        assert await viewer.hear() == wrap(Kind.CONTROL, b"still here")


async def test_a_token_opens_its_room_only_once(desk: Desk, front: Front) -> None:
    token = desk.token_for(ROOM)
    async with an_end(front.port) as viewer, an_end(front.port) as thief:
        await viewer.say(RoomClaimed(token))
        assert isinstance(await viewer.hear(), RoomOpened)
        await thief.say(RoomClaimed(token))
        assert await thief.last_word() == Refused("bad_token")


async def test_sweeping_room_numbers_ends_in_rate_limited(front: Front) -> None:
    answers = []
    for number in range(100):
        async with an_end(front.port) as sweeper:
            await sweeper.say(RoomEntered(f"{number:05}"))
            answers.append(await sweeper.last_word())
        if answers[-1] != Refused("no_room"):
            break
    assert answers[-1] == Refused("rate_limited")


async def test_with_a_certificate_the_one_port_speaks_tls(desk: Desk, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    settings = FrontSettings("127.0.0.1", 0, desk.socket, tls_certificate=certificate, tls_key=key)
    async with Front(settings) as front, aiohttp.ClientSession() as http:
        async with http.get(f"https://127.0.0.1:{front.port}/", ssl=trusting) as answer:
            assert answer.status == 200
        address = f"wss://127.0.0.1:{front.port}/room"
        async with connect(address, ssl=trusting, subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None) as socket:
            viewer = End(socket)
            await viewer.say(RoomClaimed(desk.token_for(ROOM)))
            assert isinstance(await viewer.hear(), RoomOpened)


# --- what does not fit ---


@pytest.mark.parametrize(
    "first",
    ["text", b"", b"\x09", HELLO, media(0, 10), CandidateAccepted(1), wrap_relay(b"{"), wrap_relay(b'{"type":"room"}')],
)
async def test_a_first_message_that_does_not_fit_is_refused(front: Front, first: Message | bytes | str) -> None:
    async with an_end(front.port) as end:
        await end.say(first)
        assert await end.last_word() == Refused("unexpected")


async def test_who_says_nothing_at_all_is_closed(front: Front) -> None:
    async with an_end(front.port) as end:
        await end.socket.wait_closed()


@pytest.mark.parametrize("what", ["text", b"\x09unknown kind", wrap(Kind.HANDSHAKE, b"again")])
async def test_after_pairing_what_does_not_fit_ends_its_sender_and_the_other_hears_it(
    desk: Desk, front: Front, what: bytes | str
) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        await agent.say(what)
        assert await agent.last_word() == Refused("unexpected")
        assert await viewer.hear() == PeerLeft(0)


async def test_the_largest_envelope_passes_and_one_byte_more_ends_its_sender(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        largest = media(0, ENVELOPE_BYTES_MAX - 16)
        await agent.say(largest)
        assert await viewer.hear() == largest
        await agent.say(largest + b"x")
        assert await viewer.hear() == PeerLeft(0)


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("host", 403), (ORIGIN, None), (None, None)]
)
async def test_a_browser_needs_a_listed_origin_and_a_name_that_was_led_to_us_is_not_one(
    front: Front, origin: str, status: int | None
) -> None:
    sent = f"http://127.0.0.1:{front.port}" if origin == "host" else origin
    try:
        async with an_end(front.port, origin=Origin(sent) if sent else None):
            got = None
    except InvalidStatus as refused:
        got = refused.response.status_code
    assert got == status


async def test_without_our_subprotocol_there_is_no_socket(front: Front) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with an_end(front.port, subprotocols=[Subprotocol("mainforte-99")]):
            pass
    assert refused.value.response.status_code == 400


# --- ends that die ---


@pytest.mark.parametrize("who", ["viewer", "agent"])
async def test_when_one_end_is_killed_the_other_hears_it(desk: Desk, front: Front, who: str) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        dying, left = (viewer, agent) if who == "viewer" else (agent, viewer)
        dying.socket.transport.abort()
        assert await left.hear() == PeerLeft(0)


@pytest.mark.parametrize("who", ["viewer", "agent"])
async def test_when_one_end_falls_silent_without_a_word_the_other_hears_it(desk: Desk, front: Front, who: str) -> None:
    async with TcpCable(front.port) as cable:
        ports = (cable.port, front.port) if who == "viewer" else (front.port, cable.port)
        async with a_pair(desk, *ports) as (viewer, agent):
            cable.stall()
            assert await (agent if who == "viewer" else viewer).hear() == PeerLeft(0)
            for end in (viewer, agent):
                end.socket.transport.abort()


async def test_a_candidate_that_dies_makes_place(desk: Desk, front: Front) -> None:
    async with a_viewer(desk, front.port) as viewer, an_agent(front.port) as agent:
        assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(1), HELLO]
        agent.socket.transport.abort()
        assert await viewer.hear() == CandidateLeft()


async def test_the_system_holds_little_that_cannot_leave_yet_and_sends_what_is_short_at_once(
    desk: Desk, front: Front
) -> None:
    async with a_viewer(desk, front.port):
        assert front._runner.server
        (handler,) = front._runner.server.connections
        assert handler.transport
        connection = handler.transport.get_extra_info("socket")
        assert connection.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT) == UNSENT_BYTES
        assert connection.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY)


async def test_a_viewer_that_stops_reading_slows_the_agent_down_and_is_then_cut_off(desk: Desk, front: Front) -> None:
    async with (
        a_viewer(desk, front.port, max_queue=1, ping_interval=None) as viewer,
        an_agent(front.port) as agent,
    ):
        assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(1), HELLO]
        await viewer.say(CandidateAccepted(1))
        assert await agent.hear() == PeerJoined(0)
        viewer.socket.transport.pause_reading()

        sent = 0
        left = asyncio.create_task(agent.hear())
        record = media(0, 64 * 1024)
        sending: asyncio.Task[None] | None = None
        while not left.done():
            sending = asyncio.create_task(agent.say(record))
            await asyncio.wait((sending, left), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                break
            sent += 1
        # Kernel buffers and our own bounded ones have taken what they can; the agent's send now blocks.
        assert sent * len(record) < 64 * 1024 * 1024
        assert await left == PeerLeft(0)
        if sending:
            await sending  # nothing holds the agent back any more
        viewer.socket.transport.abort()


async def test_a_slow_reader_gets_every_record_in_order(desk: Desk, front: Front) -> None:
    count = 300
    async with a_pair(desk, front.port, front.port) as (viewer, agent):

        async def send() -> None:
            for counter in range(count):
                await agent.say(media(counter, 32 * 1024))

        sending = asyncio.create_task(send())
        received = []
        for number in range(count):
            received.append(await viewer.hear())
            if number % 50 == 0:
                await asyncio.sleep(0.1)  # the reader is slow: that is what is tested
        await sending
        assert received == [media(counter, 32 * 1024) for counter in range(count)]


OBSERVERS = 30


# Gigabytes pass here: how long that takes depends on the machine too much for every run.
@pytest.mark.soak
async def test_of_thirty_observers_the_one_who_does_not_read_is_cut_off_and_the_others_miss_nothing(
    desk: Desk, front: Front
) -> None:
    """The technician sets the pace; nobody else makes the agent, or each other, wait."""
    desk.arrivals = {f"certificate-{number}": SESSION for number in range(OBSERVERS)}
    signature = bytes(64)
    async with contextlib.AsyncExitStack() as stack:
        technician, agent = await stack.enter_async_context(a_pair(desk, front.port, front.port))
        await agent.say(entry(0))
        assert await agent.hear() == EntryStored(0)
        observers = []
        for number in range(OBSERVERS):
            options = {"max_queue": 1, "ping_interval": None} if number == 0 else {"max_queue": None}
            observer = await stack.enter_async_context(an_end(front.port, **options))
            await observer.say(ViewerCame(f"certificate-{number}", 0, signature))
            assert await observer.hear() == AgentPresent()
            assert await agent.hear() == PeerJoined(number + 1)
            await agent.say(PeerAdmitted(number + 1, sets_pace=False))
            observers.append(observer)
        asleep, *awake = observers
        asleep.socket.transport.pause_reading()

        async def heard(end: End, records: list[int]) -> None:
            """Take note of each record's counter, until the last."""
            while not records or records[-1] != -1:
                data = await end.hear()
                assert isinstance(data, bytes), data
                assert data[0] == Kind.MEDIA
                counter = int.from_bytes(data[8:16], "big")
                records.append(-1 if counter == LAST else counter)

        told: list[list[int]] = [[] for _ in range(OBSERVERS)]
        ends = [technician, *awake]
        listening = [asyncio.create_task(heard(end, told[n])) for n, end in enumerate(ends)]
        left, counter = asyncio.create_task(agent.hear()), 0
        while not left.done():
            await agent.say(media(counter, 32 * 1024))
            counter += 1
            await asyncio.sleep(0)
            assert counter < 4000, "what waits for somebody who does not read is bounded"
        assert await left == PeerLeft(1)
        await agent.say(media(LAST, 1024))
        await asyncio.gather(*listening)
        assert all(records == [*range(counter), -1] for records in told)
        asleep.socket.transport.abort()


# --- evidence ---


async def test_entries_are_stored_in_order_and_acknowledged_to_the_agent(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        for number in range(3):
            await agent.say(entry(number))
        assert [await agent.hear() for _ in range(3)] == [EntryStored(number) for number in range(3)]
        assert [body["number"] for body in desk.bodies("entries")] == [0, 1, 2]
        await viewer.say(HeadSubmitted("signed by both"))
        await eventually(lambda: desk.bodies("heads") == [{"note": "signed by both"}], "the head at the desk")


async def test_with_a_full_disk_the_agent_hears_that_its_entry_is_not_stored(desk: Desk, front: Front) -> None:
    desk.entry_status = 507
    async with a_pair(desk, front.port, front.port) as (_, agent):
        await agent.say(entry(0))
        assert await agent.hear() == EntryNotStored(0)


async def test_the_agent_is_told_what_the_log_of_all_sessions_says_once_the_desk_can_prove_it(
    desk: Desk, front: Front
) -> None:
    opened, held = opened_log()[0], entry(1)
    logged = Logged("{}", 0, [bytes(32)], "checkpoint")
    async with a_pair(desk, front.port, front.port) as (_, agent):
        for submitted in (EntrySubmitted(0, opened, b""), held):
            await agent.say(submitted)
        assert [await agent.hear(), await agent.hear()] == [EntryStored(0), EntryStored(1)]
        # Too few witnesses answered; the agent asks again by submitting again.
        desk.logged[0] = encode(logged)
        desk.logged[1] = encode(logged)
        for submitted in (EntrySubmitted(0, opened, b""), held):
            await agent.say(submitted)
        heard = [await agent.hear() for _ in range(3)]
        assert sorted(map(str, heard)) == sorted(map(str, [EntryStored(0), EntryStored(1), EntryLogged(0, logged)]))


@pytest.mark.parametrize("answer", [b"", b"{}", b"[" * 5000, b'{"a":"' + b"x" * 100_000 + b'"}', b'"\xff"'])
async def test_a_proof_that_is_not_as_agreed_is_not_passed_on(desk: Desk, front: Front, answer: bytes) -> None:
    desk.logged[0] = answer or b" "
    async with a_pair(desk, front.port, front.port) as (_, agent):
        await agent.say(EntrySubmitted(0, opened_log()[0], b""))
        assert await agent.hear() == EntryStored(0)
        await agent.say(entry(1))
        assert await agent.hear() == EntryStored(1)


async def test_the_last_entries_are_kept_although_the_agent_leaves_right_after(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (_, agent):
        await agent.say(entry(0))
        await agent.socket.close()
        await eventually(lambda: len(desk.bodies("entries")) == 1, "the entry at the desk")


async def test_a_desk_that_does_not_answer_delays_no_record(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (viewer, agent):
        desk.may_answer.clear()
        await agent.say(entry(0))
        await agent.say(wrap(Kind.CONTROL, b"withdrawn"))
        assert await viewer.hear() == wrap(Kind.CONTROL, b"withdrawn")
        desk.may_answer.set()


# --- stopping ---


async def test_stopping_says_a_last_word_to_everybody(desk: Desk) -> None:
    front = await Front(FrontSettings("127.0.0.1", 0, desk.socket)).__aenter__()
    async with a_pair(desk, front.port, front.port) as (viewer, agent), an_end(front.port) as newcomer:
        stopping = asyncio.create_task(front.__aexit__())
        assert await viewer.last_word() == Refused("shutting_down")
        assert await agent.last_word() == Refused("shutting_down")
        await newcomer.socket.wait_closed()
        await stopping
    assert desk.states_of(SESSION)[-1] == "closed"


async def test_stopping_waits_for_nobody_who_has_said_goodbye(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.front.STOP_S", 120)
    monkeypatch.setattr("relay.front.LAST_WORD_S", 120)
    front = await Front(FrontSettings("127.0.0.1", 0, desk.socket)).__aenter__()
    async with a_pair(desk, front.port, front.port), asyncio.timeout(20):
        await front.__aexit__()


# --- everything else is the desk's ---


async def test_requests_reach_the_desk_with_the_address_that_the_front_saw(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    headers = {
        ADDRESS_HEADER: "6.6.6.6",
        "X-Forwarded-For": "6.6.6.6",
        "X-Own": "kept",
        "Connection": "X-Hop",
        "X-Hop": "1",
    }
    async with http.post("/api/tickets?x=1&y=2", data=b"12345", headers=headers) as answer:
        assert await answer.json() == {"method": "POST", "path": "/api/tickets?x=1&y=2", "body_bytes": 5}
        assert answer.headers.getall("Set-Cookie") == ["first=1; Path=/", "second=2; Path=/"]
        assert "Keep-Alive" not in answer.headers
    (seen,) = desk.seen_headers
    assert seen[ADDRESS_HEADER] == "127.0.0.1"
    assert seen["X-Own"] == "kept"
    assert not {"X-Forwarded-For", "X-Hop"} & set(seen)


async def test_behind_a_proxy_the_last_forwarded_address_counts(desk: Desk) -> None:
    settings = FrontSettings("127.0.0.1", 0, desk.socket, behind_proxy=True)
    async with Front(settings) as front, aiohttp.ClientSession(f"http://127.0.0.1:{front.port}") as http:
        await http.get("/", headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.9"})
    assert desk.seen_headers[0][ADDRESS_HEADER] == "192.0.2.9"


@pytest.mark.parametrize(
    "path",
    [
        "/internal/rooms/claim",
        "/%69nternal/rooms/claim",
        "//internal/rooms/claim",
        "/x/../internal/rooms/claim",
        "/x/%2e%2e/internal/rooms/claim",
        "/INTERNAL/rooms/claim",
        "/x%2Finternal/rooms/claim",
    ],
)
async def test_the_internal_api_cannot_be_reached_from_outside(desk: Desk, front: Front, path: str) -> None:
    token = desk.token_for(ROOM)
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    body = f'{{"token":"{token}"}}'
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert token in desk.tokens


async def test_a_large_download_passes_whole(http: aiohttp.ClientSession) -> None:
    total = 0
    async with http.get("/large") as answer:
        async for chunk in answer.content.iter_chunked(65536):
            total += len(chunk)
    assert total == LARGE_BYTES


@pytest.mark.parametrize("is_length_known", [True, False])
async def test_a_body_that_is_too_large_never_reaches_the_desk_whole(
    desk: Desk, http: aiohttp.ClientSession, is_length_known: bool
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 65536 + 1):
            yield bytes(65536)

    body: Any = bytes(BODY_BYTES_MAX + 1) if is_length_known else chunks()
    # The front may close before we have sent it all, which not every client takes for an answer.
    with contextlib.suppress(aiohttp.ClientConnectionError):
        async with http.post("/api/upload", data=body) as answer:
            assert answer.status == 413
    assert desk.seen_headers == []
    async with http.post("/api/upload", data=bytes(BODY_BYTES_MAX)) as answer:
        assert (await answer.json())["body_bytes"] == BODY_BYTES_MAX


async def test_without_a_desk_there_is_a_page_in_both_languages(tmp_path: Path) -> None:
    settings = FrontSettings("127.0.0.1", 0, tmp_path / "nobody")
    async with Front(settings) as front, aiohttp.ClientSession(f"http://127.0.0.1:{front.port}") as http:
        async with http.get("/") as answer:
            page = await answer.text()
            assert (answer.status, "Retry-After" in answer.headers) == (503, True)
            assert 'lang="fr"' in page
            assert "The service is restarting." in page
        async with an_end(front.port) as viewer:
            await viewer.say(RoomClaimed("a" * 20))
            assert await viewer.last_word() == Refused("desk_unreachable")


async def test_a_code_expires_by_the_clock(desk: Desk, front: Front) -> None:
    async with an_end(front.port) as viewer:
        await viewer.say(RoomClaimed(desk.token_for(ROOM, expires_in_s=2)))
        opened = await viewer.hear()
        assert isinstance(opened, RoomOpened)
        assert opened.expires_at <= int(time.time()) + 2
        assert await viewer.last_word() == Refused("expired")


async def test_a_code_that_was_extended_at_the_desk_stays_open(desk: Desk, front: Front) -> None:
    desk.expiries[ROOM] = int(time.time()) + 600
    async with an_end(front.port) as viewer:
        expires_at = int(time.time()) + 2
        await viewer.say(RoomClaimed(desk.token_for(ROOM, expires_in_s=2)))
        assert isinstance(await viewer.hear(), RoomOpened)
        await eventually(lambda: time.time() > expires_at + 1, "the first expiry to pass")
        async with an_agent(front.port):
            assert [await viewer.hear(), await viewer.hear()] == [CandidateArrived(1), HELLO]


async def test_a_state_that_the_desk_could_not_take_is_told_again(desk: Desk, front: Front) -> None:
    desk.state_status = 503
    async with a_viewer(desk, front.port):
        await eventually(lambda: desk.states_of(SESSION), "the first attempt")
        desk.state_status = 204
    await eventually(lambda: desk.states_of(SESSION)[-1] == "closed", "the last state")


async def test_what_concerns_a_session_is_logged_with_it_in_its_own_field(
    desk: Desk, front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mainforte.relay")
    desk.entry_status = 507
    async with a_pair(desk, front.port, front.port) as (_, agent):
        await agent.say(entry(0))
        assert await agent.hear() == EntryNotStored(0)
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if hasattr(record, "session")]
    assert {line["session"] for line in lines} == {SESSION}
    assert {"session paired", "entries not kept: status 507"} <= {line["text"] for line in lines}
    assert not [record for record in caplog.records if SESSION in record.getMessage()]


# --- the way ---


async def test_the_agent_is_told_how_long_the_ways_take_once_somebody_sets_the_pace(desk: Desk, front: Front) -> None:
    async def hesitate(cable: TcpCable) -> None:
        while True:
            cable.stall(Direction.BACK)
            await asyncio.sleep(0.4)
            cable.go_on()
            await asyncio.sleep(0.02)

    async with TcpCable(front.port) as cable, a_pair(desk, front.port, cable.port) as (_, agent):
        await agent.say(PeerAdmitted(0, sets_pace=True))
        hesitating = asyncio.create_task(hesitate(cable))
        legs = await agent.hear()
        while isinstance(legs, LegsMeasured) and legs.agent_ms < 100:
            legs = await agent.hear()
        hesitating.cancel()
    assert isinstance(legs, LegsMeasured)
    assert legs.viewer_ms < legs.agent_ms


async def test_pongs_that_nobody_asked_for_say_nothing(desk: Desk, front: Front) -> None:
    async with a_pair(desk, front.port, front.port) as (_, agent):
        for lie in (b"", bytes(8), b"\xff" * 8, struct.pack(">d", 1e300), bytes(100)):
            await agent.socket.pong(lie)
        await agent.say(PeerAdmitted(0, sets_pace=True))
        legs = await agent.hear()
        assert isinstance(legs, LegsMeasured)
        assert legs.agent_ms < 5000
