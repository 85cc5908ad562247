"""relay/evidence/facts.py, on both databases: each filter finds what it names and nothing else, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from protocol.session_log import Answered, Entry, FileTransferred, Joined, SessionEnded, parse_entry
from protocol.vocabulary import Answer, Capability, Direction, FileOutcome, Outcome, Role
from relay.desk.people import Tenant
from relay.evidence import deletions, facts
from relay.evidence.facts import Filter
from relay.storage import tables
from relay.storage.database import Database
from tests.protocol.test_session_log import opened_log
from tests.relay.evidence.cases import StoredSession, stored_session

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(event: Any) -> Entry:
    return Entry(1, bytes(32), 1, event)


CONTROL = entry(Answered(1, Answer.ALLOWED, [Capability.VIEW, Capability.CONTROL], 9, 9))
VIEW = entry(Answered(1, Answer.ALLOWED, [Capability.VIEW], 9, 9))
REFUSED = entry(Answered(1, Answer.REFUSED, [], 9, 9))
FILE, NO_FILE = (
    entry(FileTransferred("a" * 32, Direction.TO_CUSTOMER, 1, 9, 9, outcome, b""))
    for outcome in (FileOutcome.MOVED, FileOutcome.REFUSED)
)
JOINED = entry(Joined("b" * 32, "Élodie O'Neil_%", Role.OBSERVER, bytes(32), bytes(32), "r"))


@pytest.fixture
async def found_by(database: Database, tenant: Tenant) -> Any:
    """Three sessions an hour apart; gives what finds their numbers."""
    numbers: dict[str, int] = {}
    happened = (
        [VIEW, JOINED, NO_FILE],
        [CONTROL, VIEW, REFUSED, FILE, FILE],
        [entry(SessionEnded(Outcome.DECLINED, "customer", 0, 0))],
    )
    for number, entries in enumerate(happened, 1):
        session: StoredSession = await stored_session(database, tenant, number)
        numbers[session.session] = number
        async with database.transaction() as connection:
            ticket, customer = tables.ticket, tables.customer
            row = (
                await connection.execute(
                    select(ticket, customer.c.name.label("customer_name"), customer.c.number.label("customer_number"))
                    .join(customer, ticket.c.customer_id == customer.c.id)
                    .order_by(ticket.c.id.desc())
                    .limit(1)
                )
            ).one()
            await facts.begin(connection, tenant, session.id, row, NOON + timedelta(hours=number))
            for each in (parse_entry(opened_log()[0]), *entries):
                await facts.follow(connection, session.id, each)
            if number == 1:
                await facts.state(connection, session.id, ["segment_missing", "segment_missing", "no_end"])
                await deletions.hold(connection, tenant, await session.row(connection), reason="r", person_id=None)
            else:
                await facts.state(connection, session.id, [])

    async def find(limit: int = 50, **wanted: Any) -> list[int]:
        async with database.transaction() as connection:
            return [
                numbers[row.session]
                for row in await facts.find(connection, [tenant.service_id], Filter(**wanted), limit=limit)
            ]

    return find


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [3, 2, 1]),
        ({"ticket": 2002}, [2]),
        ({"has_files": True}, [2]),
        ({"ticket": 7}, []),
        ({"person": "camille"}, [3, 2, 1]),
        ({"person": "ROY Camille"}, [3, 2, 1]),
        ({"person": "elodie"}, [1]),
        ({"person": "o'neil_%"}, [1]),
        ({"person": "%"}, [1]),
        ({"person": "o_neil"}, []),
        ({"customer": "petit"}, [3, 2, 1]),
        ({"customer": "petit nobody"}, []),
        ({"since": NOON + timedelta(hours=2)}, [3, 2]),
        ({"until": NOON + timedelta(hours=2)}, [1]),
        ({"since": NOON + timedelta(hours=2), "until": NOON + timedelta(hours=3)}, [2]),
        ({"level": 1}, [3, 2, 1]),
        ({"level": 2}, []),
        ({"capability": "control"}, [2]),
        ({"capability": "view"}, [2, 1]),
        ({"capability": "con"}, []),
        ({"outcome": "declined"}, [3]),
        ({"outcome": ""}, [2, 1]),
        ({"has_refusals": True}, [2]),
        ({"is_incomplete": True}, [1]),
        ({"is_held": True}, [1]),
        ({"capability": "view", "has_refusals": True, "person": "camille"}, [2]),
    ],
)
async def test_each_filter_finds_what_it_names(found_by: Any, wanted: dict[str, Any], expected: list[int]) -> None:
    assert await found_by(**wanted) == expected


async def test_pages_follow_each_other_without_a_gap(found_by: Any, database: Database, tenant: Tenant) -> None:
    assert await found_by(limit=2) == [3, 2]
    async with database.transaction() as connection:
        rows = await facts.find(connection, [tenant.service_id], Filter(), limit=2)
    assert await found_by(limit=2, before=rows[-1].id) == [1]
