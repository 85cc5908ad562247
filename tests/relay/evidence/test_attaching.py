"""The ticket is told what a session's evidence is worth: once, in the words of what is there, whenever the desk is killed."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import delete, update

from protocol.session_log import last_hash
from relay.desk import housekeeping, ticket_store
from relay.desk.people import Tenant, now_utc
from relay.desk.requests import Desk
from relay.desk.tickets import EvidenceFault, EvidenceStated
from relay.evidence import attaching
from relay.storage import tables
from relay.storage.blobs import Blobs, FolderBlobs
from relay.storage.database import Database
from tests.relay.evidence.kept import ROOT, Kept, a_kept_session


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return FolderBlobs(tmp_path / "recordings")


def desk_of(kept: Kept) -> Desk:
    organisation = SimpleNamespace(fingerprint_text=ROOT)
    return cast(Desk, SimpleNamespace(database=kept.database, tenant=kept.tenant, organisation=organisation))


async def stated(kept: Kept) -> list[EvidenceStated]:
    """What the ticket says."""
    ticket_id = (await kept.row()).ticket_id
    async with kept.database.transaction() as connection:
        history = await ticket_store.history_of(connection, ticket_id)
    return [happened.event for happened in history if isinstance(happened.event, EvidenceStated)]


async def pass_time(kept: Kept) -> None:
    """Whatever waits has waited long enough."""
    await kept.execute(update(tables.evidence_task).values(due_at=now_utc()))
    await housekeeping.tell_tickets(desk_of(kept))


async def test_the_ticket_says_once_that_the_evidence_is_complete(
    database: Database, tenant: Tenant, blobs: Blobs
) -> None:
    kept = await a_kept_session(database, tenant, blobs).store()
    for _ in range(3):
        await pass_time(kept)
    texts = kept.case.entries
    assert await stated(kept) == [EvidenceStated(kept.case.session, [], len(texts), last_hash(texts).hex(), 2)]
    assert await attaching.due(database, tenant) == []


async def test_what_is_still_on_its_way_is_waited_for(database: Database, tenant: Tenant, blobs: Blobs) -> None:
    kept = await a_kept_session(database, tenant, blobs).store(with_heads=False)
    await pass_time(kept)
    assert await stated(kept) == []
    await kept.store_heads()
    await pass_time(kept)
    assert [each.faults for each in await stated(kept)] == [[]]


async def test_what_never_came_is_named_with_the_reason_after_a_while(
    database: Database, tenant: Tenant, blobs: Blobs
) -> None:
    kept = await a_kept_session(database, tenant, blobs).store(with_heads=False)
    await kept.execute(delete(tables.segment).where(tables.segment.c.number == 0))
    for _ in attaching.WAITS:
        assert await stated(kept) == []
        await pass_time(kept)
    count = len(kept.case.entries)
    (said,) = await stated(kept)
    assert said.faults == [
        EvidenceFault("not_signed", f"by both up to 0 of {count} entries", 1),
        EvidenceFault("segment_missing", "unknown", 1),
    ]


async def test_a_session_that_nobody_ended_has_no_end(database: Database, tenant: Tenant, blobs: Blobs) -> None:
    kept = await a_kept_session(database, tenant, blobs).store(upto=3)
    await kept.close()
    for _ in attaching.WAITS:
        await pass_time(kept)
    (said,) = await stated(kept)
    assert [fault.fault for fault in said.faults] == ["no_end"]


class Killed(BaseException):
    """The desk ends in this moment."""


async def test_who_is_killed_while_telling_tells_once_all_the_same(
    database: Database, tenant: Tenant, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = await a_kept_session(database, tenant, blobs).store()
    for module, name in ((ticket_store, "append"), (attaching, "take_out"), (housekeeping, "examine_session")):

        async def killed(*_: object, **__: object) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(module, name, killed)
            with pytest.raises(Killed):
                await pass_time(kept)
        assert await stated(kept) == []
    await pass_time(kept)
    await pass_time(kept)
    assert len(await stated(kept)) == 1
