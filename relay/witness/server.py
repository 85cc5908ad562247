"""The witness on the network: one log after the other, and what was cosigned is on the disk before anybody hears of it."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.log_of_sessions import read_checkpoint
from protocol.signed_note import Note
from relay.storage.files import replace_file
from relay.witness.judgement import REQUEST_BYTES_MAX, Asked, Refused, judge, read_request

log = logging.getLogger("mainforte.witness")


@dataclass(frozen=True)
class Seen:
    """What was cosigned last of each log, one file a log."""

    folder: Path

    def last(self, origin: str) -> Note | None:
        """The newest note of a log, with our cosignature; None of a log that is new.

        Raises:
            OSError, ProtocolError: it is there and cannot be read.
        """
        try:
            return signed_note.parse(self._file(origin).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None

    def keep(self, origin: str, note: Note) -> None:
        """Remember; on the disk once this returns."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(self._file(origin), str(note).encode())

    def _file(self, origin: str) -> Path:
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.note"


class WitnessServer:
    """Answers `POST /add-checkpoint` as C2SP's tlog-witness says, and `GET /latest?origin=…` with what was cosigned last."""

    def __init__(self, name: str, key: Ed25519PrivateKey, logs: Mapping[str, bytes], seen: Seen) -> None:
        """`logs`: the keys of the logs that are followed, by their origins."""
        self._name, self._key, self._logs, self._seen = name, key, logs, seen
        self._turn = asyncio.Lock()

    def application(self) -> web.Application:
        """The two routes; whatever goes wrong inside is told to nobody outside."""
        app = web.Application(client_max_size=REQUEST_BYTES_MAX)
        app.router.add_post("/add-checkpoint", self._add)
        app.router.add_get("/latest", self._latest)
        return app

    async def _add(self, request: web.Request) -> web.Response:
        try:
            asked = read_request(await request.read())
            async with self._turn:
                return web.Response(text=await asyncio.to_thread(self._cosign, asked))
        except Refused as refused:
            log.warning("not cosigned: %d %s", refused.status, refused.why)
            if refused.status == 409:
                return web.Response(status=409, text=f"{refused.size}\n", content_type="text/x.tlog.size")
            return web.Response(status=refused.status, text=f"{refused.why}\n")
        except (OSError, ProtocolError):
            log.exception("nothing can be cosigned")
            return web.Response(status=503, text="try again later\n")

    def _cosign(self, asked: Asked) -> str:
        origin = asked.checkpoint.origin
        last = self._seen.last(origin)
        judge(asked, self._logs, read_checkpoint(last) if last else None)
        ours = signed_note.cosign(Note(asked.note.text, ()), self._name, self._key, at_s=int(time.time()))
        self._seen.keep(origin, Note(asked.note.text, (*asked.note.signatures[:1], *ours.signatures)))
        return str(ours).removeprefix(f"{asked.note.text}\n")

    async def _latest(self, request: web.Request) -> web.Response:
        origin = request.query.get("origin", "")
        note = await asyncio.to_thread(self._seen.last, origin) if origin in self._logs else None
        return web.Response(text=str(note)) if note else web.Response(status=404, text="nothing was cosigned\n")
