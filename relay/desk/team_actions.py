"""Buttons of the ticket's page for what colleagues do together, for what is sent back, and for what should become better."""

from typing import Any

from sqlalchemy import select, update

from relay.desk import forms, improvements, people, returns, teamwork, tickets, tools
from relay.desk.actions import action
from relay.desk.asked import Asked, check_not_closed
from relay.desk.people import insert_row, now_utc
from relay.desk.rights import WRITERS, level_of
from relay.desk.rules import Incomplete, NotPossible
from relay.desk.tickets import TicketEvent
from relay.storage import tables


async def _colleague(asked: Asked, name: str) -> Any:
    """The row of a colleague who can be turned to, of this service. Raises Incomplete where there is none of that name."""
    row = await people.find(asked.connection, name)
    if row is None or not row.is_active or row.id == asked.person.id:
        raise Incomplete(("colleague",))
    open_to = await people.services_of(asked.connection, row.id, people.Tenant.of(row), is_everywhere=False)
    if asked.tenant.service_id not in {one.id for one in open_to}:
        raise Incomplete(("colleague",))
    return row


async def _roles_of(asked: Asked, person_id: int) -> frozenset[str]:
    grant = tables.role_grant
    roles = await asked.connection.execute(select(grant.c.role).where(grant.c.person_id == person_id))
    return frozenset(roles.scalars())


@action("consult", forms.Consult)
async def _consult(asked: Asked, form: Any) -> list[TicketEvent]:
    """Ask somebody who knows; the case stays here."""
    check_not_closed(asked)
    whom = await _colleague(asked, form.whom.data)
    if not await _roles_of(asked, whom.id) & set(WRITERS):
        # Whoever only reads could not answer.
        raise Incomplete(("colleague",))
    await insert_row(
        asked.connection,
        tables.consultation,
        **asked.tenant.columns,
        ticket_id=asked.row.id,
        person_id=whom.id,
        asked_by=asked.person.id,
        question=form.question.data,
        at=now_utc(),
    )
    return [teamwork.ConsultationAsked(whom.name, form.question.data)]


@action("consult-answer", forms.ConsultAnswer)
async def _consult_answer(asked: Asked, form: Any) -> list[TicketEvent]:
    """Only who was asked answers."""
    consultation = tables.consultation
    await asked.connection.execute(
        update(consultation)
        .where(
            consultation.c.ticket_id == asked.row.id,
            consultation.c.person_id == asked.person.id,
            consultation.c.answered_at.is_(None),
        )
        .values(answered_at=now_utc())
    )
    return [teamwork.ConsultationAnswered(asked.person.name, form.answer.data)]


@action("hand-to", forms.HandTo)
async def _hand_to(asked: Asked, form: Any) -> list[TicketEvent]:
    """To a colleague by name, who may do the work of the level where the case is: a supervisor, or somebody with the skill."""
    check_not_closed(asked)
    asked.check_level()
    whom = await _colleague(asked, form.whom.data)
    skill = tables.skill
    skills = (await asked.connection.execute(select(skill.c.domain).where(skill.c.person_id == whom.id))).scalars()
    held = await _roles_of(asked, whom.id)
    if not held & set(WRITERS) or level_of(held, frozenset(skills)) < asked.ticket.case.level:
        raise Incomplete(("colleague-level",))
    return [teamwork.HandedTo(whom.name, form.instead_of.data, form.reason.data)]


@action("tool", forms.ToolResult)
async def _tool(asked: Asked, form: Any) -> list[TicketEvent]:
    if form.tool.data not in {tool.name for tool in await tools.listed(asked.connection, asked.tenant)}:
        raise NotPossible("no such tool")
    return [teamwork.ToolUsed(form.tool.data, form.result.data)]


@action("return", forms.Return)
async def _return(asked: Asked, form: Any) -> list[TicketEvent]:
    return [returns.ReturnAgreed(form.way.data, form.reference.data)]


@action("return-moved", forms.ReturnMoved)
async def _return_moved(asked: Asked, form: Any) -> list[TicketEvent]:
    return [returns.ReturnMoved(form.to.data, form.remark.data)]


@action("improve", forms.Improve)
async def _improve(asked: Asked, form: Any) -> list[TicketEvent]:
    """Put the case on the list of what should become better: a new entry, or one that is there."""
    title = await improvements.note(
        asked.connection, asked.tenant, asked.person.id, asked.row.id, form.title.data.strip(), form.known.data or 0
    )
    return [tickets.NoteAdded(f"→ {title}")]
