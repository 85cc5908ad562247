"""The desk's own writing: articles first of all, and scripts, question trees and procedures; each in versions, with a second reader."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import actions, document_store, forms, levels, people, ticket_store, tickets
from relay.desk.asked import Asked
from relay.desk.case_pages import tell_changes
from relay.desk.differences import difference
from relay.desk.document_pages import address_of, change_state, changes_of, document_of, version_of
from relay.desk.people import Person, now_utc
from relay.desk.publishing import Article, Drafted, Stale, Submitted
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, asking, language_of, line, required_person
from relay.desk.rights import APPROVERS, READERS, WRITERS
from relay.storage import tables

routes = web.RouteTableDef()

SUGGESTED_MAX = 8
NEWS_FOR = timedelta(days=14)
"""What is new to somebody who has never said that they know it."""


@routes.get("/knowledge")
async def get_knowledge(request: web.Request) -> web.Response:
    """Search; with a ticket, what was looked for is written on it, so that nobody looks again."""
    words = request.query.get("search", "")[:200].strip()
    async with asking(request, *READERS) as (person, connection):
        if words:
            found = await document_store.articles_for(connection, person.tenant, words)
            near = [] if found else await document_store.articles_near(connection, person.tenant, words)
        else:
            found, near = await document_store.listed(connection, person.tenant, "article"), []
        news = await document_store.news(connection, person.tenant, person.news_read_at or now_utc() - NEWS_FOR)
        is_going_on = await _is_going_on(request, connection, person)
    values: dict[str, Any] = {
        "articles": found,
        "near": near,
        "search": words,
        "ticket": _ticket_number(request),
        "is_going_on": is_going_on,
        "news": news,
    }
    return page(request, "knowledge.html", person, **values)


@routes.get("/knowledge/changes")
async def get_knowledge_changes(request: web.Request) -> web.StreamResponse:
    """Server-sent events: one whenever something was written or put in force."""
    await required_person(request, *READERS)
    return await tell_changes(request, "documents")


@routes.post("/knowledge/news")
async def post_news_read(request: web.Request) -> web.Response:
    """I know what is new."""
    person = await required_person(request, *READERS)
    await form_of(request, person)
    row = tables.person
    async with request.app[DESK].database.transaction() as connection:
        await connection.execute(update(row).where(row.c.id == person.id).values(news_read_at=now_utc()))
    return see_other("/knowledge")


@routes.get("/knowledge/suggestions")
async def get_suggestions(request: web.Request) -> web.Response:
    """The articles that fit what is being typed, as a piece of a page."""
    words = request.query.get("search", "")[:200]
    async with asking(request, *READERS) as (person, connection):
        found = await document_store.articles_for(connection, person.tenant, words, limit=SUGGESTED_MAX)
        near = [] if found else await document_store.articles_near(connection, person.tenant, words)
        is_going_on = await _is_going_on(request, connection, person)
    shown: dict[str, Any] = {"articles": found, "near": near, "search": words, "is_going_on": is_going_on}
    return page(request, "suggestions.html", person, **shown, ticket=_ticket_number(request))


@routes.post("/knowledge/searches")
async def post_search(request: web.Request) -> web.Response:
    """Search on behalf of a ticket: what was looked for and how much was found stands on it."""
    person = await required_person(request, *WRITERS)
    form = await form_of(request, person)
    number, words = form.get("ticket", ""), line(form.get("search", "").strip(), least=1)
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise Refusal(400, "malformed")
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row = await ticket_store.find(connection, person.tenant, int(number))
        if row is None:
            raise Refusal(404, "not_found")
        found = await document_store.articles_for(connection, person.tenant, words)
        event = levels.KnowledgeSearched(words, len(found))
        await ticket_store.append(connection, person.tenant, row.id, person.id, event)
    return see_other(f"/knowledge?search={quote(words, safe='')}&ticket={number}")


def _ticket_number(request: web.Request) -> str:
    number = request.query.get("ticket", "")
    return number if re.fullmatch(r"[0-9]{1,9}", number) else ""


async def _is_going_on(request: web.Request, connection: AsyncConnection, person: Person) -> bool:
    """Whether the ticket that somebody searches for can still be handed over or solved."""
    number = _ticket_number(request)
    row = await ticket_store.find(connection, person.tenant, int(number)) if number else None
    return row is not None and row.state != tickets.CLOSED


@routes.get("/knowledge/new")
async def get_new_article(request: web.Request) -> web.Response:
    """An empty article, or one that begins with what is known of a ticket."""
    person = await required_person(request, *WRITERS)
    desk, number = request.app[DESK], _ticket_number(request)
    known: dict[str, Any] = {"language": language_of(request, person), "audience": "desk"}
    if number:
        async with desk.database.transaction() as connection:
            row = await ticket_store.find(connection, person.tenant, int(number))
            if row is None:
                raise Refusal(404, "not_found")
            history = await ticket_store.history_of(connection, row.id)
        ticket = tickets.rebuild(happened.event for happened in history)
        known |= {
            "title": ticket.subject,
            "product": row.device_type,
            "issue": "\n".join([ticket.description, *ticket.call.words]).strip(),
            "environment": row.device_name,
            "resolution": ticket.case.solution,
        }
    form = forms.Article(data=known)
    return page(request, "article_edit.html", person, form=form, document=None, after=0, ticket=number, theirs=None)


@routes.post("/knowledge/new")
async def post_new_article(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form, number = forms.Article(forms.Typed(fields)), fields.get("ticket", "")
    if not form.validate():
        values: dict[str, Any] = {"form": form, "document": None, "after": 0, "ticket": number, "theirs": None}
        return page(request, "article_edit.html", person, status=400, **values)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        name = document_store.new_name()
        document_id = await document_store.create(connection, person.tenant, person.id, person.name, name, form.content)
        if number:
            await document_store.append(connection, person.tenant, document_id, person.id, Submitted())
            await _link_written(request, connection, person, number, document_id, 1)
    return see_other(f"/knowledge/{document_id}")


async def _link_written(
    request: web.Request, connection: AsyncConnection, person: Person, number: str, document_id: int, version: int
) -> None:
    """The article was written because of this ticket: both know it."""
    if not re.fullmatch(r"[0-9]{1,9}", number):
        raise Refusal(400, "malformed")
    row = await ticket_store.find(connection, person.tenant, int(number))
    if row is None:
        raise Refusal(404, "not_found")
    history = await ticket_store.history_of(connection, row.id)
    ticket = tickets.rebuild(happened.event for happened in history)
    tenant = person.tenant
    asked = Asked(connection, tenant, person, 0, row, history, ticket, {})
    event = await actions.link_article(asked, document_id, version, "written")
    await ticket_store.append(connection, tenant, row.id, person.id, event)


@routes.get("/knowledge/{document:[0-9]+}")
async def get_article(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        row, history, document = await document_of(request, connection, person, "article")
        uses = await document_store.uses(connection, row.id)
        version = version_of(request, document)
        author = await people.full_name(connection, document.authors[version - 1])
    return page(
        request,
        "article.html",
        person,
        row=row,
        history=history,
        document=document,
        version=version,
        author=author,
        uses=uses,
        ticket=_ticket_number(request),
        may_approve=bool(person.roles & set(APPROVERS)) and document.authors[-1] != person.name,
        may_write=bool(person.roles & set(WRITERS)),
        changes=changes_of(document, version, language_of(request, person)),
    )


@routes.get("/knowledge/{document:[0-9]+}/edit")
async def get_edit_article(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    async with request.app[DESK].database.transaction() as connection:
        row, _, document = await document_of(request, connection, person, "article")
    form = forms.Article(data=msgspec.structs.asdict(document.content))
    return page(
        request, "article_edit.html", person, form=form, document=row, after=document.newest, ticket="", theirs=None
    )


@routes.post("/knowledge/{document:[0-9]+}/edit")
async def post_edit_article(request: web.Request) -> web.Response:
    """A new version. One that was written after an older version is shown beside the newer one; nothing is overwritten."""
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form, after = forms.Article(forms.Typed(fields)), fields.get("after", "")
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row, _, document = await document_of(request, connection, person, "article")
        seen = int(after) if re.fullmatch(r"[0-9]{1,5}", after) else 0
        values: dict[str, Any] = {"form": form, "document": row, "after": seen, "ticket": "", "theirs": None}
        if not form.validate():
            return page(request, "article_edit.html", person, status=400, **values)
        event = Drafted(form.content, person.name, seen)
        try:
            written = await document_store.append(connection, person.tenant, row.id, person.id, event)
        except Stale:
            theirs = document.content
            assert isinstance(theirs, Article)
            values |= {
                "after": document.newest,
                "theirs": difference(theirs, form.content, language_of(request, person)),
                "by": await people.full_name(connection, document.authors[-1]),
            }
            return page(request, "article_edit.html", person, status=409, **values)
    return see_other(address_of(f"/knowledge/{row.id}", written))


@routes.post("/knowledge/{document:[0-9]+}/state")
async def post_article_state(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    return await change_state(request, person, "article", "/knowledge/")
