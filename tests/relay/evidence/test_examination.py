"""relay/evidence/examination.py: whatever is altered or taken away behind the desk's back is found, and named."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from protocol.log_of_sessions import Handled
from protocol.session_log import last_hash
from relay.desk import recordings
from relay.desk.people import Tenant
from relay.evidence import examination, log_of_sessions
from relay.evidence.examination import Fault, Finding
from relay.storage import tables
from relay.storage.blobs import Blobs, FolderBlobs
from relay.storage.database import Database, open_database
from tests.relay.evidence.kept import Kept, a_kept_session

ENTRY, HEAD, LEAF, NODE, SEGMENT, SESSION = (
    tables.log_entry,
    tables.head,
    tables.log_leaf,
    tables.log_node,
    tables.segment,
    tables.session,
)


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """One kind of database is enough to be tampered with."""
    database = open_database(Path(shutil.copy(migrated_file, tmp_path)))
    yield database
    await database.close()


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return FolderBlobs(tmp_path / "recordings")


@pytest.fixture
async def kept(database: Database, tenant: Tenant, blobs: Blobs) -> Kept:
    return await a_kept_session(database, tenant, blobs).store()


async def everything(kept: Kept) -> list[Finding]:
    """What `evidence check` finds."""
    found = [finding async for finding in examination.examine_tree(kept.database, kept.tenant)]
    found += await examination.sessions_gone(kept.database, kept.tenant)
    async for session in examination.sessions_of(kept.database, kept.tenant):
        found += await kept.found()
        found += await examination.examine_segments(kept.database, kept.blobs, session)
    return found


async def test_where_nothing_was_touched_nothing_is_found(kept: Kept) -> None:
    assert await everything(kept) == []


def changed(text: str, old: str, new: str) -> bytes:
    assert old in text
    return text.replace(old, new).encode()


ALTERATIONS: dict[str, tuple[Any, set[Fault]]] = {
    "an entry": (
        lambda k: (
            update(ENTRY)
            .where(ENTRY.c.number == 1)
            .values(entry=changed(k.case.entries[1], "Fibre du Lac", "Fibre du lac"))
        ),
        {Fault.LOG_ALTERED},
    ),
    "the last entry": (
        lambda k: (
            update(ENTRY)
            .where(ENTRY.c.number == len(k.case.entries) - 1)
            .values(entry=changed(k.case.entries[-1], "60000", "60001"))
        ),
        {Fault.LOG_ALTERED},
    ),
    "an entry taken out": (lambda k: delete(ENTRY).where(ENTRY.c.number == 2), {Fault.LOG_ALTERED}),
    "the end cut off": (
        lambda k: delete(ENTRY).where(ENTRY.c.number == len(k.case.entries) - 1),
        {Fault.LOG_ALTERED},
    ),
    "the end cut off, and the row made to agree": (
        lambda k: [
            delete(ENTRY).where(ENTRY.c.number == len(k.case.entries) - 1),
            update(SESSION).values(
                entries=len(k.case.entries) - 1, last_hash=last_hash(k.case.entries[:-1]), outcome=None
            ),
            delete(HEAD).where(HEAD.c.size == len(k.case.entries)),
        ],
        {Fault.NO_END, Fault.LEAF_ALTERED},
    ),
    "the heads": (lambda k: delete(HEAD), {Fault.NOT_SIGNED}),
    "another certificate": (lambda k: update(SESSION).values(certificate=k.case.certificates[0]), {Fault.LOG_ALTERED}),
    "the certificate of who joined": (lambda k: delete(tables.certificate), {Fault.CERTIFICATE_MISSING}),
    "the opening leaf": (
        lambda k: update(LEAF).where(LEAF.c.kind == "session_opened").values(leaf=None),
        {Fault.LEAF_MISSING},
    ),
    "the closing leaf": (
        lambda k: update(LEAF).where(LEAF.c.kind == "session_closed").values(leaf=None),
        {Fault.STILL_OPEN},
    ),
    "a leaf that says something else": (
        lambda k: update(LEAF).where(LEAF.c.position == 2).values(leaf=Finding.__doc__),
        {Fault.TREE_ALTERED, Fault.STILL_OPEN},
    ),
    "a node": (lambda k: update(NODE).where(NODE.c.level == 1).values(hash=bytes(32)), {Fault.TREE_ALTERED}),
    "a node more": (
        lambda k: tables.log_node.insert().values(**k.tenant.columns, level=7, position=0, hash=bytes(32)),
        {Fault.TREE_ALTERED},
    ),
    "a leaf taken out": (lambda k: delete(LEAF).where(LEAF.c.position == 1), {Fault.TREE_ALTERED, Fault.LEAF_MISSING}),
    "the row of a segment": (lambda k: delete(SEGMENT).where(SEGMENT.c.number == 1), {Fault.SEGMENT_MISSING}),
    "the hash of a segment": (
        lambda k: update(SEGMENT).where(SEGMENT.c.number == 1).values(hash=bytes(32)),
        {Fault.SEGMENT_ALTERED},
    ),
    "what lies beside an entry": (lambda k: update(ENTRY).values(beside=None), {Fault.CONTENT_MISSING}),
    "something else beside an entry": (
        lambda k: update(ENTRY).where(ENTRY.c.beside.is_not(None)).values(beside=b"other"),
        {Fault.CONTENT_MISSING},
    ),
}


@pytest.mark.parametrize("what", ALTERATIONS)
async def test_what_is_altered_or_taken_away_is_found(kept: Kept, what: str) -> None:
    alteration, expected = ALTERATIONS[what]
    statements = alteration(kept)
    for statement in statements if isinstance(statements, list) else [statements]:
        await kept.execute(statement)
    found = await everything(kept)
    assert {finding.fault for finding in found} == expected, found


async def test_a_session_that_was_dropped_is_missed_by_the_log_of_all_sessions(
    kept: Kept, database: Database, tenant: Tenant, blobs: Blobs
) -> None:
    await kept.execute(delete(ENTRY))
    await kept.execute(update(SESSION).values(entries=0, last_hash=None))
    assert {finding.fault for finding in await examination.sessions_gone(database, tenant)} == {Fault.SESSION_GONE}


@pytest.mark.parametrize("what", ["altered", "cut short", "taken away"])
async def test_a_segment_that_is_altered_in_the_store_is_found(kept: Kept, tmp_path: Path, what: str) -> None:
    file = tmp_path / "recordings" / recordings.blob_name(kept.case.session, 1)
    data = file.read_bytes()
    if what == "taken away":
        file.unlink()
    else:
        file.write_bytes(data[:-1] if what == "cut short" else bytes([data[0] ^ 1]) + data[1:])
    (finding,) = await everything(kept)
    assert finding.fault is (Fault.SEGMENT_MISSING if what == "taken away" else Fault.SEGMENT_ALTERED)


async def test_a_session_that_runs_lacks_nothing_yet(database: Database, tenant: Tenant, blobs: Blobs) -> None:
    kept = await a_kept_session(database, tenant, blobs).store(upto=3, with_heads=False)
    assert await kept.found() == []


async def test_a_tree_of_more_than_a_page_holds(
    database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "LEAVES_AT_ONCE", 7)
    for _ in range(30):
        async with database.transaction() as connection:
            leaf = Handled(log_of_sessions.new_salt(), "a" * 32, "watched", bytes(32))
            await log_of_sessions.append(connection, tenant, leaf)
    assert [finding async for finding in examination.examine_tree(database, tenant)] == []
    async with database.transaction() as connection:
        await connection.execute(update(LEAF).where(LEAF.c.position == 22).values(leaf="{}"))
    (finding,) = [finding async for finding in examination.examine_tree(database, tenant)]
    assert finding == Finding(Fault.TREE_ALTERED, detail="leaf 22 is not the one that was added")
