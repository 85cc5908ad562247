"""The directory of colleagues: who is there, found and put in order as people write names, and what each can do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from relay.desk.rights import level_of
from relay.storage import tables
from relay.storage.standing import standing
from relay.storage.words import fold

LISTED_MAX = 200

Row = TypeVar("Row", bound=Any)


@dataclass(frozen=True)
class Listed:
    """Somebody as the directory shows them."""

    row: Any
    roles: list[str]
    skills: dict[str, int]

    @property
    def level(self) -> int:
        return level_of(frozenset(self.roles), frozenset(self.skills))


def by_name(rows: Iterable[Row]) -> list[Row]:
    """Rows with a `full_name` as a dictionary has them: É beside E, whatever the capitals. Databases differ in this, and in French."""
    return sorted(rows, key=lambda row: fold(row.full_name))


async def listed(connection: AsyncConnection, *, domain: str = "", name: str = "") -> list[Listed]:
    """Who is there: of one domain the best first, else by name; at most two hundred. Names are found without accents, too."""
    person, grant, skill = tables.person, tables.role_grant, tables.skill
    found = await _everybody(connection)
    if wanted := fold(name).split():
        found = [one for one in found if all(word in one[1] for word in wanted)]
    if domain:
        known = select(skill.c.person_id, skill.c.grade).where(skill.c.domain == domain)
        grades = {row.person_id: row.grade for row in await connection.execute(known)}
        found = sorted((one for one in found if one[0] in grades), key=lambda one: -grades[one[0]])
    ids = [person_id for person_id, _ in found[:LISTED_MAX]]
    rows = {row.id: row for row in await connection.execute(select(person).where(person.c.id.in_(ids)))}
    roles: dict[int, list[str]] = {person_id: [] for person_id in ids}
    skills: dict[int, dict[str, int]] = {person_id: {} for person_id in ids}
    for held in await connection.execute(select(grant.c.person_id, grant.c.role).where(grant.c.person_id.in_(ids))):
        roles[held.person_id].append(held.role)
    for can in await connection.execute(select(skill).where(skill.c.person_id.in_(ids))):
        skills[can.person_id][can.domain] = can.grade
    return [Listed(rows[one], sorted(roles[one]), skills[one]) for one in ids]


async def _everybody(connection: AsyncConnection) -> list[tuple[int, str]]:
    """Whoever may sign in, by name: ids, and what they are found by."""
    person = tables.person

    async def read() -> list[tuple[int, str]]:
        query = select(person.c.id, person.c.name, person.c.full_name).where(person.c.is_active)
        return [(row.id, f"{fold(row.full_name)} {row.name}") for row in by_name(await connection.execute(query))]

    return await standing(connection, "everybody", (person,), read)
