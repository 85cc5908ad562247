"""What each session's log says and proves, read and checked apart from everything else, and not twice.

A log of 20 000 entries takes its time. It is read in a transaction of its own, checked in a thread, and what was found is kept
for as long as neither an entry nor a head is added.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import RemoteProtocolError
from protocol.recording import Missing, recording_of
from protocol.session_log import Entry, parse_entry, verify
from relay.desk import recordings, sessions
from relay.evidence.check import certificate_of
from relay.evidence.summary import Summary, summarise
from relay.storage import tables
from relay.storage.database import Database

KEPT_MAX = 1000


@dataclass(frozen=True)
class Proof:
    """What a log of `count` entries proves: both ends agree up to `both`, the agent alone up to `agent`."""

    count: int
    both: int
    agent: int
    is_complete: bool


@dataclass(frozen=True)
class Kept:
    """What is there of a recording: how many segments the log speaks of, and which of them nobody has kept."""

    segments: int
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Story:
    """A session as its log tells it; no proof where the log does not hold, or the recording is not the one that it speaks of."""

    summary: Summary
    proof: Proof | None
    recording: Kept = Kept(0, ())

    @property
    def is_complete(self) -> bool:
        """Whether nothing of the evidence is missing."""
        return self.proof is not None and self.proof.is_complete and not self.recording.missing


_NO_STORY = Story(Summary(), None)

_Key = tuple[int, int, bytes | None, int, int]


class Stories:
    """The stories of sessions, the most recently asked for at hand."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[_Key, Story] = OrderedDict()

    async def of(self, session_ids: Sequence[int]) -> dict[int, Story]:
        """The stories of these sessions as they stand now. Not to be called inside a transaction."""
        async with self._database.reading() as connection:
            ends = await _ends_of(connection, session_ids)
        return {key[0]: await self._story(key) for key in ends}

    async def _story(self, key: _Key) -> Story:
        session_id, entries, *_ = key
        if entries == 0:
            return _NO_STORY
        if key not in self._known:
            async with self._database.reading() as connection:
                (key,) = await _ends_of(connection, [session_id])  # something may have been added since
                texts = await sessions.entries_of(connection, session_id)
                heads = await sessions.heads_of(connection, session_id)
                kept = await recordings.kept_of(connection, session_id)
                session = tables.session
                certificate = (
                    await connection.execute(select(session.c.certificate).where(session.c.id == session_id))
                ).scalar_one()
            self._known[key] = await asyncio.to_thread(_told, texts, heads, certificate, kept)
            while len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


async def _ends_of(connection: AsyncConnection, session_ids: Sequence[int]) -> list[_Key]:
    """What tells one state of a log from another: how many entries, the last one's hash, the last head, the segments kept."""
    session, head, segment = tables.session, tables.head, tables.segment
    last_head = select(func.max(head.c.id)).where(head.c.session_id == session.c.id).scalar_subquery()
    segments = select(func.count()).where(segment.c.session_id == session.c.id).scalar_subquery()
    rows = await connection.execute(
        select(session.c.id, session.c.entries, session.c.last_hash, last_head, segments).where(
            session.c.id.in_(session_ids)
        )
    )
    return [(row[0], row[1], row[2], row[3] or 0, row[4]) for row in rows.all()]


def _told(texts: list[str], heads: list[str], certificate: str, kept: dict[int, bytes]) -> Story:
    try:
        verdict = verify(texts, heads, certificate_of(certificate).key)
        recording = recording_of(verdict.entries)
        missing = tuple(recording.missing(kept))
    except RemoteProtocolError:
        return Story(summarise(_readable(texts)), None)
    proof = Proof(len(verdict.entries), verdict.both, verdict.agent, verdict.is_complete)
    return Story(summarise(verdict.entries), proof, Kept(len(recording.segments), missing))


def _readable(texts: list[str]) -> list[Entry]:
    """The entries up to the first one that is none."""
    entries = []
    for text in texts:
        try:
            entries.append(parse_entry(text))
        except RemoteProtocolError:
            break
    return entries
