"""A migrated database of either kind, with an organisation in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.desk.people import Tenant, tenant_of
from relay.storage.database import Database, open_database
from tests.relay.databases import migrated_file, place, postgresql_url

__all__ = ["migrated_file", "place", "postgresql_url"]


@pytest.fixture
async def database(place: Path | str) -> AsyncIterator[Database]:
    opened = open_database(place)
    yield opened
    await opened.close()


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    return await tenant_of(database, "Télé Test", "f" * 43)
