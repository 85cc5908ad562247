"""The desk's repositories on SQLite and on PostgreSQL: the invented provider is put in, found, read and changed."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from relay import demo_data, demo_desk
from relay.desk import (
    arrivals,
    customer_store,
    directory,
    document_store,
    levels,
    oversight_pages,
    people,
    sessions,
    ticket_lists,
    ticket_store,
    tickets,
)
from relay.desk.document_store import new_name
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.publishing import Drafted, Published, Stale, Submitted, Withdrawn
from relay.storage import pipeline, tables
from relay.storage.database import Database, open_database
from relay.storage.prepared import Prepared, together


@pytest.fixture
async def person(database: Database, tenant: Tenant) -> int:
    async with database.transaction() as connection:
        return await insert_row(
            connection,
            tables.person,
            **tenant.columns,
            name="camille",
            full_name="Camille Roy",
            password_hash="!",
            is_active=True,
            created_at=now_utc(),
        )


@pytest.fixture
async def provider(database: Database, tenant: Tenant, person: int) -> list[int]:
    return await demo_data.add(database, tenant, person, year_of=6)


async def test_a_year_of_tickets_is_played_found_and_rebuilt(
    database: Database, tenant: Tenant, provider: list[int]
) -> None:
    assert len(provider) == len(demo_data.TICKETS) + 6
    async with database.transaction() as connection:
        assert [row.number for row in await ticket_lists.search(connection, tenant, "televisions image lefevre")] == [
            2041
        ]
        for row in await ticket_lists.search(connection, tenant):
            history = await ticket_store.history_of(connection, row.id)
            ticket = tickets.rebuild(happened.event for happened in history)
            assert (row.state, row.level, row.stage, row.events) == (
                ticket.state, ticket.case.level, ticket.case.stage, len(history),
            )  # fmt: skip
        (first, *_) = await customer_store.identify(connection, tenant, "C-107855")
        view = await customer_store.view(connection, tenant, first.id)
        assert view is not None
        assert view.contracts
        assert view.orders
        assert len(view.devices) == 3
        serials = [device.serial for device in view.devices if device.serial]
        assert len(serials) == 2
        for serial in serials:
            found = await customer_store.identify(connection, tenant, f" {serial.lower()} ")
            assert [row.id for row in found] == [first.id]
            assert await customer_store.identify(connection, tenant, serial[:-1]) == []


async def test_a_list_begins_with_what_is_not_closed_whatever_changed_last(
    database: Database, tenant: Tenant, provider: list[int], person: int
) -> None:
    assert provider
    async with database.transaction() as connection:
        for number in (2039, 2041):
            row = await ticket_store.find(connection, tenant, number)
            assert row is not None
            await ticket_store.append(connection, tenant, row.id, person, tickets.TicketClosed("Fait.", "Injoignable"))
        for narrowed in ({}, {"most_urgent_first": True}, {"only_simple": True}, {"level": 1}):
            rows = await ticket_lists.search(connection, tenant, **narrowed)
            is_closed = [row.state == tickets.CLOSED for row in rows]
            assert is_closed == sorted(is_closed), narrowed
            assert not is_closed[0]
            assert [row.number for row in rows if row.state == tickets.CLOSED][:2] == [2041, 2039]
        rows = await ticket_lists.search(connection, tenant)
        waiting = [row.changed_at for row in rows if row.state != tickets.CLOSED]
        assert waiting == sorted(waiting, reverse=True)
        rows = await ticket_lists.search(connection, tenant, most_urgent_first=True)
        urgency = [(row.priority, -row.weight, row.changed_at) for row in rows if row.state != tickets.CLOSED]
        assert urgency == sorted(urgency)


async def test_who_is_to_be_asked_again_is_listed_by_the_day_and_only_then(
    database: Database, tenant: Tenant, provider: list[int], person: int
) -> None:
    assert provider
    planned = {2041: 1_900_000_000, 2039: 1_800_000_000}
    async with database.transaction() as connection:
        before = {row.number for row in await ticket_lists.search(connection, tenant, only_follow_ups=True)}
        assert not before & set(planned)
        for number, due in planned.items():
            row = await ticket_store.find(connection, tenant, number)
            assert row is not None
            event = levels.FollowUpPlanned(due, "Tout va bien ?")
            await ticket_store.append(connection, tenant, row.id, person, event)
        rows = await ticket_lists.search(connection, tenant, only_follow_ups=True)
        assert [row.number for row in rows if row.number in planned] == [2039, 2041]
        rows = await ticket_lists.search(connection, tenant, "image lefevre", only_follow_ups=True)
        assert [row.number for row in rows] == [2041]


async def test_colleagues_are_found_without_accents_and_stand_where_a_dictionary_has_them(
    database: Database, tenant: Tenant
) -> None:
    added = {
        "eva": "eva Petit",
        "zoe": "Zoé Noël",
        "elodie": "Élodie Martin",
        "emile": "Émile Œuvrard",
        "dan": "Dan Roy",
    }
    async with database.transaction() as connection:
        ids = {
            name: await people.add_person(connection, tenant, name, full_name, "!", ["adviser"])
            for name, full_name in added.items()
        }
        skills = (("zoe", 1), ("emile", 3), ("elodie", 3))
        for name, grade in skills:
            known = {"person_id": ids[name], "domain": "television", "grade": grade}
            await insert_row(connection, tables.skill, **tenant.columns, **known)
    async with database.reading() as connection:

        async def found(**wanted: str) -> list[str]:
            return [one.row.name for one in await directory.listed(connection, **wanted)]

        assert await found() == ["dan", "elodie", "emile", "eva", "zoe"]
        assert await found(domain="television") == ["elodie", "emile", "zoe"]
        for said in ("ELODIE", "martin él", "élodie"):
            assert await found(name=said) == ["elodie"], said
        assert await found(name="oeuvrard") == ["emile"]
        assert await found(name="100%") == []


async def test_the_trail_of_changes_has_each_of_them_on_one_of_its_pages(
    database: Database, tenant: Tenant, provider: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert provider
    monkeypatch.setattr(oversight_pages, "TRAIL_MAX", 23)
    told: list[tuple[str, int]] = []
    async with database.transaction() as connection:
        until, more = None, True
        while more:
            rows, until = await oversight_pages.trail(connection, [tenant.service_id], until)
            told += [(row.event, row.id) for row in rows]
            more = until is not None
        stored = [
            [tuple(row) for row in await connection.execute(select(column, table.c.id))]
            for table, column in (
                (tables.ticket_event, tables.ticket_event.c.event),
                (tables.document_event, tables.document_event.c.event),
                (tables.change, tables.change.c.what),
            )
        ]
    assert sorted(told) == sorted(one for rows in stored for one in rows)


async def test_what_is_suggested_follows_the_knowledge_at_once_whoever_changes_it(
    database: Database, tenant: Tenant, person: int, place: Path | str
) -> None:
    async def suggested() -> list[str]:
        async with database.reading() as connection:
            (rows,) = await together(connection, document_store.state_question())
            state = document_store.state_of(rows)
            found = await document_store.suggested_for(connection, tenant, "aucun signal après l’orage", state)
            return [row.title for row in found]

    assert await suggested() == await suggested() == []
    article = demo_desk.ARTICLES["demo-black-screen"]
    other = open_database(place)
    for each in (other, database):
        async with each.transaction() as connection:
            document_id = await document_store.create(connection, tenant, person, "camille", new_name(), article)
            await document_store.append(connection, tenant, document_id, person, Submitted())
        assert (await suggested())[0] == article.title
        async with each.transaction() as connection:
            await document_store.append(connection, tenant, document_id, person, Published(1, "lea"))
            await document_store.append(connection, tenant, document_id, person, Withdrawn("x"))
        assert await suggested() == []
    await other.close()


async def test_the_invented_provider_is_put_in_once(
    database: Database, tenant: Tenant, person: int, provider: list[int]
) -> None:
    assert await demo_data.add(database, tenant, person) == []


async def test_documents_keep_their_versions_and_refuse_a_stale_one(
    database: Database, tenant: Tenant, person: int, provider: list[int]
) -> None:
    article = demo_desk.ARTICLES["demo-black-screen"]
    async with database.transaction() as connection:
        document_id = await document_store.create(connection, tenant, person, "camille", "mine", article)
        await document_store.append(connection, tenant, document_id, person, Submitted())
        await document_store.append(connection, tenant, document_id, person, Published(1, "hugo"))
        await document_store.append(connection, tenant, document_id, person, Drafted(article, "lea", 1))
        with pytest.raises(Stale):
            await document_store.append(connection, tenant, document_id, person, Drafted(article, "hugo", 1))
        row = await document_store.find(connection, tenant, document_id)
        assert row is not None
        assert (row.in_force, row.newest, row.state) == (1, 2, "draft")
        assert row.id in {one.id for one in await document_store.articles_for(connection, tenant, "orages")}


async def _append_and_fail(database: Database, tenant: Tenant, person: int) -> None:
    async with database.transaction() as connection:
        await ticket_store.append(connection, tenant, 1, person, tickets.NoteAdded("verschwunden"))
        raise ZeroDivisionError


async def test_a_transaction_that_fails_leaves_nothing_and_tells_nobody(
    database: Database, tenant: Tenant, person: int, provider: list[int]
) -> None:
    with database.changes.listening("ticket:1") as told:
        with pytest.raises(ZeroDivisionError):
            await _append_and_fail(database, tenant, person)
        assert not told.is_set()
        async with database.transaction() as connection:
            assert await ticket_lists.search(connection, tenant, "verschwunden") == []
            await ticket_store.append(connection, tenant, 1, person, levels.PrioritySet(1, "Télétravail"))
        assert told.is_set()


async def test_another_service_sees_none_of_it(database: Database, tenant: Tenant, provider: list[int]) -> None:
    async with database.transaction() as connection:
        made = await connection.execute(
            insert(tables.service).values(organisation_id=tenant.organisation_id, name="Another")
        )
        assert made.inserted_primary_key is not None
        other = Tenant(tenant.organisation_id, made.inserted_primary_key[0])
        assert await ticket_lists.search(connection, other, "image") == []
        assert await ticket_lists.search(connection, other) == []
        assert await customer_store.identify(connection, other, "C-107855") == []
        known = (await connection.execute(select(tables.document.c.id))).scalars().first()
        assert known is not None
        assert await document_store.find(connection, other, known) is None


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("names", [(), ("state",), ("level",), ("handler",), ("record", "state")])
async def test_what_search_found_is_looked_up_by_its_numbers(
    database: Database, tenant: Tenant, names: tuple[str, ...]
) -> None:
    """Without statistics SQLite prefers any index of another column, and goes through a million tickets to find a hundred."""
    values = {f"wanted_{name}": "1" for name in names} | {"service": tenant.service_id, "found": list(range(100))}
    for only_simple in (False, True):
        async with database.reading() as connection:
            form = ticket_lists._listing(names, "found", only_simple).form(connection.dialect, values)
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {form.text}", tuple(form.values(values)))
            assert "SEARCH ticket USING INTEGER PRIMARY KEY (rowid=?)" in [row.detail for row in plan]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_what_is_open_is_found_among_all_that_are_closed(database: Database, tenant: Tenant) -> None:
    """Else a list of what is left to do goes through a million tickets that are done."""
    asked = [(names, "open", "ix_ticket_open (service_id=?)") for names in ((), ("level",), ("record",))]
    asked.append((("state",), "urgent", "ix_ticket_urgent (service_id=? AND state=?)"))
    asked.append((("handler",), "open", "ix_ticket_handler (service_id=? AND handler=?)"))
    async with database.reading() as connection:
        for names, order, expected in asked:
            values = {f"wanted_{name}": "1" for name in names} | {"service": tenant.service_id}
            form = ticket_lists._listing(names, order, False).form(connection.dialect, values)
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {form.text}", tuple(form.values(values)))
            steps = [row.detail for row in plan]
            assert f"SEARCH ticket USING INDEX {expected}" in steps, names
            assert not [step for step in steps if "TEMP B-TREE" in step], names


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "values"),
    [(arrivals._GOING_ON, {"organisation": 1}), (sessions._ABANDONED, {"now": now_utc()})],
    ids=["going on", "abandoned"],
)
async def test_sessions_that_go_on_are_found_among_all_that_are_over(
    database: Database, asked: Prepared, values: dict[str, Any]
) -> None:
    """They are looked for every few seconds, and a desk of some years has hundreds of thousands."""
    async with database.reading() as connection:
        form = asked.form(connection.dialect, values)
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {form.text}", tuple(form.values(values)))
        steps = [row.detail for row in plan]
    assert "SEARCH session USING INDEX ix_session_state (state=?)" in steps
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_note_on_a_ticket_has_the_database_waited_for_twice(
    database: Database, tenant: Tenant, provider: list[int], person: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else can write meanwhile: once for all that is to be known, once for all that is written, beginning and end included."""
    trips: list[int] = []
    done = pipeline._Batch.done

    async def counted(self: pipeline._Batch) -> None:
        trips.append(len(self._awaited))
        await done(self)

    async def note(number: int) -> None:
        async with database.transaction() as connection:
            known = await ticket_store.known(connection, tenant, number)
            assert known is not None
            event = tickets.NoteAdded("Rappel prévu demain, grésillement compris.")
            await ticket_store.append(connection, tenant, known.row.id, person, event, before=known)

    await note(provider[0])
    await note(provider[0])  # the words that were new are known from here on
    monkeypatch.setattr(pipeline._Batch, "done", counted)
    await note(provider[0])
    assert trips == [
        len(("BEGIN", "turn", "ticket", "history")),
        len(("event", "ticket", "entry", "words", "others told", "COMMIT")),
    ]
    async with database.reading() as connection:
        found = await ticket_lists.search(connection, tenant, "gresillement compris")
        assert provider[0] in [row.number for row in found]
