"""relay/evidence/deletions.py, on both databases: what is sealed goes, the log still holds, and a hold keeps everything."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from protocol.errors import NotAuthentic, RemoteProtocolError
from protocol.handling import verify_deletion
from protocol.identity import text_hash
from protocol.log_of_sessions import Handled, parse_leaf
from relay.desk import recordings
from relay.desk.people import Tenant, now_utc
from relay.evidence import deletions, examination, log_of_sessions
from relay.evidence.deletions import LOG, RECORDING, Deleter, NothingThere, OnHold
from relay.storage import tables
from relay.storage.blobs import Blobs, FolderBlobs
from relay.storage.database import Database
from tests.relay.evidence.kept import Kept, a_kept_session
from tests.relay.evidence.packs import key, public


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return FolderBlobs(tmp_path / "recordings")


@pytest.fixture
async def kept(database: Database, tenant: Tenant, blobs: Blobs) -> Kept:
    return await a_kept_session(database, tenant, blobs).store()


@pytest.fixture
def deleter(tenant: Tenant) -> Deleter:
    return Deleter(tenant, key("log"))


async def deleted(kept: Kept, deleter: Deleter, what: str) -> str:
    row = await kept.row()
    async with kept.database.transaction() as connection:
        return await deleter.delete(connection, row, what, reason="Asked for by the customer.", by="operator")


async def everything(kept: Kept) -> list[examination.Finding]:
    found = [finding async for finding in examination.examine_tree(kept.database, kept.tenant)]
    found += await examination.sessions_gone(kept.database, kept.tenant)
    return found + await kept.found()


async def test_a_recording_is_deleted_with_a_certificate_that_the_log_of_all_sessions_knows(
    kept: Kept, deleter: Deleter, blobs: Blobs
) -> None:
    certificate = await deleted(kept, deleter, RECORDING)
    deletion = verify_deletion(certificate, [public("log")])
    assert (deletion.what, deletion.segments, deletion.entries) == (RECORDING, 3, len(kept.case.entries))
    assert await deletions.sweep(kept.database, blobs, kept.tenant) == 1
    assert await blobs.names() == []
    assert await everything(kept) == []
    async with kept.database.transaction() as connection:
        assert await recordings.kept_of(connection, kept.id) == {}
        size = await log_of_sessions.size_of(connection, kept.tenant)
        leaf = parse_leaf(await log_of_sessions.leaf_at(connection, kept.tenant, size - 1) or "")
    assert isinstance(leaf, Handled)
    assert (leaf.session, leaf.what, leaf.content) == (kept.case.session, "recording_deleted", text_hash(certificate))
    with pytest.raises(NothingThere):
        await deleted(kept, deleter, RECORDING)


async def test_of_a_log_that_is_deleted_nothing_personal_stays_and_the_tree_still_holds(
    kept: Kept, deleter: Deleter
) -> None:
    await deleted(kept, deleter, LOG)
    assert await everything(kept) == []
    async with kept.database.transaction() as connection:
        for table in tables.metadata.sorted_tables:
            if table.name in (
                "person",
                "ticket",
                "ticket_event",
                "customer",
                "device",
                "search_entry",
                "search_word",
                "search_spelling",
            ):
                continue
            for row in (await connection.execute(select(table))).all():
                text = " ".join(map(str, row))
                assert "Paul Martin" not in text, table.name
                assert "Voir les" not in text, table.name
        assert await deletions.deleted_of(connection, kept.id) == {LOG, RECORDING}
        assert len(await deletions.certificates_of(connection, kept.id)) == 2


async def test_what_is_held_is_deleted_by_nobody_until_it_is_released(
    kept: Kept, deleter: Deleter, tenant: Tenant
) -> None:
    row = await kept.row()
    async with kept.database.transaction() as connection:
        for _ in range(2):
            await deletions.hold(connection, tenant, row, reason="A complaint", person_id=None)
    await kept.execute(update(tables.session).values(recording_due_at=now_utc(), log_due_at=now_utc()))
    for what in (RECORDING, LOG):
        with pytest.raises(OnHold):
            await deleted(kept, deleter, what)
    assert await deleter.delete_due(kept.database) == []
    async with kept.database.transaction() as connection:
        assert await deletions.release(connection, tenant, row, reason="Settled")
        assert not await deletions.release(connection, tenant, row, reason="Settled")
    assert len(await deleter.delete_due(kept.database)) == 2
    kinds = [leaf.what for leaf in await _handled(kept)]
    assert kinds == ["held", "released", "recording_deleted", "log_deleted"]


async def _handled(kept: Kept) -> list[Handled]:
    leaf = tables.log_leaf
    async with kept.database.transaction() as connection:
        rows = await connection.execute(select(leaf.c.leaf).where(leaf.c.kind == "handled").order_by(leaf.c.position))
        return [read for text in rows.scalars() if isinstance(read := parse_leaf(text), Handled)]


async def test_each_kind_is_kept_for_as_long_as_the_session_s_own_document_says(kept: Kept, deleter: Deleter) -> None:
    row = await kept.row()
    assert row.recording_due_at - row.ended_at == timedelta(days=90)
    assert row.log_due_at - row.ended_at == timedelta(days=365)
    assert await deleter.delete_due(kept.database) == []
    await kept.execute(update(tables.session).values(recording_due_at=now_utc() - timedelta(seconds=1)))
    (certificate,) = await deleter.delete_due(kept.database)
    assert verify_deletion(certificate, [public("log")]).what == RECORDING
    assert await deleter.delete_due(kept.database) == []
    assert await kept.found() == []


async def test_a_session_that_runs_is_not_deleted(
    database: Database, tenant: Tenant, blobs: Blobs, deleter: Deleter
) -> None:
    kept = await a_kept_session(database, tenant, blobs).store(upto=3)
    for what in (RECORDING, LOG):
        with pytest.raises(NothingThere):
            await deleted(kept, deleter, what)


async def test_who_is_killed_before_the_store_is_cleared_does_the_rest_later(
    kept: Kept, deleter: Deleter, blobs: Blobs
) -> None:
    await deleted(kept, deleter, RECORDING)
    names = await blobs.names()
    await blobs.delete(names[0])  # as far as the first one came
    assert await deletions.sweep(kept.database, blobs, kept.tenant) == 1
    assert await blobs.names() == []
    assert await deletions.sweep(kept.database, blobs, kept.tenant) == 0


async def test_a_certificate_that_another_key_signed_or_that_was_altered_does_not_hold(
    kept: Kept, deleter: Deleter
) -> None:
    certificate = await deleted(kept, deleter, RECORDING)
    for wrong, keys in (
        (certificate, [public("issuing")]),
        (certificate.replace("Asked for", "Ordered"), [public("log")]),
        ("{}", [public("log")]),
    ):
        with pytest.raises((NotAuthentic, RemoteProtocolError)):
            verify_deletion(wrong, keys)
