"""The outbox: what waits to be mailed, what could not be, and what somebody has to say by hand."""

from aiohttp import web

from relay.desk import outgoing_mail
from relay.desk.rendering import form_of, page, see_other
from relay.desk.requests import DESK, Refusal, required_person
from relay.desk.rights import READERS, WRITERS

routes = web.RouteTableDef()


@routes.get("/outbox")
async def get_outbox(request: web.Request) -> web.Response:
    person = await required_person(request, *READERS)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        mails = await outgoing_mail.waiting(connection, person.tenant)
        by_hand = await outgoing_mail.by_hand(connection, person.tenant)
    is_sending, may_write = desk.settings.smtp is not None, bool(person.roles & set(WRITERS))
    return page(
        request, "outbox.html", person, mails=mails, by_hand=by_hand, is_sending=is_sending, may_write=may_write
    )


@routes.post("/outbox/{mail:[0-9]+}/again")
async def post_again(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    await form_of(request, person)
    number = request.match_info["mail"]
    async with request.app[DESK].database.transaction() as connection:
        if len(number) > 9 or not await outgoing_mail.again(connection, person.tenant, int(number)):
            raise Refusal(404, "not_found")
    return see_other("/outbox")


@routes.post("/outbox/said/{contact:[0-9]+}")
async def post_said(request: web.Request) -> web.Response:
    person = await required_person(request, *WRITERS)
    await form_of(request, person)
    number = request.match_info["contact"]
    async with request.app[DESK].database.transaction() as connection:
        if len(number) > 9 or not await outgoing_mail.said_by_hand(connection, person.tenant, int(number)):
            raise Refusal(404, "not_found")
    return see_other("/outbox")
