"""The pages of what should become better."""

from typing import Any

from aiohttp import web

from relay.desk import forms, improvements
from relay.desk.forms import Typed
from relay.desk.people import Person
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, required_person
from relay.desk.rights import APPROVERS, READERS

routes = web.RouteTableDef()


@routes.get("/improvements")
async def get_improvements(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        found = await improvements.listed(connection, person.tenant)
    return page(request, "improvements.html", person, improvements=found)


@routes.get("/improvements/{improvement:[0-9]+}")
async def get_improvement(request: web.Request) -> web.Response:
    return await _page(request, await required_person(request, *READERS))


async def _page(request: web.Request, person: Person, *, status: int = 200, **more: Any) -> web.Response:
    """The entry; `more` holds a form that could not be taken."""
    number = request.match_info["improvement"]
    async with request.app[DESK].database.transaction() as connection:
        row = await improvements.find(connection, person.tenant, int(number)) if len(number) < 10 else None
        if row is None:
            raise Refusal(404, "not_found")
        shown = await improvements.tickets_of(connection, row.id)
    stale = []
    if status == 409:
        stale = [
            (name, getattr(row, name), mine) for name, mine in more["form"].data.items() if mine != getattr(row, name)
        ]
    values: dict[str, Any] = {
        "row": row,
        "tickets": shown,
        "form": forms.Improvement(data={"title": row.title, "cause": row.cause, "state": row.state}),
        "seen": row.version,
        "stale": stale,
        "may_write": bool(person.roles & set(APPROVERS)),
    }
    return page(request, "improvement.html", person, status=status, **(values | more))


@routes.post("/improvements/{improvement:[0-9]+}")
async def post_improvement(request: web.Request) -> web.Response:
    """Change it; a form of before somebody else's change is shown beside what is there now."""
    person = await required_person(request, *APPROVERS)
    fields = await form_of(request, person)
    form, seen = forms.Improvement(Typed(fields)), fields.get("seen", "")
    if not form.validate():
        return await _page(request, person, status=400, form=form, seen=seen[:9])
    number = request.match_info["improvement"]
    is_number = seen.isascii() and seen.isdigit() and len(seen) < 10 and len(number) < 10
    async with request.app[DESK].database.transaction() as connection:
        done = is_number and await improvements.edit(
            connection, person.tenant, person.id, int(number), int(seen), **form.data
        )
    return see_other(f"/improvements/{number}") if done else await _page(request, person, status=409, form=form)
