"""The desk's own writing: articles first of all, and scripts, question trees and procedures; each in versions, with a second reader."""

import difflib
import re
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from protocol.errors import RemoteProtocolError
from relay.desk import actions, document_store, forms, levels, publishing, ticket_store, tickets
from relay.desk.asked import Asked
from relay.desk.people import Person, insert_row, now_utc
from relay.desk.publishing import Article, Content, Document, Drafted, Published, SentBack, Stale, Submitted, Withdrawn
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, language_of, line, required_person
from relay.desk.rights import APPROVERS, DESIGNERS, READERS, WRITERS
from relay.desk.rules import SomeText
from relay.storage import tables

routes = web.RouteTableDef()

SUGGESTED_MAX = 8


@routes.get("/knowledge")
async def get_knowledge(request: web.Request) -> web.Response:
    """Search; with a ticket, what was looked for is written on it, so that nobody looks again."""
    person = await required_person(request, *READERS)
    desk, words = request.app[DESK], request.query.get("search", "")[:200].strip()
    async with desk.database.transaction() as connection:
        if words:
            found = await document_store.articles_for(connection, person.tenant, words)
        else:
            found = await document_store.listed(connection, person.tenant, "article")
    return page(request, "knowledge.html", person, articles=found, search=words, ticket=_ticket_number(request))


@routes.get("/knowledge/suggestions")
async def get_suggestions(request: web.Request) -> web.Response:
    """The articles that fit what is being typed, as a piece of a page."""
    person = await required_person(request, *READERS)
    desk, words = request.app[DESK], request.query.get("search", "")[:200]
    async with desk.database.transaction() as connection:
        found = await document_store.articles_for(connection, person.tenant, words, limit=SUGGESTED_MAX)
    return page(request, "suggestions.html", person, articles=found, search=words, ticket=_ticket_number(request))


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
    asked = Asked(connection, tenant, person, 0, row, ticket, {})
    event = await actions.link_article(asked, document_id, version, "written")
    await ticket_store.append(connection, tenant, row.id, person.id, event)


async def _document_of(
    request: web.Request, connection: AsyncConnection, person: Person, kind: str = ""
) -> tuple[Any, list[document_store.Written], Document]:
    """The document that the path names. Raises Refusal 404."""
    number = request.match_info["document"]
    row = await document_store.find(connection, person.tenant, int(number), kind) if len(number) < 10 else None
    if row is None:
        raise Refusal(404, "not_found")
    history = await document_store.history_of(connection, row.id)
    return row, history, publishing.rebuild(written.event for written in history)


@routes.get("/knowledge/{document:[0-9]+}")
async def get_article(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        row, history, document = await _document_of(request, connection, person, "article")
        uses = await document_store.uses(connection, row.id)
    return page(
        request,
        "article.html",
        person,
        row=row,
        history=history,
        document=document,
        version=_version(request, document),
        uses=uses,
        ticket=_ticket_number(request),
        may_approve=bool(person.roles & set(APPROVERS)) and document.authors[-1] != person.name,
        may_write=bool(person.roles & set(WRITERS)),
        difference=_difference,
    )


def _version(request: web.Request, document: Document) -> int:
    """The version that is asked for, else the one that people go by, else the newest."""
    wanted = request.query.get("version", "")
    if re.fullmatch(r"[1-9][0-9]{0,4}", wanted) and int(wanted) <= document.newest:
        return int(wanted)
    return document.readable or document.newest


@routes.get("/knowledge/{document:[0-9]+}/edit")
async def get_edit_article(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    async with request.app[DESK].database.transaction() as connection:
        row, _, document = await _document_of(request, connection, person, "article")
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
        row, _, document = await _document_of(request, connection, person, "article")
        seen = int(after) if re.fullmatch(r"[0-9]{1,5}", after) else 0
        values: dict[str, Any] = {"form": form, "document": row, "after": seen, "ticket": "", "theirs": None}
        if not form.validate():
            return page(request, "article_edit.html", person, status=400, **values)
        event = Drafted(form.content, person.name, seen)
        try:
            await document_store.append(connection, person.tenant, row.id, person.id, event)
        except Stale:
            theirs = document.content
            assert isinstance(theirs, Article)
            values |= {
                "after": document.newest,
                "theirs": _difference(theirs, form.content),
                "by": document.authors[-1],
            }
            return page(request, "article_edit.html", person, status=409, **values)
    return see_other(f"/knowledge/{row.id}")


PARTS = ("title", "issue", "environment", "resolution", "cause")


def _difference(before: Content, after: Content) -> list[tuple[str, list[tuple[str, str]]]]:
    """What changed, part by part: lines that went (-), came (+) or stayed (space)."""
    found = []
    for name, old, new in _parts(before, after):
        if old != new:
            lines = difflib.ndiff(old.splitlines(), new.splitlines())
            found.append((name, [(line[0], line[2:]) for line in lines if line[0] in "+- "]))
    return found


def _parts(before: Content, after: Content) -> list[tuple[str, str, str]]:
    if isinstance(before, Article) and isinstance(after, Article):
        return [(name, getattr(before, name), getattr(after, name)) for name in PARTS]
    return [("content", as_json(before), as_json(after))]


@routes.post("/knowledge/{document:[0-9]+}/state")
async def post_article_state(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    return await _change_state(request, person, "article", "/knowledge/")


async def _change_state(request: web.Request, person: Person, kind: str, path: str) -> web.Response:
    """Submit, publish, send back or withdraw."""
    fields = await form_of(request, person)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row, _, document = await _document_of(request, connection, person, kind)
        wanted = fields.get("state", "")
        event: publishing.DocumentEvent
        if wanted != "submit" and not person.roles & set(APPROVERS):
            raise Refusal(403, "not_allowed")
        reason = fields.get("reason", "").strip()
        match wanted:
            case "submit":
                event = Submitted()
            case "publish":
                if publishing.problems(document.content):
                    raise Refusal(409, "not_possible")
                event = Published(document.newest, person.name)
            case "send-back" | "withdraw":
                try:
                    told = msgspec.convert(reason, SomeText)
                except msgspec.ValidationError:
                    raise Refusal(400, "empty_text") from None
                event = SentBack(told) if wanted == "send-back" else Withdrawn(told)
            case _:
                raise Refusal(400, "malformed")
        await document_store.append(connection, person.tenant, row.id, person.id, event)
    return see_other(f"{path}{row.id}")


# --- scripts, question trees and procedures ---------------------------------------------------------------------------------


_content: msgspec.json.Decoder[Content] = msgspec.json.Decoder(publishing.Content, strict=True)


def as_json(content: Content) -> str:
    """Its own JSON, readable."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def from_json(text: str) -> Content:
    """What was typed. Raises ValueError with the place where it is wrong."""
    try:
        content: Content = _content.decode(text.encode())
        return content
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError, RemoteProtocolError) as error:
        raise ValueError(str(error)[:300]) from None


@routes.get("/process")
async def get_process(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        kinds = {
            kind: await document_store.listed(connection, person.tenant, kind)
            for kind in ("procedure", "tree", "script")
        }
    may_design = bool(person.roles & set(DESIGNERS))
    return page(request, "process.html", person, kinds=kinds, may_design=may_design)


@routes.get("/process/{document:[0-9]+}")
async def get_process_document(request: web.Request) -> web.Response:
    """One of them as people will meet it, with its versions and who was trained on which."""
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        row, history, document = await _document_of(request, connection, person)
        trained = await _trained(connection, row.id)
    version = _version(request, document)
    content = document.versions[version - 1]
    return page(
        request,
        "process_document.html",
        person,
        row=row,
        history=history,
        document=document,
        version=version,
        content=content,
        before=document.versions[version - 2] if version > 1 else None,
        problems=publishing.problems(content),
        trained=trained,
        difference=_difference,
        may_approve=bool(person.roles & set(APPROVERS)) and document.authors[-1] != person.name,
        may_design=bool(person.roles & set(DESIGNERS)),
    )


async def _trained(connection: AsyncConnection, document_id: int) -> list[Any]:
    training, person = tables.training, tables.person
    rows = await connection.execute(
        select(person.c.id, person.c.full_name, training.c.version, training.c.at)
        .join(person, training.c.person_id == person.c.id)
        .where(training.c.document_id == document_id)
        .order_by(training.c.at.desc())
    )
    return list(rows.all())


@routes.post("/process/{document:[0-9]+}/trained")
async def post_trained(request: web.Request) -> web.Response:
    """I have read this version and can work by it."""
    person = await required_person(request, *WRITERS)
    await form_of(request, person)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row, _, document = await _document_of(request, connection, person)
        if not document.in_force:
            raise Refusal(409, "not_possible")
        seen = {(one.id, one.version) for one in await _trained(connection, row.id)}
        if (person.id, document.in_force) not in seen:
            await insert_row(
                connection,
                tables.training,
                **person.tenant.columns,
                person_id=person.id,
                document_id=row.id,
                version=document.in_force,
                at=now_utc(),
            )
    return see_other(f"/process/{row.id}")


@routes.get("/process/new")
async def get_new_process(request: web.Request) -> web.Response:
    person = await required_person(request, *DESIGNERS)
    return page(request, "process_edit.html", person, form=forms.Raw(), row=None, after=0, problem="", theirs=None)


@routes.get("/process/{document:[0-9]+}/edit")
async def get_edit_process(request: web.Request) -> web.Response:
    person = await required_person(request, *DESIGNERS)
    async with request.app[DESK].database.transaction() as connection:
        row, _, document = await _document_of(request, connection, person)
    form = forms.Raw(data={"name": row.name, "content": as_json(document.content)})
    values: dict[str, Any] = {"form": form, "row": row, "after": document.newest, "problem": "", "theirs": None}
    return page(request, "process_edit.html", person, **values)


@routes.post("/process/new")
@routes.post("/process/{document:[0-9]+}/edit")
async def post_process(request: web.Request) -> web.Response:
    """A new one, or a new version; refused with the place where it is wrong, and never written over a newer one."""
    person = await required_person(request, *DESIGNERS)
    fields = await form_of(request, person)
    form, after = forms.Raw(forms.Typed(fields)), fields.get("after", "")
    seen = int(after) if re.fullmatch(r"[0-9]{1,5}", after) else 0
    desk = request.app[DESK]
    values: dict[str, Any] = {"form": form, "row": None, "after": seen, "problem": "", "theirs": None}
    async with desk.database.transaction() as connection:
        is_new = "document" not in request.match_info
        row, document = None, Document()
        if not is_new:
            row, _, document = await _document_of(request, connection, person)
            values["row"] = row
        try:
            if not form.validate():
                raise ValueError("")
            content = from_json(form.content.data)
            if isinstance(content, Article):
                raise ValueError("article")
            if wrong := publishing.problems(content):
                raise ValueError(", ".join(wrong))
        except ValueError as error:
            return page(request, "process_edit.html", person, status=400, **(values | {"problem": str(error)}))
        if row is None:
            document_id = await document_store.create(
                connection, person.tenant, person.id, person.name, form.name.data, content
            )
            return see_other(f"/process/{document_id}")
        try:
            event = Drafted(content, person.name, seen)
            await document_store.append(connection, person.tenant, row.id, person.id, event)
        except Stale:
            theirs = _difference(document.content, content)
            values |= {"after": document.newest, "theirs": theirs, "by": document.authors[-1]}
            return page(request, "process_edit.html", person, status=409, **values)
    return see_other(f"/process/{row.id}")


@routes.post("/process/{document:[0-9]+}/state")
async def post_process_state(request: web.Request) -> web.Response:
    person = await required_person(request, *DESIGNERS)
    return await _change_state(request, person, "", "/process/")
