"""What the pages of all documents share: finding one, its versions, and its way to a second reader."""

import re
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import document_store, publishing
from relay.desk.differences import Part, difference
from relay.desk.people import Person
from relay.desk.publishing import Document, Published, SentBack, Submitted, Withdrawn
from relay.desk.rendering import form_of, see_other
from relay.desk.requests import DESK, Refusal
from relay.desk.rights import APPROVERS
from relay.desk.rules import SomeText


async def document_of(
    request: web.Request, connection: AsyncConnection, person: Person, kind: str = ""
) -> tuple[Any, list[document_store.Written], Document]:
    """The document that the path names. Raises Refusal 404."""
    number = request.match_info["document"]
    row = await document_store.find(connection, person.tenant, int(number), kind) if len(number) < 10 else None
    if row is None:
        raise Refusal(404, "not_found")
    history = await document_store.history_of(connection, row.id)
    return row, history, publishing.rebuild(written.event for written in history)


def version_of(request: web.Request, document: Document) -> int:
    """The version that is asked for, else the one that people go by, else the newest."""
    wanted = request.query.get("version", "")
    if re.fullmatch(r"[1-9][0-9]{0,4}", wanted) and int(wanted) <= document.newest:
        return int(wanted)
    return document.readable or document.newest


def changes_of(document: Document, version: int, language: str) -> list[Part]:
    """What this version changed of the one before."""
    return difference(document.versions[version - 2], document.versions[version - 1], language) if version > 1 else []


async def change_state(request: web.Request, person: Person, kind: str, path: str) -> web.Response:
    """Submit, publish, send back or withdraw."""
    fields = await form_of(request, person)
    desk = request.app[DESK]
    async with desk.database.transaction() as connection:
        row, _, document = await document_of(request, connection, person, kind)
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
        document = await document_store.append(connection, person.tenant, row.id, person.id, event)
    return see_other(address_of(f"{path}{row.id}", document))


def address_of(path: str, document: Document) -> str:
    """Where the newest version is read: what was just written or decided about, rather than what is in force meanwhile."""
    return path if document.readable in (0, document.newest) else f"{path}?version={document.newest}"
