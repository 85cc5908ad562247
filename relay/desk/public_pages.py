"""What is open to everybody: tutorials with a search, what to have at hand, telling it before the call, and how it was."""

import re
from typing import Any

from aiohttp import web

from relay.desk import document_store, forms, preparations, surveys
from relay.desk.document_store import PUBLIC
from relay.desk.forms import Typed
from relay.desk.procedures import Procedure
from relay.desk.publishing import Article
from relay.desk.rendering import page, see_other
from relay.desk.requests import DESK, Refusal, check_pace, read_form
from relay.desk.rules import NotPossible

routes = web.RouteTableDef()


@routes.get("/help")
async def get_help(request: web.Request) -> web.Response:
    """Tutorials and solved problems for customers, with a search."""
    desk, words = request.app[DESK], request.query.get("search", "")[:200].strip()
    async with desk.database.transaction() as connection:
        if words:
            found = await document_store.articles_for(connection, desk.tenant, words, kind=PUBLIC)
        else:
            found = await document_store.public(connection, desk.tenant)
    return page(request, "help.html", None, articles=found, search=words)


@routes.get("/help/suggestions")
async def get_help_suggestions(request: web.Request) -> web.Response:
    """What fits while somebody types, as a piece of a page."""
    desk, words = request.app[DESK], request.query.get("search", "")[:200]
    async with desk.database.transaction() as connection:
        found = await document_store.articles_for(connection, desk.tenant, words, limit=8, kind=PUBLIC)
    return page(request, "help_list.html", None, articles=found, search=words)


@routes.get("/help/{document:[0-9]+}")
async def get_help_article(request: web.Request) -> web.Response:
    """One article, in the version that is published for customers; nothing else can be reached here."""
    desk, number = request.app[DESK], request.match_info["document"]
    async with desk.database.transaction() as connection:
        row = await document_store.find(connection, desk.tenant, int(number), "article") if len(number) < 10 else None
        published = (await document_store.load(connection, row.id)).published if row is not None else None
    if not isinstance(published, Article) or published.audience != "customers":
        raise Refusal(404, "not_found")
    return page(request, "help_article.html", None, article=published)


@routes.get("/prepare")
async def get_prepare(request: web.Request) -> web.Response:
    """What customers should have at hand, for each kind of request."""
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        procedures = await document_store.in_force(connection, desk.tenant, "procedure")
    return page(request, "prepare.html", None, procedures={name: found for name, (_, _, found) in procedures.items()})


async def _procedure(request: web.Request) -> Procedure:
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        found = await document_store.in_force(connection, desk.tenant, "procedure")
    procedure = found.get(request.match_info["name"], (0, 0, None))[2]
    if not isinstance(procedure, Procedure):
        raise Refusal(404, "not_found")
    return procedure


@routes.get("/prepare/{name:[a-z0-9-]{1,40}}")
async def get_preparation(request: web.Request) -> web.Response:
    return _preparation(request, await _procedure(request), forms.Preparation(), {})


def _preparation(
    request: web.Request, procedure: Procedure, form: Any, given: dict[str, str], *, status: int = 200
) -> web.Response:
    values: dict[str, Any] = {"procedure": procedure, "form": form, "given": given, "name": request.match_info["name"]}
    return page(request, "prepare_form.html", None, status=status, **values)


@routes.post("/prepare/{name:[a-z0-9-]{1,40}}")
async def post_preparation(request: web.Request) -> web.Response:
    """Keep what the customer tells; what is left out is asked on the telephone."""
    procedure, fields, desk = await _procedure(request), await read_form(request), request.app[DESK]
    form, answers = forms.Preparation(Typed(fields)), {}
    is_right = form.validate()
    for need in procedure.asked_before():
        if given := fields.get(f"need-{need.name}", "").strip():
            try:
                answers[need.name] = need.check(given)
            except NotPossible:
                is_right = False
    if not is_right:
        return _preparation(request, procedure, form, fields, status=400)
    check_pace(request)
    async with desk.database.transaction() as connection:
        reference = await preparations.keep(
            connection, desk.tenant, answers, procedure=request.match_info["name"], **form.data
        )
    return page(request, "prepared.html", None, reference=reference)


@routes.get("/survey")
async def get_survey(request: web.Request) -> web.Response:
    return page(request, "survey.html", None, form=forms.Survey(), is_kept=False, is_known=True)


@routes.post("/survey")
async def post_survey(request: web.Request) -> web.Response:
    fields, desk = await read_form(request), request.app[DESK]
    form, token = forms.Survey(Typed(fields)), fields.get("token", "")
    if not form.validate() or not re.fullmatch(r"[A-Za-z0-9_-]{32}", token):
        return page(request, "survey.html", None, status=400, form=form, is_kept=False, is_known=bool(token))
    check_pace(request)
    async with desk.database.transaction() as connection:
        is_kept = await surveys.answer(
            connection,
            token,
            exchange=int(form.exchange.data),
            resolution=int(form.resolution.data),
            words=form.words.data,
        )
    if not is_kept:
        return page(request, "survey.html", None, status=404, form=form, is_kept=False, is_known=False)
    return see_other("/survey/thanks")


@routes.get("/survey/thanks")
async def get_thanks(request: web.Request) -> web.Response:
    return page(request, "survey.html", None, form=forms.Survey(), is_kept=True, is_known=True)
