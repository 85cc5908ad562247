"""The technician's page: its files, read into memory at start and served by name; and its catalogues."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable

import msgspec
from aiohttp import web

from relay.desk.requests import Refusal
from translations import LANGUAGES, catalogue

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
}

# Of the page: what it begins with, and what all else is found from.
_FIRST = ("look.css", "app.css", "loading.js", "app.js")
_LASTS = "max-age=31536000, immutable"


@dataclass(frozen=True)
class File:
    """One file as it is answered."""

    body: bytes
    content_type: str
    etag: str
    lasts: bool = False
    """Whether what is there under this name never changes: a browser need not ask again."""

    def response(self, request: web.Request) -> web.Response:
        """The file, or that the browser's copy is still good."""
        headers = {"ETag": self.etag, "Cache-Control": _LASTS if self.lasts else "no-cache"}
        if self.etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        charset = "utf-8" if self.content_type.startswith(("text/", "application/json")) else None
        return web.Response(body=self.body, content_type=self.content_type, charset=charset, headers=headers)


def file_of(body: bytes, content_type: str) -> File:
    return File(body, content_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def read_files(package: str, folder: str) -> dict[str, File]:
    """The files of known kinds below a package's folder, by their path."""
    files: dict[str, File] = {}

    def read(place: Traversable, prefix: str) -> None:
        for child in place.iterdir():
            if child.name.startswith("."):
                continue
            if child.is_dir():
                read(child, f"{prefix}{child.name}/")
            elif (suffix := "." + child.name.rpartition(".")[2]) in _TYPES:
                files[prefix + child.name] = file_of(child.read_bytes(), _TYPES[suffix])

    root = resources.files(package).joinpath(folder)
    if root.is_dir():
        read(root, "")
    return files


def with_lasting_names(files: dict[str, File]) -> dict[str, File]:
    """The same files, and each once more below a folder that is named by the contents of all; the page begins there.

    A page that is loaded again in mid-session then asks for nothing but itself. (RFC 8246 for `immutable`.)
    """
    version = hashlib.sha256("".join(path + files[path].etag for path in sorted(files)).encode()).hexdigest()[:16]
    index = files["index.html"].body
    for name in _FIRST:
        index = index.replace(f'="{name}"'.encode(), f'="{version}/{name}"'.encode())
    lasting = {f"{version}/{path}": replace(file, lasts=True) for path, file in files.items()}
    return files | lasting | {"index.html": file_of(index, "text/html")}


def catalogue_file(language: str) -> File:
    """All texts in a language, for the page: English text to translation."""
    texts: dict[str | tuple[str, int], str] = getattr(catalogue(language), "_catalog", {})
    # Plural forms have keys of another kind; the page uses none.
    simple = {key: text for key, text in texts.items() if isinstance(key, str) and key and text}
    return file_of(msgspec.json.encode(simple, order="sorted"), "application/json")


def _is_auditors(path: str) -> bool:
    """Whether a file is of the auditors' room: a page that opens an auditor's key comes from the auditor's own machine, never from here."""
    return path.startswith(("audit.", "audit/"))


def add_routes(app: web.Application) -> None:
    """Serve `/assist/…` (the technician's page) and `/static/…` (what the desk's own pages need)."""
    assist = {path: file for path, file in read_files("technician_viewer", "web").items() if not _is_auditors(path)}
    assist = with_lasting_names(assist)
    assist |= {f"catalogue/{language}.json": catalogue_file(language) for language in LANGUAGES}
    assist[""] = assist["index.html"]
    static = read_files("relay.pages", "static")

    def serve(files: dict[str, File]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            file = files.get(request.match_info["path"])
            if file is None:
                raise Refusal(404, "not_found")
            return file.response(request)

        return handler

    async def to_folder(request: web.Request) -> web.Response:
        path = request.rel_url.with_path("/assist/").with_query(request.rel_url.query)
        return web.Response(status=301, headers={"Location": str(path)})

    app.router.add_get("/assist", to_folder)
    app.router.add_get("/assist/{path:.*}", serve(assist))
    app.router.add_get("/static/{path:.*}", serve(static))
