"""Where a big desk is kept between runs, and how it is served: an organisation made by the operator's commands, and filled once."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.desk_data import Size, fill
from benchmarks.ports import free_port
from demo.organisation import PASSWORD, Organisation, made_organisation, served
from relay.commands import staff
from relay.desk import people
from relay.settings import read_settings
from relay.storage.database import Database
from tests.relay.databases import cluster

CLIENTS = 24
"""So many people are signed in, in turn advisers, technicians and supervisors."""
_ROLES = ("adviser", "technician", "supervisor")
_SECRET = "demonstration-only-secret-of-the-keys"
# What every guide to PostgreSQL says first: a quarter of the memory, up to 1 GB here; what is committed is on the disk.
_CLUSTER = ("shared_buffers=1GB", "effective_cache_size=4GB", "random_page_cost=1.1", "max_wal_size=2GB")
DATABASES = ("SQLite", "PostgreSQL")


@dataclass(frozen=True)
class Served:
    """A big desk that is running."""

    organisation: Organisation
    pid: int
    filled_s: dict[str, float]
    """How long each step of filling it took, when it was made."""


def client_name(number: int) -> str:
    return f"client{number:02}"


@asynccontextmanager
async def served_desk(keep: Path, database: str, size: Size) -> AsyncIterator[Served]:
    """Serve the desk of this size on this database; it is made in `keep` where it is not there yet."""
    folder = keep / f"{database.lower()}-{size.tickets}"
    folder.mkdir(parents=True, exist_ok=True)
    if database == "PostgreSQL":
        keep.chmod(0o755)
        clusters = keep / f"cluster-{size.tickets}"
        clusters.mkdir(exist_ok=True)
        with cluster(clusters, *_CLUSTER) as url, _environment(MAINFORTE_DATABASE_URL=url):
            async with _served(folder, size, url) as desk:
                yield desk
    else:
        async with _served(folder, size, "") as desk:
            yield desk


@asynccontextmanager
async def _served(folder: Path, size: Size, url: str) -> AsyncIterator[Served]:
    known = folder / "made.json"
    if not known.exists():
        organisation = made_organisation(folder, free_port())
        # In a thread: it has loops of its own.
        took = await asyncio.to_thread(fill, url or organisation.folder / "database.sqlite3", size)
        await _add_clients(organisation)
        told = {"address": organisation.address, "folder": str(organisation.folder), "took": took}
        secrets = {"totp_secret": organisation.totp_secret, "root_fingerprint": organisation.root_fingerprint}
        known.write_text(json.dumps({**told, **secrets, "size": asdict(size)}))
    made = json.loads(known.read_text())
    organisation = Organisation(made["address"], Path(made["folder"]), made["totp_secret"], made["root_fingerprint"])
    with served(organisation, folder / "relay.log") as process:
        yield Served(organisation, process.pid, made["took"])


async def _add_clients(organisation: Organisation) -> None:
    settings = read_settings(organisation.folder / "mainforte.toml")
    password_hash, seal = await people.hash_password(PASSWORD), people.Seal(_SECRET)

    async def add(database: Database, tenant: people.Tenant) -> None:
        async with database.transaction() as connection:
            for number in range(CLIENTS):
                name, role = client_name(number), _ROLES[number % len(_ROLES)]
                await people.add_person(
                    connection, tenant, name, f"Client {number}", password_hash, [role],
                    totp_secret=organisation.totp_secret, seal=seal,
                )  # fmt: skip

    await staff.with_database(settings, add)


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
