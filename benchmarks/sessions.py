"""The log of all sessions at a million leaves, and looking through a hundred thousand sessions: as the desk does it, with every fsync."""

import hashlib
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.report import OUTPUT, Row, Section
from protocol import merkle
from protocol.identity import public_bytes
from protocol.log_of_sessions import Handled, Trust, verify_logged
from protocol.merkle import Node
from relay.desk.people import Tenant, tenant_of
from relay.evidence import facts, log_of_sessions
from relay.evidence.checkpoints import Checkpoints
from relay.evidence.facts import Filter
from relay.evidence.witnesses import Witnesses
from relay.storage.database import Database, migrate, open_database
from relay.storage.words import fold

LEAVES, SESSIONS, REPEATS = 1_000_000, 100_000, 300
NAMES = ("Camille Roy", "Noé Martin", "Paul Lefèvre", "Anne Petit", "Léa Bernard", "Hugo Moreau", "Inès Girard")

ABOUT = """\
An SQLite file on this machine's disk, rollback journal, full synchronisation, as in production; one writer, nothing else running.
*Append* is one transaction: the edge of the tree is read, leaf and nodes are written, the commit is on the disk. *Proof* is a
checkpoint of the newest leaf, signed, written beside the database and synchronised, with the proof; verifying it is not counted.
*Search* is the desk's query for a page of fifty, the newest first; each filter is asked with changing values, and *nothing found*
has to look at every session.
"""


async def measure(*, is_quick: bool) -> Section:
    """Fill a database of each kind, and measure."""
    leaves, sessions, repeats = (20_000, 5_000, 20) if is_quick else (LEAVES, SESSIONS, REPEATS)
    OUTPUT.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sessions-", dir=OUTPUT))
    try:
        file = folder / "database.sqlite3"
        migrate(file)
        database = open_database(file)
        tenant = await tenant_of(database, "Fibre du Lac", "f" * 43)
        await database.close()
        _fill(file, tenant, leaves, sessions)
        database = open_database(file)
        rows = [*await _log(database, tenant, folder, repeats), *await _search(database, tenant, repeats)]
        await database.close()
        size = file.stat().st_size
    finally:
        shutil.rmtree(folder)
    told = {"leaves": f"{leaves:,}", "sessions": f"{sessions:,}", "database": f"{size / 1e6:.0f} MB"}
    return Section("sessions", "The log of all sessions, and looking through it", ABOUT, rows, told)


async def _log(database: Database, tenant: Tenant, folder: Path, repeats: int) -> list[Row]:
    key = Ed25519PrivateKey.generate()
    trust = Trust("mainforte/sessions/benchmark", (public_bytes(key),), (), 0)
    checkpoints = Checkpoints(database, tenant, (key,), trust, Witnesses([]), folder / "carried")
    appended, proven, last = list[float](), list[float](), 0
    for number in range(repeats):
        leaf = Handled(log_of_sessions.new_salt(), f"{number:032x}", "watched", bytes(32))
        began = time.perf_counter()
        async with database.transaction() as connection:
            last = await log_of_sessions.append(connection, tenant, leaf)
        appended.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        logged = await checkpoints.logged(last)
        proven.append((time.perf_counter() - began) * 1000)
        verify_logged(logged, trust)
    return [
        Row(f"append at {last + 1 - repeats:,} leaves, with fsync", appended),
        Row("checkpoint and proof of that leaf, with fsync", proven),
    ]


async def _search(database: Database, tenant: Tenant, repeats: int) -> list[Row]:
    chance = random.Random(7)
    noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
    kinds: dict[str, Callable[[], Filter]] = {
        "everything, the first page": Filter,
        "a ticket": lambda: Filter(ticket=2001 + chance.randrange(20_000)),
        "a person and control": lambda: Filter(person=chance.choice(NAMES), capability="control"),
        "a customer": lambda: Filter(customer=f"client {chance.randrange(40_000)}"),
        "a week, level 2, refused": lambda: Filter(
            since=noon, until=noon + timedelta(days=7), level=2, has_refusals=True
        ),
        "files moved, of which there are none": lambda: Filter(has_files=True),
        "incomplete evidence": lambda: Filter(is_incomplete=True),
        "nothing found": lambda: Filter(person=f"nobody{chance.randrange(1000)}", customer="nowhere"),
        "held, of which there is none": lambda: Filter(is_held=True),
    }

    async def timed(make: Callable[[], Filter]) -> float:
        wanted = make()
        began = time.perf_counter()
        async with database.transaction() as connection:
            await facts.find(connection, [tenant.service_id], wanted)
        return (time.perf_counter() - began) * 1000

    return [
        Row(f"search: {name}", [await timed(make) for _ in range(max(5, repeats // 10))])
        for name, make in kinds.items()
    ]


def _fill(file: Path, tenant: Tenant, leaves: int, sessions: int) -> None:
    """Put the rows in as years of sessions would have, without a transaction each."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA journal_mode=OFF")
    of = (tenant.organisation_id, tenant.service_id)
    connection.executemany(
        "INSERT INTO log_leaf (organisation_id, service_id, position, kind, subject, leaf, at) VALUES (?,?,?,?,?,?,?)",
        ((*of, n, "handled", "", f"leaf {n}", "2025-01-01 00:00:00") for n in range(leaves)),
    )
    connection.executemany(
        "INSERT INTO log_node (organisation_id, service_id, level, position, hash) VALUES (?,?,?,?,?)",
        ((*of, node.level, node.position, value) for node, value in _nodes(leaves)),
    )
    connection.execute(
        "INSERT INTO person (id, organisation_id, service_id, name, full_name, password_hash, is_active, created_at)"
        " VALUES (1,?,?,'camille','Camille Roy','!',1,'2025-01-01')", of,
    )  # fmt: skip
    connection.execute(
        "INSERT INTO customer (id, organisation_id, service_id, number, name, phone, email, address)"
        " VALUES (1,?,?,'','Anne','','','')", of,
    )  # fmt: skip
    connection.execute(
        "INSERT INTO device (id, organisation_id, service_id, customer_id, type, name) VALUES (1,?,?,1,'box','')", of
    )
    connection.execute(
        "INSERT INTO ticket (id, organisation_id, service_id, number, customer_id, device_id, subject, state, changed_at)"
        " VALUES (1,?,?,2001,1,1,'s','open','2025-01-01')", of,
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO session (id, organisation_id, service_id, session, ticket_id, person_id, device_type, reason, asks, state,"
        " certificate, document, technician_key, created_at, entries) VALUES (?,?,?,?,1,1,'box','','view','closed','','',x'00',?,9)",
        ((n, *of, hashlib.md5(str(n).encode()).hexdigest(), _at(n)) for n in range(1, sessions + 1)),  # noqa: S324 - no secret
    )
    connection.executemany(
        "INSERT INTO session_fact (organisation_id, service_id, session_id, ticket, customer, people, level, at, capabilities,"
        " refusals, outcome, faults) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
        ((*of, *row) for row in _facts(sessions)),
    )
    connection.commit()
    connection.close()


def _nodes(leaves: int) -> Iterator[tuple[Node, bytes]]:
    """All nodes of a tree, one level after the other, each from the one below."""
    hashes = [merkle.leaf_hash(f"leaf {n}".encode()) for n in range(leaves)]
    level = 0
    while hashes:
        yield from ((Node(level, position), value) for position, value in enumerate(hashes))
        hashes = [merkle.node_hash(hashes[n], hashes[n + 1]) for n in range(0, len(hashes) - 1, 2)]
        level += 1


def _at(number: int) -> str:
    return (datetime(2025, 1, 1) + timedelta(minutes=5 * number)).strftime("%Y-%m-%d %H:%M:%S.000000")  # noqa: DTZ001 - as SQLite keeps it


def _facts(sessions: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(1)
    for number in range(1, sessions + 1):
        people = " ".join(fold(name) for name in chance.sample(NAMES, chance.choice((1, 1, 1, 2)))) + " "
        yield (
            number,
            2001 + number // 5,
            fold(f"Client {number // 3} C-{number // 3:06}"),
            people,
            chance.choice((1, 2, 2, 2, 3)),
            _at(number),
            chance.choice((" view ", " control view ", " ")),
            int(chance.random() < 0.1),
            chance.choice(("completed", "completed", "stopped", "declined", "dropped")),
            "segment_missing" if chance.random() < 0.002 else "",
        )
