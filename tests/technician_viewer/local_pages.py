"""Pages from one's own machine before servers that lie, for tests of what reaches either."""

import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

ROOT = "A" * 43
"""The fingerprint of a root that nobody has."""
COOKIE = re.compile(r"\Amainforte_viewer_[0-9a-f]{8}\Z")
"""What the browser gets in place of the server's cookie."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handle: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers everything with `handle`; gives its address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def always(answer: Callable[[], web.StreamResponse]) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer()

    return handle


class Server:
    """A server that writes down what reaches it, sets cookies, and sends headers that a browser would act on."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.body = b""
        self.cookies: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path))
        self.headers.append(request.headers)
        self.body = await request.read()
        response = web.json_response(
            {}, headers={"Access-Control-Allow-Origin": "*", "Link": "</evil.js>; rel=preload"}
        )
        response.headers["Content-Security-Policy"] = "script-src *"
        for cookie in self.cookies:
            response.headers.add("Set-Cookie", cookie)
        return response


@dataclass(frozen=True)
class Local:
    """A local page before such a server, and a browser without a window."""

    server: Server
    relay: str
    address: str
    client: aiohttp.ClientSession

    @property
    def port(self) -> str:
        return self.address.rpartition(":")[2]

    async def ask(self, method: str, path: str, **headers: str) -> tuple[int, aiohttp.ClientResponse]:
        url = URL(self.address + path, encoded=True)
        async with self.client.request(method, url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            return answer.status, answer
