"""relay/evidence/records.py and examining_records.py: who may pass a recording on to whom, and what of it is found later."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import delete, insert, update

from protocol.errors import NotAuthentic, RemoteProtocolError
from protocol.handling import Resealing, sign_resealing
from protocol.identity import issue_document, text_hash
from relay.desk.people import Tenant
from relay.evidence import records
from relay.evidence.deletions import RECORDING, Deleter, NothingThere
from relay.evidence.examination import Fault, examine_tree
from relay.evidence.examining_records import examine_records
from relay.evidence.records import IsThereAlready, NotToThisAuditor
from relay.storage import tables
from relay.storage.blobs import Blobs, FolderBlobs
from relay.storage.database import Database
from tests.relay.evidence import packs
from tests.relay.evidence.kept import Kept, a_kept_session
from tests.relay.evidence.packs import AT_S, auditor, key, public

# The organisation's document as it is now: two more auditors than when the session was.
NOW = issue_document(
    structs.replace(
        packs.organisation(), number=2, auditors=[auditor(name) for name in ("Odile Fabre", "Marc Weil", "Nadia Roux")]
    ),
    key("root"),
)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return FolderBlobs(tmp_path / "recordings")


@pytest.fixture
async def kept(database: Database, tenant: Tenant, blobs: Blobs) -> Kept:
    return await a_kept_session(database, tenant, blobs).store()


def record(kept: Kept, *, by: str = "Odile Fabre", to: str = "Marc Weil", **changed: Any) -> str:
    content = Resealing(kept.case.session, auditor(to), text_hash(NOW), bytes(80), "Relève", AT_S)
    return sign_resealing(structs.replace(content, **changed), key(by))


async def pass_on(kept: Kept, text: str, *, at_s: int = AT_S) -> Resealing:
    row = await kept.row()
    async with kept.database.transaction() as connection:
        return await records.pass_on(connection, kept.tenant, row, text, NOW, datetime.fromtimestamp(at_s, UTC))


async def found(kept: Kept) -> list[Fault]:
    tree = [each.fault async for each in examine_tree(kept.database, kept.tenant)]
    return tree + [each.fault async for each in examine_records(kept.database, kept.tenant, [public("log")])]


async def test_a_recording_is_passed_on_and_by_whom_it_was_passed_on_to_again(kept: Kept) -> None:
    assert (await pass_on(kept, record(kept))).auditor == auditor("Marc Weil")
    await pass_on(kept, record(kept, by="Marc Weil", to="Nadia Roux"))
    async with kept.database.transaction() as connection:
        assert len(await records.of_session(connection, kept.id)) == 2
    assert await found(kept) == []


async def test_it_is_passed_on_to_auditors_of_the_organisation_only_and_once(kept: Kept) -> None:
    for wrong in (record(kept, to="a key of the server's"), record(kept, document=bytes(32))):
        with pytest.raises(NotToThisAuditor):
            await pass_on(kept, wrong)
    another_key = structs.replace(auditor("Marc Weil"), hpke_key=bytes(31) + b"\1")
    with pytest.raises(NotToThisAuditor):
        await pass_on(kept, record(kept, auditor=another_key))
    await pass_on(kept, record(kept))
    with pytest.raises(IsThereAlready):
        await pass_on(kept, record(kept))
    assert await found(kept) == []


@pytest.mark.parametrize("by", ["Marc Weil", "Nadia Roux", "log", "technician"])
async def test_only_who_can_open_it_passes_it_on(kept: Kept, by: str) -> None:
    with pytest.raises(NotAuthentic):
        await pass_on(kept, record(kept, by=by, to="Nadia Roux"))
    assert await found(kept) == []


async def test_what_is_no_such_record_or_of_another_session_or_time_is_refused(kept: Kept) -> None:
    for wrong in ("", "{}", record(kept, session="f" * 32), record(kept).replace("Relève", "Autre")):
        with pytest.raises(RemoteProtocolError):
            await pass_on(kept, wrong)
    for at_s in (AT_S - 3600, AT_S + 3600):
        with pytest.raises(RemoteProtocolError):
            await pass_on(kept, record(kept), at_s=at_s)
    assert await found(kept) == []


async def test_with_the_recording_goes_to_whom_it_was_passed_on(kept: Kept, tenant: Tenant) -> None:
    await pass_on(kept, record(kept))
    row = await kept.row()
    async with kept.database.transaction() as connection:
        await Deleter(tenant, key("log")).delete(connection, row, RECORDING, reason="r", by="operator")
        assert await records.resealings_of(connection, kept.id) == []
    assert await found(kept) == []
    with pytest.raises(NothingThere):
        await pass_on(kept, record(kept, to="Nadia Roux"))


async def test_records_that_are_changed_taken_away_or_put_there_behind_the_desk_s_back_are_found(kept: Kept) -> None:
    await pass_on(kept, record(kept))
    resealing = tables.resealing
    await kept.execute(update(resealing).values(record=record(kept, reason="Autre")))
    assert await found(kept) == [Fault.RECORD_ALTERED, Fault.RECORD_MISSING]
    await kept.execute(delete(resealing))
    assert await found(kept) == [Fault.RECORD_MISSING]


async def test_a_row_that_says_deleted_hides_nothing(kept: Kept) -> None:
    columns = {"session_id": kept.id, "what": RECORDING, "is_swept": True, "at": datetime.fromtimestamp(AT_S, UTC)}
    for certificate in ("nothing", packs_deletion(kept, by="somebody"), packs_deletion(kept, by="log")):
        await kept.execute(delete(tables.deletion))
        row = columns | {"certificate": certificate}
        await kept.execute(insert(tables.deletion).values(**kept.tenant.columns, **row))
        assert await found(kept) == [Fault.RECORD_ALTERED]


def packs_deletion(kept: Kept, *, by: str) -> str:
    """The certificate of a deletion, of which the log of all sessions does not know."""
    packs.delete_recording(kept.case, by=by)
    return kept.case.records.pop()
