"""The session log at the agent: each entry is kept here until the relay has stored it, and the heads speak of all of them.

Who came, and that the session is over, has to be in the log of all sessions too; what an entry allows waits for the proof of all before it.
"""

import asyncio
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from client_agent.session.clock import awake_or_asleep_s, now_ms
from client_agent.session.line import Line
from protocol import session_log
from protocol.errors import RemoteProtocolError
from protocol.identity import sign_arrival
from protocol.log_of_sessions import Logged, Trust, check_logged, leaf_of
from protocol.relay_messages import AgentCame, EntrySubmitted, HeadSubmitted
from protocol.session_log import Event, LogWriter

# A disk that was full may have room again; entries are small, so that all of them can be tried again.
_SUBMIT_AGAIN_S = 2.0
_SUBMITTED_AT_ONCE = 64


class Evidence:
    """Writes entries and heads, and sees to it that they reach the relay: also after a cut, or when its disk was full."""

    def __init__(self, line: Line, trust: Trust) -> None:
        """`trust`: whose word about the log of all sessions counts."""
        self._line, self._trust = line, trust
        self._key = Ed25519PrivateKey.generate()
        self._log = LogWriter()
        self._beside: dict[int, bytes] = {}
        self._session = ""
        self._again_at = 0.0
        self._is_unsure = asyncio.Event()
        self._is_closed = False
        self._unproven: set[int] = set()
        self.stored = 0
        """How many entries the relay has acknowledged."""
        self.logged: dict[int, Logged] = {}
        """What the log of all sessions is proven to say, by the number of the entry that it says it of."""

    @property
    def texts(self) -> list[str]:
        """All entries so far, as they are stored."""
        return self._log.texts

    @property
    def key(self) -> bytes:
        """The public key (Ed25519, 32 bytes) that signs the heads."""
        return self._key.public_key().public_bytes_raw()

    @property
    def is_stored(self) -> bool:
        """Whether the relay has everything."""
        return self.stored == len(self.texts)

    @property
    def confirmed(self) -> int:
        """How many entries are stored, and all of them that the log of all sessions must know are proven to be in it."""
        return min(self._unproven | {self.stored})

    @property
    def fingerprint(self) -> str:
        """The log's last hash, as people compare it."""
        return session_log.last_hash(self.texts).hex()

    def begin(self, session: str) -> None:
        """Whose log it is."""
        self._session = session

    def write(self, event: Event, beside: bytes = b"") -> int:
        """Append an entry and submit it with what lies beside it, sealed; gives its number.

        Behind the session's end nothing is written: it has nothing left to tell.
        """
        if self._is_closed:
            return len(self.texts) - 1
        self._is_closed = isinstance(event, session_log.SessionEnded)
        text = self._log.append(event, now_ms())
        number = len(self.texts) - 1
        if leaf_of(text, self._session, b"") is not None:
            self._unproven.add(number)
        if beside:
            self._beside[number] = beside
        self._line.tell_relay(EntrySubmitted(number, text, beside))
        return number

    def entry_stored(self, number: int) -> None:
        """The relay has this entry and all before it."""
        self.stored = max(self.stored, number + 1)
        for kept in [each for each in self._beside if each < self.stored]:
            del self._beside[kept]
        if self._unproven and not self._again_at:
            self._try_again_later()

    def entry_logged(self, number: int, logged: Logged) -> None:
        """The relay proves what the log of all sessions says of an entry.

        Raises:
            NotLogged: it does not: what vouches for this session is not there.
            RemoteProtocolError: there is nothing to be said of that entry, or what was sent is no proof at all.
        """
        if number not in self._unproven and number not in self.logged:
            raise RemoteProtocolError(f"a proof about entry {number}")
        check_logged(logged, self._trust, self._session, self.texts[number])
        self._unproven.discard(number)
        self.logged[number] = logged

    def entry_not_stored(self, number: int) -> None:
        """The relay could not keep it: it is submitted again later."""
        if number >= self.stored and not self._again_at:
            self._try_again_later()

    def submit_again(self, *, at_once: bool = False) -> None:
        """Submit what the relay has not acknowledged, where it is time to; `at_once` after a cut."""
        if at_once or (self._again_at and awake_or_asleep_s() >= self._again_at):
            self._again_at = 0.0
            self._is_unsure.clear()
            end = min(self.stored + _SUBMITTED_AT_ONCE, len(self.texts))
            # What is stored and not proven is submitted too: the relay answers with the proof.
            for number in [*sorted(each for each in self._unproven if each < self.stored), *range(self.stored, end)]:
                self._line.tell_relay(EntrySubmitted(number, self.texts[number], self._beside.get(number, b"")))
            if end < len(self.texts) or self._unproven:
                self._try_again_later()

    async def wait_until_unsure(self) -> None:
        """Wait until there may be something to submit again."""
        await self._is_unsure.wait()

    def _try_again_later(self) -> None:
        self._again_at = awake_or_asleep_s() + _SUBMIT_AGAIN_S
        self._is_unsure.set()

    def make_head(self) -> str:
        """A signed head of all entries so far, for the relay and for whoever is to sign it too."""
        note = session_log.make_head(self._session, self.texts, self._key, at_s=int(time.time()))
        self._line.tell_relay(HeadSubmitted(note))
        return note

    def arrival(self) -> AgentCame:
        """What the relay is told after a cut: only the key in the log's first entry can sign it."""
        at_ms = now_ms()
        return AgentCame(self._session or "0" * 32, at_ms, sign_arrival(self._session, at_ms, self._key))

    def holds(self, entries: int, last_hash: bytes) -> bool:
        """Tell whether somebody who holds so many entries, the last with this hash, holds ours."""
        return entries <= len(self.texts) and session_log.last_hash(self.texts[:entries]) == last_hash
