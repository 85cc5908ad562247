"""What the pages of all documents share: finding one, its versions, what changed between two, and its way to a second reader."""

import difflib
import re
from typing import Any

import msgspec
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import document_store, publishing
from relay.desk.people import Person
from relay.desk.publishing import Article, Content, Document, Published, SentBack, Submitted, Withdrawn
from relay.desk.rendering import form_of, see_other
from relay.desk.requests import DESK, Refusal
from relay.desk.rights import APPROVERS
from relay.desk.rules import SomeText

PARTS = ("title", "issue", "environment", "resolution", "cause")


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


def difference(before: Content, after: Content) -> list[tuple[str, list[tuple[str, str]]]]:
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
    return [("content", as_text(before), as_text(after))]


def as_text(content: Content) -> str:
    """Everything it says, a line each, so that two versions can be compared."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


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
        await document_store.append(connection, person.tenant, row.id, person.id, event)
    return see_other(f"{path}{row.id}")
