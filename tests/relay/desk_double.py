"""A small desk on a Unix socket: the real interface, answers chosen by the test."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web

LARGE_BYTES = 20 * 1024 * 1024


class Desk:
    """What it was told, in order, and what it will answer."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.tokens: dict[str, dict[str, Any]] = {}
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.seen_headers: list[dict[str, str]] = []
        self.entry_status = self.state_status = 204
        self.head_statuses: list[int] = []
        """What it answers to the next heads; then 204."""
        self.logged: dict[int, bytes] = {}
        """What the log of all sessions says, by the number of the entry: an answer as JSON."""
        self.expiries: dict[str, int] = {}
        self.arrivals: dict[str, str] = {}
        """To which session somebody comes, by certificate, or by session for agents."""
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.at_once: Counter[str] = Counter()
        self.most_at_once = 0

    def token_for(self, room: str, session: str = "", *, expires_in_s: int = 600) -> str:
        """A one-use token that opens this room."""
        token = f"token-for-room-{room}-{len(self.tokens)}"
        expires_at = int(time.time()) + expires_in_s
        self.tokens[token] = {
            "session": session or f"session-{room}",
            "room": room,
            "participant": "p",
            "expires_at": expires_at,
        }
        return token

    def states_of(self, session: str) -> list[str]:
        return [body["state"] for s, what, body in self.told if (s, what) == (session, "states")]

    def bodies(self, what: str) -> list[dict[str, Any]]:
        return [body for _, w, body in self.told if w == what]

    async def __aenter__(self) -> "Desk":
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_post("/internal/rooms/claim", self._claim)
        application.router.add_post("/internal/rooms/expiry", self._expiry)
        application.router.add_post("/internal/arrivals/{who}", self._arrive)
        application.router.add_post("/internal/sessions/{session}/logged", self._prove)
        application.router.add_post("/internal/sessions/{session}/{what}", self._keep)
        application.router.add_get("/large", self._large)
        application.router.add_route("*", "/{path:.*}", self._echo)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.socket)).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.may_answer.set()
        await self._runner.cleanup()

    async def _claim(self, request: web.Request) -> web.Response:
        claimed = self.tokens.pop((await request.json())["token"], None)
        return web.json_response(claimed) if claimed else web.json_response({"error": "not_found"}, status=404)

    async def _arrive(self, request: web.Request) -> web.Response:
        came = await request.json()
        session = self.arrivals.get(came.get("certificate") or came.get("session"))
        return web.json_response({"session": session, "participant": ""}) if session else web.Response(status=404)

    async def _expiry(self, request: web.Request) -> web.Response:
        expires_at = self.expiries.get((await request.json())["room"])
        return web.json_response({"expires_at": expires_at}) if expires_at else web.Response(status=404)

    async def _keep(self, request: web.Request) -> web.Response:
        session, what = request.match_info["session"], request.match_info["what"]
        self.at_once[session] += 1
        self.most_at_once = max(self.most_at_once, self.at_once[session])
        self.told.append((session, what, json.loads(await request.read())))
        await self.may_answer.wait()
        self.at_once[session] -= 1
        if what == "heads" and self.head_statuses:
            return web.Response(status=self.head_statuses.pop(0))
        return web.Response(status={"entries": self.entry_status, "states": self.state_status}.get(what, 204))

    async def _prove(self, request: web.Request) -> web.Response:
        answer = self.logged.get((await request.json())["number"])
        return web.Response(body=answer) if answer else web.json_response({"error": "not_cosigned"}, status=503)

    async def _large(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(LARGE_BYTES // 65536):
            await answer.write(bytes(65536))
        return answer

    async def _echo(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.seen_headers.append(dict(request.headers))
        answer = web.json_response({"method": request.method, "path": request.path_qs, "body_bytes": len(body)})
        answer.headers["Keep-Alive"] = "timeout=5"
        answer.set_cookie("first", "1")
        answer.set_cookie("second", "2")
        return answer
