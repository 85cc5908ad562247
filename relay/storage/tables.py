"""The tables of the desk. Every row names the organisation and the service that it belongs to."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time; always UTC, never naive, whatever the database gives back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def _table(name: str, *columns: Any) -> Table:
    """A table whose rows name organisation and service."""
    return Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
        Column("service_id", ForeignKey("service.id"), nullable=False),
        *columns,
    )


organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("root_fingerprint", String(43), nullable=False, unique=True),
)

service = Table(
    "service",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", ForeignKey("organisation.id"), nullable=False),
    Column("name", String(200), nullable=False),
)

person = _table(
    "person",
    Column("name", String(64), nullable=False, unique=True),
    Column("full_name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("language", String(2)),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", UtcDateTime, nullable=False),
)

role_grant = _table(
    "role_grant",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("role", String(20), nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    UniqueConstraint("person_id", "role"),
)

totp = _table(
    "totp",
    Column("person_id", ForeignKey("person.id"), nullable=False, unique=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("last_step", Integer, nullable=False, default=0),
    Column("enrolled_at", UtcDateTime),
)

recovery_code = _table(
    "recovery_code",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcDateTime),
)

sign_in = _table(
    "sign_in",
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("csrf", String(64), nullable=False),
    Column("method", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

sign_in_audit = _table(
    "sign_in_audit",
    Column("at", UtcDateTime, nullable=False),
    Column("name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("result", String(20), nullable=False),
)

customer = _table(
    "customer",
    Column("number", String(40), nullable=False),
    Column("name", String(200), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("email", String(200), nullable=False),
    Column("address", String(400), nullable=False),
)

device = _table(
    "device",
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("type", String(20), nullable=False),
    Column("name", String(200), nullable=False),
)

ticket = _table(
    "ticket",
    Column("number", Integer, nullable=False, unique=True),
    Column("customer_id", ForeignKey("customer.id"), nullable=False, index=True),
    Column("device_id", ForeignKey("device.id"), nullable=False),
    # What the events say, kept beside them so that lists and search need not replay every ticket.
    Column("subject", String(200), nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
)

ticket_event = _table(
    "ticket_event",
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("person_id", ForeignKey("person.id")),
    Column("event", Text, nullable=False),
    UniqueConstraint("ticket_id", "number"),
)

session = _table(
    "session",
    Column("session", String(32), nullable=False, unique=True),
    Column("ticket_id", ForeignKey("ticket.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("person.id"), nullable=False),
    Column("device_type", String(20), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asks", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("certificate", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("technician_key", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", String(20)),
    Column("ended_by", String(20)),
    Column("view_ms", Integer),
    Column("control_ms", Integer),
    # The end of the log's chain: how many entries there are, and the hash of the last one.
    Column("entries", Integer, nullable=False, default=0, server_default="0"),
    Column("last_hash", LargeBinary),
)

room = _table(
    "room",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("number", String(5), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("participant", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("is_live", Boolean, nullable=False),
)
Index(
    "one_live_room_per_number",
    room.c.number,
    unique=True,
    sqlite_where=text("is_live"),
    postgresql_where=text("is_live"),
)

participant = _table(
    "participant",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("role", String(20), nullable=False),
    Column("joined_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    UniqueConstraint("session_id", "name"),
)

grant = _table(
    "grant",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("entry_number", Integer, nullable=False),
    Column("participant", String(200), nullable=False),
    Column("capability", String(20), nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(20)),
    UniqueConstraint("session_id", "entry_number", "capability"),
)

log_entry = _table(
    "log_entry",
    Column("session_id", ForeignKey("session.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "number"),
)

head = _table(
    "head",
    Column("session_id", ForeignKey("session.id"), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    UniqueConstraint("session_id", "note"),
)
