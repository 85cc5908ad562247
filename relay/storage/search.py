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

from sqlalchemy import Integer, bindparam, delete, insert, select, text
from sqlalchemy import column as column_named
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.storage import tables
from relay.storage.prepared import Prepared, together
from relay.storage.words import apart, fold, index_terms, is_forgiven, nearest, shortened, terms_of, words_of

QUERY_WORDS_MAX = 8
FOUND_MAX = 100
KINDS = ("ticket", "customer", "article", "tutorial")

BEGINNINGS_READ, BEGINNINGS_MAX = 200, 16
"""Of the words with the same beginning so many are read, in the order of letters, and the shortest of them looked for."""
_DIGITS_BEGIN_FROM = 3
# PostgreSQL either walks from the newest entry on, or has its index tell all hits and sorts them. Its own guess of which takes less is
# wrong by orders for beginnings and for many corrections; so a few entries tell how common the words are.
_SAMPLE, _COMMON_FROM, _WALKED_MAX = 2_000, 4, 100_000


class Scope(Protocol):
    """Whose texts: one service of one organisation."""

    @property
    def organisation_id(self) -> int: ...
    @property
    def service_id(self) -> int: ...


_ENTRY = Prepared(
    select(tables.search_entry.c.id).where(
        tables.search_entry.c.service_id == bindparam("service"),
        tables.search_entry.c.kind == bindparam("kind"),
        tables.search_entry.c.subject_id == bindparam("subject"),
    )
)


async def index(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int, title: str, body: str) -> None:
    """Make something found by its title and its text; whatever it was found by before no longer counts."""
    entry = tables.search_entry
    columns = {"organisation_id": tenant.organisation_id, "service_id": tenant.service_id}
    known = await _ENTRY.first(connection, service=tenant.service_id, kind=kind, subject=subject_id)
    if known is None:
        made = await connection.execute(insert(entry).values(**columns, kind=kind, subject_id=subject_id))
        assert made.inserted_primary_key is not None
        entry_id = made.inserted_primary_key[0]
    else:
        entry_id = known.id
        if connection.dialect.name == "sqlite":
            await _drop(connection, kind, entry_id)
    await _put(connection, columns, kind, [(entry_id, index_terms(title), index_terms(body))])


async def index_new(
    connection: AsyncConnection, tenant: Scope, kind: str, texts: Sequence[tuple[int, str, str]]
) -> None:
    """Make many things found that are not yet: for each its id, its title and its text."""
    if not texts:
        return
    entry, columns = tables.search_entry, {"organisation_id": tenant.organisation_id, "service_id": tenant.service_id}
    made = await connection.execute(
        insert(entry).returning(entry.c.id, sort_by_parameter_order=True),
        [{**columns, "kind": kind, "subject_id": subject_id} for subject_id, _, _ in texts],
    )
    ids = [row.id for row in made]
    found_by = [(index_terms(title), index_terms(body)) for _, title, body in texts]
    await _put(connection, columns, kind, [(entry_id, *terms) for entry_id, terms in zip(ids, found_by, strict=True)])


async def _put(
    connection: AsyncConnection, columns: dict[str, int], kind: str, entries: Sequence[tuple[int, list[str], list[str]]]
) -> None:
    """Store what entries are found by: for each its id, the terms of its title and those of its text.

    On PostgreSQL what one was found by before is replaced; FTS5 knows no such thing.
    """
    if connection.dialect.name == "sqlite":
        statement = f"INSERT INTO {table_of(kind)} (rowid, title, words) VALUES (:id, :title, :words)"
        rows = [{"id": i, "title": " ".join(title), "words": " ".join(words)} for i, title, words in entries]
        await connection.execute(text(f"INSERT INTO {table_of(kind)}_title (rowid, title) VALUES (:id, :title)"), rows)
    else:
        statement = (
            f"INSERT INTO {table_of(kind)} (id, title, words) VALUES (:id, array_to_tsvector(CAST(:title AS text[])),"
            " array_to_tsvector(CAST(:words AS text[])))"
            " ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, words = EXCLUDED.words"
        )
        rows = [{"id": i, "title": title, "words": [*title, *words]} for i, title, words in entries]
    await connection.execute(text(statement), rows)
    await learn(connection, columns, {term for _, title, words in entries for term in (*title, *words)})


async def forget(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int) -> None:
    """It is no longer found."""
    entry = tables.search_entry
    where = entry.c.service_id == tenant.service_id, entry.c.kind == kind, entry.c.subject_id == subject_id
    for entry_id in (await connection.execute(select(entry.c.id).where(*where))).scalars().all():
        await _drop(connection, kind, entry_id)
        await connection.execute(delete(entry).where(entry.c.id == entry_id))


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
_ITS_SUBJECT = (
    "CROSS JOIN LATERAL (SELECT subject_id FROM search_entry WHERE id = s.id AND service_id = :service OFFSET 0) e"
)


@cache
def _among_newest(table: str, column: str) -> Prepared:
    return _ids(
        f"SELECT e.subject_id FROM (SELECT id, {column} FROM {table} ORDER BY id DESC LIMIT :among) s {_ITS_SUBJECT}"
        f" WHERE s.{column} @@ CAST(:match AS tsquery) ORDER BY s.id DESC LIMIT :limit"
    )


@cache
def _among_all(table: str, column: str) -> Prepared:
    return _ids(
        f"WITH hit AS MATERIALIZED (SELECT id FROM {table} WHERE {column} @@ CAST(:match AS tsquery))"
        f" SELECT e.subject_id FROM (SELECT id FROM hit ORDER BY id DESC OFFSET 0) s {_ITS_SUBJECT}"
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


async def _drop(connection: AsyncConnection, kind: str, entry_id: int) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    for table in (table_of(kind), f"{table_of(kind)}_title") if is_sqlite else (table_of(kind),):
        column = "rowid" if is_sqlite else "id"
        await connection.execute(text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": entry_id})


async def learn(connection: AsyncConnection, columns: dict[str, int], words: Iterable[str]) -> None:
    """Remember words, so that their beginnings are found, and how they are spelt, so that typing errors are forgiven."""
    wanted, known = sorted({word for word in words if len(word) > 1 and not word.isdigit()}), set[str]()
    for start in range(0, len(wanted), 500):
        known |= await _known_of(connection, columns["service_id"], wanted[start : start + 500])
    new = [word for word in wanted if word not in known]
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
    return {row.word for row in await _KNOWN.all(connection, service=service_id, words=sorted(words))}


async def _corrections(connection: AsyncConnection, service_id: int, words: Sequence[str]) -> list[list[str]]:
    """For each of the words those that are one typing error away."""
    asked = [_SPELT.asked(service=service_id, shorter=sorted(shortened(word))) for word in words]
    answers = await together(connection, *asked) if asked else []
    return [nearest(word, (row.word for row in rows)) for word, rows in zip(words, answers, strict=True)]
