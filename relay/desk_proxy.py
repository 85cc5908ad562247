"""Everything but `/room` is the desk's: requests and answers pass through, bounded and without what concerns one hop only."""

import logging
from collections.abc import AsyncIterator, Iterable
from html import escape
from pathlib import Path

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from translations import LANGUAGES, catalogue

ADDRESS_HEADER = "X-Mainforte-Address"
BODY_BYTES_MAX = 16 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
CONNECT_TIMEOUT_S = 3
SILENCE_TIMEOUT_S = 60
RETRY_AFTER_S = 10

# RFC 9110, section 7.6.1; the last two are ours to decide, since what travels on is counted anew.
_ONE_HOP = frozenset(
    name.lower()
    for name in (
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Expect",
    )
)
# Who asks is for the front to say.
_OURS_TO_SAY = frozenset({ADDRESS_HEADER.lower(), "forwarded", "x-real-ip"})

log = logging.getLogger("mainforte.relay")


class _Body:
    """A request's body on its way, given up once it is longer than anything the desk takes."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.total = 0

    @property
    def is_too_large(self) -> bool:
        return self.total > BODY_BYTES_MAX

    async def chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._request.content.iter_chunked(CHUNK_BYTES):
            self.total += len(chunk)
            if self.is_too_large:
                raise ConnectionAbortedError("a body that is too large")
            yield chunk


class DeskProxy:
    """Passes requests on to the desk's Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._client = aiohttp.ClientSession(
            # As many as come: each page that follows a ticket holds one for as long as somebody looks at it.
            connector=aiohttp.UnixConnector(str(socket), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        )

    async def close(self) -> None:
        await self._client.close()

    async def pass_on(self, request: web.Request, address: str) -> web.StreamResponse:
        """The desk's answer to this request, which came from `address`."""
        if is_internal(request.rel_url):
            raise web.HTTPNotFound
        if (request.content_length or 0) > BODY_BYTES_MAX:
            raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, request.content_length or 0)
        headers = _passed_on(request.headers)
        headers[ADDRESS_HEADER] = address
        body = _Body(request)
        answer: web.StreamResponse | None = None
        try:
            async with self._client.request(
                request.method,
                URL(f"http://desk{request.rel_url.raw_path_qs}", encoded=True),
                headers=headers,
                data=body.chunks() if request.can_read_body else None,
                allow_redirects=False,
            ) as desks:
                answer = web.StreamResponse(status=desks.status, reason=desks.reason, headers=_passed_on(desks.headers))
                await answer.prepare(request)
                async for chunk in desks.content.iter_chunked(CHUNK_BYTES):
                    await answer.write(chunk)
                await answer.write_eof()
                return answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if body.is_too_large:
                raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, body.total) from None
            if answer is not None and answer.prepared:
                # Half an answer is out: only a broken connection tells that it is not whole.
                if request.transport:
                    request.transport.close()
                return answer
            log.warning("desk unreachable: %s", type(error).__name__)
            return unavailable()


def is_internal(url: URL) -> bool:
    """Tell whether a path is, or could be read as, one of the desk's internal API."""
    segments = url.path.lower().replace("\\", "/").split("/")
    return "internal" in segments or ".." in segments


def unavailable() -> web.Response:
    """The page for the moments when the desk is away, in every language we speak."""
    texts = []
    for language in LANGUAGES:
        gettext = catalogue(language).gettext
        title, advice = gettext("The service is restarting."), gettext("Please try again in a few seconds.")
        texts.append(f'<section lang="{language}"><h1>{escape(title)}</h1><p>{escape(advice)}</p></section>')
    page = f'<!doctype html><html lang="{LANGUAGES[0]}"><meta charset="utf-8"><title>503</title>{"".join(texts)}</html>'
    return web.Response(
        status=503,
        text=page,
        content_type="text/html",
        headers={
            "Retry-After": str(RETRY_AFTER_S),
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'",
        },
    )


def _passed_on(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    named = _names(headers.getall("Connection", []))
    return CIMultiDict(
        (name, value)
        for name, value in headers.items()
        if (lower := name.lower()) not in _ONE_HOP
        and lower not in named
        and lower not in _OURS_TO_SAY
        and not lower.startswith("x-forwarded-")
    )


def _names(values: Iterable[str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for value in values for name in value.split(","))
