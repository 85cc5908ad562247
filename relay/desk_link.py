"""The front's way to the desk: who may claim a room, and what of a session is to be kept (ARCHITECTURE.md, the two processes)."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, TypeVar

import aiohttp
import msgspec
from msgspec import Meta

from protocol.codec import Decoder, Message, encode
from protocol.errors import RemoteProtocolError
from protocol.log_of_sessions import Logged
from protocol.relay_messages import AgentCame, Number, RoomNumber, ViewerCame
from relay.rooms import Claim, SessionId, SessionState

CLAIM_TIMEOUT_S = 3
STORE_TIMEOUT_S = 4
"""Below the five seconds after which an agent gives up on an entry (ENTRY_STORED_TIMEOUT_S)."""
WAITING_PER_SESSION_MAX = 64
ACCOUNTS_AT_ONCE = 100
"""So many that the answer about all of them stays small."""
SEGMENT_TIMEOUT_S = 30
SEGMENTS_WAITING_MAX = 4
"""Per session, each up to a mebibyte: an agent that sends more has them back, and sends them again."""
ANSWER_BYTES_MAX = 16 * 1024
PASSING_STATES = frozenset({SessionState.PAIRED, SessionState.AGENT_GONE, SessionState.VIEWER_GONE})
PASSING_S = 0.8
"""A state that does not last is no news: after a restart all ends of all sessions come at once, and none should wait for the disk."""
AGAIN_AFTER_S = (0.5, 1, 2, 4, 8, 8, 8, 8, 8)
"""How long a state or a head that the desk did not take waits before it is told again; the desk starts again meanwhile."""
HEADS_WAITING_MAX = 8
"""Per session. Ends make one each half a minute; one that makes many has only the first of them kept while the desk is away."""

Id = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{1,64}\Z")]

T = TypeVar("T", bound=Message)

log = logging.getLogger("mainforte.relay")


class Kept(Enum):
    """What became of an entry."""

    STORED = auto()
    NOT_STORED = auto()
    """Not now: the desk is away or full."""
    REFUSED = auto()
    """The desk holds another entry of that number, or lacks those before."""


class DeskUnreachable(Exception):
    """The desk does not answer, or not as agreed."""


class _ClaimAsked(Message, frozen=True):
    token: str


class _Claimed(Message, frozen=True):
    session: Id
    room: RoomNumber
    participant: Annotated[str, Meta(max_length=200)]
    expires_at: Number


class Arrived(Message, frozen=True):
    """Which session it is, and whose account came: empty for an agent, and for a guest."""

    session: Id
    participant: Annotated[str, Meta(max_length=64)]


class _StandingAsked(Message, frozen=True):
    accounts: list[str]


class _ShutOut(Message, frozen=True):
    accounts: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=ACCOUNTS_AT_ONCE)]


class _ExpiryAsked(Message, frozen=True):
    session: str
    room: str


class _Expiry(Message, frozen=True):
    expires_at: Number


class _Entry(Message, frozen=True):
    number: int
    entry: str
    beside: bytes


class _EntryAsked(Message, frozen=True):
    number: int


class _Head(Message, frozen=True):
    note: str


class _State(Message, frozen=True):
    state: str


_claimed: Decoder[_Claimed] = Decoder(_Claimed, bytes_max=4096)
_arrived: Decoder[Arrived] = Decoder(Arrived, bytes_max=4096)
_shut_out: Decoder[_ShutOut] = Decoder(_ShutOut, bytes_max=8192)
_expiry: Decoder[_Expiry] = Decoder(_Expiry, bytes_max=4096)
_logged: Decoder[Logged] = Decoder(Logged, bytes_max=ANSWER_BYTES_MAX)


@dataclass
class _Line:
    """What waits for the desk in one session: one after the other, in the order asked."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class DeskLink:
    """The desk's internal API over its Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._client = aiohttp.ClientSession(
            "http://desk", connector=aiohttp.UnixConnector(str(socket)), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._lines: dict[SessionId, _Line] = {}
        self._states: dict[SessionId, SessionState] = {}
        self._segments_waiting: Counter[SessionId] = Counter()
        self._heads_waiting: Counter[SessionId] = Counter()

    async def close(self) -> None:
        await self._client.close()

    async def claim(self, token: str) -> Claim | None:
        """What a one-use token opens; None where it opens nothing, or not any more.

        Raises:
            DeskUnreachable: nobody can tell now.
        """
        claimed = await self._ask("/internal/rooms/claim", _ClaimAsked(token), _claimed)
        if claimed is None:
            return None
        return Claim(claimed.room, SessionId(claimed.session), claimed.participant, claimed.expires_at)

    async def arrives(self, came: AgentCame | ViewerCame) -> Arrived | None:
        """The session that an end comes back to, or joins; None where it may not.

        Raises:
            DeskUnreachable: the desk does not answer, or not as agreed.
        """
        path = "/internal/arrivals/agent" if isinstance(came, AgentCame) else "/internal/arrivals/viewer"
        return await self._ask(path, came, _arrived)

    async def shut_out(self, accounts: Collection[str]) -> frozenset[str]:
        """Those of these accounts whose people may not take part any more.

        Raises:
            DeskUnreachable: nobody can tell now.
        """
        asked, found = sorted(accounts), set[str]()
        for begin in range(0, len(asked), ACCOUNTS_AT_ONCE):
            part = _StandingAsked(asked[begin : begin + ACCOUNTS_AT_ONCE])
            if told := await self._ask("/internal/people/shut-out", part, _shut_out):
                found.update(told.accounts)
        return frozenset(found)

    async def expiry(self, claim: Claim) -> int:
        """Until when customers can come (UTC seconds), as the desk says now; as the claim says where it does not answer."""
        try:
            now = await self._ask("/internal/rooms/expiry", _ExpiryAsked(claim.session, claim.room), _expiry)
        except DeskUnreachable as error:
            log.warning("expiry not answered: %s", error, extra={"session": claim.session})
            return claim.expires_at
        return now.expires_at if now else claim.expires_at

    async def _ask(
        self, path: str, question: Message, answers: Decoder[T], *, timeout_s: float = CLAIM_TIMEOUT_S
    ) -> T | None:
        status, body = await self._post(path, question, timeout_s)
        if status == 404:
            return None
        if status != 200:
            raise DeskUnreachable(f"status {status} to {path}")
        try:
            return answers.decode(encode(msgspec.json.decode(body)))
        except (msgspec.DecodeError, UnicodeError, RemoteProtocolError) as error:
            raise DeskUnreachable(f"an answer to {path} that is not as agreed: {error}") from None

    async def store_entry(self, session: SessionId, number: int, entry: str, beside: bytes = b"") -> Kept:
        """Have an entry kept with what lies beside it, after those that were handed over before it."""
        status = await self._in_turn(session, "entries", _Entry(number, entry, beside))
        return {204: Kept.STORED, 409: Kept.REFUSED}.get(status, Kept.NOT_STORED)

    async def store_segment(self, session: SessionId, segment: int, its_hash: bytes, chunks: Sequence[bytes]) -> bool:
        """Have a segment of the recording kept, `chunks` one after the other; tells whether it was. Nothing else waits for it."""
        waiting = self._segments_waiting[session]
        if waiting >= SEGMENTS_WAITING_MAX:
            return False
        self._segments_waiting[session] = waiting + 1
        try:
            path = f"/internal/sessions/{session}/segments/{segment}?hash={its_hash.hex()}"
            status, _ = await self._send(path, b"".join(chunks), "application/octet-stream", SEGMENT_TIMEOUT_S)
        except DeskUnreachable as error:
            log.warning("segment not kept: %s", error, extra={"session": session})
            return False
        finally:
            self._segments_waiting[session] -= 1
            if not self._segments_waiting[session]:
                del self._segments_waiting[session]
        if status != 204:
            log.warning("segment not kept: status %d", status, extra={"session": session})
        return status == 204

    async def logged(self, session: SessionId, number: int) -> Logged | None:
        """What the log of all sessions says of an entry that was stored; None where that cannot be told, or not now."""
        try:
            path = f"/internal/sessions/{session}/logged"
            return await self._ask(path, _EntryAsked(number), _logged, timeout_s=STORE_TIMEOUT_S)
        except DeskUnreachable as error:
            log.warning("entry %d is not proven to be logged: %s", number, error, extra={"session": session})
            return None

    async def store_head(self, session: SessionId, note: str) -> bool:
        """Have a head kept, as soon as the entries are that it speaks of and the desk is there; tells whether it was."""
        if self._heads_waiting[session] >= HEADS_WAITING_MAX:
            return False
        self._heads_waiting[session] += 1
        try:
            for pause_s in (*AGAIN_AFTER_S, None):
                status = await self._in_turn(session, "heads", _Head(note))
                if pause_s is None or status in (204, 400, 404):
                    return status == 204
                await asyncio.sleep(pause_s)
        finally:
            self._heads_waiting[session] -= 1
            if not self._heads_waiting[session]:
                del self._heads_waiting[session]
        return False

    async def tell_state(self, session: SessionId, state: SessionState) -> bool:
        """Tell how the session stands, again and again while the desk is away; tells whether it took note.

        What is out of date by then is not told any more: the desk needs to know how it stands, not how it stood.
        """
        self._states[session] = state
        try:
            if state in PASSING_STATES:
                await asyncio.sleep(PASSING_S)
                if self._states.get(session) is not state:
                    return False
            for pause_s in (*AGAIN_AFTER_S, None):
                status = await self._in_turn(session, "states", _State(state))
                if pause_s is None or 0 < status < 500:
                    return status == 204
                await asyncio.sleep(pause_s)
                if self._states.get(session) is not state:
                    return False
        finally:
            if self._states.get(session) is state:
                del self._states[session]
        return False

    async def _in_turn(self, session: SessionId, what: str, message: Message) -> int:
        """The desk's answer; 0 where there was none, or where too much waits already."""
        async with self._turn_of(session) as is_admitted:
            if not is_admitted:
                log.warning("%s not sent: too many wait for the desk", what, extra={"session": session})
                return 0
            try:
                status, _ = await self._post(f"/internal/sessions/{session}/{what}", message, STORE_TIMEOUT_S)
            except DeskUnreachable as error:
                log.warning("%s not kept: %s", what, error, extra={"session": session})
                return 0
            if status != 204:
                log.warning("%s not kept: status %d", what, status, extra={"session": session})
            return status

    @contextlib.asynccontextmanager
    async def _turn_of(self, session: SessionId) -> AsyncIterator[bool]:
        line = self._lines.setdefault(session, _Line())
        if line.waiting >= WAITING_PER_SESSION_MAX:
            yield False
            return
        line.waiting += 1
        try:
            async with line.turn:  # asyncio's locks are fair: first come, first served
                yield True
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[session]

    async def _post(self, path: str, message: Message, timeout_s: float) -> tuple[int, bytes]:
        return await self._send(path, encode(message), "application/json", timeout_s)

    async def _send(self, path: str, body: bytes, kind: str, timeout_s: float) -> tuple[int, bytes]:
        try:
            async with self._client.post(
                path,
                data=body,
                headers={"Content-Type": kind},
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                allow_redirects=False,
            ) as answer:
                return answer.status, await _whole(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeskUnreachable(type(error).__name__) from None


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """The body, and no more of it than an answer may have."""
    body = b""
    while len(body) <= ANSWER_BYTES_MAX and (part := await answer.content.read(ANSWER_BYTES_MAX)):
        body += part
    return body
