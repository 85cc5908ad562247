"""The pages of customers: who they are, what they have, and everything that happened with them."""

from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import customer_store, document_store, forms, preparations, prepared_tickets, ticket_store, tickets
from relay.desk.people import Person
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, asking, required_person
from relay.desk.rights import READERS, WRITERS

routes = web.RouteTableDef()


@routes.get("/customers")
async def get_customers(request: web.Request) -> web.Response:
    text = request.query.get("search", "")[:200]
    async with asking(request, *READERS) as (person, connection):
        found = await customer_store.identify(connection, person.tenant, text)
        prepared = await preparations.find(connection, person.tenant, text)
        procedures = await document_store.in_force(connection, person.tenant, "procedure")
    titles = {name: content for name, (_, _, content) in procedures.items()}
    values: dict[str, Any] = {"customers": found, "search": text, "prepared": prepared, "procedures": titles}
    return page(request, "customers.html", person, may_write=bool(person.roles & set(WRITERS)), **values)


@routes.post("/preparations/{reference:[A-Z0-9]{6}}")
async def post_prepared_ticket(request: web.Request) -> web.Response:
    """Open a ticket with what the customer has told already."""
    person = await required_person(request, *WRITERS)
    await form_of(request, person)
    async with request.app[DESK].database.transaction() as connection:
        row = await preparations.by_reference(connection, person.tenant, request.match_info["reference"])
        if row is None:
            raise Refusal(404, "not_found")
        number = await prepared_tickets.open_from(connection, person, row)
    return see_other(f"/tickets/{number}")


async def _view_of(request: web.Request, connection: AsyncConnection, person: Person) -> customer_store.View:
    number = request.match_info["customer"]
    view = await customer_store.view(connection, person.tenant, int(number)) if len(number) < 10 else None
    if view is None:
        raise web.HTTPNotFound
    return view


@routes.get("/customers/{customer:[0-9]+}")
async def get_customer(request: web.Request) -> web.Response:
    async with asking(request, *READERS) as (person, connection):
        view = await _view_of(request, connection, person)
        stages = await ticket_store.stages_of(connection, view.customer.id)
    return _customer_page(request, person, view, stages)


def _customer_page(
    request: web.Request,
    person: Person,
    view: customer_store.View,
    stages: list[ticket_store.Stage],
    *,
    status: int = 200,
    **more: Any,
) -> web.Response:
    row = view.customer
    data = {name: getattr(row, name) for name in customer_store.FIELDS}
    values: dict[str, Any] = {
        "edit": forms.Customer(data=data),
        "open": forms.NewCase(),
        "seen": row.version,
        "stale": [],
    } | more
    may_write = bool(person.roles & set(WRITERS))
    return page(
        request, "customer.html", person, status=status, view=view, stages=stages, may_write=may_write, **values
    )


@routes.post("/customers/{customer:[0-9]+}")
async def post_customer(request: web.Request) -> web.Response:
    """Change who the customer is. A form of before somebody else's change is shown beside what is there now."""
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form = forms.Customer(forms.Typed(fields))
    seen = int(fields["seen"]) if fields.get("seen", "").isdigit() and len(fields["seen"]) < 10 else 0
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        view = await _view_of(request, connection, person)
        stages = await ticket_store.stages_of(connection, view.customer.id)
        row = view.customer
        if not form.validate():
            return _customer_page(request, person, view, stages, status=400, edit=form, seen=seen)
        if await customer_store.edit(connection, person.tenant, person.id, row.id, seen, **form.data):
            return see_other(f"/customers/{row.id}")
    stale = [(name, getattr(row, name), value) for name, value in form.data.items() if getattr(row, name) != value]
    return _customer_page(request, person, view, stages, status=409, edit=form, seen=row.version, stale=stale)


@routes.post("/customers/{customer:[0-9]+}/tickets")
async def post_customer_ticket(request: web.Request) -> web.Response:
    """Open a ticket for a customer whom we know, about one of their devices."""
    person = await required_person(request, *WRITERS)
    fields = await form_of(request, person)
    form = forms.NewCase(forms.Typed(fields))
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        view = await _view_of(request, connection, person)
        if not form.validate() or form.device.data not in {device.id for device in view.devices}:
            stages = await ticket_store.stages_of(connection, view.customer.id)
            return _customer_page(request, person, view, stages, status=400, open=form)
        opened = tickets.TicketOpened(form.subject.data, form.description.data)
        number = await ticket_store.open_for(
            connection, person.tenant, person.id, view.customer.id, form.device.data, opened
        )
    return see_other(f"/tickets/{number}")
