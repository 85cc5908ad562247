"""Who wants what of which ticket: what every button of the ticket's page is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk import document_store, tickets
from relay.desk.ladders import USUAL, Ladder
from relay.desk.people import Person, Tenant
from relay.desk.procedures import Procedure
from relay.desk.question_trees import Tree
from relay.desk.requests import Refusal
from relay.desk.rules import NotPossible
from relay.desk.ticket_store import Happened
from relay.desk.tickets import Ticket


@dataclass(frozen=True)
class Asked:
    """Who wants what of which ticket."""

    connection: AsyncConnection
    tenant: Tenant
    person: Person
    level: int
    """The highest level whose work this person may do."""
    row: Any
    history: list[Happened]
    ticket: Ticket
    fields: dict[str, str]
    """The form as it was typed."""
    organisation: str = ""
    origin: str = ""
    """The address of our pages, for links in mails."""
    time_zone: str = "UTC"
    ladder: Ladder = USUAL
    after: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """What is to be done once the events are stored, within the same transaction."""

    async def procedure(self) -> Procedure | None:
        """The procedure of this kind of request, in the version that the case goes by."""
        case = self.ticket.case
        if not case.procedure:
            return None
        content = await document_store.named(
            self.connection, self.tenant, "procedure", case.procedure, case.procedure_version
        )
        return content if isinstance(content, Procedure) else None

    async def tree(self) -> Tree | None:
        """The questions that are being asked, in the version that was begun."""
        call = self.ticket.call
        if not call.tree:
            return None
        content = await document_store.named(self.connection, self.tenant, "tree", call.tree, call.tree_version)
        return content if isinstance(content, Tree) else None

    def check_level(self) -> None:
        """Raises Refusal where the case is at a level whose work this person does not do."""
        if self.level < self.ticket.case.level:
            raise Refusal(403, "not_allowed")


def check_not_closed(asked: Asked) -> None:
    """Raises NotPossible where the case is over."""
    if asked.ticket.state == tickets.CLOSED:
        raise NotPossible("the ticket is closed")
