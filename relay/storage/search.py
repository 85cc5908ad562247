"""Search over tickets, customers and articles, behind one interface: FTS5 on SQLite, `tsvector` on PostgreSQL.

What is stored and looked for are words that `relay.storage.words` has folded and stemmed; they lie in the table `search_text`, which
the third migration makes as each database does it best.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.storage import tables
from relay.storage.words import FORGIVEN_FROM, fold, index_terms, nearest, shortened, terms_of, words_of

QUERY_WORDS_MAX = 8
FOUND_MAX = 100


class Scope(Protocol):
    """Whose texts: one service of one organisation."""

    @property
    def organisation_id(self) -> int: ...
    @property
    def service_id(self) -> int: ...


@dataclass(frozen=True)
class Found:
    """One hit; `kind` says which table `subject_id` is of."""

    kind: str
    subject_id: int


async def index(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int, title: str, body: str) -> None:
    """Make something found by its title and its text; whatever it was found by before no longer counts."""
    entry = tables.search_entry
    columns = {"organisation_id": tenant.organisation_id, "service_id": tenant.service_id}
    where = entry.c.service_id == tenant.service_id, entry.c.kind == kind, entry.c.subject_id == subject_id
    entry_id = (await connection.execute(select(entry.c.id).where(*where))).scalar()
    if entry_id is None:
        made = await connection.execute(insert(entry).values(**columns, kind=kind, subject_id=subject_id))
        assert made.inserted_primary_key is not None
        entry_id = made.inserted_primary_key[0]
    else:
        await _drop(connection, entry_id)
    title_terms, terms = index_terms(title), index_terms(body)
    values = {"id": entry_id, "title": " ".join(title_terms), "words": " ".join(terms)}
    await connection.execute(text(_put(connection)), values)
    await _learn(connection, columns, {*title_terms, *terms})


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
    rows: list[dict[str, object]] = []
    words: set[str] = set()
    for entry_id, (_, title, body) in zip([row.id for row in made], texts, strict=True):
        title_terms, terms = index_terms(title), index_terms(body)
        rows.append({"id": entry_id, "title": " ".join(title_terms), "words": " ".join(terms)})
        words.update(title_terms, terms)
    await connection.execute(text(_put(connection)), rows)
    await _learn(connection, columns, words)


def _put(connection: AsyncConnection) -> str:
    if connection.dialect.name == "sqlite":
        return "INSERT INTO search_text (rowid, title, words) VALUES (:id, :title, :words)"
    return (
        "INSERT INTO search_text (id, vector) VALUES (:id, setweight(to_tsvector('simple', :title), 'A')"
        " || to_tsvector('simple', :words))"
    )


async def forget(connection: AsyncConnection, tenant: Scope, kind: str, subject_id: int) -> None:
    """It is no longer found."""
    entry = tables.search_entry
    where = entry.c.service_id == tenant.service_id, entry.c.kind == kind, entry.c.subject_id == subject_id
    for entry_id in (await connection.execute(select(entry.c.id).where(*where))).scalars().all():
        await _drop(connection, entry_id)
        await connection.execute(delete(entry).where(entry.c.id == entry_id))


async def find(
    connection: AsyncConnection,
    tenant: Scope,
    query: str,
    kinds: Sequence[str],
    *,
    limit: int = FOUND_MAX,
) -> list[Found]:
    """What holds every word of the query, the best first. The last word may be a beginning; a word that nothing holds is corrected."""
    words = words_of(query)[:QUERY_WORDS_MAX]
    if not words or not kinds:
        return []
    alternatives = []
    for position, word in enumerate(words):
        terms = [(term, False) for term in sorted(terms_of(word))]
        if position == len(words) - 1:
            terms.append((fold(word), True))
        if not await _is_known(connection, tenant.service_id, word, as_beginning=position == len(words) - 1):
            corrected = await _corrections(connection, tenant.service_id, fold(word))
            terms += [(term, False) for near in corrected for term in sorted(terms_of(near))]
        alternatives.append(terms)
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        match = " AND ".join(
            "(" + " OR ".join(f'"{term}"' + ("*" if begins else "") for term, begins in terms) + ")"
            for terms in alternatives
        )
        order = "bm25(search_text, 8.0, 1.0), e.id DESC"
        source = "search_text JOIN search_entry e ON e.id = search_text.rowid WHERE search_text MATCH :match"
    else:
        match = " & ".join(
            "(" + " | ".join(f"'{term}'" + (":*" if begins else "") for term, begins in terms) + ")"
            for terms in alternatives
        )
        order = "ts_rank(s.vector, CAST(:match AS tsquery)) DESC, e.id DESC"
        source = "search_text s JOIN search_entry e ON e.id = s.id WHERE s.vector @@ CAST(:match AS tsquery)"
    named = {f"kind{number}": kind for number, kind in enumerate(kinds)}
    # Only names of our own are put into the statement; what people typed is a value.
    statement = (
        f"SELECT e.kind, e.subject_id FROM {source} AND e.service_id = :service"  # noqa: S608
        f" AND e.kind IN ({', '.join(':' + name for name in named)}) ORDER BY {order} LIMIT :limit"
    )
    values = {"match": match, "service": tenant.service_id, "limit": min(limit, FOUND_MAX), **named}
    rows = await connection.execute(text(statement), values)
    return [Found(row.kind, row.subject_id) for row in rows.all()]


async def _drop(connection: AsyncConnection, entry_id: int) -> None:
    column = "rowid" if connection.dialect.name == "sqlite" else "id"
    await connection.execute(text(f"DELETE FROM search_text WHERE {column} = :id"), {"id": entry_id})  # noqa: S608


async def _learn(connection: AsyncConnection, columns: dict[str, int], words: Iterable[str]) -> None:
    """Remember how words are spelt."""
    known_words = tables.search_word
    wanted = sorted({word for word in words if len(word) >= FORGIVEN_FROM and not word.isdigit()})
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        some = known_words.c.word.in_(wanted[start : start + 500])
        where = known_words.c.service_id == columns["service_id"], some
        known |= set((await connection.execute(select(known_words.c.word).where(*where))).scalars())
    new = [word for word in wanted if word not in known]
    if not new:
        return
    on_conflict = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    await connection.execute(
        on_conflict(known_words).on_conflict_do_nothing(), [{**columns, "word": word} for word in new]
    )
    spellings = [{**columns, "shorter": shorter, "word": word} for word in new for shorter in sorted(shortened(word))]
    await connection.execute(on_conflict(tables.search_spelling).on_conflict_do_nothing(), spellings)


async def _is_known(connection: AsyncConnection, service_id: int, word: str, *, as_beginning: bool) -> bool:
    plain = fold(word)
    if len(plain) < FORGIVEN_FROM or plain.isdigit():
        return True
    known = tables.search_word.c.word
    # By the order of letters rather than by LIKE, which would read the whole index.
    begins = (known >= plain) & (known < plain + "\U0010ffff")
    spelt = begins if as_beginning else known.in_(sorted(terms_of(word)))
    where = tables.search_word.c.service_id == service_id, spelt
    return (await connection.execute(select(known).where(*where).limit(1))).first() is not None


async def _corrections(connection: AsyncConnection, service_id: int, plain: str) -> list[str]:
    spelling = tables.search_spelling
    where = spelling.c.service_id == service_id, spelling.c.shorter.in_(sorted(shortened(plain)))
    candidates = (await connection.execute(select(spelling.c.word).where(*where).distinct().limit(200))).scalars().all()
    return nearest(plain, candidates)
