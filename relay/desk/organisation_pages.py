"""What those who look after the desk decide for all: services, training, tools."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from relay import demo_data
from relay.desk import customer_store, organisation_forms, people, services, tools
from relay.desk.forms import Typed
from relay.desk.people import Person, Tenant
from relay.desk.process_pages import refresh_ladders
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, required_person
from relay.desk.rights import ADMINISTRATORS, OVERSEERS, READERS, REVIEWERS, ROUTERS

routes = web.RouteTableDef()

TRAINING_TICKETS = 20
"""How many invented cases a new training begins with."""


@routes.get("/desk")
async def get_desk(request: web.Request) -> web.Response:
    """Where everything is found that is not part of one case."""
    person = await required_person(request, *READERS)
    return page(
        request,
        "desk.html",
        person,
        may_review=bool(person.roles & set(REVIEWERS)),
        may_oversee=bool(person.roles & set(OVERSEERS)),
    )


# --- services and training -----------------------------------------------------------------------------------------------


@routes.get("/services")
async def get_services(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        return await _services(request, connection, person, organisation_forms.Service())


async def _services(
    request: web.Request,
    connection: AsyncConnection,
    person: Person,
    form: Any,
    *,
    mail: Any = None,
    status: int = 200,
) -> web.Response:
    listed = await services.listed(connection, person.tenant.organisation_id)
    here = next(one for one in listed if one.id == person.service.id)
    settings = request.app[DESK].settings
    values: dict[str, Any] = {
        "services": listed,
        "form": form,
        "mail": mail or organisation_forms.ServiceMail(data={"mail_address": here.mail_address}),
        "desk_address": settings.mail_from,
        "takes_mail": bool(settings.smtp or settings.mail_listen),
        "open_to_me": {one.id for one in person.services},
        "may_administer": bool(person.roles & set(ADMINISTRATORS)),
    }
    return page(request, "services.html", person, status=status, **values)


@routes.post("/services")
async def post_service(request: web.Request) -> web.Response:
    """A new service; a training begins with invented customers and their cases."""
    person = await required_person(request, *ADMINISTRATORS)
    form = organisation_forms.Service(Typed(await form_of(request, person)))
    async with request.app[DESK].database.transaction() as connection:
        if not form.validate():
            return await _services(request, connection, person, form, status=400)
        made = await services.add(connection, person, form.name.data, form.kind.data)
        if form.kind.data == people.TRAINING:
            await demo_data.add_past(connection, made, person.id, TRAINING_TICKETS)
    await refresh_ladders(request.app[DESK])
    return see_other("/services")


@routes.post("/services/mail")
async def post_service_mail(request: web.Request) -> web.Response:
    """Where the customers of the present service write to, and hear from."""
    person = await required_person(request, *ADMINISTRATORS)
    form = organisation_forms.ServiceMail(Typed(await form_of(request, person)))
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        is_right = form.validate()
        if is_right and not await services.answer_at(
            connection, person, form.mail_address.data, desk_address=desk.settings.mail_from
        ):
            form.mail_address.errors = ["taken_address"]
            is_right = False
        if not is_right:
            return await _services(request, connection, person, organisation_forms.Service(), mail=form, status=400)
    return see_other("/services")


@routes.post("/services/members")
async def post_service_member(request: web.Request) -> web.Response:
    person = await required_person(request, *ADMINISTRATORS)
    fields = await form_of(request, person)
    async with request.app[DESK].database.transaction() as connection:
        whom = await people.find(connection, fields.get("name", "")[:64])
        wanted = next((one for one in person.services if str(one.id) == fields.get("service", "")), None)
        if whom is None or wanted is None:
            raise Refusal(404, "not_found")
        tenant = Tenant(person.tenant.organisation_id, wanted.id)
        await services.join(connection, tenant, whom.id)
        await customer_store.note_change(
            connection, tenant, person.id, "service", wanted.id, f"{wanted.name}: + {whom.name}"
        )
    return see_other("/services")


@routes.post("/services/current")
async def post_current_service(request: web.Request) -> web.Response:
    """Work in another service from now on, or train."""
    person = await required_person(request, *READERS)
    wanted = (await form_of(request, person)).get("service", "")
    is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 10
    async with request.app[DESK].database.transaction() as connection:
        if not is_number or not await services.choose(connection, person, int(wanted)):
            raise Refusal(404, "not_found")
    return see_other("/tickets")


# --- tools ---------------------------------------------------------------------------------------------------------------


@routes.get("/tools")
async def get_tools(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    async with request.app[DESK].database.transaction() as connection:
        return await _tools(request, connection, person, organisation_forms.Tool())


async def _tools(
    request: web.Request, connection: AsyncConnection, person: Person, form: Any, *, status: int = 200
) -> web.Response:
    values: dict[str, Any] = {
        "tools": await tools.listed(connection, person.tenant),
        "form": form,
        "places": tools.PLACES,
        "may_route": bool(person.roles & set(ROUTERS)),
    }
    return page(request, "tools.html", person, status=status, **values)


@routes.post("/tools")
async def post_tool(request: web.Request) -> web.Response:
    person = await required_person(request, *ROUTERS)
    form = organisation_forms.Tool(Typed(await form_of(request, person)))
    async with request.app[DESK].database.transaction() as connection:
        if not form.validate():
            return await _tools(request, connection, person, form, status=400)
        tool_id = await tools.add(connection, person.tenant, **form.data)
        await customer_store.note_change(
            connection, person.tenant, person.id, "tool", tool_id, f"{form.name.data}: {form.address.data}"
        )
    return see_other("/tools")


@routes.post("/tools/remove")
async def post_remove_tool(request: web.Request) -> web.Response:
    person = await required_person(request, *ROUTERS)
    name = (await form_of(request, person)).get("name", "")[:40]
    async with request.app[DESK].database.transaction() as connection:
        if not await tools.remove(connection, person.tenant, name):
            raise Refusal(404, "not_found")
        await customer_store.note_change(connection, person.tenant, person.id, "tool", 0, f"− {name}")
    return see_other("/tools")
