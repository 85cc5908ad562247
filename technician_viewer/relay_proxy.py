"""Passes on what the page needs of the organisation's server, and nothing that a browser could run.

Answers are JSON of bounded size, or sealed evidence as plain bytes, or they are refused; redirects are not followed; no header but ours
and `Retry-After` gets through.
The WebSocket's messages are handed over one by one, each way as fast as the slower side reads.
"""

import asyncio
import contextlib
import re
import ssl
import time

import aiohttp
import msgspec
from aiohttp import WSMsgType, web
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from yarl import URL

from protocol.envelope import SUBPROTOCOL
from protocol.errors import ProtocolError
from protocol.identity import fingerprint_from_text, verify_document
from protocol.limits import ENVELOPE_BYTES_MAX
from technician_viewer.address import is_on_this_machine
from technician_viewer.answers import read_bounded
from technician_viewer.connection import open_room_socket
from technician_viewer.errors import NotReachable
from technician_viewer.visitors import Visitors

BODY_BYTES_MAX = 64 * 1024
ANSWER_BYTES_MAX = 4 * 1024 * 1024
QUERY_CHARACTERS_MAX = 2000
CONNECT_TIMEOUT_S = 5
SILENCE_TIMEOUT_S = 30

# Nothing encoded, no dots: what we send is what the server reads.
_PATH = re.compile(r"/api(/[A-Za-z0-9_-]{1,64}){1,6}")
_ORGANISATION_PATH = "/api/organisation"
# What is sealed, or checked by whoever saves it; a whole pack may take its time.
_SEALED_PATH = re.compile(r"/api/evidence/sessions/[0-9a-f]{32}/(segments/[0-9]{1,9}|pack)")
_SEALED_TYPES = ("application/octet-stream", "application/zip")
_SEALED_CHUNK_BYTES = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=CONNECT_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S)
_SEALED_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S)

_PASSED_ON = ("Accept-Language", "Content-Type", "X-CSRF-Token")


class RelayProxy:
    """The way to the server of this origin, and to the relay's other nodes; `async with` keeps its connections.

    The others are those of the organisation's document, once the page has read it and it leads to the root of this fingerprint (text).
    """

    def __init__(self, origin: str, root: str, tls: ssl.SSLContext, visitors: Visitors) -> None:
        self._origin, self._root, self._tls, self._visitors = origin, fingerprint_from_text(root), tls, visitors
        self._nodes = {origin}
        self._sockets: set[ClientConnection] = set()

    async def __aenter__(self) -> "RelayProxy":
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=20),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "mainforte-viewer"},
            skip_auto_headers=("Content-Type",),
            timeout=_TIMEOUT,
            trust_env=not is_on_this_machine(self._origin),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(socket.close() for socket in self._sockets), return_exceptions=True)
        await self._client.close()

    # --- the API ---------------------------------------------------------------------------------------------------

    async def api(self, request: web.Request) -> web.StreamResponse:
        """The server's answer to one call of its API."""
        path, _, query = request.rel_url.raw_path_qs.partition("?")
        if not _PATH.fullmatch(path) or len(query) > QUERY_CHARACTERS_MAX:
            raise web.HTTPNotFound
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        url = URL(self._origin + request.rel_url.raw_path_qs, encoded=True)
        if cookies := self._visitors.cookies_for(request, url):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        body = None
        if request.method == "POST":
            body = await request.read()
            headers["Origin"] = self._origin
        is_sealed = _SEALED_PATH.fullmatch(path) is not None
        timeout = _SEALED_TIMEOUT if is_sealed else _TIMEOUT
        try:
            async with self._client.request(
                request.method, url, headers=headers, data=body, allow_redirects=False, timeout=timeout
            ) as answer:
                if is_sealed and answer.status == 200 and answer.content_type in _SEALED_TYPES:
                    return await _sealed(request, answer)
                content = await _content(answer)
                if content is None:
                    return _refusal("not_understood")
                if path == _ORGANISATION_PATH and answer.status == 200:
                    self._learn_nodes(content)
                response = web.Response(status=answer.status, body=content, content_type="application/json")
                if answer.headers.get("Retry-After", "").isdecimal():
                    response.headers["Retry-After"] = answer.headers["Retry-After"][:6]
                self._visitors.keep(request, response, answer.cookies, url)
                return response
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return _refusal("not_reachable")

    def _learn_nodes(self, content: bytes) -> None:
        """From the document as the page gets it; one that does not hold tells nothing."""
        with contextlib.suppress(ProtocolError, msgspec.DecodeError, UnicodeDecodeError, KeyError):
            text = msgspec.json.decode(content, type=dict[str, str])["document"]
            document = verify_document(text, fingerprint=self._root, now=int(time.time()))
            self._nodes = {self._origin, *document.origins}

    # --- the socket ------------------------------------------------------------------------------------------------

    async def room(self, request: web.Request) -> web.StreamResponse:
        """The page's socket, joined to one of the server's, or of the node that `at` names."""
        node = request.query.get("at", self._origin)
        if node not in self._nodes:
            raise web.HTTPForbidden(text="not one of the organisation's nodes\n")
        if SUBPROTOCOL not in [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]:
            raise web.HTTPBadRequest(text=f"expected the WebSocket subprotocol {SUBPROTOCOL}\n")
        try:
            far = await open_room_socket(node, tls=self._tls, own_origin=node)
        except NotReachable:
            return _refusal("not_reachable")
        self._sockets.add(far)
        try:
            near = web.WebSocketResponse(
                protocols=(SUBPROTOCOL,), max_msg_size=ENVELOPE_BYTES_MAX + 1, compress=False, timeout=1
            )
            await near.prepare(request)
            await _join(near, far)
            return near
        finally:
            self._sockets.discard(far)
            await far.close()


async def _content(answer: aiohttp.ClientResponse) -> bytes | None:
    """The body where it is JSON and small enough, or nothing at all as 204 has it; None where it is anything else."""
    if answer.status == 204:
        return b""
    is_final = 200 <= answer.status < 300 or answer.status >= 400
    is_plain = answer.headers.get("Content-Encoding", "identity") == "identity"
    if not is_final or not is_plain or answer.content_type != "application/json":
        return None
    content = await read_bounded(answer.content, ANSWER_BYTES_MAX)
    try:
        msgspec.json.decode(content or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return content


async def _sealed(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Bytes as they come, which no browser takes for anything else."""
    response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    response.content_length = answer.content_length
    await response.prepare(request)
    async for chunk in answer.content.iter_chunked(_SEALED_CHUNK_BYTES):
        await response.write(chunk)
    await response.write_eof()
    return response


def _refusal(reason: str) -> web.Response:
    """What the page is told where the server does not answer, or not as it should."""
    return web.Response(status=502, body=msgspec.json.encode({"error": reason}), content_type="application/json")


async def _join(near: web.WebSocketResponse, far: ClientConnection) -> None:
    """Carry messages both ways until one side is gone; then the other is told."""
    halves = [asyncio.create_task(_to_far(near, far)), asyncio.create_task(_to_near(near, far))]
    await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
    if halves[1].done():
        with contextlib.suppress(ConnectionError):
            await near.close()
    for half in halves:
        half.cancel()
    await asyncio.gather(*halves, return_exceptions=True)


async def _to_far(near: web.WebSocketResponse, far: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while (message := await near.receive()).type is WSMsgType.BINARY:
            await far.send(message.data)


async def _to_near(near: web.WebSocketResponse, far: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed, ConnectionError):
        while isinstance(data := await far.recv(), bytes):
            await near.send_bytes(data)
