"""Scripts, question trees, procedures and the ladder of levels: read, written in forms, put in force by a second person."""

import re
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import content_forms, diagrams, document_store, groups, people, publishing
from relay.desk.content_words import demands, moments, records
from relay.desk.differences import difference
from relay.desk.document_pages import address_of, change_state, changes_of, document_of, version_of
from relay.desk.forms import Typed
from relay.desk.people import Person, insert_row, now_utc
from relay.desk.procedures import Procedure
from relay.desk.publishing import Document, Drafted, Stale
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Desk, Refusal, language_of, required_person
from relay.desk.rights import APPROVERS, DESIGNERS, READERS, WRITERS
from relay.storage import tables
from translations import catalogue

routes = web.RouteTableDef()

FIELDS_MAX = 4000
BYTES_MAX = 512 * 1024
"""A procedure with all its steps is a larger form than others."""


async def refresh_ladders(desk: Desk) -> None:
    """Every page names levels: what is in force is kept at hand."""
    async with desk.database.transaction() as connection:
        desk.ladders.clear()
        desk.ladders.update(await document_store.ladders(connection))


@routes.get("/process")
async def get_process(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        kinds = {
            kind: await document_store.designed(connection, person.tenant, kind)
            for kind in ("procedure", "tree", "script", "ladder")
        }
    may_design = bool(person.roles & set(DESIGNERS))
    return page(request, "process.html", person, kinds=kinds, may_design=may_design)


@routes.get("/process/{document:[0-9]+}")
async def get_process_document(request: web.Request) -> web.Response:
    """One of them as people will meet it, with its versions and who was trained on which."""
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        row, history, document = await document_of(request, connection, person)
        if row.kind not in content_forms.FORMS:
            raise Refusal(404, "not_found")
        trained = await _trained(connection, row.id)
        known = {one.row.name: one.row for one in await groups.listed(connection, person.tenant)}
        version = version_of(request, document)
        author = await people.full_name(connection, document.authors[version - 1])
    content = document.versions[version - 1]
    return page(
        request,
        "process_document.html",
        person,
        row=row,
        history=history,
        document=document,
        version=version,
        author=author,
        content=content,
        changes=changes_of(document, version, language_of(request, person)),
        problems=publishing.problems(content),
        trained=trained,
        is_trained=(person.id, version) in {(one.id, one.version) for one in trained},
        groups=known,
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


@routes.get("/process/{document:[0-9]+}/diagram.{form:svg|bpmn}")
async def get_diagram(request: web.Request) -> web.Response:
    """The way of such a case, to be looked at or for other programs."""
    person = await required_person(request, *READERS)
    desk, language = request.app[DESK], language_of(request, person)
    async with desk.database.transaction() as connection:
        _, _, document = await document_of(request, connection, person, "procedure")
    procedure = document.versions[version_of(request, document) - 1]
    assert isinstance(procedure, Procedure)
    _ = catalogue(language).gettext
    words = diagrams.Words(
        customer=_("Customer"),
        calls=_("calls"),
        tries=_("Customer tries"),
        solved=_("Solved?"),
        works=_("Works?"),
        yes=_("yes"),
        no=_("no"),
    )
    drawn = diagrams.diagram_of(procedure, desk.ladder_of(person.tenant), words, language)
    if request.match_info["form"] == "svg":
        return web.Response(body=diagrams.to_svg(drawn), content_type="image/svg+xml")
    return web.Response(body=diagrams.to_bpmn(drawn), content_type="application/xml")


@routes.post("/process/{document:[0-9]+}/trained")
async def post_trained(request: web.Request) -> web.Response:
    """I have read this version and can work by it."""
    person = await required_person(request, *WRITERS)
    await form_of(request, person)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row, _, document = await document_of(request, connection, person)
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
    """An empty form; without a kind the page asks which."""
    person = await required_person(request, *DESIGNERS)
    kind = request.query.get("kind", "")
    form = content_forms.FORMS[kind].empty() if kind in content_forms.FORMS else None
    async with request.app[DESK].database.reading() as connection:
        return await _form(request, connection, person, kind, form)


async def _form(
    request: web.Request,
    connection: AsyncConnection,
    person: Person,
    kind: str,
    form: Any,
    *,
    status: int = 200,
    **more: Any,
) -> web.Response:
    """The form, with the short names that it may refer to."""
    gettext = catalogue(language_of(request, person)).gettext
    values: dict[str, Any] = {"row": None, "after": 0, "name": "", "problems": [], "theirs": None, "by": ""}
    values |= {"moments": moments(gettext), "records": records(gettext), "demands": demands(gettext)}
    values["groups"] = [one.row for one in await groups.listed(connection, person.tenant)]
    values["trees"] = [row for row, _ in await document_store.designed(connection, person.tenant, "tree")]
    return page(request, "process_edit.html", person, status=status, kind=kind, form=form, **(values | more))


@routes.get("/process/{document:[0-9]+}/edit")
async def get_edit_process(request: web.Request) -> web.Response:
    person = await required_person(request, *DESIGNERS)
    async with request.app[DESK].database.transaction() as connection:
        row, _, document = await document_of(request, connection, person)
        if row.kind not in content_forms.FORMS:
            raise Refusal(404, "not_found")
        form = content_forms.FORMS[row.kind].of(document.content)
        return await _form(request, connection, person, row.kind, form, row=row, after=document.newest, name=row.name)


@routes.post("/process/new")
@routes.post("/process/{document:[0-9]+}/edit")
async def post_process(request: web.Request) -> web.Response:
    """A new one, or a new version; refused with what is wrong with it, and never written over a newer one."""
    person = await required_person(request, *DESIGNERS)
    fields = await form_of(request, person, fields_max=FIELDS_MAX, bytes_max=BYTES_MAX)
    name, after, wanted = fields.get("name", "")[:40], fields.get("after", ""), fields.get("kind", "")
    async with request.app[DESK].database.transaction() as connection:
        row, document = None, Document()
        if "document" in request.match_info:
            row, _, document = await document_of(request, connection, person)
        kind = row.kind if row is not None else wanted
        if kind not in content_forms.FORMS:
            raise Refusal(400, "malformed")
        form = content_forms.FORMS[kind](Typed(fields))
        seen = int(after) if re.fullmatch(r"[0-9]{1,5}", after) else 0
        shown: dict[str, Any] = {"row": row, "after": seen, "name": name}
        if "more" in fields:
            form.add_rows()
            return await _form(request, connection, person, kind, form, **shown)
        content, problems = content_forms.content_of(form, name if row is None else row.name)
        if content is None:
            return await _form(request, connection, person, kind, form, status=400, problems=problems, **shown)
        if row is None:
            made = await document_store.create(connection, person.tenant, person.id, person.name, name, content)
            return see_other(f"/process/{made}")
        try:
            event = Drafted(content, person.name, seen)
            written = await document_store.append(connection, person.tenant, row.id, person.id, event)
        except Stale:
            theirs = difference(document.content, content, language_of(request, person))
            shown |= {
                "after": document.newest,
                "theirs": theirs,
                "by": await people.full_name(connection, document.authors[-1]),
            }
            return await _form(request, connection, person, kind, form, status=409, **shown)
    return see_other(address_of(f"/process/{row.id}", written))


@routes.post("/process/{document:[0-9]+}/state")
async def post_process_state(request: web.Request) -> web.Response:
    person = await required_person(request, *DESIGNERS)
    answer = await change_state(request, person, "", "/process/")
    await refresh_ladders(request.app[DESK])
    return answer
