"""Other programs beside the ticket: a line test, the state of a box. Their address has places for what is known of the case."""

import string
from typing import Any
from urllib.parse import quote

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.people import Tenant, insert_row
from relay.storage import tables
from relay.storage.standing import standing

PLACES = ("ticket", "customer_number", "phone", "serial", "device_type")


async def listed(connection: AsyncConnection, tenant: Tenant) -> list[Any]:
    tool = tables.tool

    async def read() -> list[Any]:
        query = select(tool).where(tool.c.service_id == tenant.service_id).order_by(tool.c.name)
        return list((await connection.execute(query)).all())

    return await standing(connection, ("tools", tenant.service_id), (tool,), read)


async def add(connection: AsyncConnection, tenant: Tenant, **values: str) -> int:
    """A new tool; its id. Raises IntegrityError where there is one of this name."""
    return await insert_row(connection, tables.tool, **tenant.columns, **values)


async def remove(connection: AsyncConnection, tenant: Tenant, name: str) -> bool:
    tool = tables.tool
    done = await connection.execute(delete(tool).where(tool.c.service_id == tenant.service_id, tool.c.name == name))
    return bool(done.rowcount)


def unknown_places(address: str) -> list[str]:
    """The places of an address that mean nothing here; a brace of its own is one, too."""
    try:
        found = [name for _, name, spec, conversion in string.Formatter().parse(address) if name is not None]
    except ValueError:
        return ["{"]
    return [name for name in found if name not in PLACES]


def address_for(tool: Any, values: dict[str, str]) -> str:
    """Where the tool is opened for this case; what is filled in can be nothing but one part of the address."""
    address = str(tool.address)
    for place in PLACES:
        address = address.replace("{" + place + "}", quote(values.get(place, ""), safe=""))
    return address
