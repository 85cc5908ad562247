"""A page of ours from one's own machine, the technician's or the auditors': our files from here, only data from the organisation's server.

Listens on loopback alone. What a browser may ask is asked of it by our own page only: the Host must be ours (a name that was
rebound to this machine is refused), the Origin too, and another site's requests are refused by what browsers say about them.
"""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from aiohttp import web

from technician_viewer.relay_proxy import BODY_BYTES_MAX, RelayProxy
from technician_viewer.settings import Settings
from technician_viewer.visitors import Visitors
from translations import LANGUAGES, catalogue

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOST = "127.0.0.1"
TECHNICIANS_PAGE = "index.html"
AUDITORS_PAGE = "audit.html"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TYPES = {
    "html": "text/html",
    "js": "text/javascript",
    "css": "text/css",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "wasm": "application/wasm",
}
_STOP_S = 1


class LocalPage:
    """The running server: `async with LocalPage(settings) as page` serves `page.address` until it is left.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, settings: Settings, opens: str = TECHNICIANS_PAGE) -> None:
        """`opens`: the file that the address alone leads to."""
        self._settings = settings
        self._files = page_files()
        self._files[""] = self._files[opens]
        self._files["local.json"] = _json({"relay": settings.relay, "root_fingerprint": settings.root})
        self.port = 0

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> "LocalPage":
        async with AsyncExitStack() as stack:
            visitors = Visitors(f"mainforte_viewer_{secrets.token_hex(4)}")
            settings = self._settings
            proxy = await stack.enter_async_context(RelayProxy(settings.relay, settings.root, settings.tls(), visitors))
            application = web.Application(middlewares=[self._guard], client_max_size=BODY_BYTES_MAX)
            application.on_response_prepare.append(_put_headers)
            application.router.add_get("/room", proxy.room)
            application.router.add_get("/api/{path:.*}", proxy.api)
            application.router.add_post("/api/{path:.*}", proxy.api)
            application.router.add_get("/tickets", _to_tickets)
            application.router.add_get("/{path:.*}", self._file)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_S)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, HOST, self._settings.port).start()
            self.port = runner.addresses[0][1]
            self._running = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in (f"{HOST}:{self.port}", f"localhost:{self.port}"):
            raise web.HTTPMisdirectedRequest(text=f"this is {self.address} and nothing else\n")
        is_page = not request.path.startswith(("/api/", "/room"))
        if is_page:
            return await handler(request)
        is_safe = request.method == "GET" and request.path != "/room"
        origin = request.headers.get("Origin")
        if origin != f"http://{request.host}" and not (origin is None and is_safe):
            raise web.HTTPForbidden(text="only our own page may ask this\n")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise web.HTTPForbidden(text="only our own page may ask this\n")
        return await handler(request)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(request.match_info["path"])
        if found is None:
            raise web.HTTPNotFound
        body, content_type = found
        charset = "utf-8" if content_type.startswith(("text/", "application/json")) else None
        return web.Response(body=body, content_type=content_type, charset=charset)


async def _to_tickets(request: web.Request) -> web.StreamResponse:
    """The desk's list of tickets is, here, that of the page itself."""
    raise web.HTTPFound("/")


async def _put_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.pop("Server", None)


File = tuple[bytes, str]
"""What is served, and its type."""


def page_files() -> dict[str, File]:
    """The pages' files of known kinds by their path, read once; and their texts."""
    files: dict[str, File] = {}

    def read(place: Traversable, prefix: str) -> None:
        for child in place.iterdir():
            if child.name.startswith("."):
                continue
            if child.is_dir():
                read(child, f"{prefix}{child.name}/")
            elif (kind := child.name.rpartition(".")[2]) in _TYPES:
                files[prefix + child.name] = (child.read_bytes(), _TYPES[kind])

    read(resources.files("technician_viewer").joinpath("web"), "")
    for language in LANGUAGES:
        texts: dict[object, str] = getattr(catalogue(language), "_catalog", {})
        # Plural forms have pairs as keys; the page has none.
        simple = {key: text for key, text in texts.items() if isinstance(key, str) and key and text}
        files[f"catalogue/{language}.json"] = _json(simple)
    return files


def _json(value: object) -> File:
    return msgspec.json.encode(value, order="sorted"), "application/json"
