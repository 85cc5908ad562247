"""What comes closest to a sentence of which nothing holds every word: what holds most of it, a rare word counting for more, and one
that nearly everything holds for nearly nothing.

How rare a word is the newest entries tell: they are looked through for all words at once. Of a word that is rare among them the index
tells who holds it, however old that is. So a sentence of common words costs no more than one of rare ones. Both databases find the same
in the same order.
"""

# ruff: noqa: S608 - only names of our own are put into statements
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from math import log

from sqlalchemy import Integer, bindparam, select, text
from sqlalchemy import column as column_named
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.storage import tables
from relay.storage.prepared import Prepared
from relay.storage.search import (
    FOUND_MAX,
    ITS_SUBJECT,
    QUERY_WORDS_MAX,
    Scope,
    fts5_query,
    table_of,
    terms_for,
    tsquery,
)
from relay.storage.words import fold, words_of

TELLING_FROM, SENTENCE_FROM = 3, 3
"""Letters from which on a word says what a sentence is about, and words from which on it is one."""
SHARE_MIN = 0.25
"""Of what a sentence weighs: what holds less is not close to it, however many of its words it has."""
NEWEST, RARE_BELOW, RARE_MAX = 1000, 4, 200
"""So many are looked through; what fewer of them hold is rare; and so many that hold a rare word are looked at."""

Terms = Sequence[Sequence[str]]
"""For each word of a sentence the terms of which one is to be held."""


@dataclass(frozen=True)
class Held:
    """What holds the same words of the sentence: `words` has bit 0 for the first, and so on."""

    words: int
    times: int
    ids: Sequence[int]
    """The newest of them first; as many as are wanted at all."""


async def closest(
    connection: AsyncConnection, tenant: Scope, query: str, kind: str, *, limit: int = FOUND_MAX
) -> list[int]:
    """The ids of what holds most of what is asked, among equals the newest first; of a sentence at least two words."""
    words = [*dict.fromkeys(word for word in words_of(query) if len(fold(word)) >= TELLING_FROM)][:QUERY_WORDS_MAX]
    if not words:
        return []
    terms = await terms_for(connection, tenant.service_id, words)
    holding = _OnSqlite if connection.dialect.name == "sqlite" else _OnPostgreSql
    database = holding(connection, tenant, kind, terms, limit)
    held = await database.among_newest()
    everything = sum(one.times for one in held)
    times = [sum(one.times for one in held if one.words >> place & 1) for place in range(len(words))]
    if rare := [place for place, often in enumerate(times) if often < RARE_BELOW]:
        held = [*held, *await database.with_rare(rare)]
    weights = [log((everything + 1) / (often + 0.5)) for often in times]
    return _heaviest(held, weights, least=1 if len(words) < SENTENCE_FROM else 2)[:limit]


def _heaviest(held: Iterable[Held], weights: Sequence[float], *, least: int) -> list[int]:
    """Those that hold at least so many words, by what the words that they hold weigh; each once."""
    weighed = set[tuple[float, int]]()
    for one in held:
        weight = sum(weight for place, weight in enumerate(weights) if one.words >> place & 1)
        if one.words.bit_count() >= least and weight >= SHARE_MIN * sum(weights):
            weighed |= {(-weight, -subject_id) for subject_id in one.ids}
    return [-newest for _, newest in sorted(weighed)]


class _OnSqlite:
    """FTS5 does not tell which words a row holds: it is asked for each word."""

    def __init__(self, connection: AsyncConnection, tenant: Scope, kind: str, terms: Terms, limit: int) -> None:
        self._connection, self._service, self._kind, self._limit = connection, tenant.service_id, kind, limit
        self._words = [fts5_query(each) for each in terms]

    async def among_newest(self) -> list[Held]:
        newest = await _NEWEST.all(self._connection, service=self._service, kind=self._kind, among=NEWEST)
        return await self._held(dict(newest), "{}")

    async def with_rare(self, rare: Sequence[int]) -> list[Held]:
        any_rare = " OR ".join(self._words[place] for place in rare)
        hits = _newest_hits(table_of(self._kind))
        found = await hits.all(self._connection, match=any_rare, service=self._service, among=RARE_MAX)
        return await self._held(dict(found), f"{{}} AND ({any_rare})")

    async def _held(self, subjects: dict[int, int], match: str) -> list[Held]:
        """Which words these hold, given as subjects by entry; `match` says how each word is asked for."""
        words = dict.fromkeys(subjects, 0)
        since = _hits_since(table_of(self._kind))
        for place, word in enumerate(self._words if subjects else []):
            for (entry,) in await since.all(self._connection, match=match.format(word), first=min(subjects)):
                if entry in words:
                    words[entry] |= 1 << place
        alike = defaultdict[int, list[int]](list)
        for entry, held in words.items():
            alike[held].append(subjects[entry])
        return [Held(held, len(ids), sorted(ids, reverse=True)[: self._limit]) for held, ids in alike.items()]


_ENTRY = tables.search_entry.c
_NEWEST = Prepared(
    select(_ENTRY.id, _ENTRY.subject_id)
    .where(_ENTRY.service_id == bindparam("service"), _ENTRY.kind == bindparam("kind"))
    .order_by(_ENTRY.subject_id.desc())
    .limit(bindparam("among"))
)


@cache
def _newest_hits(table: str) -> Prepared:
    return _numbers(
        f"SELECT e.id, e.subject_id FROM {table} s CROSS JOIN search_entry e ON e.id = s.rowid"
        f" WHERE {table} MATCH :match AND e.service_id = :service ORDER BY s.rowid DESC LIMIT :among",
        "id",
        "subject_id",
    )


@cache
def _hits_since(table: str) -> Prepared:
    return _numbers(f"SELECT rowid AS id FROM {table} WHERE {table} MATCH :match AND rowid >= :first", "id")


class _OnPostgreSql:
    """Asked for everything at once."""

    def __init__(self, connection: AsyncConnection, tenant: Scope, kind: str, terms: Terms, limit: int) -> None:
        self._connection, self._table, self._kind = connection, table_of(kind), kind
        self._words = [tsquery(each) for each in terms]
        words = {f"word{place}": word for place, word in enumerate(self._words)}
        self._asked = {"service": tenant.service_id, "limit": limit, **words}

    async def among_newest(self) -> list[Held]:
        statement = _held_by_newest(self._table, len(self._words))
        return [
            Held(*row) for row in await statement.all(self._connection, **self._asked, kind=self._kind, among=NEWEST)
        ]

    async def with_rare(self, rare: Sequence[int]) -> list[Held]:
        any_rare = " | ".join(self._words[place] for place in rare)
        statement = _held_with_rare(self._table, len(self._words))
        return [
            Held(*row) for row in await statement.all(self._connection, **self._asked, rare=any_rare, among=RARE_MAX)
        ]


@cache
def _held_by_newest(table: str, count: int) -> Prepared:
    return _alike(
        f"SELECT e.subject_id, {_which_of(count)} AS words FROM"
        " (SELECT id, subject_id FROM search_entry WHERE service_id = :service AND kind = :kind"
        f" ORDER BY subject_id DESC LIMIT :among) e JOIN {table} s ON s.id = e.id"
    )


@cache
def _held_with_rare(table: str, count: int) -> Prepared:
    return _alike(
        f"WITH hit AS MATERIALIZED (SELECT id, words FROM {table} WHERE words @@ CAST(:rare AS tsquery))"
        f" SELECT e.subject_id, {_which_of(count)} AS words FROM (SELECT * FROM hit ORDER BY id DESC OFFSET 0) s"
        f" {ITS_SUBJECT} ORDER BY s.id DESC LIMIT :among"
    )


def _which_of(count: int) -> str:
    """So many words, `:word0` and so on: a bit for each that is held."""
    held = (f"CAST(s.words @@ CAST(:word{place} AS tsquery) AS int) * {1 << place}" for place in range(count))
    return " + ".join(held)


def _alike(held: str) -> Prepared:
    return Prepared(
        text(
            "SELECT words, count(*) AS times, (array_agg(subject_id ORDER BY subject_id DESC))[1:CAST(:limit AS int)] AS ids"
            f" FROM ({held}) held GROUP BY words"
        ).columns(column_named("words", Integer), column_named("times", Integer), column_named("ids"))
    )


def _numbers(statement: str, *columns: str) -> Prepared:
    return Prepared(text(statement).columns(*(column_named(name, Integer) for name in columns)))
