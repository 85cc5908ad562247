"""What passes between the page and a server that lies: answers, and the socket."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from msgspec import structs
from yarl import URL

from protocol.envelope import SUBPROTOCOL
from protocol.identity import fingerprint_text, issue_document, public_bytes, root_fingerprint
from protocol.limits import ENVELOPE_BYTES_MAX
from technician_viewer import relay_proxy
from technician_viewer.local_page import AUDITORS_PAGE, LocalPage
from technician_viewer.settings import Settings
from tests.protocol.pairs import ROOT as ORGANISATIONS_ROOT
from tests.protocol.pairs import papers
from tests.technician_viewer.conftest import Certificate
from tests.technician_viewer.local_pages import ROOT, Local, Server, always, serving
from tests.waiting import eventually

# --- answers ----------------------------------------------------------------------------------------------------------


async def test_no_header_of_the_server_reaches_the_browser(local: Local) -> None:
    local.server.cookies = ["mainforte_sign_in=secret; HttpOnly; SameSite=Strict; Path=/"]
    _, answer = await local.ask("GET", "/api/me")
    assert not {"Access-Control-Allow-Origin", "Link", "Server"} & set(answer.headers)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "secret" not in str(answer.headers)


ANSWERS: dict[str, Callable[[], web.StreamResponse]] = {
    "html": lambda: web.Response(text="<script>alert(1)</script>", content_type="text/html"),
    "a script": lambda: web.Response(text="alert(1)", content_type="text/javascript"),
    "html called json": lambda: web.Response(text="<html>", content_type="application/json"),
    "html with an error": lambda: web.Response(status=503, text="<html>", content_type="text/html"),
    "too much": lambda: web.Response(body=b" " * (relay_proxy.ANSWER_BYTES_MAX + 1), content_type="application/json"),
    "a redirect": lambda: web.Response(status=302, headers={"Location": "/api/other"}, content_type="application/json"),
    "deep json": lambda: web.Response(text="[" * 100_000, content_type="application/json"),
    "compressed": lambda: web.Response(body=b"{}", content_type="application/json", headers={"Content-Encoding": "br"}),
    "not modified": lambda: web.Response(status=304),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_an_answer_that_is_not_the_apis_never_reaches_the_browser(
    answer: Callable[[], web.StreamResponse],
) -> None:
    async with (
        serving(always(answer)) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.get(f"{page.address}/api/me", allow_redirects=False) as answered,
    ):
        assert answered.status == 502
        assert answered.content_type == "application/json"
        assert await answered.json() in ({"error": "not_understood"}, {"error": "not_reachable"})


SEGMENT = f"/api/evidence/sessions/{'0' * 32}/segments/7"


async def test_a_sealed_piece_of_a_recording_passes_as_bytes_that_no_browser_runs() -> None:
    data = bytes(range(256)) * 2000
    async with (
        serving(always(lambda: web.Response(body=data, content_type="application/octet-stream"))) as relay,
        LocalPage(Settings(relay, ROOT), AUDITORS_PAGE) as page,
        aiohttp.ClientSession() as client,
        client.get(page.address + SEGMENT) as answered,
    ):
        assert await answered.read() == data
        assert answered.content_type == "application/octet-stream"
        assert answered.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [SEGMENT, "/api/me", "/api/evidence/sessions/x/segments/7", "/api/evidence/log"])
@pytest.mark.parametrize("content_type", ["application/octet-stream", "text/html", "text/javascript", "image/svg+xml"])
async def test_bytes_pass_only_where_evidence_is_and_never_as_a_page(path: str, content_type: str) -> None:
    async with (
        serving(always(lambda: web.Response(body=b"<svg/onload=alert(1)>", content_type=content_type))) as relay,
        LocalPage(Settings(relay, ROOT), AUDITORS_PAGE) as page,
        aiohttp.ClientSession() as client,
        client.get(page.address + path) as answered,
    ):
        passes = path == SEGMENT and content_type == "application/octet-stream"
        assert answered.status == (200 if passes else 502)


async def test_refusals_of_the_api_pass_with_how_long_to_wait() -> None:
    def refusal() -> web.StreamResponse:
        return web.json_response({"error": "too_many_attempts"}, status=429, headers={"Retry-After": "60"})

    async with (
        serving(always(refusal)) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.get(f"{page.address}/api/me") as answered,
    ):
        assert (answered.status, answered.headers["Retry-After"]) == (429, "60")
        assert await answered.json() == {"error": "too_many_attempts"}


async def test_a_server_whose_certificate_does_not_verify_is_not_believed(certificate: Certificate) -> None:
    server = Server()
    async with serving(server.handle, tls=certificate.server) as relay, aiohttp.ClientSession() as client:
        async with LocalPage(Settings(relay, ROOT)) as page, client.get(f"{page.address}/api/me") as answer:
            assert answer.status == 502
        assert server.requests == []
        trusting = Settings(relay, ROOT, certificate_authorities=certificate.file)
        async with LocalPage(trusting) as page, client.get(f"{page.address}/api/me") as answer:
            assert answer.status == 200
    assert server.requests == [("GET", "/api/me")]


# --- the socket -------------------------------------------------------------------------------------------------------


class Room:
    """A server's socket, in the test's hands."""

    def __init__(self) -> None:
        self.socket: web.WebSocketResponse | None = None
        self.origin = ""
        self.cookie = ""
        self.is_over = asyncio.Event()
        self.heard: list[bytes] = []
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.origin, self.cookie = request.headers.get("Origin", ""), request.headers.get("Cookie", "")
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,), compress=False, max_msg_size=ENVELOPE_BYTES_MAX + 1)
        await socket.prepare(request)
        self.socket = socket
        await self.may_read.wait()
        async for message in socket:
            self.heard.append(message.data)
            await self.may_read.wait()
        self.is_over.set()
        return socket


@dataclass(frozen=True)
class Joined:
    """A browser's socket through the local page, and the server's."""

    near: aiohttp.ClientWebSocketResponse
    room: Room

    @property
    def far(self) -> web.WebSocketResponse:
        assert self.room.socket
        return self.room.socket


@pytest.fixture
async def joined() -> AsyncIterator[Joined]:
    room = Room()
    async with (
        serving(room.handle) as relay,
        LocalPage(Settings(relay, ROOT)) as page,
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address, max_msg_size=0, compress=0
        ) as near,
    ):
        await eventually(lambda: room.socket is not None, "the server's socket")
        yield Joined(near, room)
        room.may_read.set()
        assert (room.origin, room.cookie) == (relay, "")


async def test_messages_pass_both_ways_unaltered_up_to_the_largest_there_is(joined: Joined) -> None:
    largest = os.urandom(ENVELOPE_BYTES_MAX)
    for data in (b"", b"\x01", largest):
        await joined.far.send_bytes(data)
        assert await joined.near.receive_bytes() == data
        await joined.near.send_bytes(data)
    await eventually(lambda: joined.room.heard == [b"", b"\x01", largest], "three messages at the server")


async def test_what_is_too_large_or_no_record_ends_the_connection(joined: Joined) -> None:
    await joined.near.send_bytes(bytes(ENVELOPE_BYTES_MAX + 1))
    await asyncio.wait_for(joined.room.is_over.wait(), 10)


async def test_a_text_message_of_the_page_ends_the_connection(joined: Joined) -> None:
    await joined.near.send_str("text")
    await asyncio.wait_for(joined.room.is_over.wait(), 10)
    assert joined.room.heard == []


async def test_a_text_message_of_the_server_never_reaches_the_page(joined: Joined) -> None:
    await joined.far.send_str("<script>")
    assert (await joined.near.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_an_end_that_hangs_up_is_passed_on(joined: Joined) -> None:
    await joined.near.close()
    await asyncio.wait_for(joined.room.is_over.wait(), 10)


async def test_a_server_that_hangs_up_after_its_last_word_is_passed_on_after_it(joined: Joined) -> None:
    await joined.far.send_bytes(b"last word")
    await joined.far.close()
    assert await joined.near.receive_bytes() == b"last word"
    assert (await joined.near.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_a_side_that_does_not_read_slows_the_other_down_and_nothing_piles_up(joined: Joined) -> None:
    joined.room.may_read.clear()
    await joined.near.send_bytes(b"first")
    sent_messages = 0
    data = bytes(64 * 1024)
    while True:
        try:
            async with asyncio.timeout(1):
                await joined.near.send_bytes(data)
        except TimeoutError:
            break
        sent_messages += 1
        assert sent_messages < 1000, "64 MB went somewhere although nobody reads"
    joined.room.may_read.set()
    await eventually(lambda: len(joined.room.heard) > sent_messages, "all that was sent at the server")


async def test_a_server_that_has_no_socket_or_sends_us_elsewhere_gets_none() -> None:
    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("http://127.0.0.1:9/room")

    for handle in (elsewhere, always(ANSWERS["html"])):
        async with (
            serving(handle) as relay,
            LocalPage(Settings(relay, ROOT)) as page,
            aiohttp.ClientSession() as client,
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            assert refused.value.status == 502


async def test_the_page_goes_to_those_other_nodes_alone_that_the_organisations_document_names() -> None:
    near_room, far_room = Room(), Room()
    async with AsyncExitStack() as stack:
        far = await stack.enter_async_context(serving(far_room.handle))
        named = structs.replace(papers().document, origins=["https://help.example.org", far])
        document = issue_document(named, ORGANISATIONS_ROOT)
        root, given = fingerprint_text(root_fingerprint(public_bytes(ORGANISATIONS_ROOT))), [document]

        async def near(request: web.Request) -> web.StreamResponse:
            if request.path == "/room":
                return await near_room.handle(request)
            return web.json_response({"document": given[0]})

        relay = await stack.enter_async_context(serving(near))
        page = await stack.enter_async_context(LocalPage(Settings(relay, root)))
        client = await stack.enter_async_context(aiohttp.ClientSession())

        async def status(node: str) -> int:
            url = str(URL(f"{page.address}/room").with_query(at=node))
            try:
                async with client.ws_connect(url, protocols=(SUBPROTOCOL,), origin=page.address):
                    return 101
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status

        async def read_document() -> None:
            async with client.get(f"{page.address}/api/organisation") as answer:
                assert answer.status == 200

        assert (await status(relay), await status(far)) == (101, 403)
        given[0] = document.replace("help", "evil")
        await read_document()
        assert await status(far) == 403
        given[0] = document
        await read_document()
        assert (await status(far), await status("https://evil.example.org"), await status("")) == (101, 403, 403)
        assert far_room.origin == far


async def test_a_socket_to_a_server_whose_certificate_does_not_verify_is_refused(certificate: Certificate) -> None:
    room = Room()
    async with serving(room.handle, tls=certificate.server) as relay, aiohttp.ClientSession() as client:
        async with LocalPage(Settings(relay, ROOT)) as page:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            assert (refused.value.status, room.origin) == (502, "")
        trusting = Settings(relay, ROOT, certificate_authorities=certificate.file)
        async with LocalPage(trusting) as page:
            near = await client.ws_connect(f"{page.address}/room", protocols=(SUBPROTOCOL,), origin=page.address)
            await near.send_bytes(b"data")
            await eventually(lambda: room.heard == [b"data"], "the message at the server")
            await near.close()
        assert room.origin == relay


async def test_a_socket_without_our_subprotocol_is_refused(local: Local) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await local.client.ws_connect(f"{local.address}/room", protocols=("other",), origin=local.address)
    assert refused.value.status == 400
