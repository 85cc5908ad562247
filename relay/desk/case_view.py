"""What the ticket's page shows of a case: what its procedure, its questions, the knowledge and the colleagues have to say."""

from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from relay.desk import actions, customer_store, document_store, groups, improvements, levels, question_trees, tools
from relay.desk.asked import Asked
from relay.desk.directory import by_name
from relay.desk.frequent import Frequent
from relay.desk.options import Options
from relay.desk.people import full_names_question, now_utc
from relay.desk.procedures import Procedure, Script, said_by
from relay.desk.rights import APPROVERS, LEVEL_SKILLS
from relay.storage import tables
from relay.storage.prepared import together
from relay.storage.standing import standing

COLLEAGUES_MAX = 100


async def values_of(
    asked: Asked, view: customer_store.View, documents: int, frequent: Frequent, zone: ZoneInfo
) -> dict[str, Any]:
    """Everything beside the ticket itself, by the names that the templates use; `documents` is the state of all of them."""
    connection, case, call = asked.connection, asked.ticket.case, asked.ticket.call
    procedure, tree = await asked.procedure(), await asked.tree()
    procedures = await document_store.in_force(connection, asked.tenant, "procedure")
    scripts = await document_store.in_force(connection, asked.tenant, "script")
    row = procedure.escalation(case.level) if isinstance(procedure, Procedure) else None
    now = now_utc()
    linked = [document_id for document_id, _, _ in case.articles]
    named = {case.handler, *case.handlers, *(one.whom for one in asked.ticket.consultations)} - {""}
    articles, people = (
        await together(connection, document_store.ids_question(linked), full_names_question(named))
        if linked or named
        else ([], [])
    )
    about = connection, asked.tenant, asked.row.subject, documents
    suggested = await document_store.suggested_for(*about)
    near = [] if suggested else await document_store.suggested_for(*about, nearly=True)
    often = await frequent.of(connection, asked.tenant, asked.row.device_type)
    group = await groups.named(connection, asked.tenant, row.group) if row else None
    texts = {name: content for name, (_, _, content) in scripts.items() if isinstance(content, Script)}
    all_groups = await groups.listed(connection, asked.tenant)
    mine = {one.row.name for one in all_groups if any(member.id == asked.person.id for member in one.members)}
    return {
        "procedure": procedure,
        "procedures": {
            name: content
            for name, (_, _, content) in sorted(procedures.items(), key=lambda one: -often.procedures.get(one[0], 0))
        },
        "scripts": texts,
        "to_say": said_by(texts, {case.group} - {""} or mine),
        "tree": tree,
        "path": question_trees.walk(tree, call.answers) if tree else None,
        "escalation": row,
        "group": group,
        "groups": {one.row.name: one.row for one in all_groups},
        "group_is_open": group.is_open(now, zone) if group else False,
        "group_next_change": group.next_change(now, zone) if group else None,
        "missing": levels.missing_before(case, procedure, row, int(now.timestamp()), asked.ladder)
        if procedure and row
        else [],
        "now_s": int(now.timestamp()),
        "at": actions.at,
        "articles": {article.id: article for article in articles},
        "suggested": [article for article in suggested if article.id not in linked],
        "near": [article for article in near if article.id not in linked],
        "often": often,
        "guides": await _guides(asked),
        "names": {row.name: row.full_name for row in people},
        "colleagues": await _colleagues(asked, procedure),
        "tools": [(tool, tools.address_for(tool, _known(asked, view))) for tool in await _tools(asked)],
        "improvements_open": await improvements.listed(connection, asked.tenant, only_open=True),
        "channels": actions.channels_of(asked.person),
        "needs": {need.name: need for line in procedure.escalations for need in line.needs} if procedure else {},
    }


async def _guides(asked: Asked) -> Options:
    async def read() -> Options:
        return Options((row.id, row.title) for row in await document_store.public(asked.connection, asked.tenant))

    return await standing(asked.connection, ("guides", asked.tenant.service_id), (tables.document,), read)


async def _colleagues(asked: Asked, procedure: Procedure | None) -> Options:
    """Who may be asked: who knows the product, those who approve, and those who do the work of higher levels."""
    person, grant, skill = tables.person, tables.role_grant, tables.skill
    domains = (*LEVEL_SKILLS, *([procedure.product] if procedure else []))

    async def read() -> Options:
        knows = select(skill.c.person_id).where(skill.c.domain.in_(domains))
        approves = select(grant.c.person_id).where(grant.c.role.in_(APPROVERS))
        rows = await asked.connection.execute(
            select(person.c.name, person.c.full_name)
            .where(person.c.is_active, or_(person.c.id.in_(knows), person.c.id.in_(approves)))
            .order_by(person.c.full_name)
            .limit(COLLEAGUES_MAX + 1)
        )
        return Options((row.name, row.full_name) for row in by_name(rows))

    found = await standing(asked.connection, ("colleagues", domains), (person, grant, skill), read)
    return found.without(asked.person.name, at_most=COLLEAGUES_MAX)


async def _tools(asked: Asked) -> list[Any]:
    return await tools.listed(asked.connection, asked.tenant)


def _known(asked: Asked, view: customer_store.View) -> dict[str, str]:
    """What the addresses of tools are filled in with."""
    row = asked.row
    device = next((one for one in view.devices if one.id == row.device_id), None)
    return {
        "ticket": str(row.number),
        "customer_number": row.customer_number,
        "phone": row.customer_phone,
        "serial": device.serial if device else "",
        "device_type": row.device_type,
    }
