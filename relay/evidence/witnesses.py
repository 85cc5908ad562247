"""Asks witnesses to cosign the log of sessions (C2SP tlog-witness.md): each signs only what continues what it signed before."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from protocol import signed_note
from protocol.errors import ProtocolError
from protocol.identity import Witness
from protocol.limits import WITNESS_TIMEOUT_S
from protocol.log_of_sessions import read_checkpoint
from protocol.signed_note import Note

ANSWER_BYTES_MAX = 4096

Growth = Callable[[int], Awaitable[list[bytes]]]
"""The proof that the first so many leaves begin what is to be cosigned."""

log = logging.getLogger("mainforte.evidence")


class WitnessDisagrees(Exception):
    """A witness has seen another state of this log than ours: somebody shows two, or an older one was restored."""


class Witnesses:
    """Those whom the organisation's document names."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self._witnesses = witnesses
        self._seen: dict[str, int] = {}
        self._client: aiohttp.ClientSession | None = None
        self.disagreeing: set[str] = set()
        """The names of those who have seen another state of this log."""

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def cosign(self, note: Note, growth: Growth, *, enough: int) -> Note:
        """The note with the cosignatures that could be had; waits until there are `enough`, at most for a few seconds."""
        asked = {asyncio.create_task(self._ask(each, note, growth)) for each in self._witnesses if not _has(note, each)}
        waiting, count = set(asked), len(self._witnesses) - len(asked)
        until = asyncio.get_running_loop().time() + WITNESS_TIMEOUT_S
        while waiting and count < enough:
            left_s = max(0.0, until - asyncio.get_running_loop().time())
            done, waiting = await asyncio.wait(waiting, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            lines = [line for task in done if (line := task.result())]
            note, count = Note(note.text, (*note.signatures, *lines)), count + len(lines)
            if not done:
                log.warning("%d of %d witnesses have cosigned in time", count, len(self._witnesses))
                break
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return note

    async def latest(self, origin: str) -> dict[str, Note | None]:
        """What each witness has cosigned last of this log, by its name; None of one that does not answer, or has seen nothing."""
        return {each.name: await self._latest_of(each, origin) for each in self._witnesses}

    async def _latest_of(self, witness: Witness, origin: str) -> Note | None:
        try:
            url = f"{witness.address.rstrip('/')}/latest"
            async with self._http().get(url, params={"origin": origin}, allow_redirects=False) as answer:
                if answer.status != 200:
                    return None
                note = signed_note.parse((await answer.content.read(ANSWER_BYTES_MAX)).decode())
            signed_note.cosigned_at(note, witness.name, witness.key)
        except (aiohttp.ClientError, TimeoutError, OSError, ProtocolError, ValueError):
            return None
        return note

    def _http(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=WITNESS_TIMEOUT_S))
        return self._client

    async def _ask(self, witness: Witness, note: Note, growth: Growth) -> signed_note.SignatureLine | None:
        try:
            line = await self._cosigned_by(witness, note, growth)
        except WitnessDisagrees as error:
            self.disagreeing.add(witness.name)
            log.error("the witness %s does not cosign: %s", witness.name, error)
            return None
        except (aiohttp.ClientError, TimeoutError, OSError, ProtocolError, ValueError) as error:
            log.warning("the witness %s does not answer: %s %s", witness.name, type(error).__name__, error)
            return None
        self.disagreeing.discard(witness.name)
        return line

    async def _cosigned_by(self, witness: Witness, note: Note, growth: Growth) -> signed_note.SignatureLine:
        size, older = read_checkpoint(note).size, self._seen.get(witness.name, 0)
        status, answer = await self._post(witness, note, older, await growth(older))
        if status == 409:
            # It has seen more, or less, than we remember; what it says is only used to ask again.
            older = int(answer) if answer.strip().isdigit() and len(answer) < 20 else -1
            if not 0 <= older <= size:
                raise WitnessDisagrees(f"it has seen {older} leaves where there are {size}")
            status, answer = await self._post(witness, note, older, await growth(older))
        if status in (409, 422):
            raise WitnessDisagrees(f"status {status} from {older} to {size} leaves")
        if status != 200:
            raise ValueError(f"status {status}")
        # Read as the lines of a note, and held to the witness's key: whatever else it says counts for nothing.
        cosigned = signed_note.parse(f"{note.text}\n{answer}")
        signed_note.cosigned_at(cosigned, witness.name, witness.key)
        self._seen[witness.name] = size
        wanted = signed_note.key_id(witness.name, witness.key, signed_note.COSIGNATURE)
        return next(line for line in cosigned.signatures if (line.name, line.key_id) == (witness.name, wanted))

    async def _post(self, witness: Witness, note: Note, older: int, hashes: Sequence[bytes]) -> tuple[int, str]:
        proof = "".join(f"{base64.b64encode(each).decode('ascii')}\n" for each in hashes)
        body = f"old {older}\n{proof}\n{note}"
        url = f"{witness.address.rstrip('/')}/add-checkpoint"
        async with self._http().post(url, data=body.encode(), allow_redirects=False) as answer:
            return answer.status, (await answer.content.read(ANSWER_BYTES_MAX)).decode()


def _has(note: Note, witness: Witness) -> bool:
    with contextlib.suppress(ProtocolError):
        signed_note.cosigned_at(note, witness.name, witness.key)
        return True
    return False
