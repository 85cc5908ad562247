"""What the desk writes for itself, in the database: appended events, and beside them what lists and search need."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.codec import encode
from relay.desk import publishing
from relay.desk.ladders import NAME as LADDER
from relay.desk.ladders import Ladder
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.publishing import Article, Content, Document, DocumentEvent, Drafted
from relay.storage import search, tables
from relay.storage.changes import changed
from relay.storage.closest import closest
from relay.storage.prepared import Prepared, Question
from relay.storage.standing import standing

SUGGESTED_MAX = 5
PUBLIC = "tutorial"
"""How search knows what is published for customers."""


@dataclass(frozen=True)
class Written:
    """One event with when it was and who did it."""

    at: datetime
    by: str
    event: DocumentEvent


def kind_of(content: Content) -> str:
    return str(content.__struct_config__.tag)


def title_of(content: Content) -> str:
    """One line for lists; of a text in both languages the French one."""
    return content.title if isinstance(content, Article) else content.title.fr


def new_name() -> str:
    """A name for what goes by its number."""
    return secrets.token_hex(8)


async def create(
    connection: AsyncConnection, tenant: Tenant, person_id: int | None, author: str, name: str, content: Content
) -> int:
    """A new document with its first draft; its id.

    Raises:
        IntegrityError: there is one of this kind and name.
    """
    document_id = await insert_row(
        connection,
        tables.document,
        **tenant.columns,
        kind=kind_of(content),
        name=name,
        title="",
        state="",
        in_force=0,
        newest=0,
        changed_at=now_utc(),
    )
    await append(connection, tenant, document_id, person_id, Drafted(content, author, 0))
    return document_id


async def append(
    connection: AsyncConnection, tenant: Tenant, document_id: int, person_id: int | None, event: DocumentEvent
) -> Document:
    """Store one more event.

    Raises:
        NotPossible: it does not follow from the events before; nothing is stored.
        RemoteProtocolError: it could not be read again.
    """
    text = encode(event)
    publishing.events.decode(text)
    history = await history_of(connection, document_id)
    document = publishing.apply(publishing.rebuild(written.event for written in history), event)
    now = now_utc()
    await insert_row(
        connection,
        tables.document_event,
        **tenant.columns,
        document_id=document_id,
        number=len(history),
        at=now,
        person_id=person_id,
        event=text.decode(),
    )
    await connection.execute(
        update(tables.document)
        .where(tables.document.c.id == document_id)
        .values(
            title=title_of(document.content),
            state=document.state,
            in_force=document.in_force,
            newest=document.newest,
            changed_at=now,
        )
    )
    await _make_found(connection, tenant, document_id, document)
    changed(connection, f"document:{document_id}")
    changed(connection, "documents")
    return document


async def _make_found(connection: AsyncConnection, tenant: Tenant, document_id: int, document: Document) -> None:
    readable = document.versions[document.readable - 1] if document.readable else None
    await _index(connection, tenant, "article", document_id, readable)
    published = document.published
    for_customers = isinstance(published, Article) and published.audience == "customers"
    await _index(connection, tenant, PUBLIC, document_id, published if for_customers else None)


async def _index(
    connection: AsyncConnection, tenant: Tenant, kind: str, document_id: int, content: Content | None
) -> None:
    if isinstance(content, Article):
        text = "\n".join((content.issue, content.environment, content.resolution, content.cause))
        await search.index(connection, tenant, kind, document_id, content.title, text)
    else:
        await search.forget(connection, tenant, kind, document_id)


async def find(connection: AsyncConnection, tenant: Tenant, document_id: int, kind: str = "") -> Any | None:
    """The row of a document."""
    document = tables.document
    where = [document.c.id == document_id, document.c.service_id == tenant.service_id]
    if kind:
        where.append(document.c.kind == kind)
    return (await connection.execute(select(document).where(*where))).first()


async def history_of(connection: AsyncConnection, document_id: int) -> list[Written]:
    """All events of a document, in order."""
    event, person = tables.document_event, tables.person
    rows = await connection.execute(
        select(event.c.at, event.c.event, person.c.full_name)
        .outerjoin(person, event.c.person_id == person.c.id)
        .where(event.c.document_id == document_id)
        .order_by(event.c.number)
    )
    return [Written(row.at, row.full_name or "", _event_of(row.event)) for row in rows]


@lru_cache(maxsize=4000)
def _event_of(text: str) -> DocumentEvent:
    """Every page reads the same few documents; what an event says never changes."""
    return publishing.events.decode(text.encode())


async def load(connection: AsyncConnection, document_id: int) -> Document:
    return publishing.rebuild(written.event for written in await history_of(connection, document_id))


async def named(connection: AsyncConnection, tenant: Tenant, kind: str, name: str, version: int) -> Content | None:
    """One version of a document by its name, but not of articles; None where there is none."""
    _, document = (await _of_kind(connection, tenant, kind)).get(name, (None, Document()))
    return document.versions[version - 1] if 1 <= version <= len(document.versions) else None


async def in_force(connection: AsyncConnection, tenant: Tenant, kind: str) -> dict[str, tuple[int, int, Content]]:
    """Everything of a kind that is in force: by name its version, its id and what it says."""
    known = await _of_kind(connection, tenant, kind)
    return {
        name: (document.in_force, row.id, content)
        for name, (row, document) in known.items()
        if (content := document.published) is not None
    }


async def _of_kind(connection: AsyncConnection, tenant: Tenant, kind: str) -> dict[str, tuple[Any, Document]]:
    """The rows of a kind by title, each with all its versions, by name. Of articles there are too many for that."""
    document, event = tables.document, tables.document_event

    async def read() -> dict[str, tuple[Any, Document]]:
        where = document.c.service_id == tenant.service_id, document.c.kind == kind
        rows = (await connection.execute(select(document).where(*where).order_by(document.c.title))).all()
        histories: dict[int, list[DocumentEvent]] = {row.id: [] for row in rows}
        told = select(event.c.document_id, event.c.event).join(document, event.c.document_id == document.c.id)
        for one in await connection.execute(told.where(*where).order_by(event.c.number)):
            histories[one.document_id].append(_event_of(one.event))
        return {row.name: (row, publishing.rebuild(histories[row.id])) for row in rows}

    return await standing(connection, ("documents", tenant.service_id, kind), (document, event), read)


async def designed(connection: AsyncConnection, tenant: Tenant, kind: str) -> list[tuple[Any, Content]]:
    """The rows of a kind that the desk works by, the newest change first, each with what its newest version says."""
    known = (await _of_kind(connection, tenant, kind)).values()
    return [(row, document.content) for row, document in sorted(known, key=lambda one: one[0].changed_at, reverse=True)]


async def ladders(connection: AsyncConnection) -> dict[int, Ladder]:
    """The ladder that is in force in each service that has one of its own."""
    document = tables.document
    where = document.c.kind == "ladder", document.c.name == LADDER, document.c.in_force > 0
    rows = await connection.execute(select(document.c.id, document.c.service_id).where(*where))
    found = {row.service_id: (await load(connection, row.id)).published for row in rows.all()}
    return {service_id: ladder for service_id, ladder in found.items() if isinstance(ladder, Ladder)}


async def listed(connection: AsyncConnection, tenant: Tenant, kind: str, state: str = "") -> list[Any]:
    """The rows of a kind, the newest change first; at most two hundred."""
    document = tables.document
    query = select(document).where(document.c.service_id == tenant.service_id, document.c.kind == kind)
    if state:
        query = query.where(document.c.state == state)
    return list((await connection.execute(query.order_by(document.c.changed_at.desc()).limit(200))).all())


async def public(connection: AsyncConnection, tenant: Tenant) -> list[Any]:
    """The rows of what is published for customers, by title; at most two hundred."""
    entry, document = tables.search_entry, tables.document

    async def read() -> list[Any]:
        rows = await connection.execute(
            select(document)
            .join(entry, entry.c.subject_id == document.c.id)
            .where(entry.c.service_id == tenant.service_id, entry.c.kind == PUBLIC)
            .order_by(document.c.title)
            .limit(200)
        )
        return list(rows.all())

    # What search knows changes in the same moment as the document.
    return await standing(connection, ("public", tenant.service_id), (document,), read)


_NEWS = Prepared(
    select(tables.document)
    .where(tables.document.c.service_id == bindparam("service"), tables.document.c.kind == "article")
    .where(tables.document.c.state.in_((publishing.REVIEW, publishing.PUBLISHED)))
    .where(tables.document.c.changed_at > bindparam("since"))
    .order_by(tables.document.c.changed_at.desc())
    .limit(50)
)


async def news(connection: AsyncConnection, tenant: Tenant, since: datetime) -> list[Any]:
    """The articles that were written, improved or put in force since then, the newest first; at most fifty."""
    return await _NEWS.all(connection, service=tenant.service_id, since=since)


async def articles_for(
    connection: AsyncConnection, tenant: Tenant, words: str, *, limit: int = 20, kind: str = "article"
) -> list[Any]:
    """The rows of the articles that search finds, the best first; of kind `PUBLIC` only what customers may read."""
    return await _in_order(connection, await search.find(connection, tenant, words, kind, limit=limit))


async def articles_near(connection: AsyncConnection, tenant: Tenant, words: str) -> list[Any]:
    """The rows of the articles that hold most of these words, where none holds all of them."""
    return await _in_order(connection, await closest(connection, tenant, words, "article", limit=SUGGESTED_MAX))


async def _in_order(connection: AsyncConnection, ids: list[int]) -> list[Any]:
    rows = {row.id: row for row in await by_ids(connection, ids)}
    return [rows[document_id] for document_id in ids if document_id in rows]


_LAST_EVENT = Prepared(select(func.max(tables.document_event.c.id).label("id")))


def state_question() -> Question:
    """What `state_of` reads the answer to."""
    return _LAST_EVENT.asked()


def state_of(rows: Sequence[Any]) -> int:
    """In which state all documents are: another one whenever anything has happened to any."""
    return rows[0].id or 0


async def suggested_for(
    connection: AsyncConnection, tenant: Tenant, subject: str, state: int, *, nearly: bool = False
) -> list[Any]:
    """The articles that go with what a ticket is about, or nearly do, for as long as the documents are in this state.

    A ticket is opened again after each button, by each who works on it; and customers say the same things.
    """
    key = "near" if nearly else "suggested", tenant.service_id, subject, state
    read = (
        partial(articles_near, connection, tenant, subject)
        if nearly
        else partial(articles_for, connection, tenant, subject, limit=SUGGESTED_MAX)
    )
    return await standing(connection, key, (), read)


_BY_IDS = Prepared(select(tables.document).where(tables.document.c.id.in_(bindparam("ids", expanding=True))))


async def by_ids(connection: AsyncConnection, ids: list[int]) -> list[Any]:
    """The rows of these documents, in no order."""
    return await _BY_IDS.all(connection, ids=ids) if ids else []


def ids_question(ids: list[int]) -> Question:
    """What `by_ids` asks."""
    return _BY_IDS.asked(ids=ids)


async def uses(connection: AsyncConnection, document_id: int) -> list[Any]:
    """For which tickets an article was used or written, and by which level."""
    use, ticket = tables.article_use, tables.ticket
    rows = await connection.execute(
        select(use.c.level, use.c.how, use.c.at, ticket.c.number, ticket.c.subject)
        .join(ticket, use.c.ticket_id == ticket.c.id)
        .where(use.c.document_id == document_id)
        .order_by(use.c.at.desc())
        .limit(50)
    )
    return list(rows.all())
