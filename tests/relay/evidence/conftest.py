"""A migrated database of either kind, with an organisation in it."""

from tests.relay.storage.conftest import database, migrated_file, place, postgresql_url, tenant

__all__ = ["database", "migrated_file", "place", "postgresql_url", "tenant"]
