"""Search over tickets, customers and articles, behind one interface: FTS5 on SQLite, `tsvector` on PostgreSQL.

What is stored and looked for are words that `relay.storage.words` has folded and stemmed. Each kind has a table of its own
(`search_ticket` and so on), which a migration makes as each database does it best: an article is not looked for among a million tickets.

Both databases find the same in the same order: first what holds all words in its title, then what holds them anywhere, each the newest
first. So a word that half of the tickets hold costs no more than a rare one: nobody has to weigh all hits to know the first hundred.
"""

# ruff: noqa: S608 - only names of our own are put into statements
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Protocol

from sqlalchemy import Integer, String, and_, bindparam, delete, exists, insert, select, text
from sqlalchemy import column as column_named
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.storage import tables
from relay.storage.prepared import Prepared, together
from relay.storage.standing import has_written
from relay.storage.words import apart, fold, index_terms, is_forgiven, nearest, shortened, terms_of, words_of

QUERY_WORDS_MAX = 8
FOUND_MAX = 100
KINDS = ("ticket", "customer", "article", "tutorial")

BEGINNINGS_READ, BEGINNINGS_MAX = 200, 16
"""Of the words with the same beginning so many are read, in the order of letters, and the shortest of them looked for."""
_DIGITS_BEGIN_FROM = 3
REMEMBERED_MAX = 100_000
"""Words that are never forgotten are not asked for again, up to so many: some ten megabytes."""
_REMEMBERED = "mainforte_words"
_ASKED_MAX = 500
# PostgreSQL either walks from the newest entry on, or has its index tell all hits and sorts them. Its own guess of which takes less is
# wrong by orders for beginnings and for many corrections; so a few entries tell how common the words are.
_SAMPLE, _COMMON_FROM, _WALKED_MAX = 2_000, 4, 100_000


class Scope(Protocol):
    """Whose texts: one service of one organisation."""

    @property
    def organisation_id(self) -> int: ...
    @property
    def service_id(self) -> int: ...


async def index(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int, title: str, body: str) -> None:
    """Make something found by its title and its text; whatever it was found by before no longer counts."""
    its_entry = {"service": tenant.service_id, "of": kind, "subject": subject_id}
    _ENTERED.later(connection, organisation=tenant.organisation_id, **its_entry)
    for statement in _removed(connection.dialect.name, kind):
        statement.later(connection, **its_entry)
    await _put(connection, tenant, kind, [(subject_id, title, body)])


async def index_new(
    connection: AsyncConnection, tenant: Scope, kind: str, texts: Sequence[tuple[int, str, str]]
) -> None:
    """Make many things found that are not yet: for each its id, its title and its text."""
    if not texts:
        return
    columns = {"organisation_id": tenant.organisation_id, "service_id": tenant.service_id, "kind": kind}
    entries = [{**columns, "subject_id": subject_id} for subject_id, _, _ in texts]
    await connection.execute(insert(tables.search_entry), entries)
    await _put(connection, tenant, kind, texts)


async def _put(connection: AsyncConnection, tenant: Scope, kind: str, texts: Sequence[tuple[int, str, str]]) -> None:
    """Store by what is found each whose entry is there."""
    all_terms = set[str]()
    for subject_id, title, body in texts:
        # Each once: a vector is of a megabyte at most, before PostgreSQL has seen what comes again.
        of_title, of_body = dict.fromkeys(index_terms(title)), dict.fromkeys(index_terms(body))
        all_terms.update(of_title, of_body)
        found_by = {"title": " ".join(of_title), "words": " ".join(of_body)}
        for statement in _stored(connection.dialect.name, kind):
            statement.later(connection, service=tenant.service_id, of=kind, subject=subject_id, **found_by)
    await learn(connection, tenant, all_terms)


_ITS_ENTRY = "FROM search_entry WHERE service_id = :service AND kind = :of AND subject_id = :subject"
_ENTRY = tables.search_entry
_IS_ITS_ENTRY = and_(
    _ENTRY.c.service_id == bindparam("service"),
    _ENTRY.c.kind == bindparam("of"),
    _ENTRY.c.subject_id == bindparam("subject"),
)
_LEFT = Prepared(delete(_ENTRY).where(_IS_ITS_ENTRY))
_ENTERED = Prepared(
    insert(_ENTRY).from_select(
        ["organisation_id", "service_id", "kind", "subject_id"],
        select(
            bindparam("organisation", type_=Integer),
            bindparam("service", type_=Integer),
            bindparam("of", type_=String),
            bindparam("subject", type_=Integer),
        ).where(~exists().where(_IS_ITS_ENTRY)),
    )
)


@cache
def _stored(dialect: str, kind: str) -> list[Prepared]:
    table = table_of(kind)
    if dialect == "sqlite":
        return [
            Prepared(text(f"INSERT INTO {table} (rowid, title, words) SELECT id, :title, :words {_ITS_ENTRY}")),
            Prepared(text(f"INSERT INTO {table}_title (rowid, title) SELECT id, :title {_ITS_ENTRY}")),
        ]
    # Terms hold letters and digits only: a list of them is a vector as it stands.
    title, words = "CAST(:title AS tsvector)", "CAST(:words AS tsvector)"
    return [
        Prepared(
            text(
                f"INSERT INTO {table} (id, title, words) SELECT id, {title}, {title} || {words} {_ITS_ENTRY}"
                " ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, words = EXCLUDED.words"
            )
        )
    ]


@cache
def _removed(dialect: str, kind: str) -> list[Prepared]:
    """FTS5 replaces nothing; PostgreSQL does, and removes with the entry what belongs to it."""
    tables_of_kind = (table_of(kind), f"{table_of(kind)}_title") if dialect == "sqlite" else ()
    return [Prepared(text(f"DELETE FROM {table} WHERE rowid = (SELECT id {_ITS_ENTRY})")) for table in tables_of_kind]


async def forget(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int) -> None:
    """It is no longer found."""
    its_entry = {"service": tenant.service_id, "of": kind, "subject": subject_id}
    for statement in _removed(connection.dialect.name, kind):
        statement.later(connection, **its_entry)
    _LEFT.later(connection, **its_entry)


async def find(
    connection: AsyncConnection, tenant: Scope, query: str, kind: str, *, limit: int = FOUND_MAX
) -> list[int]:
    """The ids of what holds every word of the query.

    The last word may be a beginning; a word that nothing holds is corrected, but never a number. Where nothing holds `C107855` what holds
    `C-107855` is found.
    """
    found = await _holding(connection, tenant, words_of(query)[:QUERY_WORDS_MAX], kind, min(limit, FOUND_MAX))
    if found or (parted := apart(query)) == query:
        return found
    return await _holding(connection, tenant, words_of(parted)[:QUERY_WORDS_MAX], kind, min(limit, FOUND_MAX))


async def _holding(
    connection: AsyncConnection, tenant: Scope, words: Sequence[str], kind: str, limit: int
) -> list[int]:
    if not words:
        return []
    alternatives = await terms_for(connection, tenant.service_id, words)
    if connection.dialect.name == "sqlite":
        newest = partial(_newest_of_sqlite, connection, tenant, kind, alternatives, limit)
    else:
        newest = partial(_newest_of_postgresql, connection, tenant, kind, alternatives, limit)
    found = await newest("title")
    if len(found) < limit:
        # Those of the title may come again.
        anywhere = await newest("words")
        found = list(dict.fromkeys((*found, *anywhere)))
    return found[:limit]


async def terms_for(connection: AsyncConnection, service_id: int, words: Sequence[str]) -> list[list[str]]:
    """For each word the terms of which one has to be there; a `*` at the end makes one a beginning."""
    *_, last = words
    beginning = fold(last)
    asked = {"service": service_id}
    known_among = _KNOWN, {**asked, "words": sorted({term for word in words for term in terms_of(word)})}
    begin_so = _BEGINNING, {**asked, "first": beginning, "after": beginning + "\U0010ffff"}
    answers = await together(connection, known_among, *([] if beginning.isdigit() else [begin_so]))
    known, *begin = ([row.word for row in rows] for rows in answers)
    # Numbers are not among the known words.
    begins = sorted(begin[0], key=len)[:BEGINNINGS_MAX] if begin else []
    alternatives = [set(terms_of(word)) for word in words]
    alternatives[-1].update(begins)
    unknown = [
        place
        for place, word in enumerate(words)
        if is_forgiven(fold(word)) and alternatives[place].isdisjoint((*known, *begins))
    ]
    corrections = await _corrections(connection, service_id, [fold(words[place]) for place in unknown])
    for place, near in zip(unknown, corrections, strict=True):
        alternatives[place].update(*map(terms_of, near))
    if beginning.isdigit() and len(beginning) >= _DIGITS_BEGIN_FROM:
        alternatives[-1] = {f"{beginning}*"}
    return [sorted(terms) for terms in alternatives]


async def _newest_of_sqlite(
    connection: AsyncConnection, tenant: Scope, kind: str, alternatives: list[list[str]], limit: int, column: str
) -> list[int]:
    # Titles have a table of their own: one that is asked for one of its columns looks through all that holds the words anywhere.
    table = f"{table_of(kind)}_title" if column == "title" else table_of(kind)
    match = " AND ".join(map(fts5_query, alternatives))
    # FTS5 walks backwards through its entries, and stops when it has enough of them.
    found = await _newest_in(table).all(connection, match=match, service=tenant.service_id, limit=limit)
    return [row.subject_id for row in found]


@cache
def _newest_in(table: str) -> Prepared:
    return _ids(
        f"SELECT e.subject_id FROM {table} s CROSS JOIN search_entry e ON e.id = s.rowid"
        f" WHERE {table} MATCH :match AND e.service_id = :service ORDER BY s.rowid DESC LIMIT :limit"
    )


async def _newest_of_postgresql(
    connection: AsyncConnection, tenant: Scope, kind: str, alternatives: list[list[str]], limit: int, column: str
) -> list[int]:
    match = " & ".join(map(tsquery, alternatives))
    asked = {"match": match, "service": tenant.service_id, "limit": limit}
    walk = _among_newest(table_of(kind), column)
    found = await walk.all(connection, **asked, among=_SAMPLE)
    if _COMMON_FROM <= len(found) < limit:
        found = await walk.all(connection, **asked, among=_WALKED_MAX)
    if len(found) < limit:
        found = await _among_all(table_of(kind), column).all(connection, **asked)
    return [row.subject_id for row in found]


# OFFSET 0 and MATERIALIZED have each part carried out as it stands, and each hit's entry looked up only once it is wanted.
ITS_SUBJECT = (
    "CROSS JOIN LATERAL (SELECT subject_id FROM search_entry WHERE id = s.id AND service_id = :service OFFSET 0) e"
)
"""Within a statement: the subject of each entry of search `s`, where it is of the service."""


@cache
def _among_newest(table: str, column: str) -> Prepared:
    return _ids(
        f"SELECT e.subject_id FROM (SELECT id, {column} FROM {table} ORDER BY id DESC LIMIT :among) s {ITS_SUBJECT}"
        f" WHERE s.{column} @@ CAST(:match AS tsquery) ORDER BY s.id DESC LIMIT :limit"
    )


@cache
def _among_all(table: str, column: str) -> Prepared:
    return _ids(
        f"WITH hit AS MATERIALIZED (SELECT id FROM {table} WHERE {column} @@ CAST(:match AS tsquery))"
        f" SELECT e.subject_id FROM (SELECT id FROM hit ORDER BY id DESC OFFSET 0) s {ITS_SUBJECT}"
        " ORDER BY s.id DESC LIMIT :limit"
    )


def _ids(statement: str) -> Prepared:
    return Prepared(text(statement).columns(column_named("subject_id", Integer)))


def fts5_query(terms: Iterable[str]) -> str:
    """Any of these terms, as SQLite's FTS5 is asked for them; they hold letters and digits only."""
    return "(" + " OR ".join(f'"{term.removesuffix("*")}"{"*" * term.endswith("*")}' for term in terms) + ")"


def tsquery(terms: Iterable[str]) -> str:
    """Any of these terms, as PostgreSQL is asked for them."""
    return "(" + " | ".join(f"'{term.removesuffix('*')}'{':*' * term.endswith('*')}" for term in terms) + ")"


def table_of(kind: str) -> str:
    """What holds the words of this kind. Only names of our own are put into statements."""
    assert kind in KINDS
    return f"search_{kind}"


async def learn(connection: AsyncConnection, tenant: Scope, words: Iterable[str]) -> None:
    """Remember words, so that their beginnings are found, and how they are spelt, so that typing errors are forgiven."""
    remembered: set[str] = connection.info.setdefault((_REMEMBERED, tenant.service_id), set())
    wanted = {word for word in words if len(word) > 1 and not word.isdigit()} - remembered
    if not wanted:
        return
    known = await _known_of(connection, tenant.service_id, wanted)
    if not has_written(connection, tables.search_word):  # else what is known may still be rolled back
        if len(remembered) + len(known) > REMEMBERED_MAX:
            remembered.clear()
        remembered |= known
    columns = {"organisation_id": tenant.organisation_id, "service_id": tenant.service_id}
    new = sorted(wanted - known)
    spellings = [
        {**columns, "shorter": shorter, "word": word}
        for word in new
        if is_forgiven(word)
        for shorter in sorted(shortened(word))
    ]
    on_conflict = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    if new:
        rows = [{**columns, "word": word} for word in new]
        await connection.execute(on_conflict(tables.search_word).on_conflict_do_nothing(), rows)
    if spellings:
        await connection.execute(on_conflict(tables.search_spelling).on_conflict_do_nothing(), spellings)


_WORD = tables.search_word.c
_KNOWN = Prepared(
    select(_WORD.word).where(
        _WORD.service_id == bindparam("service"), _WORD.word.in_(bindparam("words", expanding=True))
    )
)
# By the order of letters rather than by LIKE, which would read the whole index.
_BEGINNING = Prepared(
    select(_WORD.word)
    .where(_WORD.service_id == bindparam("service"), _WORD.word >= bindparam("first"), _WORD.word < bindparam("after"))
    .order_by(_WORD.word)
    .limit(BEGINNINGS_READ)
)


_SPELLING = tables.search_spelling.c
_SPELT = Prepared(
    select(_SPELLING.word)
    .where(_SPELLING.service_id == bindparam("service"), _SPELLING.shorter.in_(bindparam("shorter", expanding=True)))
    .distinct()
    .limit(200)
)


async def _known_of(connection: AsyncConnection, service_id: int, words: Iterable[str]) -> set[str]:
    """Those of the words that are found somewhere."""
    asked = sorted(words)
    parts = [asked[start : start + _ASKED_MAX] for start in range(0, len(asked), _ASKED_MAX)]
    answers = await together(connection, *(_KNOWN.asked(service=service_id, words=part) for part in parts))
    return {row.word for rows in answers for row in rows}


async def _corrections(connection: AsyncConnection, service_id: int, words: Sequence[str]) -> list[list[str]]:
    """For each of the words those that are one typing error away."""
    asked = [_SPELT.asked(service=service_id, shorter=sorted(shortened(word))) for word in words]
    answers = await together(connection, *asked) if asked else []
    return [nearest(word, (row.word for row in rows)) for word, rows in zip(words, answers, strict=True)]
