"""relay/desk/sessions.py and stories.py on a real database: what is derived entry by entry, and what a log proves."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from protocol.identity import Certificate, issue_certificate
from protocol.session_log import (
    AccessEnded,
    Answered,
    Asked,
    Continued,
    Event,
    Held,
    InputCounted,
    LogWriter,
    Opened,
    SessionEnded,
    Verdict,
    countersign_head,
    make_head,
    parse_entry,
    verify,
)
from protocol.vocabulary import Answer, Capability, Hold, Outcome, Role
from relay.desk import sessions, stories, ticket_store, tickets
from relay.desk.people import Tenant, insert_row, now_utc
from relay.desk.stories import Proof, Stories
from relay.evidence.summary import Summary, summarise
from relay.storage import tables
from relay.storage.database import Database, open_database

NOON_MS = 1_800_000_000_000
NONE = bytes(32)
TENANT = Tenant(1, 1)
AGENT, TECHNICIAN = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
WHO = st.sampled_from(["camille", "bruno"])
CAPABILITIES = st.sampled_from(list(Capability))

happenings: st.SearchStrategy[Event] = st.one_of(
    st.builds(Asked, WHO, CAPABILITIES, st.just("r"), st.just("words"), st.just("fr")),
    st.builds(
        Answered,
        st.integers(0, 12),
        st.sampled_from(list(Answer)),
        st.lists(CAPABILITIES, max_size=3),
        st.just(0),
        st.integers(0, 9),
    ),
    st.builds(AccessEnded, WHO, CAPABILITIES, st.sampled_from(["customer", "technician", "time", "storage"])),
    st.builds(Held, st.sampled_from(list(Hold))),
    st.builds(Continued, st.sampled_from(list(Hold))),
    st.builds(InputCounted, WHO, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
)
endings = st.none() | st.builds(
    SessionEnded, st.sampled_from(list(Outcome)), st.sampled_from(["customer", "agent"]), st.just(5), st.just(3)
)


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = await _new_database(migrated_file, tmp_path)
    yield database
    await database.close()


async def _new_database(migrated_file: Path, folder: Path) -> Database:
    database = open_database(Path(shutil.copy(migrated_file, folder)))
    async with database.transaction() as connection:
        await connection.execute(insert(tables.organisation).values(id=1, name="o", root_fingerprint="f"))
        await connection.execute(insert(tables.service).values(id=1, organisation_id=1, name="s"))
        at = now_utc()
        await insert_row(
            connection, tables.person, **TENANT.columns, name="camille", full_name="C", password_hash="", created_at=at
        )
        await insert_row(
            connection, tables.customer, **TENANT.columns, number="", name="", phone="", email="", address=""
        )
        await insert_row(connection, tables.device, **TENANT.columns, customer_id=1, type="computer", name="")
        ticket = {"customer_id": 1, "device_id": 1, "subject": "s", "state": "open", "changed_at": at}
        await insert_row(connection, tables.ticket, **TENANT.columns, number=2041, **ticket)
        await ticket_store.append(connection, TENANT, 1, 1, tickets.TicketOpened("s", ""))
    return database


async def _new_session(database: Database) -> str:
    async with database.transaction() as connection:
        count = len((await connection.execute(select(tables.session.c.id))).all())
        session = f"{count:032x}"
        certificate = Certificate(
            "certificate", "0" * 32, TECHNICIAN.public_key().public_bytes_raw(), "C", "o", Role.TECHNICIAN, "2041",
            session, "x", 0, 1,
        )  # fmt: skip
        await insert_row(
            connection,
            tables.session,
            **TENANT.columns,
            session=session,
            ticket_id=1,
            person_id=1,
            device_type="computer",
            reason="r",
            asks="view",
            state="paired",
            certificate=issue_certificate(certificate, AGENT),
            document="d",
            technician_key=NONE,
            created_at=now_utc(),
        )
    return session


def opened(session: str) -> Opened:
    key = AGENT.public_key().public_bytes_raw()
    return Opened(
        session, "2041", "s", "r", "o", NONE, NONE, "Camille", "camille", key, NONE, "0.1.0", "Linux", "built-in"
    )


async def _append(database: Database, session: str, texts: list[str]) -> Any:
    """Store entries one by one; the session's row afterwards."""
    for number, text in enumerate(texts):
        async with database.transaction() as connection:
            row = await sessions.find(connection, session)
            await sessions.append_entry(connection, TENANT, row, number, text)
    async with database.transaction() as connection:
        return await sessions.find(connection, session)


async def _derived(database: Database, session_id: int) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    grant, participant = tables.grant.c, tables.participant.c
    async with database.transaction() as connection:
        grants = await connection.execute(
            select(
                grant.entry_number, grant.participant, grant.capability, grant.began_at, grant.ended_at, grant.ended_by
            )
            .where(grant.session_id == session_id)
            .order_by(grant.id)
        )
        people = await connection.execute(
            select(participant.name, participant.role, participant.joined_at, participant.left_at).where(
                participant.session_id == session_id
            )
        )
        return [tuple(row) for row in grants], [tuple(row) for row in people]


def _expected(summary: Summary) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    def at(ms: int | None) -> Any:
        return None if ms is None else sessions.utc(ms)

    return (
        [
            (g.entry, g.participant, g.capability, at(g.began_ms), at(g.ended_ms), g.ended_by or None)
            for g in summary.grants
        ],
        [(p.name, p.role, at(p.joined_ms), at(p.left_ms)) for p in summary.participants],
    )


@settings(max_examples=30, deadline=None)
@given(events=st.lists(happenings, max_size=12), ending=endings)
def test_what_is_derived_entry_by_entry_is_what_the_whole_log_says(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory, events: list[Event], ending: SessionEnded | None
) -> None:
    async def store() -> None:
        database = await _new_database(migrated_file, tmp_path_factory.mktemp("log"))
        session = await _new_session(database)
        log = LogWriter()
        for number, event in enumerate([opened(session), *events, *([ending] if ending else [])]):
            log.append(event, NOON_MS + 1000 * number)
        row = await _append(database, session, log.texts)
        summary = summarise([parse_entry(text) for text in log.texts])
        assert await _derived(database, row.id) == _expected(summary)
        assert (row.outcome or "", row.ended_by or "") == (summary.outcome, summary.ended_by)
        assert row.entries == len(log.texts)
        await database.close()

    asyncio.run(store())


async def _with_log(database: Database) -> tuple[str, int, list[str]]:
    session = await _new_session(database)
    log = LogWriter()
    log.append(opened(session), NOON_MS)
    log.append(Asked("camille", Capability.VIEW, "r", "words", "fr"), NOON_MS + 1)
    row = await _append(database, session, log.texts)
    return session, row.id, log.texts


async def test_a_story_is_checked_again_only_when_the_log_has_grown(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []
    real = verify

    def counted(texts: list[str], heads: list[str], key: bytes) -> Verdict:
        checked.append(len(texts))
        return real(texts, heads, key)

    monkeypatch.setattr(stories, "verify", counted)
    session, id_, texts = await _with_log(database)
    known = Stories(database)
    assert (await known.of([id_]))[id_].proof == Proof(2, 0, 0, is_complete=False)
    await known.of([id_])
    assert checked == [2]

    log = LogWriter()
    log.texts = texts
    log.append(SessionEnded(Outcome.COMPLETED, "technician", 0, 0), NOON_MS + 2)
    async with database.transaction() as connection:
        row = await sessions.find(connection, session)
        await sessions.append_entry(connection, TENANT, row, 2, texts[2])
    assert (await known.of([id_]))[id_].proof == Proof(3, 0, 0, is_complete=False)

    head = make_head(session, texts, AGENT, at_s=NOON_MS // 1000)
    head = countersign_head(
        head, session, texts, AGENT.public_key().public_bytes_raw(), TECHNICIAN, at_s=NOON_MS // 1000
    )
    async with database.transaction() as connection:
        row = await sessions.find(connection, session)
        await sessions.add_head(connection, TENANT, row, head)
    assert (await known.of([id_]))[id_].proof == Proof(3, 3, 3, is_complete=True)
    assert checked == [2, 3, 3]


@pytest.mark.parametrize("altered", [b"not an entry", b'{"at_ms":1}'])
async def test_a_stored_entry_that_was_altered_leaves_no_proof_and_the_story_before_it(
    database: Database, altered: bytes
) -> None:
    _, id_, _ = await _with_log(database)
    async with database.transaction() as connection:
        where = (tables.log_entry.c.session_id == id_, tables.log_entry.c.number == 1)
        await connection.execute(update(tables.log_entry).where(*where).values(entry=altered))
    story = (await Stories(database).of([id_]))[id_]
    assert story.proof is None
    assert [step.kind for step in story.summary.steps] == ["opened"]


async def test_the_ticket_is_no_longer_in_remote_assistance_once_the_last_entry_is_stored(database: Database) -> None:
    session = await _new_session(database)
    async with database.transaction() as connection:
        await ticket_store.append(connection, TENANT, 1, 1, tickets.SessionStarted(session, "view"))
    log = LogWriter()
    log.append(opened(session), NOON_MS)
    log.append(SessionEnded(Outcome.STOPPED, "customer", 0, 0), NOON_MS)
    row = await _append(database, session, log.texts)
    assert (row.state, row.ended_at is not None) == ("closed", True)
    async with database.transaction() as connection:
        history = [happened.event for happened in await ticket_store.history_of(connection, 1)]
        await sessions.set_state(connection, TENANT, row, "closed")
        assert len(await ticket_store.history_of(connection, 1)) == len(history)
    assert history[-1] == tickets.SessionFinished(session, "stopped")
    assert tickets.rebuild(history).state == tickets.OPEN


async def test_a_session_without_entries_has_no_story_yet(database: Database) -> None:
    await _new_session(database)
    assert (await Stories(database).of([1]))[1].summary.opened is None


async def test_an_answer_to_a_question_that_nobody_asked_is_attributed_to_nobody(database: Database) -> None:
    """The chain is what counts; what is derived from it never stops an entry from being kept."""
    session, id_, texts = await _with_log(database)
    log = LogWriter()
    log.texts = texts
    log.append(Answered(99, Answer.ALLOWED, [Capability.VIEW], 0, 0), NOON_MS)
    async with database.transaction() as connection:
        row = await sessions.find(connection, session)
        await sessions.append_entry(connection, TENANT, row, 2, texts[2])
    grants, _ = await _derived(database, id_)
    assert [(number, who) for number, who, *_ in grants] == [(2, "")]
